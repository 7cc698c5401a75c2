"""Lines over the matrix: borders of identities, the frame of the pair, the cross-hair, the focus."""

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor, QPalette

from xcos_gui.panels.matrix.item import MatrixItem

LEAST_MARKER = 9.0  # pixels of the frame around the pair, however small its cell is
LEAST_BLOCK = 3.0  # pixels below which borders would cover the image
BORDER, CROSS = QColor(40, 40, 40, 120), QColor(120, 120, 120, 170)


class Frames:
    """Draws them into a plot, above its matrix."""

    def __init__(self, plot: Any, item: MatrixItem) -> None:
        self._plot, self._item, self._view = plot, item, plot.getViewBox()
        self._edges: tuple[np.ndarray, np.ndarray] = (np.empty(0), np.empty(0))
        self._borders = pg.PlotDataItem(connect="pairs", antialias=False)
        self._borders.setPen(pg.mkPen(BORDER, width=1))
        plot.addItem(self._borders)
        # White within black stands out from every colour, and lies around the cell, not on it.
        self._marker = pg.PlotDataItem(), pg.PlotDataItem()
        for line, colour in zip(self._marker, ("k", "w"), strict=True):
            line.setPen(pg.mkPen(colour, width=1))
            plot.addItem(line, ignoreBounds=True)
        self._cross = pg.InfiniteLine(angle=90), pg.InfiniteLine(angle=0)
        for line in self._cross:
            line.setVisible(False)
            line.setPen(pg.mkPen(CROSS, width=1))
            plot.addItem(line, ignoreBounds=True)

    def show_labels(self, rows: np.ndarray, columns: np.ndarray) -> None:
        """Draw borders where neighbouring rows or columns have other numbers."""
        edges = [np.flatnonzero(np.diff(codes)) + 1 for codes in (rows, columns)]
        self._edges = edges[0], edges[1]

    def renew(self, cell: tuple[int, int] | None) -> None:
        """Draw anew what depends on the zoom, and the frame of a cell."""
        self._show_borders()
        if cell is None or self._item.image is None:
            for line in self._marker:
                line.setData([], [])
            return
        pixel = 1 / self._item.pixels()
        x, y = cell[1] + 0.5, cell[0] + 0.5
        for line, outside in zip(self._marker, (2.5, 1.5), strict=True):
            half = max(0.5 + outside * pixel, (LEAST_MARKER / 2 + outside - 1.5) * pixel)
            line.setData(
                [x - half, x + half, x + half, x - half, x - half],
                [y - half, y - half, y + half, y + half, y - half],
            )

    def show_cross(self, cell: tuple[int, int] | None) -> None:
        """Show the cross-hair at a cell, or hide it."""
        for line, place in zip(self._cross, (1, 0), strict=True):
            line.setVisible(cell is not None)
            if cell is not None:
                line.setValue(cell[place] + 0.5)

    def show_focus(self, on: bool) -> None:
        """Frame the matrix while keys go to it."""
        colour = self._plot.palette().color(QPalette.ColorRole.Highlight).name()
        self._plot.setStyleSheet(f"border: 2px solid {colour if on else 'transparent'};")

    def take_palette(self, palette: QPalette) -> None:
        """Colours of another theme."""
        self.show_focus(self._plot.parentWidget().hasFocus())

    def marker_pixels(self) -> float:
        """How wide the frame of the pair is on the screen."""
        x, _ = self._marker[0].getData()
        return 0.0 if x is None or not len(x) else float((max(x) - min(x)) * self._item.pixels())

    def _show_borders(self) -> None:
        seen, image = self._item.seen(), self._item.image
        if seen is None or image is None:
            self._borders.setData([], [])
            return
        rows, columns = seen
        n, m = image.shown.shape
        across, down = self._edges
        across = across[(across >= rows.start) & (across <= rows.stop)]
        down = down[(down >= columns.start) & (down <= columns.stop)]
        cells = rows.stop - rows.start + columns.stop - columns.start
        room = LEAST_BLOCK * (len(across) + len(down) + 1)
        every_cell = len(across) + len(down) >= cells - 2 and not image.shown.cells_are_pairs
        if cells * self._item.pixels() < 2 * room or every_cell:
            self._borders.setData([], [])
            return
        x = np.concatenate([np.tile([0, m], len(across)), np.repeat(down, 2)])
        y = np.concatenate([np.repeat(across, 2), np.tile([0, n], len(down))])
        self._borders.setData(x, y)
