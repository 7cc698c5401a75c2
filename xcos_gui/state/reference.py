"""What likelihood ratios of the scores that are shown are told by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from core.analysis.evidence.words import shipped_or_none
from core.gallery.cache import Cache
from core.gallery.pipeline import Pipeline, make_here
from xcos_gui.state.settings import Settings
from xcos_gui.state.shown import Shown

if TYPE_CHECKING:
    from core.analysis.evidence.ratios import LikelihoodRatios


class WithReference(Shown):
    """Holds the reference that was chosen for the scores of one model, kind and order."""

    reference_changed = Signal()

    def __init__(
        self, settings: Settings, cache: Cache, device: str = "auto", make: Pipeline = make_here
    ) -> None:
        super().__init__(settings, cache, device, make)
        # With the model, kind and order that they are of.
        self._chosen_ratios: tuple[object, LikelihoodRatios] | None = None
        self._shipped_ratios: tuple[object, LikelihoodRatios | None] = (None, None)
        self.attention_changed.connect(self._leave_reference)
        self.model_changed.connect(self._leave_reference)

    @property
    def ratios(self) -> LikelihoodRatios | None:
        """Likelihood ratios by the reference that was chosen, else by the one that ships; None: neither."""
        card, kind, order = self.judged
        if card is None:
            return None
        asked = self._scored_by()
        if self._chosen_ratios is not None and self._chosen_ratios[0] == asked:
            return self._chosen_ratios[1]
        if self._shipped_ratios[0] != asked:
            self._shipped_ratios = asked, shipped_or_none(card, kind, order)
        return self._shipped_ratios[1]

    def use_reference(self, ratios: LikelihoodRatios | None) -> None:
        """Tell likelihood ratios by a reference for the scores of now; None: by the one that ships."""
        self._chosen_ratios = None if ratios is None else (self._scored_by(), ratios)
        self.reference_changed.emit()

    def _scored_by(self) -> object:
        card, kind, order = self.judged
        return None if card is None else (card.fingerprint, kind, order)

    def _leave_reference(self) -> None:
        # A reference is of the scores of one model, kind and order.
        if self._chosen_ratios is not None and self._chosen_ratios[0] != self._scored_by():
            name = self._chosen_ratios[1].reference
            self.use_reference(None)
            self.message.emit(
                f"Likelihood ratios are no longer by {name}, which was scored another way; choose it "
                "again under Strength of evidence."
            )
