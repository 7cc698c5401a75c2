"""Photos decoded at the scale that is needed: a JPEG file gives a half, quarter or eighth at once."""

from dataclasses import dataclass

import numpy as np

from core.faces.align import compose, cut, invert, similarity
from core.faces.face import Detection

SEARCH_SIDE = 640  # pixels of the longer side, at which faces are looked for
REDUCTIONS = (8, 4, 2, 1)  # that a JPEG decoder offers


@dataclass(frozen=True, eq=False)
class ScaledPhoto:
    """A photo, upright, whose pixels may each cover several of the whole one's.

    pixels:    (h, w, 3) uint8
    size:      width and height of the whole photo
    reduction: pixels of the whole photo along one side of a pixel here: 1, 2, 4 or 8
    """

    pixels: np.ndarray
    size: tuple[int, int]
    reduction: int

    def in_whole(self, detection: Detection) -> Detection:
        """A face found in these pixels, in those of the whole photo."""
        if self.reduction == 1:
            return detection
        # Pixel i covers the whole photo's pixels from reduction * i on.
        shift = (self.reduction - 1) / 2
        box = (detection.box * self.reduction + shift).astype(np.float32)
        marks = (detection.landmarks * self.reduction + shift).astype(np.float32)
        return Detection(box, marks, detection.probability)

    def from_whole(self, detection: Detection) -> Detection:
        """A face of the whole photo, in these pixels."""
        shift = (self.reduction - 1) / 2
        box = ((detection.box - shift) / self.reduction).astype(np.float32)
        marks = ((detection.landmarks - shift) / self.reduction).astype(np.float32)
        return Detection(box, marks, detection.probability)

    def to_crop(self, landmarks: np.ndarray) -> np.ndarray:
        """The (2, 3) transform from these pixels to the crop by the whole photo's landmarks (5, 2)."""
        shift = (self.reduction - 1) / 2
        to_whole = np.array([[self.reduction, 0, shift], [0, self.reduction, shift]])
        return compose(similarity(landmarks), to_whole)

    def crop(self, landmarks: np.ndarray) -> np.ndarray:
        """The face with these landmarks (5, 2) in the whole photo, aligned: (112, 112, 3) uint8.

        Raises XCosError when the landmarks fall together.
        """
        return cut(self.pixels, self.to_crop(landmarks))


def search_reduction(size: tuple[int, int], longest: int = SEARCH_SIDE) -> int:
    """By how much a photo of this size can be reduced so that its longer side keeps `longest` pixels."""
    return reduction_keeping(max(size), longest)


def reduction_keeping(pixels: float, least: int) -> int:
    """By how much a photo can be reduced so that this many of its pixels are still `least`."""
    return next((r for r in REDUCTIONS if pixels >= r * least), 1)


def crop_reduction(landmarks: np.ndarray) -> int:
    """By how much a photo can be reduced so that a crop by its landmarks (5, 2) is still a mean of 2x2.

    Raises XCosError when the landmarks fall together.
    """
    scale = float(np.hypot(*invert(similarity(landmarks))[:, 0]))
    return next((r for r in REDUCTIONS if scale >= 2 * r), 1)
