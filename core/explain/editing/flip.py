"""What would flip a pair's verdict: the fewest cells, and the smallest edit of a kind."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import fsum, hypot

import numpy as np

from core.errors import Stopped, XCosError
from core.explain.editing.edits import SETTINGS, Edit, EditKind
from core.explain.editing.what_if import SIDES, PairEditor, Side
from core.faces.face import SIDE
from core.model.card import HidingLaw
from core.progress import QUIET, Task

Cell = tuple[int, int]
FLIP_KINDS: tuple[EditKind, ...] = ("patch", "blur", "turn", "shift", "scale", "dark")
STEP = 8  # pixels between patches' sides and places
LARGEST_TURN, LARGEST_SHIFT = 45, 16  # degrees, pixels
AT_ONCE = 8  # crops between two looks at the stop, about a tenth of a second


@dataclass(frozen=True)
class DecidingCells:
    """The fewest cells that decide a verdict; cells are (row, column), the weightiest first.

    without: if these were hidden, the explanation predicts the other verdict by the weights' law
             of hidden cells; empty where no set of cells does so
    law:     that law
    enough:  their evidence alone outweighs all evidence against the verdict
    """

    same: bool
    without: tuple[Cell, ...]
    enough: tuple[Cell, ...]
    law: HidingLaw = "additive"


@dataclass(frozen=True)
class Flip:
    """An edit that flips the verdict.

    side:  the face that is edited
    size:  of the edit, in the unit of its kind
    score: of the edited pair
    """

    side: Side
    edit: Edit
    size: float
    score: float


@dataclass(frozen=True)
class FlipSearch:
    """The smallest edit of a kind that flips a verdict.

    found:   None where no edit that was tried flips it
    tried:   edits that were scored
    largest: the size up to which all were tried, in the kind's unit
    stopped: whether the user ended it there
    """

    kind: EditKind
    sides: tuple[Side, ...]
    found: Flip | None
    tried: int
    largest: float
    stopped: bool = False

    @property
    def words(self) -> str:
        """One sentence."""
        faces = "either face" if len(self.sides) > 1 else f"the {self.sides[0]} face"
        if self.found is None:
            end = "; the search was stopped there" if self.stopped else ""
            return f"No {NOUNS[self.kind]} up to {sized(self.kind, self.largest)} on {faces} changes the verdict{end}."
        size = sized(self.kind, self.found.size)
        where = ""
        if self.kind == "patch":
            where = f" at x {self.found.edit.x:g}, y {self.found.edit.y:g}"
        return f"A {NOUNS[self.kind]} of {size}{where} on the {self.found.side} face changes the verdict."


NOUNS: dict[EditKind, str] = {
    "patch": "patch",
    "blur": "blur",
    "turn": "turn",
    "shift": "shift",
    "scale": "change of size",
    "dark": "loss of light",
}


def sized(kind: EditKind, size: float) -> str:
    """A size with its unit: 24 x 24 pixels, 2.5 degrees."""
    if kind == "patch":
        return f"{size:g}\N{MULTIPLICATION SIGN}{size:g} pixels"
    if kind in ("scale", "dark"):
        return f"{100 * size:.0f} %"
    if kind == "blur":
        return f"sigma {size:g} pixels"
    return f"{size:.3g} {'degrees' if kind == 'turn' else 'pixels'}"


def deciding_cells(
    evidence: np.ndarray, contribution: np.ndarray, law: HidingLaw = "additive"
) -> DecidingCells:
    """The fewest cells that decide; evidence (7, 7), whose sum above 0 means "same".

    Without some cells the score falls by their contribution (additive law), or is that of the
    others alone (other laws), which is above the threshold where their evidence sums above 0. So
    taking the weightiest first is exact: any k cells weigh at most as much as the k weightiest.
    """
    taken = contribution if law == "additive" else evidence
    values, given = (map_.ravel().astype(np.float64) for map_ in (evidence, taken))
    same = fsum(values) > 0
    sign = 1 if same else -1
    backing = [k for k in np.argsort(-sign * given, kind="stable").tolist() if sign * given[k] > 0]
    without: list[int] = []
    # By the other laws something must be left to have a verdict.
    most = len(backing) if law == "additive" else min(len(backing), values.size - 1)
    for count in range(1, most + 1):
        if (fsum([*values, *-given[backing[:count]]]) > 0) != same:
            without = backing[:count]
            break
    order = np.argsort(-sign * values, kind="stable").tolist()
    enough = [k for k in order if sign * values[k] > 0]
    against = [float(v) for v in values if sign * v < 0]
    for count in range(len(enough)):
        if (fsum([*values[enough[:count]], *against]) > 0) == same:
            enough = enough[:count]
            break
    return DecidingCells(same, _cells(without, evidence), _cells(enough, evidence), law)


def cells_words(cells: DecidingCells, regions: np.ndarray) -> str:
    """One or two sentences; regions: (7, 7) names of the cells."""
    verdict, other = "same person", "different people"
    if not cells.same:
        verdict, other = other, verdict
    if cells.enough:
        text = f"The evidence of {_counted(len(cells.enough))} of 49 ({_named(cells.enough, regions)}) outweighs all that speaks against {verdict}."
    else:
        text = f"Nothing has to speak for {verdict}, since nothing speaks against it."
    if not cells.without:
        gone = "giving nothing" if cells.law == "additive" else "hidden"
        return f"{text} No set of cells, {gone}, would turn it to {other}."
    count = _counted(len(cells.without))
    named = _named(cells.without, regions)
    gone = "gave nothing"
    if cells.law != "additive":
        gone = f"{'was' if len(cells.without) == 1 else 'were'} hidden"
    return f"{text} If {count} ({named}) {gone}, the verdict would be {other}."


def _counted(count: int) -> str:
    return f"{count} cell{'' if count == 1 else 's'}"


def _named(cells: Sequence[Cell], regions: np.ndarray) -> str:
    """The regions of some cells, the one with most cells first."""
    names = [str(regions[cell]) for cell in cells]
    order = sorted(set(names), key=lambda name: (-names.count(name), names.index(name)))
    return ", ".join(f"{name} {names.count(name)}" for name in order)


def smallest_flip(
    editor: PairEditor,
    threshold: float | None,
    kind: EditKind,
    sides: Sequence[Side] = SIDES,
    task: Task = QUIET,
) -> FlipSearch:
    """Try all edits of a kind from small to large, until one flips the verdict.

    Of the smallest that flip it the one whose score goes farthest is taken. Patches are square,
    their sides and places in steps of 8 pixels. Stopped early, it tells up to which size none flips
    the verdict. Raises XCosError for a kind without sizes or a pair without a threshold, and Stopped
    before the first size is done.
    """
    if kind not in FLIP_KINDS:
        raise XCosError(f"{kind} has no sizes to search; choose one of {', '.join(FLIP_KINDS)}.")
    if threshold is None:
        raise XCosError(f"{editor.before.model} has no threshold, so there is no verdict; set one.")
    same = editor.before.score > threshold
    ladder = list(steps(kind))
    total, tried, whole = len(sides) * len(ladder), 0, 0.0
    for size, group in groupby(ladder, key=lambda step: step[0]):
        edits = [edit for _, edit in group]
        flips: list[Flip] = []
        for side in sides:
            for start in range(0, len(edits), AT_ONCE):
                if task.stopped():
                    if not whole:
                        raise Stopped("The search")
                    return FlipSearch(kind, tuple(sides), None, tried, whole, stopped=True)
                task.report(f"Trying every {NOUNS[kind]}", tried, total)
                part = edits[start : start + AT_ONCE]
                crops = np.stack([editor.faces[side].edited([edit]).crop for edit in part])
                scores = editor.scores(side, crops)
                flips += [
                    Flip(side, edit, size, score)
                    for edit, score in zip(part, scores.tolist(), strict=True)
                    if (score > threshold) != same
                ]
                tried += len(part)
        if flips:
            best = max(flips, key=lambda flip: abs(flip.score - threshold))
            return FlipSearch(kind, tuple(sides), best, tried, size)
        whole = size
    return FlipSearch(kind, tuple(sides), None, tried, whole)


def steps(kind: EditKind) -> Iterator[tuple[float, Edit]]:
    """All edits of a kind that are tried, with their sizes, from small to large."""
    if kind == "patch":
        for side in range(STEP, SIDE + 1, STEP):
            for y in range(0, SIDE - side + 1, STEP):
                for x in range(0, SIDE - side + 1, STEP):
                    yield side, Edit("patch", x, y, side, side)
    elif kind == "shift":
        reach = range(-LARGEST_SHIFT, LARGEST_SHIFT + 1)
        moves = [(hypot(x, y), x, y) for x in reach for y in reach]
        for size, x, y in sorted(moves):
            if 0 < size <= LARGEST_SHIFT:
                yield size, Edit("shift", x, y)
    elif kind == "turn":
        for degrees in (*np.arange(0.5, 10, 0.5), *np.arange(10, LARGEST_TURN + 1)):
            for sign in (-1, 1):
                yield float(degrees), Edit("turn", strength=float(sign * degrees))
    elif kind == "scale":
        for percent in range(1, 101):
            for strength in (1 + percent / 100, 1 / (1 + percent / 100)):
                yield percent / 100, Edit("scale", strength=strength)
    else:
        high = SETTINGS[kind][0].high
        fine = np.arange(0.25, high + 0.1, 0.25) if kind == "blur" else np.arange(5, 101, 5) / 100
        for strength in fine:
            yield float(strength), Edit(kind, strength=float(strength))


def _cells(places: Sequence[int], evidence: np.ndarray) -> tuple[Cell, ...]:
    return tuple((place // evidence.shape[1], place % evidence.shape[1]) for place in places)
