"""Saliency of the left and of the right face, each against the score itself, with its sign."""

from copy import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter
from scipy.stats import pearsonr

from core.explain.crop_scorer import CropScorer
from core.explain.saliency.curves import curves_of, mean_curves
from core.explain.saliency.methods import (
    SaliencyMap,
    Subject,
    cells_as_pixels,
    hide,
    mean_of_cells,
    rise_masks,
    saliency,
)
from tests.living import THRESHOLDS, crop

CELLS = ((0, 0), (1, 5), (3, 1), (4, 2), (6, 3))


@pytest.fixture(scope="module", params=["left-right", "both"])
def subject(request: pytest.FixtureRequest, tiny_weights: Path) -> Subject:
    scorer = CropScorer(tiny_weights, order=request.param, device="cpu")
    return Subject(crop("ann", 1), crop("bob", 2), scorer)


def score(subject: Subject, left: np.ndarray, right: np.ndarray) -> float:
    return float(subject.scorer.scores(left[None], right[None])[0, 0])


def greyed(face: np.ndarray, row: int, column: int) -> np.ndarray:
    made = face.copy()
    made[16 * row : 16 * row + 16, 16 * column : 16 * column + 16] = 127
    return made


def test_what_is_explained_obeys_the_weights_law(subject: Subject) -> None:
    scorer = subject.scorer
    strict = copy(scorer)
    strict.card = replace(scorer.card, law="strict")
    for kind, law in (("learned", "strict"), ("uniform", "additive")):
        strict.kind = kind  # type: ignore[assignment]
        explained = strict.explained(subject.left, subject.right)
        assert (explained.law, explained.kind, explained.order) == (law, kind, scorer.order)


def test_occlusion_is_positive_where_hiding_lowers_the_score(subject: Subject) -> None:
    found = saliency("occlusion", subject)
    whole = score(subject, subject.left, subject.right)
    for cell in CELLS:
        left = whole - score(subject, greyed(subject.left, *cell), subject.right)
        right = whole - score(subject, subject.left, greyed(subject.right, *cell))
        assert found.left[cell] == pytest.approx(left, abs=1e-5)
        assert found.right[cell] == pytest.approx(right, abs=1e-5)
    # What is told is hundreds of times what is allowed above, in both directions.
    assert found.left.max() > 0.01 and found.left.min() < -0.003
    assert np.abs(found.left - found.right).max() > 0.01
    assert np.array_equal(found.map, (found.left + found.right) / 2)
    assert found.faces == 2 * 50


def test_rise_is_the_correlation_of_what_is_seen_with_the_score(subject: Subject) -> None:
    found = saliency("rise", subject)
    assert found.fine is not None
    masks = rise_masks(256, np.random.default_rng(0))
    lefts, rights = masks[:128], masks[128:]
    shown, other = (
        hide(face, 1 - some) for face, some in ((subject.left, lefts), (subject.right, rights))
    )
    scores = subject.scorer.scores(shown, other)
    for y, x in ((20, 90), (60, 30), (100, 70)):
        left = pearsonr(lefts[:, y, x], scores.mean(axis=1)).statistic
        right = pearsonr(rights[:, y, x], scores.mean(axis=0)).statistic
        assert found.fine[0, y, x] == pytest.approx(left, abs=1e-4)
        assert found.fine[1, y, x] == pytest.approx(right, abs=1e-4)
    np.testing.assert_array_equal(found.left, mean_of_cells(found.fine[0]))
    np.testing.assert_array_equal(found.right, mean_of_cells(found.fine[1]))
    assert np.abs(found.left - found.right).max() > 0.1
    assert (found.left > 0).any() and (found.left < 0).any()


def test_masks_hide_half_of_a_face_smoothly_and_move() -> None:
    masks = rise_masks(400, np.random.default_rng(4))
    np.testing.assert_allclose(masks.mean(axis=0), 0.5, atol=0.15)
    steps = [np.abs(np.diff(masks, axis=axis)).max() for axis in (1, 2)]
    assert max(steps) <= 1 / 16 + 1e-6  # from seen to hidden takes a cell
    corners = (masks[:, 0, 0] % 1 != 0).mean()
    assert corners > 0.2  # the grid does not start at the crop's corner


def test_xcos_says_the_same_of_both_faces_and_its_sum_is_score_less_threshold(
    subject: Subject,
) -> None:
    found = saliency("xcos", subject)
    assert found.left is found.right
    wanted = score(subject, subject.left, subject.right) - THRESHOLDS["learned"]
    assert found.map.sum() == pytest.approx(wanted, abs=1e-5)


def test_swapped_faces_swap_the_maps_in_order_both(tiny_weights: Path) -> None:
    scorer = CropScorer(tiny_weights, device="cpu")
    one = Subject(crop("ann", 1), crop("bob", 2), scorer)
    other = replace(one, left=one.right, right=one.left)
    for name in ("occlusion", "grad-cam"):
        here, there = saliency(name, one), saliency(name, other)
        scale = np.abs(here.left).max()
        np.testing.assert_allclose(here.left, there.right, atol=1e-3 * scale)
        np.testing.assert_allclose(here.right, there.left, atol=1e-3 * scale)
        assert np.abs(here.left - here.right).max() > 0.1 * scale


def test_curves_are_the_mean_of_both_sides_each_in_its_own_order(subject: Subject) -> None:
    left, right = np.random.default_rng(2).random((2, 7, 7))
    (found,) = curves_of(subject, [SaliencyMap("random", left, right, 0, 0)])
    deleted, inserted = [], []
    for face, order, side in ((subject.left, left, 0), (subject.right, right, 1)):
        first = np.argsort(-order.ravel(), kind="stable")[:7]  # 2 of 14 steps
        gone = np.zeros(49, bool)
        gone[first] = True
        blurred = np.asarray(Image.fromarray(face).filter(ImageFilter.GaussianBlur(12)))
        for told, hidden in ((deleted, gone), (inserted, ~gone)):
            pixels = cells_as_pixels(hidden.reshape(1, 7, 7))[0][..., None]
            made = np.where(pixels, blurred, face)
            both = (made, subject.right) if side == 0 else (subject.left, made)
            told.append(score(subject, *both))
    assert abs(deleted[0] - deleted[1]) > 0.001 and abs(deleted[0] - inserted[0]) > 0.01
    assert found.deletion.shares[2] == pytest.approx(7 / 49)
    assert found.deletion.scores[2] == pytest.approx(np.mean(deleted), abs=1e-5)
    assert found.insertion.scores[2] == pytest.approx(np.mean(inserted), abs=1e-5)
    whole = score(subject, subject.left, subject.right)
    assert found.deletion.scores[0] == found.insertion.scores[-1] == pytest.approx(whole, abs=1e-5)
    assert abs(found.deletion.scores[-1] - whole) > 0.005
    assert len(found.deletion.scores) == len(found.insertion.scores) == 15


def test_mean_curves_are_the_means_of_each_curve(subject: Subject) -> None:
    rng = np.random.default_rng(0)
    maps = [SaliencyMap("random", *rng.random((2, 7, 7)), 0, 0) for _ in range(2)]
    one, other = curves_of(subject, maps)
    mean = mean_curves([one, other])
    for name in ("deletion", "insertion"):
        wanted = (getattr(one, name).scores + getattr(other, name).scores) / 2
        np.testing.assert_allclose(getattr(mean, name).scores, wanted)
    assert np.abs(mean.deletion.scores - mean.insertion.scores).max() > 0.02


@pytest.mark.parametrize("of_target", [False, True])
def test_grad_cam_of_several_pairs_is_each_pair_s_own(tiny_weights: Path, of_target: bool) -> None:
    scorer = CropScorer(tiny_weights, order="left-right", target=tiny_weights, device="cpu")
    lefts = np.stack([crop("ann", 1), crop("bob", 1), crop("cem", 1)])
    rights = np.stack([crop("bob", 2), crop("ann", 3), crop("ann", 2)])
    together = scorer.grad_cam(lefts, rights, of_target)
    assert together.shape == (3, 2, 7, 7)
    for k in range(3):
        (alone,) = scorer.grad_cam(lefts[k : k + 1], rights[k : k + 1], of_target)
        np.testing.assert_allclose(together[k], alone, atol=0.01 * together.max())
    assert np.abs(together[0] - together[1]).max() > 0.1 * together.max()
    assert np.abs(together[:, 0] - together[:, 1]).max() > 0.1 * together.max()
