"""Learned scores of many pairs: an estimate of all at once, then the true ones tile by tile."""

import numpy as np

from core.model.kinds import Order
from core.scoring.engine import PairEngine
from core.scoring.kernels.prepared import PreparedFaces, PreparedPairs

TILE = 512  # faces a side: a quarter of a second on two cores
SAMPLED = 4000  # pairs that the estimate is fitted to

Tile = tuple[int, int]
Region = tuple[slice, slice]


class Refinement:
    """Scores (n, m) that start as a line through the uniform ones and become learned attention's.

    scores: float32, refined in place
    exact:  (n / 512, m / 512) bool, tiles whose scores are learned attention's own
    error:  standard deviation of the estimates on sampled pairs
    """

    def __init__(
        self,
        engine: PairEngine,
        rows: PreparedFaces,
        columns: PreparedFaces,
        order: Order,
        threshold: float,
    ) -> None:
        self._engine, self._rows, self._columns, self._order = engine, rows, columns, order
        self._square = rows is columns and order == "both"
        self.scores = engine.scores(rows, columns, "uniform")
        slope, level, self.error = self._fit()
        for start in range(0, len(rows), TILE):  # in place: a copy would take as much again
            part = self.scores[start : start + TILE]
            part *= np.float32(slope)
            part += np.float32(level)
            np.clip(part, -1, 1, out=part)
        self.exact = np.zeros((-(-len(rows) // TILE), -(-len(columns) // TILE)), bool)
        self._near = self._near_threshold(threshold)

    @property
    def share(self) -> float:
        """Share of the tiles that are exact."""
        return float(self.exact.mean())

    def is_exact(self, row: int, column: int) -> bool:
        """Whether a pair's score is learned attention's own."""
        return bool(self.exact[row // TILE, column // TILE])

    def next_tile(self, seen: Region | None) -> Tile | None:
        """What to refine next: what is seen, then where most scores are near the threshold."""
        open_tiles = ~self.exact
        if not open_tiles.any():
            return None
        if seen is not None:
            view = np.zeros_like(open_tiles)
            view[_tiles_of(seen[0]), _tiles_of(seen[1])] = True
            if (view & open_tiles).any():
                open_tiles &= view
        place = int(np.where(open_tiles, self._near, -1).argmax())
        return place // self.exact.shape[1], place % self.exact.shape[1]

    def refine(self, tile: Tile) -> list[Region]:
        """Make a tile's scores exact, and its mirror image's where both are the same pairs.

        Returns the rows and columns of what changed.
        """
        row, column = tile
        rows = slice(row * TILE, (row + 1) * TILE)
        columns = slice(column * TILE, (column + 1) * TILE)
        here = self._rows.part(rows)
        there = here if self._square and row == column else self._columns.part(columns)
        scores = self._engine.scores(here, there, "learned", self._order)
        self.scores[rows, columns] = scores
        self.exact[tile] = True
        if self._square and row != column:
            self.scores[columns, rows] = scores.T
            self.exact[column, row] = True
            return [(rows, columns), (columns, rows)]
        return [(rows, columns)]

    def release(self) -> None:
        """Let go of the faces once all is exact; only scores and what is exact are kept."""
        nobody = self._rows.part(slice(0, 0))
        self._rows = self._columns = nobody

    def _fit(self) -> tuple[float, float, float]:
        draw = np.random.default_rng(0)
        i, j = (draw.integers(0, size, SAMPLED) for size in self.scores.shape)
        uniform = self.scores[i, j].astype(np.float64)
        learned = self._engine.scores_of(
            PreparedPairs(self._rows, i, self._columns, j), "learned", self._order
        )
        if np.ptp(uniform) == 0:
            return 1.0, 0.0, float(np.std(learned - uniform))
        slope, level = np.polyfit(uniform, learned, 1)
        return float(slope), float(level), float(np.std(learned - slope * uniform - level))

    def _near_threshold(self, threshold: float) -> np.ndarray:
        counts = np.zeros(self.exact.shape)
        for row in range(len(counts)):
            part = self.scores[row * TILE : (row + 1) * TILE]
            near = (np.abs(part - np.float32(threshold)) < 2 * self.error).sum(axis=0)
            counts[row] = np.add.reduceat(near, np.arange(0, part.shape[1], TILE))
        return counts


def _tiles_of(part: slice) -> slice:
    return slice(max(0, part.start) // TILE, -(-max(0, part.stop) // TILE))
