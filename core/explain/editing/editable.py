"""A gallery's face with what is needed to edit it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import XCosError
from core.explain.editing.edits import Edit, EditedFace, apply_edits
from core.faces.align import surroundings
from core.faces.face import Face
from core.faces.photo import decode_scaled, photo_bytes
from core.faces.scaled import crop_reduction
from core.gallery.cache import Cache
from core.gallery.opening import crop_of, landmarks_in_crop


@dataclass(frozen=True, eq=False)
class EditableFace:
    """A face and, where its photo is there, the photo around it.

    crop:      (112, 112, 3) uint8
    landmarks: (5, 2) in the crop's pixels
    photo:     (h, w, 3) uint8, the photo around the crop, or None
    to_crop:   (2, 3) from the photo's pixels to the crop's, or None
    """

    crop: np.ndarray
    landmarks: np.ndarray
    photo: np.ndarray | None = None
    to_crop: np.ndarray | None = None

    def edited(self, edits: Sequence[Edit]) -> EditedFace:
        """The face with some edits."""
        return apply_edits(self.crop, edits, self.landmarks, self.photo, self.to_crop)


def editable_face(face: Face, root: Path, cache: Cache) -> EditableFace:
    """A face made ready to be edited; root: what its photo's path is relative to.

    A photo that is gone or was changed is done without where the crop is in the cache.
    Raises XCosError when there is neither.
    """
    crop, marks = crop_of(face, root, cache), landmarks_in_crop(face)
    if face.detection is None:
        return EditableFace(crop, marks)
    try:
        path = root / face.photo
        photo = decode_scaled(
            photo_bytes(path), str(path), crop_reduction(face.detection.landmarks)
        )
    except XCosError:
        return EditableFace(crop, marks)
    if not np.array_equal(photo.crop(face.detection.landmarks), crop):
        return EditableFace(crop, marks)
    return EditableFace(
        crop, marks, *surroundings(photo.pixels, photo.to_crop(face.detection.landmarks))
    )
