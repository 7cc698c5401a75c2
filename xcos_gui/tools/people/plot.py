"""People as a scatter: genuine against impostor score, with the faces of those who stand out."""

from collections.abc import Callable

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QGraphicsPixmapItem, QWidget

from core.analysis.people import ANIMALS, People, Person
from xcos_gui.tools.people.model import ANIMAL_COLOURS, NONE_COLOUR
from xcos_gui.widgets.cell_view import MARK

PICTURES = 24  # faces shown in the plot
APART = 0.085  # of the plot's width and height, that two faces keep
NEAR = 14  # pixels around a point that still mean it
Pixmap = Callable[[Person], QPixmap | None]


class PeoplePlot(pg.PlotWidget):  # type: ignore[misc]
    """A point a person; people without a genuine pair stand in a strip of their own at the left."""

    chosen = Signal(str)  # an identity

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._people: People | None = None
        self._points = np.empty((0, 2))
        self._pictures: dict[int, QGraphicsPixmapItem] = {}
        self.setMenuEnabled(False)
        self.setLabel("bottom", "mean genuine score")
        self.setLabel("left", "mean impostor score")
        self._ring = pg.ScatterPlotItem(size=20, pen=pg.mkPen(MARK, width=3), brush=None)
        self._ring.setZValue(20)
        self.scene().sigMouseClicked.connect(self._on_click)
        self.setAccessibleName(
            "People by mean genuine and impostor score; the table beside it has the same numbers"
        )

    @property
    def pictured(self) -> list[str]:
        """The identities whose faces are shown."""
        persons = () if self._people is None else self._people.persons
        return [persons[place].identity for place in self._pictures]

    def show_people(self, everyone: People, pixmap: Pixmap) -> None:
        """Draw other people; pixmap gives a person's face where it is there already."""
        self._people = everyone
        self.plotItem.clear()
        self._pictures = {}
        self._points, lone = _places(everyone)
        measured = "mean" if everyone.measure == "mean" else "mean highest"
        self.setLabel("left", f"{measured} impostor score")
        for animal in (*ANIMALS, None):
            chosen = [k for k, p in enumerate(everyone.persons) if p.animal == animal]
            chosen = [k for k in chosen if np.isfinite(self._points[k]).all()]
            if not chosen:
                continue
            colour = ANIMAL_COLOURS[animal] if animal else NONE_COLOUR
            dots = pg.ScatterPlotItem(
                x=self._points[chosen, 0],
                y=self._points[chosen, 1],
                size=9 if len(everyone.persons) < 2000 else 6,
                brush=colour,
                pen=pg.mkPen(colour.darker(150)),
                data=[everyone.persons[k].identity for k in chosen],
                hoverable=True,
                tip=lambda x, y, data: data,
            )
            self.addItem(dots)
        self._draw_quarters(everyone, lone)
        self.addItem(self._ring)
        self._ring.setData([], [])
        self.autoRange(padding=0.12)  # room for the faces beside the points
        for place in _standing_out(self._points, everyone):
            item = QGraphicsPixmapItem()
            item.setFlag(QGraphicsPixmapItem.GraphicsItemFlag.ItemIgnoresTransformations)
            item.setPos(*self._points[place])
            item.setZValue(10)
            item.setToolTip(everyone.persons[place].identity)
            item.setTransformationMode(Qt.TransformationMode.SmoothTransformation)
            self.addItem(item, ignoreBounds=True)
            self._pictures[place] = item
        self.fill_pictures(pixmap)

    def fill_pictures(self, pixmap: Pixmap) -> None:
        """Put in the faces that have come."""
        if self._people is None:
            return
        side = round(2.4 * self.fontMetrics().height())
        ratio = self.devicePixelRatioF()
        for place, item in self._pictures.items():
            if not item.pixmap().isNull():
                continue
            picture = pixmap(self._people.persons[place])
            if picture is not None:
                small = picture.scaledToHeight(
                    round(side * ratio), Qt.TransformationMode.SmoothTransformation
                )
                small.setDevicePixelRatio(ratio)
                item.setPixmap(small)
                # Beside the point, whose colour tells the class.
                item.setOffset(5, -side / 2)

    def mark(self, identity: str | None) -> None:
        """Ring a person's point; None: nobody's."""
        place = self._place(identity)
        if place is None:
            self._ring.setData([], [])
        else:
            self._ring.setData([self._points[place, 0]], [self._points[place, 1]])

    def choose_at(self, at: QPointF) -> None:
        """Choose the person nearest to a place of the scene, where one is near."""
        if self._people is None or not len(self._points):
            return
        box = self.plotItem.vb
        best, distance = None, float(NEAR)
        for place, (x, y) in enumerate(self._points):
            if not np.isfinite((x, y)).all():
                continue
            away = box.mapViewToScene(QPointF(x, y)) - at
            far = float(np.hypot(away.x(), away.y()))
            picture = self._pictures.get(place)
            if picture is not None and self._covered(picture).contains(at):
                far = 0.0
            if far < distance:
                best, distance = place, far
        if best is not None:
            self.chosen.emit(self._people.persons[best].identity)

    def _covered(self, picture: QGraphicsPixmapItem) -> QRectF:
        """Where a face is seen in the scene: it keeps its size, which its own rectangle is not told."""
        seen = picture.deviceTransform(self.viewportTransform()).mapRect(picture.boundingRect())
        return self.viewportTransform().inverted()[0].mapRect(seen)

    def _place(self, identity: str | None) -> int | None:
        persons = () if self._people is None else self._people.persons
        place = next((k for k, p in enumerate(persons) if p.identity == identity), None)
        return place if place is None or np.isfinite(self._points[place]).all() else None

    def _draw_quarters(self, everyone: People, lone: float | None) -> None:
        pen = pg.mkPen((128, 128, 128), style=Qt.PenStyle.DashLine)
        for bounds, angle in ((everyone.genuine_quarters, 90), (everyone.impostor_quarters, 0)):
            for bound in bounds or ():
                line = pg.InfiniteLine(bound, angle=angle, pen=pen)
                line.setZValue(-5)
                self.addItem(line, ignoreBounds=True)
        high = self._points[np.isfinite(self._points[:, 1]), 1]
        if lone is not None and len(high):
            text = pg.TextItem("no genuine pair", color=(128, 128, 128), angle=90, anchor=(0, 1))
            text.setPos(lone, high.min())
            self.addItem(text, ignoreBounds=True)

    def _on_click(self, event: object) -> None:
        self.choose_at(event.scenePos())  # type: ignore[attr-defined]


def _places(everyone: People) -> tuple[np.ndarray, float | None]:
    """Where people stand, (k, 2); and x of the strip of those without a genuine pair, if any."""
    points = np.array(
        [
            (
                np.nan if p.genuine_mean is None else p.genuine_mean,
                np.nan if (i := p.impostor(everyone.measure)) is None else i,
            )
            for p in everyone.persons
        ],
        np.float64,
    ).reshape(-1, 2)
    lone = np.isnan(points[:, 0])
    if not lone.any():
        return points, None
    known = points[~lone, 0]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    strip = low - 0.12 * max(high - low, 0.1)
    points[lone, 0] = strip
    return points, strip


def _standing_out(points: np.ndarray, everyone: People) -> list[int]:
    """Places of people far from the middle, the farthest first, none too near to another."""
    fine = np.isfinite(points).all(axis=1)
    if not fine.any():
        return []
    low, high = points[fine].min(axis=0), points[fine].max(axis=0)
    unit = (points - low) / np.maximum(high - low, 1e-9)
    middle = np.median(unit[fine], axis=0)
    far = np.where(fine, np.abs(unit - middle).max(axis=1), -1)
    taken: list[int] = []
    for place in np.argsort(-far, kind="stable").tolist():
        if len(taken) == PICTURES or not fine[place]:
            break
        if all(np.abs(unit[place] - unit[other]).max() > APART for other in taken):
            taken.append(place)
    return taken
