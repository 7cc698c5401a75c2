"""Which faces a photo gives: the settings of a gallery, and what its user changed."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.faces.choose import GallerySettings, choose
from core.faces.face import Detection, Face, Problem
from core.faces.plausible import doubt
from core.gallery.cache import PhotoRecord
from core.gallery.folder import Listed
from core.project.edits import Edits

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
        order = _order(record, self.settings, self.edits.picked.get(photo))
        chosen = [record.detections[i] for i in order]
        corrected = self.edits.landmarks.get(photo)
        if corrected is not None:
            marks = np.array(corrected, np.float32)
            box = np.concatenate([marks.min(0), marks.max(0)]) if not chosen else chosen[0].box
            chosen = [Detection(box, marks, 1.0), *chosen[1:]]
        for place, detection in enumerate(chosen[1:], start=1):
            further = self.edits.landmarks.get(_key(photo, place + 1))
            if further is not None:
                chosen[place] = Detection(detection.box, np.array(further, np.float32), 1.0)
        return chosen

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
    before = _order(record, rules.settings, rules.edits.picked.get(photo))
    after = _order(record, rules.settings, detection)
    return {
        _key(photo, number): _key(photo, after.index(i) + 1)
        for number, i in enumerate(before, start=1)
    }


def _order(record: PhotoRecord, settings: GallerySettings, picked: int | None) -> list[int]:
    """The detections to take, the one that stands for the photo first."""
    order = choose(record.detections, (record.width, record.height), settings.faces)
    if picked is None or picked >= len(record.detections):
        return order
    return [picked, *(i for i in order if i != picked and settings.faces == "all")]


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
