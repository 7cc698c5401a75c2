"""Which part of the face a cell shows: by hand on a plain face, and turned, mirrored and leaning."""

import numpy as np
import pytest

from core.faces.align import TEMPLATE
from core.faces.regions import REGIONS, face_regions, region_places

# Eyes 40 pixels apart, the mouth 40 below them, and the nose between.
PLAIN = np.array([[36.0, 40], [76, 40], [56, 62], [42, 80], [70, 80]])


def by_hand(landmarks: np.ndarray) -> np.ndarray:
    """The same by complex numbers, a cell at a time."""
    left, right, nose, *corners = (complex(x, y) for x, y in landmarks)
    eyes, mouth = (left + right) / 2, sum(corners) / 2
    along = (right - left) / abs(right - left)
    width, height = abs(right - left), ((mouth - eyes) / along).imag
    lean = ((nose - eyes) / along).real / width / 2
    names = []
    for row in range(7):
        for column in range(7):
            place = (complex(16 * column + 8, 16 * row + 8) - eyes) / along
            u, v = place.real / width, place.imag / height
            if ((u - lean) / 1.1) ** 2 + ((v - 0.3) / 1.5) ** 2 > 1:
                name = "outside the face"
            elif v < -0.35:
                name = "forehead"
            elif v < 0.35 and abs(u) > 0.12:
                name = "left eye" if u < 0 else "right eye"
            elif v < 0.78 and abs(u - lean) < 0.3:
                name = "nose"
            elif 0.78 <= v < 1.25 and abs(u) < 0.5:
                name = "mouth"
            elif v >= 1.25:
                name = "chin"
            else:
                name = "left cheek" if u < 0 else "right cheek"
            names.append(name)
    return np.array(names).reshape(7, 7)


def turned(landmarks: np.ndarray, degrees: float) -> np.ndarray:
    """About the crop's middle, clockwise as one sees it."""
    angle = np.radians(degrees)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (landmarks - 56) @ rotation.T + 56


@pytest.mark.parametrize("degrees", [0, 20, -35, 70, 160])
@pytest.mark.parametrize("shift", [-9, 0, 14])
def test_a_cell_is_where_its_centre_lies_in_the_face_s_own_axes(
    degrees: float, shift: float
) -> None:
    marks = PLAIN.copy()
    marks[2, 0] += shift  # the nose of a head that looks aside
    marks = turned(marks, degrees) + [3, -2]
    assert (face_regions(marks) == by_hand(marks)).all()


def test_a_face_turned_by_a_quarter_has_its_regions_turned() -> None:
    marks = PLAIN + [3, -5]
    plain = face_regions(marks)
    for quarters in (1, 2, 3):
        found = face_regions(turned(marks, 90 * quarters))
        assert (found == np.rot90(plain, -quarters)).all()


def test_a_mirrored_face_has_left_for_right() -> None:
    marks = PLAIN + [4, 3]
    mirrored = (marks * [-1, 1] + [112, 0])[[1, 0, 2, 4, 3]]
    swapped = np.char.replace(
        np.char.replace(np.char.replace(face_regions(marks), "left", "@"), "right", "left"),
        "@",
        "right",
    )
    assert (face_regions(mirrored) == swapped[:, ::-1]).all()


def test_a_plain_face_as_one_would_draw_it() -> None:
    found = face_regions(TEMPLATE)
    assert found[3, 1] == "left eye" and found[3, 5] == "right eye" and found[0, 3] == "forehead"
    assert found[4, 3] == "nose" and found[6, 3] in ("mouth", "chin")
    assert found[0, 0] == found[0, 6] == "outside the face"
    small = face_regions((PLAIN - 56) * 0.5 + 56)
    assert (small[0] == "outside the face").all() and (small[:, 0] == "outside the face").all()


def test_several_faces_at_once_are_each_its_own() -> None:
    several = np.stack([PLAIN, turned(PLAIN, 40), (PLAIN - 56) * 0.6 + 56, PLAIN + [0, 9]])
    places = region_places(several)
    assert places.shape == (4, 7, 7)
    for marks, some in zip(several, places, strict=True):
        assert (np.array(REGIONS)[some] == by_hand(marks)).all()


def test_landmarks_that_fall_together_give_some_answer() -> None:
    assert set(face_regions(np.full((5, 2), 50.0)).ravel()) <= {*REGIONS}
