"""Which pairs a report is about."""

import numpy as np

from core.errors import XCosError
from core.reports.report import Chosen, ScoredGallery
from core.scoring.lists import PairList, pairs_of
from core.scoring.lists import hardest_pairs as hardest
from core.scoring.matrix import CODE, Outcome

OUTCOME_WORDS: dict[Outcome, str] = {
    "TP": "true accepts",
    "FP": "false accepts",
    "FN": "false rejects",
    "TN": "true rejects",
    "unknown": "pairs of unknown identities",
}


def whole_gallery(scored: ScoredGallery, most: int) -> Chosen:
    """All pairs; shown are the first ones, worst first."""
    pairs = pairs_of(scored.matrix, None, _threshold(scored), most)
    return Chosen(pairs, "all pairs, worst first", True, scored.matrix.pairs)


def of_outcome(
    scored: ScoredGallery,
    outcome: Outcome,
    most: int,
    mask: np.ndarray | None = None,
    words: str | None = None,
) -> Chosen:
    """The pairs of an outcome, worst first; mask, words: of those that pass a filter only.

    Raises XCosError without a threshold.
    """
    if scored.threshold is None:
        raise XCosError(f"{scored.card.name} has no threshold; give one with --threshold.")
    pairs = pairs_of(scored.matrix, outcome, scored.threshold, most, mask)
    every = slice(0, scored.matrix.scores.shape[1])
    total = 0
    for rows in scored.matrix.tiles():
        such = scored.matrix.outcomes(rows, every, scored.threshold) == CODE[outcome]
        total += _counted(scored, rows, such, mask)
    return Chosen(pairs, f"{OUTCOME_WORDS[outcome]}{_that_pass(words)}, worst first", False, total)


def that_pass(scored: ScoredGallery, most: int, mask: np.ndarray, words: str) -> Chosen:
    """The pairs that pass a filter, (n, m) bool, worst first; words: what the filter is called."""
    pairs = pairs_of(scored.matrix, None, _threshold(scored), most, mask)
    everything = np.bool_(True)
    total = sum(_counted(scored, rows, everything, mask) for rows in scored.matrix.tiles())
    return Chosen(pairs, f"pairs{_that_pass(words)}, worst first", False, total)


def hardest_pairs(
    scored: ScoredGallery,
    count: int,
    most: int,
    mask: np.ndarray | None = None,
    words: str | None = None,
) -> Chosen:
    """The closest impostors and the farthest genuine pairs; mask, words: of those that pass."""
    pairs = hardest(scored.matrix, count, mask).listed()
    return Chosen(pairs.head(most), f"the hardest pairs{_that_pass(words)}", False, len(pairs))


def listed_pairs(pairs: PairList, words: str, most: int) -> Chosen:
    """Pairs that were chosen elsewhere."""
    return Chosen(pairs.head(most), words, False, len(pairs))


def one_pair(scored: ScoredGallery, row: int, column: int) -> Chosen:
    """One cell of the matrix."""
    i, j = np.array([row]), np.array([column])
    return Chosen(PairList(i, j, scored.matrix.scores[i, j]), "one pair", False, 1)


def named_pair(scored: ScoredGallery, left: str, right: str) -> Chosen:
    """The pair of two faces by their keys. Raises XCosError for a face that is not there."""
    places = []
    for gallery, key in ((scored.rows.gallery, left), (scored.columns.gallery, right)):
        place = gallery.index().get(key)
        if place is None:
            raise XCosError(
                f"{key} is no face of {gallery.source}; name one by its path there, "
                "as score prints it."
            )
        places.append(place)
    return one_pair(scored, *places)


def _threshold(scored: ScoredGallery) -> float:
    return 0.0 if scored.threshold is None else scored.threshold


def _counted(
    scored: ScoredGallery, rows: slice, such: np.ndarray | np.bool_, mask: np.ndarray | None
) -> int:
    every = slice(0, scored.matrix.scores.shape[1])
    counted = scored.matrix.counted(rows, every) & such
    return int((counted if mask is None else counted & mask[rows]).sum())


def _that_pass(words: str | None) -> str:
    return "" if words is None else f" that pass {words}"
