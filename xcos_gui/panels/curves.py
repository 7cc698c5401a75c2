"""Counts, rates, histograms, ROC and DET, all following one threshold."""

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QColor, QPalette, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.analysis.diverse import diverse_pairs
from core.errors import counted
from core.query.selection import NAMES
from core.scoring.lists import PairList
from core.scoring.matrix import Outcome
from core.scoring.scored import ScoredGallery
from core.scoring.statistics import WANTED_FARS, Counts
from xcos_gui.state.session import Session
from xcos_gui.state.threshold_before import ThresholdBefore
from xcos_gui.widgets.curve_reader import CurveReader
from xcos_gui.widgets.curve_reading import CurveReading
from xcos_gui.widgets.decimal_box import DecimalBox
from xcos_gui.widgets.elided import PlainLabel
from xcos_gui.widgets.outcomes import (
    GENUINE,
    IMPOSTOR,
    LEAST_RATE,
    MEANINGS,
    SCORES,
    OutcomeButton,
    percent,
)
from xcos_gui.widgets.theme import paint_axes

LABEL_AT = 0.94  # of the plot's height, for the threshold's label
HEADROOM = 1.35  # of the histogram's height over its highest bar
HANDLE = 12  # pixels of the mark on the threshold's line
LEAST_PLOT = 9  # lines of height of the curves and their tabs
BESIDE = 34  # lines of width from which the curves have room beside the counts
WIDE = 320  # pixels of a histogram that has room for the threshold's label


class CurvesPanel(QWidget):
    """The 2x2 counts beside the curves; the threshold line can be dragged."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._tabs = QTabWidget(documentMode=True)
        self._make_histogram()
        self._roc, self._roc_curve, self._roc_point = self._make_curve(
            "ROC", "FAR", "TAR", log_y=False
        )
        self._det, self._det_curve, self._det_point = self._make_curve(
            "DET", "FAR", "FRR", log_y=True
        )
        side = QVBoxLayout()
        side.addLayout(self._make_threshold())
        side.addLayout(self._make_counts())
        self.spread = QCheckBox("List &diverse pairs")
        self.spread.setToolTip(
            "Of an outcome, list only the worst pair of each two people, and kinds of evidence in turn, "
            "instead of the worst pairs of all"
        )
        side.addWidget(self.spread)
        self.summary = PlainLabel(wordWrap=True)
        # The plot beside it keeps its size, whatever the numbers are.
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.summary.setSizePolicy(policy)
        side.addWidget(self.summary)
        side.addStretch(1)
        layout = self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addLayout(side)
        self._side = side
        plots = QVBoxLayout()
        plots.addWidget(self._tabs, 1)
        self._tabs.setMinimumHeight(LEAST_PLOT * self.fontMetrics().height())
        curves = ((self._roc, self._roc_curve), (self._det, self._det_curve))
        self.reading = CurveReading(session, [CurveReader(*one) for one in curves])
        self.readers = self.reading.readers
        self._tabs.currentChanged.connect(self.reading.show_tab)
        plots.addWidget(self.reading)
        layout.addLayout(plots, 1)
        self._spreading = self._session.activity.job(self)
        self._spreading.finished.connect(self._on_spread)
        self._spreading.failed.connect(self._session.tell)
        self._listed: Outcome | None = "FP"  # whose pairs are listed, as the list begins
        session.listed_outcome_changed.connect(self._note_listed)
        session.pairs_listed.connect(lambda *_: self._note_listed(None))
        self.spread.toggled.connect(lambda: self._list(self._listed) if self._listed else None)
        session.matrix_changed.connect(self._on_matrix_changed)
        session.threshold_changed.connect(self._on_threshold_changed)
        self.before = ThresholdBefore(session)
        session.idle.connect(self._on_idle)
        self._on_matrix_changed()

    def close_job(self) -> None:
        """End the background work."""
        self.reading.close_job()
        self._spreading.close()

    # Making.

    def _make_threshold(self) -> QHBoxLayout:
        row = QHBoxLayout()
        label = PlainLabel("&Threshold")
        self.spin = DecimalBox(decimals=4, minimum=-1.0, maximum=1.0, singleStep=0.005)
        self.spin.setToolTip('A pair is called "same" when its score is above the threshold.')
        self.spin.setKeyboardTracking(False)
        self.spin.valueChanged.connect(self._session.set_threshold)
        label.setBuddy(self.spin)
        self._choose = QToolButton(
            text="Set…", popupMode=QToolButton.ToolButtonPopupMode.InstantPopup
        )
        self._choose.setToolTip("The weights' own threshold, or one for a wanted false accept rate")
        self.menu = QMenu(self)
        self.menu.aboutToShow.connect(self._fill_menu)
        self._choose.setMenu(self.menu)
        for widget in (label, self.spin, self._choose):
            row.addWidget(widget)
        return row

    def _make_counts(self) -> QGridLayout:
        grid = QGridLayout()
        for column, text in enumerate(("called same", "called different"), start=1):
            grid.addWidget(PlainLabel(text, alignment=Qt.AlignmentFlag.AlignCenter), 0, column)
        self.counts: dict[Outcome, QPushButton] = {}
        rows: tuple[tuple[str, tuple[Outcome, Outcome]], ...] = (
            ("genuine", ("TP", "FN")),
            ("impostor", ("FP", "TN")),
        )
        for row, (text, outcomes) in enumerate(rows, start=1):
            grid.addWidget(PlainLabel(text), row, 0)
            for column, outcome in enumerate(outcomes, start=1):
                button = OutcomeButton(outcome)
                button.clicked.connect(lambda _=False, o=outcome: self._list(o))
                self.counts[outcome] = button
                grid.addWidget(button, row, column)
        return grid

    def _make_histogram(self) -> None:
        self._histogram = pg.PlotWidget()
        self._histogram.setMenuEnabled(False)
        # Panning would only move the threshold line away from under the mouse.
        self._histogram.setMouseEnabled(x=False, y=False)
        self._histogram.hideButtons()
        self._histogram.setLabel("bottom", SCORES)
        self._histogram.setLabel("left", "share of pairs")
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
            self._histogram.addItem(curve)
            self._bars.append(curve)
        self.line = pg.InfiniteLine(
            movable=True,
            angle=90,
            label="threshold {value:.3f}",
            labelOpts={"position": LABEL_AT},
        )
        self.line.addMarker("<|>", 0.5, HANDLE)  # it can be caught beside the line too
        self.line.setHoverPen(pg.mkPen("#ff00c8", width=4))
        self.line.sigPositionChanged.connect(
            lambda line: self._session.set_threshold(float(line.value()))
        )
        self._histogram.addItem(self.line)
        box = self._histogram.getViewBox()
        box.sigResized.connect(lambda: self.line.label.setVisible(box.width() >= WIDE))
        self._tabs.addTab(self._histogram, "Histograms")

    def _make_curve(
        self, title: str, x: str, y: str, log_y: bool
    ) -> tuple[pg.PlotWidget, pg.PlotDataItem, pg.PlotDataItem]:
        plot = pg.PlotWidget()
        plot.setMenuEnabled(False)
        plot.setLabel("bottom", f"{x} (false accept rate)")
        plot.setLabel("left", f"{y} ({'false reject' if y == 'FRR' else 'true accept'} rate)")
        plot.setLogMode(x=True, y=log_y)
        plot.showGrid(x=True, y=True, alpha=0.2)
        curve = plot.plot(pen=pg.mkPen(GENUINE, width=2))
        point = plot.plot(symbol="o", symbolSize=10, symbolBrush="#ff00c8", pen=None)
        self._tabs.addTab(plot, title)
        return plot, curve, point

    # Listing.

    def _list(self, outcome: Outcome) -> None:
        session = self._session
        scored, threshold, mask = session.scored, session.threshold, session.filter.mask
        if not self.spread.isChecked() or scored is None:
            session.list_outcome(outcome)
            return
        self._spreading.start(
            lambda running: (
                scored,
                outcome,
                diverse_pairs(scored, outcome, threshold, mask, running),
            )
        )

    def _on_spread(self, spread: tuple[ScoredGallery, Outcome, PairList]) -> None:
        scored, outcome, pairs = spread
        if scored is self._session.scored:
            self._session.list_pairs(f"Diverse {NAMES[outcome]}", pairs)
            self._listed = outcome

    def _note_listed(self, outcome: Outcome | None) -> None:
        self._listed = outcome

    # Following.

    def _on_matrix_changed(self) -> None:
        statistics = self._session.statistics
        self._tabs.setVisible(statistics is not None)  # never axes of nothing
        known = statistics is not None and len(statistics.genuine) + len(statistics.impostor) > 0
        for outcome, button in self.counts.items():
            button.setEnabled(known)
            if statistics is not None:
                sort = statistics.genuine if outcome in ("TP", "FN") else statistics.impostor
                button.setMinimumWidth(self._widest(len(sort)))
        if statistics is None:
            self._clear()
        else:
            edges, genuine, impostor = statistics.histograms()
            for bars, counts in zip(self._bars, (genuine, impostor), strict=True):
                bars.setData(edges, counts / max(1, counts.sum()))
            highest = max(float((n / max(1, n.sum())).max()) for n in (genuine, impostor))
            if highest:  # the threshold's label stands above the bars
                self._histogram.setYRange(0, HEADROOM * highest, padding=0)
            used = edges[:-1][(genuine + impostor) > 0]
            if len(used):
                self._histogram.setXRange(
                    float(used.min()) - 0.02, float(used.max()) + 0.04, padding=0
                )
            curve = statistics.curve()
            if curve is None:
                self._roc_curve.setData([], [])
                self._det_curve.setData([], [])
            else:
                far = np.maximum(curve.far, LEAST_RATE)
                self._roc_curve.setData(far, curve.tar)
                self._det_curve.setData(far, np.maximum(curve.frr, LEAST_RATE))
                tip = (
                    f"The least rate that can be told is one of {len(statistics.impostor):,} impostor and one of "
                    f"{len(statistics.genuine):,} genuine pairs; the axis begins there."
                )
                least = float(np.log10(1 / max(2, len(statistics.impostor))))
                for plot in (self._roc, self._det):
                    plot.setToolTip(tip)
                    plot.setLimits(xMin=least, xMax=0.05 - 0.05 * least)
                    plot.setXRange(least, 0, padding=0)
        self._on_threshold_changed(self._session.threshold)

    def _widest(self, most: int) -> int:
        """Room for any count and rate, so that the plot keeps its place when they change."""
        texts = (f"TP  {most:,}", "TRR 100.0000 %")
        return max(self.fontMetrics().horizontalAdvance(text) for text in texts) + 26

    def _on_idle(self) -> None:
        self._on_threshold_changed(self._session.threshold)

    def _on_threshold_changed(self, threshold: float) -> None:
        for widget in (self.spin, self.line):
            widget.blockSignals(True)
        self.spin.setValue(threshold)
        self.line.setValue(threshold)
        self.line.label.valueChanged()
        for widget in (self.spin, self.line):
            widget.blockSignals(False)
        statistics = self._session.statistics
        if statistics is None:
            return
        counts = statistics.counts(threshold)
        for outcome, button in self.counts.items():
            attribute, name, _ = MEANINGS[outcome]
            number = getattr(counts, outcome.lower())
            button.setText(f"{outcome}  {number:,}\n{name} {percent(getattr(counts, attribute))}")
        so_far = self._session.faces_so_far
        estimated = "" if not self._session.estimated else "Of estimated scores yet: "
        growing = "" if so_far is None else f"Of {counted(so_far, 'face')} so far: "
        self.summary.setText((growing or estimated) + self._summary(counts))
        if counts.far is not None and counts.tar is not None:
            far = max(counts.far, LEAST_RATE)
            self._roc_point.setData([far], [counts.tar])
            self._det_point.setData([far], [max(1 - counts.tar, LEAST_RATE)])
        else:
            self._roc_point.setData([], [])
            self._det_point.setData([], [])

    def _summary(self, counts: Counts) -> str:
        statistics = self._session.statistics
        assert statistics is not None
        if self._session.matrix is not None and not self._session.matrix.pairs:
            return "There is one face, so there is no pair to count; open a second photo with it."
        if not counts.genuine and not counts.impostor:
            return (
                "No identities are known, so there is nothing to count. "
                "Put each person's photos in a folder of their own, or name faces with F2."
            )
        parts = []
        auc, eer = statistics.auc(), statistics.eer()
        if auc is not None and eer is not None:
            parts += [f"AUC {auc:.4f}", f"EER {percent(eer[0])} at {eer[1]:.3f}"]
        parts.append(
            f"accuracy {percent(counts.accuracy)} of {counts.genuine:,} genuine and "
            f"{counted(counts.impostor, 'impostor pair')}"
        )
        if counts.unknown:
            parts.append(f"{counted(counts.unknown, 'pair')} of unknown identities not counted")
        return ", ".join(parts)

    def _fill_menu(self) -> None:
        self.menu.clear()
        card = self._session.card
        shipped = None if card is None else card.threshold(self._session.kind)
        if shipped is not None:
            action = self.menu.addAction(f"The weights' own: {shipped:.4f}")
            action.triggered.connect(lambda: self._session.set_threshold(None))
        if (before := self.before.value) is not None:
            action = self.menu.addAction(f"As before: {before:.4f}".replace("-", "\N{MINUS SIGN}"))
            action.triggered.connect(lambda _=False, t=before: self._session.set_threshold(t))
        statistics = self._session.statistics
        for far in WANTED_FARS:
            threshold = None if statistics is None else statistics.threshold_at_far(far)
            if threshold is None:
                self.menu.addAction(f"FAR {far:g}: too few impostor pairs to say").setEnabled(False)
            else:
                action = self.menu.addAction(f"FAR {far:g} in this gallery: {threshold:.4f}")
                action.triggered.connect(
                    lambda _=False, t=threshold: self._session.set_threshold(t)
                )
        eer = None if statistics is None else statistics.eer()
        if eer is not None:
            action = self.menu.addAction(f"Equal error rate: {eer[1]:.4f}")
            action.triggered.connect(lambda _=False, t=eer[1]: self._session.set_threshold(t))

    def _clear(self) -> None:
        for curve in (
            *self._bars,
            self._roc_curve,
            self._det_curve,
            self._roc_point,
            self._det_point,
        ):
            curve.setData([0, 1], [0]) if curve in self._bars else curve.setData([], [])
        for outcome, button in self.counts.items():
            button.setText(outcome)
        self.summary.setText("Counts and curves appear once pairs are scored.")

    def minimumSizeHint(self) -> QSize:
        least, margins = super().minimumSizeHint(), self._layout.contentsMargins()
        narrow = self._side.minimumSize().width() + margins.left() + margins.right()
        return QSize(min(least.width(), narrow), least.height())  # curves can go below

    def resizeEvent(self, event: QResizeEvent) -> None:
        beside = self.width() >= BESIDE * self.fontMetrics().height()
        directions = QBoxLayout.Direction
        self._layout.setDirection(directions.LeftToRight if beside else directions.TopToBottom)
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_det"):
            self._take_palette()
        super().changeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        self._take_palette()
        super().showEvent(event)

    def _take_palette(self) -> None:
        palette = self.palette()
        text = palette.color(QPalette.ColorRole.WindowText)
        for plot in (self._histogram, self._roc, self._det):
            plot.setBackground(palette.color(QPalette.ColorRole.Base))
            paint_axes(plot, palette)
        self.line.setPen(pg.mkPen("#ff00c8", width=2))
        self.line.label.setColor(text)
