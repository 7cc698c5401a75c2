"""A photo at full size: where the crop's cells lie in it."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.errors import XCosError
from core.faces.align import TEMPLATE, align, apply, invert, similarity
from core.faces.face import Detection, Face
from core.faces.full_photo import cell_corners, full_photo


def turned(angle: float, scale: float, x: float, y: float) -> np.ndarray:
    """Landmarks of a face that lies turned, scaled and moved in a photo."""
    middle = np.array([55.5, 55.5])
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    moved: np.ndarray = (TEMPLATE - middle) @ turn * scale + (x, y)
    return moved.astype(np.float32)


def face(landmarks: np.ndarray | None) -> Face:
    found = None if landmarks is None else Detection(np.array([0, 0, 9, 9]), landmarks, 1.0)
    return Face("a.png", 1, "ann", found, "0")


@given(st.floats(-0.6, 0.6), st.floats(0.5, 3), st.integers(0, 6), st.integers(0, 6))
def test_a_cell_s_pixels_are_those_of_the_crop(
    angle: float, scale: float, row: int, column: int
) -> None:
    """What is painted into one cell's corners in the photo fills that cell of the aligned crop."""
    landmarks = turned(angle, scale, 200, 200)
    photo = np.zeros((400, 400, 3), np.uint8)
    corners = cell_corners(similarity(landmarks))
    assert corners.shape == (8, 8, 2)
    centre = corners[row : row + 2, column : column + 2].reshape(4, 2).mean(0)
    y, x = np.mgrid[:400, :400]
    away = np.hypot(x - centre[0], y - centre[1])
    photo[away < 6 * scale] = 255  # a disc inside the cell, which is 16 crop pixels wide
    crop = align(photo, landmarks)[..., 0] > 128
    rows, columns = np.nonzero(crop)
    assert len(rows) and set(rows // 16) == {row} and set(columns // 16) == {column}


def test_levels_are_halves_and_the_scale_is_that_of_the_landmarks(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (400, 300, 3), np.uint8)
    path = tmp_path / "a.png"
    Image.fromarray(pixels).save(path)
    found = full_photo(path, face(turned(0.3, 2.0, 150, 200)))
    assert [level.shape[:2] for level in found.levels] == [(400, 300), (200, 150), (100, 75)]
    np.testing.assert_array_equal(found.levels[0], pixels)
    assert found.scale == pytest.approx(0.5, abs=1e-6)
    back = apply(invert(found.transform), TEMPLATE.astype(float))
    np.testing.assert_allclose(back, turned(0.3, 2.0, 150, 200), atol=1e-3)


@pytest.mark.parametrize(
    ("shape", "levels"),
    [((127, 300), 1), ((300, 127), 1), ((128, 128), 2), ((255, 128), 2), ((256, 256), 3)],
)
def test_no_level_has_a_side_under_64_pixels(
    tmp_path: Path, shape: tuple[int, int], levels: int
) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(np.zeros((*shape, 3), np.uint8)).save(path)
    assert len(full_photo(path, face(None)).levels) == levels


def test_an_aligned_crop_lies_on_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(np.zeros((112, 112, 3), np.uint8)).save(path)
    found = full_photo(path, face(None))
    np.testing.assert_array_equal(found.transform, np.eye(2, 3))
    np.testing.assert_allclose(cell_corners(found.transform)[2, 3], (3 * 16 - 0.5, 2 * 16 - 0.5))


def test_a_photo_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(XCosError, match=r"gone\.png"):
        full_photo(tmp_path / "gone.png", face(None))
