"""False match and false non-match rates of kinds of pairs, with intervals by drawing people.

Each face has a class; a table says which kind of pair two classes make. Pairs that share a person
are not independent, so whole people are drawn with replacement: drawn w times, a person's genuine
pairs count w times, and the impostor pairs with one drawn v times count w*v times.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from core.errors import Stopped
from core.progress import QUIET, Task
from core.scoring.matrix import ScoreMatrix, at_most

DRAWS = 500
LEVEL = 95  # per cent


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
        found: np.ndarray = np.where((left >= 0) & (right >= 0), self.table[left, right], -1)
        return found


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
        found = self.weighted(np.ones((1, len(self.faces[0]))))
        return Rates(found.fmr[0], found.fnmr[0], found.impostor[0], found.genuine[0])

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
        rng = np.random.default_rng(0)
        people = self.people
        found = []
        for start in range(0, draws, 50):
            if task.stopped():
                raise Stopped("The bootstrap")
            task.report("Drawing people", start, draws)
            weights = np.zeros((min(50, draws - start), len(self.faces[0])))
            chances = np.full(len(people), 1 / max(1, len(people)))
            weights[:, people] = rng.multinomial(len(people), chances, len(weights))
            found.append(figures(self.weighted(weights)))
        values = np.concatenate(found)
        known = ~np.isnan(values).all(axis=0)
        limits = np.full((2, values.shape[1]), np.nan)
        ends = [(100 - LEVEL) / 2, (100 + LEVEL) / 2]
        if known.any():
            limits[:, known] = np.nanpercentile(values[:, known], ends, axis=0)
        return limits

    @cached_property
    def _genuine_pairs(self) -> np.ndarray:
        """(P, G) genuine pairs of each person."""
        left, right = self.faces
        found = np.zeros((len(left), self.kinds.count))
        for a, b in np.argwhere(self.kinds.table >= 0):
            pairs = left[:, a] * right[:, b]
            if self.square:
                pairs = (pairs - (a == b) * left[:, a]) / 2  # no face with itself, each pair once
            found[:, self.kinds.table[a, b]] += pairs
        return found

    @cached_property
    def _of_one_person(self) -> sparse.csr_array:
        """(P, A*A) ordered pairs of faces of one person, by the classes of both."""
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
        found = np.zeros((len(weights), self.kinds.count))
        for a, b in np.argwhere(self.kinds.table >= 0):
            found[:, self.kinds.table[a, b]] += pairs[:, a, b]
        return found


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
        found, times = np.unique(key, return_counts=True)
        keys.append(found)
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
    found = np.zeros((people, count))
    np.add.at(found, (codes[known], classes[known]), 1)
    return found
