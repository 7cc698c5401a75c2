"""Accuracy as more and more of the face is masked (paper, section 5.1 and Figure 5b)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.errors import Stopped, XCosError
from core.evaluation.metrics import measure, one_sort
from core.faces.masks import free_form_mask
from core.progress import Task

SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
GREY = 127  # of a masked pixel: about the mean that networks' inputs are centred on
Scores = dict[str, np.ndarray | None]


@dataclass(frozen=True)
class OcclusionCurve:
    """shares: masked parts of the face, 0 to 1; accuracies: by kind of score, one a share."""

    shares: tuple[float, ...]
    accuracies: dict[str, list[float]]

    def as_json(self) -> dict[str, object]:
        """The curve for a file."""
        return {"masked": list(self.shares), "accuracy": self.accuracies}


def occlusion_curve(
    crops: np.ndarray,
    score: Callable[[np.ndarray], Scores],
    same: np.ndarray,
    folds: np.ndarray | None,
    task: Task,
) -> OcclusionCurve:
    """Mask every face, each by its own seeded strokes, and measure again at each share.

    crops: (m, 112, 112, 3) uint8; score: masked crops to the scores (n,) of the pairs, by kind
    Raises XCosError for genuine or impostor pairs alone, and Stopped.
    """
    if one_sort(same):
        raise XCosError("Accuracy under masks needs genuine and impostor pairs; add the others.")
    accuracies: dict[str, list[float]] = {}
    for number, share in enumerate(SHARES):
        if task.stopped():
            raise Stopped("The occlusion curve")
        task.report("Masking faces", number, len(SHARES))
        for kind, values in score(masked(crops, share)).items():
            if values is not None:
                accuracy = measure(values, same, folds).accuracy
                assert accuracy is not None
                accuracies.setdefault(kind, []).append(accuracy)
    return OcclusionCurve(SHARES, accuracies)


def masked(crops: np.ndarray, share: float) -> np.ndarray:
    """Copies of the crops with that share of each hidden; the same masks at every call."""
    if share == 0:
        return crops
    hidden = crops.copy()
    for number, crop in enumerate(hidden):
        crop[free_form_mask(share, np.random.default_rng([number, round(1000 * share)]))] = GREY
    return hidden
