"""A verdict's figures before and after, each with its interval."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from core.training.verdict import FARS, Figure, Figures, Verdict

NONE = "\N{EN DASH}"
KINDS = {
    "own": "its own cosine",
    "learned": "learned attention",
    "uniform": "uniform attention",
    "correlation": "correlation attention",
    "fc": "FC cosine",
}
ROWS = {
    "accuracy": ("Accuracy", "Right judgements at the best single threshold, both kinds alike"),
    **{
        far: (f"TAR at FAR {float(far):g}", "Genuine pairs accepted where so many impostors are")
        for far in FARS
    },
    "auc": ("AUC", "The chance that a genuine pair scores above an impostor pair"),
    "faithfulness": (
        "Faithfulness r",
        "How well what hiding a part of a pair does agrees with what the maps say of it",
    ),
}


class FiguresTable(QTableWidget):
    """A row a figure; columns before, after and the change, or a column a kind of score."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ContiguousSelection)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)

    def show_verdict(self, verdict: Verdict) -> None:
        """Before, after, and the change."""
        columns = [("Before", verdict.before), ("After", verdict.after)]
        self._show(columns, [_change(verdict, row) for row in ROWS])

    def show_kinds(self, verdict: Verdict) -> None:
        """A column for each kind of score of the weights that the run made."""
        kinds = [(KINDS.get(kind, kind), figures) for kind, figures in verdict.kinds.items()]
        self._show(kinds, [])

    def _show(self, columns: Sequence[tuple[str, Figures | None]], changes: list[str]) -> None:
        names = [name for name, _ in columns] + ["Change"] * bool(changes)
        self.setColumnCount(len(names))
        self.setRowCount(len(ROWS))
        self.setHorizontalHeaderLabels([name.capitalize() for name in names])
        self.setVerticalHeaderLabels([text for text, _ in ROWS.values()])
        for line, (row, (_, tip)) in enumerate(ROWS.items()):
            texts = [_words(figures, row) for _, figures in columns]
            for place, text in enumerate([*texts, *changes[line : line + 1]]):
                item = QTableWidgetItem(text)
                item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                item.setToolTip(tip)
                self.setItem(line, place, item)
            self.verticalHeaderItem(line).setToolTip(tip)
        rows = sum(self.rowHeight(line) for line in range(len(ROWS)))
        self.setFixedHeight(self.horizontalHeader().sizeHint().height() + rows + 4)


def _words(figures: Figures | None, row: str) -> str:
    if figures is None:
        return NONE
    if row == "faithfulness":
        value = figures.faithfulness
        return NONE if value is None else _signed(f"{value:.2f}")
    known = {"accuracy": figures.accuracy, "auc": figures.auc} | figures.tar_at_far
    return _figure(known.get(row, Figure(None)))


def _figure(figure: Figure) -> str:
    if figure.value is None:
        return NONE
    text = f"{100 * figure.value:.1f} %"
    if figure.low is None or figure.high is None:
        return text
    return f"{text}  ({100 * figure.low:.1f} to {100 * figure.high:.1f})"


def _change(verdict: Verdict, row: str) -> str:
    before, after = verdict.before, verdict.after
    if row == "faithfulness":
        known = [f.faithfulness for f in (before, after) if f is not None]
        if len(known) < 2 or known[0] is None or known[1] is None:
            return NONE
        return _signed(f"{known[1] - known[0]:+.2f}")
    change = verdict.changes.get(row)
    if change is None:
        return NONE
    span = f"{100 * change.low:+.1f} to {100 * change.high:+.1f}"
    return _signed(f"{100 * change.value:+.1f}  ({span})")


def _signed(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")
