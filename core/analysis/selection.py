"""What a choice of pairs holds: counts, rates with intervals by identity, and its worst pairs."""

from dataclasses import dataclass

import numpy as np

from core.analysis.bootstrap import RateInterval, RateSums, rate_intervals
from core.errors import Stopped
from core.progress import QUIET, Task
from core.scoring.lists import PairList, ranked
from core.scoring.matrix import CODE, Outcome, at_most
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
    return rate_intervals(_summed(scored, None, threshold, task)[0], task)


def look_at_chosen(
    scored: ScoredGallery, chosen: ChosenPairs, threshold: float, task: Task = QUIET
) -> ChosenReport:
    """Count chosen pairs, list the worst, and say how sure their rates are. Raises Stopped."""
    matrix = scored.matrix
    every = slice(0, matrix.scores.shape[1])
    sums, counts = _summed(scored, chosen, threshold, task)

    def worst(rows: slice) -> tuple[np.ndarray, np.ndarray]:
        margin = matrix.scores[rows].astype(np.float64) - threshold
        badness = np.where(matrix.genuine(rows, every), -margin, margin)
        unknown = ~matrix.known(rows, every)
        return chosen.pairs(matrix, rows), np.where(unknown, -4 - np.abs(margin), badness)

    pairs = ranked(matrix, worst, LISTED, task)
    tar, far = rate_intervals(sums, task)
    return ChosenReport(counts, tar, far, pairs)


def _summed(
    scored: ScoredGallery, chosen: ChosenPairs | None, threshold: float, task: Task
) -> tuple[RateSums, Counts]:
    """Pairs and errors by identities, and counts by outcome; chosen None: of all pairs."""
    matrix = scored.matrix
    every = slice(0, matrix.scores.shape[1])
    sums = RateSums(max(scored.identities, default=-1) + 1)
    numbers = np.zeros(len(CODE), np.int64)
    for rows in matrix.tiles():
        if task.stopped():
            raise Stopped("Counting pairs")
        wanted = matrix.counted(rows, every) if chosen is None else chosen.pairs(matrix, rows)
        if not wanted.any():
            continue
        task.report("Counting pairs", rows.start, len(matrix.scores))
        row, column = np.nonzero(wanted)
        outcomes = matrix.outcomes(rows, every, threshold)[row, column]
        numbers += np.bincount(outcomes, minlength=len(CODE))
        left, right = matrix.rows[rows][row], matrix.columns[column]
        known = (left >= 0) & (right >= 0)
        same = matrix.scores[rows][row, column] > at_most(threshold)
        sums.add(left[known], right[known], same[known])
    names: tuple[Outcome, ...] = ("TP", "FP", "FN", "TN", "unknown")
    return sums, Counts(*(int(numbers[CODE[name]]) for name in names))
