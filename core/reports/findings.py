"""What a record tells of the whole gallery: threshold, errors by condition and group, persons, readers."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from core.analysis.conditions.by_condition import by_condition
from core.analysis.conditions.measured import ConditionTable, Measurer
from core.analysis.conditions.slices import worst_slices
from core.analysis.conditions.traits import traits_of
from core.analysis.evidence.words import times
from core.analysis.grouping import group_by
from core.analysis.groups import Rate, group_rates
from core.analysis.persons import Fusion, identify
from core.analysis.readers.agreement import readers_of, readers_words
from core.analysis.threshold_fit import threshold_fit
from core.errors import Stopped, XCosError, counted
from core.faces.conditions import BY_NAME
from core.gallery.cache import Cache
from core.progress import QUIET, Task
from core.project.readings import readings_of
from core.project.sides import EditsOfSides
from core.scoring.scored import ScoredGallery

MOST_SLICES = 3
BY: dict[Fusion, str] = {
    "features": "by the mean of the features of each person's photos",
    "best": "by the best photo",
    "mean": "by the mean of the photos' scores",
}
Finding = tuple[str, str]  # a name, and what is said


def findings(
    scored: ScoredGallery,
    threshold: float,
    edits: EditsOfSides,
    cache: Cache,
    by: Sequence[str] = (),
    task: Task = QUIET,
) -> tuple[Finding, ...]:
    """Sentences on a gallery at a threshold; one that cannot be told says why not. Raises Stopped.

    by: conditions, columns or tags by which errors are told too
    """
    table = Measurer(cache).table(scored, threshold, task)
    at = scored, threshold
    sections: list[tuple[str, Callable[[], Iterable[str]]]] = [
        ("Whether the threshold holds", lambda: threshold_fit(*at, table, task).words),
        ("Where the model does worst", partial(_worst, *at, table, edits, task)),
        ("Identification", partial(_persons, *at, task)),
    ]
    for name in by:
        if name in BY_NAME:
            ranges = partial(_ranges, *at, table, name, task)
            sections.append((f"By {BY_NAME[name].title.lower()}", ranges))
        else:
            sections.append((f"By {name}", partial(_groups, *at, edits, name, task)))
    if edits[1].readings:
        readings = readings_of(edits[1].readings)
        sections.append(("Readers", lambda: readers_words(readers_of(scored, readings))))
    return tuple((name, _joined(sentences)) for name, sentences in sections)


def _joined(sentences: Callable[[], Iterable[str]]) -> str:
    try:
        return " ".join(sentences())
    except Stopped:
        raise
    except XCosError as error:
        return f"Not told: {error}"


def _worst(
    scored: ScoredGallery, threshold: float, table: ConditionTable, edits: EditsOfSides, task: Task
) -> Iterator[str]:
    slices = worst_slices(scored, threshold, table, traits_of(scored, edits), task)
    yield from (one.words for one in slices[:MOST_SLICES])
    if not slices:
        yield "No slice has more errors than all pairs of its sort."


def _persons(scored: ScoredGallery, threshold: float, task: Task) -> Iterator[str]:
    ranked = identify(scored, task=task)
    yield f"{counted(len(ranked.probes), 'probe')} against {counted(len(ranked.persons), 'person', 'people')}, {BY[ranked.fusion]}."
    if (ranked.truth >= 0).any():
        yield f"Rank 1: {100 * ranked.cmc()[0]:.1f} %."
    for name, rate in zip(("FPIR", "FNIR"), ranked.rates(threshold), strict=True):
        if rate is not None:
            yield f"{name} {100 * rate:.1f} %."


def _ranges(
    scored: ScoredGallery, threshold: float, table: ConditionTable, name: str, task: Task
) -> Iterator[str]:
    ranges = by_condition(scored, threshold, table, name, task=task)
    for place, one in enumerate(ranges.ranges):
        worth = "" if one.worth is None else f", LR at the threshold {times(one.worth.log10_lr)}"
        yield (
            f"{ranges.title(place)}: FMR {_rate(one.fmr, one.fmr_interval)} of "
            f"{one.impostor:,} pairs, FNMR {_rate(one.fnmr, one.fnmr_interval)} of {one.genuine:,}"
            f"{worth}."
        )
    yield ranges.words
    if ranges.condition.limits:
        yield ranges.condition.limits


def _groups(
    scored: ScoredGallery, threshold: float, edits: EditsOfSides, name: str, task: Task
) -> Iterator[str]:
    galleries = [loaded.gallery for loaded in scored.galleries]
    rates = group_rates(scored, threshold, group_by(name, galleries, edits), task)
    for group in rates.groups:
        yield (
            f"{group.name} ({counted(group.people, 'person', 'people')}): FMR {_of_group(group.fmr)}, FNMR "
            f"{_of_group(group.fnmr)}."
        )
    yield f"Across groups: FMR {_of_group(rates.all_cross)}."
    for title, whole in (("FDR", rates.fdr), ("GARBE", rates.garbe)):
        if whole is not None:
            value, ends = whole
            interval = "" if ends is None else f" ({ends[0]:.4f} to {ends[1]:.4f})"
            yield f"{title} {value:.4f}{interval}."
    yield from rates.words


def _of_group(rate: Rate) -> str:
    return f"{_rate(rate.value, rate.interval)} of {rate.pairs:,}"


def _rate(value: float | None, interval: tuple[float, float] | None) -> str:
    if value is None:
        return "not known"
    if interval is None:
        return f"{100 * value:.2f} %"
    return f"{100 * value:.2f} % ({100 * interval[0]:.2f} to {100 * interval[1]:.2f})"
