"""Pairs chosen by rectangles of rows and columns, added and taken away; no mask of all pairs is kept."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.scoring.matrix import CELLS_A_TILE, ScoreMatrix


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
        cells = np.zeros((len(rows), len(columns)), bool)
        for one in self.rectangles:
            such = one.rows[rows][:, None] & one.columns[columns]
            if self.square:
                such |= one.columns[rows][:, None] & one.rows[columns]
            cells = cells | such if one.adds else cells & ~such
        return cells

    def rows_touched(self) -> np.ndarray:
        """Rows that may have a chosen pair, ascending places."""
        adding = [one for one in self.rectangles if one.adds]
        touched = [one.rows for one in adding] or [np.zeros(0, bool)]
        if self.square:
            touched += [one.columns for one in adding]
        return np.flatnonzero(np.logical_or.reduce(touched))

    def stacked(self, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The rectangles as arrays: which add (k,), their rows (k, n) and columns (k, m), all bool."""
        every = self.rectangles
        rows, columns = (
            np.zeros((len(every), shape[0]), bool),
            np.zeros((len(every), shape[1]), bool),
        )
        for k, one in enumerate(every):
            rows[k], columns[k] = one.rows, one.columns
        return np.array([one.adds for one in every], bool), rows, columns

    def parts(self, matrix: ScoreMatrix) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The chosen pairs, each once, in parts of rows and columns by places: (k,) each."""
        adding = [one for one in self.rectangles if one.adds]
        columns = np.logical_or.reduce([one.columns for one in adding] or [np.zeros(0, bool)])
        down = self.rows_touched()
        across = down if self.square else np.flatnonzero(columns)
        turn = max(1, CELLS_A_TILE // max(1, len(across)))
        for start in range(0, len(down), turn):
            some = down[start : start + turn]
            cells = self.cells(some, across)
            if self.square:
                cells &= some[:, None] < across
            row, column = np.nonzero(cells)
            yield some[row], across[column]
