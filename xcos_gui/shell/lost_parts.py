"""What of a project could not be used: it stays in the project until something else is chosen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject

from core.model.target_choice import TargetChoice
from core.project.state import ProjectState
from xcos_gui.state.chosen_models import Models
from xcos_gui.state.session import Session


class LostParts(QObject):
    """Weights, with what is of them, a target, a filter."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._weights: tuple[ProjectState, Path | None] | None = None  # and those in their place
        self._target: TargetChoice | None = None
        self._filter = ""
        session.model_changed.connect(self._on_chosen)
        session.filter_changed.connect(self._on_chosen)

    def forget(self) -> None:
        """Know of nothing that was lost."""
        self._weights, self._target, self._filter = None, None, ""

    def take(self, state: ProjectState, models: Models) -> bool:
        """Note what of a project's state is not in use by now; whether it has other weights.

        models: what it was loaded with, which are not its own where those could not be used
        """
        session = self._session
        others = models.weights != state.model
        stands_in = others and session.models.weights == models.weights
        self._weights = (state, models.weights) if stands_in else None
        self._target = session.models.lost_target
        self._filter = "" if session.filter.text else state.filter
        return others

    def kept(self, state: ProjectState) -> ProjectState:
        """The state of the window with what was lost in its place."""
        if self._weights is not None:
            lost, card = self._weights[0], self._session.card
            kind = state.kind if card is not None and lost.kind in card.kinds else lost.kind
            state = replace(
                state,
                model=lost.model,
                fingerprint=lost.fingerprint,
                thresholds=lost.thresholds,
                kind=kind,
            )
        return replace(
            state, target=state.target or self._target, filter=state.filter or self._filter
        )

    def _on_chosen(self, *_: object) -> None:
        models = self._session.models
        if self._weights is not None and models.weights != self._weights[1]:
            self._weights = None
        if models.lost_target is None:
            self._target = None
        if self._session.filter.text:
            self._filter = ""
