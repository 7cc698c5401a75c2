"""What was changed of a gallery in the window, for a notebook that opens it."""

import warnings
from pathlib import Path

from core.faces.choose import GallerySettings
from core.project.kept_settings import settings_of
from core.project.project import Project
from core.project.state import SUFFIX, state_of


def edited_source(source: Path, folder: Path) -> tuple[Path, Project, GallerySettings]:
    """A gallery or a project file: where its photos are, its edits, and how they become faces.

    folder: of the cache, beside which the edits of galleries lie. Raises XCosError for a project
    that cannot be read.
    """
    if source.suffix.lower() == SUFFIX:
        project = Project.read(source.absolute())
        state = state_of(project)
        source, settings = state.gallery, state.settings
    else:
        project = Project.open(source, folder)
        settings = settings_of(project) or GallerySettings()
    if project.warning:
        warnings.warn(project.warning, stacklevel=3)
    return source, project, settings
