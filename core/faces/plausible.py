"""How far a found face is to be believed: by its probability, its landmarks and what its crop shows."""

import numpy as np

from core.faces.align import TEMPLATE, apply, invert, similarity
from core.faces.face import SIDE, Detection

Size = tuple[int, int]  # a photo's width and height in pixels

USUAL_RESIDUAL = 8.0  # pixels of the crop: that of a face in profile; a frontal one has 2 to 5
TIGHT_COVERED = 0.4  # of a photo, by a face's box
TIGHT_OUTSIDE = 0.1  # of a crop
LEAST_PROBABILITY = 0.9
MOST_OUTSIDE = 0.5  # of a crop
MOST_RESIDUAL = 11.0  # pixels of the crop
LEAST_EYE_DISTANCE = 30.0  # pixels of the photo

_SAMPLES = np.stack(np.meshgrid(*[np.arange(2.0, SIDE, 4)] * 2), axis=-1).reshape(-1, 2)


def residual(landmarks: np.ndarray) -> float:
    """Root mean square distance of aligned landmarks (5, 2) from the template, in crop pixels.

    Infinite where the landmarks fall together.
    """
    if _fall_together(landmarks):
        return float("inf")
    off = apply(similarity(landmarks), landmarks.astype(np.float64)) - TEMPLATE
    return float(np.sqrt((off**2).sum(axis=1).mean()))


def share_outside(landmarks: np.ndarray, size: Size) -> float:
    """The share, 0 to 1, of the crop by landmarks (5, 2) that lies outside a photo."""
    if _fall_together(landmarks):
        return 1.0
    places = apply(invert(similarity(landmarks)), _SAMPLES)
    return float(1 - ((places >= -0.5) & (places <= np.subtract(size, 0.5))).all(axis=1).mean())


def eye_distance(landmarks: np.ndarray) -> float:
    """Pixels between the eyes."""
    return float(np.linalg.norm(landmarks[1] - landmarks[0]))


def plausibility(detection: Detection, size: Size) -> float:
    """How well a face's parts agree, 0 to 1: its probability, less what speaks against it.

    Landmarks outside the box or the photo were guessed, not seen; landmarks far from a face's
    shape, turned or not, were found in something else.
    """
    marks, (low, high) = detection.landmarks, detection.box.reshape(2, 2)
    in_box = ((marks >= low) & (marks <= high)).all(axis=1).mean()
    in_photo = ((marks >= 0) & (marks <= np.subtract(size, 1))).all(axis=1).mean()
    shape = np.exp(-0.5 * (residual(marks) / USUAL_RESIDUAL) ** 2)
    return float(detection.probability * in_box * in_photo * shape)


def is_tight(detection: Detection, size: Size) -> bool:
    """Whether a face touches its photo's border, covers much of it, or asks for a crop beyond it."""
    low, high = detection.box.reshape(2, 2)
    if (low < 1).any() or (high > np.subtract(size, 2)).any():
        return True
    covered = float(np.prod(high - low)) / (size[0] * size[1])
    return covered > TIGHT_COVERED or share_outside(detection.landmarks, size) > TIGHT_OUTSIDE


def doubt(detection: Detection, size: Size) -> str | None:
    """Why a face may be wrong or show too little, as what follows "its face"; None for most."""
    outside = share_outside(detection.landmarks, size)
    if residual(detection.landmarks) > MOST_RESIDUAL:
        return "has landmarks out of shape"
    if outside > MOST_OUTSIDE:
        return f"lies {100 * outside:.0f} % outside the photo"
    if eye_distance(detection.landmarks) < LEAST_EYE_DISTANCE:
        return f"has {int(eye_distance(detection.landmarks))} pixels between the eyes"
    if detection.probability < LEAST_PROBABILITY:
        return f"is one with a probability of {detection.probability:.2f} only"
    return None


def _fall_together(landmarks: np.ndarray) -> bool:
    return not np.isfinite(landmarks).all() or float(np.ptp(landmarks, axis=0).max()) < 1e-2
