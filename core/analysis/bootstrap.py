"""How sure a difference of two deciders is: a bootstrap over identities, not over pairs.

Pairs that share a person are not independent, so whole identities are drawn with replacement
(as the two-way subsets bootstrap of Bolle, Ratha and Pankanti, 2004). Drawn w times, an identity's
genuine pairs count w times, and its impostor pairs with one drawn v times count w*v times.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.errors import Stopped
from core.progress import QUIET, Task

DRAWS = 1000
LEVEL = 95  # per cent
PRODUCTS = 4_000_000  # numbers held at once
DENSE = 30  # pairs of identities of which one in so many differs are summed by a matrix product
LARGEST = 8000  # identities of such a matrix, 512 MB
FEW = 20  # identities below which an interval is rough
Figure = Literal["accuracy", "TAR", "FAR"]


@dataclass(frozen=True)
class Interval:
    """The difference of a figure, first less second, with its 95 % percentile interval.

    All in fractions from -1 to 1; identities: how many were drawn from.
    """

    figure: Figure
    difference: float
    low: float
    high: float
    identities: int

    @property
    def beyond_chance(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.low > 0 or self.high < 0

    @property
    def words(self) -> str:
        """The difference in a sentence, in percentage points."""
        values = (self.difference, self.low, self.high)
        digits = 2 if max(abs(value) for value in values) >= 0.001 else 4
        size, low, high = (_points(value, digits) for value in values)
        chance = "beyond chance" if self.beyond_chance else "may be chance, since 0 is inside"
        return (
            f"{self.figure[0].upper()}{self.figure[1:]}, A less B: {size} points, 95 % interval "
            f"{low} to {high}: {chance}."
        )


class Differences:
    """Where one decider is right and the other wrong, summed by identities as tiles pass by.

    rows, columns: (n,), (m,) identity numbers, -1 unknown; square: one gallery with itself
    """

    def __init__(self, rows: np.ndarray, columns: np.ndarray, square: bool) -> None:
        self.rows, self.columns, self.square = rows, columns, square
        self.size = int(max(rows.max(initial=-1), columns.max(initial=-1))) + 1
        self.genuine = np.zeros(self.size, np.int64)
        self._keys: list[np.ndarray] = []
        self._values: list[np.ndarray] = []

    def add(self, rows: slice, difference: np.ndarray, used: np.ndarray) -> None:
        """A tile's (r, m) int: right by the first less right by the second; used: which count."""
        row, column = np.nonzero((difference != 0) & used)
        values = difference[row, column].astype(np.int64)
        p, q = self.rows[rows][row].astype(np.int64), self.columns[column].astype(np.int64)
        same = p == q
        np.add.at(self.genuine, p[same], values[same])
        keys, places = np.unique(p[~same] * self.size + q[~same], return_inverse=True)
        self._keys.append(keys)
        self._values.append(
            np.bincount(places, weights=values[~same], minlength=len(keys)).astype(np.int64)
        )

    def impostor(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pairs of identities p, q with a difference, and its sum: (k,) each."""
        if not self._keys:
            return (np.empty(0, np.int64),) * 3
        keys, places = np.unique(np.concatenate(self._keys), return_inverse=True)
        sums = np.bincount(places, weights=np.concatenate(self._values), minlength=len(keys))
        return keys // self.size, keys % self.size, sums


def intervals(
    differences: Differences,
    task: Task = QUIET,
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple[Interval, ...]:
    """Differences of accuracy, TAR and FAR with their intervals; thresholds stay. Raises Stopped.

    Empty with fewer than two identities; without genuine pairs there is no TAR, and so on.
    """
    found = differences
    r = np.bincount(found.rows[found.rows >= 0], minlength=found.size).astype(np.float64)
    c = np.bincount(found.columns[found.columns >= 0], minlength=found.size).astype(np.float64)
    present = np.flatnonzero(r + c)
    if len(present) < 2:
        return ()
    impostor = found.impostor()
    dense = _dense(impostor, found.size)
    sums = impostor[2] if dense is None else impostor[2][:0]
    rng = np.random.default_rng(seed)
    turn = max(1, PRODUCTS // max(1, len(sums), found.size))
    tables = [_figures(np.ones((1, found.size)), found, impostor, dense, r, c)]
    for start in range(0, draws, turn):
        if task.stopped():
            raise Stopped("The bootstrap")
        task.report("Drawing identities", start, draws)
        some = min(turn, draws - start)
        weights = np.zeros((some, found.size))
        chances = np.full(len(present), 1 / len(present))
        weights[:, present] = rng.multinomial(len(present), chances, some)
        tables.append(_figures(weights, found, impostor, dense, r, c))
    task.report("Drawing identities", draws, draws)
    table = np.concatenate(tables)
    answers = []
    names: tuple[Figure, ...] = ("accuracy", "TAR", "FAR")
    for name, values in zip(names, table.T, strict=True):
        if np.isnan(values[0]):
            continue
        low, high = np.nanpercentile(values[1:], [(100 - LEVEL) / 2, (100 + LEVEL) / 2])
        answers.append(Interval(name, float(values[0]), float(low), float(high), len(present)))
    return tuple(answers)


def _dense(impostor: tuple[np.ndarray, np.ndarray, np.ndarray], size: int) -> np.ndarray | None:
    """The sums as a matrix (P, P) where so many pairs of identities differ that it is faster."""
    p, q, sums = impostor
    if len(sums) * DENSE < size * size or size > LARGEST:
        return None
    matrix = np.zeros((size, size))
    matrix[p, q] = sums
    return matrix


def _figures(
    weights: np.ndarray,
    found: Differences,
    impostor: tuple[np.ndarray, np.ndarray, np.ndarray],
    dense: np.ndarray | None,
    r: np.ndarray,
    c: np.ndarray,
) -> np.ndarray:
    """Differences of accuracy, TAR, FAR under weights (k, P): (k, 3), NaN where there are no pairs.

    r, c: (P,) how many row and column faces each identity has
    """
    p, q, sums = impostor
    genuine = weights @ found.genuine
    if dense is None:
        others = (weights[:, p] * weights[:, q]) @ sums
    else:
        others = ((weights @ dense) * weights).sum(axis=1)
    if found.square:
        of_genuine = weights @ (r * (r - 1) / 2)
        of_others = ((weights @ r) ** 2 - weights**2 @ r**2) / 2
    else:
        of_genuine = weights @ (r * c)
        of_others = (weights @ r) * (weights @ c) - weights**2 @ (r * c)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.stack(
            [
                (genuine + others) / (of_genuine + of_others),
                genuine / of_genuine,
                -others / of_others,
            ],
            axis=1,
        )


def _points(share: float, digits: int) -> str:
    return f"{100 * share:+.{digits}f}".replace("-", "\N{MINUS SIGN}")


@dataclass(frozen=True)
class RateInterval:
    """A rate from 0 to 1 with its 95 % percentile interval.

    low, high:  None where all such pairs are of one identity, or of the same two
    identities: how many there are in such pairs
    """

    rate: float
    low: float | None
    high: float | None
    identities: int


class RateSums:
    """Pairs and errors among them, summed by identities as they pass by; size: identities there are."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.genuine = np.zeros((2, size), np.int64)  # pairs, and those called different
        self._impostor: list[tuple[np.ndarray, np.ndarray]] = []  # keys p * size + q, (2, k) sums

    def add(self, left: np.ndarray, right: np.ndarray, same: np.ndarray) -> None:
        """Some pairs of known identities (k,), and which are called the same (k,) bool."""
        own = left == right
        for kind, such in enumerate((own, own & ~same)):
            self.genuine[kind] += np.bincount(left[such], minlength=self.size)
        keys = left[~own].astype(np.int64) * self.size + right[~own]
        found, places = np.unique(keys, return_inverse=True)
        sums = [np.bincount(places, weights, len(found)) for weights in (None, same[~own])]
        self._impostor.append((found, np.array(sums)))

    def impostor(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pairs of identities p, q, and (2, k): pairs of faces, and those called the same."""
        if not self._impostor:
            return np.empty(0, np.int64), np.empty(0, np.int64), np.zeros((2, 0))
        keys, places = np.unique(
            np.concatenate([keys for keys, _ in self._impostor]), return_inverse=True
        )
        every = np.concatenate([sums for _, sums in self._impostor], axis=1)
        sums = np.array([np.bincount(places, weights, len(keys)) for weights in every])
        return keys // self.size, keys % self.size, sums


def rate_intervals(
    found: RateSums, task: Task = QUIET, draws: int = DRAWS, seed: int = 0
) -> tuple[RateInterval | None, RateInterval | None]:
    """TAR and FAR with their intervals; None without such pairs. Raises Stopped.

    Identities are drawn as for differences.
    """
    p, q, impostor = found.impostor()
    genuine = found.genuine.astype(np.float64)
    present = np.unique(np.concatenate([np.flatnonzero(genuine[0]), p, q]))
    if not len(present):
        return None, None
    rank = np.zeros(found.size, np.int64)
    rank[present] = np.arange(len(present))
    p, q, genuine = rank[p], rank[q], genuine[:, present]
    dense = [_dense((p, q, sums), len(present)) for sums in impostor]
    rng = np.random.default_rng(seed)
    turn = max(1, PRODUCTS // max(1, len(present), 0 if dense[0] is not None else len(p)))
    tables = []
    for start in range(-1, draws, turn):
        if task.stopped():
            raise Stopped("The bootstrap")
        some = min(turn, draws - start)
        chances = np.full(len(present), 1 / len(present))
        weights = rng.multinomial(len(present), chances, some).astype(np.float64)
        if start < 0:
            weights[0] = 1  # the pairs themselves
        strangers = [
            (weights[:, p] * weights[:, q]) @ sums
            if product is None
            else ((weights @ product) * weights).sum(axis=1)
            for sums, product in zip(impostor, dense, strict=True)
        ]
        with np.errstate(divide="ignore", invalid="ignore"):
            accepted = (weights @ (genuine[0] - genuine[1])) / (weights @ genuine[0])
            tables.append(np.stack([accepted, strangers[1] / strangers[0]]))
    table = np.concatenate(tables, axis=1)
    return (
        _rate(table[0], int(np.count_nonzero(genuine[0])), 2),
        _rate(table[1], len(np.union1d(p, q)), 3),
    )


def _rate(values: np.ndarray, identities: int, least: int) -> RateInterval | None:
    """The first of the values with the interval of all; least: identities that vary when drawn."""
    if np.isnan(values[0]):
        return None
    if identities < least:
        return RateInterval(float(values[0]), None, None, identities)
    low, high = np.nanpercentile(values, [(100 - LEVEL) / 2, (100 + LEVEL) / 2])
    return RateInterval(float(values[0]), float(low), float(high), identities)
