"""Histograms, ROC and DET, with the threshold in each."""

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QSignalBlocker
from PySide6.QtGui import QColor, QPalette, QShowEvent
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from core.scoring.statistics import Counts, PairStatistics
from xcos_gui.state.session import Session
from xcos_gui.widgets.curve_reader import CurveReader
from xcos_gui.widgets.curve_reading import CurveReading
from xcos_gui.widgets.design import MARK
from xcos_gui.widgets.outcomes import GENUINE, IMPOSTOR, LEAST_RATE, SCORES
from xcos_gui.widgets.theme import paint_axes

LABEL_AT = 0.94  # of the plot's height, for the threshold's label
HEADROOM = 1.35  # of the histogram's height over its highest bar
HANDLE = 12  # pixels of the mark on the threshold's line
LEAST_PLOT = 9  # lines of height of the curves and their tabs
WIDE = 320  # pixels of a histogram that has room for the threshold's label


class ScorePlots(QWidget):
    """Three tabs of one gallery's scores; the threshold's line in the histograms can be dragged."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.tabs = QTabWidget(documentMode=True)
        self.tabs.setMinimumHeight(LEAST_PLOT * self.fontMetrics().height())
        self._make_histogram()
        self.roc, self.roc_curve, self.roc_point = self._make_curve(
            "ROC", "FAR", "TAR", log_y=False
        )
        self.det, self.det_curve, self.det_point = self._make_curve("DET", "FAR", "FRR", log_y=True)
        curves = ((self.roc, self.roc_curve), (self.det, self.det_curve))
        self.reading = CurveReading(session, [CurveReader(*one) for one in curves])
        self.tabs.currentChanged.connect(self.reading.show_tab)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(self.reading)

    # Making.

    def _make_histogram(self) -> None:
        self.histogram = pg.PlotWidget(enableMenu=False)
        # Panning would only move the threshold line away from under the mouse.
        self.histogram.setMouseEnabled(x=False, y=False)
        self.histogram.hideButtons()
        self.histogram.setLabel("bottom", SCORES)
        self.histogram.setLabel("left", "share of pairs")
        self._bars = []
        for name, colour in (("genuine", GENUINE), ("impostor", IMPOSTOR)):
            fill = QColor(colour)
            fill.setAlpha(110)
            curve = pg.PlotDataItem(
                stepMode="center",
                fillLevel=0,
                brush=fill,
                pen=pg.mkPen(colour, width=1.5),
                name=name,
            )
            self.histogram.addItem(curve)
            self._bars.append(curve)
        self.line = pg.InfiniteLine(
            movable=True,
            angle=90,
            label="threshold {value:.3f}",
            labelOpts={"position": LABEL_AT},
        )
        self.line.addMarker("<|>", 0.5, HANDLE)  # it can be caught beside the line too
        self.line.setHoverPen(pg.mkPen(MARK, width=4))
        self.line.sigPositionChanged.connect(
            lambda line: self._session.set_threshold(float(line.value()))
        )
        self.histogram.addItem(self.line)
        box = self.histogram.getViewBox()
        box.sigResized.connect(lambda: self.line.label.setVisible(box.width() >= WIDE))
        self.tabs.addTab(self.histogram, "Histograms")

    def _make_curve(
        self, title: str, x: str, y: str, log_y: bool
    ) -> tuple[pg.PlotWidget, pg.PlotDataItem, pg.PlotDataItem]:
        plot = pg.PlotWidget(enableMenu=False)
        plot.setLabel("bottom", f"{x} (false accept rate)")
        whole = f"{y} ({'false reject' if y == 'FRR' else 'true accept'} rate)"
        least = plot.fontMetrics().horizontalAdvance(whole)
        box = plot.getViewBox()
        # Where the whole name has no room along the axis, its ends would be cut off.
        box.sigResized.connect(lambda: plot.setLabel("left", whole if box.height() >= least else y))
        plot.setLabel("left", whole)
        plot.setLogMode(x=True, y=log_y)
        plot.showGrid(x=True, y=True, alpha=0.2)
        curve = plot.plot(pen=pg.mkPen(GENUINE, width=2))
        point = plot.plot(symbol="o", symbolSize=10, symbolBrush=MARK, pen=None)
        self.tabs.addTab(plot, title)
        return plot, curve, point

    # Following.

    def show_statistics(self, statistics: PairStatistics) -> None:
        """Draw the distributions of genuine and impostor scores, and the curves that follow from them."""
        edges, genuine, impostor = statistics.histograms()
        for bars, counts in zip(self._bars, (genuine, impostor), strict=True):
            bars.setData(edges, counts / max(1, counts.sum()))
        highest = max(float((n / max(1, n.sum())).max()) for n in (genuine, impostor))
        if highest:  # the threshold's label stands above the bars
            self.histogram.setYRange(0, HEADROOM * highest, padding=0)
        used = edges[:-1][(genuine + impostor) > 0]
        if len(used):
            self.histogram.setXRange(float(used.min()) - 0.02, float(used.max()) + 0.04, padding=0)
        curve = statistics.curve()
        if curve is None:
            self.roc_curve.setData([], [])
            self.det_curve.setData([], [])
            return
        far = np.maximum(curve.far, LEAST_RATE)
        self.roc_curve.setData(far, curve.tar)
        self.det_curve.setData(far, np.maximum(curve.frr, LEAST_RATE))
        tip = (
            f"The least rate that can be told is one of {len(statistics.impostor):,} impostor and one of "
            f"{len(statistics.genuine):,} genuine pairs; the axis begins there."
        )
        least = float(np.log10(1 / max(2, len(statistics.impostor))))
        for plot in (self.roc, self.det):
            plot.setToolTip(tip)
            plot.setLimits(xMin=least, xMax=0.05 - 0.05 * least)
            plot.setXRange(least, 0, padding=0)

    def show_threshold(self, threshold: float, counts: Counts) -> None:
        """Move the line and the points to a threshold and the counts at it."""
        with QSignalBlocker(self.line):
            self.line.setValue(threshold)
            self.line.label.valueChanged()
        if counts.far is not None and counts.tar is not None:
            far = max(counts.far, LEAST_RATE)
            self.roc_point.setData([far], [counts.tar])
            self.det_point.setData([far], [max(1 - counts.tar, LEAST_RATE)])
        else:
            self.roc_point.setData([], [])
            self.det_point.setData([], [])

    # Painting.

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "det"):
            self._take_palette()
        super().changeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        self._take_palette()
        super().showEvent(event)

    def _take_palette(self) -> None:
        palette = self.palette()
        text = palette.color(QPalette.ColorRole.WindowText)
        for plot in (self.histogram, self.roc, self.det):
            plot.setBackground(palette.color(QPalette.ColorRole.Base))
            paint_axes(plot, palette)
        self.line.setPen(pg.mkPen(MARK, width=2))
        self.line.label.setColor(text)
