"""Estimates become learned attention's scores, what is seen first."""

from pathlib import Path

import numpy as np
import pytest

from core.model.attention_weights import read_head
from core.model.verifier import Verifier
from core.scoring import refine
from core.scoring.engine import PairEngine
from core.scoring.kernels.prepared import prepare
from core.scoring.refine import Refinement
from tests.living import crop


def test_refined_scores_are_the_engines_and_what_is_seen_comes_first(
    tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refine, "TILE", 8)
    head = read_head(tiny_weights)
    engine = PairEngine(head, None)
    crops = np.stack([crop(f"{letter}x", k) for letter in "abcdefg" for k in range(1, 7)][:37])
    faces = prepare(Verifier(tiny_weights, "cpu").features(crops).grid, head)
    wanted = engine.scores(faces, faces, "learned")
    refinement = Refinement(engine, faces, faces, "both", 0.2)
    assert refinement.share == 0 and not refinement.is_exact(3, 20)
    off = ~np.eye(37, dtype=bool)
    assert np.std((refinement.scores - wanted)[off]) < 0.5 * np.std(wanted[off]) + 0.02
    first = refinement.next_tile((slice(30, 37), slice(0, 5)))
    assert first in [(3, 0), (4, 0)]
    refinement.refine(first)
    assert refinement.is_exact(first[0] * 8, 0) and refinement.is_exact(0, first[0] * 8)
    while (tile := refinement.next_tile(None)) is not None:
        refinement.refine(tile)
    np.testing.assert_allclose(refinement.scores, wanted, atol=1e-6)
    assert refinement.share == 1


def test_an_estimate_is_the_line_through_uniform_and_learned_scores(tiny_weights: Path) -> None:
    head = read_head(tiny_weights)
    engine = PairEngine(head, None)
    crops = np.stack([crop(f"{letter}x", k) for letter in "abcde" for k in range(1, 7)])
    faces = prepare(Verifier(tiny_weights, "cpu").features(crops).grid, head)
    uniform, learned = (engine.scores(faces, faces, kind) for kind in ("uniform", "learned"))
    found = Refinement(engine, faces, faces, "both", 0.2)
    slope, level = np.polyfit(uniform.ravel(), found.scores.ravel(), 1)
    np.testing.assert_allclose(found.scores, slope * uniform + level, atol=1e-5)
    # Of all pairs where a sample was drawn, so nearly.
    wanted = np.polyfit(uniform.ravel(), learned.ravel(), 1)
    assert (slope, level) == pytest.approx(wanted.tolist(), abs=0.05)
    rest = learned - np.polyval(wanted, uniform)
    assert found.error == pytest.approx(float(rest.std()), rel=0.1)


def test_of_one_face_many_times_the_estimate_is_its_uniform_score(tiny_weights: Path) -> None:
    head = read_head(tiny_weights)
    engine = PairEngine(head, None)
    grid = np.ones((9, 32, 7, 7), np.float32)
    faces = prepare(grid, head)
    found = Refinement(engine, faces, faces, "both", 0.2)
    assert np.ptp(found.scores) == 0 and found.scores[0, 1] == pytest.approx(1, abs=1e-6)
    assert found.error == pytest.approx(0, abs=1e-6)


def test_what_is_exact_already_is_not_refined_again_though_it_is_seen(tiny_weights: Path) -> None:
    head = read_head(tiny_weights)
    engine = PairEngine(head, None)
    rng = np.random.default_rng(1)
    faces = prepare(rng.normal(size=(5, 32, 7, 7)).astype(np.float32), head)
    others = prepare(rng.normal(size=(700, 32, 7, 7)).astype(np.float32), head)
    found = Refinement(engine, faces, others, "both", 0.2)
    seen = slice(0, 5), slice(0, 20)
    assert found.next_tile(seen) == (0, 0)
    found.refine((0, 0))
    rest = found.next_tile(seen)
    assert rest is not None and rest[1] > 0


def test_no_estimate_is_beyond_what_a_score_can_be(
    tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A steep line would take likest and least like faces beyond 1 and below -1."""
    head = read_head(tiny_weights)
    engine = PairEngine(head, None)
    grid = np.ones((4, 32, 7, 7), np.float32) * np.array([1, 1, -1, -1])[:, None, None, None]
    grid[3, :, :3] *= -1
    monkeypatch.setattr(Refinement, "_fit", lambda self: (1.5, 0.1, 0.0))
    faces = prepare(grid, head)
    uniform = engine.scores(faces, faces, "uniform")
    found = Refinement(engine, faces, faces, "both", 0.2)
    np.testing.assert_allclose(found.scores, np.clip(1.5 * uniform + 0.1, -1, 1), atol=1e-6)
    assert found.scores.min() == -1 and found.scores.max() == 1
    assert ((found.scores > -1) & (found.scores < 1)).any()
