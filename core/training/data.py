"""Faces to learn from: found, decoded once into a memory-mapped file, drawn into batches."""

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path

import numpy as np
import platformdirs

from core.errors import Stopped, XCosError
from core.faces.face import SIDE
from core.files import written_whole
from core.progress import QUIET, Task
from core.training.config import DataConfig, OptimisationConfig
from core.training.gallery_source import GallerySource, no_faces, open_gallery_source
from core.training.resumable_arrays import new_array
from core.training.sources import FaceSource, SomeFaces, open_source, read_excluded, without

CHUNK = 512  # faces decoded between two reports
MIRRORED = 5_000  # faces up to which mirror images too are shown to a model that stays as it is
DONE = "problems.json"  # written once all faces were decoded


@dataclass(frozen=True, eq=False)
class TrainingFaces:
    """n faces of 112x112, of one or several sources.

    sources:    where they come from
    places:     (n, 2) int64, source and number within it
    labels:     (n,) int64, index into identities, -1 unknown
    identities: names of the labelled people
    pixels:     (m, 112, 112, 3) uint8, memory-mapped, and rows (n,) int64 into it;
                None where faces are decoded each time they are seen
    bordered:   (n,) bool, whether black padding surrounds the face
    folder:     where decoded faces and the target's answers to them are kept
    problems:   files left out, and why
    """

    sources: tuple[FaceSource, ...]
    places: np.ndarray
    labels: np.ndarray
    identities: tuple[str, ...]
    pixels: np.ndarray | None
    rows: np.ndarray
    bordered: np.ndarray
    folder: Path
    problems: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def name(self, face: int) -> str:
        """The file of a face, for messages."""
        source, number = self.places[face]
        return self.sources[source].name(int(number))

    def take(self, faces: np.ndarray) -> np.ndarray:
        """Pixels of some faces, (k, 112, 112, 3) uint8. Raises XCosError for a damaged photo."""
        if self.pixels is not None:
            return np.asarray(self.pixels[self.rows[faces]])
        with ThreadPoolExecutor() as pool:
            return np.stack(list(pool.map(self._read, faces)))

    def _read(self, face: int) -> np.ndarray:
        source, number = self.places[face]
        pixels = self.sources[source].read(int(number))
        if pixels.shape != (SIDE, SIDE, 3):
            raise XCosError(_wrong_size(self.name(face), pixels))
        return pixels


def views_kept(faces: int) -> int:
    """Of how many views of each face maps are kept: as it is, and mirrored where faces are few.

    Of many, mirror images teach little more, and cost as much time and disk again.
    """
    return 1 + (faces <= MIRRORED)


def open_sources(
    config: DataConfig, start: Path | None = None, task: Task = QUIET
) -> tuple[FaceSource, ...]:
    """The gallery and the folders of a config as sources of faces, the gallery first.

    start: weights that the run loads anyway. Raises XCosError for a source without any face, Stopped
    """
    excluded = set() if config.exclude is None else read_excluded(config.exclude)
    gallery = [] if config.gallery is None else [open_gallery_source(config, start, task)]
    folders = [
        open_source(root, labelled, config.aligned)
        for roots, labelled in ((config.labelled, True), (config.unlabelled, False))
        for root in roots
    ]
    return tuple(without(source, excluded) for source in (*gallery, *folders))


def problems_of(sources: Sequence[FaceSource], aligned: bool) -> tuple[str, ...]:
    """What is wrong with the photos of galleries among sources, in sentences."""
    problems: list[str] = []
    for source in sources:
        whole = source.whole if isinstance(source, SomeFaces) else source
        if isinstance(whole, GallerySource):
            problems += whole.problems
            sentence = no_faces(whole, aligned)
            problems += [] if sentence is None else [sentence]
    return tuple(problems)


def training_faces(
    config: DataConfig,
    task: Task = QUIET,
    sources: tuple[FaceSource, ...] | None = None,
) -> TrainingFaces:
    """Find all faces of a config and decode them; a second call takes them from the cache.

    Damaged photos are left out, and told as problems. sources: instead of the config's folders
    Raises XCosError for a missing folder, one without faces, or fewer than two faces in all.
    """
    sources = open_sources(config, task=task) if sources is None else sources
    names = identities_of(sources)
    places = _places(sources)
    _refuse_few(len(places))
    folder = faces_folder(config, sources)
    kept = _fits(len(places), folder)
    if not kept and not config.aligned:
        raise XCosError(
            f"The disk of {folder} has no room for {len(places):,} aligned faces; make room or "
            "choose another data.cache."
        )
    try:
        problems = _decode(sources, places, folder, kept, task)
    except OSError as error:
        raise XCosError(
            f"{folder} cannot be written: {error.strerror}; make room or choose another data.cache."
        ) from error
    keep = np.setdiff1d(np.arange(len(places)), np.array([int(p) for p in problems], np.int64))
    _refuse_few(len(keep))
    identities, labels = np.unique(names[keep], return_inverse=True)
    if identities[0] == "":
        identities, labels = identities[1:], labels - 1
    return TrainingFaces(
        sources=sources,
        places=places[keep],
        labels=labels.astype(np.int64),
        identities=tuple(identities.tolist()),
        pixels=np.load(folder / "pixels.npy", mmap_mode="r") if kept else None,
        rows=keep,
        bordered=np.load(folder / "bordered.npy")[keep],
        folder=folder,
        problems=tuple(problems[place] for place in sorted(problems, key=int)),
    )


def identities_of(sources: Sequence[FaceSource]) -> np.ndarray:
    """The identity of every face of all sources, (n,) text; empty: unknown.

    A name that several sources have is another person in each of them.
    """
    counts = Counter(name for source in sources for name in {*source.identities.tolist()} - {""})
    shared = [name for name, count in counts.items() if count > 1]
    parts = [np.array([""])[:0]]
    for number, source in enumerate(sources):
        own = np.char.add(source.identities, f"/{number}")
        parts.append(np.where(np.isin(source.identities, shared), own, source.identities))
    return np.concatenate(parts)


def _fits(count: int, folder: Path) -> bool:
    """Whether decoded faces lie there already, or leave a quarter of the disk's free room."""
    if (folder / DONE).exists() and (folder / "pixels.npy").exists():
        return True
    place = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    return count * SIDE * SIDE * 3 < 0.75 * shutil.disk_usage(place).free


def _wrong_size(name: str, pixels: np.ndarray) -> str:
    return f"{name} is {pixels.shape[1]}x{pixels.shape[0]}, not an aligned 112x112 face."


def _places(sources: Sequence[FaceSource]) -> np.ndarray:
    parts = [
        np.stack([np.full(count, number), np.arange(count)], axis=1)
        for number, count in enumerate(len(source.identities) for source in sources)
    ]
    return np.concatenate([np.empty((0, 2), np.int64), *parts])


def _refuse_few(count: int) -> None:
    if count < 2:
        raise XCosError(
            "There are fewer than two faces to train on; name a gallery or folders under [data]."
        )


def cache_folder(config: DataConfig) -> Path:
    """Where decoded faces and targets' answers are kept: data.cache, or the user's own cache."""
    return config.cache or Path(platformdirs.user_cache_dir("xcos-studio", False)) / "training"


def faces_folder(config: DataConfig, sources: Sequence[FaceSource]) -> Path:
    """Where the decoded faces of these sources are kept."""
    digest = hashlib.sha256("".join(source.stamp for source in sources).encode())
    return cache_folder(config) / f"faces-{digest.hexdigest()[:16]}"


def _decode(
    sources: Sequence[FaceSource],
    places: np.ndarray,
    folder: Path,
    kept: bool,
    task: Task,
) -> dict[str, str]:
    """Write bordered.npy, and pixels.npy if they are kept; problems by number.

    The problems' file marks it as done. Faces that are not kept are decoded once all the same,
    so that a damaged one is known before the run meets it.
    """
    import torch

    from core.training.augment import border_mask

    done = folder / DONE
    if done.exists() and (not kept or (folder / "pixels.npy").exists()):
        problems: dict[str, str] = json.loads(done.read_text(encoding="utf-8"))
        return problems
    folder.mkdir(parents=True, exist_ok=True)
    done.unlink(missing_ok=True)
    problems = {}
    shape = (SIDE, SIDE, 3)
    pixels = new_array(folder / "pixels.npy", np.uint8, (len(places), *shape)) if kept else None
    bordered = np.zeros(len(places), bool)

    def one(index: int) -> np.ndarray:
        source, number = places[index]
        try:
            photo = sources[source].read(int(number))
        except XCosError as error:
            problems[str(index)] = str(error)
            return np.zeros(shape, np.uint8)
        if photo.shape != shape:
            problems[str(index)] = _wrong_size(sources[source].name(int(number)), photo)
            return np.zeros(shape, np.uint8)
        return photo

    with ThreadPoolExecutor() as pool:
        for start in range(0, len(places), CHUNK):
            if task.stopped():
                raise Stopped("Decoding the training faces")
            task.report("Decoding faces", start, len(places))
            end = min(start + CHUNK, len(places))
            faces = np.stack(list(pool.map(one, range(start, end))))
            if pixels is not None:
                pixels[start:end] = faces
            x_BCHW = torch.from_numpy(faces).permute(0, 3, 1, 2)
            bordered[start:end] = border_mask(x_BCHW).flatten(1).any(dim=1).numpy()
    if isinstance(pixels, np.memmap):
        pixels.flush()
    np.save(folder / "bordered.npy", bordered)
    with written_whole(done) as part:
        part.write_text(json.dumps(problems), encoding="utf-8")
    return problems


@dataclass(frozen=True, eq=False)
class Batch:
    """What one step sees.

    faces:      (B,) int64, indices into the training faces; one may occur twice
    donors:     (B,) int64, faces whose pixels fill black borders
    companions: (B,) int64, faces that hide a part of each or are mixed into it
    mirrored:   (B,) bool
    samples:    (B,) int64, counts the samples of the run: the seed of each one's augmentation
    """

    faces: np.ndarray
    donors: np.ndarray
    companions: np.ndarray
    mirrored: np.ndarray
    samples: np.ndarray

    def part(self, number: int, count: int) -> "Batch":
        """The samples that one of several processes takes; parts in turn make up the whole."""
        share = slice(number * len(self.faces) // count, (number + 1) * len(self.faces) // count)
        return Batch(*(getattr(self, f.name)[share] for f in fields(self)))


class BatchSampler:
    """Batches as a function of the step alone, so that a resumed run sees the same ones.

    A batch has some identities with several photos each (an identity with one photo is drawn
    twice, as two views), and unlabelled faces, each once a pass in random order; a share of
    these bring a likely positive along: a neighbour in the target's space where there is one,
    else a second view of themselves.

    labels:     (n,) identity numbers, -1 unknown
    neighbours: (n, k) int64 indices, -1 where there is none
    bordered:   (n,) bool, faces with black padding, which fill no other's; None: not known
    mirror:     whether half of the faces are turned left to right
    """

    def __init__(
        self,
        labels: np.ndarray,
        neighbours: np.ndarray,
        config: OptimisationConfig,
        seed: int,
        bordered: np.ndarray | None = None,
        mirror: bool = True,
    ) -> None:
        self._mirror = mirror
        whole = np.flatnonzero(~bordered) if bordered is not None else np.empty(0, np.int64)
        self._whole = whole if len(whole) else np.arange(len(labels))
        self._count = len(labels)
        self._unlabelled = np.flatnonzero(labels < 0)
        known = np.unique(labels[labels >= 0])
        self._by_identity = [np.flatnonzero(labels == identity) for identity in known]
        self._neighbours, self._config, self._seed = neighbours, config, seed
        share = config.labelled_share if len(known) else 0.0
        if not len(self._unlabelled):
            share = 1.0
        self._labelled_size = round(config.batch * share)
        rest = config.batch - self._labelled_size
        self._partners = min(round(rest * config.partner_share), rest // 2)
        self._leaders = rest - self._partners
        self._permutation = lru_cache(maxsize=2)(self._make_permutation)

    def batch(self, step: int) -> Batch:
        """The batch of a step, counted from 0."""
        rng = np.random.default_rng([self._seed, 1, step])
        faces = np.concatenate([self._draw_labelled(rng), self._draw_unlabelled(step, rng)])
        samples = step * self._config.batch + np.arange(len(faces))
        return Batch(
            faces=faces,
            donors=rng.choice(self._whole, len(faces)),
            companions=rng.integers(0, self._count, len(faces)),
            mirrored=(rng.random(len(faces)) < 0.5) & self._mirror,
            samples=samples,
        )

    def passes(self, step: int) -> float:
        """How often the unlabelled faces have been through by that step."""
        return step * self._leaders / max(1, len(self._unlabelled))

    def _draw_labelled(self, rng: np.random.Generator) -> np.ndarray:
        drawn: list[np.ndarray] = []
        count = 0
        order = rng.permutation(len(self._by_identity))
        turn = 0
        while count < self._labelled_size:
            of_one = self._by_identity[order[turn % len(order)]]
            wanted = min(self._config.photos_per_identity, self._labelled_size - count)
            drawn.append(rng.choice(of_one, wanted, replace=len(of_one) < wanted))
            count, turn = count + wanted, turn + 1
        return np.concatenate(drawn) if drawn else np.empty(0, np.int64)

    def _draw_unlabelled(self, step: int, rng: np.random.Generator) -> np.ndarray:
        places = step * self._leaders + np.arange(self._leaders)
        size = max(1, len(self._unlabelled))
        leaders = np.array(
            [self._permutation(place // size)[place % size] for place in places], int
        )
        partners = leaders[: self._partners].copy()
        for slot, face in enumerate(partners):
            likely = self._neighbours[face][self._neighbours[face] >= 0]
            if len(likely):
                partners[slot] = rng.choice(likely)
        return np.concatenate([leaders, partners]).astype(np.int64)

    def _make_permutation(self, number: int) -> np.ndarray:
        return np.random.default_rng([self._seed, 2, number]).permutation(self._unlabelled)
