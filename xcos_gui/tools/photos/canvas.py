"""Two photos in one coordinate system, that of the aligned faces: side by side, wiped, blinking."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from core.faces.face import CELLS, SIDE
from core.faces.full_photo import FullPhoto
from xcos_gui.widgets.cell_view import LINES, MARK, Cell
from xcos_gui.widgets.thumbnails import to_image

Mode = Literal["side", "wipe", "blink"]
BLINK = 500  # milliseconds that each photo is seen
AROUND = 1.9  # of the crop's side that is seen at first
LEAST_ZOOM, MOST_ZOOM = 0.2, 60.0  # pixels of the screen that a pixel of the crop takes
HANDLE = 8.0  # pixels beside the wipe's line that still catch it
STEP = 24.0  # pixels that an arrow key moves the photos


@dataclass(frozen=True, eq=False)
class _Drawn:
    """A photo's levels as images, and its way to the crop."""

    images: tuple[QImage, ...]
    transform: QTransform
    scale: float

    @staticmethod
    def of(photo: FullPhoto) -> "_Drawn":
        t = photo.transform
        way = QTransform(t[0, 0], t[1, 0], t[0, 1], t[1, 1], t[0, 2], t[1, 2])
        return _Drawn(tuple(to_image(level) for level in photo.levels), way, photo.scale)


class PhotoCanvas(QWidget):
    """Paints both photos; zoom and place are those of both, in pixels of the 112x112 crop."""

    cell_changed = Signal(object)  # (row, column) | None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._photos: tuple[_Drawn, _Drawn] | None = None
        self._overlay: QImage | None = None
        self._cell: Cell | None = None
        self.mode: Mode = "side"
        self.grid = True
        self.plain = False  # without overlay and grid, while a key is held
        self.wipe = 0.5  # share of the width that shows the left photo
        self.first = True  # which photo is seen while they blink
        self.zoom = 0.0  # 0: as it fits
        self.centre = QPointF((SIDE - 1) / 2, (SIDE - 1) / 2)
        self._held: QPointF | None = None
        self._wiping = False
        self._blinking = QTimer(self, interval=BLINK)
        self._blinking.timeout.connect(self.blink)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Both photos; arrows move, + and - zoom, 0 fits")
        line = self.fontMetrics().height()
        self.setMinimumSize(16 * line, 10 * line)

    # What is shown.

    def show_photos(self, photos: tuple[FullPhoto, FullPhoto] | None) -> None:
        """Show two other photos; None: none."""
        self._photos = None if photos is None else (_Drawn.of(photos[0]), _Drawn.of(photos[1]))
        self.update()

    def set_overlay(self, rgba: np.ndarray | None) -> None:
        """Colours (7, 7, 4) uint8 over the cells of both faces; None: none."""
        self._overlay = None if rgba is None else to_image(rgba)
        self.update()

    def set_cell(self, cell: Cell | None) -> None:
        """Mark a cell in both photos; None: none."""
        if cell != self._cell:
            self._cell = cell
            self.update()

    def set_mode(self, mode: Mode) -> None:
        """Side by side, a wipe between them, or one after the other."""
        self.mode, self.first = mode, True
        if mode == "blink":
            self._blinking.start()
        else:
            self._blinking.stop()
        self.update()

    def blink(self) -> None:
        """Show the other photo."""
        self.first = not self.first
        self.update()

    def fit(self) -> None:
        """Show the faces with what is around them."""
        self.zoom = 0.0
        self.centre = QPointF((SIDE - 1) / 2, (SIDE - 1) / 2)
        self.update()

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom both photos about a point of the widget, or the middle."""
        place = self._parts()[0].center() if at is None else at
        before = self.to_crop(place)
        self.zoom = min(max(self.scale * factor, LEAST_ZOOM), MOST_ZOOM)
        self.centre += before - self.to_crop(place)
        self.update()

    # Where things are.

    @property
    def scale(self) -> float:
        """Pixels of the screen that a pixel of the crop takes."""
        part = self._parts()[0]
        return self.zoom or max(LEAST_ZOOM, min(part.width(), part.height()) / (SIDE * AROUND))

    def _parts(self) -> list[QRectF]:
        """The places that photos are painted in."""
        whole = QRectF(self.rect())
        if self.mode != "side":
            return [whole]
        half = (whole.width() - 2) / 2
        return [QRectF(0, 0, half, whole.height()), QRectF(half + 2, 0, half, whole.height())]

    def _to_screen(self, part: QRectF) -> QTransform:
        """From the crop's pixels to a part's."""
        way = QTransform()
        way.translate(part.center().x(), part.center().y())
        way.scale(self.scale, self.scale)
        way.translate(-self.centre.x(), -self.centre.y())
        return way

    def to_crop(self, at: QPointF) -> QPointF:
        """The crop's pixel under a point of the widget."""
        part = next((p for p in self._parts() if p.contains(at)), self._parts()[0])
        return self._to_screen(part).inverted()[0].map(at)

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Dark))
        if self._photos is None:
            return
        parts = self._parts()
        if self.mode == "side":
            for part, photo in zip(parts, self._photos, strict=True):
                self._paint(painter, part, part, photo)
        elif self.mode == "blink":
            self._paint(painter, parts[0], parts[0], self._photos[0 if self.first else 1])
        else:
            self._paint_wiped(painter, parts[0])

    def _paint_wiped(self, painter: QPainter, whole: QRectF) -> None:
        assert self._photos is not None
        at = whole.width() * self.wipe
        self._paint(painter, whole, QRectF(0, 0, at, whole.height()), self._photos[0])
        right = QRectF(at, 0, whole.width() - at, whole.height())
        self._paint(painter, whole, right, self._photos[1])
        for wide, colour in ((3.0, Qt.GlobalColor.black), (1.0, Qt.GlobalColor.white)):
            painter.setPen(QPen(QColor(colour), wide))
            painter.drawLine(QPointF(at, 0), QPointF(at, whole.height()))

    def _paint(self, painter: QPainter, part: QRectF, seen: QRectF, photo: _Drawn) -> None:
        painter.save()
        painter.setClipRect(seen)
        way = self._to_screen(part)
        level = 0
        while level + 1 < len(photo.images) and photo.scale * self.scale * 2 ** (level + 1) <= 1:
            level += 1
        placed = QTransform()
        placed.translate(-0.5, -0.5)  # pixels are given by their centres
        placed.scale(2**level, 2**level)
        painter.setTransform(placed * photo.transform * way)
        painter.setRenderHint(
            QPainter.RenderHint.SmoothPixmapTransform, photo.scale * self.scale * 2**level < 4
        )
        painter.drawImage(0, 0, photo.images[level])
        painter.setTransform(way)
        if not self.plain:
            self._paint_cells(painter)
        painter.restore()

    def _paint_cells(self, painter: QPainter) -> None:
        square = QRectF(-0.5, -0.5, SIDE, SIDE)
        if self._overlay is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            painter.drawImage(square, self._overlay)
        step = SIDE / CELLS
        if self.grid:
            lines = QPen(LINES, 0)
            painter.setPen(lines)
            for k in range(CELLS + 1):
                at = -0.5 + k * step
                painter.drawLine(QPointF(at, -0.5), QPointF(at, SIDE - 0.5))
                painter.drawLine(QPointF(-0.5, at), QPointF(SIDE - 0.5, at))
        if self._cell is not None:
            row, column = self._cell
            pen = QPen(MARK, 2)
            pen.setCosmetic(True)
            painter.setPen(pen)
            painter.drawRect(QRectF(-0.5 + column * step, -0.5 + row * step, step, step))

    # What the user does.

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom_by(1.0015 ** event.angleDelta().y(), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._held = event.position()
            line = self.width() * self.wipe
            self._wiping = self.mode == "wipe" and abs(event.position().x() - line) <= HANDLE
            self.setFocus()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held, self._wiping = None, False

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.fit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._wiping:
            self.wipe = min(max(at.x() / max(1, self.width()), 0.0), 1.0)
            self.update()
        elif self._held is not None:
            self.move_by(at - self._held)
            self._held = at
        else:
            self.cell_changed.emit(self.cell_at(at))

    def cell_at(self, at: QPointF) -> Cell | None:
        """The cell under a point of the widget."""
        point = self.to_crop(at) + QPointF(0.5, 0.5)
        row, column = int(point.y() // (SIDE / CELLS)), int(point.x() // (SIDE / CELLS))
        return (row, column) if 0 <= row < CELLS and 0 <= column < CELLS else None

    def move_by(self, pixels: QPointF) -> None:
        """Move both photos by pixels of the screen."""
        self.centre -= pixels / self.scale
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {
            Qt.Key.Key_Left: QPointF(STEP, 0),
            Qt.Key.Key_Right: QPointF(-STEP, 0),
            Qt.Key.Key_Up: QPointF(0, STEP),
            Qt.Key.Key_Down: QPointF(0, -STEP),
        }
        key = Qt.Key(event.key())
        wiping = self.mode == "wipe" and event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if wiping and key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            step = -0.02 if key == Qt.Key.Key_Left else 0.02
            self.wipe = min(max(self.wipe + step, 0.0), 1.0)
            self.update()
        elif key in moves:
            self.move_by(moves[key])
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self.zoom_by(1 / 1.25 if key == Qt.Key.Key_Minus else 1.25)
        elif key == Qt.Key.Key_0:
            self.fit()
        elif key == Qt.Key.Key_Space:
            self._show_plain(True)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._show_plain(False)
        else:
            super().keyReleaseEvent(event)

    def _show_plain(self, plain: bool) -> None:
        self.plain = plain
        self.update()
