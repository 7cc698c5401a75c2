"""Conditions of a face: what of its pose, size and picture bears on its scores, each with its unit."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.faces.align import apply, invert, similarity
from core.faces.face import SIDE, Detection
from core.faces.pose import SEEN, head_pose, yaw_range

GREY_LEVELS = 10  # of 255 that a grey pixel's channels may differ by: JPEG makes some
LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
MIDDLE = 127.5  # levels
Worse = Literal["far from 0", "far from the middle", "low", "high"]


@dataclass(frozen=True)
class Condition:
    """What is measured of each face.

    source: what it is measured from; worse: which of two faces is the worse one
    limits: what it cannot tell, in a sentence; empty for nothing
    """

    name: str
    title: str
    unit: str
    source: str
    worse: Worse
    limits: str = ""

    def text(self, value: float) -> str:
        """A value as it is told; a yaw that landmarks cannot tell as the range that it lies in."""
        if self.name == "yaw" and abs(value) > SEEN:
            low, high = (float(end) for end in yaw_range(np.array(value)))
            return f"{low:.0f} to {high:.0f}"
        return self.number(value)

    def number(self, value: float) -> str:
        """A value as measured: angles to a degree, all else with four digits."""
        return f"{value:.0f}" if self.worse == "far from 0" else f"{value:.4g}"

    def badness(self, values: np.ndarray) -> np.ndarray:
        """How bad values are, any shape: the larger, the worse; NaN stays."""
        if self.worse == "far from 0":
            return np.abs(values)
        if self.worse == "far from the middle":
            return np.abs(values - MIDDLE)
        return -values if self.worse == "low" else values

    def worse_of(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """A pair's value: that of the worse face, of angles their size; NaN where none is known.

        left, right: of shapes that broadcast
        """
        one, other = self.badness(left), self.badness(right)
        known = np.isnan(one) | (other > one)
        worse: np.ndarray = np.where(known, right, left)
        return np.abs(worse) if self.worse == "far from 0" else worse


CONDITIONS: tuple[Condition, ...] = (
    Condition("yaw", "Yaw", "degrees, positive to the right of the picture",
              "the five landmarks, by a mean head", "far from 0",
              f"Beyond {SEEN} degrees the landmarks cannot tell how far a head is turned, since the "
              "hidden eye is a guess: it may be up to 90."),
    Condition("pitch", "Pitch", "degrees, positive upwards",
              "the five landmarks, by a mean head", "far from 0"),
    Condition("roll", "Roll", "degrees, positive clockwise",
              "the five landmarks, by a mean head", "far from 0"),
    Condition("inter_eye", "Inter-eye distance", "pixels of the photo",
              "the landmarks of both eyes", "low"),
    Condition("sharpness", "Sharpness", "variance of the Laplacian of luma, levels squared",
              "the crop, where the photo covers it", "low"),
    Condition("exposure", "Exposure", "mean luma, levels from 0 to 255",
              "the crop, where the photo covers it", "far from the middle"),
    Condition("contrast", "Contrast", "standard deviation of luma, levels",
              "the crop, where the photo covers it", "low"),
    Condition("face_share", "Face share", "per cent of the photo",
              "the face's box and the photo's size", "low"),
    Condition("border", "Border", "per cent of the crop that lies outside the photo",
              "the landmarks and the photo's size", "high"),
    Condition("greyness", "Greyness", "per cent of the crop's pixels without colour",
              "the crop, where the photo covers it", "high"),
    Condition("unlike", "Unlike own photos", "per cent of the 49 cells",
              "the model: cells whose mean cosine with the person's other photos is not above the "
              "threshold", "high"),
)  # fmt: skip
BY_NAME = {condition.name: condition for condition in CONDITIONS}
OF_PHOTO = tuple(c.name for c in CONDITIONS if c.name != "unlike")


def measure_face(
    crop: np.ndarray, detection: Detection | None, size: tuple[int, int] | None
) -> dict[str, float]:
    """The conditions of one face that need no model, by name; NaN where they are not known.

    crop: (112, 112, 3) uint8; detection: None for a photo that is itself a crop; size: the whole
    photo's width and height, None where the photo is gone
    """
    measures = dict.fromkeys(OF_PHOTO, float("nan"))
    covered: np.ndarray = np.ones((SIDE, SIDE), bool)
    if detection is not None:
        marks = detection.landmarks.astype(np.float64)
        measures["yaw"], measures["pitch"], measures["roll"] = head_pose(marks[None])[0].tolist()
        measures["inter_eye"] = float(np.hypot(*(marks[1] - marks[0])))
        if size is not None:
            covered = _inside(marks, size)
            measures["border"] = 100 * float(1 - covered.mean())
            measures["face_share"] = _face_share(detection.box.astype(np.float64), size)
    if not covered.any():
        return measures
    pixels = crop.astype(np.float64)
    luma = pixels @ LUMA
    measures["exposure"] = float(luma[covered].mean())
    measures["contrast"] = float(luma[covered].std())
    spread = crop.max(axis=2).astype(np.int64) - crop.min(axis=2)
    measures["greyness"] = 100 * float((spread[covered] <= GREY_LEVELS).mean())
    measures["sharpness"] = _sharpness(luma, covered)
    return measures


def _sharpness(luma: np.ndarray, covered: np.ndarray) -> float:
    """The variance of the Laplacian over pixels whose four neighbours the photo covers too."""
    inner = luma[1:-1, 1:-1]
    around = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:]
    whole: np.ndarray = covered[1:-1, 1:-1] & covered[:-2, 1:-1] & covered[2:, 1:-1]
    whole = whole & covered[1:-1, :-2] & covered[1:-1, 2:]
    return float((around - 4 * inner)[whole].var()) if whole.any() else float("nan")


def _inside(marks: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Which pixels of the crop have their centre within the photo, (112, 112) bool."""
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    centres = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float64)
    photo = apply(invert(similarity(marks)), centres)
    limit = np.array(size) - 0.5
    within: np.ndarray = (photo >= -0.5) & (photo < limit)
    return (within[:, 0] & within[:, 1]).reshape(SIDE, SIDE)


def _face_share(box: np.ndarray, size: tuple[int, int]) -> float:
    corners = box.reshape(2, 2).clip(0, size)
    width, height = (corners[1] - corners[0]).clip(0)
    return float(100 * width * height / (size[0] * size[1]))
