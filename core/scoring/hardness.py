"""How hard each face of a side is at a threshold: its errors, and its worst pair."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from core.scoring.blocks import THREADS, members
from core.scoring.matrix import ScoreMatrix, at_most
from core.scoring.sides import Side

FACES_A_TURN = 256


@dataclass(frozen=True, eq=False)
class Hardness:
    """Of n faces or groups of them, (n,) each.

    errors: pairs on the wrong side of the threshold
    pairs:  all that they are in, those of unknown identities too
    margin: float32, how far the worst pair is on the wrong side, below 0 on the right one
    """

    errors: np.ndarray
    pairs: np.ndarray
    margin: np.ndarray

    def of_items(self, side: Side) -> "Hardness":
        """Of a side's items, each one face or more."""
        starts, places = side.starts[:-1], side.places
        if not len(starts):
            return self
        return Hardness(
            np.add.reduceat(self.errors[places], starts),
            np.add.reduceat(self.pairs[places], starts),
            np.maximum.reduceat(self.margin[places], starts),
        )

    def hardest_first(self) -> np.ndarray:
        """Places by the share of errors, then by the margin."""
        share = self.errors / np.maximum(self.pairs, 1)
        return np.lexsort((-self.margin, -share))


def hardness(matrix: ScoreMatrix, which: int, threshold: float) -> Hardness:
    """How hard each row face (which: 0) or column face (1) is, in the order of the matrix.

    Of one gallery each pair has the score that it is counted by.
    """
    from core.scoring.kernels.block_kernel import weigh_faces

    matrix = matrix.mirrored()
    codes, others = (matrix.rows, matrix.columns)[:: -1 if which else 1]
    order, starts = members(others, codes)
    wrong = np.empty(len(codes), np.int64)
    low, high = np.empty(len(codes), np.float32), np.empty(len(codes), np.float32)

    def weigh(first: int) -> None:
        part = slice(first, first + FACES_A_TURN)
        lines = matrix.scores[part] if which == 0 else matrix.scores[:, part].T.copy()
        weigh_faces(
            lines, first, codes[part], others, matrix.square, order, starts,
            at_most(threshold)[()], wrong[part], low[part], high[part],
        )  # fmt: skip

    with ThreadPoolExecutor(min(THREADS, os.cpu_count() or 1)) as pool:
        list(pool.map(weigh, range(0, len(codes), FACES_A_TURN)))
    margin = np.maximum(np.float32(threshold) - low, high - np.float32(threshold))
    return Hardness(wrong, np.full(len(codes), len(others) - matrix.square), margin)
