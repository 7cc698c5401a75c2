"""Alignment recovers known transforms, and stays put on an aligned face."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import XCosError
from core.faces.align import TEMPLATE, align, apply, cut, invert, similarity, surroundings


def moved(points: np.ndarray, turn: float, scale: float, x: float, y: float) -> np.ndarray:
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return np.asarray(scale * points @ rotation.T + [x, y])


@given(st.floats(-3.1, 3.1), st.floats(0.05, 50), st.floats(-5000, 5000), st.floats(-5000, 5000))
def test_any_similarity_is_recovered(turn: float, scale: float, x: float, y: float) -> None:
    wanted = TEMPLATE.astype(np.float64)
    landmarks = moved(wanted, turn, scale, x, y)
    transform = similarity(landmarks)
    np.testing.assert_allclose(apply(transform, landmarks), wanted, atol=1e-6)
    assert np.hypot(*transform[:, 0]) == pytest.approx(1 / scale)


def test_least_squares_against_a_general_solver() -> None:
    landmarks = TEMPLATE + np.random.default_rng(3).normal(0, 5, (5, 2))
    # a -b x / b a y as unknowns of one linear system
    rows, wanted = [], []
    for (x, y), (u, v) in zip(landmarks, TEMPLATE, strict=True):
        rows += [[x, -y, 1, 0], [y, x, 0, 1]]
        wanted += [u, v]
    a, b, tx, ty = np.linalg.lstsq(np.array(rows), np.array(wanted), rcond=None)[0]
    np.testing.assert_allclose(similarity(landmarks), [[a, -b, tx], [b, a, ty]], atol=1e-9)


def test_aligned_photo_stays_as_it_is() -> None:
    photo = np.random.default_rng(0).integers(0, 256, (112, 112, 3)).astype(np.uint8)
    np.testing.assert_allclose(align(photo, TEMPLATE).astype(int), photo.astype(int), atol=1)


def test_shift_by_whole_pixels_is_a_cut_and_outside_is_black() -> None:
    photo = np.random.default_rng(0).integers(1, 256, (150, 150, 3)).astype(np.uint8)
    np.testing.assert_allclose(
        align(photo, TEMPLATE + [20, 7]).astype(int), photo[7:119, 20:132].astype(int), atol=1
    )
    beyond = align(photo, TEMPLATE + [100, 0])
    np.testing.assert_allclose(beyond[:, :50].astype(int), photo[:112, 100:].astype(int), atol=1)
    assert not beyond[:, 50:].any()


@pytest.mark.parametrize("beside", [(400, 0), (0, 400), (-400, 10), (20, -400), (400, -400)])
def test_a_face_beside_the_photo_is_black(beside: tuple[int, int]) -> None:
    photo = np.full((150, 170, 3), 200, np.uint8)
    assert not align(photo, TEMPLATE + np.array(beside)).any()


@pytest.mark.parametrize("times", [2, 3, 4, 7])
def test_large_photo_is_averaged_where_it_is_seen(times: int) -> None:
    small = np.random.default_rng(0).integers(0, 256, (112, 112, 3)).astype(np.uint8)
    photo = small.repeat(times, 0).repeat(times, 1)
    # Pixel i of the crop covers the middle of times pixels from times * i on.
    crop = align(photo, times * TEMPLATE + (times - 1) / 2)
    inner = np.abs(crop.astype(int) - small)[1:-1, 1:-1]
    assert inner.max() <= 1


def waves(width: int, height: int) -> np.ndarray:
    """A photo (height, width, 3) uint8 of slow waves: means over some pixels are the middle one,
    and no place looks like another."""
    rows, columns = np.mgrid[0:height, 0:width]
    of = [(columns / 47, rows / 61), (rows / 53, columns / 71), (columns / 83 + rows / 37, 0)]
    values = np.stack([130 + 50 * np.sin(a) + 50 * np.cos(b) for a, b in of], axis=2)
    return values.round().astype(np.uint8)


@pytest.mark.parametrize(
    ("x", "y", "scale", "turn"),
    [(900, 300, 1, 0), (300, 900, 2.4, 0.4), (1100, 320, 3.3, -0.7), (200, 480, 0.5, 1.2)],
)
def test_a_face_anywhere_in_a_large_photo(x: float, y: float, scale: float, turn: float) -> None:
    """Off the diagonal, turned and scaled: each point of the crop is the photo's point there."""
    photo = waves(1500, 1200)
    landmarks = moved(TEMPLATE - 55.5, turn, scale, x, y)
    crop = align(photo, landmarks).astype(int)
    assert crop.min(axis=2).min() > 20  # nothing of the face is cut off
    back = invert(similarity(landmarks))
    places = np.array([(u, v) for u in (4, 30, 56, 80, 107) for v in (4, 41, 56, 99, 107)])
    seen = apply(back, places.astype(np.float64)).round().astype(int)
    for (u, v), (left, top) in zip(places, seen, strict=True):
        assert np.abs(crop[v, u] - photo[top, left]).max() <= 6, (u, v)
    np.testing.assert_allclose(seen[12], [x, y], atol=1 + 0.6 * scale)


def test_surroundings_cut_as_the_whole_photo_does() -> None:
    photo = waves(1100, 700)
    transform = similarity(moved(TEMPLATE - 55.5, 0.3, 2.6, 640, 300))
    part, to_crop = surroundings(photo, transform, 20)
    assert max(part.shape[:2]) < 300  # reduced by 2, and only what is near
    for shift in ([0, 0], [14, -11]):
        wanted = cut(photo, np.column_stack([transform[:, :2], transform[:, 2] + shift]))
        found = cut(part, np.column_stack([to_crop[:, :2], to_crop[:, 2] + shift]))
        assert np.abs(wanted.astype(int) - found).max() <= 6 and found.min(axis=2).min() > 20


def test_fine_stripes_do_not_alias() -> None:
    photo = np.zeros((1120, 1120, 3), np.uint8)
    photo[::2] = 255
    crop = align(photo, 10 * TEMPLATE)
    assert np.abs(crop[4:-4, 4:-4].astype(int) - 128).max() < 20


def test_landmarks_on_one_point_are_refused() -> None:
    with pytest.raises(XCosError, match="landmarks"):
        align(np.zeros((50, 50, 3), np.uint8), np.full((5, 2), 7.0))
