"""What a window has open, and what it was asked to open but has not loaded yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from core.faces.choose import GallerySettings
from core.project.project import Project
from xcos_gui.state.chosen_models import Models

TakeOver = Callable[[Models], None]  # gets what a gallery was loaded with
FIRST_SETTINGS = GallerySettings()  # of a source that was never given others


@dataclass(frozen=True, eq=False)
class Opened:
    """A gallery with its edits, how its photos become faces, and probes if any."""

    source: Path
    project: Project
    settings: GallerySettings
    probes: Path | None = None


@dataclass(frozen=True, eq=False)
class Asked:
    """What takes the place of what is open once its first faces are there.

    models: of its own to load it with; None: those that the user chose
    take:   called one after the other when it takes the place
    own_settings: they are the project's own, so they need not be kept in it
    """

    opened: Opened
    models: Models | None = None
    take: tuple[Callable[[], None], ...] = ()
    own_settings: bool = False

    def and_then(self, take: Callable[[], None]) -> Asked:
        """The same, with something more to call when it takes the place."""
        return replace(self, take=(*self.take, take))

    def with_settings(self, settings: GallerySettings) -> Asked:
        """The same source with other settings."""
        return replace(self, opened=replace(self.opened, settings=settings))
