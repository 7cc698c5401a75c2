"""Looking at a photo's alignment, correcting its landmarks, picking another face."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.errors import XCosError
from core.faces.align import align
from core.faces.face import Detection
from xcos_gui.widgets.cell_view import CellView
from xcos_gui.widgets.elided import PlainLabel
from xcos_gui.widgets.thumbnails import to_image

NAMES = (
    "left eye",
    "right eye",
    "nose tip",
    "left corner of the mouth",
    "right corner of the mouth",
)
MARK, OTHER = QColor("#ff00c8"), QColor("#ffd000")
REACH = 14  # pixels around a landmark that grab it


class PhotoView(QWidget):
    """The photo with the boxes of its faces and five landmarks that can be dragged."""

    moved = Signal()
    picked = Signal(int)

    def __init__(self, photo: np.ndarray, detections: tuple[Detection, ...]) -> None:
        super().__init__()
        self._image: QImage = to_image(photo)
        self._detections = detections
        self.landmarks = np.zeros((5, 2))
        self.chosen = -1
        self._grabbed: int | None = None
        self._focused = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(
            "Photo with landmarks: Space goes to the next one, arrow keys move it"
        )

    def sizeHint(self) -> QSize:
        return QSize(560, 480)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.SmoothPixmapTransform | QPainter.RenderHint.Antialiasing
        )
        scale, origin = self._frame()
        size = self._image.size()
        painter.drawImage(
            QRectF(origin.x(), origin.y(), size.width() * scale, size.height() * scale),
            self._image,
        )
        for index, detection in enumerate(self._detections):
            left, top, right, bottom = (float(v) for v in detection.box)
            painter.setPen(QPen(MARK if index == self.chosen else OTHER, 2))
            corner = origin + QPointF(left, top) * scale
            painter.drawRect(
                QRectF(
                    corner.x(),
                    corner.y(),
                    (right - left) * scale,
                    (bottom - top) * scale,
                )
            )
        for index, point in enumerate(self.landmarks):
            at = origin + QPointF(*point) * scale
            painter.setPen(QPen(Qt.GlobalColor.black, 1))
            painter.setBrush(MARK if index != self._focused else Qt.GlobalColor.white)
            painter.drawEllipse(at, 5, 5)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        scale, origin = self._frame()
        distances = [
            (origin + QPointF(*point) * scale - event.position()).manhattanLength()
            for point in self.landmarks
        ]
        nearest = int(np.argmin(distances))
        if distances[nearest] <= REACH:
            self._grabbed = self._focused = nearest
            self.update()
            return
        at = (event.position() - origin) / scale
        for index, detection in enumerate(self._detections):
            left, top, right, bottom = detection.box
            if index != self.chosen and left <= at.x() <= right and top <= at.y() <= bottom:
                self.picked.emit(index)
                return

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grabbed is not None:
            scale, origin = self._frame()
            at = (event.position() - origin) / scale
            self._move(self._grabbed, at.x(), at.y())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grabbed = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, -1),
            Qt.Key.Key_Down: (0, 1),
        }
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Space:
            self._focused = (self._focused + 1) % len(NAMES)
            self.update()
        elif key in moves:
            step = 1 / self._frame()[0]
            x, y = self.landmarks[self._focused] + np.array(moves[key]) * step
            self._move(self._focused, x, y)
        else:
            super().keyPressEvent(event)

    def _move(self, index: int, x: float, y: float) -> None:
        size = self._image.size()
        self.landmarks[index] = (
            min(max(x, 0), size.width()),
            min(max(y, 0), size.height()),
        )
        self.update()
        self.moved.emit()

    def _frame(self) -> tuple[float, QPointF]:
        size = self._image.size()
        scale = min(self.width() / size.width(), self.height() / size.height())
        corner = QPointF(
            (self.width() - size.width() * scale) / 2,
            (self.height() - size.height() * scale) / 2,
        )
        return scale, corner


class AlignmentDialog(QDialog):
    """OK leaves `choice`: ("pick", index), ("landmarks", (5, 2)), ("reset", None), or None.

    `picked` is the other face that was taken, also where its landmarks were moved then; None: the same.
    """

    def __init__(
        self,
        name: str,
        photo: np.ndarray,
        detections: tuple[Detection, ...],
        chosen: int,
        landmarks: np.ndarray | None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Alignment of {name}")
        self._photo, self._detections, self._chosen = photo, detections, chosen
        self._reset_asked = False
        self.choice: tuple[str, int | np.ndarray | None] | None = None
        self.picked: int | None = None
        self.view = PhotoView(photo, detections)
        self.view.chosen = chosen
        start = landmarks if landmarks is not None else _marks(photo, detections, chosen)
        self.view.landmarks = np.array(start, np.float64)
        self._start = self.view.landmarks.copy()
        self.crop = CellView("Aligned face")
        self._note = PlainLabel(wordWrap=True)
        hint = PlainLabel(
            "Drag a landmark, or press Space to go through them and arrow keys to move one. "
            "Click another face's box to take that face instead.",
            wordWrap=True,
        )
        reset = QPushButton("&Detected landmarks")
        reset.setToolTip("Go back to what the detector found")
        reset.setEnabled(bool(detections))
        reset.clicked.connect(self._reset)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self._accept)
        buttons.rejected.connect(self.reject)
        self._ok = buttons.button(QDialogButtonBox.StandardButton.Ok)
        side = QVBoxLayout()
        side.addWidget(PlainLabel("Aligned anew"))
        side.addWidget(self.crop, 1)
        side.addWidget(self._note)
        side.addWidget(reset)
        row = QHBoxLayout()
        row.addWidget(self.view, 3)
        row.addLayout(side, 2)
        layout = QVBoxLayout(self)
        layout.addWidget(hint)
        layout.addLayout(row, 1)
        layout.addWidget(buttons)
        self.view.moved.connect(self._show_crop)
        self.view.picked.connect(self._pick)
        self.resize(940, 600)
        self._show_crop()

    def _show_crop(self) -> None:
        try:
            self.crop.set_crop(align(self._photo, self.view.landmarks))
            self._note.clear()
            self._ok.setEnabled(True)
        except XCosError as error:
            self._note.setText(str(error))
            self._ok.setEnabled(False)

    def _pick(self, index: int) -> None:
        self._chosen = self.view.chosen = index
        self.view.landmarks = self._detections[index].landmarks.astype(np.float64)
        self._start = self.view.landmarks.copy()
        self.choice, self.picked = ("pick", index), index
        self.view.update()
        self._show_crop()

    def _reset(self) -> None:
        self.view.landmarks = self._detections[max(self._chosen, 0)].landmarks.astype(np.float64)
        self._reset_asked = True
        self._start = self.view.landmarks.copy()
        self.view.update()
        self._show_crop()

    def _accept(self) -> None:
        if not np.array_equal(self.view.landmarks, self._start):
            self.choice = ("landmarks", self.view.landmarks.copy())
        elif self._reset_asked and self.choice is None:
            self.choice = ("reset", None)
        self.accept()


def _marks(photo: np.ndarray, detections: tuple[Detection, ...], chosen: int) -> np.ndarray:
    if detections:
        return detections[max(chosen, 0)].landmarks
    # No face was found: the template in the middle of the photo is where the user starts.
    from core.faces.align import TEMPLATE
    from core.faces.face import SIDE

    height, width = photo.shape[:2]
    scale = 0.6 * min(height, width) / SIDE
    placed: np.ndarray = (TEMPLATE - SIDE / 2) * scale + np.array([width, height]) / 2
    return placed
