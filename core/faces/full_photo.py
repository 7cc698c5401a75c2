"""A whole photo with the place of its face, so that two photos can be laid over each other."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core.faces.align import apply, invert, similarity
from core.faces.face import CELLS, SIDE, Face
from core.faces.photo import read_photo

LEAST_SIDE = 64  # pixels below which no smaller copy is of use


@dataclass(frozen=True, eq=False)
class FullPhoto:
    """A photo as it was taken, and where its aligned face lies.

    levels:    the photo (H, W, 3) uint8, then copies of half the size each, to be drawn small
    transform: (2, 3) the photo's pixels to those of the 112x112 crop, centres at whole numbers
    """

    levels: tuple[np.ndarray, ...]
    transform: np.ndarray

    @property
    def scale(self) -> float:
        """Pixels of the crop that a pixel of the photo covers, along a side."""
        return float(np.hypot(self.transform[0, 0], self.transform[1, 0]))


def full_photo(path: Path, face: Face) -> FullPhoto:
    """Read a face's photo. Raises XCosError where it is gone or its landmarks fall together.

    A photo that is an aligned crop itself lies on itself.
    """
    pixels = read_photo(path)
    transform = np.eye(2, 3)
    if face.detection is not None:
        transform = similarity(face.detection.landmarks)
    levels = [pixels]
    while min(levels[-1].shape[:2]) >= 2 * LEAST_SIDE:
        levels.append(np.asarray(Image.fromarray(levels[-1]).reduce(2)))
    return FullPhoto(tuple(levels), transform)


def cell_corners(transform: np.ndarray) -> np.ndarray:
    """Corners of the 7x7 cells in the photo's pixels, (8, 8, 2) x and y, by row and column."""
    along = np.linspace(0, SIDE, CELLS + 1) - 0.5  # a pixel's edge is half a pixel off its centre
    across, down = np.meshgrid(along, along)
    corners = apply(invert(transform), np.stack([across, down], -1).reshape(-1, 2))
    return corners.reshape(CELLS + 1, CELLS + 1, 2)
