"""What the matrix panel draws: the image of the pairs, and names of identities beside it."""

from itertools import pairwise
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF, QImage, QPainter

from xcos_gui.state.matrix_image import MatrixImage

MARGIN = 4  # pixels left of the longest name


class IdentityAxis(pg.AxisItem):  # type: ignore[misc]
    """Names of identities at the middle of their rows, as far as there is room."""

    def __init__(self) -> None:
        super().__init__("left")
        self.blocks: list[tuple[int, int, str]] = []
        self._shown: dict[float, str] = {}  # names by the place where they are written
        self.setStyle(tickLength=0)

    def show_blocks(self, blocks: list[tuple[int, int, str]]) -> None:
        """Name other identities, by start and stop among the rows."""
        self.blocks = blocks
        # As wide as any name needs: a width that followed the names in sight would move the rows
        # in sight, and with them the names, without end.
        metrics = QFontMetricsF(self.font())
        widest = max((metrics.horizontalAdvance(_short(name)) for *_, name in blocks), default=0)
        self.setWidth(widest + self.style["tickTextOffset"][0] + MARGIN)
        self.picture = None
        self.update()

    def tickValues(self, minVal: float, maxVal: float, size: float) -> Any:
        minVal, maxVal = sorted((minVal, maxVal))
        pixels = size / max(maxVal - minVal, 1e-9)
        height = QFontMetricsF(self.font()).height()
        last = -1e9
        self._shown = {}
        for start, stop, name in self.blocks:
            # Of a block that is partly in sight, the middle of that part.
            middle = (max(start, minVal) + min(stop, maxVal)) / 2
            if start < maxVal and stop > minVal and (middle - last) * pixels >= height:
                self._shown[middle] = _short(name)
                last = middle
        return [(1.0, [*self._shown])]

    def tickStrings(self, values: Any, scale: float, spacing: float) -> list[str]:
        return [self._shown.get(value, "") for value in values]


class MatrixItem(pg.GraphicsObject):  # type: ignore[misc]
    """Paints the visible part of a matrix image; nothing of the matrix's size is copied."""

    def __init__(self) -> None:
        super().__init__()
        self.image: MatrixImage | None = None
        self.threshold, self.outcomes = 0.0, False
        self._drawn: tuple[object, QRectF, QImage, np.ndarray] | None = None  # of what, where, how

    def show(self, image: MatrixImage | None, threshold: float, outcomes: bool) -> None:
        """Change what is painted."""
        if image is not self.image:
            self.prepareGeometryChange()
        self.image, self.threshold, self.outcomes = image, threshold, outcomes
        self.update()

    def forget(self) -> None:
        """Draw anew: the image itself has changed."""
        self._drawn = None
        self.update()

    def boundingRect(self) -> QRectF:
        if self.image is None:
            return QRectF()
        n, m = self.image.matrix.scores.shape
        return QRectF(0, 0, m, n)

    def viewRangeChanged(self) -> None:
        self.update()

    def paint(self, painter: QPainter, *_: Any) -> None:
        view = self.getViewBox()
        if self.image is None or view is None:
            return
        n, m = self.image.matrix.scores.shape
        (left, right), (top, bottom) = view.viewRange()
        rows = slice(max(0, int(top)), min(n, int(np.ceil(bottom))))
        columns = slice(max(0, int(left)), min(m, int(np.ceil(right))))
        if rows.stop <= rows.start or columns.stop <= columns.start:
            return
        largest = max(64, int(max(view.width(), view.height())))
        places = (rows.start, rows.stop, columns.start, columns.stop)
        wanted = (self.image, places, self.threshold, self.outcomes, largest)
        if self._drawn is None or self._drawn[0] != wanted:
            colours, row, column, step = self.image.draw(
                rows, columns, self.threshold, self.outcomes, largest
            )
            height, width = colours.shape
            where = QRectF(column, row, width * step, height * step)
            form = QImage.Format.Format_RGB32
            picture = QImage(colours.data, width, height, 4 * width, form)  # of the array's memory
            self._drawn = wanted, where, picture, colours
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(self._drawn[1], self._drawn[2])


def identity_blocks(codes: np.ndarray, names: list[str]) -> list[tuple[int, int, str]]:
    """Where each identity starts and stops among rows in order, and its name."""
    edges = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(codes)]
    return [(a, b, names[a]) for a, b in pairwise(edges) if b > a]


def _short(name: str, limit: int = 18) -> str:
    return name if len(name) <= limit else name[: limit - 1] + "\N{HORIZONTAL ELLIPSIS}"
