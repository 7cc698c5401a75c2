"""A picture of saliency methods side by side, drawn by matplotlib without a window."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from core.explain.colours import overlay_rgba, table
from core.explain.drawing import new_figure
from core.explain.saliency.compare import Comparison, title
from core.explain.saliency.methods import TITLES, Subject, cells_as_pixels, on_one_scale
from core.faces.photo_files import readable

OPACITY = 0.65


def comparison_figure(comparison: Comparison, subject: Subject) -> Figure:
    """Each method's map over both faces, the deletion and insertion curves, the rank correlations."""
    names = list(comparison.methods)
    figure = new_figure((max(11.0, 2.3 * (len(names) + 1)), 9), layout="constrained")
    parts: Any = figure.subfigures(2, 1, height_ratios=(1.15, 1))
    top, bottom = parts
    axes = top.subplots(2, len(names) + 1, squeeze=False)
    for row, (crop, side) in enumerate(((subject.left, "left"), (subject.right, "right"))):
        _face(axes[row, 0], crop, None, f"{side} face")
        for column, name in enumerate(names, start=1):
            saliency = comparison.methods[name].map
            heading = f"{TITLES[name]}\n{saliency.seconds:.2f} s" if row == 0 else ""
            _face(axes[row, column], crop, getattr(saliency, side), heading)
    *curves, ranks = bottom.subplots(1, 3)
    for plot, kind in zip(curves, ("deletion", "insertion"), strict=True):
        for name, one in {**comparison.methods, **comparison.controls}.items():
            curve = getattr(one.curves, kind)
            control = name in comparison.controls
            if control and name != "random" and name != "shuffled-xcos":
                continue  # the table has them all; the plot stays readable
            plot.plot(
                curve.shares,
                curve.scores,
                label=title(name),
                lw=1.2 if control else 2,
                ls="--" if control else "-",
                color="grey" if name == "random" else None,
            )
        good = "low" if kind == "deletion" else "high"
        own = comparison.methods.get("xcos")
        area = f", xCos's area {getattr(own.curves, kind).area:.3f}" if own else ""
        plot.set_title(f"{kind}: {good} is good{area}", fontsize=9)
        plot.set_xlabel(f"share of cells {'blurred' if kind == 'deletion' else 'shown'}")
        plot.set_ylabel("score")
    # The curves cross the whole plot, so the legend stands below both.
    bottom.legend(
        *curves[0].get_legend_handles_labels(), loc="outside lower left", ncols=4, fontsize=7
    )
    _ranks(ranks, names, comparison.ranks)
    figure.suptitle(readable(comparison.words or ""), fontsize=10, x=0.01, ha="left", wrap=True)
    e = comparison.explanation
    figure.supxlabel(
        f"score {e.score:z.3f}, {e.kind} attention, order {e.order}, {e.model}; "
        "each map divided by its largest size, blue speaks for same, red against",
        fontsize=9,
        parse_math=False,
    )
    return figure


def _face(axes: Axes, crop: np.ndarray, values: np.ndarray | None, heading: str) -> None:
    axes.imshow(crop)
    if values is not None:
        scaled = cells_as_pixels(on_one_scale(values))
        axes.imshow(overlay_rgba(scaled, table("diverging"), -1, 1, OPACITY))
    axes.set_title(heading, fontsize=9)
    axes.set_xticks([])
    axes.set_yticks([])


def _ranks(axes: Axes, names: list[str], ranks: np.ndarray) -> None:
    rgba = overlay_rgba(ranks, table("diverging"), -1, 1, 1.0)
    axes.imshow(rgba)
    for row in range(len(names)):
        for column in range(len(names)):
            text = "" if np.isnan(ranks[row, column]) else f"{ranks[row, column]:z.2f}"
            dark = rgba[row, column, :3].astype(int) @ (299, 587, 114) < 128_000
            ink = "white" if dark else "black"
            axes.text(column, row, text, ha="center", va="center", fontsize=8, color=ink)
    places = np.arange(len(names))
    axes.set_xticks(places, [TITLES[n] for n in names], rotation=30, ha="right", fontsize=8)
    axes.set_yticks(places, [TITLES[n] for n in names], fontsize=8)
    axes.set_title("Spearman's rank correlation of the maps", fontsize=9)
