"""Which part of the face each of the 49 cells shows, from the landmarks alone."""

from typing import Literal

import numpy as np

from core.faces.face import SIDE, Face
from core.gallery.opening import landmarks_in_crop
from core.model.features import CELLS

Region = Literal[
    "left eye",
    "right eye",
    "nose",
    "mouth",
    "left cheek",
    "right cheek",
    "chin",
    "forehead",
    "outside the face",
]
Regions = tuple[tuple[Region, ...], ...]
"""7 rows of 7 names; left and right as seen in the picture."""

# Extents in units of the distance between the eyes, of the ArcFace template's proportions.
FACE_WIDTH, FACE_HEIGHT, FACE_CENTRE = (
    1.35,
    1.7,
    0.25,
)  # half axes; centre below the eyes
EYE_WIDTH, EYE_HEIGHT = 0.45, 0.4
NOSE_REACH, MOUTH_REACH = 0.35, 0.28
EYES_TO_MOUTH = 1.155  # of the template, so that a turned face keeps its size


def pair_regions(left: Face, right: Face) -> Regions:
    """Regions of a pair's cells: from the mean of both faces' landmarks in their crops."""
    return regions_of((landmarks_in_crop(left) + landmarks_in_crop(right)) / 2)


def regions_of(landmarks: np.ndarray) -> Regions:
    """Regions of the cells of a crop with (5, 2) landmarks in pixels: that of each cell's centre."""
    step = SIDE / CELLS
    centres = (np.arange(CELLS) + 0.5) * step - 0.5
    return tuple(
        tuple(region_at(np.array([x, y]), landmarks.astype(np.float64)) for x in centres)
        for y in centres
    )


def region_at(point: np.ndarray, landmarks: np.ndarray) -> Region:
    """The region of one point (x, y) of a crop with (5, 2) landmarks, both in pixels."""
    left_eye, right_eye, nose, left_mouth, right_mouth = landmarks
    eyes, mouth = (left_eye + right_eye) / 2, (left_mouth + right_mouth) / 2
    across, down = right_eye - left_eye, mouth - eyes
    size = max(float(np.hypot(*across)), float(np.hypot(*down)) / EYES_TO_MOUTH, 1.0)
    axis = down / max(float(np.hypot(*down)), 1e-9)
    side = np.array([axis[1], -axis[0]])  # to the right of the picture for an upright face

    def seen_from(origin: np.ndarray) -> tuple[float, float]:
        offset = (point - origin) / size
        return float(offset @ side), float(offset @ axis)

    u, v = seen_from(eyes)
    if (u / FACE_WIDTH) ** 2 + ((v - FACE_CENTRE) / FACE_HEIGHT) ** 2 > 1:
        return "outside the face"
    for name, eye in (("left eye", left_eye), ("right eye", right_eye)):
        eye_u, eye_v = seen_from(eye)
        if abs(eye_u) <= EYE_WIDTH and abs(eye_v) <= EYE_HEIGHT:
            return "left eye" if name == "left eye" else "right eye"
    if v >= -0.1 and _distance(point, eyes, nose) <= NOSE_REACH * size:
        return "nose"
    if _distance(point, left_mouth, right_mouth) <= MOUTH_REACH * size:
        return "mouth"
    if v < -0.1:
        return "forehead"
    if seen_from(mouth)[1] > MOUTH_REACH:
        return "chin"
    return "left cheek" if u < 0 else "right cheek"


def _distance(point: np.ndarray, start: np.ndarray, end: np.ndarray) -> float:
    along = end - start
    share = float((point - start) @ along) / max(float(along @ along), 1e-9)
    return float(np.hypot(*(point - start - min(1.0, max(0.0, share)) * along)))
