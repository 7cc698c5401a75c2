"""An evaluation's plots: what stands on their axes, and where their lines lie."""

import pytest

from core.evaluation.occlusion_curve import OcclusionCurve
from core.evaluation.plots import occlusion_figure


def test_accuracy_stands_against_the_masked_share() -> None:
    curve = OcclusionCurve((0.0, 0.2, 0.5), {"learned": [0.98, 0.9, 0.6], "fc": [0.99, 0.8, 0.55]})
    (axes,) = occlusion_figure(curve).axes
    assert axes.get_xlabel() == "Masked share of the face (%)"
    assert axes.get_ylabel() == "Accuracy (%)"
    for line, accuracies in zip(axes.lines, curve.accuracies.values(), strict=True):
        assert line.get_xdata().tolist() == [0, 20, 50]
        assert line.get_ydata() == pytest.approx([100 * value for value in accuracies])
