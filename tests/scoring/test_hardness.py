"""Errors and worst pairs of each face, against looking at every cell; and orders in another process."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Stopped
from core.progress import Task
from core.scoring import seriation
from core.scoring.hardness import hardness
from core.scoring.sides import Side
from tests.scoring.test_blocks import matrix_of


@given(
    st.integers(1, 15), st.integers(1, 13), st.booleans(), st.sampled_from([0, 1]),
    st.integers(0, 10**6), st.sampled_from([-0.5, 0.0, 0.2, 0.3, 1.0]),
)  # fmt: skip
def test_each_face_s_errors_and_worst_pair(
    n: int, m: int, square: bool, which: int, seed: int, threshold: float
) -> None:
    matrix = matrix_of(n, n if square else m, square, seed, 3)
    found = hardness(matrix, which, threshold)
    for face in range(matrix.scores.shape[which]):
        cells = [
            (face, j) if which == 0 else (j, face) for j in range(matrix.scores.shape[1 - which])
        ]
        cells = [cell for cell in cells if matrix.is_pair(*cell)]
        outcomes = [matrix.outcome(*cell, threshold) for cell in cells]
        assert found.errors[face] == sum(o in ("FP", "FN") for o in outcomes)
        assert found.pairs[face] == len(cells)
        margins = [
            (float(matrix.scores[c]) - threshold) * (1 if o in ("FP", "TN") else -1)
            for c, o in zip(cells, outcomes, strict=True)
            if o != "unknown"
        ]
        assert found.margin[face] == pytest.approx(max(margins, default=-np.inf), abs=1e-6)


def test_a_group_is_as_hard_as_all_its_faces() -> None:
    matrix = matrix_of(9, 9, True, 4, 3)
    faces = hardness(matrix, 0, 0.2)
    groups = faces.of_items(Side.of_groups([("a", np.array([0, 4, 5])), ("b", np.array([2]))]))
    assert groups.errors.tolist() == [faces.errors[[0, 4, 5]].sum(), faces.errors[2]]
    assert groups.margin[0] == faces.margin[[0, 4, 5]].max()


def test_many_are_ordered_in_another_process_as_here(monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.random.default_rng(0).permutation(40).astype(float)
    pairs = np.triu_indices(40, 1)
    distances = np.abs(points[pairs[0]] - points[pairs[1]])
    here = seriation.alike_together(distances)
    monkeypatch.setattr(seriation, "ELSEWHERE_FROM", 3)
    assert seriation.alike_together(distances).tolist() == here.tolist()
    assert (np.abs(np.diff(points[here])) == 1).all()  # a line is laid out as a line
    with pytest.raises(Stopped):
        seriation.alike_together(distances, Task(stopped=lambda: True))
