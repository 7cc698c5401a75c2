"""What runs, how far it is, how long it still takes, and a button that stops it."""

import time

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from core.progress import duration
from xcos_gui.widgets.elided import PlainLabel


class ProgressRow(QWidget):
    """Hidden while nothing runs; `stop_asked` when its button is clicked."""

    stop_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._started, self._before = 0.0, 0  # when what is told began, and what was done then
        self._what = ""
        self.text = PlainLabel()
        self.bar = QProgressBar()
        self.bar.setMaximumWidth(14 * self.fontMetrics().height())
        self.stop = QPushButton("Stop")
        self.stop.setAutoDefault(False)
        self.stop.setToolTip("Stop what runs (Esc)")
        self.stop.clicked.connect(self.stop_asked)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for widget in (self.text, self.bar, self.stop):
            row.addWidget(widget)
        self.hide()

    def show_progress(self, what: str, done: int, total: int) -> None:
        """Show where work stands; total 0: how much there is is not known."""
        now = time.monotonic()
        if self.isHidden() or what != self._what:
            self._started, self._before, self._what = now, done, what
        self.show()
        self.bar.setRange(0, total)
        self.bar.setValue(done)
        left, spent, since = "", now - self._started, done - self._before
        if total and since > 0 and done < total and spent > 1:
            left = f", {duration(spent * (total - done) / since)} left"
        self.text.setText(f"{what}{left}")
