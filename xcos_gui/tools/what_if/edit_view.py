"""A face on which edits are pressed, dragged and painted."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QWidget

from core.explain.editing.edits import Edit
from core.faces.face import SIDE
from xcos_gui.widgets.cell_view import CellView

FRAMED = ("patch", "blur", "dark")
MARK = QColor("#ff00c8")


class EditView(CellView):
    """Tells in the crop's pixels what mouse and keys do; frames the chosen edit."""

    pressed = Signal(float, float)
    dragged = Signal(float, float)
    released = Signal()
    nudged = Signal(float, float)
    wheeled = Signal(float)
    added = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, grid=False, parent=parent)
        self._chosen: Edit | None = None
        self.setAccessibleName(
            f"{name}; Space adds the chosen edit, arrow keys move it, plus and minus change its size"
        )
        self.setCursor(Qt.CursorShape.CrossCursor)

    def set_chosen(self, edit: Edit | None) -> None:
        """Frame an edit of this face; None: none."""
        if edit != self._chosen:
            self._chosen = edit
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        edit = self._chosen
        painter = QPainter(self)
        if self.hasFocus():
            painter.setPen(QPen(self.palette().highlight().color(), 2))
            painter.drawRect(self._square().adjusted(1, 1, -1, -1))
        if edit is not None and edit.kind in FRAMED:
            square = self._square()
            unit = square.width() / SIDE
            x, y = square.x() + edit.x * unit, square.y() + edit.y * unit
            frame = QRectF(x, y, edit.width * unit, edit.height * unit).intersected(square)
            painter.setPen(QPen(MARK, 1.5, Qt.PenStyle.DashLine))
            painter.drawRect(frame.adjusted(1, 1, -1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._square().contains(
            event.position()
        ):
            self.pressed.emit(*self._point(event))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.dragged.emit(*self._point(event))
        else:
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.released.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.wheeled.emit(event.angleDelta().y() / 120)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = 8.0 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0
        moves = {
            Qt.Key.Key_Left: (-step, 0.0),
            Qt.Key.Key_Right: (step, 0.0),
            Qt.Key.Key_Up: (0.0, -step),
            Qt.Key.Key_Down: (0.0, step),
        }
        key = Qt.Key(event.key())
        if key in moves:
            self.nudged.emit(*moves[key])
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.wheeled.emit(1.0)
        elif key == Qt.Key.Key_Minus:
            self.wheeled.emit(-1.0)
        elif key == Qt.Key.Key_Space:
            self.added.emit()
        else:
            QWidget.keyPressEvent(self, event)

    def _point(self, event: QMouseEvent) -> tuple[float, float]:
        square, at = self._square(), event.position()
        unit = SIDE / square.width()
        return (at.x() - square.x()) * unit, (at.y() - square.y()) * unit
