"""False match and false non-match rates of kinds of pairs, with intervals by drawing people.

Each face has a class; a table says which kind of pair two classes make. Pairs that share a person
are not independent, so whole people are drawn with replacement: drawn w times, a person's genuine
pairs count w times, and the impostor pairs with one drawn v times count w*v times.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from core.analysis.bootstrap import (
    PRODUCTS,
    dense_sums,
    interval_of,
    people_drawn,
    told_ends,
)
from core.errors import Stopped, XCosError
from core.progress import QUIET, Task
from core.scoring.matrix import ScoreMatrix, at_most

if TYPE_CHECKING:
    from scipy import sparse

DRAWS = 500
CHOSEN_DRAWS = 1000  # for chosen pairs, which are few


@dataclass(frozen=True, eq=False)
class PairKinds:
    """Which kind each pair is of.

    rows, columns: (n,), (m,) int class of each face, -1 for one that does not count
    table:         (A, A) int, symmetric: the kind of a pair of two classes, -1 for none
    """

    rows: np.ndarray
    columns: np.ndarray
    table: np.ndarray

    @property
    def count(self) -> int:
        """How many kinds there are."""
        return int(self.table.max(initial=-1)) + 1

    def of(self, rows: slice) -> np.ndarray:
        """Kinds of some rows' cells, (r, m), -1 where they do not count."""
        left, right = self.rows[rows, None], self.columns[None]
        kinds: np.ndarray = np.where((left >= 0) & (right >= 0), self.table[left, right], -1)
        return kinds


@dataclass(frozen=True, eq=False)
class Rates:
    """Of G kinds of pairs; NaN where there is no pair.

    fmr, fnmr:  (..., G) false match and false non-match rates
    impostor, genuine: (..., G) pairs that stand behind them
    """

    fmr: np.ndarray
    fnmr: np.ndarray
    impostor: np.ndarray
    genuine: np.ndarray


@dataclass(frozen=True, eq=False)
class ErrorCounts:
    """Errors at a threshold by people and kinds of pairs.

    kinds:    which kind each pair is of
    square:   one gallery with itself
    genuine_errors: (P, G) false non-matches of each person
    impostor_errors: people p, q, kind, and how many false matches: (k,) each
    faces:    how many row and column faces of each class each person has, (P, A) each
    """

    kinds: PairKinds
    square: bool
    genuine_errors: np.ndarray
    impostor_errors: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
    faces: tuple[np.ndarray, np.ndarray]

    @property
    def people(self) -> np.ndarray:
        """Numbers of the people who have a face that counts."""
        return np.flatnonzero(self.faces[0].sum(axis=1) + self.faces[1].sum(axis=1))

    @cached_property
    def rates(self) -> Rates:
        """The rates as counted."""
        sums = self.weighted(np.ones((1, len(self.faces[0]))))
        return Rates(sums.fmr[0], sums.fnmr[0], sums.impostor[0], sums.genuine[0])

    def weighted(self, weights: np.ndarray) -> Rates:
        """The rates with people counted so often, weights (k, P): (k, G) each."""
        p, q, kind, errors = self.impostor_errors
        genuine = weights @ self._genuine_pairs
        impostor = self._impostor_pairs(weights)
        false = np.stack(
            [np.bincount(kind, w[p] * w[q] * errors, minlength=self.kinds.count) for w in weights]
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            return Rates(
                false / impostor, weights @ self.genuine_errors / genuine, impostor, genuine
            )

    def drawn(
        self, figures: Callable[[Rates], np.ndarray], draws: int = DRAWS, task: Task = QUIET
    ) -> np.ndarray:
        """The 95 % percentile interval of figures over people, (2, F); NaN where none is known.

        figures: of rates (k, G), (k, F). Raises Stopped.
        """
        people = self.people
        if not len(people):
            one = figures(self.weighted(np.ones((1, len(self.faces[0])))))
            return np.full((2, one.shape[1]), np.nan)
        values = []
        for drawn in people_drawn(len(people), draws, task=task):
            weights = np.zeros((len(drawn), len(self.faces[0])))
            weights[:, people] = drawn
            values.append(figures(self.weighted(weights)))
        return interval_of(np.concatenate(values))

    def with_intervals(
        self, task: Task = QUIET
    ) -> "tuple[RateInterval | None, RateInterval | None]":
        """TAR and FAR of the first kind with intervals; None without such pairs. Raises Stopped."""
        one = self.rates
        ends = self.drawn(lambda r: np.stack([1 - r.fnmr[:, 0], r.fmr[:, 0]], axis=1), task=task)
        known = int(np.count_nonzero(self._genuine_pairs[:, 0])), len(self.people)
        return (
            _rate(1 - float(one.fnmr[0]), ends[:, 0], known[0], 2),
            _rate(float(one.fmr[0]), ends[:, 1], known[1], 3),
        )

    @cached_property
    def _genuine_pairs(self) -> np.ndarray:
        """(P, G) genuine pairs of each person."""
        left, right = self.faces
        counts = np.zeros((len(left), self.kinds.count))
        for a, b in np.argwhere(self.kinds.table >= 0):
            pairs = left[:, a] * right[:, b]
            if self.square:
                pairs = (pairs - (a == b) * left[:, a]) / 2  # no face with itself, each pair once
            counts[:, self.kinds.table[a, b]] += pairs
        return counts

    @cached_property
    def _of_one_person(self) -> "sparse.csr_array":
        """(P, A*A) ordered pairs of faces of one person, by the classes of both."""
        from scipy import sparse

        left, right = (sparse.csr_array(part) for part in self.faces)
        classes = len(self.kinds.table)
        blocks = [left[:, [a]].multiply(right) for a in range(classes)]
        return sparse.csr_array(sparse.hstack(blocks))

    def _impostor_pairs(self, weights: np.ndarray) -> np.ndarray:
        """(k, G) impostor pairs under weights (k, P)."""
        left, right = self.faces
        every = np.einsum("ka,kb->kab", weights @ left, weights @ right)
        own = (self._of_one_person.T @ (weights**2).T).T.reshape(every.shape)
        pairs = (every - own) / (2 if self.square else 1)
        counts = np.zeros((len(weights), self.kinds.count))
        for a, b in np.argwhere(self.kinds.table >= 0):
            counts[:, self.kinds.table[a, b]] += pairs[:, a, b]
        return counts


def refuse_nameless(matrix: ScoreMatrix) -> None:
    """Raise XCosError where no face of the rows or of the columns has an identity."""
    if not (matrix.rows >= 0).any() or not (matrix.columns >= 0).any():
        raise XCosError(
            "No face has an identity, so no error is known; put each person's photos in a folder "
            "of their own."
        )


def count_errors(
    matrix: ScoreMatrix, threshold: float, kinds: PairKinds, task: Task = QUIET
) -> ErrorCounts:
    """Count false matches and false non-matches of known people at a threshold. Raises Stopped."""
    size = int(max(matrix.rows.max(initial=-1), matrix.columns.max(initial=-1))) + 1
    genuine_errors = np.zeros((size, kinds.count))
    keys, counts = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    every, limit = slice(0, matrix.scores.shape[1]), at_most(threshold)
    for rows in matrix.tiles():
        if task.stopped():
            raise Stopped("Counting errors")
        task.report("Counting errors", rows.start, len(matrix.scores))
        same = matrix.scores[rows] > limit
        genuine = matrix.genuine(rows, every)
        wrong = (same != genuine) & matrix.counted(rows, every) & matrix.known(rows, every)
        row, column = np.nonzero(wrong)
        kind = kinds.of(rows)[row, column]
        p = matrix.rows[row + rows.start].astype(np.int64)
        q = matrix.columns[column].astype(np.int64)
        own = (p == q) & (kind >= 0)
        np.add.at(genuine_errors, (p[own], kind[own]), 1)
        other = (p != q) & (kind >= 0)
        key = (p[other] * size + q[other]) * kinds.count + kind[other]
        distinct, times = np.unique(key, return_counts=True)
        keys.append(distinct)
        counts.append(times)
    key, places = np.unique(np.concatenate(keys), return_inverse=True)
    errors = np.bincount(places, np.concatenate(counts), minlength=len(key))
    both, kind = np.divmod(key, max(1, kinds.count))
    p, q = np.divmod(both, max(1, size))
    faces = [
        _faces(codes, classes, size, len(kinds.table))
        for codes, classes in ((matrix.rows, kinds.rows), (matrix.columns, kinds.columns))
    ]
    return ErrorCounts(
        kinds, matrix.square, genuine_errors, (p, q, kind, errors), (faces[0], faces[1])
    )


def _faces(codes: np.ndarray, classes: np.ndarray, people: int, count: int) -> np.ndarray:
    """(P, A) faces of each person in each class."""
    known = (codes >= 0) & (classes >= 0)
    counts = np.zeros((people, count))
    np.add.at(counts, (codes[known], classes[known]), 1)
    return counts


@dataclass(frozen=True)
class RateInterval:
    """A rate from 0 to 1 with its 95 % percentile interval.

    low, high:  None where drawing people changes nothing: all such pairs are of one identity, or of
                the same two, or are all decided alike
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
        distinct, places = np.unique(keys, return_inverse=True)
        sums = [np.bincount(places, weights, len(distinct)) for weights in (None, same[~own])]
        self._impostor.append((distinct, np.array(sums)))

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
    rate_sums: RateSums, task: Task = QUIET, draws: int = CHOSEN_DRAWS
) -> tuple[RateInterval | None, RateInterval | None]:
    """TAR and FAR with their intervals; None without such pairs. Raises Stopped.

    Identities are drawn as for differences.
    """
    p, q, impostor = rate_sums.impostor()
    genuine = rate_sums.genuine.astype(np.float64)
    present = np.unique(np.concatenate([np.flatnonzero(genuine[0]), p, q]))
    if not len(present):
        return None, None
    rank = np.zeros(rate_sums.size, np.int64)
    rank[present] = np.arange(len(present))
    p, q, genuine = rank[p], rank[q], genuine[:, present]
    dense = [dense_sums((p, q, sums), len(present)) for sums in impostor]
    turn = max(1, PRODUCTS // max(1, len(present), 0 if dense[0] is not None else len(p)))
    tables = [_shares(np.ones((1, len(present))), genuine, (p, q), impostor, dense)]
    for weights in people_drawn(len(present), draws, turn, task):
        tables.append(_shares(weights, genuine, (p, q), impostor, dense))
    table = np.concatenate(tables, axis=1)
    ends = interval_of(table[:, 1:].T)
    return (
        _rate(float(table[0, 0]), ends[:, 0], int(np.count_nonzero(genuine[0])), 2),
        _rate(float(table[1, 0]), ends[:, 1], len(np.union1d(p, q)), 3),
    )


def _shares(
    weights: np.ndarray,
    genuine: np.ndarray,
    people: tuple[np.ndarray, np.ndarray],
    impostor: np.ndarray,
    dense: list[np.ndarray | None],
) -> np.ndarray:
    """TAR and FAR with people counted so often, weights (k, P): (2, k)."""
    p, q = people
    strangers = [
        (weights[:, p] * weights[:, q]) @ sums
        if product is None
        else ((weights @ product) * weights).sum(axis=1)
        for sums, product in zip(impostor, dense, strict=True)
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        accepted = (weights @ (genuine[0] - genuine[1])) / (weights @ genuine[0])
        return np.stack([accepted, strangers[1] / strangers[0]])


def _rate(value: float, ends: np.ndarray, identities: int, least: int) -> RateInterval | None:
    """A rate with the ends of its interval (2,); least: identities that vary when drawn."""
    if np.isnan(value):
        return None
    told = None if identities < least else told_ends(float(ends[0]), float(ends[1]))
    low, high = told or (None, None)
    return RateInterval(value, low, high, identities)
