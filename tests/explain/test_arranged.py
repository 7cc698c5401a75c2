"""Cells of groups against counting their pairs one by one: each pair once, by the score it is counted by."""

import numpy as np
import pytest

from core.explain.arranged import cells, pairs_once
from core.explain.matrix_image import MatrixImage
from core.model.kinds import Order
from core.scoring.hardness import hardness
from core.scoring.matrix import ScoreMatrix
from core.scoring.sides import Arrangement, Side

N, T = 9, 0.1
# Groups by tag: faces 2 and 3 are in the first two, face 8 in none.
GROUPS = [
    ("glasses", np.array([0, 2, 3, 4])),
    ("hat", np.array([2, 3, 6])),
    ("beard", np.array([7, 1, 5])),
]


def matrix_of(order: Order, seed: int = 1) -> ScoreMatrix:
    rng = np.random.default_rng(seed)
    scores = rng.uniform(-1, 1, (N, N))
    if order == "both":
        scores = (scores + scores.T) / 2
    codes = np.array([0, 1, 0, 1, 2, 2, 0, -1, 1], np.int32)
    return ScoreMatrix(scores.astype(np.float32), True, codes, codes, "learned", order)


def pairs_between(one: np.ndarray, other: np.ndarray) -> list[tuple[int, int]]:
    """Pairs with a face in either group, each once, above the diagonal."""
    return [
        (i, j)
        for i in range(N)
        for j in range(i + 1, N)
        if (i in one and j in other) or (j in one and i in other)
    ]


def image_of(matrix: ScoreMatrix) -> MatrixImage:
    side = Side.of_groups(GROUPS)
    return MatrixImage(matrix, Arrangement(side, side))


def check(image: MatrixImage, matrix: ScoreMatrix) -> None:
    groups = dict(GROUPS)
    told = list(cells(image, T))
    assert len(told) == 9
    for row, column, pairs, mean, worst, outcome, errors, share in told:
        places = pairs_between(groups[row], groups[column])
        scores = [float(matrix.scores[place]) for place in places]
        outcomes = [matrix.outcome(*place, T) for place in places]
        wrong = sum(o in ("FP", "FN") for o in outcomes)
        assert (pairs, errors) == (len(places), wrong)
        assert mean == pytest.approx(np.mean(scores), abs=1e-5)
        assert share == pytest.approx(wrong / len(places))
        margins = {
            (T - s if o in ("FN", "TP") else s - T, s, o)
            for s, o in zip(scores, outcomes, strict=True)
            if o != "unknown"
        }
        if margins:
            assert worst == pytest.approx(max(margins)[1]) and outcome == max(margins)[2]
        cell = list(groups).index(row), list(groups).index(column)
        assert pairs_once(image, cell, T) == (pairs, pytest.approx(mean, abs=1e-6), errors)


@pytest.mark.parametrize("order", ["left-right", "right-left", "both"])
def test_cells_of_groups_count_each_pair_once_by_its_own_score(order: Order) -> None:
    matrix = matrix_of(order)
    check(image_of(matrix), matrix)


@pytest.mark.parametrize("order", ["left-right", "both"])
def test_scores_that_change_meanwhile_are_counted_in_both_cells(order: Order) -> None:
    matrix, later = matrix_of(order), matrix_of(order, 2)
    image = image_of(matrix)
    image.prepare()
    for rows, columns in (
        (slice(0, 4), slice(3, N)),
        (slice(3, N), slice(0, 4)),
        (slice(4, N), slice(4, N)),
    ):
        matrix.scores[rows, columns] = later.scores[rows, columns]
        image.refresh(rows, columns)
    check(image, matrix)


def test_a_face_is_as_hard_as_the_scores_that_its_pairs_are_counted_by() -> None:
    matrix = matrix_of("left-right")
    for which in (0, 1):
        found = hardness(matrix, which, T)
        for face in range(N):
            mine = [(min(face, k), max(face, k)) for k in range(N) if k != face]
            wrong = sum(matrix.outcome(*pair, T) in ("FP", "FN") for pair in mine)
            assert found.errors[face] == wrong
