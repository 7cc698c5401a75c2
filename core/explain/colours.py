"""Colours of maps and matrices as pure functions of numbers, with fixed limits."""

from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

import numpy as np

from core.resources import resource_path

MapName = Literal["cosine", "attention", "contribution", "evidence"]
MAP_NAMES: tuple[MapName, ...] = get_args(MapName)
MAP_TITLES: dict[MapName, str] = {
    "cosine": "Cosine map S",
    "attention": "Attention map W",
    "contribution": "Contribution W·S",
    "evidence": "Evidence",
}
TableName = Literal["RdBu", "YlGn", "PuOr"]

# Okabe and Ito's palette: right decisions cool, errors warm, also for colour-blind readers.
OUTCOME_COLOURS: dict[str, tuple[int, int, int]] = {
    "TP": (0, 114, 178),
    "FP": (213, 94, 0),
    "FN": (230, 159, 0),
    "TN": (86, 180, 233),
    "unknown": (153, 153, 153),
}


@cache
def colour_table(name: TableName) -> np.ndarray:
    """A colour table of the resources: (256, 3) uint8, read-only."""
    path = resource_path("colormaps", f"{name}.csv")
    table = np.loadtxt(path, np.uint8, delimiter=",", skiprows=1)
    table.setflags(write=False)
    return table


def unit(values: np.ndarray, low: float, high: float, centre: float | None = None) -> np.ndarray:
    """Values on a colour table: low 0, high 1, clamped; with a centre, that is 0.5 (two slopes)."""
    if centre is None:
        scaled = (values - low) / (high - low)
    else:
        below = 0.5 * (values - low) / max(centre - low, 1e-9)
        above = 0.5 + 0.5 * (values - centre) / max(high - centre, 1e-9)
        scaled = np.where(values < centre, below, above)
    clamped: np.ndarray = np.clip(scaled, 0, 1)
    return clamped


def overlay_rgba(
    values: np.ndarray,
    table: np.ndarray,
    low: float,
    high: float,
    opacity: float = 0.5,
    centre: float | None = None,
) -> np.ndarray:
    """(H, W) values and a (256, 3) uint8 table to (H, W, 4) uint8; clamps, NaN is clear."""
    hole = np.isnan(values)
    place = unit(np.where(hole, low, values), low, high, centre)
    alpha = np.where(hole, 0, round(255 * opacity)).astype(np.uint8)
    return np.dstack([table[(place * 255).round().astype(int)], alpha])


@dataclass(frozen=True, eq=False)
class Scale:
    """How values become colours.

    table: (256, 3) uint8
    centre: the value of the table's middle, or None for one slope from low to high
    """

    table: np.ndarray
    low: float
    high: float
    centre: float | None = None

    def rgba(self, values: np.ndarray, opacity: float = 1.0) -> np.ndarray:
        """(H, W) values to (H, W, 4) uint8."""
        return overlay_rgba(values, self.table, self.low, self.high, opacity, self.centre)

    def unit(self, values: np.ndarray) -> np.ndarray:
        """Places of values on the table, in [0, 1]."""
        return unit(values, self.low, self.high, self.centre)


def map_scale(name: MapName, threshold: float | None, limit: float) -> Scale:
    """The scale of a map of a pair.

    cosine: as the paper's Figure 3, blue similar, red dissimilar, white at the threshold (0
    without one), limits -1 and 1. attention: from 0 to limit. contribution and evidence: white
    at 0, from -limit to limit. With one limit for a gallery, the largest W, its pairs compare.
    """
    if name == "cosine":
        centre = 0.0 if threshold is None else min(max(threshold, -1.0), 1.0)
        return Scale(colour_table("RdBu"), -1.0, 1.0, centre)
    limit = max(limit, 1e-9)
    if name == "attention":
        return Scale(colour_table("YlGn"), 0.0, limit)
    return Scale(colour_table("RdBu"), -limit, limit, 0.0)


def score_scale(threshold: float | None, low: float = -1.0, high: float = 1.0) -> Scale:
    """The scale of a score matrix: purple above the threshold, orange below, white at it."""
    centre = 0.0 if threshold is None else threshold
    return Scale(colour_table("PuOr"), min(low, centre), max(high, centre), centre)
