"""The pair that a gallery opens with."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import numpy as np

from core.scoring.matrix import ScoreMatrix
from xcos_gui.state.scoring import first_pair


def matrix(scores: list[list[float]], rows: list[int], columns: list[int] | None) -> ScoreMatrix:
    of_columns = rows if columns is None else columns
    return ScoreMatrix(
        np.array(scores, np.float32),
        columns is None,
        np.array(rows, np.int32),
        np.array(of_columns, np.int32),
        "learned",
        "both",
    )


def row_of(scores: list[float], people: list[int]) -> tuple[int, int] | None:
    """Of a gallery whose first face has these scores with the others."""
    every = np.zeros((len(people), len(people)))
    every[0, 1:] = every[1:, 0] = scores
    return first_pair(matrix(every.tolist(), people, None))


@pytest.mark.parametrize(
    ("scores", "people", "pair"),
    [
        ([0.9, 0.5, 0.7], [0, 0, 0, 0], (0, 3)),  # the middle one of three
        ([0.99, 0.5, 0.7, 0.6], [0, 0, 0, 1, 0], (0, 4)),  # face 3 is somebody else
        ([0.9, 0.5], [0, 0, 0], (0, 1)),
        ([0.5, 0.9], [0, 0, 0], (0, 2)),  # of two the one more alike
        ([0.3], [0, 0], (0, 1)),
        ([0.3, 0.4], [0, 1, 2], (0, 1)),  # nobody twice
        ([0.3, 0.4], [-1, -1, -1], (0, 1)),  # not known who
        ([], [0], None),
    ],
)  # fmt: skip
def test_a_gallery_opens_with_a_genuine_pair_of_middling_score(
    scores: list[float], people: list[int], pair: tuple[int, int] | None
) -> None:
    assert row_of(scores, people) == pair


def test_the_first_face_that_has_a_genuine_pair_is_taken() -> None:
    scores = np.full((5, 5), 0.1)
    scores[1, 3] = scores[3, 1] = 0.8
    scores[1, 4] = scores[4, 1] = 0.6
    assert first_pair(matrix(scores.tolist(), [7, 1, 2, 1, 1], None)) == (1, 3)


def test_of_probes_it_is_the_first_one_with_photos_in_the_gallery() -> None:
    scores = [[0.9, 0.9, 0.9], [0.2, 0.8, 0.4], [0.9, 0.9, 0.9]]
    assert first_pair(matrix(scores, [5, 1, 1], [1, 1, 1])) == (1, 2)
    assert first_pair(matrix(scores, [5, 6, 7], [1, 2, 3])) == (0, 0)
