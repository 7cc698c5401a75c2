"""Plots of error rates: the false accept rate along the bottom by powers of ten."""

import math
from collections.abc import Iterator, Sequence
from typing import Literal

import pyqtgraph as pg
from PySide6.QtGui import QFontMetrics

DIGITS = (range(1, 10), (1, 2, 5), (1,))  # numbers of a decade, as many as there is room for
BETWEEN = 6  # pixels at least between two numbers
NAMES = {"TAR": "TAR (true accept rate)", "FRR": "FRR (false reject rate)"}


def rate_plot(up: Literal["TAR", "FRR"]) -> pg.PlotWidget:
    """An empty ROC (TAR up) or DET (FRR up, by powers of ten too)."""
    plot = pg.PlotWidget(
        enableMenu=False, axisItems={side: RateAxis(side) for side in ("bottom", "left")}
    )
    plot.setLogMode(x=True, y=up == "FRR")
    plot.setLabel("bottom", "FAR (false accept rate)")
    plot.showGrid(x=True, y=True, alpha=0.2)
    # Without it the axis makes room for its numbers only once they have been painted beside its name.
    plot.getAxis("left").setStyle(tickTextWidth=plot.fontMetrics().horizontalAdvance("0.0001"))
    least = plot.fontMetrics().horizontalAdvance(NAMES[up])
    box = plot.getViewBox()

    def name() -> None:
        # Where the whole name has no room along the axis, its ends would be cut off.
        plot.setLabel("left", NAMES[up] if box.height() >= least else up)

    box.sigResized.connect(name)
    name()
    return plot


def least_rate(pairs: int) -> float:
    """The least rate of so many pairs that can be told, one of them: a rate of 0 is drawn there."""
    return 1 / max(2, pairs)


def begin_axes(plot: pg.PlotWidget, impostor: int, genuine: int) -> None:
    """Let the axes of a ROC or DET of so many pairs begin at the least rates, and tell so."""
    plot.setToolTip(
        f"The least rate that can be told is one of {impostor:,} impostor and one of {genuine:,} "
        "genuine pairs; the axis begins there."
        if impostor and genuine
        else "A curve needs genuine and impostor pairs."
    )
    least, room = math.log10(least_rate(impostor)), 0.04  # room for the number 1
    plot.setLimits(xMin=least, xMax=0.05 - 0.05 * least)
    plot.setXRange(least, -room * least, padding=0)
    if plot.getAxis("left").logMode:
        least = math.log10(least_rate(genuine))
        plot.setLimits(yMin=least, yMax=0.05 - 0.05 * least)
        plot.setYRange(least, -room * least, padding=0)


class RateAxis(pg.AxisItem):  # type: ignore[misc]
    """Ticks at one to nine times each power of ten, and numbers at as many of them as fit."""

    def tickValues(
        self, minVal: float, maxVal: float, size: float
    ) -> list[tuple[float | None, list[float]]]:
        """Places with numbers, then those without; in powers of ten where the axis is logarithmic."""
        if not self.logMode:
            ticks: list[tuple[float | None, list[float]]] = super().tickValues(minVal, maxVal, size)
            return ticks
        low, high = sorted((minVal, maxVal))
        numbered = self._numbered(low, high, size)
        rest = [place for place in _places(low, high, DIGITS[0]) if place not in numbered]
        return [(1.0, numbered), (None, rest)]

    def tickStrings(
        self, values: Sequence[float], scale: float, spacing: float | None
    ) -> list[str]:
        """The numbers of such places; none where spacing is None."""
        if spacing is None:
            return [""] * len(values)
        strings: list[str] = super().tickStrings(values, scale, spacing)
        return strings

    def _numbered(self, low: float, high: float, size: float) -> list[float]:
        scale = size / (high - low) if high > low else 0.0
        for digits in DIGITS:
            places = list(_places(low, high, digits))
            if self._fit(places, scale):
                return places
        decades = list(_places(low, high, DIGITS[-1]))
        return next(
            (
                some
                for step in range(2, len(decades))
                if self._fit(some := decades[::-step][::-1], scale)
            ),
            decades[-1:],
        )

    def _fit(self, places: Sequence[float], scale: float) -> bool:
        if len(places) < 2:
            return bool(places)
        metrics = QFontMetrics(self.style["tickFont"] or self.font())
        across = self.orientation in ("bottom", "top")
        room = [
            metrics.horizontalAdvance(text) if across else metrics.height()
            for text in self.logTickStrings(places, 1.0, 1.0)
        ]
        return all(
            abs(b - a) * scale >= (one + other) / 2 + BETWEEN
            for a, b, one, other in zip(places, places[1:], room, room[1:], strict=False)
        )


def _places(low: float, high: float, digits: Sequence[int]) -> Iterator[float]:
    for power in range(math.floor(low), math.ceil(high) + 1):
        for digit in digits:
            place = power + math.log10(digit)
            if low <= place <= high:
                yield place
