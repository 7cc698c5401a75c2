"""Faces as points of a plane: colours, thumbnails when near, a lasso, and the face under the mouse."""

from collections.abc import Callable

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPalette, QPixmap, QShowEvent
from PySide6.QtWidgets import QApplication, QGraphicsItem, QGraphicsPixmapItem, QWidget

from core.errors import one_line
from xcos_gui.widgets.cell_view import MARK
from xcos_gui.widgets.design import readable

ABOVE = (0.5, 1.2)  # where a name is held: in its middle, below its foot
NEAR = 18.0  # pixels around a point that still mean it
PICTURES = 80  # points in sight, up to which thumbnails are drawn
PICTURE = 44  # pixels
EDGE = 14  # pixels around the points and their thumbnails
LONGEST_NAME = 160  # pixels
POINT, CHOSEN_POINT = 7, 11  # pixels
SETTLE = 60  # milliseconds without zooming until thumbnails come
Pixmap = Callable[[int], QPixmap | None]


class LassoBox(pg.ViewBox):  # type: ignore[misc]
    """Dragging draws a lasso; with the right button, the middle one or Ctrl it moves the map."""

    drawn = Signal(object)  # corners (k, 2) of a closed lasso
    drawing = Signal(object)

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self._corners: list[tuple[float, float]] = []

    def mouseDragEvent(self, event: object, axis: int | None = None) -> None:
        moves = (
            event.button() != Qt.MouseButton.LeftButton  # type: ignore[attr-defined]
            or event.modifiers() & Qt.KeyboardModifier.ControlModifier  # type: ignore[attr-defined]
        )
        if moves:
            event.accept()  # type: ignore[attr-defined]
            last, now = event.lastPos(), event.pos()  # type: ignore[attr-defined]
            moved = self.mapToView(last) - self.mapToView(now)
            self.translateBy(x=moved.x(), y=moved.y())
            return
        event.accept()  # type: ignore[attr-defined]
        if event.isStart():  # type: ignore[attr-defined]
            self._corners = []
        at = self.mapToView(event.pos())  # type: ignore[attr-defined]
        self._corners.append((at.x(), at.y()))
        self.drawing.emit(np.array(self._corners))
        if event.isFinish():  # type: ignore[attr-defined]
            self.drawing.emit(np.empty((0, 2)))
            if len(self._corners) > 2:
                self.drawn.emit(np.array(self._corners))


class MapPlot(pg.PlotWidget):  # type: ignore[misc]
    """A point a face."""

    chosen = Signal(int)  # a face, by its place in the gallery
    lassoed = Signal(object)  # places (k,)

    def __init__(self, pixmap: Pixmap, parent: QWidget | None = None) -> None:
        self._box = LassoBox()
        super().__init__(parent, viewBox=self._box, enableMenu=False)
        self._pixmap = pixmap
        self.points = np.empty((0, 2))
        self.picked = np.empty(0, np.int64)
        self._tree: object = None
        self._colours = np.empty((0, 4), np.uint8)
        self._pictures: dict[int, QGraphicsPixmapItem] = {}
        self._names: dict[str, pg.TextItem] = {}
        self.hideButtons()
        self._box.setAspectLocked(True)
        for side in ("left", "bottom"):
            self.hideAxis(side)
        self._dots = pg.ScatterPlotItem(size=POINT, pen=None, pxMode=True)
        self._rings = pg.ScatterPlotItem(size=CHOSEN_POINT, brush=None, pxMode=True)
        self._one = pg.ScatterPlotItem(size=20, pen=pg.mkPen(MARK, width=3), brush=None)
        self._line = pg.PlotDataItem()
        for item in (self._dots, self._rings, self._one, self._line):
            self.addItem(item)
        self._one.setZValue(20)
        self._settling = QTimer(self, singleShot=True, interval=SETTLE)
        self._settling.timeout.connect(self.show_pictures)
        self._settling.timeout.connect(self._part_names)
        self._box.sigRangeChanged.connect(lambda *_: self._settling.start())
        self._box.drawn.connect(self._on_lasso)
        self._box.drawing.connect(lambda at: self._line.setData(at[:, 0], at[:, 1]))
        self.scene().sigMouseClicked.connect(self._on_click)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Map of faces; drag around some to select them, click one")

    # Showing.

    def show_points(self, points: np.ndarray) -> None:
        """Show other points (n, 2), all of them in sight."""
        from scipy.spatial import KDTree

        self.points, self.picked = points, np.empty(0, np.int64)
        self._tree = KDTree(points) if len(points) else None
        self._forget_pictures()
        self.name({})
        self._rings.setData([], [])
        self.mark(None)
        if len(self._colours) != len(points):
            self._colours = np.full((len(points), 4), 128, np.uint8)
        self._draw()
        self.fit()
        self._settling.start()  # also where the same is in sight as before

    def fit(self) -> None:
        """Show all points, with room for the thumbnails that hang right of and below them."""
        if not len(self.points):
            return
        low, size = self.points.min(axis=0), np.ptp(self.points, axis=0)
        pixels = np.array([self._box.width(), self._box.height()])
        room = np.maximum(pixels - PICTURE - 2 * EDGE, pixels / 2)
        pixel = float(np.max(np.maximum(size, 1e-6) / np.maximum(room, 1.0)))
        beside = (PICTURE + 2 * EDGE) * pixel
        left, bottom = low[0] - EDGE * pixel, low[1] - (PICTURE + EDGE) * pixel
        self._box.setRange(QRectF(left, bottom, size[0] + beside, size[1] + beside), padding=0)

    def colour(self, colours: np.ndarray) -> None:
        """Give the points colours (n, 4) uint8."""
        self._colours = colours
        self._draw()

    def name(self, groups: dict[str, np.ndarray]) -> None:
        """Write names where most of their points (k,) are, in the points' hues; {}: none."""
        for gone in self._names.keys() - groups.keys():
            self.removeItem(self._names.pop(gone))
        # A change of theme reaches a window before what is in it.
        ground = QColor(QApplication.palette().color(QPalette.ColorRole.Base))
        ground.setAlpha(180)
        kept, self._names = self._names, {}
        for name, places in groups.items():
            apart = np.abs(self.points[places] - np.median(self.points[places], axis=0)).sum(axis=1)
            middle = places[apart.argmin()]
            item = self._names[name] = kept.get(name) or self._new_name(name)
            item.fill = pg.mkBrush(ground)
            item.setColor(readable(QColor(*self._colours[middle].tolist()[:3]), ground))
            item.setPos(*self.points[middle])
        self._part_names()

    def _new_name(self, name: str) -> pg.TextItem:
        text = self.fontMetrics().elidedText(
            one_line(name), Qt.TextElideMode.ElideMiddle, LONGEST_NAME
        )
        item = pg.TextItem(text, anchor=ABOVE)
        item.setZValue(15)  # above the thumbnails
        self.addItem(item, ignoreBounds=True)
        return item

    def _part_names(self) -> None:
        """Hide names that would lie on others; the first ones stay."""
        taken: list[QRectF] = []
        for item in self._names.values():
            size = item.textItem.boundingRect().size()
            corner = self._box.mapViewToScene(item.pos())
            place = QRectF(corner, size).translated(
                -ABOVE[0] * size.width(), -ABOVE[1] * size.height()
            )
            item.setVisible(not any(place.intersects(other) for other in taken))
            if item.isVisible():
                taken.append(place)

    def pick(self, places: np.ndarray) -> None:
        """Mark the selected points."""
        self.picked = places
        self._rings.setData(self.points[places, 0], self.points[places, 1])
        self._take_palette()

    def mark(self, place: int | None) -> None:
        """Mark the face looked at; None: none."""
        at = np.empty((0, 2)) if place is None else self.points[place : place + 1]
        self._one.setData(at[:, 0], at[:, 1])

    def show_pictures(self) -> None:
        """Thumbnails of the points in sight, where these are few."""
        (left, right), (low, high) = self._box.viewRange()
        x, y = self.points.T if len(self.points) else (np.empty(0), np.empty(0))
        seen = np.flatnonzero((x >= left) & (x <= right) & (y >= low) & (y <= high))
        wanted = set(seen.tolist()) if len(seen) <= PICTURES else set()
        for place in [*self._pictures]:
            if place not in wanted:
                self._box.removeItem(self._pictures.pop(place))
        for place in wanted - set(self._pictures):
            pixmap = self._pixmap(place)
            if pixmap is None:
                continue  # it comes, and this is asked again
            item = QGraphicsPixmapItem(
                pixmap.scaled(
                    PICTURE,
                    PICTURE,
                    Qt.AspectRatioMode.KeepAspectRatio,
                    Qt.TransformationMode.SmoothTransformation,
                )
            )
            item.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIgnoresTransformations)
            item.setOffset(5, 5)  # the point itself, with its colour, stays in sight
            item.setPos(*self.points[place])
            item.setZValue(10)
            self._box.addItem(item, ignoreBounds=True)
            self._pictures[place] = item

    @property
    def pictured(self) -> set[int]:
        """The faces whose thumbnails are drawn."""
        return set(self._pictures)

    def _forget_pictures(self) -> None:
        for item in self._pictures.values():
            self._box.removeItem(item)
        self._pictures = {}

    def _draw(self) -> None:
        by_colour: dict[tuple[int, ...], object] = {}
        brushes = [
            by_colour.setdefault(colour, pg.mkBrush(*colour))
            for colour in map(tuple, self._colours.tolist())
        ]
        if len(brushes) == len(self.points):
            self._dots.setData(self.points[:, 0], self.points[:, 1], brush=brushes)

    def _take_palette(self) -> None:
        text = self.palette().color(QPalette.ColorRole.Text)
        self._rings.setPen(pg.mkPen(text, width=2))
        self._line.setPen(pg.mkPen(text, width=1))

    # What the user does.

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.setFocus()  # its keys are those of its window

    def nearest(self, at: QPointF) -> int | None:
        """The face at a point of the scene."""
        if self._tree is None:
            return None
        point = self._box.mapSceneToView(at)
        pixel = self._box.viewPixelSize()[0]
        far, place = self._tree.query((point.x(), point.y()))  # type: ignore[attr-defined]
        return int(place) if far <= NEAR * pixel else None

    def _on_click(self, event: object) -> None:
        place = self.nearest(event.scenePos())  # type: ignore[attr-defined]
        if place is not None:
            self.chosen.emit(place)

    def _on_lasso(self, corners: np.ndarray) -> None:
        self.lassoed.emit(inside(self.points, corners))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        zooms = {Qt.Key.Key_Plus: 0.8, Qt.Key.Key_Equal: 0.8, Qt.Key.Key_Minus: 1.25}
        key = Qt.Key(event.key())
        if key in zooms:
            self._box.scaleBy((zooms[key], zooms[key]))
        elif key == Qt.Key.Key_0 and len(self.points):
            self.fit()
        else:
            super().keyPressEvent(event)


def inside(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Places of the points (n, 2) that lie within a closed line through corners (k, 2)."""
    x, y = points.T
    within = np.zeros(len(points), bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        crosses = (y0 > y) != (y1 > y)
        if y1 != y0:
            within ^= crosses & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return np.flatnonzero(within)


def coloured(values: np.ndarray, dark: bool) -> np.ndarray:
    """Hues (n,) in [0, 1), NaN for grey, as colours (n, 4) uint8 that stand out on the ground."""
    lightness = 150 if dark else 110
    colours = np.full((len(values), 4), (128, 128, 128, 220), np.uint8)
    for value in np.unique(values[np.isfinite(values)]):
        colour = QColor.fromHsl(int(value * 360), 190, lightness, 220)
        colours[values == value] = colour.getRgb()
    return colours
