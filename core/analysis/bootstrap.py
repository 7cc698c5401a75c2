"""How sure a figure is: a bootstrap over identities, not over pairs; and the difference of two deciders.

Pairs that share a person are not independent, so whole identities are drawn with replacement
(as the two-way subsets bootstrap of Bolle, Ratha and Pankanti, 2004). Drawn w times, an identity's
genuine pairs count w times, and its impostor pairs with one drawn v times count w*v times.
"""

from collections.abc import Iterator
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
ALIKE = 1e-9  # between the ends of an interval: rounding alone
Figure = Literal["accuracy", "TAR", "FAR"]


def people_drawn(
    people: int, draws: int, at_once: int = 50, task: Task = QUIET
) -> Iterator[np.ndarray]:
    """How often each of some people is drawn, in parts: (k, P) float64, seeded. Raises Stopped.

    people: one or more
    """
    rng = np.random.default_rng(0)
    chances = np.full(people, 1 / max(1, people))
    for start in range(0, draws, at_once):
        if task.stopped():
            raise Stopped("The bootstrap")
        task.report("Drawing people", start, draws)
        some = min(at_once, draws - start)
        yield rng.multinomial(people, chances, some).astype(np.float64)
    task.report("Drawing people", draws, draws)


def interval_of(values: np.ndarray) -> np.ndarray:
    """The 95 % percentile interval of draws (k, ...), (2, ...); draws without a figure are NaN."""
    ends = [(100 - LEVEL) / 2, (100 + LEVEL) / 2]
    known = ~np.isnan(values).all(axis=0)
    bounds = np.full((2, *values.shape[1:]), np.nan)
    if known.any():
        bounds[:, known] = np.nanpercentile(values[:, known], ends, axis=0)
    return bounds


def told_ends(low: float, high: float) -> tuple[float, float] | None:
    """An interval's ends; None where all draws agree, up to rounding, or none has the figure (NaN).

    So few people or errors tell nothing of others.
    """
    return (low, high) if high - low > ALIKE else None


@dataclass(frozen=True)
class Interval:
    """The difference of a figure, first less second, with its 95 % percentile interval.

    All in fractions from -1 to 1; identities: how many were drawn from.
    low, high: None where the pairs are of so few identities that drawing them changes nothing
    """

    figure: Figure
    difference: float
    low: float | None
    high: float | None
    identities: int

    @property
    def beyond_chance(self) -> bool:
        """Whether there is an interval, and it leaves 0 out."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)

    @property
    def words(self) -> str:
        """The difference in a sentence, in percentage points."""
        values = [v for v in (self.difference, self.low, self.high) if v is not None]
        digits = 4 if 0 < max(abs(value) for value in values) < 0.001 else 2
        size, *ends = (_points(value, digits) for value in values)
        what = f"{self.figure[0].upper()}{self.figure[1:]}, A less B: {size} points"
        if not ends:
            return f"{what}; such pairs are of too few identities for an interval."
        chance = "beyond chance" if self.beyond_chance else "may be chance, since 0 is inside"
        return f"{what}, 95 % interval {ends[0]} to {ends[1]}: {chance}."


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
) -> tuple[Interval, ...]:
    """Differences of accuracy, TAR and FAR with their intervals; thresholds stay. Raises Stopped.

    Empty with fewer than two identities; without genuine pairs there is no TAR, and so on.
    """
    r = np.bincount(differences.rows[differences.rows >= 0], minlength=differences.size).astype(
        np.float64
    )
    c = np.bincount(
        differences.columns[differences.columns >= 0], minlength=differences.size
    ).astype(np.float64)
    present = np.flatnonzero(r + c)
    if len(present) < 2:
        return ()
    impostor = differences.impostor()
    dense = dense_sums(impostor, differences.size)
    sums = impostor[2] if dense is None else impostor[2][:0]
    turn = max(1, PRODUCTS // max(1, len(sums), differences.size))
    tables = [_figures(np.ones((1, differences.size)), differences, impostor, dense, r, c)]
    for drawn in people_drawn(len(present), draws, turn, task):
        weights = np.zeros((len(drawn), differences.size))
        weights[:, present] = drawn
        tables.append(_figures(weights, differences, impostor, dense, r, c))
    table = np.concatenate(tables)
    answers = []
    names: tuple[Figure, ...] = ("accuracy", "TAR", "FAR")
    for name, values in zip(names, table.T, strict=True):
        if np.isnan(values[0]):
            continue
        low, high = interval_of(values[1:]).tolist()
        # Draws that all give one difference other than 0 say nothing of other people.
        if values[0] != 0 and told_ends(low, high) is None:
            low = high = None
        answers.append(Interval(name, float(values[0]), low, high, len(present)))
    return tuple(answers)


def dense_sums(impostor: tuple[np.ndarray, np.ndarray, np.ndarray], size: int) -> np.ndarray | None:
    """The sums as a matrix (P, P) where so many pairs of identities differ that it is faster."""
    p, q, sums = impostor
    if len(sums) * DENSE < size * size or size > LARGEST:
        return None
    matrix = np.zeros((size, size))
    matrix[p, q] = sums
    return matrix


def _figures(
    weights: np.ndarray,
    differences: Differences,
    impostor: tuple[np.ndarray, np.ndarray, np.ndarray],
    dense: np.ndarray | None,
    r: np.ndarray,
    c: np.ndarray,
) -> np.ndarray:
    """Differences of accuracy, TAR, FAR under weights (k, P): (k, 3), NaN where there are no pairs.

    r, c: (P,) how many row and column faces each identity has
    """
    p, q, sums = impostor
    genuine = weights @ differences.genuine
    if dense is None:
        others = (weights[:, p] * weights[:, q]) @ sums
    else:
        others = ((weights @ dense) * weights).sum(axis=1)
    if differences.square:
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
    return f"{100 * share:+z.{digits}f}".replace("-", "\N{MINUS SIGN}")
