"""The thresholds that the user moved: each is of some weights and an attention kind."""

from __future__ import annotations

from collections.abc import Mapping

from core.model.card import ModelCard
from core.model.kinds import AttentionKind


class MovedThresholds:
    """By the weights' fingerprint, so that weights chosen again have theirs again."""

    def __init__(self) -> None:
        self._moved: dict[str, dict[AttentionKind, float]] = {}

    def of(self, card: ModelCard | None) -> dict[AttentionKind, float]:
        """Those of some weights, by attention kind."""
        return dict(self._moved.get(card.fingerprint, {})) if card is not None else {}

    def threshold(self, card: ModelCard | None, kind: AttentionKind) -> float | None:
        """The one that was moved, else the weights' own; None without either."""
        own = None if card is None else card.threshold(kind)
        return self.of(card).get(kind, own)

    def move(self, card: ModelCard | None, kind: AttentionKind, threshold: float | None) -> None:
        """Move one; None: back to the weights' own."""
        moved = {k: t for k, t in self.of(card).items() if k != kind}
        self.replace(card, moved if threshold is None else moved | {kind: float(threshold)})

    def replace(self, card: ModelCard | None, moved: Mapping[AttentionKind, float]) -> None:
        """Take others for some weights."""
        if card is not None:
            self._moved[card.fingerprint] = dict(moved)
