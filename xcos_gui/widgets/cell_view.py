"""A face or a map with the 7x7 grid; one cell can be marked by mouse or keys."""

from functools import lru_cache

import numpy as np
from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.model.features import CELLS
from xcos_gui.widgets.thumbnails import to_image

Cell = tuple[int, int]
MARK = QColor("#ff00c8")
LINES = QColor(255, 255, 255, 110)


class CellView(QWidget):
    """Paints a crop, a 7x7 overlay, and grid lines; tells which cell is under the cursor."""

    cell_changed = Signal(object)  # (row, column) | None

    def __init__(self, name: str, grid: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._grid = name, grid
        self._crop: QImage | None = None
        self._overlay: QImage | None = None
        self._numbers: np.ndarray | None = None
        self._inks: np.ndarray | None = None
        self._cell: Cell | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(f"{name}; arrow keys move over the cells")
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setSizePolicy(policy)

    def set_crop(self, crop: np.ndarray | None) -> None:
        """The face behind, (112, 112, 3) uint8; None: none."""
        self._crop = None if crop is None else to_image(crop)
        self.update()

    def set_overlay(self, rgba: np.ndarray | None, numbers: np.ndarray | None = None) -> None:
        """Colours (7, 7, 4) uint8 over it, with numbers (7, 7) in the cells where there is room."""
        self._overlay = None if rgba is None else to_image(rgba)
        self._numbers = numbers
        if rgba is not None:
            self._inks = rgba[..., :3].astype(int) @ (299, 587, 114) < 128_000
        self.update()

    def set_cell(self, cell: Cell | None) -> None:
        """Mark a cell; None: none."""
        if cell != self._cell:
            self._cell = cell
            self.update()

    def sizeHint(self) -> QSize:
        side = 10 * self.fontMetrics().height()
        return QSize(side, side)

    def minimumSizeHint(self) -> QSize:
        side = 5 * self.fontMetrics().height()
        return QSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        square = self._square()
        if self._crop is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
            painter.drawImage(square, self._crop)
        if self._overlay is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            painter.drawImage(square, self._overlay)
        if self._crop is None and self._overlay is None:
            return
        if self._grid:
            self._paint_grid(painter, square)
        if self._numbers is not None and self._overlay is not None:
            self._paint_numbers(painter, square)
        if self._cell is not None:
            painter.setPen(QPen(MARK, 3))
            painter.drawRect(self._rect(self._cell).adjusted(1, 1, -1, -1))

    def _paint_grid(self, painter: QPainter, square: QRectF) -> None:
        side, ratio = round(square.width()), self.devicePixelRatioF()
        painter.drawPixmap(round(square.x()), round(square.y()), _grid(side, ratio))

    def _paint_numbers(self, painter: QPainter, square: QRectF) -> None:
        assert self._numbers is not None and self._inks is not None
        font = self.font()
        font.setPixelSize(max(6, int(square.width() / CELLS * 0.3)))
        if font.pixelSize() < 9:
            return
        painter.setFont(font)
        for row in range(CELLS):
            for column in range(CELLS):
                text = _number(float(self._numbers[row, column]))
                painter.setPen(
                    Qt.GlobalColor.white if self._inks[row, column] else Qt.GlobalColor.black
                )
                painter.drawText(self._rect((row, column)), Qt.AlignmentFlag.AlignCenter, text)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        square, at = self._square(), event.position()
        if square.contains(at):
            column = int((at.x() - square.x()) / square.width() * CELLS)
            row = int((at.y() - square.y()) / square.height() * CELLS)
            self.cell_changed.emit((min(row, CELLS - 1), min(column, CELLS - 1)))
        else:
            self.cell_changed.emit(None)

    def leaveEvent(self, event: QEvent) -> None:
        self.cell_changed.emit(None)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }
        move = moves.get(Qt.Key(event.key()))
        if move is None:
            super().keyPressEvent(event)
            return
        row, column = self._cell or (CELLS // 2, CELLS // 2)
        moved = ((row + move[0]) % CELLS, (column + move[1]) % CELLS)
        self.cell_changed.emit(moved)

    def _square(self) -> QRectF:
        side = min(self.width(), self.height())
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def _rect(self, cell: Cell) -> QRectF:
        square = self._square()
        step = square.width() / CELLS
        return QRectF(square.x() + cell[1] * step, square.y() + cell[0] * step, step, step)


def _number(value: float) -> str:
    if abs(value) < 0.0005:
        return "0"
    text = f"{value:z.2f}" if abs(value) >= 0.1 else f"{value:z.3f}"
    short = text.replace("0.", ".", 1) if abs(value) < 1 else text
    return short.replace("-", "\N{MINUS SIGN}")


@lru_cache(maxsize=32)
def _grid(side: int, ratio: float) -> QPixmap:
    """The lines between the cells, kept since translucent lines are slow to draw."""
    pixmap = QPixmap(QSize(side, side) * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    for at in range(1, CELLS):
        offset = round(side * at / CELLS)
        painter.fillRect(offset, 0, 1, side, LINES)
        painter.fillRect(0, offset, side, 1, LINES)
    painter.end()
    return pixmap
