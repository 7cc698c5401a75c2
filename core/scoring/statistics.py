"""Counts, rates and curves over all pairs, exact, at any threshold without a second look."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np

from core.scoring.matrix import ScoreMatrix, at_most

WANTED_FARS = (1e-1, 1e-2, 1e-3, 1e-4)
PAIRS_PER_FAR = 3  # impostor pairs needed are this many over the wanted FAR
CURVE_POINTS = 2000
HISTOGRAM_BINS = 100
BESIDE = 5e-7  # more than scores are rounded by, less than is shown
Histograms = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Counts:
    """Pairs by outcome at a threshold."""

    tp: int
    fp: int
    fn: int
    tn: int
    unknown: int

    def by_outcome(self) -> dict[str, int]:
        """How many are TP, FP, FN, TN and unknown."""
        return {n if n == "unknown" else n.upper(): count for n, count in asdict(self).items()}

    @property
    def genuine(self) -> int:
        """Pairs of one person."""
        return self.tp + self.fn

    @property
    def impostor(self) -> int:
        """Pairs of two people."""
        return self.fp + self.tn

    @property
    def tar(self) -> float | None:
        """True accept rate: TP of the genuine pairs."""
        return _share(self.tp, self.genuine)

    @property
    def frr(self) -> float | None:
        """False reject rate: FN of the genuine pairs."""
        return _share(self.fn, self.genuine)

    @property
    def far(self) -> float | None:
        """False accept rate: FP of the impostor pairs."""
        return _share(self.fp, self.impostor)

    @property
    def trr(self) -> float | None:
        """True reject rate: TN of the impostor pairs."""
        return _share(self.tn, self.impostor)

    @property
    def accuracy(self) -> float | None:
        """Right ones of the pairs with known identities."""
        return _share(self.tp + self.tn, self.genuine + self.impostor)


@dataclass(frozen=True, eq=False)
class Curve:
    """One point a threshold, thresholds falling: FAR and TAR (ROC) or FAR and FRR (DET)."""

    thresholds: np.ndarray
    far: np.ndarray
    tar: np.ndarray

    @property
    def frr(self) -> np.ndarray:
        """1 - TAR: the DET curve's other axis."""
        rest: np.ndarray = 1 - self.tar
        return rest


@dataclass(frozen=True, eq=False)
class PairStatistics:
    """Scores of all pairs, sorted once.

    genuine, impostor: ascending float32 scores; unknown: pairs with an unknown identity
    """

    genuine: np.ndarray
    impostor: np.ndarray
    unknown: int

    @staticmethod
    def of(
        matrix: ScoreMatrix, wanted: Callable[[slice], np.ndarray] | None = None
    ) -> "PairStatistics":
        """Collect and sort the scores of all pairs; wanted: which cells of some rows count, (r, m) bool."""
        every = slice(0, matrix.scores.shape[1])

        def sorts(rows: slice) -> tuple[np.ndarray, np.ndarray, int]:
            counted = matrix.counted(rows, every)
            if wanted is not None:
                counted &= wanted(rows)
            known = matrix.known(rows, every) & counted
            same = matrix.genuine(rows, every) & known
            return same, known & ~same, int(counted.sum() - known.sum())

        # Counted first: parts joined afterwards would take the memory of all scores twice.
        sizes = [0, 0]
        for rows in matrix.tiles():
            same, other, _ = sorts(rows)
            sizes = [sizes[0] + int(same.sum()), sizes[1] + int(other.sum())]
        genuine, impostor = np.empty(sizes[0], np.float32), np.empty(sizes[1], np.float32)
        unknown = at = after = 0
        for rows in matrix.tiles():
            same, other, more = sorts(rows)
            scores = matrix.scores[rows]
            here, there = scores[same], scores[other]
            genuine[at : at + len(here)], impostor[after : after + len(there)] = here, there
            at, after, unknown = at + len(here), after + len(there), unknown + more
        genuine.sort()
        impostor.sort()
        return PairStatistics(genuine, impostor, unknown)

    @property
    def pairs(self) -> int:
        """How many pairs there are."""
        return len(self.genuine) + len(self.impostor) + self.unknown

    def prepare(self) -> None:
        """Compute now what is kept: curve, AUC, EER and histograms."""
        _ = self._curve, self._auc, self._eer, self._histograms

    def counts(self, threshold: float) -> Counts:
        """Outcomes at a threshold; same means score > threshold."""
        limit = at_most(threshold)
        fn = int(np.searchsorted(self.genuine, limit, "right"))
        tn = int(np.searchsorted(self.impostor, limit, "right"))
        return Counts(len(self.genuine) - fn, len(self.impostor) - tn, fn, tn, self.unknown)

    def threshold_at_far(self, far: float) -> float | None:
        """The smallest threshold whose FAR is at most the wanted one.

        None where there are fewer than 3/FAR impostor pairs: too few to say.
        """
        total = len(self.impostor)
        if total < PAIRS_PER_FAR / far:
            return None
        allowed = int(np.floor(far * total + 1e-9))
        return float(self.impostor[total - allowed - 1])

    def beside(self, threshold: float) -> float:
        """A threshold a little above one that is some pair's own score, with the same counts.

        A pair that is looked at is scored by itself and rounded otherwise: exactly at its score it
        could be called the same, and be counted as different.
        """
        limit, above = at_most(threshold), threshold + 2 * BESIDE
        for scores in (self.genuine, self.impostor):
            place = int(np.searchsorted(scores, limit, "right"))
            above = min(above, float(scores[place])) if place < len(scores) else above
        return (threshold + above) / 2

    def curve(self) -> Curve | None:
        """ROC and DET over all thresholds, thinned for drawing; None without both sorts of pairs."""
        return self._curve

    @cached_property
    def _curve(self) -> Curve | None:
        if not len(self.genuine) or not len(self.impostor):
            return None
        every = np.concatenate(
            [_thinned(self.genuine), _thinned(self.impostor), _tail(self.impostor)]
        )
        thresholds = np.unique(every)[::-1].astype(np.float64)
        thresholds = np.concatenate([thresholds, [thresholds[-1] - 1e-6]])
        limits = at_most(thresholds)
        far = 1 - np.searchsorted(self.impostor, limits, "right") / len(self.impostor)
        tar = 1 - np.searchsorted(self.genuine, limits, "right") / len(self.genuine)
        return Curve(thresholds, far, tar)

    def auc(self) -> float | None:
        """Probability that a genuine pair scores above an impostor one, ties half."""
        return self._auc

    @cached_property
    def _auc(self) -> float | None:
        if not len(self.genuine) or not len(self.impostor):
            return None
        below = np.searchsorted(self.impostor, self.genuine, "left").sum(dtype=np.float64)
        upto = np.searchsorted(self.impostor, self.genuine, "right").sum(dtype=np.float64)
        return float((below + upto) / 2 / len(self.genuine) / len(self.impostor))

    def eer(self) -> tuple[float, float] | None:
        """Equal error rate, where FAR and FRR meet (their mean at the nearest score), and its threshold."""
        return self._eer

    @cached_property
    def _eer(self) -> tuple[float, float] | None:
        if not len(self.genuine) or not len(self.impostor):
            return None
        # FRR - FAR grows from score to score, so the crossing is found by halving.
        nearest = []
        for scores in (self.genuine, self.impostor):
            place = bisect_left(scores, 0.0, key=self._gap)
            for score in scores[max(0, place - 1) : place + 1].astype(np.float64):
                nearest.append((abs(self._gap(score)), float(score)))
        _, threshold = min(nearest)
        counts = self.counts(threshold)
        assert counts.far is not None and counts.frr is not None
        return (counts.far + counts.frr) / 2, threshold

    def _gap(self, threshold: float) -> float:
        counts = self.counts(float(threshold))
        assert counts.far is not None and counts.frr is not None
        return counts.frr - counts.far

    def histograms(self, bins: int = HISTOGRAM_BINS) -> Histograms:
        """Edges (bins + 1,) over [-1, 1], and the counts of genuine and impostor pairs."""
        return self._histograms if bins == HISTOGRAM_BINS else self._binned(bins)

    @cached_property
    def _histograms(self) -> Histograms:
        return self._binned(HISTOGRAM_BINS)

    def _binned(self, bins: int) -> Histograms:
        edges = np.linspace(-1, 1, bins + 1)
        return edges, _binned(self.genuine, edges), _binned(self.impostor, edges)


def _binned(scores: np.ndarray, edges: np.ndarray) -> np.ndarray:
    places = np.searchsorted(scores, -at_most(-edges))  # the smallest float32 not below an edge
    places[0], places[-1] = 0, len(scores)
    return np.diff(places)


def _thinned(scores: np.ndarray) -> np.ndarray:
    if len(scores) <= CURVE_POINTS:
        return scores
    return scores[np.linspace(0, len(scores) - 1, CURVE_POINTS).round().astype(int)]


def _tail(scores: np.ndarray) -> np.ndarray:
    """Scores at low FARs, evenly on a logarithmic scale: even thinning would leave them out."""
    places = np.geomspace(1, len(scores), 400).round().astype(int)
    return scores[len(scores) - np.unique(places)]


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
