"""The matrix's colours at the resolution of the screen: blocks when far, pairs when near."""

import numpy as np

from core.explain.colours import OUTCOME_COLOURS, SELF_COLOUR, centred_table
from core.scoring.matrix import OUTCOMES, ScoreMatrix, outcome_codes

LARGEST = 1200  # cells drawn along one side; more would be below a pixel of most screens
FADED = 0.85  # how far pairs that do not pass the filter go towards the background
OUTCOME_TABLE = np.array([OUTCOME_COLOURS[outcome] for outcome in OUTCOMES], np.uint8)


class MatrixImage:
    """Draws parts of a score matrix; block means are made once and kept.

    limits: of the score's colours, from the matrix itself
    """

    def __init__(self, matrix: ScoreMatrix) -> None:
        self.matrix = matrix
        self.limits = _limits(matrix.scores)
        self._means: dict[int, np.ndarray] = {1: matrix.scores}
        self._passing: dict[int, np.ndarray] | None = None
        # What is seen from afar: its place, scores, and which pairs are genuine and known.
        self._thinned: tuple[tuple[int, ...], np.ndarray, np.ndarray, np.ndarray] | None = None
        self._paper = np.zeros(3, np.float32)

    def set_passing(self, mask: np.ndarray | None, paper: tuple[int, int, int]) -> None:
        """Fade the pairs that do not pass, (n, m) bool, towards a colour; None: fade none."""
        known = mask is not None and mask.shape == self.matrix.scores.shape
        self._passing = {1: mask} if mask is not None and known else None
        self._paper = np.array(paper, np.float32)

    def draw(
        self,
        rows: slice,
        columns: slice,
        threshold: float,
        outcomes: bool,
        largest: int = LARGEST,
    ) -> tuple[np.ndarray, int, int, int]:
        """Colours (r, c, 3) uint8 of a part, and its first row, first column and cells a pixel.

        By score a pixel is the mean of its block; by outcome its block's middle pair.
        """
        step = 1
        while max(rows.stop - rows.start, columns.stop - columns.start) / step > largest:
            step *= 2
        first_row, first_column = (
            rows.start // step * step,
            columns.start // step * step,
        )
        if outcomes:
            colours = self._outcomes(
                first_row, rows.stop, first_column, columns.stop, step, threshold
            )
        else:
            colours = self._scores(
                first_row, rows.stop, first_column, columns.stop, step, threshold
            )
        if self._passing is not None:
            bright = self._passes(step)[
                first_row // step : first_row // step + colours.shape[0],
                first_column // step : first_column // step + colours.shape[1],
            ]
            faded = colours * np.float32(1 - FADED) + self._paper * np.float32(FADED)
            colours = np.where(bright[..., None], colours, faded.astype(np.uint8))
        if self.matrix.square:
            _paint_diagonal(colours, first_row // step, first_column // step)
        return colours, first_row, first_column, step

    def refresh(self, rows: slice, columns: slice) -> None:
        """Renew the kept means of a part whose scores have changed; limits stay as they are."""
        self._thinned = None
        finer = self._means[1]
        for step in sorted(self._means)[1:]:
            n, m = finer.shape
            top, left = rows.start // step * 2, columns.start // step * 2
            bottom = min(n, -(-rows.stop // step) * 2)
            right = min(m, -(-columns.stop // step) * 2)
            made = _halved(finer[top:bottom, left:right])
            level = self._means[step]
            level[top // 2 : top // 2 + len(made), left // 2 : left // 2 + made.shape[1]] = made
            finer = level

    def _scores(
        self, top: int, bottom: int, left: int, right: int, step: int, threshold: float
    ) -> np.ndarray:
        level = self._level(step)
        part = level[top // step : -(-bottom // step), left // step : -(-right // step)]
        low, high = self.limits
        table = centred_table(min(max(threshold, low), high), low, high)
        unit = (part - np.float32(low)) * np.float32(255 / (high - low))
        places = np.clip(unit, 0, 255).astype(np.uint8)
        return table[places]

    def _outcomes(
        self, top: int, bottom: int, left: int, right: int, step: int, threshold: float
    ) -> np.ndarray:
        middle = step // 2 if step > 1 else 0
        n, m = self.matrix.scores.shape
        rows = np.minimum(np.arange(top, bottom, step) + middle, n - 1)
        columns = np.minimum(np.arange(left, right, step) + middle, m - 1)
        if step == 1:
            codes = self.matrix.outcomes(slice(top, bottom), slice(left, right), threshold)
            return OUTCOME_TABLE[codes]
        key = (top, bottom, left, right, step)
        if self._thinned is None or self._thinned[0] != key:
            part = ScoreMatrix(
                self.matrix.scores[np.ix_(rows, columns)],
                False,
                self.matrix.rows[rows],
                self.matrix.columns[columns],
                self.matrix.kind,
                self.matrix.order,
            )
            every = slice(0, None)
            known = part.known(every, every)
            self._thinned = key, part.scores, part.genuine(every, every), known
        _, scores, genuine, known = self._thinned
        return OUTCOME_TABLE[outcome_codes(scores, genuine, known, threshold)]

    def _passes(self, step: int) -> np.ndarray:
        """Blocks of which some pair passes: one among thousands must not vanish."""
        assert self._passing is not None
        if step not in self._passing:
            finer = self._passes(step // 2)
            n, m = finer.shape
            padded = np.pad(finer, ((0, n % 2), (0, m % 2)))
            across = padded[0::2] | padded[1::2]
            self._passing[step] = across[:, 0::2] | across[:, 1::2]
        return self._passing[step]

    def _level(self, step: int) -> np.ndarray:
        if step not in self._means:
            self._means[step] = _halved(self._level(step // 2))
        return self._means[step]


def _halved(values: np.ndarray) -> np.ndarray:
    """Means of 2x2 blocks; an odd last row or column is a block of its own."""
    n, m = values.shape
    padded = np.pad(values, ((0, n % 2), (0, m % 2)), mode="edge") if n % 2 or m % 2 else values
    return (
        padded[0::2, 0::2] + padded[1::2, 0::2] + padded[0::2, 1::2] + padded[1::2, 1::2]
    ) * np.float32(0.25)


def _limits(scores: np.ndarray) -> tuple[float, float]:
    step = max(1, scores.size // 200_000)
    some = scores.ravel()[::step] if scores.flags.c_contiguous else scores.ravel()
    low, high = float(some.min()), float(np.percentile(some, 99.9))
    middle = (low + high) / 2
    half = max((high - low) / 2, 0.05)
    return max(-1.0, middle - half), min(1.0, middle + half)


def _paint_diagonal(colours: np.ndarray, first_row: int, first_column: int) -> None:
    rows = np.arange(len(colours))
    columns = rows + first_row - first_column
    inside = (columns >= 0) & (columns < colours.shape[1])
    colours[rows[inside], columns[inside]] = SELF_COLOUR
