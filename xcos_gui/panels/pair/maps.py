"""The four maps of a pair: evidence, which the others explain, is the large one."""

from collections.abc import Callable
from typing import get_args

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from core.explain.colours import MapName, centred_table, map_rgba, table
from core.explain.report import PairReport
from xcos_gui.widgets.cell_view import CellView
from xcos_gui.widgets.colour_bar import ColourBar
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
LARGE: MapName = "evidence"
SMALL = 4  # lines of text that a small map is wide and high at least


class PairMapsView(QWidget):
    """Each map with its title and colours; `views` tell the cell under the cursor."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.views: dict[MapName, CellView] = {name: CellView(TITLES[name]) for name in MAPS}
        self._bars: dict[MapName, ColourBar] = {name: ColourBar() for name in MAPS}
        self._titles: dict[MapName, QLabel] = {name: ElidedLabel() for name in MAPS}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 4, 0, 0)
        grid.setVerticalSpacing(2)
        small = [name for name in MAPS if name != LARGE]
        rows = 3 * len(small)
        grid.addWidget(self._titles[LARGE], 0, 0)
        grid.addWidget(self.views[LARGE], 1, 0, rows - 2, 1)
        grid.addWidget(self._bars[LARGE], rows - 1, 0)
        for place, name in enumerate(small):
            least = SMALL * self.fontMetrics().height()
            self.views[name].setMinimumSize(QSize(least, least))
            for offset, widget in enumerate(
                (self._titles[name], self.views[name], self._bars[name])
            ):
                grid.addWidget(widget, 3 * place + offset, 1)
            grid.setRowStretch(3 * place + 1, 1)
        grid.setColumnStretch(0, 5)
        grid.setColumnStretch(1, 3)

    def show_report(self, report: PairReport | None, limit_of: Callable[[MapName], float]) -> None:
        """Show a pair's maps, each with colours up to its limit; None: no pair."""
        for name in MAPS:
            values, limit = None if report is None else report.map_of(name), limit_of(name)
            self._bars[name].setVisible(values is not None)
            if values is None or report is None:
                self.views[name].set_overlay(None)
                self._titles[name].setText("")
                continue
            rgba = map_rgba(name, values, threshold=report.threshold, limit=limit)
            self.views[name].set_overlay(rgba, values)
            total = f"  (sum {values.sum():.3f})".replace("-", "\N{MINUS SIGN}")
            self._titles[name].setText(TITLES[name] + ("" if name == "cosine" else total))
            self._titles[name].setToolTip(TIPS[name])
            threshold = report.threshold or 0.0
            if name == "cosine":
                self._bars[name].show_table(centred_table(threshold), -1, 1, threshold, TIPS[name])
            elif name == "attention":
                self._bars[name].show_table(table("sequential"), 0, limit, None, TIPS[name])
            else:
                self._bars[name].show_table(table("diverging"), -limit, limit, None, TIPS[name])
