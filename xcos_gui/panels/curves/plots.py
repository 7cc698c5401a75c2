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
from xcos_gui.widgets.outcomes import GENUINE, IMPOSTOR, SCORES
from xcos_gui.widgets.rate_plot import begin_axes, least_rate, rate_plot
from xcos_gui.widgets.theme import paint_axes

LABEL_AT = 0.94  # of the plot's height, for the threshold's label
HEADROOM = 1.35  # of the histogram's height over its highest bar
HANDLE = 12  # pixels of the mark on the threshold's line
LEAST_PLOT = 9  # lines of height of the curves and their tabs
WIDE = 320  # pixels of a histogram that has room for the threshold's label


class RateCurves:
    """ROC and DET of one gallery's scores, each with the point of the threshold."""

    def __init__(self) -> None:
        self.roc, self.det = rate_plot("TAR"), rate_plot("FRR")
        self.roc_curve, self.det_curve = (
            plot.plot(pen=pg.mkPen(GENUINE, width=2)) for plot in (self.roc, self.det)
        )
        self.roc_point, self.det_point = (
            plot.plot(symbol="o", symbolSize=10, symbolBrush=MARK, pen=None)
            for plot in (self.roc, self.det)
        )

    def show_statistics(self, statistics: PairStatistics) -> None:
        """Draw the curves of genuine and impostor scores."""
        genuine, impostor = len(statistics.genuine), len(statistics.impostor)
        for plot in (self.roc, self.det):
            begin_axes(plot, impostor, genuine)
        curve = statistics.curve()
        if curve is None:
            self.roc_curve.setData([], [])
            self.det_curve.setData([], [])
            return
        far = np.maximum(curve.far, least_rate(impostor))
        self.roc_curve.setData(far, curve.tar)
        self.det_curve.setData(far, np.maximum(curve.frr, least_rate(genuine)))

    def show_counts(self, counts: Counts) -> None:
        """Move the points to the counts at a threshold."""
        if counts.far is not None and counts.tar is not None:
            far = max(counts.far, least_rate(counts.impostor))
            self.roc_point.setData([far], [counts.tar])
            self.det_point.setData([far], [max(1 - counts.tar, least_rate(counts.genuine))])
        else:
            self.roc_point.setData([], [])
            self.det_point.setData([], [])


class ScorePlots(QWidget):
    """Three tabs of one gallery's scores; the threshold's line in the histograms can be dragged."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._statistics: PairStatistics | None = None
        self._counts: Counts | None = None
        self._rates: RateCurves | None = None
        self.tabs = QTabWidget(documentMode=True)
        self.tabs.setMinimumHeight(LEAST_PLOT * self.fontMetrics().height())
        self._make_histogram()
        self._pages = [self._add_page(title) for title in ("ROC", "DET")]
        self.reading = CurveReading(session)
        self.tabs.currentChanged.connect(self._show_tab)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(self.reading)

    # Making.

    def _add_page(self, title: str) -> QVBoxLayout:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        self.tabs.addTab(page, title)
        return layout

    @property
    def rates(self) -> RateCurves:
        """ROC and DET, made when one is first looked at: the window opens without them."""
        if self._rates is None:
            self._rates = self._make_rates()
        return self._rates

    def _make_rates(self) -> RateCurves:
        rates = RateCurves()
        curves = ((rates.roc, rates.roc_curve), (rates.det, rates.det_curve))
        for page, (plot, curve) in zip(self._pages, curves, strict=True):
            page.addWidget(plot)
            self.reading.read(CurveReader(plot, curve))
            self._take_palette(plot)
        if self._statistics is not None:
            rates.show_statistics(self._statistics)
        if self._counts is not None:
            rates.show_counts(self._counts)
        return rates

    def _show_tab(self, tab: int) -> None:
        if tab > 0 and self._rates is None:
            self._rates = self._make_rates()
        self.reading.show_tab(tab)

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
            label="threshold {value:z.3f}",
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
        self._statistics = statistics
        if self._rates is not None:
            self._rates.show_statistics(statistics)

    def show_threshold(self, threshold: float, counts: Counts) -> None:
        """Move the line and the points to a threshold and the counts at it."""
        with QSignalBlocker(self.line):
            self.line.setValue(threshold)
            self.line.label.valueChanged()
        self._counts = counts
        if self._rates is not None:
            self._rates.show_counts(counts)

    # Painting.

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "line"):
            self._take_palettes()
        super().changeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        self._take_palettes()
        super().showEvent(event)

    def _take_palettes(self) -> None:
        self._take_palette(self.histogram)
        self.line.setPen(pg.mkPen(MARK, width=2))
        self.line.label.setColor(self.palette().color(QPalette.ColorRole.WindowText))
        if self._rates is not None:
            self._take_palette(self._rates.roc)
            self._take_palette(self._rates.det)

    def _take_palette(self, plot: pg.PlotWidget) -> None:
        palette = self.palette()
        plot.setBackground(palette.color(QPalette.ColorRole.Base))
        paint_axes(plot, palette)
