"""Fragile pairs: whose verdict flips when a face is moved by two pixels or two degrees."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
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
from core.errors import counted
from core.faces.face import Face
from core.scoring.lists import PairList
from core.scoring.matrix import Outcome
from xcos_gui.state.jobs import Running
from xcos_gui.state.session import Session
from xcos_gui.widgets.elided import PlainLabel
from xcos_gui.widgets.empty import OrEmpty
from xcos_gui.widgets.tables import RememberedTable, ValueItem
from xcos_gui.widgets.tool_window import ToolWindow

ABOUT = (
    "A pair is fragile when its verdict flips as either face is shifted by 2 pixels or turned by "
    "2\N{DEGREE SIGN}. A fragile error is more likely a bad crop; an error that stays is the model's."
)
NO_GALLERY = "Open a gallery to look for its fragile pairs"
UNKNOWN = (
    "Not looked for yet",
    "Once they are known, the list of pairs has a column for them, and the filter the word fragile.",
)
SETTLE = 600  # milliseconds that the threshold must rest before it is looked anew
FACES = 100  # listed
OUTCOMES = (
    ("outcome", "True or false, accept or reject, at the threshold"),
    ("fragile", "Pairs whose verdict a move flips"),
    ("pairs", "All pairs of the outcome"),
    ("share", "Fragile ones of all pairs of the outcome"),
)
FLIPS = "pairs that flip", "Pairs whose verdict it flips"
MOVES = ("move", "How either face is moved"), FLIPS
FACE = ("face", "The face that is moved"), FLIPS
NAMES: dict[Outcome, str] = {
    "TP": "True accepts (TP)",
    "FP": "False accepts (FP)",
    "FN": "False rejects (FN)",
    "TN": "True rejects (TN)",
    "unknown": "Unknown identities",
}
_Asked = tuple[str, Outcome | None, tuple[int, int] | None, int | None]


class FragileWindow(ToolWindow):
    """Looks through the whole gallery; the session and so the list of pairs learn the answer."""

    title = "Fragile pairs"
    size_in_lines = (54, 40)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        about = PlainLabel(ABOUT, wordWrap=True)
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
        self.outcomes = self._table(OUTCOMES, "Fragile pairs by outcome")
        self.outcomes.setToolTip(
            "Press Enter, or click twice: list the fragile pairs of the outcome"
        )
        self.moves = self._table(MOVES, "Pairs that each move flips")
        self.faces = self._table(FACE, "Faces whose moves flip most pairs")
        self.faces.setToolTip(
            "Faces with many have a doubtful crop: look at their landmarks (Ctrl+L)"
        )
        self.moves.setToolTip("Press Enter, or click twice: list the pairs that the move flips")
        for table, asked in (
            (self.outcomes, self.list_row),
            (self.moves, self._show_move),
            (self.faces, self._show_face),
        ):
            table.itemActivated.connect(lambda item, of=asked: of(item.row()))
            table.itemDoubleClicked.connect(lambda item, of=asked: of(item.row()))
        top, below = QHBoxLayout(), QHBoxLayout()
        top.addWidget(self.start)
        top.addWidget(self.list_all)
        top.addStretch(1)
        left = QVBoxLayout()
        left.addWidget(PlainLabel("By outcome"))
        left.addWidget(self.outcomes, 1)
        left.addWidget(PlainLabel("By move"))
        left.addWidget(self.moves, 1)
        right = QVBoxLayout()
        right.addWidget(PlainLabel("Faces whose own moves flip most"))
        right.addWidget(self.faces, 1)
        below.addLayout(left, 1)
        below.addLayout(right, 1)
        self.body.addWidget(about)
        self.body.addLayout(top)
        self.body.addWidget(self.words)
        tables = QWidget()
        below.setContentsMargins(0, 0, 0, 0)
        tables.setLayout(below)
        self.shown = OrEmpty("fragile", tables)
        self.body.addWidget(self.shown, 1)
        # Of which fragile pairs the list is, and how it was asked for.
        self._listed: tuple[FragilePairs, PairList, _Asked] | None = None
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
        scored, verifier = session.scored, session.scored_verifier
        if scored is None or verifier is None:
            self.tell("Open a gallery first.")
            return
        threshold, cache = session.threshold, session.cache

        def work(running: Running) -> FragilePairs:
            return find_fragile(verifier, cache, scored, threshold, running)

        def then(fragile: FragilePairs) -> None:
            if scored.matrix is session.matrix:
                session.set_fragile(fragile)
                if fragile.threshold != session.threshold:
                    self._settle.start()
            else:
                self.tell("The gallery has changed meanwhile; look again.")

        self.compute("Moving faces", work, then)

    def _on_threshold(self, threshold: float) -> None:
        fragile = self.session.fragile
        if fragile is not None and fragile.threshold != threshold:
            self._settle.start()  # the moved faces' features are known: only scores are compared

    def _look_again(self) -> None:
        fragile, session = self.session.fragile, self.session
        if fragile is None or fragile.threshold == session.threshold:
            return
        if session.busy:
            self._settle.start()  # it would slow down what the user waits for
        else:
            self.look()

    # Showing.

    def _show(self) -> None:
        fragile, matrix = self.session.fragile, self.session.matrix
        self.start.setEnabled(matrix is not None)
        self.list_all.setEnabled(fragile is not None)
        for table in (self.outcomes, self.moves, self.faces):
            table.setSortingEnabled(False)  # rows are being filled
            table.setRowCount(0)
        if fragile is None or matrix is None or fragile.fragile.shape != matrix.scores.shape:
            self.words.clear()
            if matrix is None:
                self.shown.say(NO_GALLERY)
            else:
                self.shown.say(*UNKNOWN, [("Find fragile pairs", self.look)])
            return
        self.shown.fill()
        counts = fragile_counts(fragile, matrix)
        total = sum(some for some, _ in counts.values())
        pairs = sum(number for _, number in counts.values())
        text = (
            f"{total:,} of {counted(pairs, 'pair')} {'is' if total == 1 else 'are'} fragile at the "
            f"threshold {fragile.threshold:.4f}"
        )
        text = text.replace("-", "\N{MINUS SIGN}")
        errors = [counts["FP"], counts["FN"]]
        if any(number for _, number in errors):
            text += f", {sum(e[0] for e in errors):,} of the {sum(e[1] for e in errors):,} errors among them"
        self.words.setText(f"{text}.")
        for name, (some, number) in counts.items():
            if number:
                share = f"{100 * some / number:.1f} %"
                numbers = (f"{some:,}", some), (f"{number:,}", number), (share, some / number)
                _add(self.outcomes, NAMES[name], name, *numbers)
        self._show_moves(fragile)
        self._show_faces(fragile)
        self._list_again(fragile)
        for table in (self.outcomes, self.moves, self.faces):
            table.setSortingEnabled(True)

    def _show_moves(self, fragile: FragilePairs) -> None:
        assert self.session.matrix is not None and fragile.flips is not None
        sums = np.zeros(len(VARIANTS), np.int64)
        every = slice(0, fragile.flips.shape[1])
        for rows in self.session.matrix.tiles():
            flips = fragile.flips[rows][self.session.matrix.counted(rows, every)]
            sums += [int((flips >> bit & 1).sum()) for bit in range(len(VARIANTS))]
        for move, ((name, _), number) in enumerate(zip(VARIANTS, sums.tolist(), strict=True)):
            _add(self.moves, name, move, (f"{number:,}", number))

    def _show_faces(self, fragile: FragilePairs) -> None:
        session = self.session
        assert session.rows and session.columns and session.matrix
        assert fragile.rows is not None and fragile.columns is not None
        sides = [(False, session.columns.gallery.faces, fragile.columns)]
        if not session.matrix.square:
            sides.append((True, session.rows.gallery.faces, fragile.rows))
        ranked: list[tuple[int, bool, int, Face]] = []
        for probe, faces, numbers in sides:
            for place in np.argsort(-numbers, kind="stable")[:FACES].tolist():
                if numbers[place]:
                    ranked.append((int(numbers[place]), probe, place, faces[place]))
        ranked.sort(key=lambda row: -row[0])
        for number, probe, place, face in ranked:
            name = f"{face.key}{' (probe)' if probe else ''}"
            _add(self.faces, name, (probe, place), (f"{number:,}", number))

    def _table(self, heads: Sequence[tuple[str, str]], name: str) -> QTableWidget:
        """A table with these heads and their tips."""
        table = QTableWidget(0, len(heads))
        for column, (text, tip) in enumerate(heads):
            head = QTableWidgetItem(text)
            head.setToolTip(tip)
            table.setHorizontalHeaderItem(column, head)
        table.setAccessibleName(name)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.verticalHeader().hide()
        line = table.fontMetrics().height()
        table.verticalHeader().setDefaultSectionSize(line + 6)
        header = table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in range(1, len(heads)):
            header.resizeSection(column, (7 if len(heads) == 2 else 5) * line)
        RememberedTable(table, self.session.settings, f"fragile-{heads[0][0]}")
        return table

    # Listing.

    def list_row(self, row: int) -> None:
        """List the fragile pairs of a row's outcome in the main window."""
        item = self.outcomes.item(row, 0)
        if item is not None:
            self.list_outcome(item.data(Qt.ItemDataRole.UserRole))

    def list_outcome(self, outcome: Outcome | None) -> None:
        """List fragile pairs in the main window, nearest to the threshold first."""
        self._list("Fragile pairs" if outcome is None else f"Fragile pairs, {outcome}", outcome)

    def _show_move(self, row: int) -> None:
        """List the pairs that one move flips."""
        item = self.moves.item(row, 0)
        if item is not None:
            self._list(f"Fragile pairs, {item.text()}", move=item.data(Qt.ItemDataRole.UserRole))

    def _show_face(self, row: int) -> None:
        """List the fragile pairs of one face."""
        matrix, item = self.session.matrix, self.faces.item(row, 0)
        if matrix is None or item is None:
            return
        probe, place = item.data(Qt.ItemDataRole.UserRole)
        face = place if probe or matrix.square else -1, -1 if probe else place
        self._list(f"Fragile pairs of {item.text()}", None, face)

    def _list(
        self,
        title: str,
        outcome: Outcome | None = None,
        face: tuple[int, int] | None = None,
        move: int | None = None,
    ) -> None:
        fragile, matrix = self.session.fragile, self.session.matrix
        if fragile is None or matrix is None:
            return
        pairs = fragile_list(fragile, matrix, outcome, face, move)
        self._listed = fragile, pairs, (title, outcome, face, move)
        self.session.list_pairs(title, pairs)

    def _list_again(self, fragile: FragilePairs) -> None:
        """Renew the list of pairs at another threshold, where it is of these still."""
        if self._listed is None or self._listed[0] is fragile:
            return
        (_, pairs, asked), shown = self._listed, self.session.listed
        self._listed = None
        if _cells(shown) == _cells(pairs):
            self._list(*asked)


def _cells(pairs: PairList | None) -> set[tuple[int, int]]:
    return (
        set() if pairs is None else {*zip(pairs.rows.tolist(), pairs.columns.tolist(), strict=True)}
    )


def _add(table: QTableWidget, name: str, data: object, *numbers: tuple[str, float]) -> None:
    """A row: a name that carries data, and numbers as they are told and as they sort."""
    row = table.rowCount()
    table.insertRow(row)
    items = [ValueItem(name, name), *(ValueItem(*number) for number in numbers)]
    items[0].setData(Qt.ItemDataRole.UserRole, data)
    for column, item in enumerate(items):
        table.setItem(row, column, item)
