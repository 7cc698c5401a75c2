"""A colour table with its limits and a mark, drawn as a strip."""

import numpy as np
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QWidget

from xcos_gui.widgets.thumbnails import to_image


class ColourBar(QWidget):
    """A horizontal strip: low limit, colours, high limit, and a black mark at one value."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table: np.ndarray | None = None
        self._low, self._high, self._mark = 0.0, 1.0, float("nan")

    def show_table(
        self, table: np.ndarray, low: float, high: float, mark: float | None, tip: str
    ) -> None:
        """Show a table (k, 3) uint8 over [low, high]; mark None: no mark."""
        self._table, self._low, self._high = table, low, high
        self._mark = float("nan") if mark is None else mark
        self.setToolTip(tip)
        self.setAccessibleName(tip)
        self.update()

    def sizeHint(self) -> QSize:
        height = self.fontMetrics().height()
        return QSize(14 * height, height + 6)

    def minimumSizeHint(self) -> QSize:
        height = self.fontMetrics().height()
        return QSize(8 * height, height + 6)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._table is None:
            return
        painter = QPainter(self)
        metrics = self.fontMetrics()
        digits = 2 if self._high >= 1 else 3
        texts = [f"{v:.{digits}f}".replace("-", "\N{MINUS SIGN}") for v in (self._low, self._high)]
        ends = [metrics.horizontalAdvance(text) + 6 for text in texts]
        strip = QRect(ends[0], 3, max(10, self.width() - sum(ends)), self.height() - 6)
        painter.drawImage(strip, to_image(self._table[None]))
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(
            QRect(0, 0, ends[0] - 4, self.height()),
            middle | Qt.AlignmentFlag.AlignRight,
            texts[0],
        )
        painter.drawText(
            QRect(strip.right() + 5, 0, ends[1], self.height()),
            middle | Qt.AlignmentFlag.AlignLeft,
            texts[1],
        )
        if self._low <= self._mark <= self._high:
            share = (self._mark - self._low) / (self._high - self._low)
            painter.fillRect(
                strip.x() + round(share * (strip.width() - 2)),
                1,
                2,
                self.height() - 2,
                Qt.GlobalColor.black,
            )
