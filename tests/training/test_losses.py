"""Losses, varied faces and batches against values by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.training.augment import LUMA, Draws, augment, border_mask, is_mixed
from core.training.config import AugmentConfig, OptimisationConfig
from core.training.data import BatchSampler
from core.training.losses import (
    balanced_error,
    choose_pairs,
    embedding_loss,
    map_loss,
    with_hardest,
)
from core.training.positive_mining import SAME_PICTURE, likely_positives

STILL = AugmentConfig(0, 0, 0, 0, 0, 0, 0, 0)


def faces(count: int, seed: int = 0) -> torch.Tensor:
    return 255 * torch.rand(count, 3, 112, 112, generator=torch.Generator().manual_seed(seed))


def test_equal_maps_lose_nothing_and_opposite_ones_two() -> None:
    maps = torch.randn(3, 5, 7, 7)
    everywhere = torch.ones(3, 7, 7)
    assert map_loss(maps, 3 * maps, everywhere).item() == pytest.approx(0, abs=1e-6)
    assert map_loss(maps, -maps, everywhere).item() == pytest.approx(2, abs=1e-6)
    half = everywhere.clone()
    half[:, :, 3:] = 0  # padding, where nothing is taught
    mixed = torch.where(half[:, None] > 0, maps, -maps)
    assert map_loss(mixed, maps, half).item() == pytest.approx(0, abs=1e-6)
    assert map_loss(mixed, maps, everywhere).item() == pytest.approx(2 * 4 / 7, abs=1e-6)
    assert map_loss(mixed, maps, 0 * half).item() == 0


def test_embeddings_and_balanced_errors_by_hand() -> None:
    one = torch.tensor([[1.0, 0], [0, 2], [1, 1]])
    assert embedding_loss(one, one).item() == pytest.approx(0, abs=1e-6)
    assert embedding_loss(one, -one).item() == pytest.approx(2, abs=1e-6)
    other = torch.tensor([[0.0, 3], [0, 1], [-1, 1]])
    assert embedding_loss(one, other).item() == pytest.approx(1 - 1 / 3, abs=1e-6)
    score, target = torch.tensor([0.5, 0.1, 0.3]), torch.tensor([0.9, 0.0, 0.3])
    found = balanced_error(score, target, 0.3, 4.0)  # 0.3 itself is not alike
    assert found.item() == pytest.approx((4 * 0.16 + 0.01 + 0) / 6)


def test_the_hardest_pairs_stand_in_for_the_last_ones() -> None:
    error = torch.rand(6, 6, generator=torch.Generator().manual_seed(2))
    error.fill_diagonal_(9)  # a face with itself is no pair
    pairs = torch.tensor([[0, 0, 0, 0], [1, 2, 3, 4]])
    left, right = with_hardest(pairs, error, 2)
    assert (left[:2].tolist(), right[:2].tolist()) == ([0, 0], [1, 2])
    others = error[~torch.eye(6, dtype=torch.bool)]
    assert sorted(error[left[2:], right[2:]].tolist()) == sorted(others.topk(2).values.tolist())
    left, right = with_hardest(pairs, error, 99)
    assert len(left) == 4 and (left != right).all()


def test_alike_pairs_take_at_most_half() -> None:
    cosines = torch.full((6, 6), 0.8)
    draw = torch.Generator().manual_seed(1)
    left, right = choose_pairs(cosines, 10, 0.5, draw)
    assert len(left) == 5 and all(i != j for i, j in zip(left, right, strict=True))
    cosines[:3, 3:] = cosines[3:, :3] = 0.5  # not above the bound
    left, right = choose_pairs(cosines, 10, 0.5, draw)
    alike = [(i < 3) == (j < 3) for i, j in zip(left, right, strict=True)]
    assert (
        sum(alike) == 5
        and len(alike) == 10
        and len({*zip(left.tolist(), right.tolist(), strict=True)}) == 10
    )


def test_grey_makes_the_three_channels_one() -> None:
    x = faces(6)
    nobody = np.zeros(6, bool)
    draws = Draws.of(0, np.arange(6))
    made = augment(x.clone(), None, nobody, draws, replace(STILL, grey=1.0))
    assert torch.allclose(made[:, 0], made[:, 1], atol=1e-3)
    assert torch.allclose(made[:, 0], made[:, 2], atol=1e-3)
    wanted = sum(weight * x[:, c] for c, weight in enumerate(LUMA))
    assert torch.allclose(made[:, 1], wanted, atol=0.1)
    half = augment(x.clone(), None, nobody, draws, replace(STILL, grey=0.5))
    grey = (half[:, 0] - half[:, 2]).abs().amax(dim=(1, 2)) < 1e-2
    assert np.array_equal(grey.numpy(), draws.uniform[:, 8] < 0.5)


def test_shift_turn_and_scale_move_the_face_as_far_as_they_say() -> None:
    """Against one affine map of the picture's points, from the same numbers."""
    x = torch.zeros(40, 3, 112, 112)
    x[:, :, 30:34, 70:74] = 255  # off the diagonal
    draws, mirrored = Draws.of(5, np.arange(40)), np.arange(40) % 3 == 0
    config = replace(STILL, shift=12, rotation=30, scale=0.3)
    made = augment(x, None, mirrored, draws, config)
    rows, columns = np.mgrid[0:112, 0:112]
    moved = kept = 0
    for k in range(40):
        if draws.uniform[k, 4] < 0.3:  # these stay as they are
            wanted = x[k].flip(2) if mirrored[k] else x[k]
            assert torch.equal(made[k], wanted)
            kept += 1
            continue
        weight = made[k, 0].numpy().astype(np.float64)
        angle, size = (2 * draws.uniform[k, :2] - 1) * [np.radians(30), 0.3]
        shift = (2 * draws.uniform[k, 2:4] - 1) * 12
        c, s = np.cos(angle) * (1 + size), np.sin(angle) * (1 + size)
        flip = -1 if mirrored[k] else 1
        # Where the output's point takes its colour; solved for where the square went.
        turn = np.array([[c * flip, -s], [s * flip, c]])
        at = np.linalg.solve(turn, np.array([71.5, 31.5]) - 55.5 - shift) + 55.5
        if at.min() <= 12 or at.max() >= 99:
            continue
        near = (np.abs(columns - at[0]) < 9) & (np.abs(rows - at[1]) < 9)
        found = [(grid * weight * near).sum() / (weight * near).sum() for grid in (columns, rows)]
        np.testing.assert_allclose(found, at, atol=0.6)
        moved += 1
    assert moved > 15 and kept > 5


def test_colours_change_by_their_share_and_not_more() -> None:
    x = faces(30)
    draws = Draws.of(2, np.arange(30))
    still = augment(x.clone(), None, np.zeros(30, bool), draws, STILL)
    made = augment(x.clone(), None, np.zeros(30, bool), draws, replace(STILL, colour=0.2))
    u = 2 * draws.uniform[:, 5:13] - 1
    for k in range(30):
        brightness, contrast, saturation = 1 + 0.2 * u[k, :3]
        tint = 1 + 0.2 / 3 * u[k, 4:7]
        pixels = still[k].numpy().astype(np.float64)
        luma = np.tensordot(LUMA, pixels, 1)
        wanted = luma + (pixels - luma) * saturation
        wanted = luma.mean() + (wanted - luma.mean()) * contrast
        wanted = wanted * brightness * tint[:, None, None]
        np.testing.assert_allclose(made[k].numpy(), wanted.clip(0, 255), atol=0.2)


def test_a_seam_runs_along_its_angle_and_surroundings_around_an_ellipse() -> None:
    """Two faces joined: on one side of a line or an ellipse the one, on the other side the other."""
    count = 60
    x, others = torch.zeros(count, 3, 112, 112), torch.full((count, 3, 112, 112), 200.0)
    draws = Draws.of(9, np.arange(count))
    made = augment(x, others, np.zeros(count, bool), draws, replace(STILL, mix=1.0))
    assert is_mixed(draws, replace(STILL, mix=1.0)).all()
    rows, columns = np.mgrid[0:112, 0:112]
    across, down = (grid / 111 * 2 - 1 for grid in (columns, rows))
    seams = blends = rings = 0
    for k in range(count):
        angle, place = 2 * np.pi * draws.uniform[k, 23], draws.uniform[k, 24]
        share = made[k, 0].numpy() / 200
        if draws.uniform[k, 22] >= 0.65:
            wide, high = 0.6 + 0.35 * draws.uniform[k, 23], 0.8 + 0.3 * place
            reach = np.hypot(across / wide, down / high)
            np.testing.assert_allclose(share, 1 / (1 + np.exp(-20 * (reach - 1))), atol=0.02)
            assert share[55, 55] < 0.01 and share[0, 0] > 0.99  # the face is the first one's
            rings += 1
        elif draws.uniform[k, 22] < 0.4:
            away = np.cos(angle) * across + np.sin(angle) * down - (1.6 * place - 0.8)
            np.testing.assert_allclose(share, 1 / (1 + np.exp(-12 * away)), atol=0.02)
            seams += 1
        else:
            np.testing.assert_allclose(share, 0.6 * place, atol=0.01)
            blends += 1
    assert seams > 15 and blends > 8 and rings > 12


def test_borders_reach_in_from_each_edge_and_no_farther() -> None:
    x = torch.full((6, 3, 112, 112), 99.0)
    x[0, :, :, :9] = 3
    x[1, :, 103:] = 14  # as dark as is taken for padding
    x[2, :, 103:] = 15
    x[3, :, :2] = 0  # too narrow to be padding
    x[4, 0, :20] = 0  # only one channel is dark
    x[5, :, :, :4] = 0  # too narrow by a pixel
    border = border_mask(x)
    wanted = torch.zeros(6, 112, 112, dtype=torch.bool)
    wanted[0, :, :9] = True
    wanted[1, 103:] = True
    assert torch.equal(border, wanted)


def sampler(seed: int = 3, **more: object) -> BatchSampler:
    labels = np.array([0, 0, 0, 1, 2, 2] + [-1] * 15)
    near = np.full((21, 8), -1)
    near[8, 0] = 12
    config = OptimisationConfig(batch=9, photos_per_identity=2, **more)  # type: ignore[arg-type]
    return BatchSampler(labels, near, config, seed)


def test_a_second_pass_sees_every_face_in_another_order() -> None:
    found = sampler(labelled_share=0.0, partner_share=0.0)
    drawn = np.concatenate([found.batch(step).faces for step in range(10)])
    first, second, third = drawn[:15], drawn[15:30], drawn[30:45]
    assert sorted(first) == sorted(second) == sorted(third) == [*range(6, 21)]
    assert first.tolist() != second.tolist() != third.tolist() != first.tolist()
    again = np.concatenate([sampler(labelled_share=0.0, partner_share=0.0).batch(s).faces for s in range(10)])  # fmt: skip
    assert np.array_equal(drawn, again)
    assert found.passes(5) == pytest.approx(3)


def test_a_batch_has_identities_with_photos_and_partners() -> None:
    found = sampler(labelled_share=0.5, partner_share=0.4)
    for step in range(8):
        batch = found.batch(step)
        labelled = batch.faces[:4]
        assert (labelled < 6).all() and (batch.faces[4:] >= 6).all() and len(batch.faces) == 9
        names = np.array([0, 0, 0, 1, 2, 2])[labelled]
        assert names[0] == names[1] and names[2] == names[3] and names[0] != names[2]
        assert len({*labelled.tolist()}) == 4 - (1 in names)  # one photo is drawn twice
        leaders, partners = batch.faces[4:7], batch.faces[7:]
        wanted = [12 if face == 8 else face for face in leaders[:2]]
        assert partners.tolist() == wanted
        assert batch.samples.tolist() == [*range(9 * step, 9 * step + 9)]
        parts = [batch.part(k, 2) for k in range(2)]
        assert np.array_equal(np.concatenate([p.samples for p in parts]), batch.samples)


@given(st.integers(0, 10**6))
def test_neighbours_by_a_slow_double_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    some = rng.normal(size=(12, 5))
    some[7] = some[6] + 0.01  # the same photo twice
    unit = (some / np.linalg.norm(some, axis=1, keepdims=True)).astype(np.float32)
    labels = np.where(np.arange(12) < 3, 1, -1)
    found = likely_positives(unit, labels, 0.3)
    assert found.shape == (12, 8) and (found[:3] == -1).all()
    for i in range(3, 12):
        near = [
            (float(unit[i] @ unit[j]), j)
            for j in range(3, 12)
            if j != i and 0.3 < float(unit[i] @ unit[j]) < SAME_PICTURE
        ]
        wanted = [j for _, j in sorted(near, reverse=True)][:8]
        assert found[i].tolist() == wanted + [-1] * (8 - len(wanted))


@given(st.integers(0, 200), st.integers(0, 60))
def test_where_others_abound_alike_pairs_still_come_first(seed: int, rare: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    off = torch.rand(40, 90, generator=draw) < 0.9
    cosines = torch.zeros(40, 90)
    places = off.nonzero()[:: max(1, 3000 // max(rare, 1))][:rare]
    cosines[places[:, 0], places[:, 1]] = 0.9
    left, right = choose_pairs(cosines, 100, 0.5, torch.Generator().manual_seed(seed), off)
    chosen = {*zip(left.tolist(), right.tolist(), strict=True)}
    assert len(chosen) == 100 and all(off[pair] for pair in chosen)
    alike = {(int(i), int(j)) for i, j in places}
    assert len(chosen & alike) == min(len(alike), 50)
    again = choose_pairs(cosines, 100, 0.5, torch.Generator().manual_seed(seed), off)
    assert torch.equal(again, torch.stack([left, right]))
    other = choose_pairs(cosines, 100, 0.5, torch.Generator().manual_seed(seed + 1), off)
    assert len(chosen & {*zip(*other.tolist(), strict=True)} - alike) < 30
