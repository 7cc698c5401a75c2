"""Colours of maps and matrices, as pure functions of the numbers."""

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from core.resources import resource_path


@dataclass(frozen=True)
class ColourLimits:
    """Upper ends of colours that hold for a whole gallery, so that pairs can be compared.

    attention:    of W, its maximum
    contribution: of the size of W*S and of evidence; larger ones, one in 500, are shown as this
    """

    attention: float
    contribution: float


MapName = Literal["cosine", "attention", "contribution", "evidence"]

# Errors are loud, what is right is quiet; told apart by colour-blind readers too, in both themes.
OUTCOME_COLOURS: dict[str, tuple[int, int, int]] = {
    "TP": (127, 178, 214),
    "FP": (213, 94, 0),
    "FN": (154, 63, 176),
    "TN": (222, 227, 232),
    "unknown": (128, 128, 128),
}
DARK_OUTCOME_COLOURS: dict[str, tuple[int, int, int]] = {
    "TP": (47, 106, 148),
    "FP": (255, 138, 61),
    "FN": (217, 140, 235),
    "TN": (43, 47, 53),
    "unknown": (128, 128, 128),
}
SELF_COLOUR = (90, 90, 90)  # a face with itself


def outcome_colours(dark: bool) -> dict[str, tuple[int, int, int]]:
    """Colours of outcomes on a light or a dark ground, RGB."""
    return DARK_OUTCOME_COLOURS if dark else OUTCOME_COLOURS


@cache
def table(name: str) -> np.ndarray:
    """A colour table (256, 3) uint8: "diverging" (red, white, blue) or "sequential" (yellow, green)."""
    path = resource_path("colormaps", f"{name}.csv")
    colours = np.loadtxt(path, np.uint8, delimiter=",")
    colours.setflags(write=False)
    return colours


def overlay_rgba(
    values: np.ndarray,
    colours: np.ndarray,
    low: float,
    high: float,
    opacity: float = 0.5,
) -> np.ndarray:
    """Values (H, W) to (H, W, 4) uint8 from a table (256, 3); clamps, NaN is clear."""
    hole = np.isnan(values)
    unit = np.clip((np.where(hole, low, values) - low) / (high - low), 0, 1)
    alpha = np.where(hole, 0, round(255 * opacity)).astype(np.uint8)
    return np.dstack([colours[(unit * 255).round().astype(int)], alpha])


def around(values: np.ndarray, centre: float, low: float = -1.0, high: float = 1.0) -> np.ndarray:
    """Values to [-1, 1] with the centre at 0, each side stretched linearly to its limit."""
    values = np.asarray(values, np.float64)
    above = (values - centre) / max(high - centre, 1e-9)
    below = (values - centre) / max(centre - low, 1e-9)
    return np.clip(np.where(values >= centre, above, below), -1, 1)


def centred_table(
    centre: float, low: float = -1.0, high: float = 1.0, size: int = 256
) -> np.ndarray:
    """The diverging table over [low, high] with white at the centre, (size, 3) uint8."""
    values = np.linspace(low, high, size)
    return overlay_rgba(around(values, centre, low, high)[None], table("diverging"), -1, 1)[
        0, :, :3
    ]


def faded(rgba: np.ndarray, values: np.ndarray, limit: float) -> np.ndarray:
    """Colours (7, 7, 4) whose opacity falls with the size of the values (7, 7), to none at 0."""
    shown = rgba.copy()
    strength = np.clip(np.abs(values) / max(limit, 1e-9), 0, 1) ** 0.5
    shown[..., 3] = (rgba[..., 3] * strength).round()
    return shown


def map_rgba(
    name: MapName,
    values: np.ndarray,
    *,
    threshold: float | None = None,
    limit: float,
    opacity: float = 1.0,
) -> np.ndarray:
    """A map's colours (7, 7, 4) uint8.

    cosine: blue similar, red dissimilar, white at the threshold (0 without one), limits -1 and 1
    attention: from 0 to the limit; contribution, evidence: white at 0, from -limit to limit
    """
    if name == "cosine":
        centred = around(values, threshold or 0.0)
        return overlay_rgba(centred, table("diverging"), -1, 1, opacity)
    if name == "attention":
        return overlay_rgba(values, table("sequential"), 0, limit, opacity)
    return overlay_rgba(values, table("diverging"), -limit, limit, opacity)
