"""A protocol's plots: score histogram, ROC, DET, and accuracy as faces are masked."""

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Signal
from PySide6.QtWidgets import QPushButton, QTabWidget, QVBoxLayout, QWidget

from core.evaluation.occlusion_curve import OcclusionCurve
from core.evaluation.results import NAMES, Evaluation, Measured, error_curves
from xcos_gui.widgets.elided import PlainLabel
from xcos_gui.widgets.outcomes import GENUINE, IMPOSTOR, SCORES
from xcos_gui.widgets.rate_plot import begin_axes, least_rate, rate_plot

BINS = 60
COLOURS = {
    "learned": "#d7191c",
    "uniform": "#2c7bb6",
    "correlation": "#1a9641",
    "fc": "#c77b00",
    "target": "#7b3294",
}
UNMEASURED = (
    "Each face is masked by free-form strokes, 10 to 60 % of it, and every pair scored again."
)


class EvaluationPlots(QTabWidget):
    """Tabs over one evaluation; `bin_chosen` tells the range of a clicked bin."""

    bin_chosen = Signal(float, float)
    occlusion_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDocumentMode(True)
        self._edges = np.linspace(-1, 1, BINS + 1)
        self.histogram = self._plot(SCORES, "pairs", legend=False)
        self.histogram.setMouseEnabled(x=False, y=False)
        self.histogram.scene().sigMouseClicked.connect(self._on_click)
        self.histogram.setToolTip("Click a bin to list its pairs")
        self.roc, self.det = rate_plot("TAR"), rate_plot("FRR")
        self.roc.addLegend(
            offset=(-5, -5)
        )  # where no curve comes: it ends in the upper right corner
        self.det.addLegend(offset=(-5, 5))
        self.occlusion = self._plot("masked part of the face (%)", "accuracy (%)")
        self.measure = QPushButton("Measure with masked faces")
        self.measure.setAutoDefault(False)
        self.measure.setEnabled(False)
        self.measure.setToolTip("Takes about seven times as long as the evaluation")
        self.measure.clicked.connect(self.occlusion_asked)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(PlainLabel(UNMEASURED, wordWrap=True))
        column.addWidget(self.measure)
        column.addWidget(self.occlusion, 1)
        for widget, title in (
            (self.histogram, "Histogram"),
            (self.roc, "ROC"),
            (self.det, "DET"),
            (page, "Occlusion"),
        ):
            self.addTab(widget, title)
        self.plots = [self.histogram, self.roc, self.det, self.occlusion]

    def _plot(self, x: str, y: str, legend: bool = True) -> pg.PlotWidget:
        plot = pg.PlotWidget(enableMenu=False)
        plot.setLabel("bottom", x)
        plot.setLabel("left", y)
        plot.showGrid(x=True, y=True, alpha=0.2)
        if legend:
            plot.addLegend(offset=(-5, 5))
        return plot

    def show_evaluation(self, evaluation: Evaluation) -> None:
        """Draw the curves of all kinds; the occlusion curve is gone until it is measured."""
        for plot in (self.roc, self.det, self.occlusion):
            plot.clear()
        genuine = int(evaluation.same.sum())
        impostor = len(evaluation.same) - genuine
        for kind, far, frr in error_curves(evaluation):
            pen = pg.mkPen(COLOURS[kind], width=2)
            shown = np.maximum(far, least_rate(impostor))
            self.roc.plot(shown, 1 - frr, pen=pen, name=NAMES[kind])
            least = np.maximum(frr, least_rate(genuine))
            self.det.plot(shown, least, pen=pen, name=NAMES[kind])
        for plot in (self.roc, self.det):
            begin_axes(plot, impostor, genuine)
        self.measure.setEnabled(True)

    def show_kind(self, measured: Measured, same: np.ndarray) -> None:
        """Draw one kind's histogram with its threshold."""
        self.histogram.clear()
        scores = measured.scores
        # Just above the highest score, which a bin of its own kind of number would round to.
        self._edges = np.linspace(float(scores.min()), float(scores.max()) + 1e-9, BINS + 1)
        for sort, colour in ((same, GENUINE), (~same, IMPOSTOR)):
            heights, _ = np.histogram(scores[sort], self._edges)
            fill = pg.mkColor(colour)
            fill.setAlpha(110)
            pen = pg.mkPen(colour, width=1.5)
            self.histogram.plot(
                self._edges, heights, stepMode="center", fillLevel=0, brush=fill, pen=pen
            )
        threshold = measured.metrics.threshold
        if threshold is not None:
            pen = pg.mkPen("#ff00c8", width=2)
            self.histogram.addItem(pg.InfiniteLine(threshold, 90, pen=pen))

    def show_occlusion(self, curve: OcclusionCurve) -> None:
        """Draw accuracy against the masked part."""
        self.occlusion.clear()
        for kind, accuracies in curve.accuracies.items():
            self.occlusion.plot(
                100 * np.array(curve.shares),
                100 * np.array(accuracies),
                pen=pg.mkPen(COLOURS[kind], width=2),
                symbol="o",
                symbolSize=7,
                symbolBrush=COLOURS[kind],
                name=NAMES[kind],
            )

    def choose_bin(self, score: float) -> None:
        """Tell the range of the bin that a score lies in."""
        number = int(np.clip(np.searchsorted(self._edges, score, "right") - 1, 0, BINS - 1))
        self.bin_chosen.emit(float(self._edges[number]), float(self._edges[number + 1]))

    def _on_click(self, event: object) -> None:
        place: QPointF = event.scenePos()  # type: ignore[attr-defined]
        self.choose_bin(self.histogram.plotItem.vb.mapSceneToView(place).x())
