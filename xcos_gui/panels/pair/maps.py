"""The maps of a pair: evidence, which the others explain, is the large one."""

from collections.abc import Callable
from typing import get_args

from PySide6.QtCore import QSize
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QStackedWidget,
    QWidget,
)

from core.explain.colours import MapName, centred_table, map_rgba, table
from core.explain.report import PairReport
from xcos_gui.widgets.cell_view import CellView
from xcos_gui.widgets.colour_bar import ColourBar
from xcos_gui.widgets.design import TIGHT
from xcos_gui.widgets.elided import ElidedLabel

MAPS: tuple[MapName, ...] = get_args(MapName)
TITLES: dict[MapName, str] = {
    "cosine": "Cosine map S",
    "attention": "Attention map W",
    "contribution": "Contribution W\N{MIDDLE DOT}S",
    "evidence": "Evidence",
}
TIPS: dict[MapName, str] = {
    "cosine": "Likeness of each cell, from \N{MINUS SIGN}1 to 1: blue similar, red dissimilar, white at the threshold",
    "attention": "Weight of each cell in the score, on one scale for the whole gallery",
    "contribution": "Weight times likeness: the 49 cells sum to the score",
    "evidence": "Contribution less the threshold's part: blue speaks for the same person, red against",
}
LARGE: tuple[MapName, ...] = ("evidence", "contribution")  # one at a time, with the same colours
SMALL: tuple[MapName, ...] = ("cosine", "attention")
LEAST = 2  # lines of text that a small map is wide and high at least


class PairMapsView(QWidget):
    """S and W, and large beside them what they come to; `views` tell the cell under the cursor."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.views: dict[MapName, CellView] = {name: CellView(TITLES[name]) for name in MAPS}
        self._titles: dict[MapName, QLabel] = {name: ElidedLabel() for name in MAPS}
        self._bars: dict[MapName, ColourBar] = {name: ColourBar() for name in (*SMALL, LARGE[0])}
        self.large, self._stack = QComboBox(), QStackedWidget()
        self.large.setAccessibleName("Which map is large")
        self.large.setToolTip(
            "Evidence, or contribution: evidence before the threshold's part is taken away"
        )
        for name in LARGE:
            self.large.addItem(TITLES[name])
            self._stack.addWidget(self.views[name])
        self.large.currentIndexChanged.connect(self._on_large)
        head = QHBoxLayout()
        head.addWidget(self.large)
        head.addSpacing(TIGHT)
        for name in LARGE:
            head.addWidget(self._titles[name], 1)
        self._on_large(0)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 4, 0, 0)
        grid.setVerticalSpacing(2)
        rows = 3 * len(SMALL)
        grid.addLayout(head, 0, 0)
        grid.addWidget(self._stack, 1, 0, rows - 2, 1)
        grid.addWidget(self._bars[LARGE[0]], rows - 1, 0)
        least = LEAST * self.fontMetrics().height()
        for place, name in enumerate(SMALL):
            self.views[name].setMinimumSize(QSize(least, least))
            parts = self._titles[name], self.views[name], self._bars[name]
            for offset, widget in enumerate(parts):
                grid.addWidget(widget, 3 * place + offset, 1)
            grid.setRowStretch(3 * place + 1, 1)
        grid.setColumnStretch(0, 5)
        grid.setColumnStretch(1, 3)

    def _on_large(self, place: int) -> None:
        self._stack.setCurrentIndex(place)
        for number, name in enumerate(LARGE):
            self._titles[name].setVisible(number == place)

    def show_report(self, report: PairReport | None, limit_of: Callable[[MapName], float]) -> None:
        """Show a pair's maps, each with colours up to its limit; None: no pair."""
        self.large.setVisible(report is not None)
        for name in MAPS:
            values, limit = None if report is None else report.map_of(name), limit_of(name)
            if values is None or report is None:
                self.views[name].set_overlay(None)
                self._titles[name].setText("")
            else:
                rgba = map_rgba(name, values, threshold=report.threshold, limit=limit)
                self.views[name].set_overlay(rgba, values)
                self._entitle(name, float(values.sum()))
            if (bar := self._bars.get(name)) is not None:
                bar.setVisible(report is not None)
                threshold = 0.0 if report is None else report.threshold or 0.0
                _colour(bar, name, threshold, limit)

    def _entitle(self, name: MapName, total: float) -> None:
        summed = f"sum {total:z.3f}".replace("-", "\N{MINUS SIGN}")
        self._titles[name].setText(summed if name in LARGE else TITLES[name])
        tip = f"{TIPS[name]}; {summed}" if name == "attention" else TIPS[name]
        self._titles[name].setToolTip(tip)


def _colour(bar: ColourBar, name: MapName, threshold: float, limit: float) -> None:
    """Say what a map's colours mean."""
    if name == "cosine":
        bar.show_table(centred_table(threshold), -1, 1, threshold, TIPS[name])
    elif name == "attention":
        bar.show_table(table("sequential"), 0, limit, None, TIPS[name])
    else:
        bar.show_table(table("diverging"), -limit, limit, None, TIPS[name])
