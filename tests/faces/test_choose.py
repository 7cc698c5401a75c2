"""Which face stands for a photo."""

import numpy as np

from core.faces.choose import choose
from core.faces.face import Detection


def face(x: float, y: float, side: float) -> Detection:
    box = np.array([x - side / 2, y - side / 2, x + side / 2, y + side / 2], np.float32)
    return Detection(box, np.zeros((5, 2), np.float32), 1.0)


AT_THE_EDGE, IN_THE_MIDDLE, TINY = face(40, 40, 60), face(125, 125, 50), face(130, 120, 10)
FACES = [TINY, AT_THE_EDGE, IN_THE_MIDDLE]


def test_central_prefers_the_middle_to_a_slightly_larger_face() -> None:
    assert choose(FACES, (250, 250), "central") == [2]


def test_central_prefers_a_far_larger_face_to_the_middle() -> None:
    assert choose([face(125, 125, 20), face(70, 70, 120)], (250, 250), "central") == [1]


def test_largest_ignores_the_middle() -> None:
    assert choose(FACES, (250, 250), "largest") == [1]


def test_all_starts_with_the_central_one_then_by_size() -> None:
    assert choose(FACES, (250, 250), "all") == [2, 1, 0]


def test_no_face_gives_none() -> None:
    assert choose([], (250, 250), "all") == []


def test_nothing_small_between_two_people_is_the_central_one() -> None:
    left, right, between = face(110, 125, 100), face(390, 125, 98), face(250, 130, 25)
    assert choose([left, between, right], (500, 250), "central") == [0]
    assert choose([left, between, right], (500, 250), "all") == [0, 2, 1]
