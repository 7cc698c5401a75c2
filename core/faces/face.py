"""A photo's faces, as data."""

from dataclasses import dataclass, field

import numpy as np

SIDE = 112  # pixels of an aligned face
CELLS = 7  # a side of the grid that a face is explained by


@dataclass(frozen=True, eq=False)
class Detection:
    """One face found in a photo, in the photo's upright pixels.

    box:         (4,) float32, left, top, right, bottom
    landmarks:   (5, 2) float32, x and y of the left eye, right eye, nose tip, left and right
                 corner of the mouth, left and right as seen in the picture
    probability: the detector's, in [0, 1]
    """

    box: np.ndarray
    landmarks: np.ndarray
    probability: float


@dataclass(frozen=True, eq=False)
class Face:
    """One face of a gallery: where it is in which photo, and who it shows.

    photo:     path relative to the gallery, with forward slashes
    number:    1 for the photo's first face, 2 for its second one, ...
    identity:  who it shows, or None where unknown
    detection: None for a photo that is itself an aligned 112x112 crop
    digest:    hexadecimal digest of the photo's bytes and the landmarks: the same digest
               means the same crop, whatever the file's name
    columns:   what the further columns of its gallery's CSV say of it, by their heads
    doubt:     why its crop may be wrong or show too little, as what follows "its face"; None for most
    """

    photo: str
    number: int
    identity: str | None
    detection: Detection | None
    digest: str
    doubt: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    key: str = field(init=False)

    def __post_init__(self) -> None:
        key = self.photo if self.number == 1 else f"{self.photo}#{self.number}"
        object.__setattr__(self, "key", key)


@dataclass(frozen=True)
class Problem:
    """A file that gave no face, or one in doubt, and why, in one sentence."""

    file: str
    reason: str
