"""Summary figures of verification scores: accuracy by folds, AUC, EER, TAR at FAR."""

from dataclasses import dataclass

import numpy as np

from core.evaluation.verification import best_threshold
from core.scoring.statistics import WANTED_FARS, PairStatistics


@dataclass(frozen=True)
class Metrics:
    """All fractions from 0 to 1.

    accuracy, std: mean and standard deviation over the folds (std 0 without folds)
    threshold:     mean over the folds of the one chosen on the other folds, or the best single one
    tar_at_far:    by wanted FAR as text; None where there are fewer than 3/FAR impostor pairs
    """

    accuracy: float
    std: float
    threshold: float
    auc: float | None
    eer: float | None
    tar_at_far: dict[str, float | None]


def measure(scores: np.ndarray, same: np.ndarray, folds: np.ndarray | None) -> Metrics:
    """Figures of (n,) scores of pairs; with folds, each is judged by the others' threshold."""
    statistics = PairStatistics(np.sort(scores[same]), np.sort(scores[~same]), 0)
    right, thresholds = judged(scores, same, folds)
    groups = [slice(None)] if folds is None else [folds == fold for fold in np.unique(folds)]
    accuracies = [float(right[group].mean()) for group in groups]
    eer = statistics.eer()
    return Metrics(
        float(np.mean(accuracies)),
        float(np.std(accuracies)),
        float(np.mean(thresholds)),
        statistics.auc(),
        None if eer is None else eer[0],
        {f"{far:g}" if far > 1e-4 else "0.0001": _tar(statistics, far) for far in WANTED_FARS},
    )


def judged(
    scores: np.ndarray, same: np.ndarray, folds: np.ndarray | None
) -> tuple[np.ndarray, list[float]]:
    """Which pairs are judged rightly, (n,) bool, and the thresholds, one a fold.

    A fold's threshold is the best one on the others; without folds, the best single one.
    """
    if folds is None:
        threshold, _ = best_threshold(scores, same)
        return (scores > threshold) == same, [threshold]
    right = np.empty(len(scores), bool)
    thresholds = []
    for fold in np.unique(folds):
        inside = folds == fold
        threshold, _ = best_threshold(scores[~inside], same[~inside])
        right[inside] = (scores[inside] > threshold) == same[inside]
        thresholds.append(threshold)
    return right, thresholds


def _tar(statistics: PairStatistics, far: float) -> float | None:
    threshold = statistics.threshold_at_far(far)
    return None if threshold is None else statistics.counts(threshold).tar
