"""What a matrix can be compared with: other scores of its cells, or other names of its faces."""

from dataclasses import dataclass
from typing import get_args

import numpy as np

from core.errors import XCosError
from core.gallery.told import told_identities
from core.model.kinds import ATTENTION_KINDS, AttentionKind, Order
from core.progress import Task
from core.scoring.difference import Difference, difference, relabelled
from core.scoring.matrix import score_matrix
from core.scoring.scored import ScoredGallery

ORDER_NAMES: dict[Order, str] = {
    "left-right": "left face first",
    "right-left": "right face first",
    "both": "both orders",
}


LABELS = "labels"  # of Asked.against: who the faces were said to be before


@dataclass(frozen=True, eq=False)
class OtherScores:
    """Another scoring of the same cells: its name, scores (n, m), NaN for pairs it lacks, threshold."""

    name: str
    scores: np.ndarray
    threshold: float


def comparisons(
    scored: ScoredGallery, given: OtherScores | None, renamed: bool = False
) -> dict[str, str]:
    """What a matrix can be compared with: names by what Asked.against says.

    renamed: whether the user gave faces other names
    """
    kinds = [k for k in ATTENTION_KINDS if k in scored.card.kinds and k != scored.kind]
    choices = {f"attention:{kind}": f"{kind} attention" for kind in kinds}
    if scored.kind == "learned":
        orders = [order for order in get_args(Order) if order != scored.order]
        choices |= {f"order:{order}": ORDER_NAMES[order] for order in orders}
    choices |= {} if given is None else {"model": given.name}
    return choices | ({LABELS: "the names as found"} if renamed else {})


def other_scores(
    scored: ScoredGallery, against: str, thresholds: dict[AttentionKind, float], task: Task
) -> OtherScores:
    """Score the same faces by another attention or order. Raises XCosError, Stopped."""
    sort, _, name = against.partition(":")
    kind: AttentionKind = name if sort == "attention" else scored.kind  # type: ignore[assignment]
    order: Order = name if sort == "order" else scored.order  # type: ignore[assignment]
    known = comparisons(scored, None)
    if against not in known:
        raise XCosError("The matrix cannot be compared with that any more; choose again.")
    matrix = score_matrix(scored.engine, scored.columns, scored.probes, kind, order, task)
    threshold = other_threshold(scored, against, thresholds)
    return OtherScores(known[against], matrix.scores, threshold)


def other_threshold(
    scored: ScoredGallery, against: str, thresholds: dict[AttentionKind, float]
) -> float:
    """The threshold of what a matrix is compared with, by attention kind. Raises XCosError without one."""
    sort, _, name = against.partition(":")
    kind: AttentionKind = name if sort == "attention" else scored.kind  # type: ignore[assignment]
    threshold = thresholds.get(kind, scored.card.threshold(kind))
    if threshold is None:
        known = comparisons(scored, None)[against]
        raise XCosError(f"There is no threshold for {known}; set one with that attention.")
    return threshold


def compare_names(scored: ScoredGallery, threshold: float) -> Difference:
    """Outcomes by who the faces are now, against who their folders say they are. Raises XCosError."""
    rows, columns = (told_identities(one.gallery) for one in (scored.rows, scored.columns))
    return relabelled(scored, threshold, (rows, columns), "the names as found")


def compare(scored: ScoredGallery, threshold: float, other: OtherScores) -> Difference:
    """The matrix less another scoring of it. Raises XCosError."""
    return difference(scored.matrix, threshold, other.scores, other.threshold, other.name)
