"""The gallery's faces with a head before each identity's, as a list view shows them."""

from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)
from PySide6.QtWidgets import QListView

from core.errors import counted
from xcos_gui.panels.gallery.model import GalleryModel

HEAD_ROLE = Qt.ItemDataRole.UserRole + 10  # a head's text; None for a face
Index = QModelIndex | QPersistentModelIndex


class GroupedFaces(QAbstractListModel):
    """The rows of a GalleryModel, and heads among them while it is ordered by identity."""

    def __init__(self, faces: GalleryModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._faces = faces
        self._rows = np.empty(0, np.int64)  # of the faces; -1 - k for the head of group k
        self._heads: list[str] = []
        self._places = np.empty(0, np.int64)  # of each face among the rows
        faces.modelAboutToBeReset.connect(self.beginResetModel)
        faces.modelReset.connect(self._on_reset)
        faces.dataChanged.connect(self._on_data)
        self._arrange()

    def face_row(self, index: Index) -> int | None:
        """The face's row in its own model, or None for a head."""
        row = int(self._rows[index.row()])
        return row if row >= 0 else None

    def place_of(self, row: int) -> QModelIndex:
        """Where a face's row is shown."""
        return self.index(int(self._places[row]))

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if index.isValid() and self._rows[index.row()] < 0:
            return Qt.ItemFlag.ItemIsEnabled
        return super().flags(index)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = int(self._rows[index.row()])
        if row >= 0:
            return self._faces.data(self._faces.index(row), role)
        if role in (HEAD_ROLE, Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._heads[-1 - row]
        return None

    def keep_chosen(self, view: QListView, refresh: Callable[[], None]) -> None:
        """Take the faces anew; in their view those that were chosen stay so, and the current one in sight."""
        chosen = view.selectionModel()
        keys = {self._key(index) for index in chosen.selectedIndexes()}
        current = self._key(view.currentIndex())
        refresh()
        if not keys and current is None:
            return
        again, flags = QItemSelection(), QItemSelectionModel.SelectionFlag
        for row in range(len(self._places)):
            key = self._faces.face(self._faces.index(row)).key
            if key in keys:
                again.select(self.place_of(row), self.place_of(row))
            if key == current:
                chosen.setCurrentIndex(self.place_of(row), flags.NoUpdate)
        chosen.select(again, flags.ClearAndSelect)
        if view.currentIndex().isValid():
            view.scrollTo(view.currentIndex())

    def _key(self, index: Index) -> str | None:
        row = self.face_row(index) if index.isValid() else None
        return None if row is None else self._faces.face(self._faces.index(row)).key

    def _on_reset(self) -> None:
        self._arrange()
        self.endResetModel()

    def _arrange(self) -> None:
        rows: list[int] = []
        self._heads = []
        places = np.empty(self._faces.rowCount(), np.int64)
        for name, members in self._faces.groups():
            if name is not None:
                self._heads.append(f"{name}  \N{MIDDLE DOT}  {counted(len(members), 'face')}")
                rows.append(-len(self._heads))
            places[members.start : members.stop] = np.arange(len(members)) + len(rows)
            rows.extend(members)
        self._rows, self._places = np.array(rows, np.int64), places

    def _on_data(self, first: QModelIndex, last: QModelIndex, roles: list[int]) -> None:
        for row in range(first.row(), last.row() + 1):
            here = self.place_of(row)
            self.dataChanged.emit(here, here, roles)
