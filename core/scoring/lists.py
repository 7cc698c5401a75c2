"""The pairs of an outcome, worst first, without sorting all of them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.errors import Stopped
from core.progress import QUIET, Task
from core.scoring.matrix import CODE, Outcome, ScoreMatrix

FIXED_POINT = 2**32


@dataclass(frozen=True, eq=False)
class PairList:
    """Pairs of a matrix in the order listed: places (k,) of rows and columns, and scores (k,)."""

    rows: np.ndarray
    columns: np.ndarray
    scores: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    def at(self, places: np.ndarray) -> "PairList":
        """The entries at some places."""
        return PairList(self.rows[places], self.columns[places], self.scores[places])

    def head(self, count: int) -> "PairList":
        """The first entries."""
        return PairList(self.rows[:count], self.columns[:count], self.scores[:count])


def pairs_of(
    matrix: ScoreMatrix,
    outcome: Outcome | None,
    threshold: float,
    limit: int = 1000,
    mask: np.ndarray | None = None,
) -> PairList:
    """At most `limit` pairs of an outcome, worst first; None: of every outcome.

    mask: which pairs of the matrix count, (n, m) bool; None: all

    Worst is what is farthest on the wrong side of the threshold, then what is nearest to it on
    the right side; among pairs of unknown identities what is nearest to it.
    """
    best = Best(limit)
    every = slice(0, matrix.scores.shape[1])
    for rows in matrix.tiles():
        wanted = matrix.counted(rows, every)
        codes = matrix.outcomes(rows, every, threshold)
        if outcome is not None:
            wanted &= codes == CODE[outcome]
        if mask is not None:
            wanted &= mask[rows]
        row, column = np.nonzero(wanted)
        scores = matrix.scores[rows][row, column]
        margin = np.abs(scores.astype(np.float64) - threshold)
        code = codes[row, column]
        wrong = (code == CODE["FP"]) | (code == CODE["FN"])
        best.add(row + rows.start, column, scores, np.where(wrong, margin, -margin))
    return best.listed()


def drawn(
    matrix: ScoreMatrix,
    wanted: Callable[[slice], np.ndarray],
    limit: int,
    seed: int = 0,
    task: Task = QUIET,
) -> tuple[PairList, int]:
    """At most `limit` pairs of some sort, drawn at random where there are more, and how many there are.

    wanted: which cells of some rows are of the sort, (r, m) bool. In the order of their places.
    Raises Stopped.
    """
    every = slice(0, matrix.scores.shape[1])
    tiles = matrix.tiles()

    def cells(rows: slice) -> np.ndarray:
        if task.stopped():
            raise Stopped("Drawing pairs")
        return wanted(rows) & matrix.counted(rows, every)

    sizes = [int(np.count_nonzero(cells(rows))) for rows in tiles]
    total = sum(sizes)
    if total > limit:
        ranks = np.sort(np.random.default_rng(seed).choice(total, limit, replace=False))
    else:
        ranks = np.arange(total)
    places: list[tuple[np.ndarray, np.ndarray]] = [(np.empty(0, np.int64), np.empty(0, np.int64))]
    before = 0
    for rows, size in zip(tiles, sizes, strict=True):
        mine = ranks[(ranks >= before) & (ranks < before + size)] - before
        if len(mine):
            row, column = np.nonzero(cells(rows))
            places.append((row[mine] + rows.start, column[mine]))
        before += size
    row, column = (np.concatenate(part) for part in zip(*places, strict=True))
    return PairList(row, column, matrix.scores[row, column]), total


def ranked(
    matrix: ScoreMatrix,
    sort: Callable[[slice], tuple[np.ndarray, np.ndarray]],
    limit: int,
    task: Task = QUIET,
) -> PairList:
    """The first `limit` pairs of some sort, the largest badness first. Raises Stopped.

    sort: for some rows, which cells are of the sort, (r, m) bool, and how bad each is, (r, m)
    """
    best = Best(limit)
    every = slice(0, matrix.scores.shape[1])
    for rows in matrix.tiles():
        if task.stopped():
            raise Stopped("Listing pairs")
        wanted, badness = sort(rows)
        row, column = np.nonzero(wanted & matrix.counted(rows, every))
        bad = badness[row, column].astype(np.float64)
        best.add(row + rows.start, column, matrix.scores[rows][row, column], bad)
    return best.listed()


def pairs_with(
    matrix: ScoreMatrix,
    identity: int,
    threshold: float,
    limit: int,
    genuine: bool | None = None,
) -> PairList:
    """At most `limit` pairs of an identity's number with known faces, worst first as in pairs_of.

    genuine: only those of one person, or only those of two; None: both
    """
    best = Best(limit)
    lines = (
        (matrix.scores, matrix.rows, matrix.columns),
        (
            matrix.scores.T,
            matrix.columns,
            matrix.rows,
        ),
    )
    for turned, (scores, own, other) in enumerate(lines):
        faces = np.flatnonzero(own == identity)
        for start in range(0, len(faces), 512):
            some = faces[start : start + 512]
            same = np.broadcast_to(other == identity, (len(some), len(other)))
            wanted = np.broadcast_to(other >= 0, same.shape).copy()
            if genuine is not None:
                wanted &= same == genuine
            if turned:
                wanted &= ~same  # these came from the rows
            if matrix.square:
                place = np.arange(len(other))
                wanted &= place < some[:, None] if turned else place > some[:, None]
            a, b = np.nonzero(wanted)
            picked = scores[some[a], b]
            margin = picked.astype(np.float64) - threshold
            badness = np.where(same[a, b], -margin, margin)
            rows, columns = (b, some[a]) if turned else (some[a], b)
            best.add(rows, columns, picked, badness)
    return best.listed()


def hardest(matrix: ScoreMatrix, count: int) -> PairList:
    """The hardest pairs of a matrix; see HardestPairs.listed."""
    return hardest_pairs(matrix, count).listed()


def hardest_pairs(
    matrix: ScoreMatrix, count: int, mask: np.ndarray | None = None
) -> "HardestPairs":
    """The hardest pairs of a matrix by sort; mask: which of them count, (n, m) bool, None: all."""
    pairs = HardestPairs(count)
    every = slice(0, matrix.scores.shape[1])
    for rows in matrix.tiles():
        counted = matrix.counted(rows, every) & matrix.known(rows, every)
        if mask is not None:
            counted &= mask[rows]
        genuine = matrix.genuine(rows, every)
        for same in (True, False):
            pairs.add(matrix.scores[rows], counted & (genuine == same), same, (rows.start, 0))
    return pairs


class HardestPairs:
    """The closest impostors and the farthest genuine pairs of tiles that pass by.

    What is kept does not depend on the order of the tiles, nor on how processes share them.
    count: how many of each sort
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._best = {True: Best(count), False: Best(count)}
        self._sums = {True: 0, False: 0}  # fixed point, so that no order rounds otherwise
        self._numbers = {True: 0, False: 0}

    def add(
        self, scores: np.ndarray, wanted: np.ndarray, same: bool, place: tuple[int, int]
    ) -> None:
        """A tile's scores (r, c), which of them are such pairs (r, c) bool, and where it lies."""
        self._count_in(scores[wanted], same)
        sign = -1.0 if same else 1.0
        best = self._best[same]
        row, column = np.nonzero(wanted & (sign * scores >= best.floor))
        picked = scores[row, column]
        best.add(row + place[0], column + place[1], picked, sign * picked.astype(np.float64))

    def add_listed(self, pairs: PairList, same: bool) -> None:
        """Pairs of one sort by themselves."""
        badness = (-1.0 if same else 1.0) * pairs.scores.astype(np.float64)
        self._count_in(pairs.scores, same)
        self._best[same].add(pairs.rows, pairs.columns, pairs.scores, badness)

    def _count_in(self, scores: np.ndarray, same: bool) -> None:
        exact = np.rint(scores.astype(np.float64) * FIXED_POINT).astype(np.int64)
        self._sums[same] += int(exact.sum())
        self._numbers[same] += len(scores)

    def merge(self, other: "HardestPairs") -> None:
        """Take in what another process kept."""
        for same in (True, False):
            self._best[same].merge(other._best[same])
            self._sums[same] += other._sums[same]
            self._numbers[same] += other._numbers[same]

    def listed(self) -> PairList:
        """Half of the count each, an odd place the harder's; where one sort is scarce the other fills up.

        Worst first by the distance from the sort's own mean, so that both sorts mix.
        """
        genuine, impostor = self._best[True].listed(), self._best[False].listed()
        means = {
            same: self._sums[same] / FIXED_POINT / max(1, self._numbers[same])
            for same in (True, False)
        }
        below, above = means[True] - genuine.scores, impostor.scores - means[False]
        half = self._count // 2
        if self._count % 2 and half < min(len(below), len(above)) and below[half] > above[half]:
            half += 1
        first = min(len(genuine), max(half, self._count - len(impostor)))
        second = min(len(impostor), self._count - first)
        hardness = np.concatenate([below[:first], above[:second]], dtype=np.float64)
        both = _joined((genuine.head(first), impostor.head(second)))
        return both.at(np.argsort(-hardness, kind="stable"))

    def errors(self, threshold: float) -> PairList:
        """The worst errors at a threshold, farthest on its wrong side first, at most the count."""
        genuine, impostor = self._best[True].listed(), self._best[False].listed()
        wrong = _joined(
            (
                genuine.at(np.flatnonzero(genuine.scores <= np.float64(threshold))),
                impostor.at(np.flatnonzero(impostor.scores > np.float64(threshold))),
            )
        )
        margin = np.abs(wrong.scores.astype(np.float64) - threshold)
        return wrong.at(np.argsort(-margin, kind="stable")[: self._count])

    def of_one_sort(self, same: bool) -> PairList:
        """The farthest genuine pairs, or the closest impostors, worst first."""
        return self._best[same].listed()


def _joined(lists: tuple[PairList, ...]) -> PairList:
    return PairList(
        np.concatenate([part.rows for part in lists]),
        np.concatenate([part.columns for part in lists]),
        np.concatenate([part.scores for part in lists]),
    )


class Best:
    """Keeps the entries of the largest badness while tiles pass by."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._floor = -np.inf
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
            # Ties at the end are kept until all are in order: which go must not be chance.
            least = np.partition(badness, -self._limit)[-self._limit]
            chosen = badness >= least
            entries = tuple(part[chosen] for part in entries)
        joined: list[np.ndarray] = [
            np.concatenate([old, new]) for old, new in zip(self._kept, entries, strict=True)
        ]
        if len(joined[3]) > 4 * self._limit:
            joined = self._cut(joined)
            self._floor = float(joined[3][-1])
        self._kept = joined

    @property
    def floor(self) -> float:
        """What is less bad than this is not kept; -inf while there is room."""
        return self._floor

    def merge(self, other: "Best") -> None:
        """Take in another's entries."""
        self.add(*other._kept)

    def listed(self) -> PairList:
        """What was kept, worst first; ties by place, so that a list is the same every time."""
        rows, columns, scores, _ = self._cut(self._kept)
        return PairList(rows, columns, scores)

    def _cut(self, joined: list[np.ndarray]) -> list[np.ndarray]:
        order = np.lexsort((joined[1], joined[0], -joined[3]))[: self._limit]
        return [part[order] for part in joined]
