"""What the point of a ROC or DET under the mouse says, in a line below the curve."""

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy

from core.analysis.rates import RateInterval
from core.analysis.selection import rates_of_all
from xcos_gui.state.jobs import LatestJob
from xcos_gui.state.session import Session
from xcos_gui.widgets.curve_reader import CurveReader
from xcos_gui.widgets.outcomes import interval_words, percent

READ = "Point at the curve to read it; a click sets the threshold."
LONGEST = (
    "threshold 0.0000: FAR 00.0000 % [0.0000 to 00.0000], TAR 00.00 % [00.00 to 000.00]; "
    "in brackets 95 % intervals. A click sets it."
)
SETTLE = 150  # milliseconds that the mouse must rest before intervals are computed


class CurveReading(QLabel):
    """Tells threshold, FAR and TAR of the point under the mouse, then their intervals; a click sets it."""

    def __init__(self, session: Session) -> None:
        super().__init__(READ)
        self._session = session
        self.readers: list[CurveReader] = []
        self.setWordWrap(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.hide()  # the histogram, which comes first, needs no reading
        self._read: float | None = None  # the threshold of the point under the mouse
        self._job = LatestJob(self)
        self._job.finished.connect(self._on_rates)
        self._timer = QTimer(self, singleShot=True, interval=SETTLE)
        self._timer.timeout.connect(self._find_rates)

    def read(self, reader: CurveReader) -> None:
        """Tell what a further curve's reader finds."""
        self.readers.append(reader)
        reader.hovered.connect(self._on_read)
        reader.picked.connect(self._on_picked)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Room for the longest reading at this width: what is read never moves what is around it."""
        wrapped = self.fontMetrics().boundingRect(
            0, 0, self.width(), 0, int(Qt.TextFlag.TextWordWrap), LONGEST
        )
        self.setFixedHeight(wrapped.height())
        super().resizeEvent(event)

    def close_job(self) -> None:
        """End the background work."""
        self._job.close()

    def show_tab(self, tab: int) -> None:
        """Tabs are the histogram, the ROC and the DET."""
        for reader in self.readers:
            reader.clear()
        self.setVisible(tab > 0)

    def _on_read(self, number: int | None) -> None:
        statistics = self._session.statistics
        curve = None if statistics is None else statistics.curve()
        self._read = None
        if number is None or curve is None or number >= len(curve.thresholds):
            self._timer.stop()
            self._job.drop()
            self.setText(READ)
            return
        self._read = float(curve.thresholds[number])
        far, tar = percent(float(curve.far[number])), percent(float(curve.tar[number]))
        self.setText(f"threshold {self._read:.4f}: FAR {far}, TAR {tar}")
        self._timer.start()

    def _find_rates(self) -> None:
        scored, threshold = self._session.scored, self._read
        if scored is not None and threshold is not None and not self._session.estimated:
            self._job.start(lambda running: (threshold, *rates_of_all(scored, threshold, running)))

    def _on_rates(self, rates: tuple[float, RateInterval | None, RateInterval | None]) -> None:
        threshold, tar, far = rates
        if threshold == self._read and tar is not None and far is not None:
            self.setText(
                f"threshold {threshold:.4f}: FAR {interval_words(far)}, TAR {interval_words(tar)}; "
                "in brackets 95 % intervals. A click sets it."
            )

    def _on_picked(self, number: int) -> None:
        statistics = self._session.statistics
        curve = None if statistics is None else statistics.curve()
        if curve is not None and number < len(curve.thresholds):
            self._session.set_threshold(float(curve.thresholds[number]))
