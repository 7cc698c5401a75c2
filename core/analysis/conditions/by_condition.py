"""What a condition does to errors, thresholds and likelihood ratios, by ranges of its values."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.analysis.bootstrap import interval_of, people_drawn, told_ends
from core.analysis.conditions.measured import ConditionTable
from core.analysis.evidence.ratios import (
    HeldOut,
    LikelihoodRatios,
    Strength,
    costs,
    drawn_folds,
    fit,
    hold_out,
    lir_missing,
)
from core.analysis.evidence.reference import Reference
from core.analysis.rates import PairKinds, Rates, count_errors, refuse_nameless
from core.errors import XCosError
from core.faces.conditions import BY_NAME, MIDDLE, Condition
from core.progress import QUIET, Task
from core.scoring.lists import PairList, drawn
from core.scoring.matrix import ScoreMatrix
from core.scoring.scored import ScoredGallery
from core.scoring.statistics import PAIRS_PER_FAR

RANGES = 4
MOST = 4000  # pairs of each sort and range whose scores set its threshold and LRs
WANTED_FAR = 0.01
DRAWS = 200
Pair = tuple[float, float]


@dataclass(frozen=True)
class ConditionRange:
    """Pairs whose worse face has a value from low to high; what they meet at one threshold.

    low, high:   of the condition, inclusive; of angles their size, of exposure its distance from
                 the middle
    fmr, fnmr:   in [0, 1]; None without such pairs. Their intervals are 95 %, over people; None too
                 where drawing people changes nothing
    threshold:   the smallest whose FMR here is at most 1 %, with its 95 % interval over people; None
                 with fewer than 300 impostor pairs
    worth:       what a score at the one threshold is worth by LRs fitted on the range's own pairs;
                 None where none can be fitted
    cllr:        of LRs fitted on the range's own pairs, people held out; None with too few people
    cllr_pooled: of the same pairs by LRs fitted on the pairs of all ranges
    """

    low: float
    high: float
    impostor: int
    genuine: int
    fmr: float | None
    fmr_interval: Pair | None
    fnmr: float | None
    fnmr_interval: Pair | None
    threshold: float | None
    threshold_interval: Pair | None
    worth: Strength | None
    cllr: float | None
    cllr_pooled: float | None


@dataclass(frozen=True, eq=False)
class ByCondition:
    """The ranges of a condition, the better values first.

    kinds: which range each pair is of
    cllr, cllr_pooled: over all ranges' pairs, by each range's own LRs and by pooled ones
    """

    condition: Condition
    threshold: float
    ranges: tuple[ConditionRange, ...]
    kinds: PairKinds
    unknown: int
    cllr: float | None
    cllr_pooled: float | None

    def title(self, place: int) -> str:
        """The ends of a range."""
        one = self.ranges[place]
        low, high = (self.condition.number(end) for end in (one.low, one.high))
        if low == high:  # narrower than what is told of an angle
            low, high = f"{one.low:.4g}", f"{one.high:.4g}"
        away = f" from {MIDDLE:g}" if self.condition.worse == "far from the middle" else ""
        return f"{low} to {high}{away}"

    @property
    def unit(self) -> str:
        """What the ends of the ranges are in."""
        if self.condition.worse == "far from the middle":
            return f"{self.condition.unit}, as the distance from {MIDDLE:g}"
        return self.condition.unit

    @property
    def words(self) -> str:
        """Whether LRs by range are worth more than pooled ones, in a sentence."""
        if (missing := lir_missing()) is not None:
            return missing
        if self.cllr is None or self.cllr_pooled is None:
            return "Too few people to say whether likelihood ratios by range are worth more."
        cllr = f"Cllr {self.cllr:.3f} by range, {self.cllr_pooled:.3f} with all ranges pooled"
        if self.cllr < self.cllr_pooled:
            return f"{cllr}: likelihood ratios by range are worth more."
        return f"{cllr}: likelihood ratios by range are worth no more."

    def pairs(self, scored: ScoredGallery, place: int, wrong: bool, limit: int) -> PairList:
        """At most so many pairs of a range, or of its errors, drawn at random (seeded)."""
        matrix, every = scored.matrix, slice(0, scored.matrix.scores.shape[1])

        def wanted(rows: slice) -> np.ndarray:
            cells = (self.kinds.of(rows) == place) & matrix.known(rows, every)
            if wrong:
                same = matrix.scores[rows].astype(np.float64) > self.threshold
                cells &= same != matrix.genuine(rows, every)
            return cells

        return drawn(matrix, wanted, limit)[0]


def by_condition(
    scored: ScoredGallery,
    threshold: float,
    table: ConditionTable,
    name: str,
    edges: Sequence[float] = (),
    task: Task = QUIET,
) -> ByCondition:
    """Rates, thresholds and Cllr by ranges of a condition, a pair having its worse face's value.

    edges: between ranges; none: quarters of the faces' values
    Raises XCosError for an unknown condition, one that no face has, or one with a single value,
    and where no face has an identity.
    """
    refuse_nameless(scored.matrix)
    if name not in BY_NAME:
        raise XCosError(f"{name!r} is no condition; choose one of {', '.join(BY_NAME)}.")
    condition = BY_NAME[name]
    left, right = (condition.badness(side) for side in table.of(name))
    limits = _limits(condition, left, right, edges)
    kinds = _kinds(limits, left, right)
    counts = count_errors(scored.matrix, threshold, kinds, task)
    ends = counts.drawn(lambda r: np.concatenate([r.fmr, r.fnmr], axis=1), task=task)
    references = _references(scored, kinds, task)
    fitted = _calibrated(references, task)
    own, pooled = [one.own for one in fitted], [one.pooled for one in fitted]
    ranges = tuple(
        _Figures(condition, limits, counts.rates, ends, threshold).range_at(
            place, references[place], fitted[place]
        )
        for place in range(kinds.count)
    )
    sides = (right,) if scored.square else (left, right)
    return ByCondition(
        condition,
        threshold,
        ranges,
        kinds,
        sum(int(np.isnan(side).sum()) for side in sides),
        *_costs_of_all(own, pooled),
    )


def _limits(
    condition: Condition, left: np.ndarray, right: np.ndarray, edges: Sequence[float]
) -> np.ndarray:
    """Ends of the ranges as badness, ascending, (R + 1,)."""
    known = np.concatenate([left, right])
    known = known[~np.isnan(known)]
    if not len(known):
        raise XCosError(
            f"{condition.title} is known of no face here, since it needs {condition.source}; "
            "choose another condition."
        )
    low, high = float(known.min()), float(known.max())
    if edges:
        inner = np.unique(condition.badness(np.array(edges, np.float64)))
    else:
        inner = np.unique(np.quantile(known, np.linspace(0, 1, RANGES + 1)[1:-1]))
    inner = inner[(inner >= low) & (inner < high)]
    if not len(inner):
        raise XCosError(
            f"All faces lie in one range of {condition.title.lower()}; "
            "choose another condition or other ranges."
        )
    return np.array([low, *inner, high])


def _kinds(limits: np.ndarray, left: np.ndarray, right: np.ndarray) -> PairKinds:
    """A face's class is its range, the last class that of faces of unknown value.

    The worse of two faces is the one of the higher range; an unknown one leaves the other's.
    """
    count = len(limits) - 1
    sides = [
        np.where(np.isnan(side), count, np.searchsorted(limits[1:-1], side, "left"))
        for side in (left, right)
    ]
    table = np.maximum.outer(np.arange(count + 1), np.arange(count + 1))
    table[count, :count] = table[:count, count] = np.arange(count)
    table[count, count] = -1
    return PairKinds(sides[0], sides[1], table)


def _references(scored: ScoredGallery, kinds: PairKinds, task: Task) -> list[Reference]:
    """Genuine and impostor pairs of each range, drawn at random (seeded)."""
    matrix, every = scored.matrix, slice(0, scored.matrix.scores.shape[1])
    references = []
    for place in range(kinds.count):
        task.report("Drawing pairs of each range", place, kinds.count)
        lists = []
        for genuine in (True, False):

            def wanted(rows: slice, place: int = place, genuine: bool = genuine) -> np.ndarray:
                cells = (kinds.of(rows) == place) & matrix.known(rows, every)
                return cells & (matrix.genuine(rows, every) == genuine)

            lists.append(drawn(matrix, wanted, MOST, task=task.quiet())[0])
        references.append(_reference(matrix, lists))
    return references


def _reference(matrix: ScoreMatrix, lists: list[PairList]) -> Reference:
    rows, columns, scores = (
        np.concatenate([getattr(pairs, part) for pairs in lists])
        for part in ("rows", "columns", "scores")
    )
    same = np.repeat([True, False], [len(pairs) for pairs in lists])
    codes = matrix.rows[rows], matrix.columns[columns]
    return Reference("range", scores.astype(np.float64), same, *codes)


@dataclass(frozen=True, eq=False)
class _Fitted:
    """LRs of a range: fitted on its own pairs, and held-out ones of the same pairs by both fits."""

    ratios: LikelihoodRatios | None = None
    own: HeldOut | None = None
    pooled: HeldOut | None = None


def _calibrated(references: list[Reference], task: Task) -> list[_Fitted]:
    """LRs of each range's pairs, people held out, by its own fit and by that of all ranges."""
    if lir_missing() is not None:
        return [_Fitted()] * len(references)
    whole = Reference(
        "all",
        np.concatenate([r.scores for r in references]),
        np.concatenate([r.same for r in references]),
        np.concatenate([r.left for r in references]),
        np.concatenate([r.right for r in references]),
    )
    folds = drawn_folds(whole)
    known = None
    if whole.tells and folds is not None:
        known = hold_out(whole, "logistic", task, folds)
    fitted = []
    start = 0
    for place, reference in enumerate(references):
        task.report("Fitting likelihood ratios", place, len(references))
        end = start + len(reference.scores)
        fitted.append(_fitted(reference, folds, known, start, task.quiet()))
        start = end
    return fitted


def _fitted(
    reference: Reference, folds: np.ndarray | None, whole: HeldOut | None, start: int, task: Task
) -> _Fitted:
    """start: the place of the range's first pair among all ranges' pairs"""
    if not reference.tells:
        return _Fitted()
    ratios = fit(reference, "logistic", task, folds)
    own = ratios.held_out
    if own is None or whole is None:
        return _Fitted(ratios)
    # The same pairs of both, so that nothing but the fit differs.
    _, one, other = np.intersect1d(own.places + start, whole.places, return_indices=True)
    return _Fitted(ratios, own.at(one), whole.at(other))


HeldOuts = list[HeldOut | None]


def _costs_of_all(own: HeldOuts, pooled: HeldOuts) -> tuple[float | None, float | None]:
    answers: list[float | None] = []
    for several in (own, pooled):
        known = [part for part in several if part is not None]
        if not known or len(known) < 2:
            answers.append(None)
            continue
        parts = [np.concatenate([getattr(k, n) for k in known]) for n in ("log10_lr", "same", "places")]  # fmt: skip
        answers.append(costs(HeldOut(*parts))[0] if parts[1].any() and not parts[1].all() else None)
    return answers[0], answers[1]


@dataclass(frozen=True, eq=False)
class _Figures:
    """What was counted of all ranges: rates (R,), and their intervals, FMR before FNMR (2, 2R)."""

    condition: Condition
    limits: np.ndarray
    rates: Rates
    ends: np.ndarray
    threshold: float

    def range_at(self, place: int, reference: Reference, fitted: _Fitted) -> ConditionRange:
        low, high = self.limits[place], self.limits[place + 1]
        values = (-high, -low) if self.condition.worse == "low" else (low, high)
        own = _threshold(reference)
        return ConditionRange(
            float(values[0]),
            float(values[1]),
            round(self.rates.impostor[place]),
            round(self.rates.genuine[place]),
            *self._rate(self.rates.fmr, place, place),
            *self._rate(self.rates.fnmr, place, len(self.rates.fmr) + place),
            own,
            None if own is None else _threshold_interval(reference),
            None if fitted.ratios is None else fitted.ratios.strength(self.threshold),
            _cllr(fitted.own),
            _cllr(fitted.pooled),
        )

    def _rate(self, rates: np.ndarray, place: int, at: int) -> tuple[float | None, Pair | None]:
        rate = float(rates[place])
        if np.isnan(rate):
            return None, None
        return rate, told_ends(*self.ends[:, at].tolist())


def _cllr(held_out: HeldOut | None) -> float | None:
    if held_out is None or not held_out.same.any() or held_out.same.all():
        return None
    return costs(held_out)[0]


def _threshold(reference: Reference) -> float | None:
    """The smallest threshold whose FMR among the drawn impostor pairs is at most 1 %."""
    impostor = np.sort(reference.scores[~reference.same])
    if len(impostor) < PAIRS_PER_FAR / WANTED_FAR:
        return None
    return float(impostor[len(impostor) - int(WANTED_FAR * len(impostor)) - 1])


def _threshold_interval(reference: Reference) -> Pair:
    """The 95 % interval of that threshold, by drawing people."""
    impostor = reference.at(~reference.same)
    order = np.argsort(impostor.scores)
    people, places = np.unique(np.concatenate([impostor.left, impostor.right]), return_inverse=True)
    left, right = places[: len(order)][order], places[len(order) :][order]
    draws = []
    for weights in people_drawn(len(people), DRAWS):
        counts = (weights[:, left] * weights[:, right]).cumsum(axis=1)
        some = counts[:, -1] > 0
        # The first pair at or below which all but 1 % of the drawn ones are.
        first = (counts >= (1 - WANTED_FAR) * counts[:, -1:]).argmax(axis=1)
        draws.append(impostor.scores[order][first[some]])
    low, high = interval_of(np.concatenate(draws))
    return float(low), float(high)
