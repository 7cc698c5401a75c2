"""Reading a curve with the mouse: the point under it is marked and told, and a click chooses it."""

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal

NEAR = 60.0  # pixels from the curve within which a point is read


class CurveReader(QObject):
    """Tells which point of a plot's curve is under the mouse."""

    hovered = Signal(object)  # the point's number, or None
    picked = Signal(int)

    def __init__(self, plot: Any, curve: pg.PlotDataItem) -> None:
        super().__init__(plot)
        self._plot, self._curve = plot, curve
        self._mark = pg.ScatterPlotItem(size=9, pen=pg.mkPen("#808080", width=2), brush=None)
        plot.addItem(self._mark, ignoreBounds=True)
        plot.scene().sigMouseMoved.connect(self._on_move)
        plot.scene().sigMouseClicked.connect(self._on_click)
        curve.sigPlotChanged.connect(lambda *_: self.clear())
        plot.installEventFilter(self)

    def point_at(self, scene: QPointF) -> int | None:
        """The number of the curve's point nearest to a place, or None where none is near."""
        view = self._plot.getViewBox()
        x, y = self._curve.getData()
        if x is None or not len(x) or not view.sceneBoundingRect().contains(scene):
            return None
        at, pixel = view.mapSceneToView(scene), view.viewPixelSize()
        away = np.hypot((x - at.x()) / pixel[0], (y - at.y()) / pixel[1])
        nearest = int(np.nanargmin(away))
        return nearest if away[nearest] <= NEAR else None

    def place_of(self, number: int) -> QPointF:
        """Where a point of the curve is in the scene."""
        x, y = self._curve.getData()
        point: QPointF = self._plot.getViewBox().mapViewToScene(QPointF(x[number], y[number]))
        return point

    def clear(self) -> None:
        """Mark nothing: the mouse has left, or the curve is another one."""
        self._mark.setData([], [])
        self.hovered.emit(None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self.clear()
        return super().eventFilter(watched, event)

    def _on_move(self, scene: QPointF) -> None:
        number = self.point_at(scene)
        if number is None:
            self.clear()
            return
        x, y = self._curve.getData()
        self._mark.setData([x[number]], [y[number]])
        self.hovered.emit(number)

    def _on_click(self, event: Any) -> None:
        number = self.point_at(event.scenePos())
        if number is not None and event.button() == Qt.MouseButton.LeftButton:
            self.picked.emit(number)
