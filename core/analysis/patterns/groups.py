"""What many pairs have in common: mean maps, their difference, and groups of like evidence."""

from dataclasses import dataclass

import numpy as np

from core.errors import Stopped
from core.explain.maps import PairMaps
from core.faces.align import TEMPLATE
from core.faces.regions import REGIONS, face_regions
from core.model.features import CELLS
from core.progress import QUIET, Task
from core.query.selection import Selection, in_number
from core.scoring.lists import PairList

MOST_GROUPS = 6
LEAST_PAIRS = 8  # fewer are one group
LEAST_APART = 0.05  # a silhouette below this is no grouping at all
COMPARED = 2000  # pairs that a silhouette is taken of


@dataclass(frozen=True, eq=False)
class MeanMaps:
    """Means over pairs, or the difference of two such means. Row 0 is the top of the face.

    cosine, attention, contribution, evidence: (7, 7) float64, as in PairExplanation
    score: mean score, the sum of the contribution
    pairs: how many they are the mean of
    """

    cosine: np.ndarray
    attention: np.ndarray
    contribution: np.ndarray
    evidence: np.ndarray
    pairs: int

    @staticmethod
    def of(maps: PairMaps, threshold: float, places: np.ndarray | None = None) -> "MeanMaps | None":
        """Means over all pairs, or over some of them by place; None without a pair."""
        chosen = slice(None) if places is None else places
        count = len(maps) if places is None else len(places)
        if not count:
            return None
        stacks = (maps.cosine, maps.attention, maps.contribution, maps.evidence(threshold))
        cosine, attention, contribution, evidence = (s[chosen].mean(axis=0) for s in stacks)
        return MeanMaps(cosine, attention, contribution, evidence, count)

    @property
    def score(self) -> float:
        """The mean score, or the difference of the mean scores."""
        return float(self.contribution.sum())

    def less(self, other: "MeanMaps") -> "MeanMaps":
        """This mean less another one, map by map."""
        return MeanMaps(
            self.cosine - other.cosine,
            self.attention - other.attention,
            self.contribution - other.contribution,
            self.evidence - other.evidence,
            self.pairs,
        )


@dataclass(frozen=True, eq=False)
class Group:
    """Pairs whose evidence looks alike.

    places:   (k,) of the pairs in their selection, the most typical first
    pairs:    the same pairs
    mean:     their mean maps
    side:     1 where they score above the threshold on the mean, else -1
    shares:   by region, of the group's evidence on its side; they sum to 1
    others:   the same of the pairs outside the group; empty where there are none
    sentence: what carries them, in the numbers above
    """

    places: np.ndarray
    pairs: PairList
    mean: MeanMaps
    side: int
    shares: dict[str, float]
    others: dict[str, float]
    sentence: str


@dataclass(frozen=True, eq=False)
class Groups:
    """A selection's groups, the largest first.

    silhouette: how far apart they are, from -1 to 1; None for one group
    """

    groups: tuple[Group, ...]
    silhouette: float | None

    @property
    def words(self) -> str:
        """How many groups there are and how clearly they differ."""
        if self.silhouette is None:
            return "One group: the pairs are too few, or too alike, to part them."
        apart = "clearly" if self.silhouette >= 0.25 else "moderately"
        if self.silhouette < 0.15:
            apart = "weakly"
        return f"{len(self.groups)} groups, {apart} apart (silhouette {self.silhouette:.2f})."


def region_shares(evidence: np.ndarray, side: int) -> dict[str, float]:
    """By region, the share of the evidence (k, 7, 7) on one side (1 for "same", -1 against).

    Each pair's cells on that side are summed; the shares sum to 1, or are all 0 without any.
    """
    cells = np.maximum(side * evidence, 0).sum(axis=0)
    regions = face_regions(TEMPLATE)
    total = float(cells.sum()) or 1.0
    return {name: float(cells[regions == name].sum()) / total for name in REGIONS}


def find_groups(
    selection: Selection,
    maps: PairMaps,
    threshold: float,
    count: int | None = None,
    task: Task = QUIET,
) -> Groups:
    """Group a selection's pairs by their evidence maps.

    k-means on each pair's evidence, its length taken away, so that the pattern counts and not
    its strength. count None: the number from 2 to 6 of the largest silhouette (Rousseeuw, 1987),
    or one group where none parts the pairs, or where they are few.
    """
    evidence = maps.evidence(threshold)
    title = f"drawn {selection.title}" if len(maps) < selection.total else selection.title
    shapes = evidence.reshape(len(maps), CELLS * CELLS)
    length = np.linalg.norm(shapes, axis=1, keepdims=True)
    shapes = shapes / np.where(length > 0, length, 1)
    labels, silhouette = _clustered(shapes, count, task)
    sizes = np.bincount(labels)
    groups = []
    for label in np.argsort(-sizes, kind="stable"):
        inside = np.flatnonzero(labels == label)
        centre = shapes[inside].mean(axis=0)
        near = np.linalg.norm(shapes[inside] - centre, axis=1)
        inside = inside[np.argsort(near, kind="stable")]
        outside = np.flatnonzero(labels != label)
        mean = MeanMaps.of(maps, threshold, inside)
        assert mean is not None
        side = 1 if mean.score > threshold else -1
        shares = region_shares(evidence[inside], side)
        others = region_shares(evidence[outside], side) if len(outside) else {}
        sentence = group_sentence(title, len(inside), len(maps), side, shares, others)
        groups.append(
            Group(inside, selection.pairs.at(inside), mean, side, shares, others, sentence)
        )
    return Groups(tuple(groups), silhouette)


def group_sentence(
    title: str, size: int, total: int, side: int, shares: dict[str, float], others: dict[str, float]
) -> str:
    """What carries a group: "41 of 60 false accepts are carried by the mouth: it gives 38 % ..."."""
    first = max(shares, key=lambda name: shares[name])
    speaks = 'for "same"' if side > 0 else 'against "same"'
    who = f"{size:,} of {total:,} {title}"
    if size == total:
        who = f"All {total:,} {title}" if total > 1 else f"The {in_number(title, 1)}"
    are, their = ("is", "its") if size == 1 else ("are", "their")
    text = (
        f"{who} {are} carried by {called(first)}: it gives {_percent(shares[first])} of {their} "
        f"evidence {speaks}"
    )
    if others:
        text += f" ({_percent(others[first])} in the others)"
    second = max((name for name in shares if name != first), key=lambda name: shares[name])
    text += f", then {called(second)}, {_percent(shares[second])}"
    if others:
        apart = max(shares, key=lambda name: shares[name] - others[name])
        if apart not in (first, second):
            text += (
                f"; what sets {'it' if size == 1 else 'them'} apart is {called(apart)}, "
                f"{_percent(shares[apart])} instead of {_percent(others[apart])}"
            )
    return text + "."


def called(region: str) -> str:
    """A region with its article."""
    return "the area outside the face" if region == "outside the face" else f"the {region}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _clustered(
    shapes: np.ndarray, count: int | None, task: Task
) -> tuple[np.ndarray, float | None]:
    """Labels (k,) of the pairs and their silhouette."""
    one = np.zeros(len(shapes), np.int64)
    most = min(MOST_GROUPS, len(np.unique(shapes, axis=0)) - 1) if len(shapes) else 0
    if count == 1 or most < 2 or (count is None and len(shapes) < LEAST_PAIRS):
        return one, None
    from sklearn.cluster import KMeans

    wanted = range(2, most + 1) if count is None else [min(count, most)]
    best, best_silhouette = one, -1.0
    for step, number in enumerate(wanted):
        if task.stopped():
            raise Stopped("Grouping")
        task.report("Grouping pairs", step, len(wanted))
        labels = KMeans(number, n_init=10, random_state=0).fit_predict(shapes)
        silhouette = _silhouette(shapes, labels)
        if silhouette > best_silhouette:
            best, best_silhouette = labels, silhouette
    task.report("Grouping pairs", len(wanted), len(wanted))
    if count is None and best_silhouette < LEAST_APART:
        return one, None
    return best, best_silhouette


def _silhouette(shapes: np.ndarray, labels: np.ndarray) -> float:
    """The mean silhouette of at most COMPARED pairs, drawn at random, and one of each group at least."""
    from sklearn.metrics import silhouette_score

    chosen = np.random.default_rng(0).permutation(len(shapes))[:COMPARED]
    chosen = np.union1d(chosen, np.unique(labels, return_index=True)[1])
    return float(silhouette_score(shapes[chosen], labels[chosen]))
