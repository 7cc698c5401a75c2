"""What the window of two models shows: figures, agreement, scores, ROC and one pair's maps."""

from html import escape
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import (
    QGridLayout,
    QGroupBox,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.analysis.two_models import Comparison, Scatter
from core.errors import counted
from core.explain.colours import MapName
from core.explain.explanation import PairDecision, shared_limits
from core.explain.words import decision_words
from core.scoring.statistics import WANTED_FARS
from xcos_gui.widgets.cell_view import Cell
from xcos_gui.widgets.elided import PlainLabel
from xcos_gui.widgets.map_view import MapView
from xcos_gui.widgets.outcomes import GENUINE, IMPOSTOR, percent
from xcos_gui.widgets.rate_plot import begin_axes, least_rate, rate_plot
from xcos_gui.widgets.readout import Readout

A_COLOUR, B_COLOUR = GENUINE, QColor("#cc79a7")
MARK = "#ff00c8"
MAPS: tuple[tuple[MapName, str], ...] = (
    ("cosine", "S"),
    ("attention", "W"),
    ("evidence", "evidence"),
)


class FiguresTable(QTableWidget):
    """Thresholds, rates and areas of both models."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, 2, parent)
        self.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
        self.setAccessibleName("Figures of both models")
        self.setHorizontalHeaderLabels(["A", "B"])
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().setDefaultSectionSize(round(1.5 * self.fontMetrics().height()))
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def show_comparison(self, comparison: Comparison) -> None:
        """Show both models' figures at the comparison's thresholds."""
        self.setHorizontalHeaderLabels(list(comparison.names))
        models, counts = (comparison.models.a, comparison.models.b), comparison.outcomes()
        rows: list[tuple[str, list[str]]] = [
            ("threshold", [f"{t:.4f}" for t, _ in (comparison.first, comparison.second)]),
            ("accuracy", [percent(c.accuracy) for c in counts]),
            ("TAR", [percent(c.tar) for c in counts]),
            ("FAR", [percent(c.far) for c in counts]),
            ("AUC", [_decimals(m.scored.statistics.auc()) for m in models]),
            (
                "EER",
                [
                    percent(None if (e := m.scored.statistics.eer()) is None else e[0])
                    for m in models
                ],
            ),
        ]
        for far in WANTED_FARS:
            at = [m.scored.statistics.threshold_at_far(far) for m in models]
            if at[0] is not None:
                tars = [
                    None if t is None else m.scored.statistics.counts(t).tar
                    for m, t in zip(models, at, strict=True)
                ]
                rows.append((f"TAR at FAR {far:g}", [percent(tar) for tar in tars]))
        self.setRowCount(len(rows))
        self.setVerticalHeaderLabels([name for name, _ in rows])
        for row, (_, texts) in enumerate(rows):
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.setItem(row, column, item)
        height = self.horizontalHeader().sizeHint().height() + self.verticalHeader().length() + 6
        self.setFixedHeight(height)


class AgreementTable(QGroupBox):
    """Pairs by who is right, two by two; a click on a count asks for its pairs."""

    asked = Signal(bool, bool, object)  # a right, b right, genuine | None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Who is right (click a count to list its pairs)", parent)
        grid = QGridLayout(self)
        self.buttons: dict[tuple[bool, bool, bool | None], QPushButton] = {}
        middle = Qt.AlignmentFlag.AlignCenter
        for place, text in enumerate(("B right", "B wrong"), start=1):
            grid.addWidget(PlainLabel(text, alignment=middle), 0, place)
        for row, a_right in enumerate((True, False), start=1):
            grid.addWidget(PlainLabel("A right" if a_right else "A wrong"), row, 0)
            for column, b_right in enumerate((True, False), start=1):
                grid.addLayout(self._cell(a_right, b_right), row, column)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)

    def _cell(self, a_right: bool, b_right: bool) -> QVBoxLayout:
        column, parts = QVBoxLayout(), QHBoxLayout()
        column.setSpacing(0)
        parts.setSpacing(0)
        for genuine in (None, True, False):
            button = QPushButton(autoDefault=False, flat=genuine is not None)
            if genuine is None:
                font = QFont(button.font())
                font.setBold(True)
                button.setFont(font)
            button.clicked.connect(
                lambda _=False, key=(a_right, b_right, genuine): self.asked.emit(*key)
            )
            self.buttons[a_right, b_right, genuine] = button
            (column if genuine is None else parts).addWidget(button)
        column.addLayout(parts)
        return column

    def show_comparison(self, comparison: Comparison) -> None:
        """Show the counts."""
        names = {None: "", True: " genuine", False: " impostor"}
        for key, button in self.buttons.items():
            count = comparison.count(*key)
            button.setText(f"{count:,}{names[key[2]]}")
            button.setEnabled(count > 0)
            button.setToolTip(f"List the pairs: {comparison.title(*key)}")
            button.setAccessibleName(f"{comparison.title(*key)}: {counted(count, 'pair')}")


class ScatterView(QWidget):
    """Each pair's score by both models; a click on a point looks at its pair."""

    chosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot = pg.PlotWidget(enableMenu=False)
        self.plot.addLegend(offset=(10, 10))
        self.plot.setAccessibleName("Scores of the pairs by both models")
        self.items: dict[bool, Any] = {}
        for genuine, colour, name in ((False, IMPOSTOR, "impostor"), (True, GENUINE, "genuine")):
            fill = QColor(colour)
            fill.setAlpha(165)
            item = pg.ScatterPlotItem(
                size=6, pen=None, brush=fill, name=name, hoverable=True, hoverSize=10, tip=None
            )
            item.sigClicked.connect(self._on_clicked)
            self.plot.addItem(item)
            self.items[genuine] = item
        self._lines = [
            pg.InfiniteLine(angle=angle, pen=pg.mkPen(MARK, width=1.5)) for angle in (90, 0)
        ]
        self._current = pg.ScatterPlotItem(size=15, pen=pg.mkPen(MARK, width=3), brush=None)
        for item in (*self._lines, self._current):
            self.plot.addItem(item, ignoreBounds=True)  # a ring must not move the axes
        self.drawn = PlainLabel(wordWrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.addWidget(self.plot, 1)
        column.addWidget(self.drawn)

    def show_scatter(self, scatter: Scatter, comparison: Comparison) -> None:
        """Show the scores, with both thresholds as lines."""
        for genuine, item in self.items.items():
            places = np.flatnonzero(scatter.genuine == genuine)
            pairs = scatter.pairs.at(places)
            cells = list(zip(pairs.rows.tolist(), pairs.columns.tolist(), strict=True))
            item.setData(x=pairs.scores, y=scatter.other[places], data=cells)
            # Said again, since a legend takes the theme's colour only then.
            name = "genuine" if genuine else "impostor"
            self.plot.plotItem.legend.getLabel(item).setText(name)
        for line, (threshold, _) in zip(
            self._lines, (comparison.first, comparison.second), strict=True
        ):
            line.setValue(threshold)
        for side, name in zip(("bottom", "left"), comparison.names, strict=True):
            self.plot.setLabel(side, f"score by {escape(name)}")  # which takes markup
        self.drawn.setText(
            f"{scatter.words} Lines: the thresholds. Click a point to look at its pair."
        )

    def mark(self, scores: tuple[float, float] | None) -> None:
        """Ring the pair looked at; None: none."""
        self._current.setData(*([scores[0]], [scores[1]]) if scores else ([], []))

    def _on_clicked(self, item: Any, points: Any, event: Any = None) -> None:
        if len(points):
            self.chosen.emit(*points[0].data())


class RocView(QWidget):
    """Both models' ROC with the points at their thresholds."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot = rate_plot("TAR")
        self.plot.addLegend(offset=(-10, -10))
        self.plot.setAccessibleName("ROC curves of both models")
        self.curves = [
            self.plot.plot(pen=pg.mkPen(colour, width=2), name=name)
            for colour, name in ((A_COLOUR, "A"), (B_COLOUR, "B"))
        ]
        self._points = [
            self.plot.plot(symbol="o", symbolSize=10, symbolBrush=colour, pen=None)
            for colour in (A_COLOUR, B_COLOUR)
        ]
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.addWidget(self.plot)

    def show_comparison(self, comparison: Comparison) -> None:
        """Show both curves; empty without both sorts of pairs."""
        models = comparison.models.a, comparison.models.b
        statistics = models[0].scored.statistics  # of the same pairs as the other's
        begin_axes(self.plot, len(statistics.impostor), len(statistics.genuine))
        for curve, point, model, counts, name in zip(
            self.curves, self._points, models, comparison.outcomes(), comparison.names, strict=True
        ):
            roc = model.scored.statistics.curve()
            if roc is None or counts.far is None or counts.tar is None:
                curve.setData([], [])
                point.setData([], [])
                continue
            curve.setData(np.maximum(roc.far, least_rate(counts.impostor)), roc.tar)
            point.setData([max(counts.far, least_rate(counts.impostor))], [counts.tar])
            legend = self.plot.plotItem.legend
            legend.getLabel(curve).setText(escape(name))


class PairMapsView(QWidget):
    """S, W and evidence of one pair under both models, one above the other."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._empty = PlainLabel("Choose a pair to see its maps under both models.")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(self._empty, 0, 0, 1, 3)
        self.words = PlainLabel(wordWrap=True), PlainLabel(wordWrap=True)
        self.maps: list[dict[MapName, MapView]] = []
        for side, letter in enumerate("AB"):
            views = {name: MapView(name, f"{letter}: {text}") for name, text in MAPS}
            for column, view in enumerate(views.values()):
                grid.addWidget(view, 2, 3 * side + column)
                grid.setColumnStretch(3 * side + column, 1)
                view.view.cell_changed.connect(self._mark)
            grid.addWidget(self.words[side], 1, 3 * side, 1, 3)
            self.maps.append(views)
        self.cell_text = Readout()
        grid.addWidget(self.cell_text, 3, 0, 1, 6)
        grid.setRowStretch(2, 1)

    def show_pair(
        self,
        decided: tuple[PairDecision, PairDecision] | None,
        comparison: Comparison | None,
    ) -> None:
        """Show a pair under both models with shared colours; None: no pair."""
        self._empty.setVisible(decided is None)
        self._mark(None)
        if decided is None or comparison is None:
            for views, words in zip(self.maps, self.words, strict=True):
                words.clear()
                for view in views.values():
                    view.show_map(None, 0, 1)
            return
        shared = shared_limits(decided, [name for name, _ in MAPS])
        for pair, views, words, name in zip(
            decided, self.maps, self.words, comparison.names, strict=True
        ):
            words.setText(f"{name}: {decision_words(pair)}")
            words.setToolTip(f"{pair.explanation.left}\n{pair.explanation.right}")
            for map_name, view in views.items():
                view.show_map(pair.map_of(map_name), pair.threshold or 0.0, shared[map_name])

    def _mark(self, cell: Cell | None) -> None:
        texts = []
        for letter, views in zip("AB", self.maps, strict=True):
            for view in views.values():
                view.mark(cell)
            values = {name: view.values for name, view in views.items()}
            if cell is not None and all(v is not None for v in values.values()):
                numbers = [f"{text} {values[name][cell]:z.4f}" for name, text in MAPS]  # type: ignore[index]
                texts.append(f"{letter}: {', '.join(numbers)}")
        place = "" if cell is None else f"Row {cell[0] + 1}, column {cell[1] + 1}. "
        self.cell_text.setText(
            (place + "; ".join(texts)).replace("-", "\N{MINUS SIGN}") if texts else ""
        )


def _decimals(value: float | None) -> str:
    return "\N{EN DASH}" if value is None else f"{value:z.4f}"
