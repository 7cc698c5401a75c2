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


def box(left: float, top: float, right: float, bottom: float) -> Detection:
    return Detection(
        np.array([left, top, right, bottom], np.float32), np.zeros((5, 2), np.float32), 1.0
    )


def test_areas_are_of_boxes_that_are_not_square() -> None:
    tall, wide, square = box(0, 0, 20, 90), box(100, 100, 195, 118), box(200, 0, 243, 43)
    assert choose([tall, wide, square], (300, 200), "largest") == [2]  # 1849, 1800, 1710
    assert choose([tall, wide], (300, 200), "largest") == [0]
    assert choose([wide, box(0, 0, 5, 400)], (300, 400), "largest") == [1]
    assert choose([square, wide, tall], (300, 200), "all")[1:] == [0, 2]


def test_the_middle_is_of_photos_that_are_not_square() -> None:
    wide, tall = (400, 100), (100, 400)
    right, below = box(180, 30, 220, 70), box(30, 180, 70, 220)
    assert choose([below, right], wide, "central") == [1]
    assert choose([below, right], tall, "central") == [0]
    # Areas less twice the squared distance: 2500 less 2 * 32 ** 2 against 1600 less 2 * 25 ** 2.
    near, far = box(155, 30, 195, 70), box(207, 25, 257, 75)
    assert choose([far, near], wide, "central") == [0]
    assert choose([box(208, 25, 258, 75), near], wide, "central") == [1]
