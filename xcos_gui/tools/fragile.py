"""Fragile pairs: whose verdict flips when a face is moved by two pixels or two degrees."""

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.analysis.fragile import (
    VARIANTS,
    FragilePairs,
    find_fragile,
    fragile_counts,
    fragile_list,
)
from core.faces.face import Face
from core.scoring.matrix import Outcome
from xcos_gui.state.jobs import Running
from xcos_gui.state.session import Session
from xcos_gui.widgets.tool_window import ToolWindow

ABOUT = (
    "A pair is fragile when its verdict flips as either face is shifted by 2 pixels or turned by "
    "2\N{DEGREE SIGN}. A fragile error is more likely a bad crop; an error that stays is the model's."
)
SETTLE = 600  # milliseconds that the threshold must rest before it is looked anew
FACES = 100  # listed
NAMES: dict[Outcome, str] = {
    "TP": "True accepts (TP)",
    "FP": "False accepts (FP)",
    "FN": "False rejects (FN)",
    "TN": "True rejects (TN)",
    "unknown": "Unknown identities",
}


class FragileWindow(ToolWindow):
    """Looks through the whole gallery; the session and so the list of pairs learn the answer."""

    title = "Fragile pairs"
    size_in_lines = (54, 40)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        about = QLabel(ABOUT, wordWrap=True)
        self.start = QPushButton(
            "Find fragile pairs", toolTip="Move each face of the gallery six ways"
        )
        self.start.setDefault(True)
        self.start.clicked.connect(self.look)
        self.list_all = QPushButton(
            "List all of them", toolTip="Show them in the main window's list"
        )
        self.list_all.setAutoDefault(False)
        self.list_all.clicked.connect(lambda: self.list_outcome(None))
        self.outcomes = _table(("outcome", "fragile", "pairs", "share"), "Fragile pairs by outcome")
        self.outcomes.itemActivated.connect(lambda item: self.list_row(item.row()))
        self.outcomes.itemDoubleClicked.connect(lambda item: self.list_row(item.row()))
        self.outcomes.setToolTip(
            "Press Enter, or click twice: list the fragile pairs of the outcome"
        )
        self.moves = _table(("move", "pairs that flip"), "Pairs that each move flips")
        self.faces = _table(("face", "pairs that flip"), "Faces whose moves flip most pairs")
        self.faces.setToolTip(
            "Faces with many have a doubtful crop: look at their landmarks (Ctrl+L)"
        )
        self.faces.itemActivated.connect(lambda item: self._show_face(item.row()))
        self.faces.itemDoubleClicked.connect(lambda item: self._show_face(item.row()))
        top, below = QHBoxLayout(), QHBoxLayout()
        top.addWidget(self.start)
        top.addWidget(self.list_all)
        top.addStretch(1)
        left = QVBoxLayout()
        left.addWidget(QLabel("By outcome"))
        left.addWidget(self.outcomes, 1)
        left.addWidget(QLabel("By move"))
        left.addWidget(self.moves, 1)
        right = QVBoxLayout()
        right.addWidget(QLabel("Faces whose own moves flip most"))
        right.addWidget(self.faces, 1)
        below.addLayout(left, 1)
        below.addLayout(right, 1)
        self.body.addWidget(about)
        self.body.addLayout(top)
        self.body.addWidget(self.words)
        self.body.addLayout(below, 1)
        self._places: list[tuple[bool, int]] = []
        self._settle = QTimer(self, singleShot=True, interval=SETTLE)
        self._settle.timeout.connect(self._look_again)
        session.threshold_changed.connect(self._on_threshold)
        session.fragile_changed.connect(self._show)
        session.matrix_changed.connect(self._show)
        self._show()

    def close_job(self) -> None:
        self._settle.stop()
        super().close_job()

    def look(self) -> None:
        """Look through all pairs of the matrix, in the background."""
        session = self.session
        scored, verifier = session.scored, session.verifier
        if scored is None or verifier is None:
            self.tell("Open a gallery first.")
            return
        threshold, cache = session.threshold, session.cache

        def work(running: Running) -> FragilePairs:
            return find_fragile(verifier, cache, scored, threshold, running)

        def then(found: FragilePairs) -> None:
            if scored.matrix is session.matrix:
                session.set_fragile(found)
                if found.threshold != session.threshold:
                    self._settle.start()
            else:
                self.tell("The gallery has changed meanwhile; look again.")

        self.compute("Moving faces", work, then)

    def _on_threshold(self, threshold: float) -> None:
        found = self.session.fragile
        if found is not None and found.threshold != threshold:
            self._settle.start()  # the moved faces' features are known: only scores are compared

    def _look_again(self) -> None:
        found = self.session.fragile
        if (
            found is not None
            and found.threshold != self.session.threshold
            and not self.session.busy
        ):
            self.look()

    # Showing.

    def _show(self) -> None:
        found, matrix = self.session.fragile, self.session.matrix
        self.start.setEnabled(matrix is not None)
        self.list_all.setEnabled(found is not None)
        for table in (self.outcomes, self.moves, self.faces):
            table.setRowCount(0)
        if found is None or matrix is None or found.fragile.shape != matrix.scores.shape:
            empty = "Open a gallery to look for its fragile pairs."
            ask = "Not looked for yet. The list of pairs gets a column, and the filter the word fragile."
            self.words.setText(empty if matrix is None else ask)
            return
        counts = fragile_counts(found, matrix)
        total = sum(some for some, _ in counts.values())
        pairs = sum(number for _, number in counts.values())
        text = f"{total} of {pairs} pairs are fragile at the threshold {found.threshold:.4f}"
        errors = [counts["FP"], counts["FN"]]
        if any(number for _, number in errors):
            text += f", {sum(e[0] for e in errors)} of the {sum(e[1] for e in errors)} errors among them"
        self.words.setText(f"{text}.")
        for name, (some, number) in counts.items():
            if number:
                share = f"{100 * some / number:.1f} %"
                item = _add(self.outcomes, NAMES[name], f"{some}", f"{number}", share)
                item.setData(Qt.ItemDataRole.UserRole, name)
        self._show_moves(found)
        self._show_faces(found)

    def _show_moves(self, found: FragilePairs) -> None:
        assert self.session.matrix is not None and found.flips is not None
        sums = np.zeros(len(VARIANTS), np.int64)
        every = slice(0, found.flips.shape[1])
        for rows in self.session.matrix.tiles():
            flips = found.flips[rows][self.session.matrix.counted(rows, every)]
            sums += [int((flips >> bit & 1).sum()) for bit in range(len(VARIANTS))]
        for (name, _), number in zip(VARIANTS, sums.tolist(), strict=True):
            _add(self.moves, name, str(number))

    def _show_faces(self, found: FragilePairs) -> None:
        session = self.session
        assert session.rows and session.columns and session.matrix
        assert found.rows is not None and found.columns is not None
        sides = [(False, session.columns.gallery.faces, found.columns)]
        if not session.matrix.square:
            sides.append((True, session.rows.gallery.faces, found.rows))
        ranked: list[tuple[int, bool, int, Face]] = []
        for probe, faces, numbers in sides:
            for place in np.argsort(-numbers, kind="stable")[:FACES].tolist():
                if numbers[place]:
                    ranked.append((int(numbers[place]), probe, place, faces[place]))
        ranked.sort(key=lambda row: -row[0])
        self._places = [(probe, place) for _, probe, place, _ in ranked]
        for number, probe, _, face in ranked:
            _add(self.faces, f"{face.key}{' (probe)' if probe else ''}", str(number))

    # Listing.

    def list_row(self, row: int) -> None:
        """List the fragile pairs of a row's outcome in the main window."""
        item = self.outcomes.item(row, 0)
        if item is not None:
            self.list_outcome(item.data(Qt.ItemDataRole.UserRole))

    def list_outcome(self, outcome: Outcome | None) -> None:
        """List fragile pairs in the main window, nearest to the threshold first."""
        found, matrix = self.session.fragile, self.session.matrix
        if found is not None and matrix is not None:
            title = "Fragile pairs" if outcome is None else f"Fragile pairs, {outcome}"
            self.session.list_pairs(title, fragile_list(found, matrix, outcome))

    def _show_face(self, row: int) -> None:
        """List the fragile pairs of one face."""
        found, matrix = self.session.fragile, self.session.matrix
        if found is None or matrix is None or row >= len(self._places):
            return
        probe, place = self._places[row]
        listed = fragile_list(found, matrix)
        mine = listed.rows == place if probe else listed.columns == place
        if matrix.square:
            mine |= listed.rows == place
        item = self.faces.item(row, 0)
        title = "Fragile pairs" if item is None else f"Fragile pairs of {item.text()}"
        self.session.list_pairs(title, listed.at(np.flatnonzero(mine)))


def _table(headers: tuple[str, ...], name: str) -> QTableWidget:
    table = QTableWidget(0, len(headers))
    table.setHorizontalHeaderLabels(list(headers))
    table.setAccessibleName(name)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setShowGrid(False)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 6)
    table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    return table


def _add(table: QTableWidget, *texts: str) -> QTableWidgetItem:
    row = table.rowCount()
    table.insertRow(row)
    items = [QTableWidgetItem(text) for text in texts]
    for column, item in enumerate(items):
        if column:
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        else:
            item.setToolTip(item.text())
        table.setItem(row, column, item)
    return items[0]
