"""What a report holds, collected once; the writers only lay it out."""

from dataclasses import dataclass, field, replace

import numpy as np

from core.errors import Stopped, XCosError
from core.explain.colours import ColourLimits
from core.explain.explain import colour_limits, explain_pairs, pair_regions
from core.explain.explanation import PairDecision, PairExplanation
from core.explain.words import region_evidence
from core.faces.face import SIDE, Problem
from core.gallery.cache import Cache
from core.gallery.gallery import LoadedGallery
from core.gallery.opening import crop_of
from core.progress import QUIET, Task
from core.project.edits import Edits
from core.project.sides import EditsOfSides, edits_of_sides
from core.reports.faces import Names, Pictures, as_shown
from core.reports.findings import findings
from core.reports.record import Record, make_record
from core.scoring.lists import PairList
from core.scoring.matrix import OUTCOMES, Outcome, outcome_codes
from core.scoring.scored import ScoredGallery
from core.scoring.statistics import PairStatistics

MOST_DRAWN = 200  # pairs with pictures, unless asked for more
MATRIX_SIDE = 600  # pixels at most of the matrix's picture
GREY = 128  # of a face whose photo is gone


@dataclass(frozen=True, eq=False)
class ReportSource:
    """All that a report is made from.

    threshold: None for weights without one; cache: has the faces' crops
    edits:     of the probes' project and of the gallery's, which has decisions and readings
    """

    scored: ScoredGallery
    threshold: float | None
    cache: Cache
    edits: EditsOfSides = field(default_factory=lambda: edits_of_sides(Edits()))

    @property
    def estimated(self) -> bool:
        """Whether scores are estimates yet."""
        return self.scored.refinement is not None


@dataclass(frozen=True, eq=False)
class Chosen:
    """Which pairs a report is about.

    pairs: of the matrix, in the order to show; words: what they are, as "the listed pairs"
    whole: the report is about all pairs, and these are only the ones shown
    total: how many there are, of which pairs may be the first
    statistics: of all of these; None: of the whole gallery, or of pairs that are all shown
    """

    pairs: PairList
    words: str
    whole: bool
    total: int
    statistics: PairStatistics | None = None


@dataclass(frozen=True)
class ReportOptions:
    """How to report.

    title:     None: the gallery's name
    pictures:  faces as they are, blurred, or left out
    anonymous: people and photos are called by numbers, and no path is named
    limits:    colour limits of the maps; None: from the pairs
    record:    what the report can be checked by is told too: digests, versions, who decided what,
               and what is found of the whole gallery
    by:        conditions, columns or tags by which a record tells errors
    """

    title: str | None = None
    pictures: Pictures = "shown"
    anonymous: bool = False
    limits: ColourLimits | None = None
    record: bool = False
    by: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class ReportedPair(PairDecision):
    """One pair of a report, named as the report names faces.

    outcome:  None without a threshold
    regions:  (7, 7) names of the cells
    pictures: the left and the right face (112, 112, 3) uint8, or None where left out
    """

    people: tuple[str | None, str | None]
    outcome: Outcome | None
    regions: np.ndarray
    pictures: tuple[np.ndarray | None, np.ndarray | None]

    @property
    def region_evidence(self) -> dict[str, float]:
        """Evidence by region, summing to score - threshold; empty without a threshold."""
        if self.threshold is None:
            return {}
        return region_evidence(self.explanation, self.threshold, self.regions)


@dataclass(frozen=True, eq=False)
class GalleryReport:
    """A report's contents.

    faces, people: how many the gallery (with its probes) has, people of known identity
    words, total:  what pairs are shown, and how many of them there are
    statistics:    of all pairs, for a report on the whole gallery, else of the chosen ones, shown
                   or not
    matrix:        (n, m) float32 scores thinned for drawing, or None where it is not shown
    problems:      files that gave no face; nameless where anonymous
    remarks:       sentences on what the reader should know
    record:        what the report can be checked by, or None
    """

    title: str
    model: str
    kind: str
    order: str
    threshold: float | None
    faces: int
    people: int
    words: str
    total: int
    whole: bool
    pairs: tuple[ReportedPair, ...]
    statistics: PairStatistics
    matrix: np.ndarray | None
    limits: ColourLimits
    options: ReportOptions
    problems: tuple[Problem, ...] = ()
    remarks: tuple[str, ...] = field(default=())
    record: Record | None = None

    @property
    def caption(self) -> str:
        """What every score of the report was made with."""
        limit = "no threshold" if self.threshold is None else f"threshold {self.threshold:.4f}"
        return f"{self.model}, {self.kind} attention, order {self.order}, {limit}"

    @property
    def shown(self) -> str:
        """Which pairs are shown, in words."""
        if len(self.pairs) == self.total:
            return f"{self.words}: {self.total:,} pair{'' if self.total == 1 else 's'}"
        return f"{self.words}: the first {len(self.pairs):,} of {self.total:,} pairs"


def collect(
    source: ReportSource,
    chosen: Chosen,
    options: ReportOptions = ReportOptions(),
    task: Task = QUIET,
) -> GalleryReport:
    """Explain the chosen pairs, and gather what a report says of the gallery.

    Raises XCosError when there is no pair, and Stopped.
    """
    if not len(chosen.pairs):
        raise XCosError(f"There is no pair to report ({chosen.words}); choose others.")
    names = Names(source.scored.rows, source.scored.columns, options.anonymous)
    explained, limits = _explained(source, chosen.pairs, names, task)
    faces = _Faces(source, options.pictures)
    listed = chosen.pairs
    if source.estimated:
        exact = np.array([explanation.score for explanation in explained], np.float32)
        listed = PairList(listed.rows, listed.columns, exact)
    outcomes = _outcomes(source, listed)
    pairs = []
    for number, explanation in enumerate(explained):
        if task.stopped():
            raise Stopped("The report")
        task.report("Collecting pairs", number, len(explained))
        i, j = int(listed.rows[number]), int(listed.columns[number])
        pairs.append(
            ReportedPair(
                explanation,
                source.threshold,
                (names.person(source.scored.rows, i), names.person(source.scored.columns, j)),
                outcomes[number],
                pair_regions(source.scored, i, j),
                (faces.picture(source.scored.rows, i), faces.picture(source.scored.columns, j)),
            )
        )
    task.report("Collecting pairs", len(explained), len(explained))
    galleries = source.scored.galleries
    problems = [p for g in galleries for p in g.gallery.problems]
    title = (
        "Face verification report"
        if options.anonymous
        else source.scored.columns.gallery.source.name
    )
    return GalleryReport(
        options.title or title,
        source.scored.card.name,
        source.scored.matrix.kind,
        source.scored.matrix.order,
        source.threshold,
        sum(len(g) for g in galleries),
        len({f.identity for g in galleries for f in g.gallery.faces} - {None}),
        chosen.words,
        chosen.total,
        chosen.whole,
        tuple(pairs),
        _statistics(source, chosen, listed),
        _thinned(source.scored.matrix.scores)
        if chosen.whole and source.scored.matrix.square
        else None,
        options.limits or limits,
        options,
        tuple(_nameless(problems) if options.anonymous else problems),
        (*_remarks(source), *faces.lost),
        _record(source, listed, options, task),
    )


def _record(
    source: ReportSource, pairs: PairList, options: ReportOptions, task: Task
) -> Record | None:
    if not options.record:
        return None
    if options.anonymous:
        raise XCosError(
            "A record names photos by their digests, so it cannot be without names; leave one out."
        )
    scored, threshold, edits, cache = source.scored, source.threshold, source.edits, source.cache
    record = make_record(scored, pairs, threshold, edits, cache, task)
    if threshold is None:
        return record
    about = findings(scored, threshold, edits, cache, options.by, task)
    return replace(record, about=(*record.about, *about))


def _explained(
    source: ReportSource, pairs: PairList, names: Names, task: Task
) -> tuple[list[PairExplanation], ColourLimits]:
    scored = source.scored
    explanations = [
        replace(
            explanation,
            left=names.face(scored.rows, int(row)),
            right=names.face(scored.columns, int(column)),
        )
        for explanation, row, column in zip(
            explain_pairs(scored, pairs, task),
            pairs.rows,
            pairs.columns,
            strict=True,
        )
    ]
    # A few faces fix the colours: all pairs of many would take longer than the report.
    return explanations, colour_limits(
        scored.part(np.unique(pairs.rows)[:300], np.unique(pairs.columns)[:300])
    )


class _Faces:
    """Pictures and landmarks of faces, each made once."""

    def __init__(self, source: ReportSource, pictures: Pictures) -> None:
        self._cache, self._pictures = source.cache, pictures
        self._made: dict[str, np.ndarray | None] = {}
        self.lost: list[str] = []

    def picture(self, of: LoadedGallery, place: int) -> np.ndarray | None:
        face = of.gallery.faces[place]
        if self._pictures == "none":
            return None
        if face.digest not in self._made:
            try:
                crop = crop_of(face, of.gallery.root, self._cache)
            except XCosError:
                crop = np.full((SIDE, SIDE, 3), GREY, np.uint8)
                self.lost = ["Grey squares stand for faces whose photos are gone."]
            self._made[face.digest] = as_shown(crop, self._pictures)
        return self._made[face.digest]


def _outcomes(source: ReportSource, pairs: PairList) -> list[Outcome | None]:
    if source.threshold is None:
        return [None] * len(pairs)
    same, known = _sorts(source, pairs)
    codes = outcome_codes(pairs.scores, same, known, source.threshold)
    return [OUTCOMES[code] for code in codes.tolist()]


def _sorts(source: ReportSource, pairs: PairList) -> tuple[np.ndarray, np.ndarray]:
    """Which pairs are genuine, and which have two known identities."""
    own, other = source.scored.matrix.rows[pairs.rows], source.scored.matrix.columns[pairs.columns]
    known = (own >= 0) & (other >= 0)
    return (own == other) & known, known


def _statistics(source: ReportSource, chosen: Chosen, listed: PairList) -> PairStatistics:
    if chosen.whole:
        return source.scored.statistics
    # Pairs that are all shown have exact scores, where the matrix may have estimates yet.
    if chosen.statistics is None or len(listed) == chosen.total:
        return statistics_of(source, listed)
    return chosen.statistics


def statistics_of(source: ReportSource, pairs: PairList) -> PairStatistics:
    """Counts, rates and curves over some pairs alone."""
    same, known = _sorts(source, pairs)
    return PairStatistics(
        np.sort(pairs.scores[same]),
        np.sort(pairs.scores[known & ~same]),
        int((~known).sum()),
    )


def _remarks(source: ReportSource) -> list[str]:
    remarks = []
    if source.estimated:
        remarks.append(
            "Counts, rates and curves are of estimated scores: they were not all computed yet. "
            "The pairs shown are exact."
        )
    if source.threshold is None:
        remarks.append(f"{source.scored.card.name} has no threshold, so there are no decisions.")
    return remarks


def _nameless(problems: list[Problem]) -> list[Problem]:
    reason = "This photo gave no face; its name and the reason are left out."
    return [
        replace(problem, file=f"photo {number}", reason=reason)
        for number, problem in enumerate(problems, start=1)
    ]


def _thinned(scores: np.ndarray) -> np.ndarray:
    step = max(1, -(-len(scores) // MATRIX_SIDE))
    thinned: np.ndarray = scores[::step, ::step]
    return thinned
