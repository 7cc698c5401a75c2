"""Whose scores a threshold is of, and the thresholds that the user moved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import Signal

from core.model.attention_weights import score_reach
from core.model.card import ModelCard
from core.model.kinds import AttentionKind, Order
from xcos_gui.state.messages import Messages


class Judged(NamedTuple):
    """What scores are by; no weights before some could be read."""

    card: ModelCard | None
    kind: AttentionKind
    order: Order


class MovedThresholds:
    """By gallery and the weights' fingerprint, so that what is chosen again has its own again.

    One that no score reaches, as a project may have it, is the bound of scores: it decides alike.
    gallery: the project file of the one that is open; None before the first, which takes what was moved
    """

    def __init__(self) -> None:
        self._moved: dict[Path | None, dict[str, dict[AttentionKind, float]]] = {None: {}}
        self.gallery: Path | None = None

    def enter(self, gallery: Path | None, same: bool = False) -> None:
        """Go on with another gallery's thresholds; same: the open one by another project file."""
        before = self._moved[self.gallery]
        known = before if same else self._moved.get(gallery, {})
        if self.gallery is None:
            known, self._moved[None] = known | before, {}
        self._moved[gallery], self.gallery = dict(known), gallery

    def of(self, card: ModelCard | None) -> dict[AttentionKind, float]:
        """Those of some weights in the open gallery, by attention kind."""
        return {} if card is None else dict(self._moved[self.gallery].get(card.fingerprint, {}))

    def threshold(self, judged: Judged) -> float | None:
        """The one that was moved, else the weights' own; None without either."""
        card, kind, _ = judged
        own = None if card is None else card.threshold(kind)
        return self.of(card).get(kind, own)

    def move(self, judged: Judged, threshold: float | None) -> None:
        """Move one; None: back to the weights' own."""
        card, kind, _ = judged
        moved = {k: t for k, t in self.of(card).items() if k != kind}
        self.replace(card, moved if threshold is None else moved | {kind: float(threshold)})

    def replace(self, card: ModelCard | None, moved: Mapping[AttentionKind, float]) -> None:
        """Take others for some weights."""
        if card is not None:
            within = {k: _within(card, k, t) for k, t in moved.items()}
            self._moved[self.gallery][card.fingerprint] = within


def _within(card: ModelCard, kind: AttentionKind, threshold: float) -> float:
    reach = score_reach(kind, card.correlation)
    return min(max(threshold, -reach), reach)


class Thresholds(Messages):
    """The threshold of the scores that are shown."""

    threshold_changed = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.moved_thresholds = MovedThresholds()

    @property
    def in_use(self) -> Judged:
        """What scores are computed by from now on; those of it may not be shown yet."""
        raise NotImplementedError

    @property
    def judged(self) -> Judged:
        """What the scores that the threshold is of are by."""
        return self.in_use

    @property
    def own_threshold(self) -> float | None:
        """The user's threshold, else the weights' own; None without either."""
        return self.moved_thresholds.threshold(self.judged)

    @property
    def threshold(self) -> float:
        """The user's threshold, else the weights' own, else 0."""
        return 0.0 if self.own_threshold is None else self.own_threshold

    def enter_gallery(self, gallery: Path) -> None:
        """Go on with the thresholds moved for a gallery, by its project file."""
        if gallery != self.moved_thresholds.gallery:
            self.moved_thresholds.enter(gallery)
            self.threshold_changed.emit(self.threshold)

    def set_threshold(self, threshold: float | None) -> None:
        """Move the threshold; None: back to the weights' own. No model is run."""
        self.moved_thresholds.move(self.judged, threshold)
        self.threshold_changed.emit(self.threshold)
