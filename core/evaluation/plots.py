"""ROC, DET, score histograms and the occlusion curve, drawn by matplotlib without a window."""

from statistics import NormalDist

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from core.evaluation.occlusion_curve import OcclusionCurve
from core.evaluation.results import NAMES, Evaluation, error_curves
from core.explain.drawing import new_figure

DET_TICKS = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
NORMAL = NormalDist()
deviate = np.vectorize(NORMAL.inv_cdf, [float])


def roc_figure(evaluation: Evaluation) -> Figure:
    """TAR against FAR on a logarithmic axis, a line a kind of score."""
    figure, axes = _figure("False accept rate (FAR)", "True accept rate (TAR)")
    for kind, far, frr in error_curves(evaluation):
        axes.plot(far, 1 - frr, label=NAMES[kind])
    axes.set_xscale("log")
    axes.set_xlim(1 / max(1, int((~evaluation.same).sum())), 1)
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    return figure


def det_figure(evaluation: Evaluation) -> Figure:
    """FRR against FAR, both on normal deviates (Martin et al., 1997)."""
    figure, axes = _figure("False accept rate (FAR)", "False reject rate (FRR)")
    for kind, far, frr in error_curves(evaluation):
        inside = (far > 0) & (far < 1) & (frr > 0) & (frr < 1)
        axes.plot(deviate(far[inside]), deviate(frr[inside]), label=NAMES[kind])
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks(deviate(DET_TICKS))
        axis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * NORMAL.cdf(x):.3g} %"))
    axes.set_xlim(*deviate([DET_TICKS[0], DET_TICKS[-1]]))
    axes.set_ylim(*deviate([DET_TICKS[0], DET_TICKS[-1]]))
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def histogram_figure(evaluation: Evaluation) -> Figure:
    """Genuine and impostor scores of each kind, with its threshold."""
    present = {kind: scored for kind, scored in evaluation.kinds.items() if scored is not None}
    figure = new_figure((6, 1.9 * len(present) + 0.6), layout="constrained")
    rows = np.atleast_1d(figure.subplots(len(present), 1, sharex=True))
    for axes, (kind, scored) in zip(rows, present.items(), strict=True):
        edges = np.linspace(scored.scores.min(), scored.scores.max(), 61)
        for sort, name in ((evaluation.same, "genuine"), (~evaluation.same, "impostor")):
            axes.hist(scored.scores[sort], edges, alpha=0.6, label=name)
        if scored.metrics.threshold is not None:
            axes.axvline(scored.metrics.threshold, color="black", linewidth=1)
        axes.set_title(NAMES[kind], fontsize=10)
        axes.set_ylabel("pairs")
    rows[0].legend()
    rows[-1].set_xlabel("Score")
    return figure


def occlusion_figure(curve: OcclusionCurve) -> Figure:
    """Accuracy against the masked share of the face (paper, Figure 5b)."""
    figure, axes = _figure("Masked share of the face (%)", "Accuracy (%)")
    for kind, accuracies in curve.accuracies.items():
        axes.plot(100 * np.array(curve.shares), 100 * np.array(accuracies), "o-", label=NAMES[kind])
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def _figure(x: str, y: str) -> tuple[Figure, Axes]:
    figure = new_figure((6.4, 4.8), layout="constrained")
    axes = figure.subplots()
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    return figure, axes
