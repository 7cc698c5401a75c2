"""Two models on one gallery: who is right where the other is wrong, and whether that is chance."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from core.analysis.bootstrap import DRAWS, FEW, Differences, Interval, intervals
from core.errors import XCosError, counted
from core.explain.explain import explain_pair
from core.explain.explanation import PairDecision
from core.gallery.gallery import LoadedGallery
from core.progress import QUIET, Task
from core.scoring.lists import PairList, drawn, ranked
from core.scoring.matrix import at_most
from core.scoring.scored import ScoredGallery
from core.scoring.statistics import Counts

LISTED = 2000  # pairs of a count that are listed
DRAWN = 20_000  # points of a scatter plot
Point = Literal["own", "set", "eer"] | float  # a float: that FAR


@dataclass(frozen=True, eq=False)
class JudgedGallery:
    """A scored gallery with thresholds of its attention kind, None without one.

    own: what the weights carry
    set: what the user set in its place
    """

    scored: ScoredGallery
    own: float | None
    set: float | None = None

    def threshold(self, point: Point) -> tuple[float, str]:
        """The threshold at an operating point, and where it is from. Raises XCosError.

        set: the one that was set, else the weights' own; own: the weights' own. Without one it is
        the equal error rate's.
        """
        if point == "set" and self.set not in (None, self.own):
            return self.set, "as set"
        if point in ("own", "set") and self.own is not None:
            return self.own, "its own"
        if point in ("own", "set", "eer"):
            eer = self.scored.statistics.eer()
            if eer is None:
                raise XCosError(
                    "An equal error rate needs genuine and impostor pairs; name the faces, or "
                    "choose weights with a threshold."
                )
            return eer[1], "equal error rate of this gallery"
        assert isinstance(point, float)
        threshold = self.scored.statistics.threshold_at_far(point)
        if threshold is None:
            raise XCosError(
                f"There are too few impostor pairs for a FAR of {point:g}; choose a larger one."
            )
        return threshold, f"FAR {point:g} of this gallery"


@dataclass(frozen=True, eq=False)
class TwoModels:
    """Two models' scores of the same faces, in one order.

    a, b:           both over the faces that both have, with a's identities
    rows, columns:  where those faces are in the first model's own matrix
    only_a, only_b: keys of faces that only one model has; they take no part
    """

    a: JudgedGallery
    b: JudgedGallery
    rows: np.ndarray
    columns: np.ndarray
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]

    def at(self, point: Point, task: Task = QUIET) -> "Comparison":
        """Compare both at an operating point. Raises XCosError, Stopped."""
        first, second = self.a.threshold(point), self.b.threshold(point)
        matrix = self.a.scored.matrix
        counts = np.zeros(8, np.int64)
        differing = Differences(matrix.rows, matrix.columns, matrix.square)
        every = slice(0, matrix.scores.shape[1])
        tiles = matrix.tiles()
        for step, rows in enumerate(tiles):
            task.report("Comparing decisions", step, len(tiles))
            genuine, right, other = self._judged(rows, first[0], second[0])
            used = matrix.counted(rows, every) & matrix.known(rows, every)
            codes = 4 * genuine[used] + 2 * right[used] + other[used]
            counts += np.bincount(codes, minlength=8)
            differing.add(rows, right.astype(np.int8) - other, used)
        bounds = intervals(differing, task)
        return Comparison(self, point, first, second, counts.reshape(2, 2, 2), bounds)

    def scatter(self, limit: int = DRAWN) -> "Scatter":
        """Both scores of at most `limit` pairs; of genuine ones as many as half of them."""
        matrix, every = self.a.scored.matrix, slice(0, self.a.scored.matrix.scores.shape[1])

        def genuine(rows: slice) -> np.ndarray:
            return matrix.genuine(rows, every)

        def other(rows: slice) -> np.ndarray:
            return ~matrix.genuine(rows, every)

        same, of_same = drawn(matrix, genuine, limit // 2)
        rest, of_rest = drawn(matrix, other, limit - len(same))
        row = np.concatenate([same.rows, rest.rows])
        column = np.concatenate([same.columns, rest.columns])
        sort = np.arange(len(row)) < len(same)
        scores = self.b.scored.matrix.scores[row, column]
        pairs = PairList(row, column, np.concatenate([same.scores, rest.scores]))
        return Scatter(self.placed(pairs), scores, sort, of_same, of_rest)

    def with_threshold(self, threshold: float | None) -> "TwoModels":
        """The same scores with another threshold set for the first model."""
        return replace(self, a=replace(self.a, set=threshold))

    def place_of(self, row: int, column: int) -> tuple[int, int] | None:
        """Where a cell of the first model's own matrix is here; None for a face only it has."""
        i, j = np.flatnonzero(self.rows == row), np.flatnonzero(self.columns == column)
        return (int(i[0]), int(j[0])) if len(i) and len(j) else None

    def placed(self, pairs: PairList) -> PairList:
        """Pairs by their places in the first model's own matrix."""
        return PairList(self.rows[pairs.rows], self.columns[pairs.columns], pairs.scores)

    def _judged(
        self, rows: slice, first: float, second: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of a tile: genuine pairs, those a judges rightly, and those b does, (r, m) bool."""
        genuine = self.a.scored.matrix.genuine(rows, slice(0, self.a.scored.matrix.scores.shape[1]))
        right = (self.a.scored.matrix.scores[rows] > at_most(first)) == genuine
        other = (self.b.scored.matrix.scores[rows] > at_most(second)) == genuine
        return genuine, right, other


@dataclass(frozen=True, eq=False)
class Scatter:
    """Pairs to draw: the first model's scores are the list's, the second one's are `other` (k,).

    genuine:              (k,) bool
    of_genuine, of_other: how many genuine pairs, and others, there are
    """

    pairs: PairList
    other: np.ndarray
    genuine: np.ndarray
    of_genuine: int
    of_other: int

    @property
    def words(self) -> str:
        """Whether all pairs are drawn, or how many of them."""
        total, shown = self.of_genuine + self.of_other, len(self.pairs)
        if shown == total:
            return f"All {total:,} pairs are drawn." if total != 1 else "The one pair is drawn."
        genuine = int(self.genuine.sum())
        return (
            f"Drawn are {genuine:,} of {counted(self.of_genuine, 'genuine pair')} and "
            f"{shown - genuine:,} of {counted(self.of_other, 'other')}, taken at random."
        )


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two models at one operating point.

    first, second: threshold of each, and where it is from
    counts:        (2, 2, 2) pairs by: genuine, right by a, right by b (0 no, 1 yes)
    intervals:     a's figure less b's, by bootstrap over identities; empty with fewer than two
    """

    models: TwoModels
    point: Point
    first: tuple[float, str]
    second: tuple[float, str]
    counts: np.ndarray
    intervals: tuple[Interval, ...]

    @property
    def names(self) -> tuple[str, str]:
        """What the models are called."""
        return f"A ({self.models.a.scored.card.name})", f"B ({self.models.b.scored.card.name})"

    @property
    def words(self) -> str:
        """What was compared, and how often only one model is right."""
        a, b = self.names
        total, matrix = int(self.counts.sum()), self.models.a.scored.matrix
        only_a, only_b = self.count(True, False), self.count(False, True)
        text = (
            f"{counted(total, 'pair')}, {matrix.kind} attention, order {matrix.order}: {a} at threshold "
            f"{self.first[0]:.4f} ({self.first[1]}), {b} at {self.second[0]:.4f} ({self.second[1]}). "
            f"{counted(only_a, 'pair')} only A gets right, {only_b:,} only B."
        )
        if not total:
            text += " No identities are known, so no decision is right or wrong."
        return text

    @property
    def interval_words(self) -> list[str]:
        """A sentence for each difference, and one on how the intervals were made."""
        if not self.intervals:
            return ["An interval needs pairs of at least two identities."]
        identities = self.intervals[0].identities
        rough = "; with so few identities they are rough" if identities < FEW else ""
        basis = f"Intervals: {DRAWS:,} draws of {identities:,} identities, thresholds held{rough}."
        return [*(interval.words for interval in self.intervals), basis]

    def count(self, a_right: bool, b_right: bool, genuine: bool | None = None) -> int:
        """How many pairs there are by who is right."""
        counts = self.counts[:, int(a_right), int(b_right)]
        return int(counts.sum() if genuine is None else counts[int(genuine)])

    def title(self, a_right: bool, b_right: bool, genuine: bool | None = None) -> str:
        """What such pairs are called."""
        sort = "" if genuine is None else "Genuine: " if genuine else "Impostor: "
        if a_right == b_right:
            text = "both models right" if a_right else "both models wrong"
        else:
            text = "only A right" if a_right else "only B right"
        return sort + (text if sort else text[0].upper() + text[1:])

    def explain(self, row: int, column: int) -> tuple[PairDecision, PairDecision]:
        """Why each model scored a pair as it did, at its threshold."""
        first, second = (
            PairDecision(explain_pair(m.scored, row, column), threshold)
            for m, (threshold, _) in ((self.models.a, self.first), (self.models.b, self.second))
        )
        return first, second

    def outcomes(self) -> tuple[Counts, Counts]:
        """Each model's counts at its threshold."""
        a, b = self.models.a, self.models.b
        return a.scored.statistics.counts(self.first[0]), b.scored.statistics.counts(self.second[0])

    def pairs(
        self,
        a_right: bool,
        b_right: bool,
        genuine: bool | None = None,
        limit: int = LISTED,
        task: Task = QUIET,
    ) -> PairList:
        """Pairs by who is right, in the first model's own places; the clearest cases first."""
        return self.models.placed(self.own_pairs(a_right, b_right, genuine, limit, task))

    def own_pairs(
        self,
        a_right: bool,
        b_right: bool,
        genuine: bool | None = None,
        limit: int = LISTED,
        task: Task = QUIET,
    ) -> PairList:
        """The same by their places among the faces that both models have."""
        models, first, second = self.models, self.first[0], self.second[0]
        matrix, every = models.a.scored.matrix, slice(0, models.a.scored.matrix.scores.shape[1])

        def sort(rows: slice) -> tuple[np.ndarray, np.ndarray]:
            same, right, other = models._judged(rows, first, second)
            wanted = (right == a_right) & (other == b_right) & matrix.known(rows, every)
            if genuine is not None:
                wanted &= same == genuine
            far = np.abs(matrix.scores[rows] - first)
            return wanted, far + np.abs(models.b.scored.matrix.scores[rows] - second)

        return ranked(matrix, sort, limit, task)


def compare_models(a: JudgedGallery, b: JudgedGallery) -> TwoModels:
    """Match the faces of two scored models by their keys. Raises XCosError when none match."""
    rows, other_rows = _matched(a.scored.rows, b.scored.rows)
    columns, other_columns = _matched(a.scored.columns, b.scored.columns)
    if not len(rows) or not len(columns):
        raise XCosError("The two models have no face in common; load the gallery anew with both.")
    matrix = a.scored.matrix
    codes = matrix.rows[rows], matrix.columns[columns]
    first = _restricted(a, rows, columns, codes)
    second = _restricted(b, other_rows, other_columns, codes)
    only_a, only_b = _left_out(a, rows, columns), _left_out(b, other_rows, other_columns)
    return TwoModels(first, second, rows, columns, only_a, only_b)


def _matched(one: LoadedGallery, other: LoadedGallery) -> tuple[np.ndarray, np.ndarray]:
    """Places of the faces that both have, in the first one's order."""
    there = other.gallery.index()
    places = [(i, there[face.key]) for i, face in enumerate(one.gallery.faces) if face.key in there]
    both = np.array(places, np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _left_out(model: JudgedGallery, rows: np.ndarray, columns: np.ndarray) -> tuple[str, ...]:
    """Keys of the faces at other places; a probe may be called as a photo of the gallery is."""
    keys: set[str] = set()
    for loaded, kept in ((model.scored.rows, rows), (model.scored.columns, columns)):
        others = np.setdiff1d(np.arange(len(loaded)), kept)
        keys |= {loaded.gallery.faces[place].key for place in others.tolist()}
    return tuple(sorted(keys))


def _restricted(
    judged: JudgedGallery,
    rows: np.ndarray,
    columns: np.ndarray,
    codes: tuple[np.ndarray, np.ndarray],
) -> JudgedGallery:
    """The gallery over some faces, with given identities; nothing is copied where that is all of them."""
    part = judged.scored.part(rows, columns)
    own, other = codes
    if not (np.array_equal(own, part.matrix.rows) and np.array_equal(other, part.matrix.columns)):
        part = replace(part, matrix=replace(part.matrix, rows=own, columns=other))
    return replace(judged, scored=part)
