"""The gallery's faces and problems as Qt models, read from the session when asked for."""

from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)

from core.faces.conditions import BY_NAME
from core.faces.face import Face, Problem
from core.faces.photo_files import readable
from core.gallery.gallery import natural
from core.project.edits import face_subjects, tags_text
from xcos_gui.state.session import Session
from xcos_gui.widgets.thumbnails import Thumbnails

FACE_ROLE = Qt.ItemDataRole.UserRole
PAIR_ROLE = Qt.ItemDataRole.UserRole + 1  # whether a face is one of the pair looked at
Order = str  # identity, name, doubt, or the name of a condition

Index = QModelIndex | QPersistentModelIndex


class GalleryModel(QAbstractListModel):
    """Faces in the gallery's order, filtered by a text in name or identity."""

    def __init__(
        self,
        session: Session,
        thumbnails: Thumbnails,
        aside: bool,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._thumbnails, self._aside = session, thumbnails, aside
        self._filter, self._by = "", "identity"
        self._faces: list[Face] = []
        thumbnails.ready.connect(self._on_ready)

    def refresh(self) -> None:
        """Take the session's faces anew."""
        self.beginResetModel()
        self._faces = self._found()
        if self._by == "name":
            self._faces.sort(key=lambda face: natural(PurePosixPath(face.key).name))
        elif self._by == "doubt":
            self._faces.sort(key=lambda face: face.doubt is None)
        elif self._by in BY_NAME:
            self._faces.sort(key=self._badness, reverse=True)
        self.endResetModel()

    def search_again(self) -> None:
        """Find the faces anew where tags were changed, which may be searched for."""
        if self._filter and {f.key for f in self._found()} != {f.key for f in self._faces}:
            self.refresh()  # only then: what is selected is lost by it

    def _found(self) -> list[Face]:
        loaded = self._session.loaded
        faces = (
            () if loaded is None else loaded.gallery.aside if self._aside else loaded.gallery.faces
        )
        wanted = readable(self._filter).casefold()
        return [face for face in faces if not wanted or self._has(face, wanted)]

    def order_by(self, order: Order) -> None:
        """Order by identity, which is the gallery's own; by the photo's name; doubtful first; or by a
        condition, the worst first and those that are not measured last."""
        self._by = order
        if order in BY_NAME:
            self._session.conditions.ask()
        self.refresh()

    @property
    def by_condition(self) -> bool:
        """Whether the faces are in the order of a condition."""
        return self._by in BY_NAME

    def _badness(self, face: Face) -> float:
        value = self._session.conditions.value(face, self._by)
        return -np.inf if value is None else float(BY_NAME[self._by].badness(np.array(value)))

    def groups(self) -> list[tuple[str | None, range]]:
        """Rows of one identity with its name; all of them without a name in another order."""
        if self._by != "identity":
            return [(None, range(len(self._faces)))]
        groups: list[tuple[str | None, range]] = []
        for name, members in groupby(
            range(len(self._faces)), key=lambda row: self._faces[row].identity
        ):
            rows = list(members)
            groups.append((name or "Unknown", range(rows[0], rows[-1] + 1)))
        return groups

    def _has(self, face: Face, wanted: str) -> bool:
        texts = (face.key, face.identity or "", *self._tags(face))
        return any(wanted in readable(text).casefold() for text in texts)

    def _tags(self, face: Face) -> list[str]:
        project = self._session.project
        if project is None or not project.edits.tags:
            return []
        return project.edits.tags_among(face_subjects(face))

    def set_filter(self, text: str) -> None:
        """Show only faces whose path, identity or tags have the text."""
        self._filter = text.strip()
        self.refresh()

    def face(self, index: Index) -> Face:
        """The face of a row."""
        return self._faces[index.row()]

    def row_of(self, key: str) -> int | None:
        """The row of a face, or None where it is filtered out."""
        return next((row for row, face in enumerate(self._faces) if face.key == key), None)

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._faces)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        face = self._faces[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._caption(face)
        if role == Qt.ItemDataRole.DecorationRole:
            return self._thumbnails.get(face)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            tags = self._tags(face)
            more = f"\nTags: {tags_text(tags)}" if tags else ""
            measured = self._session.conditions.words(face)
            more += f"\n\n{measured}" if measured else ""
            return f"{face.identity or 'unknown identity'}\n{face.key}{more}"
        if role == FACE_ROLE:
            return face
        if role == PAIR_ROLE:
            session, pair = self._session, self._session.pair
            if pair is None:
                return False
            # A probe is no face of the gallery, even where it is called as one.
            shown = session.faces_of(pair)[0 if session.rows is session.columns else 1 :]
            return any(face.key == other.key for other in shown)
        return None

    def _caption(self, face: Face) -> str:
        """The photo's name, in the order of a condition its value."""
        if not self.by_condition:
            return PurePosixPath(face.key).name
        value = self._session.conditions.value(face, self._by)
        return "not known" if value is None else BY_NAME[self._by].text(value)

    def _on_ready(self) -> None:
        arrived = self._thumbnails.arrived
        for row, face in enumerate(self._faces):
            if face.digest in arrived:
                here = self.index(row)
                self.dataChanged.emit(here, here, [Qt.ItemDataRole.DecorationRole])


class ProblemsModel(QAbstractListModel):
    """Photos that gave no face, then doubtful faces, one row each; those of probes follow."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        # Each with what its path is relative to, and whether it is of the probes.
        self._problems: list[tuple[Problem, Path, bool]] = []

    def refresh(self) -> None:
        """Take the session's problems anew."""
        sides = (self._session.loaded, False), (self._session.probes, True)
        problems = [
            (problem, loaded.gallery.root, probe)
            for loaded, probe in sides
            if loaded is not None
            for problem in loaded.gallery.problems + loaded.gallery.warnings
        ]
        if problems != self._problems:  # a new list would lose the chosen row
            self.beginResetModel()
            self._problems = problems
            self.endResetModel()

    def problem(self, index: Index) -> Problem:
        """The problem of a row."""
        return self._problems[index.row()][0]

    def file(self, index: Index) -> Path:
        """Where the file of a row lies."""
        problem, root, _ = self._problems[index.row()]
        return root / problem.file

    def is_probe(self, index: Index) -> bool:
        """Whether a row is of the probes."""
        return self._problems[index.row()][2]

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._problems)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return ("Probe: " if self.is_probe(index) else "") + self.problem(index).reason
        if role == Qt.ItemDataRole.ToolTipRole:
            by_hand = "" if self.is_probe(index) else "; Ctrl+L sets the landmarks by hand"
            return f"Return opens its folder{by_hand}"
        return None
