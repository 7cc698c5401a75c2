"""Faces to learn from: found, decoded once into a memory-mapped file, drawn into batches."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from core.errors import Stopped, XCosError
from core.faces.face import SIDE
from core.faces.photo import PHOTO_SUFFIXES, read_photo
from core.progress import Report, StopAsked, never, silent
from core.training.config import DataConfig, OptimisationConfig

CHUNK = 512  # faces decoded between two reports
NEIGHBOURS = 8  # likely positives kept for an unlabelled face
SAME_PICTURE = 0.985  # a target cosine above this is the same photo twice


@dataclass(frozen=True, eq=False)
class TrainingFaces:
    """n aligned faces, the labelled ones first.

    files:      n paths
    labels:     (n,) int64, index into identities, -1 unknown
    identities: names of the labelled people
    pixels:     (n, 112, 112, 3) uint8, memory-mapped
    folder:     where decoded faces and the target's answers to them are kept
    problems:   files left out, and why
    """

    files: tuple[Path, ...]
    labels: np.ndarray
    identities: tuple[str, ...]
    pixels: np.ndarray
    folder: Path
    problems: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.files)


def training_faces(
    config: DataConfig, report: Report = silent, stopped: StopAsked = never
) -> TrainingFaces:
    """Find and decode all faces of a config; a second call takes them from the cache.

    Raises XCosError for a missing folder, one without faces, or fewer than two faces in all.
    """
    files, names = _find(config)
    identities = tuple(sorted({name for name in names if name}))
    numbers = {name: number for number, name in enumerate(identities)}
    labels = np.array([numbers[name] if name else -1 for name in names], np.int64)
    folder = _folder(config, files)
    problems = _decode(files, folder, report, stopped)
    if problems:
        keep = [index for index in range(len(files)) if str(index) not in problems]
        _refuse_few(len(keep))
        kept_config_files = [files[index] for index in keep]
        reasons = tuple(problems.values())
        pixels = np.load(folder / "pixels.npy", mmap_mode="r")
        return TrainingFaces(
            tuple(kept_config_files),
            labels[keep],
            identities,
            pixels[keep],
            folder,
            reasons,
        )
    pixels = np.load(folder / "pixels.npy", mmap_mode="r")
    return TrainingFaces(tuple(files), labels, identities, pixels, folder, ())


def _find(config: DataConfig) -> tuple[list[Path], list[str]]:
    files: list[Path] = []
    names: list[str] = []
    for roots, labelled in ((config.labelled, True), (config.unlabelled, False)):
        for root in roots:
            if not root.is_dir():
                raise XCosError(
                    f"The training folder {root} does not exist; mend data in the config."
                )
            found = sorted(p for p in root.rglob("*") if p.suffix.lower() in PHOTO_SUFFIXES)
            if not found:
                raise XCosError(
                    f"The training folder {root} has no photos; take it out of the config."
                )
            files += found
            names += [p.relative_to(root).parts[0] if labelled else "" for p in found]
    _refuse_few(len(files))
    return files, names


def _refuse_few(count: int) -> None:
    if count < 2:
        raise XCosError("There are fewer than two faces to train on; name folders under [data].")


def _folder(config: DataConfig, files: list[Path]) -> Path:
    if config.cache is None:
        raise XCosError("data.cache is not set; name a folder for decoded faces in the config.")
    digest = hashlib.sha256()
    for file in files:
        state = file.stat()
        digest.update(f"{file}\0{state.st_size}\0{state.st_mtime_ns}\n".encode())
    return config.cache / f"faces-{digest.hexdigest()[:16]}"


def _decode(files: list[Path], folder: Path, report: Report, stopped: StopAsked) -> dict[str, str]:
    """Write pixels.npy; problems by index. The file of problems marks the work as done."""
    done = folder / "problems.json"
    if done.exists():
        problems: dict[str, str] = json.loads(done.read_text(encoding="utf-8"))
        return problems
    folder.mkdir(parents=True, exist_ok=True)
    problems = {}
    shape = (len(files), SIDE, SIDE, 3)
    pixels = np.lib.format.open_memmap(folder / "pixels.npy", "w+", np.uint8, shape)

    def one(index: int) -> None:
        try:
            photo = read_photo(files[index])
        except XCosError as error:
            problems[str(index)] = str(error)
            return
        if photo.shape != (SIDE, SIDE, 3):
            height, width = photo.shape[:2]
            problems[str(index)] = (
                f"{files[index]} is {width}x{height}, not an aligned 112x112 face."
            )
            return
        pixels[index] = photo

    with ThreadPoolExecutor() as pool:
        for start in range(0, len(files), CHUNK):
            if stopped():
                raise Stopped("Decoding the training faces")
            report("Decoding faces", start, len(files))
            list(pool.map(one, range(start, min(start + CHUNK, len(files)))))
    pixels.flush()
    done.write_text(json.dumps(problems), encoding="utf-8")
    return problems


@dataclass(frozen=True, eq=False)
class Batch:
    """What one step sees.

    faces:    (B,) int64, indices into the training faces; one may occur twice
    mirrored: (B,) bool
    samples:  (B,) int64, counts the samples of the run: the seed of each one's augmentation
    """

    faces: np.ndarray
    mirrored: np.ndarray
    samples: np.ndarray


class BatchSampler:
    """Batches as a function of the step alone, so that a resumed run sees the same ones.

    A batch has some identities with several photos each (an identity with one photo is drawn
    twice, as two views), and unlabelled faces, each once a pass in random order; a share of
    these bring a likely positive along: a neighbour in the target's space where there is one,
    else a second view of themselves.

    labels:     (n,) identity numbers, -1 unknown
    neighbours: (n, k) int64 indices, -1 where there is none
    """

    def __init__(
        self,
        labels: np.ndarray,
        neighbours: np.ndarray,
        config: OptimisationConfig,
        seed: int,
    ) -> None:
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
        return Batch(faces, rng.random(len(faces)) < 0.5, samples)

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


def likely_positives(embeddings: np.ndarray, labels: np.ndarray, alike: float) -> np.ndarray:
    """Neighbours in the target's space, by cosine: (n, 8) int64, -1 where there are fewer.

    embeddings: (n, t) unit vectors; labels: (n,), a labelled face has no neighbours since its
    positives are known; alike: the least cosine. Cosines above 0.985 are the same photo twice.
    """
    import torch

    every = torch.from_numpy(np.ascontiguousarray(embeddings))
    found = np.full((len(embeddings), NEIGHBOURS), -1, np.int64)
    unlabelled = torch.from_numpy(np.flatnonzero(labels < 0))
    count = min(NEIGHBOURS + 2, len(unlabelled))
    for rows in torch.split(unlabelled, 1024):
        cosines = every[rows] @ every[unlabelled].T
        best, places = cosines.topk(count, dim=1)
        for row, cosine, place in zip(rows.tolist(), best.numpy(), places.numpy(), strict=True):
            others = unlabelled[place[(cosine > alike) & (cosine < SAME_PICTURE)]].numpy()
            others = others[others != row][:NEIGHBOURS]
            found[row, : len(others)] = others
    return found
