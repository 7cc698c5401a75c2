"""A picture of patterns: the maps of a selection, and a row of maps a group."""

from typing import Any

from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from core.analysis.patterns.groups import MeanMaps
from core.analysis.patterns.report import PatternReport
from core.explain.colours import centred_table, map_rgba, table
from core.explain.drawing import new_figure
from core.explain.figure import draw_map, wrapped


def pattern_figure(report: PatternReport) -> Figure:
    """A row of S, W and evidence for the selection (or the difference), and one for each group."""
    groups = () if report.groups is None or len(report.groups.groups) < 2 else report.groups.groups
    figure = new_figure((13, 1 + 3.9 * (1 + len(groups))), layout="constrained")
    parts: Any = figure.subfigures(1 + len(groups), 1, squeeze=False)[:, 0]
    name = "mean" if report.base is None else "difference of the means"
    _row(parts[0], report.shown, report.threshold, report.base is not None, name, report.words)
    for part, group in zip(parts[1:], groups, strict=True):
        _row(part, group.mean, report.threshold, False, "mean", group.sentence)
    return figure


def _row(
    part: Any, mean: MeanMaps, threshold: float, difference: bool, name: str, title: str
) -> None:
    part.suptitle(wrapped(title), fontsize=11, x=0.01, ha="left", parse_math=False)
    axes = part.subplots(1, 3)
    for place, (text, values, colours, limits, rgba) in enumerate(
        pictures(mean, threshold, difference)
    ):
        draw_map(axes[place], f"{name} of {text}", values, colours, limits, rgba)


def pictures(mean: MeanMaps, threshold: float, difference: bool) -> list[tuple[Any, ...]]:
    """Name, values, colour map, limits and colours (7, 7, 4) of the three maps."""
    diverging = ListedColormap(table("diverging") / 255.0)
    maps: list[tuple[Any, ...]] = []
    for text, kind, values in (
        ("S", "cosine", mean.cosine),
        ("W", "attention", mean.attention),
        ("evidence", "evidence", mean.evidence),
    ):
        top = float(abs(values).max()) or 1.0
        if kind == "cosine" and not difference:
            colours = ListedColormap(centred_table(threshold) / 255.0)
            rgba = map_rgba("cosine", values, threshold=threshold, limit=1)
            maps.append((text, values, colours, (-1, 1), rgba))
        elif kind == "attention" and not difference:
            colours = ListedColormap(table("sequential") / 255.0)
            maps.append((text, values, colours, (0, top), map_rgba("attention", values, limit=top)))
        else:
            rgba = map_rgba("evidence", values, limit=top)
            maps.append((text, values, diverging, (-top, top), rgba))
    return maps
