"""Error rates by group at one threshold, and how much they differ (ISO/IEC 19795-10)."""

from dataclasses import dataclass

import numpy as np

from core.analysis.bootstrap import FEW, told_ends
from core.analysis.grouping import Grouping
from core.analysis.rates import PairKinds, Rates, count_errors, refuse_nameless
from core.errors import shown
from core.explain.maps import maps_of
from core.faces.align import TEMPLATE
from core.faces.regions import REGIONS, region_places
from core.progress import QUIET, Task
from core.scoring.lists import drawn
from core.scoring.scored import ScoredGallery

ALPHA = 0.5  # weight of false matches against false non-matches, as both papers have it
MAPPED = 1000  # impostor pairs of each group whose maps are computed
NAMED = 8  # groups that a sentence names
Pair = tuple[float, float]
Whole = tuple[float, Pair | None]


@dataclass(frozen=True)
class Rate:
    """An error rate in [0, 1] with its 95 % interval over people, and the pairs behind it.

    None where there is no pair; interval: None too where drawing people changes nothing; ratio: to the mean of all groups' rates, None where that is 0
    """

    value: float | None
    interval: Pair | None
    pairs: int
    errors: int
    ratio: float | None = None


@dataclass(frozen=True)
class Group:
    """What one group meets.

    fmr:     of impostor pairs within the group; fnmr: of its genuine pairs
    failed:  photos that gave no face, of `photos`
    regions: by region of the face, how much more evidence for "same" its impostor pairs have there
             than those of all groups; they sum to the difference of the mean scores. None
             without impostor pairs
    """

    name: str
    faces: int
    people: int
    fmr: Rate
    fnmr: Rate
    failed: int
    photos: int
    regions: dict[str, float] | None

    @property
    def too_few(self) -> bool:
        """Whether the group has so few people that its intervals are rough."""
        return self.people < FEW


@dataclass(frozen=True)
class GroupRates:
    """Groups of a gallery at one threshold.

    cross:      FMR of impostor pairs of two groups, by both groups' names, and of all of them
    fdr, garbe: differentials with intervals; None where fewer than two groups have both rates, an
                interval where no draw of people leaves each of them both rates
    ungrouped:  faces without a group
    """

    by: str
    threshold: float
    groups: tuple[Group, ...]
    cross: dict[tuple[str, str], Rate]
    all_cross: Rate
    fdr: Whole | None
    garbe: Whole | None
    ungrouped: int
    words: tuple[str, ...]


def fairness_discrepancy(fmr: np.ndarray, fnmr: np.ndarray, alpha: float = ALPHA) -> np.ndarray:
    """FDR of groups along the last axis, 1 is equal (de Freitas Pereira and Marcel, 2021).

    1 - (alpha * the largest difference of two FMRs + (1 - alpha) * that of two FNMRs)
    """
    spread: np.ndarray = alpha * np.ptp(fmr, axis=-1) + (1 - alpha) * np.ptp(fnmr, axis=-1)
    return 1 - spread


def garbe(fmr: np.ndarray, fnmr: np.ndarray, alpha: float = ALPHA) -> np.ndarray:
    """GARBE of groups along the last axis, 0 is equal (Howard et al., 2022).

    alpha * Gini(FMR) + (1 - alpha) * Gini(FNMR)
    """
    joined: np.ndarray = alpha * gini(fmr) + (1 - alpha) * gini(fnmr)
    return joined


def gini(rates: np.ndarray) -> np.ndarray:
    """n/(n-1) * the sum of |x_i - x_j| over all i and j / (2 n^2 mean x); 0 where all are 0."""
    n = rates.shape[-1]
    differences = np.abs(rates[..., :, None] - rates[..., None, :]).sum(axis=(-1, -2))
    mean = rates.mean(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        coefficient = n / (n - 1) * differences / (2 * n**2 * mean)
    zero: np.ndarray = np.where(mean == 0, 0.0, coefficient)
    return zero


def group_rates(
    scored: ScoredGallery, threshold: float, grouping: Grouping, task: Task = QUIET
) -> GroupRates:
    """Rates by group, with intervals by drawing people.

    Raises XCosError where no face has an identity, and Stopped.
    """
    refuse_nameless(scored.matrix)
    size = len(grouping.names)
    # Kinds of pairs: the groups themselves, then each two groups.
    table = np.diag(np.arange(size))
    upper = np.triu_indices(size, 1)
    table[upper] = size + np.arange(len(upper[0]))
    table.T[upper] = table[upper]
    kinds = PairKinds(grouping.rows, grouping.columns, table)
    counts = count_errors(scored.matrix, threshold, kinds, task)
    limits = counts.drawn(lambda rates: _figures(rates, size), task=task)
    values = _figures(_as_drawn(counts.rates), size)[0]
    figures = _Figures(counts.rates, values, limits, kinds.count, size)
    regions = _regions(scored, threshold, grouping, task)
    groups = tuple(
        _group(scored, grouping, place, figures, regions[place]) for place in range(size)
    )
    cross = {
        (grouping.names[a], grouping.names[b]): figures.fmr(size + k)
        for k, (a, b) in enumerate(zip(*upper, strict=True))
    }
    sides = (grouping.columns,) if scored.square else (grouping.columns, grouping.rows)
    ungrouped = sum(int((side < 0).sum()) for side in sides)
    fdr, gini_rate = figures.whole(-2), figures.whole(-1)
    words = _words(grouping.by, groups, ungrouped)
    return GroupRates(
        grouping.by, threshold, groups, cross, figures.all_cross(), fdr, gini_rate, ungrouped, words
    )


def _as_drawn(rates: Rates) -> Rates:
    return Rates(*(getattr(rates, n)[None] for n in ("fmr", "fnmr", "impostor", "genuine")))


def _figures(rates: Rates, size: int) -> np.ndarray:
    """(k, F): FMR of all kinds, FNMR of the groups, FMR across groups, FDR, GARBE."""
    fmr, fnmr = rates.fmr[:, :size], rates.fnmr[:, :size]
    pairs = rates.impostor[:, size:].sum(axis=1)
    false = np.nan_to_num(rates.fmr[:, size:] * rates.impostor[:, size:]).sum(axis=1)
    both = ~(np.isnan(fmr) | np.isnan(fnmr))
    # A draw without a group's pairs says nothing of how groups differ, nor do groups never known.
    known = both.any(axis=0)
    if known.sum() >= 2:
        whole = np.stack([f(fmr[:, known], fnmr[:, known]) for f in (fairness_discrepancy, garbe)])
    else:
        whole = np.full((2, len(fmr)), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        across = false / pairs
    return np.concatenate([rates.fmr, fnmr, across[:, None], whole.T], axis=1)


class _Figures:
    """Looks rates up among the figures and their intervals."""

    def __init__(
        self, rates: Rates, values: np.ndarray, limits: np.ndarray, kinds: int, size: int
    ) -> None:
        self._rates, self._values, self._limits = rates, values, limits
        self._kinds, self._size = kinds, size

    def fmr(self, kind: int) -> Rate:
        return self._rate(kind, self._rates.impostor[kind], self._values[: self._size])

    def fnmr(self, kind: int) -> Rate:
        at = self._kinds + kind
        every = self._values[self._kinds : self._kinds + self._size]
        return self._rate(at, self._rates.genuine[kind], every)

    def all_cross(self) -> Rate:
        pairs = self._rates.impostor[self._size :].sum()
        return self._rate(self._kinds + self._size, pairs, self._values[: self._size])

    def whole(self, at: int) -> Whole | None:
        if np.isnan(self._values[at]):
            return None
        return float(self._values[at]), self._interval(at)

    def _rate(self, at: int, pairs: float, every: np.ndarray) -> Rate:
        value = float(self._values[at])
        if np.isnan(value):
            return Rate(None, None, 0, 0)
        mean = float(np.nanmean(every)) if not np.isnan(every).all() else 0.0
        ratio = value / mean if mean > 0 else None
        return Rate(value, self._interval(at), round(pairs), round(value * pairs), ratio)

    def _interval(self, at: int) -> Pair | None:
        """None where all draws agree, or none has the figure: of so few people or errors, none can be told."""
        return told_ends(*self._limits[:, at].tolist())


def _group(
    scored: ScoredGallery,
    grouping: Grouping,
    place: int,
    figures: _Figures,
    regions: dict[str, float] | None,
) -> Group:
    sides = [(grouping.columns, scored.matrix.columns)]
    if not scored.square:
        sides.append((grouping.rows, scored.matrix.rows))
    codes = np.concatenate([codes[groups == place] for groups, codes in sides])
    name = grouping.names[place]
    return Group(
        name,
        len(codes),
        len(np.unique(codes[codes >= 0])),
        figures.fmr(place),
        figures.fnmr(place),
        grouping.failed.get(name, 0),
        grouping.photos.get(name, 0),
        regions,
    )


def _regions(
    scored: ScoredGallery, threshold: float, grouping: Grouping, task: Task
) -> list[dict[str, float] | None]:
    """By group, the mean evidence of its impostor pairs by region, less that of all groups."""
    matrix, every = scored.matrix, slice(0, scored.matrix.scores.shape[1])
    places = region_places(TEMPLATE[None])[0]
    means: list[np.ndarray | None] = []
    for place in range(len(grouping.names)):

        def wanted(rows: slice, place: int = place) -> np.ndarray:
            own = (grouping.rows[rows, None] == place) & (grouping.columns[None] == place)
            return own & matrix.known(rows, every) & ~matrix.genuine(rows, every)

        pairs, total = drawn(matrix, wanted, MAPPED, task=task)
        if not total:
            means.append(None)
            continue
        evidence = maps_of(scored, pairs, task.quiet()).evidence(threshold).mean(axis=0)
        means.append(np.bincount(places.ravel(), evidence.ravel(), minlength=len(REGIONS)))
    known = [mean for mean in means if mean is not None]
    if not known:
        return [None] * len(means)
    middle = np.mean(known, axis=0)
    return [
        None if mean is None else dict(zip(REGIONS, (mean - middle).tolist(), strict=True))
        for mean in means
    ]


def _words(by: str, groups: tuple[Group, ...], ungrouped: int) -> tuple[str, ...]:
    """What must be said beside the numbers."""
    sentences = []
    few = [f"{shown(group.name)} ({group.people})" for group in groups if group.too_few]
    if few:
        sentences.append(f"Too few people for a sure figure, fewer than {FEW}: {_listed(few)}.")
    for what, rate in (("two people", "fmr"), ("one person", "fnmr")):
        none = [shown(group.name) for group in groups if getattr(group, rate).value is None]
        if none:
            sentences.append(f"No pair of {what}, so no {rate.upper()}: {_listed(none)}.")
    if ungrouped:
        one = ungrouped == 1
        sentences.append(
            f"{ungrouped:,} {'face has' if one else 'faces have'} no value of {shown(by)} and "
            f"{'is' if one else 'are'} not counted."
        )
    return tuple(sentences)


def _listed(names: list[str]) -> str:
    """The first names, and how many more there are."""
    more = len(names) - NAMED
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:NAMED])} and {more:,} more"
