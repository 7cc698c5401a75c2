"""The matrix's colours at the resolution of the screen: blocks when far, pairs when near."""

import numpy as np

from core.explain.colours import OUTCOME_COLOURS, SELF_COLOUR, centred_table
from core.scoring.matrix import OUTCOMES, ScoreMatrix, outcome_codes

LARGEST = 1200  # cells drawn along one side; more would be below a pixel of most screens
FADED = 0.85  # how far pairs that do not pass the filter go towards the background
KEPT_FROM = 4  # cells along a side from which block means are kept; finer ones are made as seen
COARSEST = 64  # blocks along a side of the last means that are made beforehand
ROWS_A_TURN = 512  # of scores whose means are made at once; a multiple of KEPT_FROM
OUTCOME_TABLE = np.array([OUTCOME_COLOURS[outcome] for outcome in OUTCOMES], np.uint8)


class MatrixImage:
    """Draws parts of a score matrix; block means are made once and kept.

    limits: of the score's colours, from the matrix itself
    """

    def __init__(self, matrix: ScoreMatrix) -> None:
        self.matrix = matrix
        self.limits = _limits(matrix.scores)
        self._means: dict[int, np.ndarray] = {}
        self._passing: dict[int, np.ndarray] | None = None
        # What is seen from afar: its place, scores, and which pairs are genuine and known.
        self._thinned: tuple[tuple[slice, slice, int], ScoreMatrix, np.ndarray, np.ndarray] | None
        self._thinned = None
        self._paper = (0, 0, 0)

    def prepare(self) -> None:
        """Make all block means now, in a thread of the background."""
        step = KEPT_FROM
        while max(self.matrix.scores.shape) >= COARSEST * step:
            self._level(step)
            step *= 2

    def with_new_limits(self) -> "MatrixImage":
        """The same block means with limits from the scores as they are by now."""
        image = MatrixImage(self.matrix)
        image._means = self._means
        return image

    def set_passing(self, mask: np.ndarray | None, paper: tuple[int, int, int]) -> None:
        """Fade the pairs that do not pass, (n, m) bool, towards a colour; None: fade none."""
        known = mask is not None and mask.shape == self.matrix.scores.shape
        self._passing = {1: mask} if mask is not None and known else None
        self._paper = paper

    def draw(
        self,
        rows: slice,
        columns: slice,
        threshold: float,
        outcomes: bool,
        largest: int = LARGEST,
    ) -> tuple[np.ndarray, int, int, int]:
        """Colours (r, c) uint32 of a part, and its first row, first column and cells a pixel.

        A colour is 0xffRRGGBB, as in QImage's Format_RGB32. By score a pixel is the mean of its
        block; by outcome its block's middle pair.
        """
        step = 1
        while max(rows.stop - rows.start, columns.stop - columns.start) / step > largest:
            step *= 2
        top, left = rows.start // step * step, columns.start // step * step
        part = slice(top, rows.stop), slice(left, columns.stop)
        if outcomes:
            places, table = self._outcomes(*part, step, threshold), OUTCOME_TABLE
        else:
            places, table = self._scores(*part, step), self._score_table(threshold)
        if self._passing is not None:
            bright = self._passes(step)[
                top // step : top // step + places.shape[0],
                left // step : left // step + places.shape[1],
            ]
            places = np.where(bright, places, places + np.uint16(len(table)))
            faded = table * (1 - FADED) + np.array(self._paper) * FADED
            table = np.concatenate([table, faded.astype(np.uint8)])
        colours = packed(table).take(places)
        if self.matrix.square:
            _paint_diagonal(colours, top // step, left // step)
        return colours, top, left, step

    def refresh(self, rows: slice, columns: slice) -> None:
        """Renew the kept means of a part whose scores have changed; limits stay as they are."""
        self._thinned = None
        for step, level in sorted(self._means.items()):
            top, left = rows.start // step, columns.start // step
            bottom, right = -(-rows.stop // step), -(-columns.stop // step)
            if step == KEPT_FROM:
                made = _quartered(
                    self.matrix.scores[_wider(top, bottom, 4), _wider(left, right, 4)]
                )
            else:
                finer = self._means[step // 2]
                made = _halved(finer[_wider(top, bottom, 2), _wider(left, right, 2)])
            level[top : top + len(made), left : left + made.shape[1]] = made

    def _scores(self, rows: slice, columns: slice, step: int) -> np.ndarray:
        """Places of means in the table of 256 colours, (r, c) uint8."""
        low, high = self.limits
        if step == 1:
            part = self.matrix.scores[rows, columns]
        elif step < KEPT_FROM:
            wide = (slice(p.start, -(-p.stop // step) * step) for p in (rows, columns))
            part = _halved(self.matrix.scores[tuple(wide)])
        else:
            ends = (slice(p.start // step, -(-p.stop // step)) for p in (rows, columns))
            part = self._level(step)[tuple(ends)]
        unit = part - np.float32(low)
        unit *= np.float32(255 / (high - low))
        return np.clip(unit, 0, 255, out=unit).astype(np.uint8)

    def _score_table(self, threshold: float) -> np.ndarray:
        low, high = self.limits
        return centred_table(min(max(threshold, low), high), low, high)

    def _outcomes(self, rows: slice, columns: slice, step: int, threshold: float) -> np.ndarray:
        """Places of the blocks' middle pairs in the table of outcomes, (r, c) uint8."""
        matrix = self.matrix
        if step == 1:
            return matrix.outcomes(rows, columns, threshold)
        key = (rows, columns, step)
        if self._thinned is None or self._thinned[0] != key:
            n, m = matrix.scores.shape
            down, across = _middles(rows, step, n), _middles(columns, step, m)
            part = ScoreMatrix(
                np.ascontiguousarray(_picked(matrix.scores, down, across, step)),
                False,
                matrix.rows[down],
                matrix.columns[across],
                matrix.kind,
                matrix.order,
            )
            every = slice(0, None)
            self._thinned = key, part, part.genuine(every, every), part.known(every, every)
        _, part, genuine, known = self._thinned
        return outcome_codes(part.scores, genuine, known, threshold)

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
            self._means[step] = (
                self._finest() if step == KEPT_FROM else _halved(self._level(step // 2))
            )
        return self._means[step]

    def _finest(self) -> np.ndarray:
        n, m = self.matrix.scores.shape
        level = np.empty((-(-n // KEPT_FROM), -(-m // KEPT_FROM)), np.float32)
        for start in range(0, n, ROWS_A_TURN):
            made = _quartered(self.matrix.scores[start : start + ROWS_A_TURN])
            level[start // KEPT_FROM : start // KEPT_FROM + len(made)] = made
        return level


def packed(table: np.ndarray) -> np.ndarray:
    """Colours (k, 3) uint8 as (k,) uint32, 0xffRRGGBB."""
    red, green, blue = table.astype(np.uint32).T
    colours: np.ndarray = np.uint32(0xFF000000) | red << 16 | green << 8 | blue
    return colours


def _wider(start: int, stop: int, by: int) -> slice:
    return slice(by * start, by * stop)


def _middles(part: slice, step: int, size: int) -> np.ndarray:
    """The middle of each block of a part; the last one where a block is cut off before it."""
    middles: np.ndarray = np.minimum(np.arange(part.start, part.stop, step) + step // 2, size - 1)
    return middles


def _picked(scores: np.ndarray, rows: np.ndarray, columns: np.ndarray, step: int) -> np.ndarray:
    """Scores at evenly spaced rows and columns, as a view but where the last is cut off."""
    even = all(p[-1] - p[0] == (len(p) - 1) * step for p in (rows, columns))
    if even:
        return scores[rows[0] : rows[-1] + 1 : step, columns[0] : columns[-1] + 1 : step]
    return scores[np.ix_(rows, columns)]


def _quartered(values: np.ndarray) -> np.ndarray:
    return _halved(_halved(values))


def _halved(values: np.ndarray) -> np.ndarray:
    """Means of 2x2 blocks; an odd last row or column is a block of its own."""
    n, m = values.shape
    padded = np.pad(values, ((0, n % 2), (0, m % 2)), mode="edge") if n % 2 or m % 2 else values
    sums = padded[0::2, 0::2] + padded[1::2, 0::2]
    sums += padded[0::2, 1::2]
    sums += padded[1::2, 1::2]
    sums *= np.float32(0.25)
    return sums


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
    colours[rows[inside], columns[inside]] = packed(np.array([SELF_COLOUR], np.uint8))
