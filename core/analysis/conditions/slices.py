"""Slices of a gallery where the model does worst, found by a shallow tree over conditions."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.analysis.conditions.measured import ConditionTable
from core.errors import Stopped, XCosError
from core.faces.conditions import CONDITIONS
from core.progress import QUIET, Task
from core.scoring.lists import PairList, drawn
from core.scoring.matrix import at_most
from core.scoring.scored import ScoredGallery

DEPTH = 3
MOST = 20_000  # pairs of each sort that the tree is grown on
LEAST = 30  # pairs in a slice
PRUNED = 0.002  # impurity that a split must take away: less is chance
Marks = Mapping[str, tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True, eq=False)
class Slice:
    """Pairs that a few conditions pick out and whose error rate is above the rest's.

    genuine:  whether they are genuine pairs, whose errors are false non-matches
    rate:     errors of the pairs drawn in the slice; overall: of all pairs drawn of the sort
    words:    the slice in a sentence
    pairs:    those drawn, errors first
    """

    genuine: bool
    rate: float
    overall: float
    errors: int
    words: str
    pairs: PairList


def worst_slices(
    scored: ScoredGallery,
    threshold: float,
    table: ConditionTable,
    marks: Marks | None = None,
    task: Task = QUIET,
) -> tuple[Slice, ...]:
    """Slices with more errors than their sort of pairs has, the worst first.

    marks: further yes-or-no properties of faces by name, such as tags: (n,) and (m,) bool
    Raises XCosError where no pair has known identities, and Stopped.
    """
    matrix, every = scored.matrix, slice(0, scored.matrix.scores.shape[1])
    found: list[Slice] = []
    for genuine in (True, False):
        if task.stopped():
            raise Stopped("Looking for slices")
        task.report("Looking for slices", int(not genuine), 2)

        def wanted(rows: slice, genuine: bool = genuine) -> np.ndarray:
            return matrix.known(rows, every) & (matrix.genuine(rows, every) == genuine)

        pairs, total = drawn(matrix, wanted, MOST, task=task.quiet())
        if total:
            found += _slices(pairs, genuine, threshold, _features(pairs, table, marks or {}))
        elif genuine and not (matrix.rows >= 0).any():
            raise XCosError(
                "No face has an identity, so no error is known; put each person's photos in a "
                "folder of their own."
            )
    return tuple(sorted(found, key=lambda one: one.overall - one.rate))


def _features(
    pairs: PairList, table: ConditionTable, marks: Marks
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names, values (k, F) of the worse faces with unknown ones in the middle, and which are marks."""
    names, columns, marked = [], [], []
    for condition in CONDITIONS:
        left, right = table.of(condition.name)
        values = condition.worse_of(left[pairs.rows], right[pairs.columns])
        known = values[~np.isnan(values)]
        if len(known) and np.ptp(known) > 0:
            names.append(condition.name)
            columns.append(np.where(np.isnan(values), np.median(known), values))
            marked.append(False)
    for name, (left, right) in marks.items():
        names.append(name)
        columns.append((left[pairs.rows] | right[pairs.columns]).astype(np.float64))
        marked.append(True)
    return names, np.stack(columns, axis=1) if columns else np.empty((len(pairs), 0)), np.array(marked)  # fmt: skip


def _slices(
    pairs: PairList,
    genuine: bool,
    threshold: float,
    features: tuple[list[str], np.ndarray, np.ndarray],
) -> list[Slice]:
    from sklearn.tree import DecisionTreeClassifier

    names, values, marked = features
    same = pairs.scores > at_most(threshold)
    wrong = ~same if genuine else same
    if not values.shape[1] or not wrong.any() or wrong.all():
        return []
    tree = DecisionTreeClassifier(
        max_depth=DEPTH, min_samples_leaf=LEAST, ccp_alpha=PRUNED, random_state=0
    )
    if len(wrong) < 2 * LEAST:
        return []
    leaves = tree.fit(values, wrong).apply(values)
    overall = float(wrong.mean())
    found = []
    for leaf in np.unique(leaves):
        mine = leaves == leaf
        rate = float(wrong[mine].mean())
        if rate <= overall:
            continue
        where = _path(tree.tree_, int(leaf), names, marked)
        if not where:
            continue
        places = np.flatnonzero(mine)
        order = places[np.argsort(~wrong[places], kind="stable")]
        found.append(_slice(pairs.at(order), genuine, rate, overall, int(wrong[mine].sum()), where))
    return found


def _slice(
    pairs: PairList, genuine: bool, rate: float, overall: float, errors: int, where: str
) -> Slice:
    sort, error = ("genuine", "false non-matches") if genuine else ("impostor", "false matches")
    words = (
        f"{100 * rate:.1f} % {error} among {len(pairs):,} {sort} pairs with {where}, "
        f"{rate / overall:.1f} times the {100 * overall:.1f} % of all."
    )
    return Slice(genuine, rate, overall, errors, words, pairs)


def _path(tree: object, leaf: int, names: list[str], marked: np.ndarray) -> str:
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
    return " and ".join(
        _bounds(names[feature], bool(marked[feature]), limits[feature])
        for feature in sorted(limits)
    )


def _bounds(name: str, mark: bool, bounds: list[float | None]) -> str:
    low, high = bounds
    if mark:
        return name if low is not None else f"not {name}"
    if low is None:
        return f"{name} up to {high:.4g}"
    return f"{name} above {low:.4g}" + ("" if high is None else f" and up to {high:.4g}")
