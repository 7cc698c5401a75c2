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

    Genuine or impostor pairs alone have no accuracy, AUC or EER: these are None, and the threshold
    is a given one. Then, and only then, there are
    accepted:      the share of pairs above the threshold, TAR or FAR; None without a threshold
    mean_score:    of all pairs, in [-1, 1]
    """

    accuracy: float | None
    std: float | None
    threshold: float | None
    auc: float | None
    eer: float | None
    tar_at_far: dict[str, float | None]
    accepted: float | None = None
    mean_score: float | None = None


def measure(
    scores: np.ndarray, same: np.ndarray, folds: np.ndarray | None, own: float | None = None
) -> Metrics:
    """Figures of (n,) scores of pairs; with folds, each is judged by the others' threshold.

    own: the weights' threshold, by which genuine or impostor pairs alone are judged
    """
    if one_sort(same):
        accepted = None if own is None else float((scores > own).mean())
        nothing: dict[str, float | None] = {_named(far): None for far in WANTED_FARS}
        mean = float(scores.mean())
        return Metrics(None, None, own, None, None, nothing, accepted, mean)
    statistics = PairStatistics(np.sort(scores[same]), np.sort(scores[~same]), 0)
    folds = None if folds is None or len(np.unique(folds)) == 1 else folds
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
        {_named(far): _tar(statistics, far) for far in WANTED_FARS},
    )


def one_sort(same: np.ndarray) -> bool:
    """Whether the pairs (n,) are all genuine or all impostor."""
    return bool(same.all() or not same.any())


def judged(
    scores: np.ndarray, same: np.ndarray, folds: np.ndarray | None
) -> tuple[np.ndarray, list[float]]:
    """Which pairs are judged rightly, (n,) bool, and the thresholds, one a fold.

    A fold's threshold is the best one on the others; without others, the best single one.
    """
    if folds is None or len(np.unique(folds)) == 1:
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


def _named(far: float) -> str:
    return f"{far:g}" if far > 1e-4 else "0.0001"


def _tar(statistics: PairStatistics, far: float) -> float | None:
    threshold = statistics.threshold_at_far(far)
    return None if threshold is None else statistics.counts(threshold).tar
