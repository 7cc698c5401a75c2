"""What the tabs of the window share: each computes in the background and shows the answer."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.scoring.lists import PairList
from xcos_gui.state.jobs import Work
from xcos_gui.state.session import Session

DASH = "\N{EN DASH}"


class Tab(QWidget):
    """One page: `work` is asked in the window's thread and runs in the background."""

    title = ""
    again = Signal()  # a choice was changed: compute anew
    pairs_chosen = Signal(str, PairList)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.plots: list[Any] = []
        self.column = QVBoxLayout(self)
        self.words = QLabel(wordWrap=True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def work(self) -> Work:
        """What to compute, with what it needs of the session now. Raises XCosError."""
        raise NotImplementedError

    def show_answer(self, answer: Any) -> None:
        """Show what was computed."""
        raise NotImplementedError

    def show_nothing(self, sentence: str) -> None:
        """Show why there is nothing."""
        self.words.setText(sentence)


class RateTable(QTableWidget):
    """Numbers as text under heads with tooltips; a click on a row, or Enter, tells its place."""

    row_asked = Signal(int)

    def __init__(self, heads: Sequence[tuple[str, str]], name: str) -> None:
        super().__init__(0, len(heads))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setAccessibleName(name)
        self.setHorizontalHeaderLabels([text for text, _ in heads])
        for column, (_, tip) in enumerate(heads):
            item = self.horizontalHeaderItem(column)
            assert item is not None
            item.setToolTip(tip)
        self.setWordWrap(False)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.horizontalHeader().setStretchLastSection(True)
        self.verticalHeader().setMaximumWidth(12 * self.fontMetrics().height())
        self.verticalHeader().setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setMinimumHeight(6 * self.fontMetrics().height())
        self.cellClicked.connect(lambda row, _: self.row_asked.emit(row))

    def show_rows(self, names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Replace all rows."""
        self.setRowCount(len(rows))
        self.setVerticalHeaderLabels(list(names))
        for row, texts in enumerate(rows):
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.setItem(row, column, item)
        for row, name in enumerate(names):
            head = self.verticalHeaderItem(row)
            assert head is not None
            head.setToolTip(name)

    def keyPressEvent(self, event: Any) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.currentRow() >= 0:
                self.row_asked.emit(self.currentRow())
            return
        super().keyPressEvent(event)


def rate_text(value: float | None, interval: tuple[float, float] | None) -> str:
    """An error rate in per cent with its interval, where there is one."""
    if value is None:
        return DASH
    if interval is None:
        return f"{100 * value:.2f} %"
    low, high = interval
    return f"{100 * value:.2f} % ({100 * low:.2f} to {100 * high:.2f})"
