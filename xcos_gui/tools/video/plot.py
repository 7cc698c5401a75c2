"""Scores of tracks over time as lines; a click chooses a face."""

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtWidgets import QWidget

from core.video.track_scores import TrackScores
from xcos_gui.tools.video.model import track_colour
from xcos_gui.widgets.cell_view import MARK

NEAR = 18  # pixels around a point that still mean it
DOTS = 3000  # faces whose points are drawn; of more only the lines are


class VideoPlot(pg.PlotWidget):  # type: ignore[misc]
    """A thin line of each face's score, and a thick pale one of the mean features so far."""

    chosen = Signal(int, int)  # a track's place and a face's place in it

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, enableMenu=False)
        self._scores: list[TrackScores] = []
        self.setLabel("left", "score")
        self.setLabel("bottom", "seconds")
        self.setToolTip("Click a point to see its face beside the photo; the wheel zooms")
        self.setAccessibleName("Scores over time; the slider below goes through the same faces")
        pen = pg.mkPen(MARK, width=1.5, style=Qt.PenStyle.DashLine)
        self.line = pg.InfiniteLine(0.0, 0, pen=pen)
        self._ring = pg.ScatterPlotItem(size=16, pen=pg.mkPen(MARK, width=3), brush=None)
        self._ring.setZValue(20)
        self.scene().sigMouseClicked.connect(self._on_click)

    def show_scores(self, scores: list[TrackScores], threshold: float | None) -> None:
        """Draw other scores; an empty list clears the plot."""
        self._scores = scores
        self.plotItem.clear()
        self._ring.setData([], [])
        if not scores:
            return
        in_frames = scores[0].track.faces[0].seconds is None
        self.setLabel("bottom", "frame" if in_frames else "seconds")
        dots = sum(len(scored.track) for scored in scores) <= DOTS
        for scored in scores:
            colour, times = track_colour(scored.track.number), scored.track.times
            pale = pg.mkColor(colour)
            pale.setAlpha(110)
            self.plot(times, scored.running, pen=pg.mkPen(pale, width=4))
            self.plot(
                times,
                scored.scores,
                pen=pg.mkPen(colour, width=1),
                symbol="o" if dots else None,
                symbolSize=5,
                symbolBrush=colour,
                symbolPen=None,
            )
        self.show_threshold(threshold)
        self.addItem(self._ring)
        self.autoRange(padding=0.05)

    def show_threshold(self, threshold: float | None) -> None:
        """Move the threshold's line; None: there is none."""
        there = self.line in self.plotItem.items
        if threshold is not None:
            self.line.setValue(threshold)
        if there and threshold is None:
            self.removeItem(self.line)
        elif not there and threshold is not None:
            self.addItem(self.line)

    def mark(self, track: int, place: int) -> None:
        """Ring a face's point."""
        if track < len(self._scores):
            scored = self._scores[track]
            self._ring.setData([scored.track.times[place]], [scored.scores[place]])

    def _on_click(self, event: object) -> None:
        if event.button() == Qt.MouseButton.LeftButton:  # type: ignore[attr-defined]
            self.choose_at(event.scenePos())  # type: ignore[attr-defined]

    def choose_at(self, place: QPointF) -> None:
        """Choose the face whose point is nearest to a place of the scene, if one is near."""
        box, best = self.plotItem.vb, (float(NEAR), -1, -1)
        for number, scored in enumerate(self._scores):
            ends = [box.mapViewToScene(QPointF(x, y)) for x, y in ((0, 0), (1, 1))]
            x = ends[0].x() + scored.track.times * (ends[1].x() - ends[0].x())
            y = ends[0].y() + scored.scores * (ends[1].y() - ends[0].y())
            far = np.hypot(x - place.x(), y - place.y())
            nearest = int(far.argmin())
            if far[nearest] < best[0]:
                best = (float(far[nearest]), number, nearest)
        if best[1] >= 0:
            self.chosen.emit(best[1], best[2])
