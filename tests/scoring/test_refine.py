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
