"""Whether a threshold holds on a gallery: the false match rate there, told without labels.

The pairs of two people are far more than those of one in all but tiny galleries, so the share of
all pairs above the threshold bounds the false match rate from above. Faces that may show one
person are grouped; pairs across groups are of presumably different people, and their share above
the threshold bounds it from below, as grouping takes the likeliest false matches away.
"""

from dataclasses import dataclass

import numpy as np

from core.analysis.bootstrap import interval_of, people_drawn
from core.analysis.conditions.measured import ConditionTable
from core.analysis.evidence.shipped import shipped_figures
from core.errors import XCosError, counted
from core.faces.conditions import BY_NAME
from core.progress import QUIET, Task
from core.scoring.matrix import ScoreMatrix, at_most
from core.scoring.scored import ScoredGallery

QUANTILES = np.linspace(0, 1, 101)[1:-1]  # that a distribution is kept by
# Of impostor scores the tail as well: there the thresholds lie.
IMPOSTOR_QUANTILES = np.concatenate([QUANTILES, 1 - np.geomspace(5e-3, 1e-4, 12)])
MOST_FACES = 1000  # of which groups are made, drawn at random where there are more
FEWEST_FACES = 10
RAISED = np.linspace(0.5, 0.98, 9)  # shares of pairs below the limits that are tried
DRAWS = 200
WANTED_FAR = 0.01
FAR_OFF = (
    0.25  # of two distributions' cumulative shares (Kolmogorov's distance) that is worth a word
)
MUCH = 3  # times the rate where the threshold was set, above which it does not hold
NAMED = 3  # conditions that a sentence names


@dataclass(frozen=True)
class LabelFree:
    """The false match rate of a gallery at a threshold without its labels, in [0, 1].

    rate:      of pairs across groups of faces that may show one person
    interval:  95 % over groups, from across groups up to all pairs
    own:       the threshold that this gallery's own pairs across groups put 1 % above
    faces, groups: that were looked at
    """

    threshold: float
    rate: float
    interval: tuple[float, float]
    own: float
    faces: int
    groups: int

    @property
    def words(self) -> str:
        """The rate in a sentence."""
        low, high = (100 * end for end in self.interval)
        return (
            f"At the threshold {self.threshold:.4f} about {100 * self.rate:.1f} % of pairs of two "
            f"people are called the same here, by their scores alone (95 % interval {low:.1f} to "
            f"{high:.1f} %)."
        )


@dataclass(frozen=True)
class ThresholdFit:
    """Whether the shipped threshold holds on a gallery.

    found:   the false match rate told without labels
    shipped: the share of pairs of two people above the threshold where it was set; None unknown
    unlike:  conditions whose distribution is far from that where it was set, the farthest first,
             with Kolmogorov's distance
    words:   what the user must know, in sentences
    """

    found: LabelFree
    shipped: float | None
    unlike: tuple[tuple[str, float], ...]
    words: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against the threshold here."""
        return _holds(self.found, self.shipped)


def label_free(matrix: ScoreMatrix, threshold: float, task: Task = QUIET) -> LabelFree:
    """The false match rate by scores alone; identities are not looked at.

    Raises XCosError for a matrix of probes, or with too few faces, and Stopped.
    """
    if not matrix.square:
        raise XCosError("Without labels, rates are told of one gallery; leave the probes out.")
    n = len(matrix.scores)
    if n < FEWEST_FACES:
        raise XCosError(
            f"{counted(n, 'face is', 'faces are')} too few to tell a rate without labels; open at least "
            f"{FEWEST_FACES}."
        )
    rng = np.random.default_rng(0)
    chosen = np.arange(n) if n <= MOST_FACES else np.sort(rng.choice(n, MOST_FACES, replace=False))
    scores = matrix.lines(chosen)[:, chosen].astype(np.float64)
    task.report("Grouping faces", 0, 0)
    groups = _groups(scores, threshold)
    above = scores > at_most(threshold)
    np.fill_diagonal(above, False)
    across = groups[:, None] != groups[None]
    rate = _share(above & across, across)
    lows, highs = _drawn(above, across, groups, task)
    tail = np.quantile(scores[across], 1 - WANTED_FAR) if across.any() else threshold
    low, high = (
        float(interval_of(lows)[0]) if rate else 0.0,
        float(interval_of(highs)[1]),
    )
    return LabelFree(
        threshold,
        rate,
        (min(low, rate), max(high, rate)),
        float(tail),
        len(chosen),
        len(np.unique(groups)),
    )


def threshold_fit(
    scored: ScoredGallery, threshold: float, table: ConditionTable | None, task: Task = QUIET
) -> ThresholdFit:
    """Compare a gallery with what the shipped threshold was set on; table None: by scores alone.

    Raises XCosError as `label_free` does, and Stopped.
    """
    estimate = label_free(scored.matrix, threshold, task)
    figures = shipped_figures(scored.card)
    shipped: float | None = None
    unlike: tuple[tuple[str, float], ...] = ()
    if figures is not None and scored.kind in figures["impostor_scores"]:
        kept = np.array(figures["impostor_scores"][scored.kind])
        shipped = float(1 - np.interp(threshold, kept, IMPOSTOR_QUANTILES, left=0.0))
        if table is not None:
            unlike = _unlike(table, figures["conditions"])
    return ThresholdFit(estimate, shipped, unlike, _words(estimate, shipped, unlike))


def _groups(scores: np.ndarray, threshold: float) -> np.ndarray:
    """Groups of faces whose mean score with each other is above the threshold, (n,) numbers.

    Where that leaves less than half of the pairs across groups, which no gallery of several people
    has, the limit is raised: the threshold is far too low here.
    """
    from scipy.cluster.hierarchy import fcluster, linkage

    places = np.triu_indices(len(scores), 1)
    own = (scores + scores.T)[places] / 2
    tree = linkage((1 - own).clip(0), "average")
    raised = np.quantile(own, RAISED)
    groups = np.zeros(len(scores), np.int64)
    for limit in (threshold, *raised[raised > threshold]):
        groups = fcluster(tree, max(0.0, 1 - limit), "distance") - 1
        if (groups[places[0]] != groups[places[1]]).mean() >= 0.5:
            break
    return groups


def _drawn(
    above: np.ndarray, across: np.ndarray, groups: np.ndarray, task: Task
) -> tuple[np.ndarray, np.ndarray]:
    """Shares above the threshold across groups and among all pairs, with groups drawn: (k,) each."""
    count = int(groups.max()) + 1
    member = np.zeros((len(groups), count))
    member[np.arange(len(groups)), groups] = 1
    both = member.T @ above.astype(np.float64) @ member
    sizes = member.sum(axis=0)
    pairs = np.outer(sizes, sizes)
    within = np.diag(both).copy()
    within_pairs = sizes * (sizes - 1)
    np.fill_diagonal(both, 0)
    np.fill_diagonal(pairs, 0)
    lows, highs = [], []
    for (w,) in people_drawn(count, DRAWS, 1, task):
        false, every = w @ both @ w, w @ pairs @ w
        lows.append(false / every if every else np.nan)
        whole = every + w @ within_pairs
        highs.append((false + w @ within) / whole if whole else 1.0)
    return np.array(lows), np.array(highs)


def _unlike(table: ConditionTable, kept: dict[str, list[float]]) -> tuple[tuple[str, float], ...]:
    distances = []
    for name, quantiles in kept.items():
        values = BY_NAME[name].badness(table.columns[name])
        known = np.sort(values[~np.isnan(values)])
        if len(known) < FEWEST_FACES:
            continue
        here = np.searchsorted(known, quantiles, "right") / len(known)
        distance = float(np.abs(here - QUANTILES).max())
        if distance > FAR_OFF:
            distances.append((name, distance))
    return tuple(sorted(distances, key=lambda one: -one[1]))


def _holds(estimate: LabelFree, shipped: float | None) -> bool:
    return shipped is None or estimate.interval[0] <= MUCH * shipped


def _words(
    estimate: LabelFree, shipped: float | None, unlike: tuple[tuple[str, float], ...]
) -> tuple[str, ...]:
    sentences = [estimate.words]
    if shipped is not None:
        sentences.append(f"Where the threshold was set it is {100 * shipped:.1f} %.")
        if not _holds(estimate, shipped):
            sentences.append(
                "So the threshold does not hold here; for a rate of about 1 % take this gallery's "
                f"own, {estimate.own:.4f}."
            )
    if unlike:
        names = ", ".join(BY_NAME[name].title.lower() for name, _ in unlike[:NAMED])
        sentences.append(f"The photos are unlike those that it was set on, most of all in {names}.")
        if shipped is not None and _holds(estimate, shipped):
            sentences.append(
                "False matches do not speak against the threshold, but false non-matches cannot be told "
                "without labels, and such photos may have more: name the people of some photos, and "
                f"look at errors by {BY_NAME[unlike[0][0]].title.lower()} (tab Conditions, or xcos "
                f"conditions --by {unlike[0][0]})."
            )
    return tuple(sentences)


def _share(some: np.ndarray, of: np.ndarray) -> float:
    count = int(of.sum())
    return float(some.sum() / count) if count else 0.0
