"""The difference of two scorings as an image: which pairs changed side, and how far."""

from dataclasses import replace

import numpy as np

from core.explain.matrix_image import LARGEST, Look, MatrixImage, Part, Passing
from core.scoring.blocks import BlockPyramid, Blocks
from core.scoring.difference import Difference
from core.scoring.matrix import ScoreMatrix
from core.scoring.sides import Arrangement

LESS, MORE = (118, 42, 131), (27, 120, 55)  # purple, green: no other matrix has these
LEAST_LIMIT = 0.05


class DifferenceImage(MatrixImage):
    """Draws a difference; pairs that changed no side are faded.

    Far away a point is the pair farthest apart of those that changed side, or the share of them.
    """

    def __init__(self, matrix: ScoreMatrix, difference: Difference, shown: Arrangement) -> None:
        self.found, self.scored = difference, matrix
        ones = np.ones(matrix.scores.shape[1], np.int32)
        zeros = np.zeros(matrix.scores.shape[0], np.int32)
        # Pairs of two numbers have a highest value, pairs of one number a lowest one.
        # Either order's difference is shown: which pairs changed is told of both cells.
        values = replace(matrix, scores=difference.values, rows=zeros, columns=ones, order="both")
        super().__init__(values, shown)
        size = np.abs(
            difference.values[difference.changed] if difference.changed.any() else difference.values
        )
        limit = max(float(np.percentile(size, 99.5)) if size.size else 0.0, LEAST_LIMIT)
        self.limits = -limit, limit
        self._lowest = replace(values, columns=ones * 0)
        self._lows = BlockPyramid(self._lowest, shown)
        self._passing = self.passing(None)

    def prepare(self) -> None:
        super().prepare()
        self._lows.prepare()

    def scale(self, threshold: float) -> tuple[float, float]:
        return self.limits

    def score_colours(self, threshold: float) -> np.ndarray:
        share = np.linspace(-1, 1, 256)[:, None]
        ends = np.where(share < 0, np.array(LESS, float), np.array(MORE, float))
        colours: np.ndarray = (255 + np.abs(share) * (ends - 255)).round().astype(np.uint8)
        return colours

    def passing(self, mask: np.ndarray | None) -> Passing:
        mask = self._fitting(mask)
        changed = self.found.changed if mask is None else self.found.changed & mask
        return Passing(
            changed,
            BlockPyramid(self.matrix, self.shown, changed),
            BlockPyramid(self._lowest, self.shown, changed),
        )

    def draw(
        self, rows: slice, columns: slice, look: Look, largest: int = LARGEST
    ) -> tuple[np.ndarray, int, int, int]:
        far = "errors" if look.far == "errors" else "worst"
        return super().draw(rows, columns, Look(0.0, False, far, look.dark), largest)  # type: ignore[arg-type]

    def count(self, part: Part, threshold: float) -> np.ndarray:
        """How many pairs of each block changed side."""
        assert self._passing is not None
        return self._passing.blocks.part(*part).pairs

    def in_cell(self, cell: tuple[int, int]) -> tuple[int, int, tuple[int, int] | None]:
        """Of a cell: how many pairs, how many changed side, and the one farthest apart, changed first."""
        down, across = self.shown.rows.faces(cell[0]), self.shown.columns.faces(cell[1])
        place = np.ix_(down, across)
        size = np.abs(self.found.values[place]) + 4 * self.found.changed[place]
        own = down[:, None] == across[None] if self.matrix.square else np.zeros(size.shape, bool)
        if own.all():
            return 0, 0, None
        row, column = np.unravel_index(int(np.where(own, -1, size).argmax()), size.shape)
        farthest = int(down[row]), int(across[column])
        return int((~own).sum()), int(self.found.changed[place].sum()), farthest

    def _seen_blocks(self, part: Part) -> tuple[Blocks, np.ndarray | None]:
        if self._seen is None or self._seen[0] != part:
            assert self._passing is not None
            every = _with_lows(self._every.part(*part), self._lows.part(*part))
            lows = self._passing.lows
            assert lows is not None
            changed = _with_lows(self._passing.blocks.part(*part), lows.part(*part))
            some = changed.pairs > 0
            blocks = replace(changed.where(some, every), pairs=every.pairs)
            self._seen = part, blocks, some | (every.pairs == 0)
        return self._seen[1], self._seen[2]


def _with_lows(highest: Blocks, lowest: Blocks) -> Blocks:
    return replace(highest, genuine=lowest.genuine)
