"""What the matrix panel draws: the visible part of the image, at the screen's resolution."""

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from core.explain.matrix_image import Look, MatrixImage
from core.scoring.selected import ChosenPairs
from core.scoring.sides import Side
from xcos_gui.widgets.guarded import guarded


class MatrixItem(pg.GraphicsObject):  # type: ignore[misc]
    """Paints the visible part of a matrix image; nothing of the matrix's size is copied."""

    def __init__(self) -> None:
        super().__init__()
        self.image: MatrixImage | None = None
        self.look = Look(0.0)
        self.chosen: ChosenPairs | None = None  # all others are veiled
        self._drawn: tuple[object, QRectF, QImage, np.ndarray] | None = None  # of what, where, how
        self._paper = QColor("white")

    def show(self, image: MatrixImage | None, look: Look) -> None:
        """Change what is painted."""
        if image is not self.image:
            self.prepareGeometryChange()
        self.image, self.look = image, look
        self.update()

    def show_chosen(self, chosen: ChosenPairs | None, paper: QColor) -> None:
        """Veil the pairs that are not chosen in the colour of paper; None: none."""
        self.chosen, self._paper = chosen, paper
        self.forget()

    def forget(self) -> None:
        """Draw anew: the image itself has changed."""
        self._drawn = None
        self.update()

    def boundingRect(self) -> QRectF:
        if self.image is None:
            return QRectF()
        n, m = self.image.shown.shape
        return QRectF(0, 0, m, n)

    def viewRangeChanged(self) -> None:
        self.update()

    def drawn_colours(self) -> np.ndarray:
        """What was painted last, a block each, (r, c) uint32 as in MatrixImage.draw."""
        return np.empty((0, 0), np.uint32) if self._drawn is None else self._drawn[3]

    def seen(self) -> tuple[slice, slice] | None:
        """Rows and columns of cells that are in sight; None where there are none."""
        view = self.getViewBox()
        if self.image is None or view is None:
            return None
        n, m = self.image.shown.shape
        (left, right), (top, bottom) = view.viewRange()
        rows = slice(max(0, int(top)), min(n, int(np.ceil(bottom))))
        columns = slice(max(0, int(left)), min(m, int(np.ceil(right))))
        empty = rows.stop <= rows.start or columns.stop <= columns.start
        return None if empty else (rows, columns)

    def pixels(self) -> float:
        """Of the screen, how many a cell is wide."""
        view = self.getViewBox()
        (left, right), _ = view.viewRange()
        return float(view.width() / max(right - left, 1e-9))

    def _veil(self, colours: np.ndarray, top: int, left: int, step: int) -> None:
        """Pale what has no chosen pair."""
        assert self.image is not None and self.chosen is not None
        shown, (height, width) = self.image.shown, colours.shape
        bright = np.zeros(colours.shape, bool)
        for one in self.chosen.rectangles:
            ways = [(one.rows, one.columns)]
            if self.chosen.square:
                ways.append((one.columns, one.rows))
            for rows, columns in ways:
                down = _any(shown.rows, rows, step)[top : top + height]
                across = _any(shown.columns, columns, step)[left : left + width]
                such = down[:, None] & across
                bright = bright | such if one.adds else bright & ~such
        paper = np.uint32(self._paper.rgb())
        # Half of each channel: the lowest bit of each is shifted out before both are added.
        even = np.uint32(0xFEFEFE)
        pale = np.uint32(0xFF000000) | ((colours & even) >> 1) + ((paper & even) >> 1)
        colours[~bright] = pale[~bright]

    @guarded
    def paint(self, painter: QPainter, *_: Any) -> None:
        seen = self.seen()
        if seen is None or self.image is None:
            return
        rows, columns = seen
        # A block narrower than a pixel would be left out where no pixel's middle lies in it.
        across = max(rows.stop - rows.start, columns.stop - columns.start)
        largest = max(1, int(across * self.pixels()))
        wanted = (
            self.image,
            rows.start,
            rows.stop,
            columns.start,
            columns.stop,
            self.look,
            largest,
        )
        if self._drawn is None or self._drawn[0] != wanted:
            colours, row, column, step = self.image.draw(rows, columns, self.look, largest)
            height, width = colours.shape
            if self.chosen is not None:
                self._veil(colours, row // step, column // step, step)
            where = QRectF(column, row, width * step, height * step)
            form = QImage.Format.Format_RGB32
            picture = QImage(colours.data, width, height, 4 * width, form)  # of the array's memory
            self._drawn = wanted, where, picture, colours
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(self._drawn[1], self._drawn[2])


def _any(side: Side, faces: np.ndarray, step: int) -> np.ndarray:
    """Whether blocks of so many items have one of some faces, (blocks,) bool."""
    any_of: np.ndarray = np.logical_or.reduceat(faces[side.places], side.edges(step)[:-1])
    return any_of
