"""Which pairs a report is about."""

import numpy as np

from core.errors import XCosError
from core.reports.report import Chosen, ReportSource, statistics_of
from core.scoring.lists import PairList, pairs_of
from core.scoring.lists import hardest_pairs as hardest
from core.scoring.matrix import CODE, Outcome
from core.scoring.statistics import PairStatistics

OUTCOME_WORDS: dict[Outcome, str] = {
    "TP": "true accepts",
    "FP": "false accepts",
    "FN": "false rejects",
    "TN": "true rejects",
    "unknown": "pairs of unknown identities",
}


def whole_gallery(source: ReportSource, most: int) -> Chosen:
    """All pairs; shown are the first ones, worst first."""
    pairs = pairs_of(source.scored.matrix, None, _threshold(source), most)
    return Chosen(pairs, "all pairs, worst first", True, source.scored.matrix.pairs)


def of_outcome(
    source: ReportSource,
    outcome: Outcome,
    most: int,
    mask: np.ndarray | None = None,
    words: str | None = None,
) -> Chosen:
    """The pairs of an outcome, worst first; mask, words: of those that pass a filter only.

    Raises XCosError without a threshold.
    """
    if source.threshold is None:
        raise XCosError(f"{source.scored.card.name} has no threshold; set one.", "threshold")
    pairs = pairs_of(source.scored.matrix, outcome, source.threshold, most, mask)
    matrix, threshold = source.scored.matrix, source.threshold
    every = slice(0, matrix.scores.shape[1])

    def such(rows: slice) -> np.ndarray:
        cells: np.ndarray = matrix.outcomes(rows, every, threshold) == CODE[outcome]
        return cells if mask is None else cells & mask[rows]

    counted = PairStatistics.of(matrix, such)
    title = f"{OUTCOME_WORDS[outcome]}{_that_pass(words)}, worst first"
    return Chosen(pairs, title, False, counted.pairs, counted)


def that_pass(source: ReportSource, most: int, mask: np.ndarray, words: str) -> Chosen:
    """The pairs that pass a filter, (n, m) bool, worst first; words: what the filter is called."""
    pairs = pairs_of(source.scored.matrix, None, _threshold(source), most, mask)
    counted = PairStatistics.of(source.scored.matrix, lambda rows: mask[rows])
    return Chosen(pairs, f"pairs{_that_pass(words)}, worst first", False, counted.pairs, counted)


def hardest_pairs(
    source: ReportSource,
    count: int,
    most: int,
    mask: np.ndarray | None = None,
    words: str | None = None,
) -> Chosen:
    """The closest impostors and the farthest genuine pairs; mask, words: of those that pass."""
    pairs = hardest(source.scored.matrix, count, mask).listed()
    return listed_pairs(source, pairs, f"the hardest pairs{_that_pass(words)}", most)


def listed_pairs(source: ReportSource, pairs: PairList, words: str, most: int) -> Chosen:
    """Pairs that were chosen elsewhere."""
    return Chosen(pairs.head(most), words, False, len(pairs), statistics_of(source, pairs))


def one_pair(source: ReportSource, row: int, column: int) -> Chosen:
    """One cell of the matrix."""
    i, j = np.array([row]), np.array([column])
    return Chosen(PairList(i, j, source.scored.matrix.scores[i, j]), "one pair", False, 1)


def named_pair(source: ReportSource, left: str, right: str) -> Chosen:
    """The pair of two faces by their keys. Raises XCosError for a face that is not there."""
    places = []
    for gallery, key in (
        (source.scored.rows.gallery, left),
        (source.scored.columns.gallery, right),
    ):
        place = gallery.index().get(key)
        if place is None:
            raise XCosError(
                f"{key} is no face of {gallery.source}; name one by its path there, "
                "as score prints it."
            )
        places.append(place)
    if not source.scored.matrix.is_pair(*places):
        raise XCosError(f"{left} and {right} are one face, which is no pair; name two faces.")
    return one_pair(source, *places)


def _threshold(source: ReportSource) -> float:
    return 0.0 if source.threshold is None else source.threshold


def _that_pass(words: str | None) -> str:
    return "" if words is None else f" that pass {words}"
