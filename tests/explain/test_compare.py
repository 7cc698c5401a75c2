"""Saliency methods against numbers derived otherwise, and their curves against the score itself."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageFilter
from scipy.stats import pearsonr, spearmanr

from core.errors import Stopped
from core.explain.crop_scorer import CropScorer
from core.explain.saliency.compare import compare, disagreement, random_maps, rank_correlations
from core.explain.saliency.curves import Curve, curves_of
from core.explain.saliency.methods import (
    METHODS,
    SaliencyMap,
    Subject,
    cells_as_pixels,
    hide,
    mean_of_cells,
    methods_for,
    on_one_scale,
    pearson,
    rise_masks,
    rise_of,
    saliency,
)
from core.faces.align import TEMPLATE
from core.faces.regions import face_regions
from core.model.card import find_weights
from core.model.kinds import AttentionKind
from core.model.target_choice import TargetChoice
from core.model.verifier import Verifier
from core.progress import Task
from core.scoring.kernels.prepared import PreparedPairs

KINDS: tuple[AttentionKind, ...] = ("uniform", "learned")
REGIONS = face_regions(TEMPLATE)


@pytest.fixture(scope="module")
def subject(tiny_weights: Path) -> Subject:
    rng = np.random.default_rng(3)
    left, right = rng.integers(0, 256, (2, 112, 112, 3)).astype(np.uint8)
    return Subject(left, right, CropScorer(tiny_weights, device="cpu"))


def test_the_scorer_scores_as_the_verifier_does(subject: Subject, tiny_weights: Path) -> None:
    crops = np.stack([subject.left, subject.right])
    engine = subject.scorer.engine
    faces = engine.prepare(Verifier(tiny_weights, "cpu").features(crops).grid)
    expected = engine.scores_of(
        PreparedPairs(faces, np.array([0]), faces, np.array([1])), "learned", "both"
    )
    found = subject.scorer.scores(crops[:1], crops[1:])
    assert found == pytest.approx(expected[0], abs=1e-5)
    assert subject.scorer.explained(*crops).score == pytest.approx(expected[0], abs=1e-5)


def test_xcos_gives_its_evidence(subject: Subject) -> None:
    found = saliency("xcos", subject)
    score = subject.scorer.scores(subject.left[None], subject.right[None])[0, 0]
    assert found.map.sum() == pytest.approx(score - 0.46, abs=1e-5)


def test_occlusion_is_the_fall_of_the_score(subject: Subject) -> None:
    found = saliency("occlusion", subject)
    for row, column in ((0, 0), (3, 4), (6, 2)):
        hidden = subject.left.copy()
        hidden[16 * row : 16 * row + 16, 16 * column : 16 * column + 16] = 127
        scores = subject.scorer.scores(np.stack([subject.left, hidden]), subject.right[None])[:, 0]
        assert found.left[row, column] == pytest.approx(scores[0] - scores[1], abs=1e-5)


@pytest.mark.parametrize("order", ["both", "left-right"])
def test_grad_cam_follows_its_formula(subject: Subject, order: str) -> None:
    """Channel weights are the gradient's means (Selvaraju et al., equation 1)."""
    # A random network's gradients would be lost in rounding.
    scorer = CropScorer(find_weights(), order=order, device="cpu")  # type: ignore[arg-type]
    pair = Subject(subject.left, subject.right, scorer)
    found = saliency("grad-cam", pair)
    network = scorer._network
    assert all(p.grad is None for p in network.parameters())
    crops = np.stack([subject.left, subject.right]).astype(np.float32)
    x = torch.from_numpy((crops - 127.5) / 128).permute(0, 3, 1, 2)
    maps = network.backbone(x).detach().requires_grad_()
    grid = network.grid(maps)
    score = network.pairs(grid[:1], grid[1:]).score
    if order == "both":
        score = (score + network.pairs(grid[1:], grid[:1]).score) / 2
    score.backward()
    weights = maps.grad.mean(dim=(2, 3), keepdim=True)
    expected = (weights * maps).sum(dim=1).clamp(min=0).detach().numpy()
    assert expected.max() > 1e-5
    np.testing.assert_allclose([found.left, found.right], expected, atol=0.01 * expected.max())


def test_grad_cam_of_uniform_attention_sees_no_head(subject: Subject) -> None:
    maps = [
        saliency("grad-cam", Subject(subject.left, subject.right, scorer)).map
        for scorer in (CropScorer(find_weights(), kind, device="cpu") for kind in KINDS)
    ]
    assert not np.allclose(*map(on_one_scale, maps), atol=0.1)


def test_grad_cam_looks_at_a_target_with_a_map(tiny_weights: Path, subject: Subject) -> None:
    assert "grad-cam-target" not in methods_for(subject.scorer)
    scorer = CropScorer(tiny_weights, target=tiny_weights, device="cpu")
    assert methods_for(scorer) == ("xcos", "grad-cam", "grad-cam-target", "occlusion", "rise")
    found = saliency("grad-cam-target", Subject(subject.left, subject.right, scorer))
    assert found.left.shape == (7, 7) and found.left.min() >= 0
    with pytest.raises(Exception, match="no 7x7 map"):
        subject.scorer.grad_cam(subject.left[None], subject.right[None], True)
    # The target's cosine of a face with itself is 1.
    assert scorer.target_cosines(subject.left[None], subject.left) == pytest.approx(1, abs=1e-5)


def test_rise_finds_the_cell_that_counts() -> None:
    rng = np.random.default_rng(0)
    lefts, rights = rise_masks(300, rng), rise_masks(300, rng)
    assert lefts.shape == (300, 112, 112) and lefts.min() >= 0 and lefts.max() <= 1
    assert lefts.mean() == pytest.approx(0.5, abs=0.02)
    # A score that rises only with what is seen of the left face's cell (2, 5).
    seen = mean_of_cells(lefts)[:, 2, 5]
    left, right = mean_of_cells(rise_of(np.repeat(seen[:, None], 300, 1), lefts, rights))
    assert np.unravel_index(left.argmax(), (7, 7)) == (2, 5)
    assert left[2, 5] > 0.8 and np.abs(right).max() < 1e-6


def test_pearson_is_pearson() -> None:
    rng = np.random.default_rng(1)
    masks, scores = rise_masks(20, rng), rng.random(20)
    found = pearson(masks, scores)
    assert found[40, 70] == pytest.approx(pearsonr(masks[:, 40, 70], scores).statistic, abs=1e-6)


def test_what_never_varied_correlates_with_nothing() -> None:
    rng = np.random.default_rng(3)
    masks, scores = rng.random((6, 112, 112)).astype(np.float32), rng.random(6)
    masks[:, 5, 7] = 1  # seen at each time
    found = pearson(masks, scores)
    assert found[5, 7] == 0 and np.count_nonzero(found) == 112 * 112 - 1
    assert not pearson(masks, np.full(6, 0.5)).any()


def test_hiding_and_cells() -> None:
    crop = np.random.default_rng(0).integers(0, 256, (112, 112, 3)).astype(np.uint8)
    cells = np.zeros((1, 7, 7))
    cells[0, 1, 2] = 1
    (hidden,) = hide(crop, cells_as_pixels(cells))
    assert (hidden[16:32, 32:48] == 127).all()
    assert (hidden != crop).any(axis=2)[16:32, 32:48].mean() > 0.9
    hidden[16:32, 32:48] = crop[16:32, 32:48]
    assert (hidden == crop).all()
    assert (mean_of_cells(cells_as_pixels(cells)) == cells).all()


def test_curves_start_and_end_at_the_score(subject: Subject) -> None:
    maps = [saliency("xcos", subject), *random_maps(0)]
    found = curves_of(subject, maps)
    score = subject.scorer.scores(subject.left[None], subject.right[None])[0, 0]
    assert len(found) == 4
    for curves in found:
        assert curves.deletion.scores[0] == pytest.approx(score, abs=1e-5)
        assert curves.insertion.scores[-1] == pytest.approx(score, abs=1e-5)
        assert curves.deletion.scores[-1] == pytest.approx(curves.insertion.scores[0])
    assert Curve(np.array([0.0, 0.5, 1.0]), np.array([1.0, 0.5, 0.0])).area == pytest.approx(0.5)


def test_a_step_of_deletion_blurs_the_first_cells(subject: Subject) -> None:
    values = -np.arange(49.0).reshape(7, 7)  # row by row from the top
    (found,) = curves_of(subject, [SaliencyMap("random", values, values, 0, 0)])
    assert found.deletion.shares[2] == pytest.approx(7 / 49)
    hidden = []
    for crop in (subject.left, subject.right):
        blurred = np.asarray(Image.fromarray(crop).filter(ImageFilter.GaussianBlur(12)))
        hidden.append(np.concatenate([blurred[:16], crop[16:]]))
    scorer = subject.scorer
    one = scorer.scores(hidden[0][None], subject.right[None])[0, 0]
    other = scorer.scores(subject.left[None], hidden[1][None])[0, 0]
    assert found.deletion.scores[2] == pytest.approx((one + other) / 2, abs=1e-5)


@pytest.mark.parametrize("seed", [0, 5])
def test_shuffled_networks_hold_the_same_weights_at_other_places(
    subject: Subject, tiny_weights: Path, seed: int
) -> None:
    """The target's network too: without it the control would still be a trained one's."""
    crops = np.stack([subject.left, subject.right])
    scorer = CropScorer(
        tiny_weights, "uniform", "left-right", 0.3, TargetChoice(tiny_weights), "cpu"
    )
    shuffled, again = scorer.shuffled(seed), scorer.shuffled(seed)
    assert (shuffled.kind, shuffled.order, shuffled.threshold) == ("uniform", "left-right", 0.3)
    for ask in (
        lambda one: one.grids(crops),
        lambda one: one.target_cosines(crops[:1], crops[1]),
    ):
        assert np.array_equal(ask(shuffled), ask(again))
        assert np.abs(ask(shuffled) - ask(scorer)).max() > 0.01
        assert np.abs(ask(shuffled) - ask(scorer.shuffled(seed + 1))).max() > 0.001
    weights = [
        [np.sort(w.detach().numpy().ravel()) for w in one._network.parameters()]
        for one in (scorer, shuffled)
    ]
    assert all(np.array_equal(a, b) for a, b in zip(*weights, strict=True))


def test_a_comparison_has_all_its_parts(subject: Subject) -> None:
    told: list[str] = []
    steps: list[tuple[int, int]] = []
    found = compare(
        subject,
        REGIONS,
        shuffled=subject.scorer.shuffled(),
        task=Task(lambda what, done, total: steps.append((done, total))),
        announce=lambda name, compared: told.append(name),
    )
    names = ["xcos", "grad-cam", "occlusion", "rise"]
    controls = ["random", *(f"shuffled-{name}" for name in names)]
    assert told == [*names, *controls]
    assert steps == [(k, 9) for k in range(10)]
    said = json.loads(json.dumps(found.as_json()))
    assert list(said["methods"]) == names and list(said["controls"]) == controls
    for one in said["methods"].values():
        assert np.shape(one["map"]) == (7, 7) and one["seconds"] > 0
        for curve in ("deletion", "insertion"):
            assert len(one[curve]["shares"]) == len(one[curve]["scores"]) and "area" in one[curve]
    assert said["rank_correlation"]["xcos"]["occlusion"] == pytest.approx(
        spearmanr(
            np.ravel(said["methods"]["xcos"]["map"]), np.ravel(said["methods"]["occlusion"]["map"])
        ).statistic
    )
    assert "Attention and occlusion" in said["words"]
    taught, untaught = (found_in["map"] for found_in in (said["methods"]["occlusion"],
                                                        said["controls"]["shuffled-occlusion"]))  # fmt: skip
    assert not np.allclose(taught, untaught)


def test_a_comparison_stops(subject: Subject) -> None:
    done: list[str] = []
    with pytest.raises(Stopped):
        compare(
            subject,
            REGIONS,
            task=Task(stopped=lambda: len(done) == 1),
            announce=lambda name, compared: done.append(name),
        )
    assert done == ["xcos"]


def test_where_attention_and_occlusion_disagree() -> None:
    nose, mouth = (REGIONS == "nose").astype(float), (REGIONS == "mouth").astype(float)
    told = disagreement(nose / nose.sum(), -mouth, REGIONS)
    assert told.startswith("Attention and occlusion disagree")
    assert "the nose has 100 % of the attention, but hiding it makes 0 % of the change" in told
    assert "the mouth has 0 % of the attention, but hiding it makes 100 % of the change" in told
    assert "agree:" in disagreement(nose, 3 * nose, REGIONS)
    assert "agree:" in disagreement(nose, -nose, REGIONS)  # where it looks, not which way


MAPS = arrays(np.float64, (7, 7), elements=st.floats(-5, 5, width=16))


@given(MAPS, MAPS)
def test_rank_correlation_is_spearmans(one: np.ndarray, other: np.ndarray) -> None:
    found = rank_correlations([one, other, np.exp(one / 5)])
    if np.ptp(one) == 0:
        assert np.isnan(found[0, 1])
        return
    assert found[0, 2] == pytest.approx(1)
    if np.ptp(other) > 0:
        expected = spearmanr(one.ravel(), other.ravel()).statistic
        assert found[0, 1] == pytest.approx(expected, abs=1e-9)


@given(MAPS)
def test_one_scale_keeps_signs_and_ratios(values: np.ndarray) -> None:
    scaled = on_one_scale(values)
    assert np.abs(scaled).max() <= 1 and (np.sign(scaled) == np.sign(values)).all()
    np.testing.assert_allclose(scaled * np.abs(values).max(), values, atol=1e-12)


def test_every_method_can_be_asked_for_by_name() -> None:
    assert set(METHODS) == {"xcos", "grad-cam", "grad-cam-target", "occlusion", "rise"}
