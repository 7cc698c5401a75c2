"""The losses of views with a part hidden: what a pair's maps and score must be by a law.

B faces of a batch, H hidden views of some of them, P pairs, C channels, H = W = 7 cells.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from core.model.card import KEPT_POWER, HidingLaw
from core.model.xcos import LearnedAttention, xcos
from core.training.config import LocalityConfig, LossConfig
from core.training.losses import attention_of_pairs, balanced_error, choose_pairs

LEAST_SEEN = 1e-3  # of attention's weight: pairs of which less is seen follow no law
LEAST_WEIGHT = 1e-6  # of a cell's attention, in logarithms


class HiddenGrids(NamedTuple):
    """Grid features (H, 32, 7, 7) of views with a part hidden.

    source:  (H,) which face of the batch each shows
    covered: (H, 7, 7) share of each cell that is hidden
    """

    grid: Tensor
    source: Tensor
    covered: Tensor


class Seen(NamedTuple):
    """S and W (P, 7, 7) of pairs, and what of each cell is seen in both faces (P, 7, 7)."""

    cosine: Tensor
    attention: Tensor
    seen: Tensor


class HiddenPairs(NamedTuple):
    """Numbers of faces, hidden views counted on after the batch's own, and the target's cosine.

    left, right: (2P,) first the pairs of whole faces, then the same ones with hidden views
    wanted:      (P,) the target's cosine of the whole faces
    """

    left: Tensor
    right: Tensor
    wanted: Tensor


def hidden_pairs(
    cosines_BB: Tensor,
    source_H: Tensor,
    config: tuple[LocalityConfig, LossConfig],
    draw: torch.Generator,
) -> HiddenPairs:
    """Pairs of a hidden view and another face or view of another face, in random order.

    cosines_BB: the target's, of the faces before a part was hidden
    """
    locality, losses = config
    size = len(cosines_BB)
    of_all = torch.cat([torch.arange(size, device=source_H.device), source_H])
    cosines = cosines_BB[source_H][:, of_all]
    others = source_H[:, None] != of_all[None]
    row, column = choose_pairs(cosines, locality.pairs, losses.alike, draw, others)
    swapped = (torch.rand(len(row), generator=draw) < 0.5).to(row.device, non_blocking=True)
    ones = torch.cat([source_H[row], row + size])
    others = torch.cat([of_all[column], column])
    swapped_twice = swapped.repeat(2)
    left = torch.where(swapped_twice, others, ones)
    right = torch.where(swapped_twice, ones, others)
    return HiddenPairs(left, right, cosines[row, column])


def by_law(whole: Seen, law: HidingLaw) -> tuple[Tensor, Tensor]:
    """S and W (P, 7, 7) that the law wants once the cells' hidden shares are gone."""
    if law == "additive":
        return whole.cosine * whole.seen, whole.attention
    left = whole.attention * whole.seen ** KEPT_POWER[law]
    return whole.cosine, left / left.sum(dim=(1, 2), keepdim=True).clamp(min=LEAST_SEEN)


def locality_losses(
    attention: LearnedAttention,
    grid_BCHW: Tensor,
    hidden: HiddenGrids,
    pairs: HiddenPairs,
    config: tuple[LocalityConfig, LossConfig],
) -> dict[str, Tensor]:
    """Losses over pairs of a hidden view and another face, which may be hidden as well."""
    grids = torch.cat([grid_BCHW, hidden.grid])
    cells_NCHW = F.normalize(grids, dim=1)
    left, right = pairs.left, pairs.right
    # In one go, so that both are normalised by the same statistics.
    weights = attention_of_pairs(attention, grids, left, right)
    cosine = (cells_NCHW.index_select(0, left) * cells_NCHW.index_select(0, right)).sum(dim=1)
    count = len(pairs.wanted)
    uncovered = torch.cat([torch.ones_like(grid_BCHW[:, 0]), 1 - hidden.covered])
    seen = uncovered[left[count:]] * uncovered[right[count:]]
    whole = Seen(cosine[:count].detach(), weights[:count].detach(), seen)
    return _errors(whole, (cosine[count:], weights[count:]), pairs.wanted, config)


def _errors(
    whole: Seen,
    maps: tuple[Tensor, Tensor],
    wanted: Tensor,
    config: tuple[LocalityConfig, LossConfig],
) -> dict[str, Tensor]:
    locality, losses = config
    cosine, weights = maps
    lawful_cosine, lawful_weights = by_law(whole, locality.law)
    # By the additive law what a hidden cell says must be 0; by the others it does not count.
    counts = whole.seen ** KEPT_POWER[locality.law]
    score = xcos(cosine, weights)
    errors = (
        lawful_weights
        * (lawful_weights.clamp(min=LEAST_WEIGHT) / weights.clamp(min=LEAST_WEIGHT)).log()
    ).sum(dim=(1, 2))
    return {
        "cells": (counts * (cosine - lawful_cosine) ** 2).sum() / counts.sum().clamp(min=1),
        "attention": errors.mean(),
        "law": ((score - xcos(lawful_cosine, lawful_weights)) ** 2).mean(),
        "hidden": balanced_error(score, wanted, losses.alike, losses.alike_weight),
    }
