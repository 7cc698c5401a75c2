"""The pairs behind a protocol's numbers: counts by outcome, and their list."""

from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import (
    QModelIndex,
    QObject,
    Qt,
    Signal,
)
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.errors import counted
from core.evaluation.verification import ProtocolPairs
from core.gallery.gallery import natural
from core.scoring.matrix import CODE, OUTCOMES, Outcome, outcome_codes
from xcos_gui.state.settings import Settings
from xcos_gui.widgets.checked import CheckedLook
from xcos_gui.widgets.elided import PlainLabel
from xcos_gui.widgets.outcomes import OutcomeButton
from xcos_gui.widgets.rows_model import RowsModel, rows_table
from xcos_gui.widgets.tables import RememberedTable, SharedRoom

LEAST_NAME = 5  # lines of width of a photo's name
HEADERS = (
    ("score", "What the kind of score chosen above gives the pair"),
    ("outcome", "True or false, accept or reject, at that kind's threshold"),
    ("left", "The first photo of the pair"),
    ("right", "The second photo of the pair"),
)
LISTED: tuple[Outcome, ...] = ("TP", "FN", "FP", "TN")


class ListedPairsModel(RowsModel):
    """Some pairs of a protocol in an order; however many, only those on screen cost anything."""

    HEADS = HEADERS
    NUMBERS = (0,)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._order = np.empty(0, np.int64)
        self._scores, self._codes = np.empty(0), np.empty(0, np.uint8)
        self._pairs: ProtocolPairs | None = None
        self._given = self._order  # worst first
        self._column, self._falling = -1, False

    def show(
        self, pairs: ProtocolPairs, scores: np.ndarray, codes: np.ndarray, order: np.ndarray
    ) -> None:
        """Show the pairs at the places `order` (k,) of the protocol's n."""
        self.beginResetModel()
        self._pairs, self._scores, self._codes, self._given = pairs, scores, codes, order
        self._order = self._arranged()
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; -1: worst first."""
        self._column, self._falling = column, order == Qt.SortOrder.DescendingOrder
        self.beginResetModel()
        self._order = self._arranged()
        self.endResetModel()

    def _arranged(self) -> np.ndarray:
        given, pairs = self._given, self._pairs
        if self._column < 0 or pairs is None:
            return given
        if self._column < 2:
            keys = (self._scores, self._codes)[self._column][given]
            places = np.argsort(keys, kind="stable")
        else:
            names = (pairs.left, pairs.right)[self._column - 2]
            file_names = [natural(Path(names[pair]).name) for pair in given.tolist()]
            places = np.array(sorted(range(len(given)), key=file_names.__getitem__), np.int64)
        return given[places[::-1] if self._falling else places]

    def pair(self, row: int) -> int:
        """The protocol's pair in a row."""
        return int(self._order[row])

    def places(self) -> np.ndarray:
        """The protocol's pairs that are shown, (k,)."""
        return self._order

    def count(self) -> int:
        return len(self._order)

    def shown(self, row: int, column: int, role: int) -> Any:
        if self._pairs is None:
            return None
        pair = self.pair(row)
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{self._pairs.left[pair]}\n{self._pairs.right[pair]}"
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return (
            f"{self._scores[pair]:z.4f}".replace("-", "\N{MINUS SIGN}"),
            OUTCOMES[int(self._codes[pair])],
            Path(self._pairs.left[pair]).name,
            Path(self._pairs.right[pair]).name,
        )[column]


class ListedPairs(QWidget):
    """Four counts to click, the list, and what is done with it."""

    pair_chosen = Signal(int)
    open_asked = Signal()

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pairs: ProtocolPairs | None = None
        self._scores, self._codes = np.empty(0), np.empty(0, np.uint8)
        self._threshold: float | None = None
        self._range: tuple[float, float] | None = None
        self._outcome: Outcome | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._make_counts())
        self.told = PlainLabel("Evaluate a protocol to list its pairs.")
        self.open = QPushButton("Open these in the window")
        self.open.setAutoDefault(False)
        self.open.setEnabled(False)
        self.open.setToolTip(
            "Open the listed pairs' photos as the gallery, to look at them with every tool; "
            "at most the first 500 pairs"
        )
        self.open.clicked.connect(self.open_asked)
        line = QHBoxLayout()
        line.addWidget(self.told, 1)
        line.addWidget(self.open)
        column.addLayout(line)
        self.model = ListedPairsModel(self)
        self.table = rows_table(self.model, "Pairs of the protocol, worst first")
        self.table.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 6)
        SharedRoom(self.table, (2, 3), LEAST_NAME)
        RememberedTable(self.table, settings, "evaluation-pairs")
        self.table.selectionModel().currentRowChanged.connect(self._on_row)
        column.addWidget(self.table, 1)

    def _make_counts(self) -> QHBoxLayout:
        row = QHBoxLayout()
        group = QButtonGroup(self)
        self.every = QPushButton("All", checkable=True, checked=True)
        self.every.setToolTip("List the pairs of every outcome")
        self.every.clicked.connect(lambda: self.choose(None))
        self.counts: dict[Outcome, QPushButton] = {}
        for outcome in LISTED:
            button = OutcomeButton(outcome, outcome)
            button.setCheckable(True)
            button.clicked.connect(lambda _=False, o=outcome: self.choose(o))
            self.counts[outcome] = button
        for button in (self.every, *self.counts.values()):
            button.setAutoDefault(False)
            button.setEnabled(False)
            group.addButton(button)
            row.addWidget(button)
            CheckedLook(button)
        return row

    def show_pairs(
        self, pairs: ProtocolPairs, scores: np.ndarray, same: np.ndarray, threshold: float | None
    ) -> None:
        """Take one kind's scores (n,) of a protocol's pairs; the chosen outcome stays.

        Without a threshold the outcomes are unknown.
        """
        known = np.full(len(same), threshold is not None)
        codes = outcome_codes(scores, same, known, threshold or 0.0)
        self._pairs, self._scores, self._codes, self._range = pairs, scores, codes, None
        self._threshold = threshold
        self.every.setText(f"All {len(scores):,}")
        for outcome, button in self.counts.items():
            button.setText(f"{outcome} {int((codes == CODE[outcome]).sum()):,}")
        for button in (self.every, *self.counts.values()):
            button.setEnabled(True)
        self._list()

    def choose(self, outcome: Outcome | None) -> None:
        """List one outcome's pairs, of the whole range of scores; None: of all."""
        self._outcome, self._range = outcome, None
        (self.every if outcome is None else self.counts[outcome]).setChecked(True)
        self._list()

    def choose_range(self, low: float, high: float) -> None:
        """List the pairs of every outcome whose scores lie in a range."""
        self._outcome, self._range = None, (low, high)
        self.every.setChecked(True)
        self._list()

    def _badness(self) -> np.ndarray:
        """How far each pair's score is on the wrong side of the threshold, or of the middle, (n,)."""
        assert self._pairs is not None
        scores, genuine, limit = self._scores.astype(np.float64), self._pairs.same, self._threshold
        if limit is None:
            sorts = [scores[chosen].mean() for chosen in (genuine, ~genuine) if chosen.any()]
            limit = float(np.mean(sorts))
        return np.where(genuine, limit - scores, scores - limit)

    def _list(self) -> None:
        if self._pairs is None:
            return
        scores, codes = self._scores, self._codes
        chosen = np.ones(len(scores), bool)
        place = ""
        if self._range is not None:
            low, high = self._range
            exact = scores.astype(np.float64)  # else the range would be rounded as scores are
            chosen &= (exact >= low) & (exact < high)
            place = f" with scores {low:z.3f} to {high:z.3f}".replace("-", "\N{MINUS SIGN}")
        if self._outcome is not None:
            chosen &= codes == CODE[self._outcome]
        order = np.flatnonzero(chosen)
        order = order[np.argsort(-self._badness()[order], kind="stable")]
        self.told.setText(
            f"{counted(len(order), 'pair')}{place}, worst first" if len(order) else "No pair."
        )
        self.open.setEnabled(len(order) > 0)
        self.model.show(self._pairs, scores, codes, order)
        if len(order):
            self.table.selectRow(0)

    def _on_row(self, current: QModelIndex, previous: QModelIndex) -> None:
        if current.isValid():
            self.pair_chosen.emit(self.model.pair(current.row()))
