"""From a folder to a loaded gallery: only what the cache lacks is computed."""

import hashlib
import itertools
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Protocol

import numpy as np

from core.errors import Stopped, XCosError
from core.faces.align import TEMPLATE, align, apply, similarity
from core.faces.choose import choose
from core.faces.detect import Detector
from core.faces.face import SIDE, Detection, Face, Problem
from core.faces.photo import read_photo
from core.gallery.cache import Cache, PhotoRecord
from core.gallery.edits import Edits
from core.gallery.folder import Listed, scan
from core.gallery.gallery import Gallery, GallerySettings, LoadedGallery, sort_key
from core.gallery.project import Project, gallery_id, project_path
from core.model.features import CELLS, CHANNELS, FaceFeatures
from core.progress import Report, StopAsked, never, silent

FIRST_CHUNK, CHUNK, SMALLEST = 6, 16, 4  # photos that a thread takes at a time
DIGEST_BYTES = 16
NO_FACE = "{} shows no face that can be found; take another photo, or crop it closer."


class Features(Protocol):
    """What computes features: a Verifier."""

    @property
    def fingerprint(self) -> str: ...

    @property
    def workers(self) -> int: ...

    def features(self, crops: np.ndarray) -> FaceFeatures: ...


class Embeddings(Protocol):
    """What a Target is asked for."""

    fingerprint: str

    def embeddings(self, crops: np.ndarray) -> np.ndarray: ...


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
    detector: Detector | None = None,
    photos: Path | None = None,
    report: Report = silent,
    stopped: StopAsked = never,
    on_partial: Partial | None = None,
) -> LoadedGallery:
    """Load a folder, CSV or photo: detect, align, compute features; cached by content.

    photos: what the paths of a CSV are relative to; None: its own folder
    on_partial gets the gallery as it grows, faces already in order.
    Raises XCosError for a source without photos, and Stopped; a photo that gives no face
    becomes a problem of the gallery.
    """
    listing = scan(source, photos)
    opening = _Opening(
        Path(source),
        listing.root,
        settings,
        Edits() if project is None else project.edits,
        verifier,
        target,
        cache,
        detector or Detector(),
    )
    opening.problems += [Problem(file, reason) for file, reason in listing.skipped]
    opening.look_up(listing.photos, report, stopped)
    pending = opening.pending(listing.photos)
    total = len(listing.photos)
    done = total - len(pending)
    shown = 0
    if done and pending and on_partial is not None:
        shown = opening.show(on_partial)
    for finished in opening.take_in_all(pending, stopped) if pending else ():
        report("Loading photos", done + finished, total)
        # Shown at growing distances: each look copies all features so far.
        if on_partial is not None and finished < len(pending) and opening.ready > 1.25 * shown:
            shown = opening.show(on_partial)
    report("Loading photos", total, total)
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
        paths = [str((listing.root / listed.photo).absolute()) for listed in listing.photos]
    except XCosError:
        paths = []  # the photos are gone already
    cache.forget(gallery_id(source), paths)
    project_path(source, cache.folder).unlink(missing_ok=True)


@dataclass(eq=False)
class _Opening:
    """The state of one opening."""

    source: Path
    root: Path
    settings: GallerySettings
    edits: Edits
    verifier: Features
    target: Embeddings | None
    cache: Cache
    detector: Detector

    def __post_init__(self) -> None:
        self.problems: list[Problem] = []
        self._digests: dict[str, str] = {}  # by photo
        self._records: dict[str, PhotoRecord] = {}  # by photo's digest
        self._faces: dict[str, list[Face]] = {}  # by photo
        self._grids: dict[str, np.ndarray] = {}  # by face's digest
        self._embeddings: dict[str, np.ndarray | None] = {}
        self._targets: dict[str, np.ndarray] = {}
        self._lock = Lock()  # of the faces, which are looked at while they grow

    @property
    def ready(self) -> int:
        """Photos whose faces have features."""
        return len(self._faces)

    def look_up(self, photos: Sequence[Listed], report: Report, stopped: StopAsked) -> None:
        """Take from the cache what is known of the photos."""
        self._hash([listed.photo for listed in photos], report, stopped)
        self._records |= self.cache.photos(sorted(set(self._digests.values())))
        wanted: dict[str, list[Face]] = {}
        for listed in photos:
            digest = self._digests.get(listed.photo)
            known = digest is not None and (self.settings.aligned or digest in self._records)
            if known and not self._reason(listed.photo):
                wanted[listed.photo] = self._faces_of(listed)
        digests = sorted({face.digest for faces in wanted.values() for face in faces})
        for digest, (grid, embedding) in self.cache.features(
            self.verifier.fingerprint, digests
        ).items():
            self._grids[digest], self._embeddings[digest] = grid, embedding
        if self.target is not None:
            self._targets |= self.cache.targets(self.target.fingerprint, digests)
        for photo, faces in wanted.items():
            if all(self._complete(face.digest) for face in faces):
                self._faces[photo] = faces

    def pending(self, photos: Sequence[Listed]) -> list[Listed]:
        """Photos of which something is still to be computed."""
        bad = {problem.file for problem in self.problems}
        return [p for p in photos if p.photo not in self._faces and p.photo not in bad]

    def take_in_all(self, photos: Sequence[Listed], stopped: StopAsked) -> Iterator[int]:
        """Take in photos, some in each of several threads; tells how many are done. Raises Stopped.

        The machine is used best by whole photos side by side: no stage of one scales over cores.
        """
        from core.model.device import shared_among

        count = self.verifier.workers
        waiting = deque(_chunks(photos, count))
        running: dict[Future[None], int] = {}
        done = 0
        with shared_among(count) as pool:
            while waiting or running:
                while waiting and len(running) < count and not stopped():
                    chunk = waiting.popleft()
                    running[pool.submit(self.take_in, chunk)] = len(chunk)
                if not running:
                    raise Stopped("Loading the gallery")
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    done += running.pop(future)
                    future.result()
                yield done

    def take_in(self, photos: Sequence[Listed]) -> None:
        """Decode, detect, align and compute the features of some photos; may run in several threads."""
        decoded: dict[str, np.ndarray] = {}
        for listed in photos:
            pixels = self._decode(listed)
            if isinstance(pixels, XCosError):
                self.problems.append(Problem(listed.photo, str(pixels)))
            else:
                decoded[listed.photo] = pixels
        self._detect(decoded)
        crops: dict[str, np.ndarray] = {}
        faces: dict[str, list[Face]] = {}
        for listed in photos:
            if listed.photo not in decoded:
                continue
            reason = self._reason(listed.photo)
            if reason:
                self.problems.append(Problem(listed.photo, reason))
                continue
            pixels = decoded[listed.photo]
            faces[listed.photo] = self._faces_of(listed)
            for face in faces[listed.photo]:
                if not self._complete(face.digest):
                    marks = face.detection
                    crops[face.digest] = pixels if marks is None else align(pixels, marks.landmarks)
        self._compute(crops)
        with self._lock:
            self._faces |= faces

    def show(self, on_partial: Partial) -> int:
        """Give the faces so far to the caller; how many photos they are of."""
        on_partial(self.loaded())
        return self.ready

    def _hash(self, photos: Sequence[str], report: Report, stopped: StopAsked) -> None:
        paths = {photo: str((self.root / photo).absolute()) for photo in photos}
        known = self.cache.files(list(paths.values()))
        fresh: list[tuple[str, int, int, str]] = []
        for place, (photo, path) in enumerate(paths.items()):
            if stopped():
                raise Stopped("Loading the gallery")
            try:
                state = os.stat(path)
                size, mtime, digest = known.get(path, (-1, -1, ""))
                if (size, mtime) != (state.st_size, state.st_mtime_ns):
                    report("Reading photos", place, len(paths))
                    digest = content_digest(Path(path).read_bytes())
                    fresh.append((path, state.st_size, state.st_mtime_ns, digest))
                self._digests[photo] = digest
            except PermissionError:
                reason = f"{path} may not be read; give yourself permission to read it."
                self.problems.append(Problem(photo, reason))
            except OSError as error:
                reason = (
                    f"{path} cannot be read: {error.strerror or error}; look whether it is there."
                )
                self.problems.append(Problem(photo, reason))
        self.cache.put_files(fresh)

    def _decode(self, listed: Listed) -> np.ndarray | XCosError:
        path = self.root / listed.photo
        try:
            pixels = read_photo(path)
        except XCosError as error:
            return error
        if self.settings.aligned and pixels.shape[:2] != (SIDE, SIDE):
            height, width = pixels.shape[:2]
            return XCosError(
                f"{path} is {width}x{height}, not an aligned 112x112 crop; "
                "open the gallery without the aligned setting."
            )
        return pixels

    def _detect(self, decoded: dict[str, np.ndarray]) -> None:
        if self.settings.aligned:
            return
        new = {self._digests[p]: pixels for p, pixels in decoded.items()}
        new = {digest: pixels for digest, pixels in new.items() if digest not in self._records}
        found = self.detector.detect(list(new.values())) if new else []
        for (digest, pixels), detections in zip(new.items(), found, strict=True):
            record = PhotoRecord(pixels.shape[1], pixels.shape[0], tuple(detections))
            self._records[digest] = record
            self.cache.put_photo(digest, record)

    def _reason(self, photo: str) -> str:
        """Why a photo gives no face, or nothing."""
        if self.settings.aligned or photo in self.edits.landmarks:
            return ""
        record = self._records.get(self._digests.get(photo, ""))
        if record is not None and not record.detections:
            return NO_FACE.format(self.root / photo)
        return ""

    def _faces_of(self, listed: Listed) -> list[Face]:
        """The faces that a photo gives, the policy and the user's edits applied."""
        digest = self._digests[listed.photo]
        if self.settings.aligned:
            name = content_digest(f"{digest} aligned".encode())
            return [Face(listed.photo, 1, self._identity(listed, 1), None, name)]
        return [
            Face(
                listed.photo,
                number,
                self._identity(listed, number),
                detection,
                content_digest(digest.encode() + detection.landmarks.astype(np.float32).tobytes()),
            )
            for number, detection in enumerate(self._chosen(listed.photo), start=1)
        ]

    def _chosen(self, photo: str) -> list[Detection]:
        record = self._records[self._digests[photo]]
        order = choose(record.detections, (record.width, record.height), self.settings.faces)
        picked = self.edits.picked.get(photo)
        if picked is not None and picked < len(record.detections):
            others = [i for i in order if i != picked] if self.settings.faces == "all" else []
            order = [picked, *others]
        chosen = [record.detections[i] for i in order]
        corrected = self.edits.landmarks.get(photo)
        if corrected is not None:
            marks = np.array(corrected, np.float32)
            box = np.concatenate([marks.min(0), marks.max(0)]) if not chosen else chosen[0].box
            chosen = [Detection(box, marks, 1.0), *chosen[1:]]
        return chosen

    def _identity(self, listed: Listed, number: int) -> str | None:
        key = listed.photo if number == 1 else f"{listed.photo}#{number}"
        # A photo's further faces show somebody else than the folder says.
        told = listed.identity if number == 1 else None
        return self.edits.identities.get(key, told)

    def _complete(self, digest: str) -> bool:
        with_target = self.target is None or digest in self._targets
        return digest in self._grids and with_target

    def _compute(self, crops: dict[str, np.ndarray]) -> None:
        if not crops:
            return
        digests = list(crops)
        self.cache.put_crops(crops)
        pixels = np.stack(list(crops.values()))
        missing = [i for i, digest in enumerate(digests) if digest not in self._grids]
        if missing:
            made = self.verifier.features(pixels[missing])
            rows = []
            for place, i in enumerate(missing):
                embedding = None if made.embedding is None else made.embedding[place]
                self._grids[digests[i]], self._embeddings[digests[i]] = (
                    made.grid[place],
                    embedding,
                )
                rows.append((digests[i], made.grid[place], embedding))
            self.cache.put_features(self.verifier.fingerprint, rows)
        if self.target is not None:
            answers = self.target.embeddings(pixels)
            self._targets |= dict(zip(digests, answers, strict=True))
            self.cache.put_targets(self.target.fingerprint, zip(digests, answers, strict=True))

    def loaded(self) -> LoadedGallery:
        """The gallery of all faces so far."""
        with self._lock:
            every = sorted((f for faces in self._faces.values() for f in faces), key=sort_key)
        out = {*self.edits.aside}
        faces = tuple(face for face in every if face.key not in out)
        aside = tuple(face for face in every if face.key in out)
        problems = tuple(sorted(self.problems, key=lambda problem: problem.file))
        gallery = Gallery(self.source, self.root, faces, problems, aside)
        empty = np.empty((0, CHANNELS, CELLS, CELLS), np.float32)
        grid = np.stack([self._grids[f.digest] for f in faces]) if faces else empty
        embedding = _stack([self._embeddings.get(f.digest) for f in faces])
        target = _stack([self._targets.get(f.digest) for f in faces])
        return LoadedGallery(gallery, FaceFeatures(grid, embedding, target))


def crop_of(face: Face, root: Path, cache: Cache) -> np.ndarray:
    """A face's aligned crop, from the cache or made anew. Raises XCosError if its photo is gone."""
    crop = cache.crop(face.digest)
    if crop is None:
        pixels = read_photo(root / face.photo)
        crop = pixels if face.detection is None else align(pixels, face.detection.landmarks)
        if crop.shape != (SIDE, SIDE, 3):
            raise XCosError(
                f"{root / face.photo} was changed after loading; load the gallery anew."
            )
        cache.put_crops({face.digest: crop})
    return crop


def known_detections(path: Path, cache: Cache) -> tuple[Detection, ...]:
    """All faces that were found in a photo when it was loaded; none for one that is not cached.

    Raises OSError when the photo cannot be read.
    """
    digest = content_digest(path.read_bytes())
    record = cache.photos([digest]).get(digest)
    return () if record is None else record.detections


def landmarks_in_crop(face: Face) -> np.ndarray:
    """A face's five landmarks in its crop, (5, 2) pixels of 112x112."""
    if face.detection is None:
        return TEMPLATE.copy()
    marks = face.detection.landmarks
    return apply(similarity(marks), marks.astype(np.float64)).astype(np.float32)


def _chunks(photos: Sequence[Listed], count: int) -> Iterator[Sequence[Listed]]:
    """Small chunks first, so that something can be clicked soon, and last, so that all end together."""
    start = 0
    for number in itertools.count():
        left = len(photos) - start
        if not left:
            return
        size = FIRST_CHUNK if number < count else min(CHUNK, max(SMALLEST, left // (2 * count)))
        yield photos[start : start + size]
        start += min(size, left)


def _stack(rows: list[np.ndarray | None]) -> np.ndarray | None:
    known = [row for row in rows if row is not None]
    return np.stack(known) if known and len(known) == len(rows) else None


def content_digest(content: bytes) -> str:
    """The name of a file's content."""
    return hashlib.blake2b(content, digest_size=DIGEST_BYTES).hexdigest()
