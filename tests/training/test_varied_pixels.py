"""How a face is varied, pixel by pixel: what is blurred, what is hidden, and what fills a border."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.faces.masks import free_form_mask
from core.training.augment import Draws, augment, fill_borders
from core.training.config import AugmentConfig

STILL = AugmentConfig(0, 0, 0, 0, 0, 0, 0, 0)
SIDE = 112


def faces(count: int, seed: int) -> torch.Tensor:
    return 255 * torch.rand(count, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))


def varied(x: torch.Tensor, others: torch.Tensor | None, draws: Draws, **how: float) -> np.ndarray:
    config = replace(STILL, **how)  # type: ignore[arg-type]
    nobody = np.zeros(len(x), bool)
    made: np.ndarray = augment(x.clone(), others, nobody, draws, config).numpy()
    return made


def shrinking(side: int) -> np.ndarray:
    """(side, 112): each row the mean of the pixels that its cell touches."""
    weights = np.zeros((side, SIDE))
    for row in range(side):
        first, last = row * SIDE // side, -(-(row + 1) * SIDE // side)
        weights[row, first:last] = 1 / (last - first)
    return weights


def cubic(away: float) -> float:
    """Keys' kernel with a = -0.75."""
    away, a = abs(away), -0.75
    if away <= 1:
        return (a + 2) * away**3 - (a + 3) * away**2 + 1
    return a * away**3 - 5 * a * away**2 + 8 * a * away - 4 * a if away < 2 else 0.0


def growing(side: int, smooth: bool) -> np.ndarray:
    """(112, side): each row what a pixel takes from the few around it."""
    weights = np.zeros((SIDE, side))
    for row in range(SIDE):
        at = (row + 0.5) * side / SIDE - 0.5
        for near in range(int(np.floor(at)) - 1, int(np.floor(at)) + 3):
            share = max(0.0, 1 - abs(near - at)) if smooth else cubic(near - at)
            weights[row, min(max(near, 0), side - 1)] += share
    return weights


def test_a_face_is_made_small_by_means_and_large_again_smoothly_or_sharply() -> None:
    x, draws = faces(40, 1), Draws.of(4, np.arange(40))
    before, made = varied(x, None, draws), varied(x, None, draws, blur=0.7)
    kinds = set()
    for k, u in enumerate(draws.uniform):
        if u[13] >= 0.7:
            np.testing.assert_array_equal(made[k], before[k])
            continue
        side, smooth = 24 + 8 * int(8 * u[14]), u[15] < 0.5  # 24, 32, ..., 80 pixels
        both = growing(side, bool(smooth)) @ shrinking(side)
        wanted = (both @ before[k].astype(np.float64) @ both.T).clip(0, 255)
        np.testing.assert_allclose(made[k], wanted, atol=0.02)
        kinds.add((side, bool(smooth)))
    assert {side for side, _ in kinds} == {*range(24, 81, 8)} and len(kinds) > 10


def test_what_hides_a_part_is_one_colour_or_another_face() -> None:
    x, others = faces(60, 2), faces(60, 3)
    draws = Draws.of(5, np.arange(60))
    before = varied(x, others, draws)
    made, alone = (varied(x, beside, draws, occlusion=0.6) for beside in (others, None))
    seen = {True: 0, False: 0}
    for k, u in enumerate(draws.uniform):
        if u[16] >= 0.6:
            assert np.array_equal(made[k], before[k]) and np.array_equal(alone[k], before[k])
            continue
        colour = np.broadcast_to(255 * u[18:21, None, None], x[k].shape)
        hidden = np.isclose(alone[k], colour, atol=1e-3).all(axis=0)
        assert 0.05 <= hidden.mean() < 0.33
        np.testing.assert_array_equal(alone[k][:, ~hidden], before[k][:, ~hidden])
        filling = others[k].numpy() if u[28] < 0.5 else colour
        np.testing.assert_allclose(made[k][:, hidden], filling[:, hidden], atol=1e-3)
        np.testing.assert_array_equal(made[k][:, ~hidden], before[k][:, ~hidden])
        seen[bool(u[28] < 0.5)] += 1
    assert min(seen.values()) > 8


@pytest.mark.parametrize("number", [0, 500])
def test_a_mask_is_used_four_ways_mirrored_and_upside_down(number: int) -> None:
    many = np.arange(8000)
    first = Draws.of(6, many).uniform[:, 17]
    alike = many[(512 * first).astype(int) == number]
    draws = Draws.of(6, alike)
    made = varied(torch.full((len(alike), 3, SIDE, SIDE), 300.0), None, draws, occlusion=1.0)
    masks, ways = [], set()
    for pixels, u in zip(made, draws.uniform, strict=True):
        mask = (pixels < 255).all(axis=0)
        mask = mask if u[26] < 0.5 else mask[:, ::-1]
        masks.append(mask if u[27] < 0.5 else mask[::-1])
        ways.add((u[26] < 0.5, u[27] < 0.5))
    assert len(ways) == 4 and all(np.array_equal(mask, masks[0]) for mask in masks)
    rng = np.random.default_rng(0)
    if number == 0:  # the first of them that are ever drawn
        assert np.array_equal(masks[0], free_form_mask(rng.uniform(0.05, 0.3), rng))


def test_a_filled_border_ends_softly_two_pixels_within_the_photo() -> None:
    x = torch.full((2, 3, SIDE, SIDE), 90.0)
    border = torch.zeros(2, SIDE, SIDE, dtype=torch.bool)
    border[0, :10] = True
    border[1, :, 100:] = True
    filled = fill_borders(x, border, torch.full_like(x, 180.0))
    share = (filled - 90) / 90
    wanted = torch.ones(SIDE)
    wanted[11], wanted[12], wanted[13:] = 2 / 3, 1 / 3, 0
    torch.testing.assert_close(share[0], wanted[:, None].expand(3, SIDE, SIDE))
    wanted = torch.zeros(SIDE)
    wanted[97], wanted[98], wanted[99:] = 1 / 3, 2 / 3, 1
    torch.testing.assert_close(share[1], wanted.expand(3, SIDE, SIDE))


def mixed(z: int) -> int:
    """SplitMix64's finaliser, by whole numbers of any size."""
    most = 2**64
    z = z * 0x9E3779B97F4A7C15 % most
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % most
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % most
    return z ^ (z >> 31)


def test_draws_are_those_of_the_published_generator() -> None:
    samples = np.array([0, 1, 70_000])
    found = Draws.of(5, samples).uniform
    assert found.shape == (3, 32)
    for row, sample in zip(found, samples.tolist(), strict=True):
        wanted = [(mixed((32 * sample + k + mixed(6)) % 2**64) >> 40) / 2**24 for k in range(32)]
        assert row.tolist() == wanted
