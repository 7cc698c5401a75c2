"""What if of many pairs: the same edit of all their faces, and how scores and outcomes change."""

from dataclasses import replace

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QWidget,
)

from core.analysis.covering import (
    COVERED,
    WHICH,
    TreatedPairs,
    Treatment,
    Which,
    moved_words,
    treat_pairs,
)
from core.errors import counted
from core.explain.editing.edits import EDIT_KINDS, usual
from core.scoring.lists import PairList
from core.scoring.matrix import OUTCOMES, ScoreMatrix, outcome_codes
from core.scoring.scored import ScoredGallery
from xcos_gui.state.jobs import Running
from xcos_gui.state.session import Session
from xcos_gui.widgets.elided import PlainLabel
from xcos_gui.widgets.empty import OrEmpty
from xcos_gui.widgets.tables import RememberedTable, ValueItem
from xcos_gui.widgets.tool_window import ToolWindow

EMPTY = (
    "No pairs are taken yet",
    "Choose pairs in the matrix or list some, then take what is listed: every face of theirs is "
    "edited alike, and all of them are scored anew.",
)
READY = "Choose an edit above", "All faces of the pairs are edited, and the pairs scored anew."
HEADS = ("left", "right", "before", "after", "change", "outcome", "then")
TIPS = (
    "Left face", "Right face", "Score as it is", "Score with the edit", "Score after less before",
    "Outcome as it is", "Outcome with the edit",
)  # fmt: skip
FACES: dict[Which, str] = {"both": "Both faces", "left": "Left faces", "right": "Right faces"}
PAIR, PLACE = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1  # of a row's first cell
SETTLE = 250  # milliseconds that a dragged threshold must rest
LEFT_OUT = ("patch", "mask", "shift", "turn", "scale")  # say nothing without a place


class WhatIfManyWindow(ToolWindow):
    """Edits the faces of the listed pairs; a row of the table is a pair."""

    title = "What if, of many pairs"
    size_in_lines = (58, 42)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.pairs: PairList | None = None
        self.found: TreatedPairs | None = None
        self._done = ""  # the edit that was found, in words
        self._of: ScoredGallery | None = None  # whose places the pairs are
        self.edit, self.faces = QComboBox(accessibleName="Edit"), QComboBox(accessibleName="Faces")
        for region in COVERED:
            self.edit.addItem(f"Cover the {region}", Treatment(region))
        for kind in EDIT_KINDS:
            if kind not in LEFT_OUT:
                self.edit.addItem(kind.capitalize(), Treatment(edits=(usual(kind),)))
        for which in WHICH:
            self.faces.addItem(FACES[which], which)
        self.take = QPushButton("Take the listed pairs", autoDefault=False)
        self.take.setToolTip("Those that stand in the main window's list now")
        self.start = QPushButton(
            "Score anew", toolTip="Edit all faces and score the pairs (Return)"
        )
        self.list_changed = QPushButton("List those that change side", autoDefault=False)
        self.take.clicked.connect(self.use_listed)
        self.start.clicked.connect(self.look)
        self.list_changed.clicked.connect(self.list_those)
        row = QHBoxLayout()
        for widget in (self.take, self.edit, self.faces, self.start):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.list_changed)
        self.start.setDefault(True)
        self.about = PlainLabel(wordWrap=True)
        self.table = _table()
        RememberedTable(self.table, session.settings, "what-if-many")
        self.table.itemSelectionChanged.connect(self._on_row)
        self.shown = OrEmpty("what-if", self.table)
        self.body.addLayout(row)
        self.body.addWidget(self.about)
        self.body.addWidget(self.words)
        self.body.addWidget(self.shown, 1)
        self._settling = QTimer(self, singleShot=True, interval=SETTLE)
        self._settling.timeout.connect(self._judge)
        session.matrix_changed.connect(self._on_matrix_changed)
        session.threshold_changed.connect(lambda _: self._settling.start())
        self._show()

    def use_listed(self) -> None:
        """Take the pairs that the main window lists now."""
        listed = self.session.listed
        if listed is None or not len(listed):
            self.tell("The list of pairs is empty; list some in the main window first.")
            return
        self._drop_job()
        self.pairs, self.found, self._of = listed, None, self.session.scored
        self.tell("")
        self._show()

    def look(self) -> None:
        """Edit the faces and score the pairs, in the background."""
        session, pairs = self.session, self.pairs
        scored, verifier = session.scored, session.scored_verifier
        if pairs is None or scored is None or verifier is None:
            self.tell(EMPTY[1])
            return
        threshold, cache = session.threshold, session.cache
        name = self.edit.currentText().lower()
        done = self.edit.currentData(), self.faces.currentData()

        def work(running: Running) -> TreatedPairs:
            return treat_pairs((verifier, cache), scored, threshold, pairs, done, running)

        self.compute("Editing faces", work, lambda treated: self._take(treated, name))

    def list_those(self) -> None:
        """List the pairs that change side in the main window."""
        if self.found is not None and self._of is self.session.scored:
            chosen = self.found.pairs.at(np.flatnonzero(self.found.changed))
            self.session.list_pairs(f"Change side: {self._done}", chosen, self.found.threshold)

    def _take(self, treated: TreatedPairs, done: str) -> None:
        if self._of is not None and self._of is self.session.scored:
            self._done = done
            self.found = _judged(treated, self._of.matrix, self.session.threshold)
            self._show()

    def _judge(self) -> None:
        """Tell outcomes by the threshold of now; the scores stay."""
        if self.found is None or self._of is None or self.found.threshold == self.session.threshold:
            return
        self.found = _judged(self.found, self._of.matrix, self.session.threshold)
        self._show_words()
        self.table.setSortingEnabled(False)
        for row in range(self.table.rowCount()):
            item = self.table.item(row, 0)
            assert item is not None
            _fill_outcomes(self.table, row, item.data(PLACE), self.found)
        self.table.setSortingEnabled(True)

    def _drop_job(self) -> None:
        self.job.drop()
        self.progress.hide()

    def _on_matrix_changed(self) -> None:
        if self.pairs is not None and self._of is not self.session.scored:
            self._drop_job()
            self.pairs = self.found = self._of = None
            self._show()

    def _show(self) -> None:
        pairs, treated = self.pairs, self.found
        self.start.setEnabled(pairs is not None)
        count = 0 if pairs is None else len(pairs)
        self.about.setText(f"{counted(count, 'pair')} taken")
        self.about.setHidden(not count)
        self._show_words()
        if treated is not None:
            self.shown.fill()
        elif pairs is None:
            self.shown.say(*EMPTY, [("Take the listed pairs", self.use_listed)])
        else:
            self.shown.say(*READY, [("Score anew", self.look)])
        self.table.setSortingEnabled(False)
        self.table.setRowCount(0 if treated is None else len(treated.pairs))
        if treated is not None:
            self._fill(treated)
        self.table.setSortingEnabled(True)

    def _show_words(self) -> None:
        treated = self.found
        self.list_changed.setEnabled(treated is not None and bool(treated.changed.any()))
        self.words.setText("" if treated is None else moved_words(treated))

    def _fill(self, treated: TreatedPairs) -> None:
        scores = treated.pairs.scores.tolist()
        for row, before in enumerate(scores):
            pair = int(treated.pairs.rows[row]), int(treated.pairs.columns[row])
            after = float(treated.after[row])
            names = [face.key for face in self.session.faces_of(pair)]
            cells = [ValueItem(name, name) for name in names]
            cells += [ValueItem(_signed(v, f), v) for v, f in
                      ((before, ".3f"), (after, ".3f"), (after - before, "+.3f"))]  # fmt: skip
            cells[0].setData(PAIR, pair)
            cells[0].setData(PLACE, row)
            for column, cell in enumerate(cells):
                self.table.setItem(row, column, cell)
            _fill_outcomes(self.table, row, row, treated)

    def _on_row(self) -> None:
        item = self.table.item(self.table.currentRow(), 0)
        if item is not None and self._of is self.session.scored:
            self.session.select_pair(*item.data(PAIR))


def _fill_outcomes(table: QTableWidget, row: int, place: int, treated: TreatedPairs) -> None:
    """Both outcomes of the pair at a place, in a row that is bold where they differ."""
    codes = treated.before_codes[place], treated.after_codes[place]
    for column, code in enumerate(codes, start=len(HEADS) - len(codes)):
        table.setItem(row, column, ValueItem(OUTCOMES[code], OUTCOMES[code]))
    for column in range(len(HEADS)):
        cell = table.item(row, column)
        assert cell is not None
        font = cell.font()
        font.setBold(bool(codes[0] != codes[1]))
        cell.setFont(font)


def _judged(treated: TreatedPairs, matrix: ScoreMatrix, threshold: float) -> TreatedPairs:
    """The same scores with the outcomes that a threshold gives them."""
    if treated.threshold == threshold:
        return treated
    pairs = treated.pairs
    own, other = matrix.rows[pairs.rows], matrix.columns[pairs.columns]
    known, genuine = (own >= 0) & (other >= 0), own == other
    before, after = (
        outcome_codes(scores, genuine, known, threshold) for scores in (pairs.scores, treated.after)
    )
    return replace(treated, before_codes=before, after_codes=after, threshold=threshold)


def _signed(value: float, form: str) -> str:
    return f"{value:{form}}".replace("-", "\N{MINUS SIGN}")


def _table() -> QTableWidget:
    table = QTableWidget(0, len(HEADS))
    table.setHorizontalHeaderLabels(list(HEADS))
    for column, tip in enumerate(TIPS):
        head = table.horizontalHeaderItem(column)
        if head is not None:
            head.setToolTip(tip)
    table.setAccessibleName("Pairs before and after the edit; those that change side are bold")
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 6)
    line = table.fontMetrics().height()
    header = table.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
    for column, width in enumerate((15, 15, 5, 5, 5, 6, 5)):
        header.resizeSection(column, width * line)
    return table
