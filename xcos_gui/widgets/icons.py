"""Icons drawn by code in the colour of the text: outlines on a grid of 20, round ends."""

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QIcon,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

GRID = 20.0
STROKE = 1.5
SIDES = (20, 40, 60)  # pixels
Drawing = Callable[[QPainter], None]


def _lines(*points: tuple[float, float]) -> Drawing:
    def draw(painter: QPainter) -> None:
        painter.drawPolyline([QPointF(x, y) for x, y in points])

    return draw


def _box(x: float, y: float, width: float, height: float, radius: float = 1.5) -> Drawing:
    return lambda painter: painter.drawRoundedRect(QRectF(x, y, width, height), radius, radius)


def _ring(x: float, y: float, radius: float) -> Drawing:
    return lambda painter: painter.drawEllipse(QPointF(x, y), radius, radius)


def _dot(x: float, y: float, radius: float = 1.3) -> Drawing:
    def draw(painter: QPainter) -> None:
        painter.save()
        painter.setBrush(painter.pen().color())
        painter.drawEllipse(QPointF(x, y), radius, radius)
        painter.restore()

    return draw


def _arc(x: float, y: float, radius: float, start: float, span: float) -> Drawing:
    """Degrees, counter-clockwise from the right."""
    square = QRectF(x - radius, y - radius, 2 * radius, 2 * radius)
    return lambda painter: painter.drawArc(square, round(start * 16), round(span * 16))


def _face(x: float, y: float, radius: float) -> tuple[Drawing, ...]:
    return (
        _ring(x, y, radius),
        _dot(x - radius * 0.36, y - radius * 0.16, radius * 0.14),
        _dot(x + radius * 0.36, y - radius * 0.16, radius * 0.14),
        _arc(x, y + radius * 0.1, radius * 0.45, 205, 130),
    )


DRAWINGS: dict[str, tuple[Drawing, ...]] = {
    "open": (_lines((2.5, 16), (2.5, 4.5), (8, 4.5), (10, 7), (17.5, 7), (17.5, 16), (2.5, 16)),),
    "back": (_lines((12.5, 4), (6.5, 10), (12.5, 16)),),
    "forward": (_lines((7.5, 4), (13.5, 10), (7.5, 16)),),
    # Axes, and a loss that falls.
    "train": (
        _lines((3, 3), (3, 17), (17, 17)),
        _lines((5.5, 5), (7.5, 10), (10, 12.7), (13, 14), (16.5, 14.5)),
    ),
    "outcome": (_ring(6.5, 6.5, 3.5), _lines((13.5, 3), (17, 9.5), (10, 9.5), (13.5, 3)), _box(3, 12.5, 6, 4.5), _lines((11.5, 13), (16.5, 17)), _lines((16.5, 13), (11.5, 17))),
    "photos": (_box(2, 4, 7.3, 12), _box(10.7, 4, 7.3, 12), *_face(5.65, 10, 2.6), *_face(14.35, 10, 2.6)),
    "what-if": (_box(3, 3, 14, 14), _lines((6.5, 10.5), (9, 13), (13.5, 7))),
    "flip": (_lines((3, 7), (16.5, 7), (13, 3.5)), _lines((17, 13), (3.5, 13), (7, 16.5))),
    "patterns": (_ring(6.5, 6.5, 3.5), _ring(13.5, 8.5, 3.5), _ring(9, 14, 3.5)),
    "people": (_ring(7, 7, 2.8), _arc(7, 16.5, 5, 0, 180), _ring(14, 8, 2.2), _arc(14.2, 16.5, 3.8, 0, 105)),
    "map": (_dot(4, 14), _dot(6, 11), _dot(7.5, 14.5), _dot(13, 5), _dot(15.5, 7), _dot(12, 8.5), _dot(15, 15), _lines((2.5, 2.5), (2.5, 17.5), (17.5, 17.5))),
    "labels": (_lines((3, 3), (10, 3), (17, 10), (10, 17), (3, 10), (3, 3)), _dot(6.5, 6.5)),
    "report": (_lines((4.5, 2.5), (12, 2.5), (15.5, 6), (15.5, 17.5), (4.5, 17.5), (4.5, 2.5)), _lines((7.5, 9), (12.5, 9)), _lines((7.5, 12), (12.5, 12)), _lines((7.5, 15), (10.5, 15))),
    "compare": (_box(3, 3, 6, 14), _box(11, 3, 6, 14), _lines((5, 12), (7, 9)), _lines((13, 9), (15, 12))),
    "fragile": (_lines((3, 10), (7, 10), (9, 4), (12, 16), (14, 10), (17, 10)),),
    "worth": (_lines((3, 17), (17, 17)), _lines((5, 17), (5, 11)), _lines((10, 17), (10, 4)), _lines((15, 17), (15, 8))),
    "models": (_box(2.5, 2.5, 9, 9), _box(8.5, 8.5, 9, 9)),
    "face": _face(10, 10, 7.5),
    "evidence": (_lines((10, 3), (10, 17)), _lines((6, 17), (14, 17)), _lines((3.5, 5.5), (16.5, 5.5)), _arc(3.9, 10.5, 2.6, 180, 180), _arc(16.1, 10.5, 2.6, 180, 180), _lines((3.5, 5.5), (1.3, 10.5)), _lines((3.5, 5.5), (6.5, 10.5)), _lines((16.5, 5.5), (13.5, 10.5)), _lines((16.5, 5.5), (18.7, 10.5))),
    "readers": (_ring(6, 10, 3.5), _ring(14, 10, 3.5), _arc(10, 9.5, 1.2, 20, 140), _lines((2.5, 9), (1.5, 7.5)), _lines((17.5, 9), (18.5, 7.5))),
    "video": (_box(2.5, 5, 11, 10), _lines((13.5, 9), (17.5, 6.5), (17.5, 13.5), (13.5, 11))),
}  # fmt: skip


class IconLabel(QWidget):
    """An icon by itself, in a quiet colour."""

    def __init__(self, name: str, side: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._side = name, side
        self.setFixedHeight(side)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colour = self.palette().color(QPalette.ColorRole.PlaceholderText)
        left = (self.width() - self._side) / 2
        draw(self._name, painter, QRectF(left, 0, self._side, self._side), colour)


def icon(name: str, palette: QPalette) -> QIcon:
    """One of DRAWINGS in a palette's text colour, also disabled, for screens of 100 to 300 %."""
    picture = QIcon()
    for group, mode in (
        (QPalette.ColorGroup.Active, QIcon.Mode.Normal),
        (QPalette.ColorGroup.Disabled, QIcon.Mode.Disabled),
    ):
        colour = palette.color(group, QPalette.ColorRole.WindowText)
        for side in SIDES:
            pixmap = QPixmap(side, side)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            draw(name, painter, QRectF(0, 0, side, side), colour)
            painter.end()
            picture.addPixmap(pixmap, mode)
    return picture


def draw(name: str, painter: QPainter, rect: QRectF, colour: QColor) -> None:
    """Paint an icon into a square."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(rect.topLeft())
    painter.scale(rect.width() / GRID, rect.height() / GRID)
    painter.setPen(
        QPen(
            colour,
            STROKE,
            Qt.PenStyle.SolidLine,
            Qt.PenCapStyle.RoundCap,
            Qt.PenJoinStyle.RoundJoin,
        )
    )
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for part in DRAWINGS[name]:
        part(painter)
    painter.restore()
