"""What the user changed in a gallery, with undo, in a small file beside the cache or anywhere."""

import hashlib
import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import XCosError
from core.files import kept_aside, written_whole
from core.project.document import (
    VERSION,
    NewerVersion,
    NoProject,
    ProjectDocument,
    document_from,
    document_text,
)
from core.project.edits import (
    Decision,
    Edits,
    change_words,
    changed,
    difference,
    identity_subject,
    moved,
    renamed,
    with_entry,
    with_picked,
)
from core.project.readings import Reading

TOLD = 4  # parts that a sentence names
KeysAfter = Callable[[Edits], Mapping[str, str]] | None
LOCK_SECONDS = 10.0  # another window writes for some milliseconds

__all__ = ["Decision", "Edits", "NewerVersion", "Project", "gallery_id", "project_path"]


class Project:
    """A gallery's edits and their undo and redo stacks, saved after each change.

    Several windows may share the file: a change is made to what the file says at that moment.
    warning: a sentence when the saved file was damaged or too new (it is kept)
    left_out: parts of the file that could not be read
    """

    def __init__(self, path: Path) -> None:
        self.path, self.warning = path, ""
        self.left_out: tuple[str, ...] = ()
        self._content = b""  # of the file, as it was last read
        self._kept = True  # whether content of which parts are left out is kept aside
        self._document = ProjectDocument()
        self._unsaved: list[Callable[[ProjectDocument], None]] = []
        self._forgotten = False  # whether nothing is to be written any more

    @staticmethod
    def open(source: Path, folder: Path) -> "Project":
        """The project of a gallery, kept in a folder; a new one where there is none."""
        project = Project(project_path(source, folder))
        try:
            project.refresh()
        except NewerVersion as error:
            newer, project.path = project.path, project.path.with_suffix(f".v{VERSION}.json")
            project.warning = (
                f"The project file {newer} is of a newer xCos Studio ({error}); it is left as it "
                f"is, and changes go to {project.path.name} until the program is updated."
            )
            try:
                project.refresh()
            except (OSError, ValueError) as damage:
                project._keep_damaged(damage)
        except (OSError, ValueError) as error:
            project._keep_damaged(error)
        return project

    @staticmethod
    def read(path: Path) -> "Project":
        """A project file that the user names. Raises XCosError, and leaves the file as it is."""
        project = Project(path)
        try:
            if not path.is_file():
                raise XCosError(f"The project {path} does not exist; choose another one.")
            project.refresh()
        except NewerVersion as error:
            raise XCosError(
                f"The project {path} is of a newer xCos Studio ({error}), and was left as it is; "
                "update the program to open it."
            ) from error
        except OSError as error:
            raise XCosError(
                f"The project {path} cannot be read: {error.strerror or error}."
            ) from error
        except NoProject as error:
            raise XCosError(
                f"{path} is not a project of xCos Studio, and was left as it is; choose another file."
            ) from error
        except ValueError as error:
            raise XCosError(
                f"The project {path} is cut off or no project ({error}), and was left as it is; "
                "take a copy of it that is whole."
            ) from error
        return project

    def saved_as(self, path: Path, state: dict[str, Any]) -> "Project":
        """The same edits and undo stacks in a file of their own. Raises XCosError."""
        project = Project(path)
        project._document = deepcopy(self._document)
        project._document.state = state
        project._write(replacing=True)
        return project

    @staticmethod
    def unsaved(edits: Edits) -> "Project":
        """Some edits to open a gallery with; they belong to no file."""
        project = Project(Path())
        project._document.edits = edits
        return project

    @property
    def edits(self) -> Edits:
        """What was changed so far."""
        return self._document.edits

    @property
    def state(self) -> dict[str, Any]:
        """What a window keeps in the file beside the edits, by name."""
        return self._document.state

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self._document.undo)

    @property
    def undo_words(self) -> str:
        """What undo would take back, such as "the tags of ann/1.jpg"; empty where nothing."""
        return change_words(self._document.undo[-1]) if self._document.undo else ""

    @property
    def redo_words(self) -> str:
        """What redo would do again; empty where nothing."""
        return change_words(self._document.redo[-1]) if self._document.redo else ""

    @property
    def can_redo(self) -> bool:
        """Whether there is a change to do again."""
        return bool(self._document.redo)

    # Changes. Each raises XCosError when it could not be saved; it holds all the same.

    def set_identity(
        self, keys: Iterable[str], identity: str | None, gone: Iterable[str] = ()
    ) -> None:
        """Say who faces show: renames and merges alike.

        gone: identities that no face has any more; their tags and notes go to the new one
        """
        named: dict[str, str | None] = dict.fromkeys(keys, identity)
        others = sorted({*gone} - {identity})  # so that whose word comes first is no chance
        old = [] if identity is None else [identity_subject(name) for name in others]

        def name(edits: Edits) -> Edits:
            edits = replace(edits, identities=edits.identities | named)
            return edits if identity is None else moved(edits, old, identity_subject(identity))

        self._change(name)

    def set_aside(self, keys: Iterable[str]) -> None:
        """Leave faces out of the gallery."""
        more = {*keys}
        self._change(lambda e: replace(e, aside=tuple(sorted({*e.aside} | more))))

    def bring_back(self, keys: Iterable[str]) -> None:
        """Take faces that were set aside in again."""
        less = {*keys}
        self._change(lambda e: replace(e, aside=tuple(sorted({*e.aside} - less))))

    def rename_photos(self, photos: dict[str, str]) -> None:
        """Keep what is known of photos that have other paths now: old ones to new ones."""
        self._change(lambda e: renamed(e, photos))

    def pick_face(
        self, photo: str, detection: int, keys: KeysAfter = None, marks: np.ndarray | None = None
    ) -> None:
        """Take another of a photo's detected faces; what is known of faces by `keys` goes with them.

        keys:  old to new of the edits of then, as `keys_after`; None: the photo's corrected landmarks go
        marks: landmarks (5, 2) to align it by; None: the detected ones
        """
        self._change(
            lambda e: with_picked(e, photo, detection, {} if keys is None else keys(e), marks)
        )

    def correct_landmarks(self, key: str, landmarks: np.ndarray | None) -> None:
        """Align a face by (5, 2) points, or None: by the detected ones again."""
        points = landmarks if landmarks is None else np.asarray(landmarks, np.float64).tolist()
        self._change(lambda e: replace(e, landmarks=with_entry(e.landmarks, key, points)))

    def tag(self, subject: str, *tags: str) -> None:
        """Give a face, pair or identity tags; blank ones are left out."""
        self.retag([subject], tags)

    def untag(self, subject: str, *tags: str) -> None:
        """Take tags away."""
        self.retag([subject], (), tags)

    def retag(
        self, subjects: Iterable[str], add: Iterable[str] = (), remove: Iterable[str] = ()
    ) -> None:
        """Take tags away from faces, pairs and identities, and give them others, as one change."""
        about, more, less = list(subjects), [tag.strip() for tag in add if tag.strip()], {*remove}

        def tags(edits: Edits) -> Edits:
            kept = edits.tags
            for subject in about:
                had = [tag for tag in kept.get(subject, ()) if tag not in less]
                kept = with_entry(kept, subject, tuple(dict.fromkeys((*had, *more))))
            return replace(edits, tags=kept)

        self._change(tags)

    def note(self, subject: str, text: str) -> None:
        """Write a note to a face, pair or identity; an empty one takes it away."""
        kept = text if text.strip() else ""
        self._change(lambda e: replace(e, notes=with_entry(e.notes, subject, kept)))

    def decide(self, subject: str, decision: Decision | None) -> None:
        """Accept or reject a face, pair or identity, or be unsure; None: no decision."""
        self._change(lambda e: replace(e, decisions=with_entry(e.decisions, subject, decision)))

    def read_pair(self, reading: Reading) -> None:
        """Keep what a reader said of a pair; it takes the place of the reader's earlier word on it."""
        self._change(
            lambda e: replace(e, readings=with_entry(e.readings, reading.key, reading.value))
        )

    def change(self, make: Callable[[Edits], Edits]) -> None:
        """Make any change as one step that can be taken back."""
        self._change(make)

    def undo(self) -> None:
        """Take the last change back; nothing where there is none."""

        def back(document: ProjectDocument) -> None:
            if document.undo:
                change = document.undo.pop()
                document.redo.append(change)
                document.edits = changed(document.edits, change, forward=False)

        if self.can_undo:
            self._do(back)

    def redo(self) -> None:
        """Do the change last taken back again; nothing where there is none."""

        def again(document: ProjectDocument) -> None:
            if document.redo:
                change = document.redo.pop()
                document.undo.append(change)
                document.edits = changed(document.edits, change)

        if self.can_redo:
            self._do(again)

    def remember(self, state: dict[str, Any]) -> None:
        """Keep what a window shows, by name, JSON values; saved by the next change or save()."""

        def keep(document: ProjectDocument) -> None:
            document.state = document.state | state

        if any(name not in self.state or self.state[name] != v for name, v in state.items()):
            keep(self._document)
            self._unsaved.append(keep)

    def save(self) -> None:
        """Write what is not saved yet. Raises XCosError."""
        if self._unsaved:
            self._write()

    def forget(self) -> None:
        """Delete the file; later changes are not written. Raises OSError."""
        self.path.unlink(missing_ok=True)
        self._forgotten = True

    def refresh(self) -> bool:
        """Take in what other windows changed; whether anything did.

        Parts that are not sound are left out, told by `warning`, and the file as it was is kept
        aside. Raises OSError, and ValueError for a file that is no project or cut off.
        """
        if not self.path.is_file():
            return False
        content = self.path.read_bytes()
        document = document_from(content)
        if document.revision == self._document.revision and document.revision:
            return False
        self._content = content
        if document.left_out:
            self._leave_out(document.left_out)
        for do in self._unsaved:
            do(document)
        before, self._document = self._document, document
        return (before.edits, before.state) != (document.edits, document.state)

    # The file.

    def _change(self, make: Callable[[Edits], Edits]) -> None:
        def do(document: ProjectDocument) -> None:
            edits = make(document.edits)
            change = difference(document.edits, edits)
            if change:
                document.undo.append(change)
                document.redo.clear()
                document.edits = edits

        if make(self.edits) != self.edits:
            self._do(do)

    def _do(self, do: Callable[[ProjectDocument], None]) -> None:
        do(self._document)
        self._unsaved.append(do)
        self._write()

    def _write(self, replacing: bool = False) -> None:
        from filelock import FileLock

        if self._forgotten:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock = self.path.with_name(f".{self.path.name}.lock")
            with FileLock(lock, timeout=LOCK_SECONDS):
                if not replacing:
                    self.refresh()  # what another window wrote since stays
                if not self._kept:
                    kept_aside(self.path, self._content)
                revision = secrets.token_hex(8)
                with written_whole(self.path) as part:
                    part.write_text(document_text(self._document, revision), encoding="utf-8")
                self._document.revision = revision
                self._unsaved.clear()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise XCosError(
                f"The project file {self.path} could not be saved ({reason}); the change holds "
                "until the window closes, so save the project under another name before."
            ) from error

    def _leave_out(self, parts: tuple[str, ...]) -> None:
        """Tell of parts of the file that could not be read; the file as it was is kept aside."""
        self.left_out = parts
        each = [f"{part} ({n} times)" if n > 1 else part for part, n in Counter(parts).items()]
        what = ", ".join(each[:TOLD]) + (f" and {len(each) - TOLD} more" if each[TOLD:] else "")
        warning = (
            f"Parts of the project file {self.path} could not be read and are left out: {what}"
        )
        try:
            kept = kept_aside(self.path, self._content).name
            self._kept = True
            self._warn(f"{warning}; the file as it was is kept as {kept}.")
        except OSError as error:
            self._kept = False
            self._warn(
                f"{warning}; it cannot be kept aside ({error.strerror or error}), so take a copy of it."
            )

    def _keep_damaged(self, error: Exception) -> None:
        kept = self.path
        try:
            kept = kept_aside(self.path, self.path.read_bytes())
            self.path.unlink()
        except OSError:
            pass  # it stays where it is, and no change replaces it
        self._warn(
            f"The project file {self.path} could not be read ({error}); it is kept as "
            f"{kept.name}, and the gallery opens without earlier changes."
        )

    def _warn(self, sentence: str) -> None:
        """Tell it too: what was told before holds as well."""
        if sentence not in self.warning:
            self.warning = f"{self.warning} {sentence}".lstrip()


def project_path(source: Path, folder: Path) -> Path:
    """Where a gallery's project file lies."""
    return folder / f"project-{gallery_id(source)}.json"


def gallery_id(source: Path) -> str:
    """A short name for a gallery, of its absolute path."""
    return hashlib.sha256(os.fsencode(Path(source).resolve())).hexdigest()[:16]
