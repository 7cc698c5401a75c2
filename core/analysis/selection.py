"""What a choice of pairs holds: counts, rates with intervals by identity, and its worst pairs."""

from dataclasses import dataclass

import numpy as np

from core.analysis.rates import (
    PairKinds,
    RateInterval,
    RateSums,
    count_errors,
    rate_intervals,
)
from core.errors import Stopped
from core.progress import QUIET, Task
from core.scoring.blocks import UNKNOWN
from core.scoring.lists import PairList
from core.scoring.matrix import CODE, Outcome, at_most, outcome_codes
from core.scoring.scored import ScoredGallery
from core.scoring.selected import ChosenPairs
from core.scoring.statistics import Counts

LISTED = 4000  # pairs of a choice that are listed, worst first


@dataclass(frozen=True, eq=False)
class ChosenReport:
    """Chosen pairs at a threshold.

    tar, far: None without such pairs
    pairs:    the worst of them, at most 4,000
    """

    counts: Counts
    tar: RateInterval | None
    far: RateInterval | None
    pairs: PairList

    @property
    def total(self) -> int:
        """How many pairs are chosen."""
        return self.counts.genuine + self.counts.impostor + self.counts.unknown


def rates_of_all(
    scored: ScoredGallery, threshold: float, task: Task = QUIET
) -> tuple[RateInterval | None, RateInterval | None]:
    """TAR and FAR of all pairs at a threshold, with intervals; None without such pairs. Raises Stopped."""
    n, m = scored.matrix.scores.shape
    kinds = PairKinds(np.zeros(n, np.int64), np.zeros(m, np.int64), np.zeros((1, 1), np.int64))
    return count_errors(scored.matrix, threshold, kinds, task).told(task)


def look_at_chosen(
    scored: ScoredGallery, chosen: ChosenPairs, threshold: float, task: Task = QUIET
) -> ChosenReport:
    """Count chosen pairs, list the worst, and say how sure their rates are. Raises Stopped."""
    matrix = scored.matrix
    size = int(max(matrix.rows.max(initial=-1), matrix.columns.max(initial=-1))) + 1
    sums, numbers = RateSums(size), np.zeros(len(CODE), np.int64)
    worst = (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32), np.empty(0))
    for row, column in chosen.parts(matrix):
        if task.stopped():
            raise Stopped("Counting the chosen pairs")
        scores, left, right = matrix.scores[row, column], matrix.rows[row], matrix.columns[column]
        known, genuine = (left >= 0) & (right >= 0), left == right
        codes = outcome_codes(scores, genuine, known, threshold)
        numbers += np.bincount(codes, minlength=len(CODE))
        same = scores > at_most(threshold)
        sums.add(left[known], right[known], same[known])
        margin = scores.astype(np.float64) - threshold
        badness = np.where(genuine, -margin, margin)
        badness = np.where(known, badness, UNKNOWN - np.abs(margin))
        worst = _worst(worst, (row, column, scores, badness))
    names: tuple[Outcome, ...] = ("TP", "FP", "FN", "TN", "unknown")
    counts = Counts(*(int(numbers[CODE[name]]) for name in names))
    tar, far = rate_intervals(sums, task)
    return ChosenReport(counts, tar, far, PairList(*worst[:3]))


Entries = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # rows, columns, scores, badness


def _worst(kept: Entries, more: Entries) -> Entries:
    """The entries of the largest badness of both, in order; ties by place."""
    if len(more[3]) > LISTED:  # most are out at once
        least = np.partition(more[3], -LISTED)[-LISTED]
        inside = more[3] >= least
        more = more[0][inside], more[1][inside], more[2][inside], more[3][inside]
    joined = [np.concatenate(both) for both in zip(kept, more, strict=True)]
    order = np.lexsort((joined[1], joined[0], -joined[3]))[:LISTED]
    return joined[0][order], joined[1][order], joined[2][order], joined[3][order]
