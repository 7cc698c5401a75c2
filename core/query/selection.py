"""Which pairs are looked at together: an outcome, an identity, or any list of pairs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from core.faces.face import Face
from core.progress import QUIET, Task
from core.project.sides import EditsOfSides, cells_of_pair
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
    """Pairs with at least one of some faces, and single pairs beside them.

    name:          what the pairs are of, such as an identity
    rows, columns: which faces, (n,) and (m,) bool
    pairs:         (k, 2) places of further pairs
    """

    name: str
    rows: np.ndarray
    columns: np.ndarray
    pairs: np.ndarray = field(default_factory=lambda: np.empty((0, 2), np.int64))

    @staticmethod
    def identity(name: str, rows: Sequence[Face], columns: Sequence[Face]) -> "Whose":
        """Pairs with a face of an identity."""
        left, right = (
            np.array([f.identity == name for f in side], bool) for side in (rows, columns)
        )
        return Whose(name, left, right)

    @staticmethod
    def tag(
        tag: str, edits: EditsOfSides, rows: Sequence[Face], columns: Sequence[Face]
    ) -> "Whose":
        """Pairs that a tag hangs on, or one of whose faces or identities it hangs on.

        rows, columns: one object where they are one gallery
        """
        left, right = (
            np.array([f.key in keys or f.identity in names for f in side], bool)
            for side, keys, names in (
                (side, own.faces_tagged(tag), own.identities_tagged(tag))
                for side, own in zip((rows, columns), edits, strict=True)
            )
        )
        down, across = ({face.key: k for k, face in enumerate(s)} for s in (rows, columns))
        cells = [
            cell
            for pair in edits[1].pairs_tagged(tag)
            for cell in cells_of_pair(pair, down, across, rows is columns)
        ]
        pairs = np.array(cells, np.int64).reshape(-1, 2)
        return Whose(f"tag {tag}", left, right, pairs)

    @property
    def empty(self) -> bool:
        """Whether there is no such face or pair."""
        return not (self.rows.any() or self.columns.any() or len(self.pairs))

    def cells(self, rows: slice) -> np.ndarray:
        """Which cells of some rows are such pairs, (r, m) bool."""
        mask: np.ndarray = self.rows[rows, None] | self.columns[None]
        here = self.pairs[(self.pairs[:, 0] >= rows.start) & (self.pairs[:, 0] < rows.stop)]
        mask[here[:, 0] - rows.start, here[:, 1]] = True
        return mask


def select(
    matrix: ScoreMatrix,
    threshold: float,
    outcome: Outcome | None = None,
    whose: Sequence[Whose] = (),
    passing: tuple[str, np.ndarray] | None = None,
    limit: int = SAMPLED,
    task: Task = QUIET,
) -> Selection:
    """Pairs of an outcome (None: of any), of some faces (none given: of all), that pass a filter.

    whose:   each must hold; passing: the filter's text and which pairs pass it, (n, m) bool
    Raises Stopped.
    """
    every = slice(0, matrix.scores.shape[1])

    def wanted(rows: slice) -> np.ndarray:
        cells = np.ones(matrix.scores[rows].shape, bool)
        if outcome is not None:
            cells = matrix.outcomes(rows, every, threshold) == CODE[outcome]
        for some in whose:
            cells &= some.cells(rows)
        if passing is not None:
            cells &= passing[1][rows]
        return cells

    pairs, total = drawn(matrix, wanted, limit, task=task)
    title = NAMES[outcome]
    if whose:
        title += f" of {' and '.join(some.name for some in whose)}"
    if passing is not None:
        title += f" that pass {passing[0]!r}"
    return Selection(title, pairs, total)


def select_listed(title: str, pairs: PairList, limit: int = SAMPLED, seed: int = 0) -> Selection:
    """Pairs that are listed already."""
    total = len(pairs)
    if total > limit:
        places = np.random.default_rng(seed).choice(total, limit, replace=False)
        pairs = pairs.at(np.sort(places))
    return Selection(title, pairs, total)
