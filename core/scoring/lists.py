"""The pairs of an outcome, worst first, without sorting all of them."""

from dataclasses import dataclass

import numpy as np

from core.scoring.matrix import CODE, Outcome, ScoreMatrix


@dataclass(frozen=True, eq=False)
class PairList:
    """Pairs of a matrix in the order listed: places (k,) of rows and columns, and scores (k,)."""

    rows: np.ndarray
    columns: np.ndarray
    scores: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)


def pairs_of(
    matrix: ScoreMatrix, outcome: Outcome | None, threshold: float, limit: int = 1000
) -> PairList:
    """At most `limit` pairs of an outcome, worst first; None: of every outcome.

    Worst is what is farthest on the wrong side of the threshold, then what is nearest to it on
    the right side; among pairs of unknown identities what is nearest to it.
    """
    best = _Best(limit)
    every = slice(0, matrix.scores.shape[1])
    for rows in matrix.tiles():
        wanted = matrix.counted(rows, every)
        codes = matrix.outcomes(rows, every, threshold)
        if outcome is not None:
            wanted &= codes == CODE[outcome]
        row, column = np.nonzero(wanted)
        scores = matrix.scores[rows][row, column]
        margin = np.abs(scores.astype(np.float64) - threshold)
        code = codes[row, column]
        wrong = (code == CODE["FP"]) | (code == CODE["FN"])
        best.add(row + rows.start, column, scores, np.where(wrong, margin, -margin))
    return best.listed()


def hardest(matrix: ScoreMatrix, count: int) -> PairList:
    """The hardest pairs: impostors of the highest and genuine ones of the lowest scores.

    Half of the count each; where one sort is scarce the other fills up. Worst first by the
    distance from the other sort's mean, so that both sorts mix.
    """
    genuine, impostor = _Best(count), _Best(count)
    every = slice(0, matrix.scores.shape[1])
    sums = {True: [0.0, 0], False: [0.0, 0]}
    for rows in matrix.tiles():
        counted = matrix.counted(rows, every) & matrix.known(rows, every)
        same = matrix.genuine(rows, every)
        for sort, best, sign in ((True, genuine, -1.0), (False, impostor, 1.0)):
            row, column = np.nonzero(counted & (same == sort))
            scores = matrix.scores[rows][row, column]
            sums[sort][0] += float(scores.sum(dtype=np.float64))
            sums[sort][1] += len(scores)
            best.add(row + rows.start, column, scores, sign * scores.astype(np.float64))
    first, second = genuine.listed(), impostor.listed()
    half = count // 2
    take_first = min(len(first), max(half, count - len(second)))
    take_second = min(len(second), count - take_first)
    means = {sort: total / number if number else 0.0 for sort, (total, number) in sums.items()}
    rows_ = np.concatenate([first.rows[:take_first], second.rows[:take_second]])
    columns = np.concatenate([first.columns[:take_first], second.columns[:take_second]])
    scores = np.concatenate([first.scores[:take_first], second.scores[:take_second]])
    hardness = np.concatenate(
        [
            means[True] - first.scores[:take_first],
            second.scores[:take_second] - means[False],
        ]
    )
    order = np.argsort(-hardness, kind="stable")
    return PairList(rows_[order], columns[order], scores[order])


class _Best:
    """Keeps the entries of the largest badness while tiles pass by."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: list[np.ndarray] = [
            np.empty(0, np.int64),
            np.empty(0, np.int64),
            np.empty(0, np.float32),
            np.empty(0),
        ]

    def add(self, *entries: np.ndarray) -> None:
        """rows, columns, scores, badness of a tile's candidates."""
        badness = entries[3]
        if len(badness) > self._limit:
            chosen = np.argpartition(-badness, self._limit - 1)[: self._limit]
            entries = tuple(part[chosen] for part in entries)
        joined: list[np.ndarray] = [
            np.concatenate([old, new]) for old, new in zip(self._kept, entries, strict=True)
        ]
        if len(joined[3]) > 4 * self._limit:
            joined = self._cut(joined)
        self._kept = joined

    def listed(self) -> PairList:
        """What was kept, worst first; ties by place, so that a list is the same every time."""
        rows, columns, scores, _ = self._cut(self._kept)
        return PairList(rows, columns, scores)

    def _cut(self, joined: list[np.ndarray]) -> list[np.ndarray]:
        order = np.lexsort((joined[1], joined[0], -joined[3]))[: self._limit]
        return [part[order] for part in joined]
