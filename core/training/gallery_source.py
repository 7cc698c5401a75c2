"""A gallery as a source of faces to learn from: with its corrections, and by its cached crops."""

import hashlib
from pathlib import Path

import numpy as np

from core.errors import XCosError
from core.faces.choose import GallerySettings
from core.faces.detect import Detector
from core.faces.photo_files import readable
from core.gallery.cache import Cache
from core.gallery.folder import scan
from core.gallery.gallery import Gallery
from core.gallery.opening import crop_of, open_gallery
from core.model.card import find_weights
from core.model.verifier import Verifier
from core.progress import QUIET, Task
from core.project.project import Project
from core.project.state import SUFFIX, state_of
from core.training.config import DataConfig
from core.training.recordio import RecordSource
from core.training.sources import FaceSource

TRIED = 8  # crops that are searched for a face where nobody has searched them


class GallerySource:
    """The faces of a gallery that were not set aside.

    identities: (n,) names as the user corrected them, "" unknown
    photos:     (n,) the photo of each face
    keys:       (n,) the key of each face in its gallery
    problems:   photos that gave no face, and why
    """

    def __init__(self, gallery: Gallery, cache: Cache) -> None:
        self._gallery, self._cache = gallery, cache
        faces = gallery.faces
        self.identities = np.array([face.identity or "" for face in faces], dtype=np.str_)
        self.photos = [gallery.photo_path(face) for face in faces]
        self.keys = [face.key for face in faces]
        self.problems = tuple(problem.reason for problem in gallery.problems)
        listing = "\n".join(f"{face.digest}\0{face.key}\0{face.identity}" for face in faces)
        self.stamp = f"gallery\n{hashlib.sha256(listing.encode('utf-8', 'replace')).hexdigest()}\n"

    def name(self, number: int) -> str:
        return str(self._gallery.root / self.keys[number])

    def read(self, number: int) -> np.ndarray:
        return crop_of(self._gallery.faces[number], self._gallery.root, self._cache)


def is_record_io(path: Path) -> bool:
    """Whether a folder holds InsightFace's RecordIO."""
    return (path / "train.rec").is_file()


def open_gallery_source(
    config: DataConfig, start: Path | None = None, task: Task = QUIET
) -> FaceSource:
    """The faces of data.gallery: what was found and corrected in it, taken from its cache.

    start: weights that are loaded anyway, whose features of an open gallery are known
    Raises XCosError for a gallery without a face, and Stopped.
    """
    assert config.gallery is not None
    if is_record_io(config.gallery):
        return RecordSource(config.gallery, True)
    cache = Cache(config.gallery_cache)
    source, project, settings = _opened(config, cache)
    verifier = Verifier(start or find_weights())
    loaded = open_gallery(
        source, verifier=verifier, cache=cache, settings=settings, project=project, task=task
    )
    faces = GallerySource(loaded.gallery, cache)
    if not faces.keys:
        why = f" ({faces.problems[0]})" if faces.problems else ""
        raise XCosError(
            f"The gallery {config.gallery} gives no face{why}; choose another under data.gallery."
        )
    return faces


def listed_people(config: DataConfig) -> tuple[int, list[str]]:
    """How many photos data.gallery lists, and who each of those with a name shows.

    No photo is read: which of them give a face is known later. Raises XCosError.
    """
    assert config.gallery is not None
    if is_record_io(config.gallery):
        identities = RecordSource(config.gallery, True).identities
        return len(identities), identities[identities != ""].tolist()
    source, project, _ = _opened(config, Cache(config.gallery_cache))
    edits = project.edits
    photos = [listed for listed in scan(source).photos if listed.photo not in edits.aside]
    names = [edits.identities.get(listed.photo, listed.identity) for listed in photos]
    return len(photos), [name for name in names if name]


def _opened(config: DataConfig, cache: Cache) -> tuple[Path, Project, GallerySettings]:
    """What to open, the corrections made to it, and how photos become faces."""
    assert config.gallery is not None
    path = config.gallery
    if path.suffix.lower() == SUFFIX:
        project = Project.read(path)
        state = state_of(project)
        return state.gallery, project, state.settings
    project = Project.open(path, cache.folder)
    return path, project, GallerySettings(config.faces, config.aligned)


def no_faces(source: FaceSource, aligned: bool) -> str | None:
    """A sentence where crops that nobody searched seem to show no face at all, else None."""
    if not aligned:
        return None
    count = len(source.identities)
    places = np.unique(np.linspace(0, count - 1, TRIED).round().astype(int))
    crops = [source.read(int(place)) for place in places]
    if any(Detector().detect(crops)):
        return None
    return (
        f"No face can be seen in crops such as {readable(source.name(0))}; if these are photos that "
        "are not aligned, set data.aligned to false."
    )
