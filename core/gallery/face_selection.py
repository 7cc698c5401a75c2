"""Which faces a photo gives: the settings of a gallery, and what its user changed."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.faces.choose import GallerySettings, choose
from core.faces.face import Detection, Face, Problem
from core.faces.plausible import doubt
from core.gallery.cache import PhotoRecord
from core.gallery.folder import Listed
from core.project.edits import Edits, is_face_of

DIGEST_BYTES = 16
NO_FACE = "{} shows no face that can be found; take another photo, or crop it closer."


@dataclass(frozen=True, eq=False)
class FaceRules:
    """A gallery's settings and its user's edits."""

    settings: GallerySettings
    edits: Edits

    def lacks_face(self, photo: str, record: PhotoRecord | None) -> bool:
        """Whether a photo that was searched gives no face."""
        if self.settings.aligned or photo in self.edits.landmarks:
            return False
        return record is not None and not record.detections

    def no_face(self, root: Path, photo: str) -> Problem:
        """What to tell of a photo that gives no face; root: what its path is relative to."""
        return Problem(photo, NO_FACE.format(root / photo))

    def faces_of(self, listed: Listed, digest: str, record: PhotoRecord | None) -> list[Face]:
        """The faces of a photo with bytes of this digest; record may be None for aligned crops."""
        if self.settings.aligned:
            return [
                Face(
                    listed.photo,
                    1,
                    self._identity(listed, 1),
                    None,
                    face_digest(digest, None),
                    columns=dict(listed.columns),
                )
            ]
        assert record is not None
        return [
            Face(
                listed.photo,
                number,
                self._identity(listed, number),
                detection,
                face_digest(digest, detection),
                self._doubt(listed.photo, number, detection, record),
                dict(listed.columns) if number == 1 else {},  # as with the identity
            )
            for number, detection in enumerate(self._chosen(listed.photo, record), start=1)
        ]

    def _doubt(
        self, photo: str, number: int, detection: Detection, record: PhotoRecord
    ) -> str | None:
        if _key(photo, number) in self.edits.landmarks:
            return None  # the user has looked
        return doubt(detection, (record.width, record.height))

    def _chosen(self, photo: str, record: PhotoRecord) -> list[Detection]:
        marks = self._marks(photo)
        order = _order(record, self.settings, self.edits.picked.get(photo), marks)
        chosen = [record.detections[i] for i in order]
        for place, points in marks.items():
            if place < len(chosen):
                on = _face_under(record, points)
                box = chosen[place].box if on is None else record.detections[on].box
                if on is None and self.settings.faces == "all":
                    chosen.append(chosen[place])  # the marks are of a face that was not found
                chosen[place] = Detection(box, points, 1.0)
            elif not chosen and place == 0:
                box = np.concatenate([points.min(0), points.max(0)])
                chosen.append(Detection(box, points, 1.0))
        return chosen

    def _marks(self, photo: str) -> dict[int, np.ndarray]:
        """The corrected landmarks (5, 2) of a photo's faces, by their place."""
        marks = self.edits.landmarks
        further = [int(k.rpartition("#")[2]) for k in marks if k != photo and is_face_of(k, photo)]
        numbers = sorted({1, *further} - {0})
        known = {n - 1: marks.get(_key(photo, n)) for n in numbers}
        return {place: np.array(p, np.float32) for place, p in known.items() if p is not None}

    def _identity(self, listed: Listed, number: int) -> str | None:
        # A photo's further faces show somebody else than the folder says.
        listed_identity = listed.identity if number == 1 else None
        return self.edits.identities.get(_key(listed.photo, number), listed_identity)


def keys_after(photo: str, record: PhotoRecord, rules: FaceRules, detection: int) -> dict[str, str]:
    """Which key each face of a photo has once another detection of it is picked, by its key before.

    Empty where a photo gives one face, which is then another one.
    """
    if rules.settings.faces != "all":
        return {}
    before = _order(record, rules.settings, rules.edits.picked.get(photo), rules._marks(photo))
    after = _order(record, rules.settings, detection)
    return {
        _key(photo, number): _key(photo, after.index(i) + 1)
        for number, i in enumerate(before, start=1)
    }


def _order(
    record: PhotoRecord,
    settings: GallerySettings,
    picked: int | None,
    marks: Mapping[int, np.ndarray] | None = None,
) -> list[int]:
    """The detections to take, the one that stands for the photo first.

    marks: corrected landmarks by place; the face that they are on has that place, and the one that had it
    the other's, so that no face stands twice and all others keep their keys
    """
    order = choose(record.detections, (record.width, record.height), settings.faces)
    if picked is not None and picked < len(record.detections):
        order = [picked, *(i for i in order if i != picked and settings.faces == "all")]
    marks = marks or {}
    for place, points in marks.items():
        on = _face_under(record, points)
        if place < len(order) and on in order:
            other = order.index(on)
            if other not in marks:
                order[place], order[other] = order[other], order[place]
    return order


def _face_under(record: PhotoRecord, points: np.ndarray) -> int | None:
    """The detection of the face that landmarks (5, 2) are on; None where none was found there."""
    x, y = points.mean(axis=0)
    far = {
        place: float(np.abs(found.landmarks - points).sum())
        for place, found in enumerate(record.detections)
        if found.box[0] <= x <= found.box[2] and found.box[1] <= y <= found.box[3]
    }
    return min(far, key=far.__getitem__) if far else None


def _key(photo: str, number: int) -> str:
    """A face's key, as `Face` has it."""
    return photo if number == 1 else f"{photo}#{number}"


def face_digest(photo: str, detection: Detection | None) -> str:
    """A face's digest, of that of its photo's content and its place; None for an aligned crop."""
    if detection is None:
        return content_digest(f"{photo} aligned".encode())
    return content_digest(photo.encode() + detection.landmarks.astype(np.float32).tobytes())


def content_digest(content: bytes) -> str:
    """The name of a file's content."""
    return hashlib.blake2b(content, digest_size=DIGEST_BYTES).hexdigest()
