"""Photo files from their bytes to crops, each step at the scale that it needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.faces.detect import CLOSE, LARGEST_SIDE, is_small, longer_side
from core.faces.face import Detection
from core.faces.photo import decode_scaled
from core.faces.scaled import ScaledPhoto, crop_reduction, reduction_keeping


class Finder(Protocol):
    """What finds faces: a Detector."""

    def detect(self, photos: Sequence[np.ndarray]) -> list[list[Detection]]: ...

    def closer(self, photo: np.ndarray, face: Detection) -> Detection: ...


@dataclass(frozen=True, eq=False)
class PhotoFile:
    """A photo's bytes, what to call it in a message, and its pixels as faces are looked for."""

    content: bytes
    name: str
    seen: ScaledPhoto

    def crop(self, landmarks: np.ndarray) -> np.ndarray:
        """The face with landmarks (5, 2) in the whole photo, aligned: (112, 112, 3) uint8.

        The scale that it is cut from depends on the landmarks alone. Raises XCosError.
        """
        most = crop_reduction(landmarks)
        seen = self.seen
        if seen.reduction > most:
            seen = decode_scaled(self.content, self.name, most)
        return seen.crop(landmarks)


def photo_file(content: bytes, name: str) -> PhotoFile:
    """A photo of these bytes. Raises XCosError for what is none."""
    return PhotoFile(content, name, decode_scaled(content, name))


def search(photos: Sequence[PhotoFile], detector: Finder) -> list[list[Detection]]:
    """Faces of photos, in the pixels of the whole ones; in their order."""
    results = []
    answers = detector.detect([photo.seen.pixels for photo in photos])
    for photo, faces in zip(photos, answers, strict=True):
        seen = photo.seen
        if not faces and seen.reduction > 1:  # its faces may be small
            seen = decode_scaled(photo.content, photo.name, longest=LARGEST_SIDE)
            faces = detector.detect([seen.pixels])[0]
        results.append(_in_whole(photo, seen, faces, detector))
    return results


def _in_whole(
    photo: PhotoFile, seen: ScaledPhoto, faces: Sequence[Detection], detector: Finder
) -> list[Detection]:
    """Faces in the pixels of the whole photo, small ones by more pixels than they were found in."""
    whole = [seen.in_whole(face) for face in faces]
    small = [place for place, face in enumerate(faces) if is_small(face)]
    if not small or seen.reduction == 1:
        return whole
    least = min(longer_side(whole[place]) for place in small)
    more = decode_scaled(photo.content, photo.name, reduction_keeping(least, CLOSE))
    for place in small:
        face = detector.closer(more.pixels, more.from_whole(whole[place]))
        whole[place] = more.in_whole(face)
    return whole
