"""Beside and above the matrix: the names of what stands there, and bars of each person's errors."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from heapq import nlargest
from itertools import pairwise
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPalette,
    QPen,
    QPixmap,
    QRegion,
    QTransform,
)

from core.errors import one_line
from xcos_gui.widgets.design import outcome_colour
from xcos_gui.widgets.guarded import guarded

GAP = 4.0  # pixels between names, bars and matrix
BAR = 18.0  # pixels of the longest bar; one for FRR, one for FAR
LONGEST_NAME = {"left": 130.0, "top": 92.0}  # pixels
MEASURED = 64  # of the names with the most letters, to see how much room names take
LEAST_BAR = 2.0  # pixels of a rate that is not 0
TICKS = QColor(128, 128, 128)

Seen = tuple[float, float, float]  # first and last item in sight, pixels an item


@dataclass(frozen=True)
class Named:
    """Some items of a side that belong together: where they start and stop, and their name."""

    start: int
    stop: int
    name: str


@dataclass(frozen=True, eq=False)
class Rates:
    """FRR and FAR of what stands at each item, (items, 2) from 0 to 1; NaN where unknown."""

    values: np.ndarray

    def longest(self) -> tuple[float, float]:
        """The rates that bars of full length stand for."""
        known = np.nan_to_num(self.values)
        return tuple(max(float(known[:, k].max(initial=0.0)), 1e-9) for k in (0, 1))  # type: ignore[return-value]


class SideAxis(pg.AxisItem):  # type: ignore[misc]
    """Names at the middle of their items as far as there is room, and bars next to the matrix."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation)
        self.blocks: list[Named] = []
        self._starts: list[int] = []
        self._widest = 0.0  # pixels of a name
        self._item_name: Callable[[int], str] | None = None
        self.rates: Rates | None = None
        self.marked: int | None = None  # item whose name is told, whatever the room
        self._unmarked: tuple[object, QPixmap, list[tuple[float, str]]] | None = None
        self._text = QPen()
        self._colours: dict[str, QColor] = {}
        self.setStyle(tickLength=0)
        # The matrix beside it is painted anew far more often than what stands here.
        self.setCacheMode(self.CacheMode.DeviceCoordinateCache)

    def show_blocks(
        self, blocks: list[Named], item_name: Callable[[int], str] | None = None
    ) -> None:
        """Name other items; item_name: of a single one, where there is room for each."""
        self.blocks, self._item_name = blocks, item_name
        self._starts = [block.start for block in blocks]
        metrics = QFontMetricsF(self._bold())
        longest = nlargest(MEASURED, {block.name for block in blocks}, key=len)
        self._widest = max(map(metrics.horizontalAdvance, longest), default=0.0)
        self._fit()

    def show_rates(self, rates: Rates | None) -> None:
        """Show other bars; None: no bars."""
        self.rates = rates
        self._fit()

    def mark(self, item: int | None) -> None:
        """Tell the name of an item whatever the room, such as the one under the mouse."""
        if item != self.marked:
            self.marked = item
            self.update()

    def take_palette(self, palette: QPalette) -> None:
        """Colours of another theme."""
        self._text = pg.mkPen(palette.color(QPalette.ColorRole.WindowText))
        self._colours = {name: outcome_colour(name, palette) for name in ("FN", "FP")}
        self._renew()

    def name_of(self, item: int) -> Named | None:
        """What an item is called."""
        k = bisect_right(self._starts, item) - 1
        return self.blocks[k] if k >= 0 and item < self.blocks[k].stop else None

    def names_in(self, low: float, high: float, pixels: float) -> list[tuple[float, str]]:
        """Names with room between two places, at the middle of their part in sight; pixels an item."""
        height, last = QFontMetricsF(self.font()).height(), -1e9
        if self._item_name is not None and self.blocks and pixels >= 1.2 * height:
            end = min(int(np.ceil(high)), self.blocks[-1].stop)
            return [(k + 0.5, self._item_name(k)) for k in range(max(0, int(low)), end)]
        shown: list[tuple[float, str]] = []
        apart = height / pixels
        k = max(0, bisect_right(self._starts, low) - 1)
        while k < len(self.blocks) and self.blocks[k].start < high:
            block = self.blocks[k]
            middle = (max(block.start, low) + min(block.stop, high)) / 2
            middle = min(max(middle, low + apart / 2), high - apart / 2)  # not cut at an end
            if block.stop > low and middle - last >= apart:
                shown.append((middle, block.name))
                last = middle
                k = max(k, bisect_right(self._starts, last + apart) - 2)
            k += 1
        return shown

    def _bold(self) -> QFont:
        font = QFont(self.font())
        font.setBold(True)
        return font

    def _fit(self) -> None:
        # As wide as any name needs: a width that followed the names in sight would move the rows
        # in sight, and with them the names, without end.
        width = min(self._widest, LONGEST_NAME[self.orientation]) + 2 * GAP
        if self.rates is not None:
            width += 2 * BAR + 2 * GAP
        self.setWidth(width) if self.orientation == "left" else self.setHeight(width)
        self._renew()

    def _renew(self) -> None:
        self._unmarked = None
        self.update()

    def rate_at(self, across: float, along: float) -> tuple[int, int] | None:
        """Which bar lies at some pixels from the matrix and a place among items: item, and 0 FRR or 1 FAR."""
        item, at = int(np.floor(along)), across - GAP
        if self.rates is None or not 0 <= item < len(self.rates.values) or at < 0:
            return None
        kind = int(at // (BAR + GAP / 2))
        return (item, kind) if kind < 2 else None

    def bar_area(self) -> float:
        """Pixels next to the matrix that bars take."""
        return 0.0 if self.rates is None else 2 * BAR + 2 * GAP

    @guarded
    def paint(self, painter: QPainter, *_: Any) -> None:
        view = self.linkedView()
        if view is None:
            return
        across, down = view.viewRange()
        low, high = down if self.orientation == "left" else across
        if self._length() <= 0 or self._thickness() <= 0:  # squeezed to nothing between docks
            return
        seen = low, high, self._length() / max(high - low, 1e-9)
        pixmap, names = self._without_mark(seen, painter.device().devicePixelRatio())
        marked = None if self.marked is None else self._marked_name(self.marked, seen)
        painter.save()
        painter.setClipRegion(self._beside(marked, names, seen))
        painter.drawPixmap(0, 0, pixmap)
        painter.restore()
        if marked is not None:
            painter.setClipRect(self.boundingRect())
            self._turn(painter)
            self._paint_names(painter, [marked], seen, self._bold())

    def _length(self) -> float:
        """Pixels along the items."""
        size = self.geometry()
        return size.height() if self.orientation == "left" else size.width()

    def _thickness(self) -> float:
        size = self.geometry()
        return size.width() if self.orientation == "left" else size.height()

    def _turn(self, painter: QPainter) -> None:
        if self.orientation == "top":  # drawn as the left one, turned: names read upwards
            painter.translate(0, self._thickness())
            painter.rotate(-90)

    def _without_mark(self, seen: Seen, ratio: float) -> tuple[QPixmap, list[tuple[float, str]]]:
        """All but the marked name, which moves with the mouse, and the names that stand there."""
        key = seen, self.geometry().size().toTuple(), self.font().key(), ratio
        if self._unmarked is None or self._unmarked[0] != key:
            # Not rounded to nothing where docks leave less than a pixel.
            pixels = (self.geometry().size() * ratio).toSize().expandedTo(QSize(1, 1))
            pixmap = QPixmap(pixels)
            pixmap.setDevicePixelRatio(ratio)
            pixmap.fill(Qt.GlobalColor.transparent)
            names = self.names_in(*seen)
            painter = QPainter(pixmap)
            self._turn(painter)
            self._paint_names(painter, names, seen, self.font())
            if self.rates is not None:
                self._paint_bars(painter, seen)
            painter.end()
            self._unmarked = key, pixmap, names
        return self._unmarked[1:]

    def _marked_name(self, item: int, seen: Seen) -> tuple[float, str] | None:
        block = self.name_of(item)
        if block is None:
            return None
        close = seen[2] >= 1.2 * QFontMetricsF(self.font()).height()
        name = self._item_name(item) if close and self._item_name else block.name
        return item + 0.5, name

    def _beside(
        self, marked: tuple[float, str] | None, names: list[tuple[float, str]], seen: Seen
    ) -> QRegion:
        """All of the axis but the names that the marked one would cover."""
        region = QRegion(self.boundingRect().toAlignedRect())
        if marked is None:
            return region
        height, turned = QFontMetricsF(self.font()).height(), QTransform()
        if self.orientation == "top":
            turned = turned.translate(0, self._thickness()).rotate(-90)
        for middle, _ in names:
            if abs(middle - marked[0]) * seen[2] < height:
                region -= QRegion(turned.mapRect(self._place(middle, seen)).toAlignedRect())
        return region

    def _place(self, middle: float, seen: Seen) -> QRectF:
        """Where the name at a place among items stands, before it is turned."""
        height = QFontMetricsF(self.font()).height()
        left = GAP if self.orientation == "left" else self.bar_area() + GAP
        room = self._thickness() - self.bar_area() - 2 * GAP
        return QRectF(left, (middle - seen[0]) * seen[2] - height / 2, room, height)

    def _paint_names(
        self, painter: QPainter, names: list[tuple[float, str]], seen: Seen, font: QFont
    ) -> None:
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        painter.setPen(self._text)
        left = self.orientation == "left"
        align = Qt.AlignmentFlag.AlignRight if left else Qt.AlignmentFlag.AlignLeft
        for middle, name in names:
            where = self._place(middle, seen)
            text = metrics.elidedText(one_line(name), Qt.TextElideMode.ElideMiddle, where.width())
            painter.drawText(where, align | Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_bars(self, painter: QPainter, seen: Seen) -> None:
        low, high, pixels = seen
        edge = self._thickness() if self.orientation == "left" else 0.0
        assert self.rates is not None
        values, longest = self.rates.values, self.rates.longest()
        first, last = max(0, int(low)), min(len(values), int(np.ceil(high)))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        sign = -1.0 if self.orientation == "left" else 1.0
        # Far away several items share a line of pixels: the longest of their bars is drawn.
        step = max(1, int(1 / max(pixels, 1e-9)))
        for k, outcome in enumerate(("FN", "FP")):
            colour = self._colours.get(outcome, TICKS)
            base = edge + sign * (GAP + k * (BAR + GAP / 2))
            starts = np.arange(first, last, step)
            rates = np.nan_to_num(values[first:last, k])
            highest = np.maximum.reduceat(rates, starts - first) if len(starts) else rates
            some = highest > 0
            lengths = np.maximum(LEAST_BAR, BAR * highest[some] / longest[k])
            lefts = np.minimum(base, base + sign * lengths)
            tops, high_enough = (starts[some] - low) * pixels, max(1.0, step * pixels)
            painter.setBrush(colour)
            painter.drawRects(
                [
                    QRectF(left, top, length, high_enough)
                    for left, top, length in zip(
                        lefts.tolist(), tops.tolist(), lengths.tolist(), strict=True
                    )
                ]
            )


def named_blocks(codes: np.ndarray, names: list[str]) -> list[Named]:
    """Runs of one code among items in order, each by its first name."""
    edges = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(codes)]
    return [Named(a, b, names[a]) for a, b in pairwise(edges) if b > a]
