"""The pairs of one outcome, worst first, and the filter on them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSize,
    Qt,
    QTimer,
)
from PySide6.QtGui import QAction, QIcon, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QSizePolicy,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from core.gallery.gallery import LoadedGallery
from core.project.edits import pair_subject, pair_subjects
from core.scoring.lists import PairList, pairs_of
from core.scoring.matrix import Outcome, ScoreMatrix
from xcos_gui.state.jobs import LatestJob, Running
from xcos_gui.state.session import Session
from xcos_gui.widgets.filter_line import FilterLine
from xcos_gui.widgets.tags import ask_tags
from xcos_gui.widgets.thumbnails import Thumbnails

LIMIT = 500
SETTLE = 200  # milliseconds that a dragged threshold must rest before pairs are listed anew
CHOICES: tuple[tuple[str, Outcome | None], ...] = (
    ("All pairs", None),
    ("False accepts (FP)", "FP"),
    ("False rejects (FN)", "FN"),
    ("True accepts (TP)", "TP"),
    ("True rejects (TN)", "TN"),
    ("Unknown identities", "unknown"),
)
HEADERS = ("left", "", "right", "", "score", "margin", "outcome", "fragile", "tags")
FRAGILE, TAGS = 7, 8  # columns, shown once something is known to stand there
Index = QModelIndex | QPersistentModelIndex


class PairsModel(QAbstractTableModel):
    """Rows of a pair list; thumbnails come when shown."""

    def __init__(
        self, session: Session, thumbnails: Thumbnails, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._thumbnails = session, thumbnails
        self.pairs: PairList | None = None
        thumbnails.ready.connect(self._on_ready)

    def show(self, pairs: PairList | None) -> None:
        """Show another list."""
        self.beginResetModel()
        self.pairs = self._session.listed = pairs
        self.endResetModel()

    def cell(self, row: int) -> tuple[int, int]:
        """The matrix cell of a row."""
        assert self.pairs is not None
        return int(self.pairs.rows[row]), int(self.pairs.columns[row])

    def row_of(self, pair: tuple[int, int]) -> int | None:
        """The row of a matrix cell, or None where it is not listed."""
        if self.pairs is None:
            return None
        found = ((self.pairs.rows == pair[0]) & (self.pairs.columns == pair[1])).nonzero()[0]
        return int(found[0]) if len(found) else None

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() or self.pairs is None else len(self.pairs)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(HEADERS)

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return HEADERS[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        session = self._session
        if not index.isValid() or self.pairs is None or session.matrix is None:
            return None
        cell = self.cell(index.row())
        if cell[0] >= session.matrix.scores.shape[0] or cell[1] >= session.matrix.scores.shape[1]:
            return None
        column = index.column()
        faces = session.faces_of(cell)
        if role == Qt.ItemDataRole.DecorationRole and column in (0, 2):
            pixmap = self._thumbnails.get(faces[column // 2], column == 0)
            return None if pixmap is None else QIcon(pixmap)
        if role == Qt.ItemDataRole.TextAlignmentRole and column in (4, 5):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{faces[0].key}\n{faces[1].key}"
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        score = float(self.pairs.scores[index.row()])
        texts = {
            1: faces[0].identity or faces[0].key,
            3: faces[1].identity or faces[1].key,
            4: f"{score:.4f}",
            5: f"{score - session.threshold:+.4f}",
            6: session.matrix.outcome(*cell, session.threshold),
        }
        if column == FRAGILE and session.fragile is not None:
            here = cell if session.fragile.fragile.shape == session.matrix.scores.shape else None
            return "fragile" if here is not None and session.fragile.fragile[here] else ""
        if column == TAGS and session.project is not None:
            return ", ".join(session.project.edits.tags_among(pair_subjects(*faces)))
        return texts.get(column)

    def renew(self) -> None:
        """Ask for all texts again."""
        if self.rowCount():
            ends = self.index(0, 0), self.index(self.rowCount() - 1, len(HEADERS) - 1)
            self.dataChanged.emit(*ends, [Qt.ItemDataRole.DisplayRole])

    def _on_ready(self) -> None:
        if self.pairs is not None and len(self.pairs):
            ends = self.index(0, 0), self.index(len(self.pairs) - 1, 2)
            self.dataChanged.emit(*ends, [Qt.ItemDataRole.DecorationRole])


@dataclass(frozen=True, eq=False)
class _Listed:
    """Pairs by the keys of their faces, so that they outlive a gallery that changes its order."""

    keys: tuple[tuple[str, str], ...]

    @staticmethod
    def of(pairs: PairList, rows: LoadedGallery, columns: LoadedGallery) -> "_Listed":
        left, right = rows.gallery.faces, columns.gallery.faces
        both = zip(pairs.rows.tolist(), pairs.columns.tolist(), strict=True)
        return _Listed(tuple((left[i].key, right[j].key) for i, j in both))

    def places(self, rows: LoadedGallery, columns: LoadedGallery, matrix: ScoreMatrix) -> PairList:
        """Where these pairs are now, with their scores of now; those that are gone are left out."""
        left, right = rows.gallery.index(), columns.gallery.index()
        found = [(left[a], right[b]) for a, b in self.keys if a in left and b in right]
        i, j = np.array(found, np.int64).reshape(-1, 2).T
        return PairList(i, j, matrix.scores[i, j])


class PairsPanel(QWidget):
    """A choice of outcome and its table; a row selects the pair."""

    own_lists = len(CHOICES)  # entries of the choice that are always there

    def __init__(
        self, session: Session, thumbnails: Thumbnails, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self.choice = QComboBox()
        for text, outcome in CHOICES:
            self.choice.addItem(text, outcome)
        self.choice.setAccessibleName("Which pairs to list")
        self.choice.setCurrentIndex(1)
        self._count = QLabel()
        self._count.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.model = PairsModel(session, thumbnails, self)
        self.table = QTableView(
            selectionBehavior=QAbstractItemView.SelectionBehavior.SelectRows,
            selectionMode=QAbstractItemView.SelectionMode.SingleSelection,
            showGrid=False,
            wordWrap=False,
        )
        self.table.setModel(self.model)
        tagging = QAction("Tags of the pair…", self, shortcut=QKeySequence("Ctrl+Shift+T"))
        tagging.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        tagging.triggered.connect(self.tag_pair)
        self.table.addAction(tagging)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.table.setAccessibleName("Pairs of the outcome, worst first")
        side = 2 * self.fontMetrics().height()
        self.table.setIconSize(QSize(side, side))
        self.table.verticalHeader().setDefaultSectionSize(side + 4)
        self.table.verticalHeader().hide()
        header = self.table.horizontalHeader()
        for column, width in ((0, side + 12), (2, side + 12)):
            header.resizeSection(column, width)
        for column in (1, 3):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        for column in (4, 5, 6, FRAGILE, TAGS):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        # Only the rows on screen fix the widths: all of them would be asked at each threshold.
        header.setResizeContentsPrecision(0)
        top = QHBoxLayout()
        top.addWidget(self.choice)
        top.addWidget(self._count, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        self.filter = FilterLine(session)
        self.filter.applied.connect(self._on_filter)
        layout.addLayout(top)
        layout.addWidget(self.filter)
        layout.addWidget(self.table)
        self._job = LatestJob(self)
        self._job.finished.connect(self._on_listed)
        self._listed: _Listed | None = None
        self._timer = QTimer(self, singleShot=True, interval=SETTLE)
        self._timer.timeout.connect(self._list)
        self.choice.currentIndexChanged.connect(self._list)
        self.table.selectionModel().currentRowChanged.connect(self._on_row)
        session.matrix_changed.connect(self._list)
        session.threshold_changed.connect(lambda _: self._timer.start())
        session.listed_outcome_changed.connect(self._on_outcome)
        session.pair_changed.connect(self._on_pair_changed)
        session.pairs_listed.connect(self.show_listed)
        session.filter_changed.connect(self._list)
        session.fragile_changed.connect(self._show_columns)
        session.threshold_changed.connect(self._show_columns)
        session.edits_changed.connect(self._show_columns)
        session.gallery_changed.connect(self._show_columns)
        self._show_columns()

    def close_job(self) -> None:
        """End the background work."""
        self._job.close()

    def tag_pair(self) -> None:
        """Ask for the tags of the pair in the current row."""
        index = self.table.currentIndex()
        subjects = []
        if index.isValid():
            left, right = self._session.faces_of(self.model.cell(index.row()))
            subjects.append(pair_subject(left.key, right.key))
        ask_tags(self, self._session, subjects, "this pair")

    def _on_filter(self) -> None:
        # A new filter says itself what is listed; an outcome may be chosen afterwards.
        if self.choice.currentIndex() < len(CHOICES):
            self.choice.setCurrentIndex(0)

    def _on_outcome(self, outcome: Outcome | None) -> None:
        place = next(i for i, (_, known) in enumerate(CHOICES) if known == outcome)
        self.choice.setCurrentIndex(place)
        self.table.setFocus()

    def show_listed(self, title: str, pairs: PairList) -> None:
        """Show some pairs under a title, in the order given; it stays in the choice of lists."""
        session = self._session
        if session.rows is None or session.columns is None:
            return
        self._listed = _Listed.of(pairs, session.rows, session.columns)
        if self.choice.count() == len(CHOICES):
            self.choice.addItem(title)
        self.choice.setItemText(len(CHOICES), title)
        if self.choice.currentIndex() == len(CHOICES):
            self._list()
        self.choice.setCurrentIndex(len(CHOICES))

    def _show_columns(self, *_: object) -> None:
        session = self._session
        tagged = session.project is not None and bool(session.project.edits.tags)
        # What was fragile at another threshold need not be so at this one.
        known = session.fragile is not None and session.fragile.threshold == session.threshold
        for column, shown in ((FRAGILE, known), (TAGS, tagged)):
            if self.table.isColumnHidden(column) == shown:
                self.table.setColumnHidden(column, not shown)
        header = self.table.horizontalHeader()
        wide = tagged or known
        mode = QHeaderView.ResizeMode.Interactive if wide else QHeaderView.ResizeMode.Stretch
        for column in (1, 3):  # names keep room of their own; the table scrolls then
            if header.sectionResizeMode(column) != mode:
                header.setSectionResizeMode(column, mode)
                if wide:
                    header.resizeSection(column, 12 * self.fontMetrics().averageCharWidth())
        self.model.renew()

    def _list(self, *_: object) -> None:
        if self._session.filter.running:
            return  # its answer lists the pairs
        if self.choice.currentIndex() == len(CHOICES):
            self._show_kept()
            return
        matrix, threshold = self._session.matrix, self._session.threshold
        mask = self._session.filter.mask
        outcome: Outcome | None = self.choice.currentData()
        if matrix is None:
            self._job.drop()
            self.model.show(None)
            self._count.setText("")
            return

        def work(_: Running) -> PairList:
            return pairs_of(matrix, outcome, threshold, LIMIT, mask)

        self._job.start(work)

    def _show_kept(self) -> None:
        session = self._session
        if (
            self._listed is None
            or session.matrix is None
            or not session.rows
            or not session.columns
        ):
            self.choice.setCurrentIndex(0)
            return
        self._job.drop()
        pairs = self._listed.places(session.rows, session.columns, session.matrix)
        gone = len(self._listed.keys) - len(pairs)
        mask = session.filter.mask
        if mask is not None:
            pairs = pairs.at(np.flatnonzero(mask[pairs.rows, pairs.columns]))
        self.model.show(pairs)
        missing = f", {gone} of them not in this gallery any more" if gone else ""
        shown = "" if mask is None else f"{len(pairs)} of "
        self._count.setText(f"{shown}{len(self._listed.keys)} pairs{missing}")
        self._on_pair_changed(session.pair)

    def _on_listed(self, pairs: PairList) -> None:
        self.model.show(pairs)
        more = f"the worst {LIMIT}" if len(pairs) == LIMIT else f"{len(pairs)}"
        yet = "" if not self._session.estimated else ", by estimated scores yet"
        some = self._session.filter.mask is not None
        self._count.setText(
            f"{more} pairs{' that pass' if some else ''}, worst first{yet}"
            if len(pairs)
            else f"no such pair{' passes' if some else ''}"
        )
        self._on_pair_changed(self._session.pair)

    def _on_row(self, current: QModelIndex, previous: QModelIndex) -> None:
        if current.isValid():
            self._session.select_pair(*self.model.cell(current.row()))

    def _on_pair_changed(self, pair: tuple[int, int] | None) -> None:
        row = None if pair is None else self.model.row_of(pair)
        if row is not None and row != self.table.currentIndex().row():
            self.table.selectionModel().blockSignals(True)
            self.table.selectRow(row)
            self.table.selectionModel().blockSignals(False)
            self.table.viewport().update()
