"""From photos to faces with features: what the cache lacks, computed in several threads."""

import itertools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from core.errors import Stopped, XCosError
from core.faces.face import SIDE, Face, Problem
from core.faces.photo import photo_bytes
from core.faces.searched import Finder, PhotoFile, photo_file, search
from core.gallery.cache import PhotoRecord, packed_crop
from core.gallery.face_selection import FaceRules, content_digest
from core.gallery.folder import Listed
from core.model.features import FaceFeatures
from core.progress import Task

FIRST_CHUNK, CHUNK, SMALLEST = 6, 16, 4  # photos that a thread takes at a time
MOST_BYTES = 12_000_000  # of decoded photos that a thread holds at once, but for one more


class Features(Protocol):
    """What computes features: a Verifier."""

    warnings: list[str]

    @property
    def fingerprint(self) -> str: ...

    @property
    def workers(self) -> int: ...

    def features(self, crops: np.ndarray) -> FaceFeatures: ...


class Embeddings(Protocol):
    """What a Target is asked for."""

    fingerprint: str

    def embeddings(self, crops: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True, eq=False)
class PhotoJob:
    """Photos of one content of which something is to be computed.

    photos:  in the gallery's order
    digest:  of the content; None for a single photo that was not read yet
    record:  what detection found earlier, or None
    grids:   digests of faces whose features are known
    targets: digests of faces whose embeddings by the target are known
    """

    photos: tuple[Listed, ...]
    digest: str | None
    record: PhotoRecord | None = None
    grids: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class PhotoResult:
    """What became of some wanted photos.

    photos:   how many photos
    digests:  of the contents of photos whose job had none, by photo
    records:  detections of photos that were searched, by the photo's digest
    faces:    by photo
    crops:    PNG files by face's digest
    features: grid features (32, 7, 7) and embedding, by face's digest
    targets:  embeddings by the target, by face's digest
    warnings: sentences on what was done otherwise than asked
    """

    photos: int
    problems: tuple[Problem, ...]
    digests: dict[str, str]
    records: dict[str, PhotoRecord]
    faces: dict[str, list[Face]]
    crops: dict[str, bytes]
    features: dict[str, tuple[np.ndarray, np.ndarray | None]]
    targets: dict[str, np.ndarray]
    warnings: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class FaceMaker:
    """Decodes, detects, aligns and computes features; keeps nothing between two calls.

    root: what the photos' paths are relative to
    """

    root: Path
    rules: FaceRules
    detector: Finder
    verifier: Features
    target: Embeddings | None

    def make(self, wanted: Sequence[PhotoJob]) -> PhotoResult:
        """Faces with features of some photos; several threads may ask at once. Raises XCosError."""
        collected = _Collected()
        opened: list[_Opened] = []
        for one in wanted:
            each = self._open(one, collected)
            if each is not None:
                opened.append(each)
            if sum(each.photo.seen.pixels.size for each in opened) > MOST_BYTES:
                self._find(opened, collected)
                opened = []  # large photos leave the memory before the next ones come
        self._find(opened, collected)
        return PhotoResult(
            sum(len(one.photos) for one in wanted),
            tuple(collected.problems),
            collected.digests,
            collected.records,
            collected.faces,
            {
                d: packed_crop(c)
                for d, c in (collected.without_grid | collected.without_target).items()
            },
            self._features(collected.without_grid),
            self._targets(collected.without_target),
            tuple(self.verifier.warnings),
        )

    def _open(self, one: PhotoJob, collected: "_Collected") -> "_Opened | None":
        """The first of some equal photos that can be read."""
        unread = []
        for listed in one.photos:
            path = self.root / listed.photo
            try:
                content = photo_bytes(path)
                digest = content_digest(content)
                if one.digest is None:
                    collected.digests[listed.photo] = digest
                elif digest != one.digest:
                    raise XCosError(
                        f"{path} was changed while it was loaded; load the gallery anew."
                    )
                return _Opened(one, digest, self._decode(content, path))
            except XCosError as error:  # another path to the same content may do
                unread.append(Problem(listed.photo, str(error)))
        collected.problems += unread
        return None

    def _decode(self, content: bytes, path: Path) -> PhotoFile:
        photo = photo_file(content, str(path))
        width, height = photo.seen.size
        if self.rules.settings.aligned and (width, height) != (SIDE, SIDE):
            raise XCosError(
                f"{path} is {width}x{height}, not an aligned 112x112 crop; "
                "open the gallery without the aligned setting."
            )
        return photo

    def _find(self, opened: Sequence["_Opened"], collected: "_Collected") -> None:
        """Detect and cut out."""
        unknown = [each for each in opened if each.wanted.record is None]
        if unknown and not self.rules.settings.aligned:
            answers = search([each.photo for each in unknown], self.detector)
            for each, faces in zip(unknown, answers, strict=True):
                collected.records[each.digest] = PhotoRecord(*each.photo.seen.size, tuple(faces))
        for each in opened:
            one = each.wanted
            record = one.record or collected.records.get(each.digest)
            for listed in one.photos:
                if self.rules.lacks_face(listed.photo, record):
                    collected.problems.append(self.rules.no_face(self.root, listed.photo))
                    continue
                collected.faces[listed.photo] = self.rules.faces_of(listed, each.digest, record)
                for face in collected.faces[listed.photo]:
                    crop = cut_out(each.photo, face)
                    if face.digest not in one.grids:
                        collected.without_grid[face.digest] = crop
                    if self.target is not None and face.digest not in one.targets:
                        collected.without_target[face.digest] = crop

    def _features(
        self, crops: dict[str, np.ndarray]
    ) -> dict[str, tuple[np.ndarray, np.ndarray | None]]:
        if not crops:
            return {}
        features = self.verifier.features(np.stack(list(crops.values())))
        vectors = features.embedding
        return {
            digest: (features.grid[place], None if vectors is None else vectors[place])
            for place, digest in enumerate(crops)
        }

    def _targets(self, crops: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        if not crops or self.target is None:
            return {}
        answers = self.target.embeddings(np.stack(list(crops.values())))
        return dict(zip(crops, answers, strict=True))


# Makes faces of all that is wanted, chunk by chunk. Raises Stopped, and XCosError.
Pipeline = Callable[[FaceMaker, Sequence[PhotoJob], Task], Iterator[PhotoResult]]


def make_here(maker: FaceMaker, wanted: Sequence[PhotoJob], task: Task) -> Iterator[PhotoResult]:
    """Make faces in threads of this process.

    The machine is used best by whole photos side by side: no stage of one scales over cores.
    """
    from core.model.device import shared_among

    count = maker.verifier.workers
    waiting = deque(_chunks(wanted, count))
    running = set[Future[PhotoResult]]()
    with shared_among(count) as pool:
        while waiting or running:
            while waiting and len(running) < count and not task.stopped():
                running.add(pool.submit(maker.make, waiting.popleft()))
            if not running:
                raise Stopped("Loading the gallery")
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()


def _chunks(wanted: Sequence[PhotoJob], count: int) -> Iterator[Sequence[PhotoJob]]:
    """Small chunks first, so that something can be clicked soon, and last, so that all end together."""
    start = 0
    for number in itertools.count():
        left = len(wanted) - start
        if not left:
            return
        size = FIRST_CHUNK if number < count else min(CHUNK, max(SMALLEST, left // (2 * count)))
        yield wanted[start : start + size]
        start += min(size, left)


def cut_out(photo: PhotoFile, face: Face) -> np.ndarray:
    """A face's crop (112, 112, 3) uint8 from its photo. Raises XCosError."""
    return photo.seen.pixels if face.detection is None else photo.crop(face.detection.landmarks)


@dataclass(frozen=True, eq=False)
class _Opened:
    """Some equal photos, the digest of their content, and what they show."""

    wanted: PhotoJob
    digest: str
    photo: PhotoFile


@dataclass(eq=False)
class _Collected:
    """What is known so far of the photos that one call makes faces of, as `PhotoResult` has it."""

    problems: list[Problem] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    records: dict[str, PhotoRecord] = field(default_factory=dict)
    faces: dict[str, list[Face]] = field(default_factory=dict)
    without_grid: dict[str, np.ndarray] = field(default_factory=dict)
    without_target: dict[str, np.ndarray] = field(default_factory=dict)
