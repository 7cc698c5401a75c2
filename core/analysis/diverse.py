"""Pairs of an outcome spread over people and kinds of evidence, not the hundred worst of one look-alike."""

import numpy as np

from core.analysis.patterns.groups import find_groups
from core.explain.maps import maps_of
from core.progress import QUIET, Task
from core.query.selection import NAMES, Selection
from core.scoring.lists import PairList, pairs_of
from core.scoring.matrix import Outcome
from core.scoring.scored import ScoredGallery

LISTED = 200  # pairs
POOL = 20_000  # worst pairs of which each two people's worst one is taken
MAPPED = 2000  # pairs whose evidence is looked at


def diverse_pairs(
    scored: ScoredGallery,
    outcome: Outcome,
    threshold: float,
    mask: np.ndarray | None = None,
    task: Task = QUIET,
) -> PairList:
    """At most 200 pairs of an outcome: of each two people the worst one, groups of evidence in turn.

    Within a group the pair whose people were listed least comes first, then the worst one.
    mask: which pairs count, (n, m) bool; None: all. Raises Stopped.
    """
    matrix = scored.matrix
    pool = pairs_of(matrix, outcome, threshold, POOL, mask)
    people = np.stack([matrix.rows[pool.rows], matrix.columns[pool.columns]], axis=1)
    people.sort(axis=1)
    _, first = np.unique(people, axis=0, return_index=True)
    kept = np.sort(first)[:MAPPED]  # still the worst first
    pairs, people = pool.at(kept), people[kept]
    if not len(pairs):
        return pairs
    maps = maps_of(scored, pairs, task)
    selection = Selection(NAMES[outcome], pairs, len(pairs))
    groups = find_groups(selection, maps, threshold, task=task)
    return pairs.at(_in_turn([group.places for group in groups.groups], people, LISTED))


def _in_turn(groups: list[np.ndarray], people: np.ndarray, count: int) -> np.ndarray:
    """Places of pairs, groups in turn; people (k, 2): numbers of the two people, -1 unknown."""
    listed = np.zeros(int(people.max(initial=0)) + 2, np.int64)  # the last is for unknown ones
    left = [np.sort(group) for group in groups]
    chosen: list[int] = []
    while len(chosen) < count and any(len(group) for group in left):
        for k, group in enumerate(left):
            if not len(group) or len(chosen) == count:
                continue
            often = listed[people[group]].sum(axis=1)
            place = int(group[np.lexsort((group, often))[0]])
            chosen.append(place)
            listed[np.unique(people[place])] += 1
            listed[-1] = 0
            left[k] = group[group != place]
    return np.array(chosen, np.int64)
