"""Two scorings of the same pairs as one matrix: how far apart they are, and who changed side."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.errors import XCosError
from core.scoring.lists import PairList, ranked
from core.scoring.matrix import ScoreMatrix, at_most
from core.scoring.scored import ScoredGallery

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
    outcomes:   (n, m) uint8, by place in OUTCOMES, where the second differs by who the faces are;
                what changed is then the outcome, and values are how far the score is above the threshold
    """

    name: str
    scores: np.ndarray
    values: np.ndarray
    changed: np.ndarray
    thresholds: tuple[float, float]
    outcomes: np.ndarray | None = None


def relabelled(
    scored: ScoredGallery,
    threshold: float,
    before: tuple[Sequence[str | None], Sequence[str | None]],
    name: str,
) -> Difference:
    """Which outcomes are others by who the faces were said to be before. Raises XCosError where there are too many.

    before: identities of the row faces and of the column faces, None unknown
    """
    matrix = scored.matrix
    _refuse_many(matrix)
    numbers = {who: k for k, who in enumerate(dict.fromkeys((*before[0], *before[1]))) if who}
    rows, columns = (
        np.array([numbers.get(w or "", -1) for w in side], np.int32) for side in before
    )
    every = slice(0, matrix.scores.shape[1])
    earlier = replace(matrix, rows=rows, columns=columns)
    outcomes = np.empty(matrix.scores.shape, np.uint8)
    changed = np.empty(matrix.scores.shape, bool)
    for some in matrix.tiles():
        outcomes[some] = earlier.outcomes(some, every, threshold)
        changed[some] = outcomes[some] != matrix.outcomes(some, every, threshold)
    if matrix.square:
        np.fill_diagonal(changed, False)
    values = matrix.scores - np.float32(threshold)
    return Difference(name, matrix.scores, values, changed, (threshold, threshold), outcomes)


def difference(
    matrix: ScoreMatrix, threshold: float, scores: np.ndarray, other_threshold: float, name: str
) -> Difference:
    """Compare a matrix with other scores of its cells. Raises XCosError where there are too many.

    scores: (n, m) float32; NaN for pairs that the second scoring lacks: they changed nothing
    """
    _refuse_many(matrix)
    values = matrix.scores - scores
    values += np.float32(other_threshold - threshold)
    changed = (matrix.scores > at_most(threshold)) != (scores > at_most(other_threshold))
    absent = np.isnan(scores)
    values[absent], changed[absent] = 0, False
    if matrix.square:
        np.fill_diagonal(changed, False)
    return Difference(name, scores, values, changed, (threshold, other_threshold))


def changed_side(matrix: ScoreMatrix, change: Difference, limit: int = LISTED) -> PairList:
    """The pairs that changed side, the farthest apart first."""
    return ranked(matrix, lambda rows: (change.changed[rows], np.abs(change.values[rows])), limit)


def _refuse_many(matrix: ScoreMatrix) -> None:
    if matrix.scores.size > MOST_CELLS:
        raise XCosError(
            f"A difference takes at most {MOST_CELLS:,} cells, and this matrix has "
            f"{matrix.scores.size:,}; open fewer photos."
        )
