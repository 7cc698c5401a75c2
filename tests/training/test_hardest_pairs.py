"""Pairs that are furthest from the target, learned in place of random ones, and losses left out."""

from itertools import permutations

import pytest
import torch

from core.model.xcos import LearnedAttention, cosine_map, xcos
from core.training.config import LossConfig
from core.training.losses import score_losses

FACES = 6


@pytest.fixture
def attention() -> LearnedAttention:
    with torch.random.fork_rng():
        torch.manual_seed(4)
        return LearnedAttention().eval().requires_grad_(False)


@pytest.fixture
def grid() -> torch.Tensor:
    return torch.randn(FACES, 32, 7, 7, generator=torch.Generator().manual_seed(5))


@pytest.fixture
def cosines() -> torch.Tensor:
    draw = torch.Generator().manual_seed(6)
    unit = torch.nn.functional.normalize(torch.randn(FACES, 4, generator=draw), dim=1)
    return unit @ unit.T


# 0.36 of 7 pairs are 2.52, so 3; of a share of 0 none are exchanged.
@pytest.mark.parametrize(("share", "exchanged"), [(0.36, 3), (0.3, 2), (1.0, 7), (0.0, 0)])
@pytest.mark.parametrize("uniform_weight", [0.0, 10.0])
def test_the_pairs_furthest_from_the_target_are_learned_in_place_of_the_last(
    attention: LearnedAttention,
    grid: torch.Tensor,
    cosines: torch.Tensor,
    share: float,
    exchanged: int,
    uniform_weight: float,
) -> None:
    pairs = [(0, 1), (2, 3), (4, 5), (1, 0), (3, 5), (5, 0), (2, 4)]
    config = LossConfig(hard=share, uniform_weight=uniform_weight, alike=0.1, alike_weight=3.0)
    found = score_losses(attention, grid, cosines, torch.tensor(pairs).T, config)

    def maps(left: int, right: int) -> torch.Tensor:
        return cosine_map(grid[left : left + 1], grid[right : right + 1])

    def far(pair: tuple[int, int]) -> float:
        return abs(float(maps(*pair).mean()) - float(cosines[pair]))

    hardest = sorted(permutations(range(FACES), 2), key=far, reverse=True)
    # A pair and its turn are as far: of an odd number the last may be either.
    lasts = hardest[exchanged - 1 : exchanged + 1] if exchanged % 2 else pairs[-1:]
    sums = []
    for last in lasts:
        chosen = pairs[: len(pairs) - exchanged] + hardest[:exchanged]
        if exchanged % 2:
            chosen[-1] = last
        error = weights = 0.0
        for left, right in chosen:
            turn = attention(grid[left : left + 1], grid[right : right + 1])
            score, wanted = float(xcos(maps(left, right), turn)), float(cosines[left, right])
            weight = 3.0 if wanted > 0.1 else 1.0
            error, weights = error + weight * (score - wanted) ** 2, weights + weight
        sums.append(error / weights)
    assert any(found["cosine"].item() == pytest.approx(wanted, rel=1e-4) for wanted in sums)
    assert ("uniform" in found) == (uniform_weight > 0)


def test_without_pairs_attention_is_not_taught(
    attention: LearnedAttention, grid: torch.Tensor, cosines: torch.Tensor
) -> None:
    config = LossConfig(cosine_weight=0, hard=0.5, alike=0.1, alike_weight=3.0)
    found = score_losses(attention, grid, cosines, None, config)
    assert [*found] == ["uniform"]
    error = weights = 0.0
    for left in range(FACES):
        for right in range(left + 1, FACES):
            wanted = float(cosines[left, right])
            cosine = cosine_map(grid[left : left + 1], grid[right : right + 1])
            weight = 3.0 if wanted > 0.1 else 1.0
            error += weight * (float(cosine.mean()) - wanted) ** 2
            weights += weight
    assert found["uniform"].item() == pytest.approx(error / weights, rel=1e-4)
