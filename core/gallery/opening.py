"""From a folder to a loaded gallery: only what the cache lacks is computed."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import Stopped, XCosError
from core.faces.align import TEMPLATE, apply, similarity
from core.faces.choose import GallerySettings
from core.faces.detect import Detector
from core.faces.face import Face, Problem
from core.faces.photo import photo_bytes
from core.faces.searched import Finder, photo_file
from core.gallery.cache import Cache, PhotoRecord, packed_crop
from core.gallery.face_selection import FaceRules, content_digest, face_digest
from core.gallery.folder import Listed, cached_path, scan, scan_with_photos
from core.gallery.gallery import Gallery, LoadedGallery, sort_key
from core.gallery.pipeline import (
    Embeddings,
    FaceMaker,
    Features,
    PhotoJob,
    PhotoResult,
    Pipeline,
    cut_out,
    make_here,
)
from core.model.features import CELLS, CHANNELS, FaceFeatures
from core.progress import QUIET, Task
from core.project.edits import Edits
from core.project.project import Project, gallery_id, project_path

Partial = Callable[[LoadedGallery], None]
DEFAULTS = GallerySettings()


def open_gallery(
    source: Path,
    *,
    verifier: Features,
    cache: Cache,
    target: Embeddings | None = None,
    settings: GallerySettings = DEFAULTS,
    project: Project | None = None,
    detector: Finder | None = None,
    make: Pipeline = make_here,
    photos: Path | None = None,
    task: Task = QUIET,
    on_partial: Partial | None = None,
) -> LoadedGallery:
    """Load a folder, CSV or photo: detect, align, compute features; cached by content.

    make: computes what the cache lacks, here or in another process
    photos: what the paths of a CSV are relative to; None: its own folder
    on_partial gets the gallery as it grows, faces already in order.
    Raises XCosError for a source without photos, and Stopped; a photo that gives no face
    becomes a problem of the gallery.
    """
    listing = scan_with_photos(Path(source), photos)
    rules = FaceRules(settings, Edits() if project is None else project.edits)
    opening = _Opening(Path(source), listing.root, rules, verifier, target, cache)
    opening.problems += [Problem(file, reason) for file, reason in listing.skipped]
    wanted = opening.look_up(listing.photos, task)
    total = len(listing.photos)
    done = total - sum(len(one.photos) for one in wanted)
    shown = 0
    if done and wanted and on_partial is not None:
        shown = opening.show(on_partial)
    maker = FaceMaker(listing.root, rules, detector or Detector(), verifier, target)
    for photo_result in make(maker, wanted, task) if wanted else ():
        opening.take_in(photo_result)
        done += photo_result.photos
        task.report("Loading photos", done, total)
        # Shown at growing distances: each look copies all features so far.
        if on_partial is not None and done < total and opening.ready > 1.25 * shown:
            shown = opening.show(on_partial)
    task.report("Loading photos", total, total)
    loaded = opening.loaded()
    members = [face.digest for face in (*loaded.gallery.faces, *loaded.gallery.aside)]
    cache.put_members(gallery_id(source), members)
    return loaded


def forget_gallery(source: Path, cache: Cache) -> None:
    """Delete a gallery's crops and features from the cache, and its project file.

    What other galleries share stays, and so do the user's photos. Raises XCosError.
    """
    try:
        listing = scan(source)
        paths = [cached_path(listing.root, listed.photo) for listed in listing.photos]
    except XCosError:
        paths = []  # the photos are gone already
    cache.forget(gallery_id(source), paths)
    project_path(source, cache.folder).unlink(missing_ok=True)


@dataclass(eq=False)
class _Opening:
    """The state of one opening."""

    source: Path
    root: Path
    rules: FaceRules
    verifier: Features
    target: Embeddings | None
    cache: Cache

    def __post_init__(self) -> None:
        self.problems: list[Problem] = []
        self._digests: dict[str, str] = {}  # by photo
        self._unread: dict[str, tuple[int, int]] = {}  # states of photos without a digest yet
        self._faces: dict[str, list[Face]] = {}  # by photo
        self._grids: dict[str, np.ndarray] = {}  # by face's digest
        self._embeddings: dict[str, np.ndarray | None] = {}
        self._targets: dict[str, np.ndarray] = {}

    @property
    def ready(self) -> int:
        """Photos whose faces have features."""
        return len(self._faces)

    def look_up(self, photos: Sequence[Listed], task: Task) -> list[PhotoJob]:
        """Take from the cache what is known of the photos; what is still to be computed."""
        self._hash([listed.photo for listed in photos], task)
        records = self.cache.photos(sorted(set(self._digests.values())))
        faces_of: dict[str, list[Face]] = {}
        for listed in photos:
            digest = self._digests.get(listed.photo)
            record = records.get(digest or "")
            known = digest is not None and (self.rules.settings.aligned or record is not None)
            if self.rules.lacks_face(listed.photo, record):
                self.problems.append(self.rules.no_face(self.root, listed.photo))
            elif digest is not None and known:
                faces_of[listed.photo] = self.rules.faces_of(listed, digest, record)
        digests = sorted({face.digest for faces in faces_of.values() for face in faces})
        for digest, (grid, embedding) in self.cache.features(
            self.verifier.fingerprint, digests
        ).items():
            self._grids[digest], self._embeddings[digest] = grid, embedding
        if self.target is not None:
            self._targets |= self.cache.targets(self.target.fingerprint, digests)
        for photo, faces in faces_of.items():
            if all(self._complete(face.digest) for face in faces):
                self._faces[photo] = faces
        return self._wanted(photos, faces_of, records)

    def _wanted(
        self,
        photos: Sequence[Listed],
        faces_of: dict[str, list[Face]],
        records: dict[str, PhotoRecord],
    ) -> list[PhotoJob]:
        ended = self._faces.keys() | {problem.file for problem in self.problems}
        # Photos of one content are made together.
        open_ones: dict[tuple[str | None, str], list[Listed]] = {}
        for listed in photos:
            if listed.photo not in ended:
                digest = self._digests.get(listed.photo)
                key = (digest, listed.photo if digest is None else "")
                open_ones.setdefault(key, []).append(listed)
        wanted = []
        for (digest, _), same in open_ones.items():
            faces = {face.digest for listed in same for face in faces_of.get(listed.photo, ())}
            grids, targets = faces & self._grids.keys(), faces & self._targets.keys()
            record = records.get(digest or "")
            wanted.append(
                PhotoJob(tuple(same), digest, record, frozenset(grids), frozenset(targets))
            )
        return wanted

    def take_in(self, photo_result: PhotoResult) -> None:
        """Keep what was computed, here and in the cache."""
        self.problems += photo_result.problems
        self._digests |= photo_result.digests
        self._put_files({photo: self._unread[photo] for photo in photo_result.digests})
        self._forget_changed([problem.file for problem in photo_result.problems])
        self.cache.put_photos(photo_result.records)
        self.cache.put_crops(photo_result.crops)
        rows = [(digest, *features) for digest, features in photo_result.features.items()]
        self.cache.put_features(self.verifier.fingerprint, rows)
        for digest, grid, embedding in rows:
            self._grids[digest], self._embeddings[digest] = grid, embedding
        if self.target is not None:
            self._targets |= photo_result.targets
            self.cache.put_targets(self.target.fingerprint, photo_result.targets.items())
        self._faces |= photo_result.faces
        for warning in photo_result.warnings:
            if warning not in self.verifier.warnings:
                self.verifier.warnings.append(warning)

    def _forget_changed(self, photos: Sequence[str]) -> None:
        """Hash photos anew next time that are not what was hashed, though nothing else tells it."""
        changed = []
        for photo in self._digests.keys() & {*photos}:
            with suppress(XCosError):
                if content_digest(photo_bytes(self.root / photo)) != self._digests[photo]:
                    changed.append((cached_path(self.root, photo), -1, -1, ""))
        self.cache.put_files(changed)

    def show(self, on_partial: Partial) -> int:
        """Give the faces so far to the caller; how many photos they are of."""
        on_partial(self.loaded())
        return self.ready

    def _hash(self, photos: Sequence[str], task: Task) -> None:
        """Digests of the photos, as far as something may be known of their contents.

        The others are read but once: who decodes them tells their digests.
        """
        paths = {photo: cached_path(self.root, photo) for photo in photos}
        known = self.cache.files(list(paths.values()))
        states: dict[str, tuple[int, int]] = {}
        for photo, path in paths.items():
            state = _state(self.root / photo)
            size, mtime, digest = known.get(path, (-1, -1, ""))
            if (size, mtime) == state:
                self._digests[photo] = digest
            else:
                states[photo] = state
        sizes = Counter(size for size, _ in states.values())
        usual = self.cache.known_sizes([*sizes]) | {s for s, count in sizes.items() if count > 1}
        read = {photo: state for photo, state in states.items() if state[0] in usual}
        self._unread = {photo: state for photo, state in states.items() if photo not in read}
        for place, photo in enumerate(read):
            if task.stopped():
                raise Stopped("Loading the gallery")
            task.report("Reading photos", place, len(read))
            try:
                self._digests[photo] = content_digest(photo_bytes(self.root / photo))
            except XCosError as error:
                self.problems.append(Problem(photo, str(error)))
        self._put_files(read)

    def _put_files(self, states: dict[str, tuple[int, int]]) -> None:
        """Keep digests of photos that still are as they were before they were read."""
        rows = [
            (cached_path(self.root, photo), *state, self._digests[photo])
            for photo, state in states.items()
            # What was written at just now is read again next time.
            if photo in self._digests and _state(self.root / photo) == state
        ]
        self.cache.put_files(rows)

    def _complete(self, digest: str) -> bool:
        with_target = self.target is None or digest in self._targets
        return digest in self._grids and with_target

    def loaded(self) -> LoadedGallery:
        """The gallery of all faces so far."""
        every = sorted((f for faces in self._faces.values() for f in faces), key=sort_key)
        out = {*self.rules.edits.aside}
        faces = tuple(face for face in every if face.key not in out)
        aside = tuple(face for face in every if face.key in out)
        problems = tuple(sorted(self.problems, key=lambda problem: problem.file))
        gallery = Gallery(self.source, self.root, faces, problems, aside)
        empty = np.empty((0, CHANNELS, CELLS, CELLS), np.float32)
        grid = np.stack([self._grids[f.digest] for f in faces]) if faces else empty
        embedding = _stack([self._embeddings.get(f.digest) for f in faces])
        target = _stack([self._targets.get(f.digest) for f in faces])
        return LoadedGallery(gallery, FaceFeatures(grid, embedding, target))


def _state(file: Path) -> tuple[int, int]:
    """A file's bytes and time of change, (-1, -2) where it is not there."""
    try:
        state = os.stat(file)
    except OSError:
        return -1, -2
    return state.st_size, state.st_mtime_ns


def crop_of(face: Face, root: Path, cache: Cache) -> np.ndarray:
    """A face's aligned crop, from the cache or made anew. Raises XCosError if its photo is gone."""
    crop = cache.crop(face.digest)
    if crop is None:
        path = root / face.photo
        content = photo_bytes(path)
        if face_digest(content_digest(content), face.detection) != face.digest:
            raise XCosError(f"{path} was changed after loading; load the gallery anew.")
        crop = cut_out(photo_file(content, str(path)), face)
        cache.put_crops({face.digest: packed_crop(crop)})
    return crop


def known_record(path: Path, cache: Cache) -> PhotoRecord | None:
    """What was found in a photo when it was loaded; None for one that is not cached.

    Raises XCosError when the photo cannot be read.
    """
    digest = content_digest(photo_bytes(path))
    return cache.photos([digest]).get(digest)


def landmarks_in_crop(face: Face) -> np.ndarray:
    """A face's five landmarks in its crop, (5, 2) pixels of 112x112."""
    if face.detection is None:
        return TEMPLATE.copy()
    marks = face.detection.landmarks
    return apply(similarity(marks), marks.astype(np.float64)).astype(np.float32)


def _stack(rows: list[np.ndarray | None]) -> np.ndarray | None:
    known = [row for row in rows if row is not None]
    return np.stack(known) if known and len(known) == len(rows) else None
