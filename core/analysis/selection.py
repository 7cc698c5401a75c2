"""What a choice of pairs holds: counts, rates with intervals by identity, and its worst pairs."""

from dataclasses import dataclass, replace

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
from core.scoring.lists import Best, PairList
from core.scoring.matrix import CODE, Outcome, at_most
from core.scoring.scored import ScoredGallery
from core.scoring.selected import ChosenPairs
from core.scoring.statistics import Counts

LISTED = 4000  # pairs of a choice that are listed, worst first
CANDIDATES = 2**16  # for the list, found at once
ROWS_A_TURN = 512  # counted before a stop is heard


@dataclass(frozen=True, eq=False)
class ChosenReport:
    """Chosen pairs at a threshold.

    pairs:    the worst of them, at most 4,000
    tar, far: None without such pairs, and where they were only counted
    """

    counts: Counts
    pairs: PairList
    tar: RateInterval | None = None
    far: RateInterval | None = None

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
    return count_errors(scored.matrix, threshold, kinds, task).with_intervals(task)


def look_at_chosen(
    scored: ScoredGallery, chosen: ChosenPairs, threshold: float, task: Task = QUIET
) -> ChosenReport:
    """Count chosen pairs, list the worst, and say how sure their rates are. Raises Stopped."""
    counted = count_chosen(scored, chosen, threshold, task)
    tar, far = rates_of_chosen(scored, chosen, threshold, task)
    return replace(counted, tar=tar, far=far)


def count_chosen(
    scored: ScoredGallery, chosen: ChosenPairs, threshold: float, task: Task = QUIET
) -> ChosenReport:
    """Count chosen pairs and list the worst, without rates: a hundred times faster. Raises Stopped."""
    from core.scoring.kernels import selection_kernel

    matrix = scored.matrix
    rows, numbers, worst = chosen.rows_touched(), np.zeros(len(CODE), np.int64), Best(LISTED)
    adds, by_rows, by_columns = chosen.stacked(matrix.scores.shape)
    room = max(matrix.scores.shape[1], CANDIDATES)
    listed = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room)
    at = 0
    while at < len(rows):
        if task.stopped():
            raise Stopped("Counting the chosen pairs")
        some = rows[: at + ROWS_A_TURN]
        at, count = selection_kernel.count_chosen(
            matrix.scores, matrix.rows, matrix.columns, matrix.square, adds, by_rows, by_columns,
            some, at, at_most(threshold)[()], threshold, UNKNOWN, worst.floor, numbers, *listed,
        )  # fmt: skip
        row, column, badness = (part[:count].copy() for part in listed)
        worst.add(row, column, matrix.scores[row, column], badness)
    names: tuple[Outcome, ...] = ("TP", "FP", "FN", "TN", "unknown")
    counts = Counts(*(int(numbers[CODE[name]]) for name in names))
    return ChosenReport(counts, worst.listed())


def rates_of_chosen(
    scored: ScoredGallery, chosen: ChosenPairs, threshold: float, task: Task = QUIET
) -> tuple[RateInterval | None, RateInterval | None]:
    """TAR and FAR of chosen pairs with their intervals; None without such pairs. Raises Stopped."""
    matrix = scored.matrix
    size = int(max(matrix.rows.max(initial=-1), matrix.columns.max(initial=-1))) + 1
    sums = RateSums(size)
    for row, column in chosen.parts(matrix):
        if task.stopped():
            raise Stopped("Counting the chosen pairs")
        left, right = matrix.rows[row], matrix.columns[column]
        known, same = (left >= 0) & (right >= 0), matrix.scores[row, column] > at_most(threshold)
        sums.add(left[known], right[known], same[known])
    return rate_intervals(sums, task)
