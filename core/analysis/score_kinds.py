"""What attention is worth on a gallery: which pairs each kind of score decides rightly, and others not.

The paper's Table 2 as a question: uniform (U), correlation (P) and learned (L) attention, the FC
cosine and the target, each at its own threshold, on the same pairs.
"""

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from core.errors import Stopped, XCosError, counted
from core.gallery.gallery import LoadedGallery
from core.model.card import ModelCard
from core.model.kinds import AttentionKind
from core.progress import QUIET, Task
from core.scoring.lists import PairList, ranked
from core.scoring.matrix import ScoreMatrix, at_most, score_matrix
from core.scoring.scored import ScoredGallery
from core.scoring.statistics import Counts, PairStatistics
from core.workarounds import give_back

ScoreKind = Literal["learned", "uniform", "correlation", "fc", "target"]
Thresholds = Literal["set", "own", "eer"]
TITLES: dict[ScoreKind, str] = {
    "learned": "learned attention (L)",
    "uniform": "uniform attention (U)",
    "correlation": "correlation attention (P)",
    "fc": "FC cosine",
    "target": "target cosine",
}
LISTED = 2000  # pairs of a count that are listed
AS_SET, OWN = "as set", "the weights' own"
FROM_EER = "equal error rate of this gallery"


@dataclass(frozen=True)
class KindWorth:
    """One kind of score on the gallery.

    origin: where the threshold is from
    counts: outcomes at it; auc, eer: over all its thresholds, None without both sorts of pairs
    """

    kind: ScoreKind
    threshold: float
    origin: str
    counts: Counts
    auc: float | None
    eer: float | None


@dataclass(frozen=True)
class Exchange:
    """Pairs that a kind saves (it is right, the reference wrong) and loses (the other way round)."""

    saved_genuine: int
    saved_impostor: int
    lost_genuine: int
    lost_impostor: int

    @property
    def saved(self) -> int:
        """All pairs saved."""
        return self.saved_genuine + self.saved_impostor

    @property
    def lost(self) -> int:
        """All pairs lost."""
        return self.lost_genuine + self.lost_impostor


@dataclass(frozen=True, eq=False)
class Worth:
    """Decisions of every kind of score on all pairs of a matrix.

    kinds:   in the order of the bits of same
    same:    (n, m) uint8, bit k set where kind k calls a pair the same
    matrix:  places and identities of the pairs; its scores order the lists
    missing: kinds that the weights or the gallery lack, each with the way out
    own:     the weights' threshold for the matrix's kind; None where they carry none
    """

    kinds: tuple[KindWorth, ...]
    same: np.ndarray
    matrix: ScoreMatrix
    missing: dict[ScoreKind, str]
    own: float | None = None

    def of(self, kind: ScoreKind) -> KindWorth:
        """A kind's figures. Raises XCosError for one that is missing."""
        for worth in self.kinds:
            if worth.kind == kind:
                return worth
        raise XCosError(
            self.missing.get(kind, f"There are no scores of {TITLES[kind]}."),
            "target" if kind == "target" else None,
        )

    def moved(self, threshold: float, statistics: PairStatistics) -> "Worth":
        """The same with another threshold of the matrix's kind, whose statistics are given."""
        bit = [worth.kind for worth in self.kinds].index(self.matrix.kind)
        same, limit = self.same.copy(), at_most(threshold)
        for rows in self.matrix.tiles():
            same[rows] &= np.uint8(255 - (1 << bit))
            same[rows] |= (self.matrix.scores[rows] > limit).astype(np.uint8) << bit
        kinds = list(self.kinds)
        counts = statistics.counts(threshold)
        origin = OWN if threshold == self.own else AS_SET
        if threshold == kinds[bit].threshold:
            origin = kinds[bit].origin
        kinds[bit] = replace(kinds[bit], threshold=threshold, origin=origin, counts=counts)
        return replace(self, kinds=tuple(kinds), same=same)

    def exchange(self, kind: ScoreKind, reference: ScoreKind) -> Exchange:
        """How many pairs a kind saves and loses against another one."""
        counts = np.zeros(4, np.int64)
        every = slice(0, self.matrix.scores.shape[1])
        for rows in self.matrix.tiles():
            genuine = self.matrix.genuine(rows, every)
            used = self.matrix.counted(rows, every) & self.matrix.known(rows, every)
            one, other = self._right(rows, kind, genuine), self._right(rows, reference, genuine)
            used &= one != other
            codes = 2 * other[used].astype(np.uint8) + ~genuine[used]
            counts += np.bincount(codes, minlength=4)
        return Exchange(*counts.tolist())

    def pairs(
        self,
        kind: ScoreKind,
        reference: ScoreKind,
        saved: bool,
        genuine: bool | None = None,
        limit: int = LISTED,
        task: Task = QUIET,
    ) -> PairList:
        """Pairs that a kind saves, or loses, against another one; farthest from the matrix's threshold first."""
        every = slice(0, self.matrix.scores.shape[1])
        own = [worth.threshold for worth in self.kinds if worth.kind == self.matrix.kind]
        threshold = own[0] if own else 0.0

        def sort(rows: slice) -> tuple[np.ndarray, np.ndarray]:
            same = self.matrix.genuine(rows, every)
            one, other = self._right(rows, kind, same), self._right(rows, reference, same)
            wanted = (one == saved) & (other != saved) & self.matrix.known(rows, every)
            if genuine is not None:
                wanted &= same == genuine
            return wanted, np.abs(self.matrix.scores[rows] - threshold)

        return ranked(self.matrix, sort, limit, task)

    def sentence(self, reference: ScoreKind, kind: ScoreKind = "uniform") -> str:
        """What the reference is worth against a kind, in pairs."""
        exchange = self.exchange(kind, reference)
        pairs = self.of(kind).counts.genuine + self.of(kind).counts.impostor
        net = exchange.lost - exchange.saved
        signed = f"{net:+,}".replace("-", "\N{MINUS SIGN}")
        one, other = TITLES[reference], TITLES[kind]
        return (
            f"{one[0].upper()}{one[1:]} is right in {counted(exchange.lost, 'pair')} that {other} gets wrong, and "
            f"wrong in {exchange.saved:,} that it gets right: {signed} of {counted(pairs, 'pair')}."
        )

    def _right(self, rows: slice, kind: ScoreKind, genuine: np.ndarray) -> np.ndarray:
        bit = [worth.kind for worth in self.kinds].index(kind)
        same = (self.same[rows] >> bit & 1).astype(bool)
        right: np.ndarray = same == genuine
        return right


def attention_worth(
    scored: ScoredGallery,
    thresholds: Thresholds = "set",
    given: float | None = None,
    task: Task = QUIET,
) -> Worth:
    """Score a gallery's pairs by every kind, one kind at a time, and keep each pair's decisions.

    scored:     by one attention kind already, whose scores are not computed again
    thresholds: own: what the weights carry, or the equal error rate where they carry none;
                set: the same, but `given` for the kind that the gallery is scored by
    given:      the threshold that was set for that kind, or None
    Memory: one score matrix in float32 and a byte a pair. Raises XCosError, Stopped.
    """
    matrix = scored.matrix
    if not (matrix.rows >= 0).any():
        raise XCosError(
            "No identities are known, so no decision is right or wrong; name the faces."
        )
    same = np.zeros(matrix.scores.shape, np.uint8)
    origin = _Origin(scored.card, matrix.kind, thresholds, given)
    kinds: list[KindWorth] = []
    missing: dict[ScoreKind, str] = {}
    for kind in TITLES:
        if task.stopped():
            raise Stopped("Comparing attention")
        reason = _lacks(kind, scored)
        if reason:
            missing[kind] = reason
            continue
        # A kind's scores have no name here, so that they are gone before the next one's come.
        kinds.append(_judged(_scores(kind, scored, task), kind, origin, same, len(kinds)))
        give_back()
    return Worth(tuple(kinds), same, matrix, missing, scored.card.threshold(matrix.kind))


def _judged(
    scores: ScoreMatrix, kind: ScoreKind, wanted: "_Origin", same: np.ndarray, bit: int
) -> KindWorth:
    """Set a kind's bit where it calls a pair the same; its figures."""
    statistics = PairStatistics.of(scores)
    eer = statistics.eer()
    threshold, origin = wanted.threshold(kind, eer)
    limit = at_most(threshold)
    for tile in scores.tiles():
        same[tile] |= (scores.scores[tile] > limit).astype(np.uint8) << bit
    return KindWorth(
        kind,
        threshold,
        origin,
        statistics.counts(threshold),
        statistics.auc(),
        None if eer is None else eer[0],
    )


def _lacks(kind: ScoreKind, scored: ScoredGallery) -> str | None:
    """Why there are no scores of a kind, and the way out; None where there are."""
    features = [loaded.features for loaded in scored.galleries]
    if kind in get_args(AttentionKind):
        try:
            scored.engine.weights(kind)  # type: ignore[arg-type]
        except XCosError as error:
            return str(error)
    if kind == "fc" and any(one.embedding is None for one in features):
        return f"{scored.card.name} has no fully connected head; use weights that have one."
    if kind == "target" and any(one.target is None for one in features):
        return "There is no target model; choose one."
    return None


@dataclass(frozen=True)
class _Origin:
    """Where thresholds come from."""

    card: ModelCard
    set_kind: AttentionKind
    thresholds: Thresholds
    given: float | None

    def threshold(self, kind: ScoreKind, eer: tuple[float, float] | None) -> tuple[float, str]:
        if self.thresholds == "set" and kind == self.set_kind and self.given is not None:
            return self.given, OWN if self.given == self.card.threshold(kind) else AS_SET
        if self.thresholds != "eer" and kind in self.card.thresholds:
            return self.card.thresholds[kind], OWN
        if eer is None:
            raise XCosError(
                "An equal error rate needs genuine and impostor pairs; name the faces of two people."
            )
        return eer[1], FROM_EER


def _scores(kind: ScoreKind, scored: ScoredGallery, task: Task) -> ScoreMatrix:
    """The matrix by another kind of score, float32."""
    matrix = scored.matrix
    if kind == matrix.kind:
        return matrix
    if kind == "fc" or kind == "target":
        left, right = (_vectors(kind, loaded) for loaded in (scored.rows, scored.columns))
        scores = np.empty(matrix.scores.shape, np.float32)
        for tile in matrix.tiles():
            if task.stopped():
                raise Stopped("Comparing attention")
            task.report(f"Comparing {TITLES[kind]}", tile.start, len(scores))
            np.matmul(left[tile], right.T, out=scores[tile])
    else:
        scores = score_matrix(
            scored.engine, scored.columns, scored.probes, kind, scored.order, task
        ).scores
    return replace(matrix, scores=scores)


def _vectors(kind: ScoreKind, loaded: LoadedGallery) -> np.ndarray:
    vectors = loaded.features.embedding if kind == "fc" else loaded.features.target
    assert vectors is not None
    return vectors
