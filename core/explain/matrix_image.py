"""The matrix's colours at the resolution of the screen: blocks when far, pairs when near."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.explain.colours import SELF_COLOUR, centred_table, outcome_colours
from core.scoring.blocks import BlockPyramid, Blocks
from core.scoring.matrix import CODE, OUTCOMES, Outcome, ScoreMatrix, at_most, outcome_codes
from core.scoring.sides import Arrangement, Side

LARGEST = 1200  # cells drawn along one side; more would be below a pixel of most screens
FADED = 0.85  # how far pairs that do not pass the filter go towards the background
LEAST_SPAN = 0.2  # of scores on either side of the threshold that the colours tell apart
MADE_AT_ONCE = 1_500_000  # cells whose blocks are made while painting
COUNTED_AT_ONCE = 1_000_000  # cells whose errors are counted while painting
SEVERITIES = 16  # shades of errors that stand for a block
PALEST = 0.4  # of the colour of an error at the threshold
ERROR_SHADES = 256  # of shares of errors
FAINTEST = 0.3  # of the colour of a block with the smallest share of errors
Far = Literal["mean", "worst", "errors"]
Part = tuple[slice, slice, int]


@dataclass(frozen=True)
class Look:
    """How a matrix is coloured.

    outcomes: pairs by their outcome, else by their score
    far:      what a block of many pairs shows: their mean score; the pair farthest on the wrong
              side of the threshold, an error the paler the nearer to it; or the share of errors
    dark:     whether the ground is dark
    """

    threshold: float
    outcomes: bool = False
    far: Far = "mean"
    dark: bool = False


@dataclass(frozen=True, eq=False)
class Passing:
    """Pairs that pass a filter: its mask (n, m) bool, and their blocks; of a difference the lowest too."""

    mask: np.ndarray
    blocks: BlockPyramid
    lows: BlockPyramid | None = None

    def prepare(self) -> None:
        """Make the blocks that are kept now, in a thread of the background."""
        for pyramid in (self.blocks, self.lows):
            if pyramid is not None:
                pyramid.prepare()


class MatrixImage:
    """Draws parts of a score matrix in some arrangement; blocks of it are made once and kept.

    limits: of the score's colours, from the matrix itself; see `scale`
    counted: whose blocks are made; of groups, each pair with the score that it is counted by
    shown:  what stands down and across; all places of draw are places there
    """

    def __init__(self, matrix: ScoreMatrix, shown: Arrangement | None = None) -> None:
        self.matrix = matrix
        self.shown = shown or Arrangement.plain(*matrix.scores.shape)
        self.limits = _limits(matrix.scores)
        self.counted = matrix if self.shown.cells_are_pairs else matrix.mirrored()
        self._every = BlockPyramid(self.counted, self.shown)
        self._filter: np.ndarray | None = None  # which of the pairs are asked for
        self._passing: Passing | None = None  # these, or what of them is shown
        self._seen: tuple[Part, Blocks, np.ndarray | None] | None = None  # what was drawn last
        self._errors: tuple[Part, float, np.ndarray] | None = None
        self.on_uncounted: Callable[[Part, float], None] | None = None  # counts in the background
        self.paper = (0, 0, 0)

    def prepare(self) -> None:
        """Make all blocks now that are kept, in a thread of the background."""
        self._every.prepare()
        if self._passing is not None:
            self._passing.prepare()

    def with_new_limits(self) -> "MatrixImage":
        """The same blocks with limits from the scores as they are by now."""
        image = MatrixImage(self.matrix, self.shown)
        image.counted, image._every = self.counted, self._every
        return image

    def scale(self, threshold: float) -> tuple[float, float]:
        """The scores at the ends of the colours; the threshold is always well between them."""
        least, most = self.limits  # beyond 1 by a raw map of correlations alone
        low, high = min(least, threshold - LEAST_SPAN), max(most, threshold + LEAST_SPAN)
        bottom, top = min(-1.0, least, threshold), max(1.0, most, threshold)
        return max(low, bottom - LEAST_SPAN), min(high, top + LEAST_SPAN)

    def score_colours(self, threshold: float) -> np.ndarray:
        """Colours (256, 3) uint8 of scores over the scale."""
        return centred_table(threshold, *self.scale(threshold))

    def set_passing(self, mask: np.ndarray | None, paper: tuple[int, int, int]) -> None:
        """Fade the pairs that do not pass, (n, m) bool, towards a colour; None: fade none."""
        if not self.passes(mask):
            self.show_passing(mask, self.passing(mask))
        self.fade_to(paper)

    def passes(self, mask: np.ndarray | None) -> bool:
        """Whether it is the pairs of this mask that are shown."""
        return self._filter is self._fitting(mask)

    def passing(self, mask: np.ndarray | None) -> Passing | None:
        """What show_passing takes; of many pairs it is to be prepared in the background."""
        mask = self._fitting(mask)
        return None if mask is None else Passing(mask, BlockPyramid(self.counted, self.shown, mask))

    def show_passing(self, mask: np.ndarray | None, passing: Passing | None) -> None:
        """Fade the pairs that do not pass."""
        self._filter, self._passing = self._fitting(mask), passing
        self._seen = self._errors = None

    def fade_to(self, paper: tuple[int, int, int]) -> None:
        """The colour that pairs which do not pass are faded to."""
        self.paper = paper

    def _fitting(self, mask: np.ndarray | None) -> np.ndarray | None:
        return None if mask is None or mask.shape != self.matrix.scores.shape else mask

    def draw(
        self, rows: slice, columns: slice, look: Look, largest: int = LARGEST
    ) -> tuple[np.ndarray, int, int, int]:
        """Colours (r, c) uint32 of a part, and its first row, first column and cells a pixel.

        A colour is 0xffRRGGBB, as in QImage's Format_RGB32.
        """
        step = 1
        while max(rows.stop - rows.start, columns.stop - columns.start) / step > largest:
            step *= 2
        if 1 < step < self._every.first and _cells_in(rows, columns) > MADE_AT_ONCE:
            step = self._every.first  # finer blocks would have to be made while painting
        top, left = rows.start // step, columns.start // step
        part = slice(top, -(-rows.stop // step)), slice(left, -(-columns.stop // step)), step
        if step == 1 and self.shown.cells_are_pairs:
            places, table, bright = self._pairs(rows, columns, look)
        else:
            places, table, bright = self._blocks(part, look)
        if bright is not None:
            places = np.where(bright, places, places + np.uint16(len(table)))
            faded = table * (1 - FADED) + np.array(self.paper) * FADED
            table = np.concatenate([table, faded.astype(np.uint8)])
        return packed(table).take(places), top * step, left * step, step

    def refresh(self, rows: slice, columns: slice) -> None:
        """Renew the kept blocks of a part of the matrix whose scores have changed; limits stay."""
        self._seen = self._errors = None
        parts = [(rows, columns)]
        if self.counted is not self.matrix:
            parts.append((columns, rows))
            for down, _ in parts:
                self.counted.scores[down] = self.matrix.lines(np.arange(down.start, down.stop))
        for part in parts:
            self._every.refresh(*part)
            if self._passing is not None:
                self._passing.blocks.refresh(*part)

    def blocks(self, rows: slice, columns: slice) -> Blocks:
        """What lies in some cells, each by itself."""
        return self._every.part(rows, columns, 1)

    def errors(self, rows: slice, columns: slice, threshold: float) -> np.ndarray:
        """How many pairs of some cells are errors, (r, c)."""
        return self._every.errors(rows, columns, 1, threshold)

    def count(self, part: Part, threshold: float) -> np.ndarray:
        """How many errors each block of a part has, of those that pass where some pass."""
        errors = self._every.errors(*part, threshold)
        if self._passing is not None:
            passing = self._passing.blocks
            some = passing.part(*part).pairs > 0
            errors = np.where(some, passing.errors(*part, threshold), errors)
        return errors

    def take_count(self, part: Part, threshold: float, errors: np.ndarray) -> None:
        """Use errors that were counted elsewhere."""
        self._errors = part, threshold, errors

    # Places in a table of colours; the last two are for a face with itself and unknown identities.

    def _pairs(
        self, rows: slice, columns: slice, look: Look
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        matrix = self.matrix
        down, across = _faces(self.shown.rows, rows), _faces(self.shown.columns, columns)
        scores = _cells(matrix.scores, down, across)
        if look.outcomes:
            own, other = matrix.rows[down][:, None], matrix.columns[across][None]
            known = (own >= 0) & (other >= 0)
            places = outcome_codes(scores, own == other, known, look.threshold).astype(np.uint16)
            table = _outcome_table(look.dark)
        else:
            places, table = self._by_score(scores, look)
        if matrix.square:
            _, i, j = np.intersect1d(
                np.arange(len(matrix.rows))[down],
                np.arange(len(matrix.columns))[across],
                assume_unique=True,
                return_indices=True,
            )
            places[i, j] = len(table) - 2
        bright = None
        if self._passing is not None:
            bright = _cells(self._passing.mask, down, across) | (places == len(table) - 2)
        return places, table, bright

    def _blocks(self, part: Part, look: Look) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        blocks, bright = self._seen_blocks(part)
        if look.far == "errors":
            places, table = self._by_errors(part, blocks, look.threshold), _error_table(look.dark)
        elif look.far == "mean":
            places, table = self._by_score(blocks.mean, look)
        elif look.outcomes:
            worst, genuine = blocks.worst(look.threshold)
            codes = outcome_codes(worst, genuine, blocks.known, look.threshold)
            places, table = self._by_severity(codes, worst, look)
        else:
            places, table = self._by_score(blocks.worst(look.threshold)[0], look)
        places[blocks.pairs == 0] = len(table) - 2
        return places, table, bright

    def _seen_blocks(self, part: Part) -> tuple[Blocks, np.ndarray | None]:
        """Blocks of the pairs that pass, of all where none of a block does, and where some do."""
        if self._seen is None or self._seen[0] != part:
            blocks, bright = self._every.part(*part), None
            if self._passing is not None:
                passing = self._passing.blocks.part(*part)
                some = passing.pairs > 0
                bright = some | (blocks.pairs == 0)
                blocks = passing.where(some, blocks)
            self._seen = part, blocks, bright
        return self._seen[1], self._seen[2]

    def _by_score(self, scores: np.ndarray, look: Look) -> tuple[np.ndarray, np.ndarray]:
        low, high = self.scale(look.threshold)
        unit = scores - np.float32(low)
        unit *= np.float32(255 / (high - low))
        table = np.concatenate([self.score_colours(look.threshold), _others(look.dark)])
        unit += np.float32(0.5)
        return np.clip(unit, 0, 255, out=unit).astype(np.uint16), table

    def _by_severity(
        self, codes: np.ndarray, worst: np.ndarray, look: Look
    ) -> tuple[np.ndarray, np.ndarray]:
        """Outcomes; of errors the paler, the nearer they are to the threshold."""
        places = codes.astype(np.uint16)
        colours, threshold = [_outcome_table(look.dark)[:-2]], look.threshold
        low, high = self.scale(threshold)
        sorts: tuple[tuple[Outcome, float], ...] = (
            ("FP", high - threshold),
            ("FN", low - threshold),
        )
        for name, span in sorts:
            error = codes == CODE[name]
            share = (worst[error] - np.float32(threshold)) / np.float32(span)
            first = sum(map(len, colours))
            places[error] = first + (np.clip(share, 0, 1) * (SEVERITIES - 1)).astype(np.uint16)
            colours.append(_between("TN", name, np.linspace(PALEST, 1, SEVERITIES), look.dark))
        return places, np.concatenate([*colours, _others(look.dark)])

    def _by_errors(self, part: Part, blocks: Blocks, threshold: float) -> np.ndarray:
        if self._errors is not None and self._errors[:2] == (part, threshold):
            errors = self._errors[2]
        elif self.on_uncounted is None or blocks.pairs.sum(dtype=np.int64) <= COUNTED_AT_ONCE:
            errors = self.count(part, threshold)
            self._errors = part, threshold, errors
        else:  # which blocks have errors is known at once
            limit = at_most(threshold)
            errors = (blocks.genuine <= limit) | (blocks.impostor > limit)
            self.on_uncounted(part, threshold)
        share = errors / np.maximum(blocks.pairs, 1)
        places = np.ceil((ERROR_SHADES - 1) * share).astype(np.uint16)
        places[~blocks.known] = ERROR_SHADES + 1
        return places


def packed(table: np.ndarray) -> np.ndarray:
    """Colours (k, 3) uint8 as (k,) uint32, 0xffRRGGBB."""
    red, green, blue = table.astype(np.uint32).T
    colours: np.ndarray = np.uint32(0xFF000000) | red << 16 | green << 8 | blue
    return colours


def error_colours(dark: bool) -> np.ndarray:
    """Colours (256, 3) uint8 of shares of errors from 0 to 1; any error stands out from none."""
    share = np.linspace(0, 1, ERROR_SHADES)
    strength = np.where(share > 0, FAINTEST + (1 - FAINTEST) * np.sqrt(share), 0)
    return _between("TN", "FP", strength, dark)


def _between(one: Outcome, other: Outcome, shares: np.ndarray, dark: bool) -> np.ndarray:
    """Colours (k, 3) uint8 on the way from one outcome's to another's."""
    start, end = (np.array(outcome_colours(dark)[outcome], float) for outcome in (one, other))
    colours: np.ndarray = (start + shares[:, None] * (end - start)).round().astype(np.uint8)
    return colours


def _cells_in(rows: slice, columns: slice) -> int:
    return (rows.stop - rows.start) * (columns.stop - columns.start)


def _others(dark: bool) -> np.ndarray:
    return np.array([SELF_COLOUR, outcome_colours(dark)["unknown"]], np.uint8)


def _outcome_table(dark: bool) -> np.ndarray:
    colours = np.array([outcome_colours(dark)[outcome] for outcome in OUTCOMES], np.uint8)
    return np.concatenate([colours, _others(dark)])


def _error_table(dark: bool) -> np.ndarray:
    return np.concatenate([error_colours(dark), _others(dark)])


def _faces(side: Side, part: slice) -> np.ndarray | slice:
    """Places of the faces of single items; a slice where they lie side by side, which is faster."""
    faces = side.places[part]
    if len(faces) and np.array_equal(faces, np.arange(faces[0], faces[0] + len(faces))):
        return slice(int(faces[0]), int(faces[0]) + len(faces))
    return faces


def _cells(values: np.ndarray, down: np.ndarray | slice, across: np.ndarray | slice) -> np.ndarray:
    if isinstance(down, slice) or isinstance(across, slice):
        return values[down, across]
    return values[np.ix_(down, across)]


def _limits(scores: np.ndarray) -> tuple[float, float]:
    step = max(1, scores.size // 200_000)
    some = scores.ravel()[::step] if scores.flags.c_contiguous else scores.ravel()
    low, high = float(some.min()), float(np.percentile(some, 99.9))
    middle = (low + high) / 2
    half = max((high - low) / 2, 0.05)
    return max(-1.0, middle - half), min(1.0, middle + half)
