"""A verdict's figures before and after, each with its interval."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from core.training.verdict import FARS, NO_INTERVAL, Figure, Figures, Verdict

NONE = "\N{EN DASH}"
KINDS = {
    "own": "Its own cosine",
    "learned": "Learned",
    "uniform": "Uniform",
    "correlation": "Correlation",
    "fc": "FC cosine",
}
TAR = "TAR at FAR "
# By the names that a verdict's changes have.
ROWS = {
    "accuracy": ("Accuracy", "Right judgements at the best single threshold, both kinds alike"),
    **{
        f"{TAR}{far}": (f"{TAR}{far}", "Genuine pairs accepted where so many impostors are")
        for far in FARS
    },
    "auc": ("AUC", "The chance that a genuine pair scores above an impostor pair"),
    "faithfulness": (
        "Faithfulness r",
        "How well what hiding a part of a pair does agrees with what the maps say of it",
    ),
}


TIPS = [tip for _, tip in ROWS.values()]


class FiguresTable(QTableWidget):
    """Figures of a verdict, in percent, each with its interval in brackets."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ContiguousSelection)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)

    def show_verdict(self, verdict: Verdict) -> None:
        """A row a figure: before, after, and the change."""
        bare = bool(verdict.held_out.lacking)
        sides = verdict.before, verdict.after
        self._fill(
            [text for text, _ in ROWS.values()],
            ["Before", "After", "Change"],
            [[*(_words(side, row, bare) for side in sides), _change(verdict, row)] for row in ROWS],
            lambda line, _: TIPS[line],
        )

    def show_kinds(self, verdict: Verdict) -> None:
        """A row a kind of score of the weights that the run made."""
        bare = bool(verdict.held_out.lacking)
        self._fill(
            [KINDS.get(kind, kind) for kind in verdict.kinds],
            [text.replace(" ", "\n", 1) for text, _ in ROWS.values()],
            [
                [_words(figures, row, bare).replace("  (", "\n(") for row in ROWS]
                for figures in verdict.kinds.values()
            ],
            lambda _, column: TIPS[column],
        )

    def _fill(
        self,
        rows: list[str],
        columns: list[str],
        texts: list[list[str]],
        tip: Callable[[int, int], str],
    ) -> None:
        self.setRowCount(len(rows))
        self.setColumnCount(len(columns))
        self.setHorizontalHeaderLabels(columns)
        self.setVerticalHeaderLabels(rows)
        for line, cells in enumerate(texts):
            for place, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                item.setToolTip(tip(line, place))
                self.setItem(line, place, item)
        self._fit()

    def _fit(self) -> None:
        self.resizeRowsToContents()
        height = sum(self.rowHeight(line) for line in range(self.rowCount()))
        self.setFixedHeight(self.horizontalHeader().sizeHint().height() + height + 4)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._fit()  # an interval may have got another line


def _words(figures: Figures | None, row: str, bare: bool) -> str:
    """bare: without its interval, which says nothing where people are too few"""
    if figures is None:
        return NONE
    if row == "faithfulness":
        value = figures.faithfulness
        return NONE if value is None else _signed(f"{value:.2f}")
    known = {"accuracy": figures.accuracy, "auc": figures.auc}
    known |= {f"{TAR}{far}": figure for far, figure in figures.tar_at_far.items()}
    return _figure(known.get(row, Figure(None)), bare)


def _figure(figure: Figure, bare: bool) -> str:
    if figure.value is None:
        return NONE
    text = f"{100 * figure.value:.1f} %"
    if bare:
        return text
    if figure.low is None or figure.high is None:
        return f"{text}  ({NO_INTERVAL})"
    return f"{text}  ({100 * figure.low:.1f} to {100 * figure.high:.1f})"


def _change(verdict: Verdict, row: str) -> str:
    before, after = verdict.before, verdict.after
    if row == "faithfulness":
        known = [f.faithfulness for f in (before, after) if f is not None]
        if len(known) < 2 or known[0] is None or known[1] is None:
            return NONE
        return _signed(f"{known[1] - known[0]:+z.2f}")
    change = verdict.changes.get(row)
    if change is None:
        return NONE
    if verdict.held_out.lacking:
        return _signed(f"{100 * change.value:+z.1f}")
    span = NO_INTERVAL
    if change.low is not None and change.high is not None:
        span = f"{100 * change.low:+z.1f} to {100 * change.high:+z.1f}"
    return _signed(f"{100 * change.value:+z.1f}  ({span})")


def _signed(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")
