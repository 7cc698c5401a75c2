"""What the user changed in a gallery, with undo, in a small file beside the cache."""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import XCosError
from core.files import written_whole

VERSION = 1
KEPT_UNDOS = 200  # in the file; a running window keeps all


@dataclass(frozen=True)
class Edits:
    """All changes to a gallery, by the key of a face or the path of a photo; never mutated.

    identities: face key to identity, None for unknown
    aside:      keys of faces set aside
    picked:     photo to the detection that the user picked, counted from 0
    landmarks:  photo to five corrected points (x, y) in the photo's pixels
    """

    identities: dict[str, str | None] = field(default_factory=dict)
    aside: tuple[str, ...] = ()
    picked: dict[str, int] = field(default_factory=dict)
    landmarks: dict[str, list[list[float]]] = field(default_factory=dict)


class Project:
    """A gallery's edits and their undo and redo stacks, saved after each change.

    warning: a sentence when the saved file was damaged (it is kept under another name)
    """

    def __init__(self, path: Path) -> None:
        self.path, self.warning = path, ""
        self.edits = Edits()
        self._undo: list[Edits] = []
        self._redo: list[Edits] = []

    @staticmethod
    def open(source: Path, folder: Path) -> "Project":
        """The project of a gallery, kept in a folder; a new one where there is none."""
        project = Project(project_path(source, folder))
        if not project.path.exists():
            return project
        try:
            said = json.loads(project.path.read_text(encoding="utf-8"))
            if said["version"] != VERSION:
                raise ValueError(f"version {said['version']}")
            stacks = [[_edits(e) for e in said[name]] for name in ("undo", "redo")]
            project.edits = _edits(said["edits"])
            project._undo, project._redo = stacks
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            kept = project.path.with_suffix(".damaged.json")
            try:
                os.replace(project.path, kept)
            except OSError:
                kept = project.path
            project.warning = (
                f"The project file {project.path} could not be read ({error}); it is kept as "
                f"{kept.name}, and the gallery opens without earlier changes."
            )
        return project

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        """Whether there is a change to do again."""
        return bool(self._redo)

    def set_identity(self, keys: Iterable[str], identity: str | None) -> None:
        """Say who faces show: renames and merges alike."""
        named = self.edits.identities | dict.fromkeys(keys, identity)
        self._change(replace(self.edits, identities=named))

    def set_aside(self, keys: Iterable[str]) -> None:
        """Leave faces out of the gallery."""
        self._change(replace(self.edits, aside=tuple(sorted({*self.edits.aside, *keys}))))

    def bring_back(self, keys: Iterable[str]) -> None:
        """Take faces that were set aside in again."""
        kept = tuple(sorted({*self.edits.aside} - {*keys}))
        self._change(replace(self.edits, aside=kept))

    def pick_face(self, photo: str, detection: int) -> None:
        """Take another of a photo's detected faces; its corrected landmarks go."""
        marks = {k: v for k, v in self.edits.landmarks.items() if k != photo}
        picked = self.edits.picked | {photo: detection}
        self._change(replace(self.edits, picked=picked, landmarks=marks))

    def correct_landmarks(self, photo: str, landmarks: np.ndarray | None) -> None:
        """Align a photo's face by (5, 2) points, or None: by the detected ones again."""
        marks = {k: v for k, v in self.edits.landmarks.items() if k != photo}
        if landmarks is not None:
            marks[photo] = np.asarray(landmarks, np.float64).reshape(5, 2).tolist()
        self._change(replace(self.edits, landmarks=marks))

    def undo(self) -> None:
        """Take the last change back; nothing where there is none."""
        if self._undo:
            self._redo.append(self.edits)
            self.edits = self._undo.pop()
            self._save()

    def redo(self) -> None:
        """Do the change last taken back again; nothing where there is none."""
        if self._redo:
            self._undo.append(self.edits)
            self.edits = self._redo.pop()
            self._save()

    def _change(self, edits: Edits) -> None:
        if edits != self.edits:
            self._undo.append(self.edits)
            self._redo.clear()
            self.edits = edits
            self._save()

    def _save(self) -> None:
        said: dict[str, Any] = {
            "version": VERSION,
            "edits": asdict(self.edits),
            "undo": [asdict(edits) for edits in self._undo[-KEPT_UNDOS:]],
            "redo": [asdict(edits) for edits in self._redo[-KEPT_UNDOS:]],
        }
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with written_whole(self.path) as part:
                part.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
        except OSError as error:
            raise XCosError(
                f"The project file {self.path} could not be saved ({error.strerror or error}); "
                "the change holds until the window closes."
            ) from error


def project_path(source: Path, folder: Path) -> Path:
    """Where a gallery's project file lies."""
    return folder / f"project-{gallery_id(source)}.json"


def gallery_id(source: Path) -> str:
    """A short name for a gallery, of its absolute path."""
    return hashlib.sha256(str(Path(source).resolve()).encode()).hexdigest()[:16]


def _edits(said: dict[str, Any]) -> Edits:
    return Edits(
        {str(k): None if v is None else str(v) for k, v in said["identities"].items()},
        tuple(map(str, said["aside"])),
        {str(k): int(v) for k, v in said["picked"].items()},
        {str(k): [[float(x), float(y)] for x, y in v] for k, v in said["landmarks"].items()},
    )
