"""Which of a photo's faces to take."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from core.faces.face import Detection

FacePolicy = Literal["central", "largest", "all"]
FACE_POLICIES: tuple[FacePolicy, ...] = get_args(FacePolicy)

LEAST_SHARE = 0.15  # of the largest face's area


@dataclass(frozen=True)
class GallerySettings:
    """How photos become faces.

    faces:   which faces of a photo with several
    aligned: the photos are 112x112 crops already, taken as they are
    """

    faces: FacePolicy = "central"
    aligned: bool = False


def choose(detections: Sequence[Detection], size: tuple[int, int], policy: FacePolicy) -> list[int]:
    """Indices of the faces to take, the one that stands for the photo first.

    size: width and height of the photo
    central: the largest area less twice the squared distance from the middle, as InsightFace
    chooses, but no face much smaller than another, as between two people side by side;
    largest: by area; all: the central one, then the others by area.
    """
    if not detections:
        return []
    area = np.array([_area(d.box) for d in detections])
    by_area = [int(i) for i in np.argsort(-area, kind="stable")]
    if policy == "largest":
        return by_area[:1]
    middle = np.array(size) / 2
    centres = np.array([(d.box[:2] + d.box[2:]) / 2 for d in detections])
    off = ((centres - middle) ** 2).sum(axis=1)
    worth = np.where(area >= LEAST_SHARE * area.max(), area - 2 * off, -np.inf)
    central = int(np.argmax(worth))
    if policy == "central":
        return [central]
    return [central, *(i for i in by_area if i != central)]


def _area(box: np.ndarray) -> float:
    return float(max(0, box[2] - box[0]) * max(0, box[3] - box[1]))
