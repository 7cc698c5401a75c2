"""Candidates from an index of vectors."""

import numpy as np
import pytest

from core.scoring.candidates import candidates, vectors
from core.scoring.engine import PairEngine
from core.scoring.kernels.prepared import PreparedPairs, prepare


def test_inner_products_are_uniform_scores_and_near_ones_are_found() -> None:
    pytest.importorskip("faiss")
    rng = np.random.default_rng(0)
    grid = rng.normal(size=(80, 32, 7, 7)).astype(np.float32)
    grid[40:] = grid[:40] + 0.5 * rng.normal(size=(40, 32, 7, 7)).astype(np.float32)
    faces = prepare(grid, None)
    engine = PairEngine(None, None)
    scores = engine.scores(faces, faces, "uniform")
    flat = vectors(faces)
    np.testing.assert_allclose(flat @ flat.T, scores, atol=1e-5)
    rows, columns = candidates(faces, faces, 3)
    assert (rows < columns).all()
    found = set(zip(rows.tolist(), columns.tolist(), strict=True))
    assert len(found) == len(rows)
    assert {(k, k + 40) for k in range(40)} <= found
    np.testing.assert_allclose(
        engine.scores_of(PreparedPairs(faces, rows, faces, columns), "uniform"),
        scores[rows, columns],
        atol=1e-5,
    )
    some, others = candidates(faces.part(slice(0, 5)), faces, 2)
    assert set(some.tolist()) == set(range(5)) and all((some == k).sum() == 2 for k in range(5))
    assert all(k in others[some == k] for k in range(5))
