"""Plots of a report, drawn by matplotlib without a window, and strips of a pair's maps."""

import io
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from PIL import Image

from core.explain.colours import ColourLimits, MapName, around, map_rgba, overlay_rgba, table
from core.explain.drawing import new_figure
from core.explain.explanation import PairDecision
from core.faces.face import SIDE
from core.reports.report import GalleryReport

GENUINE, IMPOSTOR, LINE = "#0072b2", "#d55e00", "#cc0099"
STRIP: tuple[MapName, ...] = ("cosine", "attention", "contribution", "evidence")
TITLES = {
    "cosine": "cosine map S",
    "attention": "attention map W",
    "contribution": "contribution W·S",
    "evidence": "evidence",
}


def map_colours(
    pair: PairDecision, name: MapName, limits: ColourLimits, opacity: float = 1.0
) -> np.ndarray | None:
    """A map's colours (7, 7, 4) uint8, or None for evidence without a threshold."""
    values = pair.map_of(name)
    if values is None:
        return None
    limit = limits.attention if name == "attention" else limits.contribution
    return map_rgba(name, values, threshold=pair.threshold, limit=limit, opacity=opacity)


def pair_strip(
    pair: PairDecision,
    faces: tuple[np.ndarray | None, np.ndarray | None],
    limits: ColourLimits,
    over: float | None = None,
    maps: tuple[MapName, ...] = STRIP,
    gap: int = 8,
) -> np.ndarray:
    """Both faces and the maps side by side, (112, w, 3) uint8; white where there is none.

    over: lay the maps over the left face with this opacity; None: the maps alone
    """
    white = np.full((SIDE, SIDE, 3), 255, np.uint8)
    parts = [white if face is None else face for face in faces]
    left = faces[0]
    for name in maps:
        rgba = map_colours(pair, name, limits, 1.0 if over is None else over)
        if rgba is None:
            parts.append(white)
            continue
        large = Image.fromarray(rgba).resize((SIDE, SIDE), Image.Resampling.NEAREST)
        ground = Image.fromarray(white if over is None or left is None else left).convert("RGBA")
        parts.append(np.asarray(Image.alpha_composite(ground, large).convert("RGB")))
    space = np.full((SIDE, gap, 3), 255, np.uint8)
    return np.concatenate([piece for part in parts for piece in (part, space)][:-1], axis=1)


def histogram_figure(report: GalleryReport) -> Figure:
    """Genuine and impostor scores as densities, with the threshold."""
    figure, axes = _figure()
    sorts = (("genuine", report.statistics.genuine), ("impostor", report.statistics.impostor))
    every = np.concatenate([scores for _, scores in sorts])
    # On whole thousandths: the same scores by another kernel differ in their last digits.
    lowest = np.floor(1000 * every.min(initial=-1e-6)) / 1000
    edges = np.linspace(lowest, np.ceil(1000 * every.max(initial=1e-6)) / 1000, 61)
    for (name, scores), colour in zip(sorts, (GENUINE, IMPOSTOR), strict=True):
        if len(scores):
            label = f"{name} ({len(scores):,})"
            axes.hist(scores, edges, alpha=0.6, label=label, density=True, color=colour)
    if report.threshold is not None:
        axes.axvline(report.threshold, color=LINE, lw=1.2, label="threshold")
    axes.set_xlabel("score")
    axes.set_ylabel("density")
    axes.legend(fontsize=8)
    return figure


def roc_figure(report: GalleryReport) -> Figure | None:
    """TAR against FAR with the threshold's place; None without both sorts of pairs."""
    curve = report.statistics.curve()
    if curve is None:
        return None
    figure, axes = _figure()
    axes.plot(curve.far, curve.tar, color=GENUINE)
    if report.threshold is not None:
        counts = report.statistics.counts(report.threshold)
        axes.plot([counts.far or 0.0], [counts.tar or 0.0], "o", color=LINE, label="threshold")
        axes.legend(fontsize=8, loc="lower right")
    axes.set_xscale("symlog", linthresh=1 / max(1, len(report.statistics.impostor)))
    axes.set_xlim(0, 1)
    axes.set_xlabel("false accept rate (FAR)")
    axes.set_ylabel("true accept rate (TAR)")
    axes.grid(alpha=0.3)
    return figure


def matrix_picture(report: GalleryReport) -> np.ndarray | None:
    """The scores of all pairs as colours (n, n, 3) uint8, white at the threshold."""
    if report.matrix is None:
        return None
    centred = around(report.matrix, report.threshold or 0.0)
    return overlay_rgba(centred, table("diverging"), -1, 1, 1.0)[..., :3]


def svg(figure: Figure) -> str:
    """A figure as an SVG element that names no address."""
    buffer = io.StringIO()
    nothing: dict[str, Any] = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with rc_context({"svg.hashsalt": "xcos"}):  # the same names in the same picture
        figure.savefig(buffer, format="svg", metadata=nothing)
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def png(pixels: np.ndarray) -> bytes:
    """Pixels as a PNG file's bytes."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def jpeg(pixels: np.ndarray) -> bytes:
    """Pixels as a JPEG file's bytes."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def _figure() -> tuple[Figure, Any]:
    figure = new_figure((5.2, 3.4), layout="constrained")
    return figure, figure.subplots()
