"""Pairs chosen by rectangles of rows and columns, added and taken away; no mask of all pairs is kept."""

from dataclasses import dataclass

import numpy as np

from core.scoring.matrix import ScoreMatrix


@dataclass(frozen=True, eq=False)
class Rectangle:
    """Faces of rows (n,) bool and of columns (m,) bool whose pairs are added, or taken away."""

    rows: np.ndarray
    columns: np.ndarray
    adds: bool


@dataclass(frozen=True, eq=False)
class ChosenPairs:
    """Rectangles one after another; in a square matrix either cell of a pair chooses it.

    square: whether rows and columns are one gallery
    """

    square: bool
    rectangles: tuple[Rectangle, ...] = ()

    def with_rectangle(
        self, shape: tuple[int, int], rows: np.ndarray, columns: np.ndarray, adds: bool
    ) -> "ChosenPairs":
        """The same with the pairs of some faces, by their places, more or less."""
        chosen = [np.zeros(size, bool) for size in shape]
        chosen[0][rows], chosen[1][columns] = True, True
        rectangle = Rectangle(chosen[0], chosen[1], adds)
        return ChosenPairs(self.square, (*self.rectangles, rectangle))

    def cells(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Which cells of some rows and columns, by places, are chosen: (r, c) bool."""
        found = np.zeros((len(rows), len(columns)), bool)
        for one in self.rectangles:
            such = one.rows[rows][:, None] & one.columns[columns]
            if self.square:
                such |= one.columns[rows][:, None] & one.rows[columns]
            found = found | such if one.adds else found & ~such
        return found

    def pairs(self, matrix: ScoreMatrix, rows: slice) -> np.ndarray:
        """Which cells of some rows are chosen pairs, each pair once: (r, m) bool."""
        every = slice(0, matrix.scores.shape[1])
        places = np.arange(*rows.indices(len(matrix.scores)))
        if not self.touches(places):
            return np.zeros((len(places), matrix.scores.shape[1]), bool)
        return self.cells(places, np.arange(every.stop)) & matrix.counted(rows, every)

    def touches(self, rows: np.ndarray) -> bool:
        """Whether some rows can have chosen pairs at all."""
        return any(
            one.adds and bool(one.rows[rows].any() or (self.square and one.columns[rows].any()))
            for one in self.rectangles
        )
