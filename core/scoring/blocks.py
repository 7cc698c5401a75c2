"""Blocks of a score matrix as it is shown: their extremes, means and errors, exact at any size.

The extremes hold at every threshold: a block has a false reject when its lowest genuine score is at
most the threshold, and a false accept when its highest impostor score is above it.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.scoring.matrix import CELLS_A_TILE, ScoreMatrix, at_most
from core.scoring.sides import Arrangement

KEPT_CELLS = 4  # cells along a side of the finest blocks that are kept; finer ones are made as seen
COARSEST = 64  # blocks along a side of the last level that is made beforehand
ROWS_A_TURN = 32  # blocks down that are made at once
THREADS = 4  # that make them; the kernel lets go of Python's lock
FOLDED_FROM = 0.5  # of the columns that must be asked for, so that folding whole rows pays
UNKNOWN = -4.0  # badness of pairs of unknown identities: after all others
NO_MASK = np.zeros((0, 0), bool)
NO_COUNTS = np.zeros((0, 0), np.int32)


@dataclass(frozen=True, eq=False)
class Blocks:
    """Blocks of pairs, (r, c) each; a face with itself is no pair.

    genuine:  float32, the lowest genuine score; inf without one
    impostor: float32, the highest impostor score; -inf without one
    total:    float32, the sum of all scores
    pairs:    int32, how many there are
    """

    genuine: np.ndarray
    impostor: np.ndarray
    total: np.ndarray
    pairs: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """Mean scores, float32; 0 without pairs."""
        means: np.ndarray = self.total / np.maximum(self.pairs, 1).astype(np.float32)
        return means

    def worst(self, threshold: float) -> tuple[np.ndarray, np.ndarray]:
        """The score farthest on the wrong side of a threshold, and whether that pair is genuine.

        Without errors it is the nearest one on the right side; among pairs of unknown identities
        alone, the mean.
        """
        limit = at_most(threshold)
        genuine = (limit - self.genuine) >= (self.impostor - limit)
        scores = np.where(genuine, self.genuine, self.impostor)
        return np.where(np.isfinite(scores), scores, self.mean), genuine

    @property
    def known(self) -> np.ndarray:
        """Whether a block has a pair of two known identities."""
        known: np.ndarray = np.isfinite(self.genuine) | np.isfinite(self.impostor)
        return known

    def where(self, chosen: np.ndarray, other: "Blocks") -> "Blocks":
        """These blocks where chosen, (r, c) bool, else the other ones."""
        parts = zip(vars(self).values(), vars(other).values(), strict=True)
        return Blocks(*(np.where(chosen, one, two) for one, two in parts))


class BlockPyramid:
    """Blocks of 1, 2, 4, ... items a side; the coarser ones are made once and kept.

    mask: which pairs count, (n, m) bool; None: all
    """

    def __init__(
        self, matrix: ScoreMatrix, shown: Arrangement, mask: np.ndarray | None = None
    ) -> None:
        self.matrix, self.shown = matrix, shown
        self._mask = NO_MASK if mask is None else mask
        self._codes = matrix.columns[shown.columns.places]
        cells = len(shown.rows.places) * len(shown.columns.places)
        self.first = 1  # items a side of the finest blocks that are kept
        while self.first**2 * cells < KEPT_CELLS**2 * np.prod(shown.shape, dtype=np.int64):
            self.first *= 2
        self._levels: dict[int, tuple[np.ndarray, ...]] = {}

    def prepare(self) -> None:
        """Make all levels that are kept now, in a thread of the background."""
        step = self.first
        while max(self.shown.shape) >= COARSEST * step:
            self._level(step)
            step *= 2
        if min(self.shown.shape):  # kernels that painting needs are loaded here, not there
            self.errors(slice(0, 1), slice(0, 1), 1, 0.0)

    def part(self, rows: slice, columns: slice, step: int) -> Blocks:
        """Some blocks of so many items a side, by their places among such blocks."""
        if step < self.first:
            parts = self._reduced(step, _range(rows), _range(columns))
        else:
            parts = tuple(level[rows, columns] for level in self._level(step))
        pairs = parts[3] if len(parts) > 3 else self._pairs(rows, columns, step)
        return Blocks(parts[0], parts[1], parts[2], pairs)

    def errors(self, rows: slice, columns: slice, step: int, threshold: float) -> np.ndarray:
        """How many pairs of some blocks are on the wrong side of a threshold, (r, c) int64."""
        fine = min(step, self.first)
        times = step // fine
        ends = [-(-size // fine) for size in self.shown.shape]
        down, across = (
            slice(part.start * times, min(part.stop * times, end))
            for part, end in zip((rows, columns), ends, strict=True)
        )
        blocks = self.part(down, across, fine)
        errors = np.zeros(blocks.genuine.shape, np.int32)
        self._kernel("count_errors")(
            *self._cells(fine, _range(down), _range(across)),
            at_most(threshold)[()], blocks.genuine, blocks.impostor, errors,
        )  # fmt: skip
        for axis in (0, 1):
            starts = np.arange(0, errors.shape[axis], times)
            errors = np.add.reduceat(errors, starts, axis=axis, dtype=np.int64)
        return errors

    def refresh(self, rows: slice, columns: slice) -> None:
        """Renew what is kept of a part of the matrix whose scores have changed."""
        down = np.unique(self.shown.rows.items_touched(rows) // self.first)
        across = np.unique(self.shown.columns.items_touched(columns) // self.first)
        for step, level in sorted(self._levels.items()):
            if step == self.first:
                blocks = self._reduced(step, down, across)
            else:
                down, across = np.unique(down // 2), np.unique(across // 2)
                blocks = self._joined(self._levels[step // 2], down, across)
            for kept, new in zip(level, blocks, strict=True):
                kept[np.ix_(down, across)] = new

    def _level(self, step: int) -> tuple[np.ndarray, ...]:
        if step not in self._levels:
            down, across = (np.arange(-(-size // step)) for size in self.shown.shape)
            if step == self.first:
                level = _empty(len(down), len(across), counted=len(self._mask) > 0)
                turns = [slice(k, k + ROWS_A_TURN) for k in range(0, len(down), ROWS_A_TURN)]

                def make(rows: slice) -> None:
                    self._make(step, down[rows], across, tuple(part[rows] for part in level))

                with ThreadPoolExecutor(min(THREADS, os.cpu_count() or 1)) as pool:
                    list(pool.map(make, turns))
                self._levels[step] = level
            else:
                self._levels[step] = self._joined(self._level(step // 2), down, across)
        return self._levels[step]

    def _reduced(self, step: int, down: np.ndarray, across: np.ndarray) -> tuple[np.ndarray, ...]:
        level = _empty(len(down), len(across), counted=len(self._mask) > 0)
        self._make(step, down, across, level)
        return level

    def _make(
        self, step: int, down: np.ndarray, across: np.ndarray, level: tuple[np.ndarray, ...]
    ) -> None:
        """Fill in some blocks; without a mask how many pairs they have can be told from the sizes."""
        cells = self._cells(step, down, across)
        sizes = np.diff(self.shown.columns.edges(step))
        if sizes[across].sum() < FOLDED_FROM * len(self.matrix.columns):
            numbers = level[3] if len(level) > 3 else np.empty(level[0].shape, np.int32)
            self._kernel("reduce_blocks")(*cells, *level[:3], numbers)
            return
        block_of = np.full(len(sizes), -1, np.int32)
        block_of[across] = np.arange(len(across))
        scores, row_codes, _, mask, square, *places = cells
        uncounted = () if len(level) > 3 else (NO_COUNTS,)
        self._kernel("fold_blocks")(
            scores, row_codes, mask, self._strangers, square, *self._members, *self._at,
            np.repeat(block_of, sizes), *places, *level, *uncounted,
        )  # fmt: skip

    def _joined(
        self, finer: tuple[np.ndarray, ...], down: np.ndarray, across: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        """Blocks of 2x2 finer ones, by their places; an odd last row or column stands alone."""
        level = _empty(len(down), len(across), counted=len(finer) > 3)
        uncounted = () if len(finer) > 3 else (NO_COUNTS,)
        self._kernel("join_blocks")(*finer, *uncounted, down, across, *level, *uncounted)
        return level

    @cached_property
    def _strangers(self) -> np.ndarray:
        return np.flatnonzero(self.matrix.columns < 0)

    @cached_property
    def _members(self) -> tuple[np.ndarray, np.ndarray]:
        return members(self.matrix.columns, self.matrix.rows)

    @cached_property
    def _at(self) -> tuple[np.ndarray, np.ndarray]:
        places = self.shown.columns.places
        order = np.argsort(places, kind="stable")
        numbers = np.arange(len(self.matrix.columns) + 1)
        return order, np.searchsorted(places[order], numbers)

    def _cells(self, step: int, down: np.ndarray, across: np.ndarray) -> tuple[object, ...]:
        matrix, rows, columns = self.matrix, self.shown.rows, self.shown.columns
        return (
            matrix.scores, matrix.rows, self._codes, self._mask, matrix.square,
            rows.places, rows.edges(step), down, columns.places, columns.edges(step), across,
        )  # fmt: skip

    def _pairs(self, rows: slice, columns: slice, step: int) -> np.ndarray:
        down = np.diff(self.shown.rows.edges(step))[rows].astype(np.int32)
        across = np.diff(self.shown.columns.edges(step))[columns].astype(np.int32)
        pairs = np.multiply.outer(down, across)
        if self.matrix.square:
            row, column = (cells // step for cells in self.shown.own_cells)
            here = (row >= rows.start) & (row < rows.start + len(down))
            here &= (column >= columns.start) & (column < columns.start + len(across))
            np.subtract.at(pairs, (row[here] - rows.start, column[here] - columns.start), 1)
        return pairs

    def _kernel(self, name: str):  # type: ignore[no-untyped-def]
        from core.scoring.kernels import block_kernel

        return getattr(block_kernel, name)


def worst_pair(
    matrix: ScoreMatrix, shown: Arrangement, cell: tuple[int, int], threshold: float
) -> tuple[int, int] | None:
    """The pair of a cell that is farthest on the wrong side of a threshold; None without pairs."""
    down, across = shown.rows.faces(cell[0]), shown.columns.faces(cell[1])
    worst: tuple[float, tuple[int, int] | None] = (-np.inf, None)
    turn = max(1, CELLS_A_TILE // max(1, len(across)))
    for start in range(0, len(down), turn):
        some = down[start : start + turn]
        scores = matrix.scores[np.ix_(some, across)].astype(np.float64) - threshold
        own, other = matrix.rows[some][:, None], matrix.columns[across][None]
        badness = np.where(own == other, -scores, scores)
        badness = np.where((own >= 0) & (other >= 0), badness, UNKNOWN - np.abs(scores))
        if matrix.square:
            badness[some[:, None] == across[None]] = -np.inf
        row, column = np.unravel_index(int(badness.argmax()), badness.shape)
        if badness[row, column] > worst[0]:
            worst = float(badness[row, column]), (int(some[row]), int(across[column]))
    return worst[1]


def _range(part: slice) -> np.ndarray:
    return np.arange(part.start, part.stop)


def members(codes: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Faces by identity, and where those of each number start among them, and the end.

    codes: (n,) identity numbers, -1 unknown; others: of the other side, whose numbers count as well
    """
    order = np.argsort(codes, kind="stable")
    count = int(max(codes.max(initial=-1), others.max(initial=-1))) + 1
    return order, np.searchsorted(codes[order], np.arange(count + 1))


def _empty(down: int, across: int, counted: bool) -> tuple[np.ndarray, ...]:
    kinds = (np.float32, np.float32, np.float32, np.int32)
    return tuple(np.empty((down, across), kind) for kind in kinds[: 4 if counted else 3])
