"""A picture of one explained pair, drawn by matplotlib without a window."""

import textwrap
from typing import Any, Literal, get_args

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure

from core.explain.colours import ColourLimits, centred_table, map_rgba, table
from core.explain.drawing import new_figure
from core.explain.report import NO_DECISION, PairReport
from core.faces.face import SIDE
from core.faces.photo_files import readable
from core.model.features import CELLS

Format = Literal["png", "svg", "pdf"]
FORMATS: tuple[Format, ...] = get_args(Format)


def pair_figure(report: PairReport, limits: ColourLimits | None = None) -> Figure:
    """Both faces with the grid, then S, W, contribution and evidence with colour bars."""
    e = report.explanation
    figure = new_figure((13, 8.2), layout="constrained")
    axes = figure.subplots(2, 3)
    _face(axes[0, 0], report.left_crop, f"left: {_ending(e.left)}")
    _face(axes[1, 0], report.right_crop, f"right: {_ending(e.right)}")
    centre = report.threshold or 0.0
    cosine = ListedColormap(centred_table(centre) / 255.0)
    draw_map(axes[0, 1], "cosine map S", e.cosine, cosine, (-1, 1), map_rgba(
        "cosine", e.cosine, threshold=report.threshold, limit=1
    ))  # fmt: skip
    top = limits.attention if limits else float(e.attention.max())
    sequential, diverging = (ListedColormap(table(n) / 255.0) for n in ("sequential", "diverging"))
    draw_map(axes[1, 1], "attention map W", e.attention, sequential, (0, top), map_rgba(
        "attention", e.attention, limit=top
    ))  # fmt: skip
    evidence = report.evidence
    both = [e.contribution] if evidence is None else [e.contribution, evidence]
    own = max(float(np.abs(values).max()) for values in both) or 1.0
    limit = limits.contribution if limits else own
    draw_map(axes[0, 2], "contribution W·S", e.contribution, diverging, (-limit, limit), map_rgba(
        "contribution", e.contribution, limit=limit
    ))  # fmt: skip
    if evidence is None:
        axes[1, 2].set_axis_off()
    else:
        draw_map(axes[1, 2], "evidence", evidence, diverging, (-limit, limit), map_rgba(
            "evidence", evidence, limit=limit
        ))  # fmt: skip
    title = report.words or NO_DECISION
    figure.suptitle(wrapped(title), fontsize=11, x=0.01, ha="left", parse_math=False)
    figure.supxlabel(report.caption, fontsize=9, parse_math=False)
    return figure


def _face(axes: Axes, crop: np.ndarray, title: str) -> None:
    axes.imshow(crop)
    step = SIDE / CELLS
    for at in range(1, CELLS):
        axes.axhline(at * step - 0.5, color="white", lw=0.5, alpha=0.7)
        axes.axvline(at * step - 0.5, color="white", lw=0.5, alpha=0.7)
    _bare(axes, title)


def draw_map(
    axes: Axes,
    title: str,
    values: np.ndarray,
    colours: ListedColormap,
    limits: tuple[float, float],
    rgba: np.ndarray,
) -> None:
    """A map (7, 7) with its numbers, colours (7, 7, 4) and colour bar."""
    axes.imshow(rgba)
    digits = 2 if limits[1] >= 1 else 3
    for row in range(CELLS):
        for column in range(CELLS):
            dark = rgba[row, column, :3].astype(int) @ (299, 587, 114) < 128_000
            axes.text(
                column,
                row,
                f"{values[row, column]:z.{digits}f}".replace("-", "\N{MINUS SIGN}"),
                ha="center",
                va="center",
                fontsize=7,
                color="white" if dark else "black",
            )
    scale: Any = ScalarMappable(Normalize(*limits), colours)
    axes.figure.colorbar(scale, ax=axes, shrink=0.8)
    _bare(axes, f"{title}, sum {values.sum():z.3f}" if not title.endswith(" S") else title)


def _bare(axes: Axes, title: str) -> None:
    axes.set_title(readable(title), fontsize=9, parse_math=False)  # names may hold a $
    axes.set_xticks([])
    axes.set_yticks([])


def wrapped(text: str, width: int = 150) -> str:
    """A title in lines that fit."""
    return "\n".join(textwrap.wrap(readable(text), width))


def _ending(name: str, longest: int = 42) -> str:
    return name if len(name) <= longest else "\N{HORIZONTAL ELLIPSIS}" + name[1 - longest :]
