"""What speaks for a face that was found, and what makes it doubtful."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.faces.align import TEMPLATE
from core.faces.face import Detection
from core.faces.plausible import doubt, is_tight, plausibility, residual, share_outside

SIZE = (400, 300)
MARKS = TEMPLATE * 1.2 + np.array([100, 60], np.float32)  # eyes 42 pixels apart


def face(marks: np.ndarray = MARKS, probability: float = 1.0) -> Detection:
    margin = 0.9 * float(np.linalg.norm(marks[1] - marks[0]))
    box = np.concatenate([marks.min(axis=0) - margin, marks.max(axis=0) + margin])
    return Detection(box.astype(np.float32), marks, probability)


@given(st.floats(0.1, 10), st.floats(-3, 3), st.floats(-500, 500), st.floats(-500, 500))
def test_a_moved_template_has_no_residual(scale: float, turn: float, x: float, y: float) -> None:
    matrix = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    assert residual(TEMPLATE @ matrix.T + [x, y]) < 1e-3


def test_the_residual_is_in_pixels_of_the_crop() -> None:
    off = TEMPLATE.copy()
    off[2, 1] += 10
    # A similarity can take up a tenth or two of one landmark's error, never all of it.
    assert 10 / 5**0.5 * 0.7 < residual(off) <= 10 / 5**0.5
    assert residual(3 * off) == pytest.approx(residual(off), rel=1e-5)
    assert residual(np.zeros((5, 2), np.float32)) == float("inf")


def test_share_of_the_crop_outside_the_photo() -> None:
    assert share_outside(TEMPLATE, (112, 112)) == 0
    assert share_outside(TEMPLATE - [56, 0], (112, 112)) == pytest.approx(0.5)
    assert share_outside(TEMPLATE - [56, 56], (112, 112)) == pytest.approx(0.75)
    assert share_outside(TEMPLATE - [500, 0], (112, 112)) == 1


def test_what_speaks_against_a_face() -> None:
    good = plausibility(face(), SIZE)
    assert good == pytest.approx(1, abs=1e-6)
    assert plausibility(face(probability=0.8), SIZE) == pytest.approx(0.8, abs=1e-6)
    beside = Detection(face().box + [40, 0, 40, 0], MARKS, 1.0)  # the left eye and mouth's corner
    assert plausibility(beside, SIZE) < good
    cut_off = face(MARKS - [160, 0])  # three landmarks left of the photo
    assert plausibility(cut_off, SIZE) < 0.7 * good
    squeezed = face(np.array([[120, 120], [121, 120], [122, 121], [120, 220], [121, 220]], "f4"))
    assert plausibility(squeezed, SIZE) < 0.5 * good


def test_tight_faces() -> None:
    assert not is_tight(face(), SIZE)
    assert is_tight(face(MARKS - [108, 0]), SIZE)  # its box touches the border
    assert is_tight(face(), (270, 210))  # its crop leaves the photo
    wide = Detection(np.array([5, 5, 300, 290], np.float32), MARKS, 1.0)
    assert is_tight(wide, SIZE)  # it covers most of the photo


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (face(), None),
        (face(MARKS - [180, 0]), "outside the photo"),
        (face(MARKS * [0.1, 1] + [100, 0]), "out of shape"),
        (face(MARKS * 0.5), "has 21 pixels between the eyes"),
        (face(probability=0.75), "probability of 0.75"),
    ],
)
def test_doubts(found: Detection, said: str | None) -> None:
    told = doubt(found, SIZE)
    assert told is None if said is None else told is not None and said in told
