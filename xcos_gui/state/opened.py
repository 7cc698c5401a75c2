"""What a window has open, and what it was asked to open but has not loaded yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from core.faces.choose import GallerySettings
from core.project.project import Project
from xcos_gui.state.chosen_models import Models

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

    models: to load it with, where they are not those in use
    take:   called when it takes the place
    """

    opened: Opened
    models: Models | None = None
    take: Callable[[], None] | None = None

    def with_settings(self, settings: GallerySettings) -> Asked:
        """The same source with other settings."""
        return replace(self, opened=replace(self.opened, settings=settings))
