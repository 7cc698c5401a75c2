"""Which pairs are looked at together: an outcome, an identity, or any list of pairs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.faces.face import Face
from core.progress import StopAsked, never
from core.scoring.lists import PairList, drawn
from core.scoring.matrix import CODE, Outcome, ScoreMatrix

SAMPLED = 4000  # pairs of a selection whose maps are computed
NAMES: dict[Outcome | None, str] = {
    None: "pairs",
    "TP": "true accepts",
    "FP": "false accepts",
    "FN": "false rejects",
    "TN": "true rejects",
    "unknown": "pairs of unknown identities",
}


@dataclass(frozen=True, eq=False)
class Selection:
    """Some pairs of a matrix.

    title: what they are, such as "false accepts of Ann"
    pairs: those that are looked at, drawn at random (seeded) where there are very many
    total: how many there are
    """

    title: str
    pairs: PairList
    total: int

    @property
    def counted(self) -> str:
        """How many there are of what, and how many of them are looked at."""
        if len(self.pairs) < self.total:
            return f"{len(self.pairs):,} of {self.total:,} {self.title}, drawn at random"
        return f"{self.total:,} {in_number(self.title, self.total)}"


def in_number(title: str, count: int) -> str:
    """A selection's title for so many pairs: "1 false accept of Ann"."""
    if count != 1:
        return title
    return re.sub(r"\b(pair|accept|reject)s\b", r"\1", title, count=1)


@dataclass(frozen=True, eq=False)
class Whose:
    """Pairs with at least one of some faces.

    name:          what the pairs are of, such as an identity
    rows, columns: which faces, (n,) and (m,) bool
    """

    name: str
    rows: np.ndarray
    columns: np.ndarray

    @staticmethod
    def identity(name: str, rows: Sequence[Face], columns: Sequence[Face]) -> "Whose":
        """Pairs with a face of an identity."""
        return Whose(name, *(np.array([f.identity == name for f in s]) for s in (rows, columns)))


def select(
    matrix: ScoreMatrix,
    threshold: float,
    outcome: Outcome | None = None,
    whose: Whose | None = None,
    limit: int = SAMPLED,
    stopped: StopAsked = never,
) -> Selection:
    """Pairs of an outcome (None: of any) and of some faces (None: of all). Raises Stopped."""
    every = slice(0, matrix.scores.shape[1])

    def wanted(rows: slice) -> np.ndarray:
        cells = np.ones(matrix.scores[rows].shape, bool)
        if outcome is not None:
            cells = matrix.outcomes(rows, every, threshold) == CODE[outcome]
        if whose is not None:
            cells &= whose.rows[rows, None] | whose.columns[None]
        return cells

    pairs, total = drawn(matrix, wanted, limit, stopped=stopped)
    title = NAMES[outcome] if whose is None else f"{NAMES[outcome]} of {whose.name}"
    return Selection(title, pairs, total)


def select_listed(title: str, pairs: PairList, limit: int = SAMPLED, seed: int = 0) -> Selection:
    """Pairs that are listed already."""
    total = len(pairs)
    if total > limit:
        places = np.random.default_rng(seed).choice(total, limit, replace=False)
        pairs = pairs.at(np.sort(places))
    return Selection(title, pairs, total)
