"""Slices of a gallery where the model does worst, found by a shallow tree over conditions."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from core.analysis.conditions.measured import ConditionTable
from core.analysis.conditions.traits import Traits
from core.analysis.rates import RateSums, rate_intervals, refuse_nameless
from core.errors import Stopped, shown
from core.faces.conditions import CONDITIONS
from core.progress import QUIET, Task
from core.scoring.lists import PairList, drawn
from core.scoring.matrix import at_most
from core.scoring.scored import ScoredGallery

DEPTH = 3
MOST = 20_000  # pairs of each sort that the tree is grown on
LEAST = 30  # pairs in a slice
LARGEST = 1e38  # that a tree can tell apart: it looks at numbers in single precision
PRUNED = 0.002  # impurity that a split must take away: less is chance


class _Feature(NamedTuple):
    """What the tree may ask of pairs: values (k,) float64, and how both answers are told."""

    name: str
    values: np.ndarray
    mark: bool = False


@dataclass(frozen=True, eq=False)
class Slice:
    """Pairs that a few conditions pick out and whose error rate is above the rest's.

    genuine:  whether they are genuine pairs, whose errors are false non-matches
    rate:     errors of the pairs drawn in the slice; overall: of all pairs drawn of the sort
    interval: of the rate, 95 % by drawing people; None with too few people. The slice was found on
              the same pairs, so that all its figures err to the high side
    where:    the conditions; words: the slice in a sentence
    pairs:    those drawn, errors first
    """

    genuine: bool
    rate: float
    interval: tuple[float, float] | None
    overall: float
    errors: int
    where: str
    words: str
    pairs: PairList


def worst_slices(
    scored: ScoredGallery,
    threshold: float,
    table: ConditionTable,
    traits: Traits = Traits(),
    task: Task = QUIET,
) -> tuple[Slice, ...]:
    """Slices with more errors than their sort of pairs has, the worst first.

    Raises XCosError where no pair has known identities, and Stopped.
    """
    matrix, every = scored.matrix, slice(0, scored.matrix.scores.shape[1])
    slices: list[Slice] = []
    for genuine in (True, False):
        if task.stopped():
            raise Stopped("Looking for slices")
        task.report("Looking for slices", int(not genuine), 2)

        def wanted(rows: slice, genuine: bool = genuine) -> np.ndarray:
            return matrix.known(rows, every) & (matrix.genuine(rows, every) == genuine)

        pairs, total = drawn(matrix, wanted, MOST, task=task.quiet())
        if total:
            grown = _Grown(scored, pairs, genuine, threshold)
            slices += _slices(grown, [*_features(pairs, table, traits)])
        elif genuine:
            refuse_nameless(matrix)
    return tuple(sorted(slices, key=lambda one: one.overall - one.rate))


def _features(pairs: PairList, table: ConditionTable, traits: Traits) -> Iterator[_Feature]:
    """Conditions of the worse faces, numbers of both faces, and marks that one of them has.

    Unknown values lie in the middle of the known ones, so that no split is made by them alone.
    Cells unlike the person's other photos are no cause: they are the low scores themselves.
    """
    for condition in CONDITIONS:
        if condition.name == "unlike":
            continue
        left, right = table.of(condition.name)
        worse = condition.worse_of(left[pairs.rows], right[pairs.columns])
        yield from _varied(condition.title.lower(), worse)
    for name, (left, right) in traits.numbers.items():
        both = left[pairs.rows], right[pairs.columns]
        yield from _varied(f"the smaller {shown(name)}", np.fmin(*both))
        yield from _varied(f"the larger {shown(name)}", np.fmax(*both))
    for name, (left, right) in traits.marks.items():
        has = left[pairs.rows] | right[pairs.columns]
        yield _Feature(name, has.astype(np.float64), mark=True)


def _varied(name: str, values: np.ndarray) -> Iterator[_Feature]:
    values = values.clip(-LARGEST, LARGEST)
    known = values[~np.isnan(values)]
    if len(known) and np.ptp(known) > 0:
        yield _Feature(name, np.where(np.isnan(values), np.median(known), values))


@dataclass(frozen=True, eq=False)
class _Grown:
    """The drawn pairs of one sort, on which a tree is grown."""

    scored: ScoredGallery
    pairs: PairList
    genuine: bool
    threshold: float

    @property
    def wrong(self) -> np.ndarray:
        """Which of the pairs are errors, (k,) bool."""
        same: np.ndarray = self.pairs.scores > at_most(self.threshold)
        return ~same if self.genuine else same

    def slice_at(self, places: np.ndarray, where: str) -> Slice:
        """The slice of some pairs."""
        wrong, genuine = self.wrong, self.genuine
        rate, overall = float(wrong[places].mean()), float(wrong.mean())
        pairs = self.pairs.at(places[np.argsort(~wrong[places], kind="stable")])
        interval = self._interval(pairs)
        limits = (
            "" if interval is None else f" ({100 * interval[0]:.1f} to {100 * interval[1]:.1f})"
        )
        sort, error = ("genuine", "false non-matches") if genuine else ("impostor", "false matches")
        words = (
            f"{100 * rate:.1f} %{limits} {error} among {len(pairs):,} {sort} pairs with {where}, "
            f"{rate / overall:.1f} times the {100 * overall:.1f} % of all."
        )
        errors = int(wrong[places].sum())
        return Slice(genuine, rate, interval, overall, errors, where, words, pairs)

    def _interval(self, pairs: PairList) -> tuple[float, float] | None:
        left, right = self.scored.matrix.rows[pairs.rows], self.scored.matrix.columns[pairs.columns]
        sums = RateSums(int(max(left.max(), right.max())) + 1)
        sums.add(left, right, pairs.scores > at_most(self.threshold))
        tar, far = rate_intervals(sums)
        rate = tar if self.genuine else far
        if rate is None or rate.low is None or rate.high is None:
            return None
        return (1 - rate.high, 1 - rate.low) if self.genuine else (rate.low, rate.high)


def _slices(grown: _Grown, features: list[_Feature]) -> list[Slice]:
    from sklearn.tree import DecisionTreeClassifier

    wrong = grown.wrong
    if not features or not wrong.any() or wrong.all() or len(wrong) < 2 * LEAST:
        return []
    tree = DecisionTreeClassifier(
        max_depth=DEPTH, min_samples_leaf=LEAST, ccp_alpha=PRUNED, random_state=0
    )
    values = np.stack([feature.values for feature in features], axis=1)
    leaves = tree.fit(values, wrong).apply(values)
    slices = []
    for leaf in np.unique(leaves):
        mine = leaves == leaf
        where = _path(tree.tree_, int(leaf), features)
        if where and wrong[mine].mean() > wrong.mean():
            slices.append(grown.slice_at(np.flatnonzero(mine), where))
    return slices


def _path(tree: object, leaf: int, features: list[_Feature]) -> str:
    """The conditions that lead to a leaf, each name once with its tightest limits."""
    left, right = tree.children_left, tree.children_right  # type: ignore[attr-defined]
    above: dict[int, tuple[int, bool]] = {}
    for node in range(len(left)):
        if left[node] != right[node]:
            above[left[node]], above[right[node]] = (node, True), (node, False)
    limits: dict[int, list[float | None]] = {}
    node = leaf
    while node in above:
        node, under = above[node]
        feature = int(tree.feature[node])  # type: ignore[attr-defined]
        bounds = limits.setdefault(feature, [None, None])
        if bounds[under] is None:  # nearer to the leaf, so tighter
            bounds[under] = float(tree.threshold[node])  # type: ignore[attr-defined]
    return " and ".join(_bounds(features[feature], limits[feature]) for feature in sorted(limits))


def _bounds(feature: _Feature, bounds: list[float | None]) -> str:
    name, (low, high) = feature.name, bounds
    if feature.mark:
        return name if low is not None else f"not {name}"
    upto = "" if high is None else f"up to {_between(feature.values, high)}"
    if low is None:
        return f"{name} {upto}"
    return f"{name} above {_between(feature.values, low)}" + (f" and {upto}" if upto else "")


def _between(values: np.ndarray, limit: float) -> str:
    """A limit in as few digits, four or more, as part the values like it: 2019.5, not 2020."""
    seen = values.astype(np.float32).astype(np.float64)  # as the tree sees them
    last = seen[seen <= limit].max(initial=-np.inf)
    following = seen[seen > limit].min(initial=np.inf)
    texts = (f"{limit:.{digits}g}" for digits in range(4, 17))
    return next((text for text in texts if last <= float(text) < following), f"{limit:.17g}")
