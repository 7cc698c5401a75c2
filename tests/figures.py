"""What a matplotlib figure shows, as lines of text: axes, what is drawn on them, and what is written."""

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure


def figure_lines(figure: Figure) -> list[str]:
    """A line for each thing that is shown, in the order it was drawn in."""
    lines = [f"figure {_numbers(figure.get_size_inches())}", *_texts(figure.texts)]
    for axes in figure.axes:
        lines += _axes(axes)
    return lines


def _axes(axes: Axes) -> Iterator[str]:
    named = axes.get_title(), axes.get_xlabel(), axes.get_ylabel()
    # Where axes stand follows the fonts that a machine has.
    yield f" axes {named} {axes.get_xscale()} {axes.get_yscale()}"
    yield f"  from {_numbers(axes.get_xlim())} and {_numbers(axes.get_ylim())}"
    for line in axes.lines:
        points = np.asarray(line.get_xydata(), float)
        some = points[[0, len(points) // 2, -1]] if len(points) else points
        style = line.get_color(), line.get_linestyle(), line.get_marker()
        yield f"  line {line.get_label()!r} {style} of {len(points)}: {_numbers(some)}; {_numbers(points.sum(axis=0))}"
    for bars in axes.containers:
        sizes = np.array([(bar.get_x(), bar.get_width(), bar.get_height()) for bar in bars])
        yield f"  {len(bars)} bars {bars.get_label()!r}: {_numbers([*sizes[0], *sizes[-1], *sizes.sum(axis=0)])}"
    if not axes.containers:
        for patch in axes.patches:
            box = patch.get_window_extent().transformed(axes.transData.inverted())
            yield f"  {type(patch).__name__} {_numbers(patch.get_facecolor())}: {_numbers(box.extents)}"
    for several in axes.collections:
        colours = np.atleast_2d(several.get_facecolor())
        ends = colours[[0, -1]] if len(colours) else colours
        yield f"  {type(several).__name__} of {len(colours)} colours: {_numbers(ends)}"
    for image in axes.images:
        array = np.asarray(image.get_array(), float)
        yield f"  image {array.shape} {image.get_extent()}: {_numbers(array.mean((0, 1)))}; {_numbers(array[0, 0])}; {_numbers(array[-1, 0])}"
    yield from _texts(axes.texts)
    for axis in (axes.xaxis, axes.yaxis):
        yield f"  ticks {[tick.get_text() for tick in axis.get_ticklabels()]}"
    if axes.get_legend() is not None:
        yield f"  legend {[text.get_text() for text in axes.get_legend().get_texts()]}"


def _texts(texts: list) -> Iterator[str]:
    for text in texts:
        yield f"  text {text.get_text()!r} {text.get_color()} at {_numbers(text.get_position())}"


def _numbers(values: object) -> str:
    return " ".join(f"{value:.6f}" for value in np.asarray(values, float).ravel())
