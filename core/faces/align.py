"""Alignment: five landmarks to the ArcFace template by a similarity transform."""

import numpy as np
from PIL import Image

from core.errors import XCosError
from core.faces.face import SIDE

# Left eye, right eye, nose tip, left and right corner of the mouth, of a 112x112 crop (ArcFace).
TEMPLATE = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ],
    np.float32,
)


def similarity(landmarks: np.ndarray, template: np.ndarray = TEMPLATE) -> np.ndarray:
    """The rotation, scale and shift that best map landmarks onto the template.

    landmarks: (5, 2) in the photo's pixels
    Returns (2, 3) float64, photo to crop, least squares (Umeyama, 1991, without reflection).
    Raises XCosError when the landmarks fall together.
    """
    # Points as complex numbers: a similarity is one multiplication and one addition.
    source = landmarks.astype(np.float64) @ [1, 1j]
    wanted = template.astype(np.float64) @ [1, 1j]
    spread = source - source.mean()
    size = float((np.abs(spread) ** 2).sum())
    if not np.isfinite(size) or size < 1e-6:
        raise XCosError("The five landmarks lie on one point; set them apart to align the face.")
    turn = (np.conj(spread) * (wanted - wanted.mean())).sum() / size
    shift = wanted.mean() - turn * source.mean()
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def apply(transform: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Map (n, 2) points by a (2, 3) transform."""
    mapped: np.ndarray = points @ transform[:, :2].T + transform[:, 2]
    return mapped


def align(photo: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Cut out and align a face: (H, W, 3) uint8 to (112, 112, 3) uint8; black outside the photo.

    Raises XCosError when the landmarks fall together.
    """
    return cut(photo, similarity(landmarks))


def cut(photo: np.ndarray, transform: np.ndarray) -> np.ndarray:
    """What a (2, 3) transform from photo to crop shows of a photo, (112, 112, 3) uint8.

    photo: (H, W, 3) uint8; black outside it
    """
    image, transform = _reduced(Image.fromarray(photo), transform, 0)
    inverse = invert(transform)
    # PIL samples at pixel centres (x + 0.5); the template's coordinates are the centres themselves.
    inverse[:, 2] += 0.5 - inverse[:, :2].sum(axis=1) * 0.5
    # PIL cuts fractions off: without rounding, 249.9999 of a pixel hit exactly would give 249.
    coefficients = tuple(inverse.round(9).ravel().tolist())
    crop = image.transform(
        (SIDE, SIDE), Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR
    )
    return np.array(crop)


def surroundings(
    photo: np.ndarray, transform: np.ndarray, margin: int = SIDE
) -> tuple[np.ndarray, np.ndarray]:
    """The part of a photo around a crop, for `cut` again and again without the whole photo.

    margin: pixels of the crop that are kept beyond its sides
    Returns the part (h, w, 3) uint8, reduced as `cut` would, and its (2, 3) transform to the crop.
    """
    image, moved = _reduced(Image.fromarray(photo), transform, margin)
    return np.array(image), moved


def _reduced(
    image: Image.Image, transform: np.ndarray, margin: int
) -> tuple[Image.Image, np.ndarray]:
    """What is seen of an image, with area means where bilinear samples alone would alias."""
    scale = float(np.hypot(transform[0, 0], transform[1, 0]))
    factor = max(1, int(1 / scale))
    if factor == 1 and not margin:
        return image, transform
    low, high = -margin, SIDE + margin
    corners = np.array([[low, low], [high, low], [low, high], [high, high]], np.float64)
    seen = apply(invert(transform), corners)
    left, top = np.floor(seen.min(axis=0)).astype(int) - 2 * factor
    right, bottom = np.ceil(seen.max(axis=0)).astype(int) + 2 * factor
    box = (
        max(0, int(left)),
        max(0, int(top)),
        min(image.width, max(1, int(right))),
        min(image.height, max(1, int(bottom))),
    )
    if box[2] <= box[0] or box[3] <= box[1]:
        box = (0, 0, image.width, image.height)
    to_reduced = np.array([[1 / factor, 0, -box[0] / factor], [0, 1 / factor, -box[1] / factor]])
    # Pixel centres: the reduced pixel i covers factor pixels from factor * i on.
    to_reduced[:, 2] += (1 / factor - 1) / 2
    return image.reduce(factor, box), compose(transform, invert(to_reduced))


def invert(transform: np.ndarray) -> np.ndarray:
    """The way back of a (2, 3) transform."""
    square = np.vstack([transform, [0, 0, 1]])
    return np.linalg.inv(square)[:2]


def compose(after: np.ndarray, before: np.ndarray) -> np.ndarray:
    """One (2, 3) transform that does `before`, then `after`."""
    return (np.vstack([after, [0, 0, 1]]) @ np.vstack([before, [0, 0, 1]]))[:2]
