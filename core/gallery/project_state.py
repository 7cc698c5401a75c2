"""What a project file keeps beside the edits: gallery, model, choices, and where one looked."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import XCosError
from core.faces.choose import FACE_POLICIES
from core.gallery.gallery import GallerySettings
from core.gallery.moved import PhotoPrint
from core.gallery.project import Project
from core.model.kinds import ATTENTION_KINDS, ORDERS, AttentionKind, Order
from core.model.target_choice import TargetChoice, stored_choice

SUFFIX = ".xcos"


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

    A value that cannot be read is replaced by its default: the edits are worth more.
    """
    said, file = project.state, project.path
    gallery = _found(said.get("gallery"), file)
    if gallery is None:
        raise XCosError(
            f"The project {file} names no gallery; open the gallery and save the project anew."
        )
    faces, kind, order = said.get("faces"), said.get("attention"), said.get("order")
    thresholds = said.get("thresholds")
    known = thresholds if isinstance(thresholds, dict) else {}
    pair = said.get("pair")
    both = pair if isinstance(pair, list) and [type(k) for k in pair] == [str, str] else None
    photos, view = said.get("photos"), said.get("view")
    return ProjectState(
        gallery,
        _found(said.get("probes"), file),
        GallerySettings(
            faces if faces in FACE_POLICIES else "central", said.get("aligned") is True
        ),
        _found(said.get("model"), file),
        str(said.get("fingerprint", "")),
        _target(said, file),
        kind if kind in ATTENTION_KINDS else "learned",
        order if order in ORDERS else "both",
        {k: float(known[k]) for k in ATTENTION_KINDS if isinstance(known.get(k), int | float)},
        str(said.get("filter") or ""),
        None if both is None else (both[0], both[1]),
        {str(k): PhotoPrint.from_json(v) for k, v in photos.items()}
        if isinstance(photos, dict)
        else {},
        view if isinstance(view, dict) else {},
    )


def _target(said: dict[str, Any], file: Path) -> TargetChoice | None:
    path = _found(said.get("target"), file)
    if path is None:
        return None
    try:
        return stored_choice(path, said.get("target_input"))
    except XCosError:
        return TargetChoice(path)


def _stored(path: Path | None, file: Path) -> str | None:
    if path is None:
        return None
    absolute, folder = Path(os.path.abspath(path)), Path(os.path.abspath(file)).parent
    if absolute.is_relative_to(folder):
        return absolute.relative_to(folder).as_posix()
    return str(absolute)


def _found(said: object, file: Path) -> Path | None:
    if not isinstance(said, str) or not said:
        return None
    return Path(os.path.abspath(file)).parent / said
