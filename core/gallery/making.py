"""From photos to faces with features: what the cache lacks, computed in several threads."""

import itertools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from core.errors import Stopped, XCosError
from core.faces.align import align
from core.faces.face import SIDE, Detection, Face, Problem
from core.faces.photo import decode_photo, photo_bytes
from core.gallery.cache import PhotoRecord, packed_crop
from core.gallery.folder import Listed
from core.gallery.rules import FaceRules, content_digest
from core.model.features import FaceFeatures
from core.progress import StopAsked

FIRST_CHUNK, CHUNK, SMALLEST = 6, 16, 4  # photos that a thread takes at a time


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


class Finder(Protocol):
    """What finds faces: a Detector."""

    def detect(self, photos: Sequence[np.ndarray]) -> list[list[Detection]]: ...


@dataclass(frozen=True, eq=False)
class Wanted:
    """Photos of one content of which something is to be computed.

    photos:  in the gallery's order
    digest:  of the content
    record:  what detection found earlier, or None
    grids:   digests of faces whose features are known
    targets: digests of faces whose embeddings by the target are known
    """

    photos: tuple[Listed, ...]
    digest: str
    record: PhotoRecord | None = None
    grids: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class Made:
    """What became of some wanted photos.

    photos:   how many photos
    records:  detections of photos that were searched, by the photo's digest
    faces:    by photo
    crops:    PNG files by face's digest
    features: grid features (32, 7, 7) and embedding, by face's digest
    targets:  embeddings by the target, by face's digest
    warnings: sentences on what was done otherwise than asked
    """

    photos: int
    problems: tuple[Problem, ...]
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

    def make(self, wanted: Sequence[Wanted]) -> Made:
        """Faces with features of some photos; several threads may ask at once. Raises XCosError."""
        problems: list[Problem] = []
        decoded: dict[str, np.ndarray] = {}  # by photo's digest
        for one in wanted:
            unread = []
            for listed in one.photos:
                try:
                    decoded[one.digest] = self._decode(listed, one.digest)
                    break
                except XCosError as error:  # another path to the same content may do
                    unread.append(Problem(listed.photo, str(error)))
            else:
                problems += unread
        records = self._detect(
            {w.digest: decoded[w.digest] for w in wanted if w.digest in decoded and not w.record}
        )
        faces: dict[str, list[Face]] = {}
        without_grid: dict[str, np.ndarray] = {}
        without_target: dict[str, np.ndarray] = {}
        for one in wanted:
            if one.digest not in decoded:
                continue
            record = one.record or records.get(one.digest)
            for listed in one.photos:
                if self.rules.lacks_face(listed.photo, record):
                    problems.append(self.rules.no_face(self.root, listed.photo))
                    continue
                faces[listed.photo] = self.rules.faces_of(listed, one.digest, record)
                for face in faces[listed.photo]:
                    crop = cut_out(decoded[one.digest], face)
                    if face.digest not in one.grids:
                        without_grid[face.digest] = crop
                    if self.target is not None and face.digest not in one.targets:
                        without_target[face.digest] = crop
        return Made(
            sum(len(one.photos) for one in wanted),
            tuple(problems),
            records,
            faces,
            {d: packed_crop(crop) for d, crop in (without_grid | without_target).items()},
            self._features(without_grid),
            self._targets(without_target),
            tuple(self.verifier.warnings),
        )

    def _decode(self, listed: Listed, digest: str) -> np.ndarray:
        path = self.root / listed.photo
        content = photo_bytes(path)
        if content_digest(content) != digest:
            raise XCosError(f"{path} was changed while it was loaded; load the gallery anew.")
        pixels = decode_photo(content, str(path))
        if self.rules.settings.aligned and pixels.shape[:2] != (SIDE, SIDE):
            height, width = pixels.shape[:2]
            raise XCosError(
                f"{path} is {width}x{height}, not an aligned 112x112 crop; "
                "open the gallery without the aligned setting."
            )
        return pixels

    def _detect(self, photos: dict[str, np.ndarray]) -> dict[str, PhotoRecord]:
        if not photos or self.rules.settings.aligned:
            return {}
        found = self.detector.detect(list(photos.values()))
        return {
            digest: PhotoRecord(pixels.shape[1], pixels.shape[0], tuple(detections))
            for (digest, pixels), detections in zip(photos.items(), found, strict=True)
        }

    def _features(
        self, crops: dict[str, np.ndarray]
    ) -> dict[str, tuple[np.ndarray, np.ndarray | None]]:
        if not crops:
            return {}
        made = self.verifier.features(np.stack(list(crops.values())))
        vectors = made.embedding
        return {
            digest: (made.grid[place], None if vectors is None else vectors[place])
            for place, digest in enumerate(crops)
        }

    def _targets(self, crops: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        if not crops or self.target is None:
            return {}
        answers = self.target.embeddings(np.stack(list(crops.values())))
        return dict(zip(crops, answers, strict=True))


# Makes faces of all that is wanted, chunk by chunk. Raises Stopped, and XCosError.
Making = Callable[[FaceMaker, Sequence[Wanted], StopAsked], Iterator[Made]]


def make_here(maker: FaceMaker, wanted: Sequence[Wanted], stopped: StopAsked) -> Iterator[Made]:
    """Make faces in threads of this process.

    The machine is used best by whole photos side by side: no stage of one scales over cores.
    """
    from core.model.device import shared_among

    count = maker.verifier.workers
    waiting = deque(_chunks(wanted, count))
    running = set[Future[Made]]()
    with shared_among(count) as pool:
        while waiting or running:
            while waiting and len(running) < count and not stopped():
                running.add(pool.submit(maker.make, waiting.popleft()))
            if not running:
                raise Stopped("Loading the gallery")
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()


def _chunks(wanted: Sequence[Wanted], count: int) -> Iterator[Sequence[Wanted]]:
    """Small chunks first, so that something can be clicked soon, and last, so that all end together."""
    start = 0
    for number in itertools.count():
        left = len(wanted) - start
        if not left:
            return
        size = FIRST_CHUNK if number < count else min(CHUNK, max(SMALLEST, left // (2 * count)))
        yield wanted[start : start + size]
        start += min(size, left)


def cut_out(pixels: np.ndarray, face: Face) -> np.ndarray:
    """A face's crop (112, 112, 3) uint8 from its photo's pixels."""
    return pixels if face.detection is None else align(pixels, face.detection.landmarks)
