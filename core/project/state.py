"""What a project file keeps beside the edits: gallery, model, choices, and where one looked."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import XCosError
from core.faces.choose import GallerySettings
from core.model.card import shipped_with
from core.model.kinds import AttentionKind, Order
from core.model.target_choice import TargetChoice, stored_choice
from core.project.photo_print import PhotoPrint
from core.project.project import Project

SUFFIX = ".xcos"
OTHER_WEIGHTS = (
    "The weights are not those that the project was saved with; scores and thresholds may differ."
)


@dataclass(frozen=True)
class ProjectState:
    """The state of a project. Paths are absolute here, relative to the file's folder in the file.

    model:       weights file; None for those that ship
    fingerprint: of the weights that the thresholds are of
    thresholds:  by attention kind, where the user moved them
    pair:        keys of the two faces looked at
    photos:      by path in the gallery, to find them again after they were moved
    view:        what a window shows, by name; JSON values
    """

    gallery: Path
    probes: Path | None = None
    settings: GallerySettings = GallerySettings()
    model: Path | None = None
    fingerprint: str = ""
    target: TargetChoice | None = None
    kind: AttentionKind = "learned"
    order: Order = "both"
    thresholds: dict[AttentionKind, float] = field(default_factory=dict)
    filter: str = ""
    pair: tuple[str, str] | None = None
    photos: dict[str, PhotoPrint] = field(default_factory=dict)
    view: dict[str, Any] = field(default_factory=dict)

    def other_weights(self, fingerprint: str) -> str | None:
        """A sentence where the project was saved with weights of another fingerprint."""
        return None if self.fingerprint in ("", fingerprint) else OTHER_WEIGHTS

    def to_json(self, file: Path) -> dict[str, Any]:
        """As it is written into a project file."""
        return {
            "gallery": _stored(self.gallery, file),
            "probes": _stored(self.probes, file),
            "faces": self.settings.faces,
            "aligned": self.settings.aligned,
            "model": _stored(self.model, file),
            "fingerprint": self.fingerprint,
            "target": _stored(None if self.target is None else self.target.path, file),
            "target_input": {} if self.target is None else self.target.to_json(),
            "attention": self.kind,
            "order": self.order,
            "thresholds": dict(self.thresholds),
            "filter": self.filter,
            "pair": None if self.pair is None else list(self.pair),
            "photos": {photo: p.to_json() for photo, p in self.photos.items()},
            "view": self.view,
        }


def state_of(project: Project) -> ProjectState:
    """The state that a project file has. Raises XCosError for one that names no gallery.

    What the file lacks, or has unsound (see Project.left_out), is as in a new project: the edits
    are worth more.
    """
    stored, file = project.state, project.path
    gallery = _path_of(stored.get("gallery"), file)
    if gallery is None:
        raise XCosError(
            f"The project {file} names no gallery; open the gallery and save the project anew."
        )
    pair = stored.get("pair")
    return ProjectState(
        gallery,
        _path_of(stored.get("probes"), file),
        GallerySettings(stored.get("faces") or "central", stored.get("aligned") is True),
        # Made with what was the default then, it goes on with that.
        _path_of(stored.get("model"), file) or shipped_with(stored.get("fingerprint") or ""),
        stored.get("fingerprint") or "",
        _target(stored, file),
        stored.get("attention") or "learned",
        stored.get("order") or "both",
        {kind: float(t) for kind, t in (stored.get("thresholds") or {}).items()},
        stored.get("filter") or "",
        None if pair is None else (pair[0], pair[1]),
        {photo: PhotoPrint.from_json(v) for photo, v in (stored.get("photos") or {}).items()},
        stored.get("view") or {},
    )


def _target(stored: dict[str, Any], file: Path) -> TargetChoice | None:
    path = _path_of(stored.get("target"), file)
    return None if path is None else stored_choice(path, stored.get("target_input"))


def _stored(path: Path | None, file: Path) -> str | None:
    if path is None:
        return None
    absolute, folder = Path(os.path.abspath(path)), Path(os.path.abspath(file)).parent
    if absolute.is_relative_to(folder):
        return absolute.relative_to(folder).as_posix()
    return str(absolute)


def _path_of(stored: str | None, file: Path) -> Path | None:
    if not stored:
        return None
    return Path(os.path.abspath(file)).parent / stored
