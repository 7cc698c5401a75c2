"""The losses of a batch: L_cos over its pairs, and what the target teaches beside it.

B faces, P pairs, D numbers of an embedding, C channels, H = W = 7 cells.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from core.model.xcos import LearnedAttention, xcos
from core.training.config import LossConfig
from core.training.parallel import processes, summed

MANY = 16  # times as many places as pairs are wanted: random others are then never too few


class Lesson(NamedTuple):
    """What the target says of a batch.

    embeddings: (B, D) unit vectors
    maps:       (B, C, 7, 7) of the target's last map, or None where it is not used
    valid:      (B, 7, 7) share of each cell that shows the photo, not padding
    others:     (B, D) unit vectors of further targets, each with its own D
    scales:     impostor mean and spread of the cosines of each target, the first one's first;
                needed where there are others
    """

    embeddings: Tensor
    maps: Tensor | None
    valid: Tensor
    others: tuple[Tensor, ...] = ()
    scales: tuple[tuple[float, float], ...] = ()


def joint_cosines(embeddings: Sequence[Tensor], scales: Sequence[tuple[float, float]]) -> Tensor:
    """(B, B) cosines of several targets' (B, D) unit vectors: the mean on the first one's scale.

    scales: of each target, the mean and spread of its impostors' cosines; () for one target
    """
    cosines = [one @ one.T for one in embeddings]
    if len(cosines) == 1:
        return cosines[0]
    standard = [
        (cosine - mean) / spread for cosine, (mean, spread) in zip(cosines, scales, strict=True)
    ]
    mean, spread = scales[0]
    return (torch.stack(standard).mean(dim=0) * spread + mean).clamp(-1, 1)


def by_names(cosines_BB: Tensor, labels_B: Tensor, limits: tuple[float, float]) -> Tensor:
    """A target's cosines where names correct them; pairs of unknown faces stay.

    limits: the least that a genuine pair is wanted at, and the most of an impostor pair
    """
    least, most = limits
    known = (labels_B >= 0)[:, None] & (labels_B >= 0)[None]
    same = labels_B[:, None] == labels_B[None]
    wanted = torch.where(same, cosines_BB.clamp(min=least), cosines_BB.clamp(max=most))
    return torch.where(known, wanted, cosines_BB)


def attention_of_pairs(
    attention: LearnedAttention, grid_BCHW: Tensor, left_P: Tensor, right_P: Tensor
) -> Tensor:
    """Learned attention (P, 7, 7) of many pairs of a batch, each face reduced once.

    The first convolution after the concatenation is linear in its two halves, so each face's
    half is convolved once and pairs are sums; the same numbers as `LearnedAttention.forward`.
    """
    convolution = attention.mix[0]
    assert isinstance(convolution, torch.nn.Conv2d)
    reduced_BCHW = attention.reduce(grid_BCHW)
    half = reduced_BCHW.shape[1]
    left_BCHW = F.conv2d(reduced_BCHW, convolution.weight[:, :half], convolution.bias, padding=1)
    right_BCHW = F.conv2d(reduced_BCHW, convolution.weight[:, half:], padding=1)
    both_PCHW = left_BCHW.index_select(0, left_P) + right_BCHW.index_select(0, right_P)
    mixed_PCHW = attention.mix[2](attention.mix[1](both_PCHW))
    logits = attention.last(mixed_PCHW).flatten(1)
    return logits.softmax(dim=1).view(-1, *grid_BCHW.shape[2:])


def choose_pairs(
    cosines_BB: Tensor,
    count: int,
    alike: float,
    draw: torch.Generator,
    off: Tensor | None = None,
) -> Tensor:
    """Ordered pairs of a batch, (2, P): all alike ones that fit, then random others.

    At most half of the count are alike pairs. off: which pairs may be drawn, a bool for each;
    without it all but those of a face with itself.
    """
    if off is None:
        off = ~torch.eye(len(cosines_BB), dtype=torch.bool, device=cosines_BB.device)
    is_alike = (cosines_BB > alike) & off

    if off.numel() > MANY * count:
        return _of_many(is_alike, off, count, draw)

    def some(mask: Tensor, limit: int) -> Tensor:
        places = mask.nonzero()
        return places[torch.randperm(len(places), generator=draw)[:limit].to(places.device)]

    rare = some(is_alike, count // 2)
    others = some(~is_alike & off, count - len(rare))
    return torch.cat([rare, others]).T


def _of_many(is_alike: Tensor, off: Tensor, count: int, draw: torch.Generator) -> Tensor:
    """The same where others abound: by order of random numbers, without waiting for a GPU to count."""
    device = off.device
    own = torch.Generator(device).manual_seed(int(torch.randint(2**62, (1,), generator=draw)))
    number = torch.rand(off.shape, generator=own, device=device).masked_fill(~off, -1)
    alike_first = torch.where(is_alike, number + 1, number).flatten()
    others_first = torch.where(is_alike, -number, number).flatten()
    chosen = [alike_first.topk(count // 2, sorted=False).indices]
    # Fewer alike pairs than half: the first part ends with others, the highest numbers.
    others_first[chosen[0]] = -1
    chosen.append(others_first.topk(count - count // 2, sorted=False).indices)
    places = torch.cat(chosen)
    return torch.stack([places // off.shape[1], places % off.shape[1]])


def with_hardest(pairs_2P: Tensor, error_BB: Tensor, count: int) -> Tensor:
    """The pairs with those of the largest error in place of the last ones, (2, P).

    error_BB: 0 or more; pairs of a face with itself are never taken
    """
    count = min(count, pairs_2P.shape[1], error_BB.numel() - len(error_BB))
    error_BB = error_BB.clone().fill_diagonal_(-1)
    places = error_BB.flatten().topk(count, sorted=False).indices
    hardest = torch.stack([places // len(error_BB), places % len(error_BB)])
    return torch.cat([pairs_2P[:, : pairs_2P.shape[1] - count], hardest], dim=1)


def balanced_error(score: Tensor, target: Tensor, alike: float, alike_weight: float) -> Tensor:
    """Mean squared error in which each alike pair counts alike_weight times."""
    weight = torch.where(target > alike, alike_weight, 1.0)
    return (weight * (score - target) ** 2).sum() / weight.sum()


def uniform_scores(grid_BCHW: Tensor) -> Tensor:
    """The uniform score of every two faces of a batch, (B, B), as one matrix product."""
    cells = F.normalize(grid_BCHW, dim=1).flatten(1)
    return cells @ cells.T / (grid_BCHW.shape[2] * grid_BCHW.shape[3])


def score_losses(
    attention: LearnedAttention,
    grid_BCHW: Tensor,
    cosines_BB: Tensor,
    pairs_2P: Tensor | None,
    config: LossConfig,
) -> dict[str, Tensor]:
    """L_cos (equation 10) with learned attention over chosen pairs, and with uniform attention over all.

    cosines_BB: the target's; pairs_2P: None leaves learned attention out
    """
    losses = {}
    uniform_BB = uniform_scores(grid_BCHW) if config.uniform_weight or config.hard else None
    if pairs_2P is not None:
        if config.hard and uniform_BB is not None:
            error_BB = (uniform_BB.detach() - cosines_BB) ** 2
            pairs_2P = with_hardest(pairs_2P, error_BB, round(config.hard * pairs_2P.shape[1]))
        left, right = pairs_2P
        weights = attention_of_pairs(attention, grid_BCHW, left, right)
        # Normalised before pairs are formed: a face is in many of them.
        cells_BCHW = F.normalize(grid_BCHW, dim=1)
        cosine = (cells_BCHW.index_select(0, left) * cells_BCHW.index_select(0, right)).sum(dim=1)
        scores = xcos(cosine, weights)
        wanted = cosines_BB[left, right]
        losses["cosine"] = balanced_error(scores, wanted, config.alike, config.alike_weight)
    if config.uniform_weight and uniform_BB is not None:
        rows, columns = torch.triu_indices(
            len(grid_BCHW), len(grid_BCHW), 1, device=grid_BCHW.device
        )
        scores, wanted = uniform_BB[rows, columns], cosines_BB[rows, columns]
        losses["uniform"] = balanced_error(scores, wanted, config.alike, config.alike_weight)
    return losses


def embedding_loss(embedding_BD: Tensor, target_BD: Tensor) -> Tensor:
    """Mean of 1 - cosine between the fully connected head's embeddings and the target's."""
    return 1 - F.cosine_similarity(embedding_BD, target_BD).mean()


def map_loss(projected_BCHW: Tensor, target_BCHW: Tensor, valid_BHW: Tensor) -> Tensor:
    """1 - cosine of each cell to the target's, over all processes' cells that show the photo.

    A process gives the part of its own faces, scaled so that the processes' mean is the loss.
    """
    cosine = F.cosine_similarity(projected_BCHW, target_BCHW, dim=1)
    shown = summed(valid_BHW.sum()).clamp(min=1)
    return ((1 - cosine) * valid_BHW).sum() * processes() / shown
