"""The curves, areas and rank correlations of compared saliency methods."""

from collections.abc import Callable, Mapping

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from core.explain.colours import overlay_rgba, table
from core.explain.saliency.compare import SHUFFLED, Compared, rank_correlations, title
from core.explain.saliency.methods import TITLES

# Okabe and Ito's palette, told apart by colour-blind readers too.
COLOURS = {
    "xcos": "#0072b2",
    "grad-cam": "#e69f00",
    "grad-cam-target": "#d55e00",
    "occlusion": "#009e73",
    "rise": "#cc79a7",
    "random": "#888888",
}
HEAD = ("map", "seconds", "deletion", "insertion")


class CurvePlots(QWidget):
    """Deletion and insertion side by side; the chosen method's curve is thick."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.plots = []
        for kind, done, good in (
            ("deletion", "blurred", "lower is better"),
            ("insertion", "shown", "higher is better"),
        ):
            plot = pg.PlotWidget(enableMenu=False)
            plot.setTitle(f"{kind}: {good}", size="9pt")
            plot.setLabel("bottom", f"share of cells {done}")
            plot.setLabel("left", "score")
            plot.setToolTip(
                f"The score as cells are {done} in the order of each map, the highest first; one face "
                "changes while the other stays whole, and both sides are averaged"
            )
            plot.setAccessibleName(f"{kind} curves")
            plot.setMinimumSize(10 * self.fontMetrics().height(), 10 * self.fontMetrics().height())
            row.addWidget(plot)
            self.plots.append(plot)

    def show_curves(
        self, shown: Mapping[str, Compared], chosen: str, named: Callable[[str], str]
    ) -> None:
        """Draw the curves of methods and controls by name."""
        for plot, kind in zip(self.plots, ("deletion", "insertion"), strict=True):
            plot.clear()
            for name, one in shown.items():
                curve = getattr(one.curves, kind)
                control = name == "random" or name.startswith(SHUFFLED)
                pen = pg.mkPen(
                    COLOURS[name.removeprefix(SHUFFLED)],
                    width=3 if name == chosen else 1.5,
                    style=Qt.PenStyle.DashLine if control else Qt.PenStyle.SolidLine,
                )
                plot.plot(curve.shares, curve.scores, pen=pen, name=named(name))


class AreasTable(QTableWidget):
    """A row for each method and control with its time and areas; `chosen` tells the row's name."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, len(HEAD), parent)
        self._names: list[str] = []
        self.setHorizontalHeaderLabels(list(HEAD))
        self.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        self.setAccessibleName("Areas under the curves of each method")
        self.setToolTip(
            "Areas under the curves. Deletion is good when low, insertion when high. "
            "Choose a row to see its curve, and that of its shuffled weights, dashed."
        )
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(round(1.5 * self.fontMetrics().height()))
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.itemSelectionChanged.connect(lambda: self.chosen.emit(self.current() or ""))

    def current(self) -> str | None:
        """The chosen row's name."""
        row = self.currentRow()
        return self._names[row] if 0 <= row < len(self._names) else None

    def show_rows(self, methods: Mapping[str, Compared], controls: Mapping[str, Compared]) -> None:
        """Show the rows that there are; the choice stays."""
        kept = self.current()
        rows = {**methods, **controls}
        self.blockSignals(True)
        self._names = list(rows)
        self.setRowCount(len(rows))
        best = _best(methods)
        for row, (name, one) in enumerate(rows.items()):
            areas = (one.curves.deletion.area, one.curves.insertion.area)
            seconds = "" if name == "random" else f"{one.map.seconds:.2f}"
            texts = (title(name), seconds, *(f"{area:.3f}" for area in areas))
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text.replace("-0", "\N{MINUS SIGN}0"))
                if column:
                    item.setTextAlignment(
                        Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                    )
                else:
                    # Beside the name, not of it: text in these colours cannot be read in the dark.
                    item.setData(
                        Qt.ItemDataRole.DecorationRole, QColor(COLOURS[name.removeprefix(SHUFFLED)])
                    )
                font = item.font()
                font.setItalic(name in controls)
                font.setBold(column > 1 and best.get(HEAD[column]) == name)
                item.setFont(font)
                self.setItem(row, column, item)
        if kept in self._names:
            self.selectRow(self._names.index(kept))
        self.blockSignals(False)


class RanksTable(QTableWidget):
    """Spearman's rank correlation of the methods' maps, each with each."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
        self.setAccessibleName("Rank correlations of the methods' maps")
        self.setToolTip(
            "Spearman's rank correlation over the 49 cells, of the mean of both faces' maps: "
            "1 is the same order, 0 none, \N{MINUS SIGN}1 the reverse"
        )
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().setDefaultSectionSize(round(1.5 * self.fontMetrics().height()))

    def show_ranks(self, methods: Mapping[str, Compared]) -> None:
        """Show the correlations of the methods that there are."""
        names = list(methods)
        for count in (self.setRowCount, self.setColumnCount):
            count(len(names))
        if not names:
            return
        titles = [TITLES[name] for name in names]
        self.setVerticalHeaderLabels(titles)
        self.setHorizontalHeaderLabels([text.replace(" ", "\n", 1) for text in titles])
        ranks = rank_correlations([one.map.map for one in methods.values()])
        rgba = overlay_rgba(ranks, table("diverging"), -1, 1, 1.0)
        for row, column in np.ndindex(ranks.shape):
            value, colour = float(ranks[row, column]), rgba[row, column]
            text = "" if np.isnan(value) else f"{value:z.2f}".replace("-", "\N{MINUS SIGN}")
            item = QTableWidgetItem(text)
            item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
            if not np.isnan(value):
                item.setBackground(QColor(*colour[:3].tolist()))
                dark = colour[:3].astype(int) @ (299, 587, 114) < 128_000
                item.setForeground(QColor("white" if dark else "black"))
            self.setItem(row, column, item)


def _best(methods: Mapping[str, Compared]) -> dict[str, str]:
    """The methods with the lowest deletion area and the highest insertion area."""
    if not methods:
        return {}
    return {
        "deletion": min(methods, key=lambda name: methods[name].curves.deletion.area),
        "insertion": max(methods, key=lambda name: methods[name].curves.insertion.area),
    }
