"""Teaching attention a law: it learns it, keeps whole pairs, and nothing else changes."""

import copy

import numpy as np
import pytest
import torch

from core.model.xcos import LearnedAttention, cosine_map
from scripts.attention_law import HIDDEN, PAIRS, Grids, losses, pairs_of, teach


def grids_of(count: int) -> Grids:
    """Faces of which hidden parts show in the features, as a channel that says so."""
    draw = torch.Generator().manual_seed(3)
    grid = torch.randn(count, 32, 7, 7, generator=draw).repeat(1 + HIDDEN, 1, 1, 1)
    covered = torch.zeros((1 + HIDDEN) * count, 7, 7)
    for k in range(count, len(covered)):
        corner = torch.randint(0, 4, (2,), generator=draw)
        covered[k, corner[0] : corner[0] + 3, corner[1] : corner[1] + 3] = 1
    grid[:, 0] = 4 * covered - 2
    labels = torch.arange(count) % 5 - 1
    return Grids(grid.half(), 1 - covered, labels)


def test_attention_learns_to_leave_what_is_hidden_and_stays_where_nothing_is() -> None:
    torch.manual_seed(0)
    attention = LearnedAttention().eval()
    before = copy.deepcopy(attention)
    grids = grids_of(40)
    found = teach(attention, grids, "strict", 60, 0)
    assert np.mean(found[-5:]) < 0.5 * np.mean(found[:5])
    left, right = torch.arange(39), torch.arange(1, 40)
    with torch.inference_mode():
        whole = grids.grid.float()
        was, now = (a(whole[left], whole[right]) for a in (before, attention))
        hidden = attention(whole[left + 40], whole[right])
    gone = 1 - grids.seen[left + 40]
    assert float((hidden * gone).sum()) < 0.5 * float((was * gone).sum())
    assert float((now - was).abs().sum(dim=(1, 2)).mean()) < 0.25
    assert all(not p.requires_grad for p in attention.parameters())


def test_by_the_additive_law_attention_has_nothing_to_learn() -> None:
    torch.manual_seed(0)
    attention, grids = LearnedAttention().eval(), grids_of(12)
    same = Grids(grids.grid[:12].repeat(1 + HIDDEN, 1, 1, 1), grids.seen, grids.labels)
    pairs = next(pairs_of(same, 1, 0))
    divergence, error = losses(attention, copy.deepcopy(attention), same, "additive", pairs)
    assert float(divergence) == pytest.approx(0, abs=1e-5)
    assert float(error) == pytest.approx(0, abs=1e-8)


def test_the_losses_are_the_law_s_pair_by_pair() -> None:
    torch.manual_seed(1)
    attention, teacher, grids = LearnedAttention().eval(), LearnedAttention().eval(), grids_of(6)
    pairs = torch.tensor([[[0, 3], [1, 2]], [[6, 3], [1, 14]]])
    with torch.no_grad():
        divergence, error = losses(attention, teacher, grids, "strict", pairs)
        told, wrong = 0.0, 0.0
        for k in range(2):
            left, right = grids.grid[pairs[0, :, k]].float()[:, None]
            kept = (
                teacher(left, right)[0]
                * (grids.seen[pairs[1, 0, k]] * grids.seen[pairs[1, 1, k]]) ** 3
            )
            lawful = kept / kept.sum()
            shown = grids.grid[pairs[1, :, k]].float()[:, None]
            weights, cosine = attention(*shown)[0], cosine_map(*shown)[0]
            there = lawful > 0
            told += float((lawful[there] * (lawful[there] / weights[there]).log()).sum()) / 2
            wrong += float(((weights - lawful) * cosine).sum()) ** 2 / 2
    assert float(divergence) == pytest.approx(told, rel=1e-3)
    assert float(error) == pytest.approx(wrong, rel=1e-3)


def test_pairs_are_of_two_views_and_some_of_one_person() -> None:
    grids = grids_of(50)
    labels = grids.labels.numpy()
    (left, right), (shown_left, shown_right) = next(pairs_of(grids, 1, 0)).numpy()
    assert left.shape == (PAIRS,) and left.max() < 50
    np.testing.assert_array_equal(left, shown_left % 50)
    np.testing.assert_array_equal(right, shown_right % 50)
    parts = np.stack([shown_left >= 50, shown_right >= 50])
    assert (
        abs(parts.any(axis=0).mean() - 0.85) < 0.03 and abs(parts.all(axis=0).mean() - 0.15) < 0.03
    )
    assert abs(parts[0].mean() - parts[1].mean()) < 0.05  # hidden left as often as right
    genuine = (labels[left] == labels[right]) & (labels[left] >= 0) & (left != right)
    assert genuine.mean() > 0.3
