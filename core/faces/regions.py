"""Which part of the face each cell of the grid shows, from the landmarks in the crop."""

import numpy as np

from core.faces.face import CELLS, SIDE

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
    return np.array(REGIONS)[region_places(landmarks[None])[0]]


def region_places(landmarks: np.ndarray) -> np.ndarray:
    """Regions of the cells of k faces by their place in REGIONS: (k, 5, 2) to (k, 7, 7) uint8."""
    centres = (np.arange(CELLS) + 0.5) * SIDE / CELLS
    x, y = np.meshgrid(centres, centres)
    marks = landmarks.astype(np.float64)
    left_eye, right_eye, nose = marks[:, 0], marks[:, 1], marks[:, 2]
    mouth = marks[:, 3:5].mean(axis=1)
    eyes = (left_eye + right_eye) / 2
    across = right_eye - left_eye
    width = np.maximum(np.hypot(across[:, 0], across[:, 1]), 1.0)
    unit_x = across / width[:, None]
    unit_y = np.stack([-unit_x[:, 1], unit_x[:, 0]], axis=1)
    height = np.maximum(((mouth - eyes) * unit_y).sum(axis=1), 1.0)

    def along(axis: np.ndarray, size: np.ndarray) -> np.ndarray:
        from_x, from_y = x - eyes[:, 0, None, None], y - eyes[:, 1, None, None]
        offset = from_x * axis[:, 0, None, None] + from_y * axis[:, 1, None, None]
        return offset / size[:, None, None]

    # In face axes: the eyes at u = -0.5 and 0.5, v = 0; the mouth at v = 1.
    u, v = along(unit_x, width), along(unit_y, height)
    middle = (((nose - eyes) * unit_x).sum(axis=1) / width)[:, None, None] / 2
    # An ellipse from the hairline to the chin holds the face.
    inside = ((u - middle) / 1.1) ** 2 + ((v - 0.3) / 1.5) ** 2 <= 1
    bands: list[tuple[str, np.ndarray]] = [
        ("forehead", v < -0.35),
        ("left eye", (v < 0.35) & (u < -0.12)),
        ("right eye", (v < 0.35) & (u > 0.12)),
        ("nose", (v < 0.78) & (np.abs(u - middle) < 0.3)),
        ("mouth", (v >= 0.78) & (v < 1.25) & (np.abs(u) < 0.5)),
        ("chin", v >= 1.25),
        ("left cheek", u < 0),
        ("right cheek", u >= 0),
    ]
    places = np.full(u.shape, REGIONS.index("outside the face"), np.uint8)
    free = inside
    for name, mask in bands:
        places[free & mask] = REGIONS.index(name)
        free = free & ~mask
    return places
