"""What the tabs of the window share: each computes in the background and shows the answer."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.scoring.lists import PairList
from core.scoring.matrix import ScoreMatrix
from xcos_gui.state.jobs import Work
from xcos_gui.state.session import Session
from xcos_gui.state.settings import Settings
from xcos_gui.widgets.elided import PlainLabel
from xcos_gui.widgets.empty import OrEmpty, parted
from xcos_gui.widgets.tables import RememberedTable, ValueItem

DASH = "\N{EN DASH}"


class Tab(QWidget):
    """One page: `work` is asked in the window's thread and runs in the background."""

    title = ""
    icon = "evidence"
    again = Signal()  # a choice was changed: compute anew
    pairs_chosen = Signal(str, PairList, tuple)  # and the thresholds that they were chosen at
    told = Signal(str)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.plots: list[Any] = []
        self.matrix: ScoreMatrix | None = None  # that the answer is of
        self.column = QVBoxLayout(self)
        self.words = PlainLabel(wordWrap=True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def use_threshold(self, threshold: float) -> None:
        """Move the threshold of the scores that the answer is of; told where others are coming."""
        if self.matrix is not self.session.matrix or self.session.scores_follow:
            self.told.emit("The scores have changed since; wait until they are counted anew.")
        else:
            self.session.set_threshold(threshold)

    def hold(self, inside: QWidget, stretch: int = 1) -> None:
        """Put what shows the answer below the words; what is said instead, without one, stands there."""
        self.column.addWidget(self.words)
        self.shown = OrEmpty(self.icon, inside)
        self.column.addWidget(self.shown, stretch)

    def work(self) -> Work:
        """What to compute, with what it needs of the session now. Raises XCosError."""
        raise NotImplementedError

    def show_answer(self, answer: Any) -> None:
        """Show what was computed."""
        raise NotImplementedError

    def show_nothing(self, sentence: str) -> None:
        """Show why there is nothing."""
        self.words.clear()
        self.shown.say(*parted(sentence))


class RateTable(QTableWidget):
    """What a row is of, then numbers as text, under heads with tooltips.

    A click on a row, or Enter, tells its place among the rows that were given.
    """

    row_asked = Signal(int)

    def __init__(
        self, heads: Sequence[tuple[str, str]], name: str, settings: Settings, sorts: bool = False
    ) -> None:
        """name: of the table; sorts: a click on a head sorts, else rows keep the order they have"""
        super().__init__(0, len(heads))
        self._sorts = sorts
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setAccessibleName(name)
        for column, (text, tip) in enumerate(heads):
            item = QTableWidgetItem(text)
            item.setToolTip(tip)
            self.setHorizontalHeaderItem(column, item)
        self.setWordWrap(False)
        line = self.fontMetrics().height()
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(line + 8)
        self.horizontalHeader().resizeSection(0, 12 * line)
        self.horizontalHeader().setStretchLastSection(True)
        self.setMinimumHeight(6 * line)
        self._remembered = RememberedTable(self, settings, name.lower(), sorts=sorts)
        self.horizontalHeader().setTextElideMode(Qt.TextElideMode.ElideNone)  # heads of two lines
        self.cellClicked.connect(lambda row, _: self._ask(row))

    def show_rows(
        self, names: Sequence[str], rows: Sequence[Sequence[str | tuple[str, float]]]
    ) -> None:
        """Replace all rows: texts, or numbers as (text, value), which stand right and sort."""
        self.setSortingEnabled(False)  # rows are being filled
        self.setRowCount(len(rows))
        for row, (name, cells) in enumerate(zip(names, rows, strict=True)):
            first = ValueItem(name, name)
            first.setData(Qt.ItemDataRole.UserRole, row)
            self.setItem(row, 0, first)
            for column, cell in enumerate(cells, start=1):
                item = ValueItem(cell, cell) if isinstance(cell, str) else ValueItem(*cell)
                self.setItem(row, column, item)
        if rows:
            self._remembered.fit(range(1, self.columnCount()))
        self.setSortingEnabled(self._sorts)

    def _ask(self, row: int) -> None:
        item = self.item(row, 0)
        if item is not None:
            self.row_asked.emit(item.data(Qt.ItemDataRole.UserRole))

    def keyPressEvent(self, event: Any) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._ask(self.currentRow())
            return
        super().keyPressEvent(event)


def number(text: str, value: float | None) -> tuple[str, float]:
    """A number as a cell of the table; None: a dash, which sorts below all."""
    return (DASH, -np.inf) if value is None else (text, value)


def rate(value: float | None, interval: tuple[float, float] | None) -> tuple[str, float]:
    """An error rate as a cell of the table, in per cent, with its interval where there is one."""
    return number(rate_text(value, interval), value)


def rate_text(value: float | None, interval: tuple[float, float] | None) -> str:
    """An error rate in per cent with its interval, where there is one."""
    if value is None:
        return DASH
    if interval is None:
        return f"{100 * value:.2f} %"
    low, high = interval
    return f"{100 * value:.2f} % ({100 * low:.2f} to {100 * high:.2f})"
