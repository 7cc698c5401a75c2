"""A gallery: faces of photos, who they show, and the photos that gave none."""

import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from core.faces.face import Face, Problem
from core.model.features import FaceFeatures

DOUBTFUL = (
    "{} may be misread, as its face {}; look at its crop, and set its landmarks or set it aside."
)


@dataclass(frozen=True, eq=False)
class Gallery:
    """n faces in the order shown: by identity, then path; unknown identities last.

    source:   what was opened
    root:     what the photos' paths are relative to
    problems: files that gave no face
    aside:    faces that the user set aside
    """

    source: Path
    root: Path
    faces: tuple[Face, ...]
    problems: tuple[Problem, ...] = ()
    aside: tuple[Face, ...] = ()

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """Faces whose crop may be wrong or show too little, by key; their pairs are scored."""
        return tuple(
            Problem(face.key, DOUBTFUL.format(self.root / face.key, face.doubt))
            for face in self.faces
            if face.doubt is not None
        )

    def photo_path(self, face: Face) -> Path:
        """Where a face's photo lies."""
        return self.root / face.photo

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names of the further columns that the CSV has, in their order."""
        return tuple(dict.fromkeys(name for face in self.faces for name in face.columns))

    def index(self) -> dict[str, int]:
        """Place of each face by its key."""
        return {face.key: place for place, face in enumerate(self.faces)}


@dataclass(frozen=True, eq=False)
class LoadedGallery:
    """A gallery and the features of its faces, in their order."""

    gallery: Gallery
    features: FaceFeatures

    def __len__(self) -> int:
        return len(self.gallery.faces)

    def __bool__(self) -> bool:
        return True  # `probes or gallery` must not take the gallery for probes without a face

    def part(self, places: np.ndarray) -> "LoadedGallery":
        """Some of the faces, by their places (k,), in the order given."""
        faces = tuple(self.gallery.faces[place] for place in places)
        return LoadedGallery(replace(self.gallery, faces=faces), self.features.part(places))


def identity_codes(*galleries: Gallery) -> list[np.ndarray]:
    """A number for each face's identity, the same across galleries: (n,) int32, -1 unknown."""
    names = {f.identity for g in galleries for f in g.faces if f.identity is not None}
    number = {name: code for code, name in enumerate(sorted(names))}
    return [
        np.array(
            [-1 if f.identity is None else number[f.identity] for f in g.faces],
            np.int32,
        )
        for g in galleries
    ]


def sort_key(face: Face) -> tuple[Any, ...]:
    """Order of faces: known identities first, names and paths with their numbers as numbers.

    No two faces are level: those of Ann do not mix with ann's, and none is where threads end.
    """
    name, photo = face.identity or "", face.photo
    return (face.identity is None, natural(name), name, natural(photo), photo, face.number)


def natural(text: str) -> list[tuple[int, int | str]]:
    """A name to sort by, with its numbers as numbers: 2 before 10."""
    parts = re.split(r"(\d+)", text.casefold())
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts if part]
