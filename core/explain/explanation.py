"""Why one pair scored as it did."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core.explain import formula
from core.explain.colours import MapName
from core.model.card import KEPT_POWER, HidingLaw, ModelCard
from core.model.kinds import AttentionKind, Order

LEAST_LEFT = 1e-9  # of attention's weight: with less, no cell is left to give a score


@dataclass(frozen=True, eq=False)
class PairExplanation:
    """Why one pair scored as it did. Row 0 of a map is the top of the face.

    left, right:   keys of the two faces
    model:         name of the weights
    cosine:        (7, 7) float64 in [-1, 1], S: likeness per cell
    attention:     (7, 7) float64, W; for learned and uniform >= 0 with sum 1
    target_cosine: the target model's cosine of the pair, or None without a target
    fc_cosine:     cosine of the fully connected head's embeddings, or None without a head
    law:           what this attention does where a part of a face is hidden (see law_of)
    """

    left: str
    right: str
    model: str
    kind: AttentionKind
    order: Order
    cosine: np.ndarray
    attention: np.ndarray
    target_cosine: float | None = None
    fc_cosine: float | None = None
    law: HidingLaw = "additive"

    @property
    def contribution(self) -> np.ndarray:
        """(7, 7): W*S, what each cell gave; sums to the score."""
        return formula.contribution(self.cosine, self.attention)

    @property
    def score(self) -> float:
        """The xCos score: the sum of W*S over the 49 cells."""
        return float(formula.score(self.cosine, self.attention))

    def evidence(self, threshold: float) -> np.ndarray:
        """(7, 7): W*S - t*W/sum(W); positive speaks for "same"; sums to score - threshold."""
        return formula.evidence(self.cosine, self.attention, threshold)

    def without(self, covered: np.ndarray) -> float:
        """The score that this explanation predicts when a part of the face is hidden.

        covered: (7, 7) in [0, 1], the share of each cell that is hidden. By the additive law
        hidden cells give nothing more; by the others attention leaves them, and the score is that
        of the others, 0 where none is left.
        """
        return float(self.evidence_without(covered, 0.0).sum())

    def evidence_without(self, covered: np.ndarray, threshold: float) -> np.ndarray:
        """(7, 7): the evidence that is then predicted; sums to without(covered) - threshold."""
        if self.law == "additive":
            return self.evidence(threshold) - self.contribution * covered
        left, whole = self.attention * (1 - covered) ** KEPT_POWER[self.law], self.attention.sum()
        if left.sum() <= LEAST_LEFT:
            nothing: np.ndarray = -threshold * self.attention / whole
            return nothing
        return formula.evidence(self.cosine, left * (whole / left.sum()), threshold)

    def predicted_change(self, covered: np.ndarray) -> float:
        """The change of the score when a part of the face is hidden: without(covered) - score."""
        return self.without(covered) - self.score


@dataclass(frozen=True, eq=False)
class PairDecision:
    """A pair at a threshold: same means score > threshold; None where there is no threshold."""

    explanation: PairExplanation
    threshold: float | None

    @property
    def same(self) -> bool | None:
        """The decision, or None without a threshold."""
        return None if self.threshold is None else self.explanation.score > self.threshold

    @property
    def evidence(self) -> np.ndarray | None:
        """(7, 7), as PairExplanation.evidence; None without a threshold."""
        return None if self.threshold is None else self.explanation.evidence(self.threshold)

    def map_of(self, name: MapName) -> np.ndarray | None:
        """One of the maps (7, 7) by its name; None for evidence without a threshold."""
        if name == "evidence":
            return self.evidence
        values: np.ndarray = getattr(self.explanation, name)
        return values


def law_of(card: ModelCard, kind: AttentionKind) -> HidingLaw:
    """The law that an attention kind of some weights obeys: a fixed one cannot leave a cell."""
    return card.law if kind == "learned" else "additive"


def shared_limits(
    decided: Iterable[PairDecision], names: Iterable[MapName]
) -> dict[MapName, float]:
    """Upper ends of colours under which some pairs' maps can be compared; 1 for a map of nothing."""
    pairs = list(decided)
    limits: dict[MapName, float] = {}
    for name in names:
        maps = [values for pair in pairs if (values := pair.map_of(name)) is not None]
        limits[name] = max((float(np.abs(values).max()) for values in maps), default=0.0) or 1.0
    return limits
