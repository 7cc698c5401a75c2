"""All pairs of a gallery, or of probes with a gallery, as one matrix."""

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from core.gallery.gallery import LoadedGallery, identity_codes
from core.model.kinds import AttentionKind, Order
from core.progress import QUIET, Task
from core.scoring.engine import PairEngine

Outcome = Literal["TP", "FP", "FN", "TN", "unknown"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
CELLS_A_TILE = 2**20  # lists of a tile's pairs then take tens of megabytes
CODE: dict[Outcome, int] = {outcome: code for code, outcome in enumerate(OUTCOMES)}
# Codes by three bits: known, genuine, called the same.
BITS = np.array([CODE["unknown"]] * 4 + [CODE[o] for o in ("TN", "FP", "FN", "TP")], np.uint8)


def at_most(threshold: float | np.ndarray) -> np.ndarray:
    """The largest float32 not above a threshold: scores compare with it as with the threshold.

    Plain rounding could put a threshold between two scores onto one of them, and comparing
    in double would copy all scores.
    """
    exact = np.asarray(threshold, np.float64)
    near = exact.astype(np.float32)
    lower = np.nextafter(near, np.float32(-np.inf))
    limited: np.ndarray = np.where(near.astype(np.float64) > exact, lower, near)
    return limited


def outcome_codes(
    scores: np.ndarray, genuine: np.ndarray, known: np.ndarray, threshold: float
) -> np.ndarray:
    """Codes of outcomes, uint8, by place in OUTCOMES; all arrays have one shape."""
    # Three bits name an outcome: nested choices would take ten times as long.
    bits = (scores > at_most(threshold)).astype(np.uint8)
    bits |= genuine.astype(np.uint8) << np.uint8(1)
    bits |= known.astype(np.uint8) << np.uint8(2)
    coded: np.ndarray = BITS.take(bits)
    return coded


def outcome_of(own: object, other: object, same: bool) -> Outcome:
    """The outcome of one pair by its faces' identities, None where unknown, and its decision."""
    if own is None or other is None:
        return "unknown"
    if own == other:
        return "TP" if same else "FN"
    return "FP" if same else "TN"


@dataclass(frozen=True, eq=False)
class ScoreMatrix:
    """Scores of n row faces (probes, or the gallery as left faces) with m column faces.

    scores: (n, m) float32
    square: rows and columns are one gallery; its pairs are the cells above the diagonal
    rows, columns: (n,), (m,) int32 identity numbers, -1 unknown
    """

    scores: np.ndarray
    square: bool
    rows: np.ndarray
    columns: np.ndarray
    kind: AttentionKind
    order: Order

    @property
    def pairs(self) -> int:
        """How many pairs there are; no face is paired with itself."""
        n, m = self.scores.shape
        return n * (n - 1) // 2 if self.square else n * m

    def is_pair(self, row: int, column: int) -> bool:
        """Whether a cell is a pair, not a face with itself."""
        return not (self.square and row == column)

    def outcome(self, row: int, column: int, threshold: float) -> Outcome:
        """The outcome of one cell; same means score > threshold."""
        # As `outcomes` has it, without arrays: lists ask for every row on screen.
        own, other = int(self.rows[row]), int(self.columns[column])
        same = float(self.scores[row, column]) > threshold
        return outcome_of(None if own < 0 else own, None if other < 0 else other, same)

    def genuine(self, rows: slice, columns: slice) -> np.ndarray:
        """Which pairs of a tile show one person: (r, c) bool."""
        same: np.ndarray = self.rows[rows, None] == self.columns[None, columns]
        return same & (self.rows[rows, None] >= 0)

    def known(self, rows: slice, columns: slice) -> np.ndarray:
        """Which pairs of a tile have two known identities: (r, c) bool."""
        known: np.ndarray = (self.rows[rows, None] >= 0) & (self.columns[None, columns] >= 0)
        return known

    def outcomes(self, rows: slice, columns: slice, threshold: float) -> np.ndarray:
        """Codes of a tile's outcomes, (r, c) uint8, by place in OUTCOMES."""
        genuine, known = self.genuine(rows, columns), self.known(rows, columns)
        return outcome_codes(self.scores[rows, columns], genuine, known, threshold)

    def counted(self, rows: slice, columns: slice) -> np.ndarray:
        """Which cells of a tile are pairs, each pair once: (r, c) bool."""
        n, m = self.scores.shape
        if not self.square:
            return np.ones((len(range(*rows.indices(n))), len(range(*columns.indices(m)))), bool)
        above: np.ndarray = np.arange(n)[rows, None] < np.arange(m)[None, columns]
        return above

    def lines(self, places: np.ndarray, across: slice = slice(None)) -> np.ndarray:
        """Scores of some rows' pairs, (r, m); each pair of one gallery has the score above the diagonal.

        across: the columns wanted
        """
        scores = self.scores[places, across]
        if self.square and self.order != "both":
            later = places[:, None] < np.arange(self.scores.shape[1])[across]
            scores = np.where(later, scores, self.scores[across, places].T)
        return scores

    def mirrored(self) -> "ScoreMatrix":
        """Both cells of each pair with the score that it is counted by; this matrix where they have it."""
        if not self.square or self.order == "both":
            return self
        scores = self.scores.copy()
        for rows in self.tiles():
            scores[rows] = self.lines(np.arange(len(scores))[rows])
        return replace(self, scores=scores)

    def tiles(self, height: int | None = None) -> "list[slice]":
        """Row slices that cover the matrix, so that nothing of its size is copied."""
        height = height or max(1, CELLS_A_TILE // max(1, self.scores.shape[1]))
        return [slice(at, at + height) for at in range(0, len(self.scores), height)]


def score_matrix(
    engine: PairEngine,
    gallery: LoadedGallery,
    probes: LoadedGallery | None = None,
    kind: AttentionKind = "learned",
    order: Order = "both",
    task: Task = QUIET,
) -> ScoreMatrix:
    """Score all pairs of a gallery, or all probes (rows) with it. Raises XCosError, Stopped."""
    columns = engine.prepare(gallery.features.grid)
    rows = columns if probes is None else engine.prepare(probes.features.grid)
    scores = engine.scores(rows, columns, kind, order, task)
    galleries = [gallery.gallery] if probes is None else [probes.gallery, gallery.gallery]
    codes = identity_codes(*galleries)
    return ScoreMatrix(scores, probes is None, codes[0], codes[-1], kind, order)
