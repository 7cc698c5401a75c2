"""Two scorings of the same pairs as one matrix: how far apart they are, and who changed side."""

from dataclasses import dataclass

import numpy as np

from core.errors import XCosError
from core.scoring.lists import PairList, ranked
from core.scoring.matrix import ScoreMatrix, at_most

MOST_CELLS = 25_000_000  # of a matrix that is compared: the difference takes 100 MB
LISTED = 4000  # pairs that changed side and are listed


@dataclass(frozen=True, eq=False)
class Difference:
    """The first scoring less the second, each from its own threshold.

    name:       of the second scoring
    scores:     (n, m) float32, the second's; NaN where it has no such pair
    values:     (n, m) float32, (first score - first threshold) - (second score - second threshold)
    changed:    (n, m) bool, pairs that one calls the same and the other different
    thresholds: the first's and the second's
    """

    name: str
    scores: np.ndarray
    values: np.ndarray
    changed: np.ndarray
    thresholds: tuple[float, float]


def difference(
    matrix: ScoreMatrix, threshold: float, scores: np.ndarray, other_threshold: float, name: str
) -> Difference:
    """Compare a matrix with other scores of its cells. Raises XCosError where there are too many.

    scores: (n, m) float32; NaN for pairs that the second scoring lacks: they changed nothing
    """
    if matrix.scores.size > MOST_CELLS:
        raise XCosError(
            f"A difference takes at most {MOST_CELLS:,} cells, and this matrix has "
            f"{matrix.scores.size:,}; open fewer photos."
        )
    values = matrix.scores - scores
    values += np.float32(other_threshold - threshold)
    changed = (matrix.scores > at_most(threshold)) != (scores > at_most(other_threshold))
    absent = np.isnan(scores)
    values[absent], changed[absent] = 0, False
    if matrix.square:
        np.fill_diagonal(changed, False)
    return Difference(name, scores, values, changed, (threshold, other_threshold))


def changed_side(matrix: ScoreMatrix, found: Difference, limit: int = LISTED) -> PairList:
    """The pairs that changed side, the farthest apart first."""
    return ranked(matrix, lambda rows: (found.changed[rows], np.abs(found.values[rows])), limit)
