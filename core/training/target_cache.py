"""The target's answers to every training face, asked once and kept on disk."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from core.errors import Stopped
from core.faces.face import SIDE
from core.model.features import CELLS
from core.model.target import Target
from core.progress import Task
from core.training.batch_loader import Views
from core.training.data import TrainingFaces
from core.training.frozen import FrozenBackbone
from core.training.losses import Lesson, joint_cosines
from core.training.resumable_arrays import count_up, counted, new_array

CHUNK = 256  # faces shown to the target at a time
SCALE_FACES = 2000  # by whose pairs a target's cosines are measured


@dataclass(frozen=True, eq=False)
class TargetAnswers:
    """What the target says of n faces, as they are and mirrored, or only as they are.

    embeddings: (2, n, t) float32 unit vectors, [0] as it is, [1] mirrored; or (1, n, t)
    maps:       (2, n, C, 7, 7) uint8 proportional to the target's last map, or None
    folder:     where they are kept
    """

    embeddings: np.ndarray
    maps: np.ndarray | None
    folder: Path

    @property
    def size(self) -> int:
        """How many numbers an embedding has."""
        return int(self.embeddings.shape[2])

    @property
    def map_channels(self) -> int | None:
        """How many channels a map has, None without maps."""
        return None if self.maps is None else int(self.maps.shape[2])

    def lesson(self, views: Views) -> Lesson:
        """What the target said of a batch's faces before they were varied."""
        batch, device = views.batch, views.pixels.device
        turned = batch.mirrored.astype(np.int64)
        maps = None
        if self.maps is not None:
            stored = [self.maps[k, face] for k, face in zip(turned, batch.faces, strict=True)]
            maps = torch.from_numpy(np.stack(stored)).to(device).float()
        valid = F.adaptive_avg_pool2d(views.valid[:, None], CELLS)[:, 0]
        flipped = torch.from_numpy(batch.mirrored).to(device)[:, None, None]
        embeddings = torch.from_numpy(self.embeddings[turned, batch.faces]).to(device)
        return Lesson(embeddings, maps, torch.where(flipped, valid.flip(2), valid))


class LiveTarget:
    """The target asked about each varied face anew: more to learn from, for a forward pass.

    size: numbers of an embedding; map_channels: of the last map, None where it is not wanted
    """

    def __init__(self, target: Target, with_maps: bool, device: torch.device) -> None:
        self._target, self._with_maps = target, with_maps
        first = target.answers_to_views(torch.zeros(1, 3, SIDE, SIDE, device=device), with_maps)
        self.size = first[0].shape[1]
        self.map_channels = first[1].shape[1] if with_maps else None

    def lesson(self, views: Views) -> Lesson:
        """What the target says of a batch's varied faces."""
        embeddings, *maps = self._target.answers_to_views(views.pixels, self._with_maps)
        everywhere = torch.ones(len(embeddings), CELLS, CELLS, device=embeddings.device)
        return Lesson(embeddings, maps[0] if maps else None, everywhere)


class JointTeacher:
    """Several targets: embeddings and maps of the first, cosines of all of them.

    scales: impostor mean and spread of each one's cosines, the first one's first
    """

    def __init__(
        self,
        first: TargetAnswers | LiveTarget,
        others: Sequence[TargetAnswers | LiveTarget],
        scales: tuple[tuple[float, float], ...],
    ) -> None:
        self._first, self._others, self._scales = first, others, scales
        self.size, self.map_channels = first.size, first.map_channels

    def lesson(self, views: Views) -> Lesson:
        """What the targets say of a batch's faces."""
        others = tuple(other.lesson(views).embeddings for other in self._others)
        return self._first.lesson(views)._replace(others=others, scales=self._scales)


def impostor_scale(embeddings_NT: np.ndarray) -> tuple[float, float]:
    """Mean and spread of a target's cosines of different people, from faces of mostly such.

    Median and half the width of the middle 68 %, which the few genuine pairs do not move.
    embeddings: (n, t) unit vectors, n >= 2; at most 2,000 of them are looked at
    """
    some = embeddings_NT[np.linspace(0, len(embeddings_NT) - 1, SCALE_FACES).round().astype(int)]
    some = np.unique(some, axis=0)
    cosines = (some @ some.T)[np.triu_indices(len(some), 1)]
    low, middle, high = np.quantile(cosines, (0.16, 0.5, 0.84))
    return float(middle), max(float(high - low) / 2, 1e-6)


def scales_of(answers: Sequence[TargetAnswers]) -> tuple[tuple[float, float], ...]:
    """The impostor mean and spread of each target's cosines; () for one, which needs none."""
    if len(answers) < 2:
        return ()
    return tuple(impostor_scale(np.asarray(answer.embeddings[0])) for answer in answers)


def label_limits(answers: Sequence[TargetAnswers], labels: np.ndarray) -> tuple[float, float]:
    """Between which cosines names correct a target: the least of a genuine pair, the most of others.

    The upper quartile of genuine pairs, where occluded and plain ones mix, and the median of impostor
    pairs and a spread more; of at most 2,000 faces with names. labels: (n,) int64, -1 unknown
    """
    known = np.flatnonzero(labels >= 0)
    some = known[np.unique(np.linspace(0, len(known) - 1, SCALE_FACES).round().astype(int))]
    every = [torch.from_numpy(np.asarray(answer.embeddings[0])[some]) for answer in answers]
    cosines = joint_cosines(every, scales_of(answers)).numpy()
    rows, columns = np.triu_indices(len(some), 1)
    same = labels[some][rows] == labels[some][columns]
    cosines = cosines[rows, columns]
    genuine, impostor = cosines[same], cosines[~same]
    least = float(np.quantile(genuine, 0.75)) if len(genuine) else 1.0
    if not len(impostor):  # of one person alone; pairs with unknown faces stay as they are
        return least, 1.0
    low, middle, high = np.quantile(impostor, (0.16, 0.5, 0.84))
    return least, float(middle + (high - low) / 2)


def answers_from_maps(
    faces: TrainingFaces, frozen: FrozenBackbone, maps: np.ndarray, task: Task
) -> TargetAnswers:
    """What a plugged-in model says of every face, by its kept maps. Raises Stopped."""
    folder = faces.folder / f"{frozen.kept}-embeddings"
    folder.mkdir(parents=True, exist_ok=True)
    marker, place = folder / "done.txt", folder / "embeddings.npy"
    already, count = counted(marker, place), len(faces)
    for start in range(already, count, CHUNK):
        if task.stopped():
            raise Stopped("Computing the model's own cosines")
        task.report("Computing embeddings", start, count)
        for side in range(len(maps)):
            embeddings = frozen.embeddings(maps[side, start : start + CHUNK])
            kept = _array(place, np.float32, (len(maps), count, embeddings.shape[1]))
            kept[side, start : start + CHUNK] = embeddings
        count_up(marker, min(start + CHUNK, count))
    return TargetAnswers(np.load(place, mmap_mode="r"), None, folder)


def target_answers(
    faces: TrainingFaces, target: Target, with_maps: bool, task: Task, views: int = 2
) -> TargetAnswers:
    """Ask the target about every face, mirrored too; an interrupted asking goes on where it was.

    views: 1 asks about the faces as they are alone. Raises XCosError for a target without a 7x7 map where maps are wanted, and Stopped.
    """
    folder = faces.folder / (f"target-{target.fingerprint[:16]}" + "-plain" * (views == 1))
    folder.mkdir(parents=True, exist_ok=True)
    marker = folder / ("done-maps.txt" if with_maps else "done.txt")
    kept = [folder / name for name in ("embeddings.npy", "maps.npy")[: 1 + with_maps]]
    already, count = counted(marker, *kept), len(faces)
    embeddings: np.ndarray | None = None
    maps: np.ndarray | None = None
    for start in range(already, count, CHUNK):
        if task.stopped():
            raise Stopped("Asking the target about the training faces")
        task.report("Asking the target", start, count)
        crops = faces.take(np.arange(start, min(start + CHUNK, count)))
        for turned in range(views):
            seen = np.ascontiguousarray(crops[:, :, ::-1]) if turned else crops
            answer = target.answers(seen, with_map=with_maps)
            if embeddings is None:
                size = (views, count, answer.embeddings.shape[1])
                embeddings = _array(folder / "embeddings.npy", np.float32, size)
            embeddings[turned, start : start + CHUNK] = answer.embeddings
            if answer.maps is not None:
                if maps is None:
                    maps = _array(
                        folder / "maps.npy",
                        np.uint8,
                        (views, count, *answer.maps.shape[1:]),
                    )
                maps[turned, start : start + CHUNK] = _quantised(answer.maps)
        count_up(marker, min(start + CHUNK, count))
    stored = np.load(folder / "maps.npy", mmap_mode="r") if with_maps else None
    return TargetAnswers(np.load(folder / "embeddings.npy", mmap_mode="r"), stored, folder)


def _array(path: Path, dtype: type, shape: tuple[int, ...]) -> np.ndarray:
    with contextlib.suppress(OSError, ValueError):  # not there, or cut short by a kill
        return np.lib.format.open_memmap(path, "r+")
    return new_array(path, dtype, shape)


def _quantised(maps_BCHW: np.ndarray) -> np.ndarray:
    # Only directions count in the loss, cell by cell, so a face's own scale may be dropped.
    largest = maps_BCHW.max(axis=(1, 2, 3), keepdims=True).clip(min=1e-6)
    scaled: np.ndarray = (maps_BCHW.clip(min=0) * (255 / largest)).round().astype(np.uint8)
    return scaled
