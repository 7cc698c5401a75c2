"""Which part of the face each cell of the grid shows, from the landmarks in the crop."""

import numpy as np

from core.faces.face import SIDE
from core.model.features import CELLS

REGIONS = (
    "forehead",
    "left eye",
    "right eye",
    "nose",
    "left cheek",
    "right cheek",
    "mouth",
    "chin",
    "outside the face",
)


def face_regions(landmarks: np.ndarray) -> np.ndarray:
    """Names of the cells' regions, (7, 7) str, left and right as seen in the picture.

    landmarks: (5, 2) in pixels of the 112x112 crop. A cell belongs to the region that its centre
    lies in, in the face's own axes: along the eyes, and down from the eyes to the mouth.
    """
    centres = (np.arange(CELLS) + 0.5) * SIDE / CELLS
    x, y = np.meshgrid(centres, centres)
    left_eye, right_eye, nose = landmarks[:3].astype(np.float64)
    mouth = landmarks[3:5].mean(axis=0)
    eyes = (left_eye + right_eye) / 2
    across = right_eye - left_eye
    width = max(float(np.hypot(*across)), 1.0)
    unit_x = across / width
    unit_y = np.array([-unit_x[1], unit_x[0]])
    height = max(float((mouth - eyes) @ unit_y), 1.0)
    # In face axes: the eyes at u = -0.5 and 0.5, v = 0; the mouth at v = 1.
    offset_x, offset_y = x - eyes[0], y - eyes[1]
    u = (offset_x * unit_x[0] + offset_y * unit_x[1]) / width
    v = (offset_x * unit_y[0] + offset_y * unit_y[1]) / height
    nose_u = float((nose - eyes) @ unit_x) / width
    names = np.full((CELLS, CELLS), "outside the face", object)
    # An ellipse from the hairline to the chin holds the face.
    inside = ((u - nose_u / 2) / 1.1) ** 2 + ((v - 0.3) / 1.5) ** 2 <= 1
    middle = np.abs(u - nose_u / 2) < 0.3
    bands: list[tuple[str, np.ndarray]] = [
        ("forehead", v < -0.35),
        ("left eye", (v < 0.35) & (u < -0.12)),
        ("right eye", (v < 0.35) & (u > 0.12)),
        ("nose", (v < 0.78) & middle),
        ("mouth", (v >= 0.78) & (v < 1.25) & (np.abs(u) < 0.5)),
        ("chin", v >= 1.25),
        ("left cheek", u < 0),
        ("right cheek", u >= 0),
    ]
    free = inside.copy()
    for name, mask in bands:
        names[free & mask] = name
        free &= ~mask
    return names.astype(str)
