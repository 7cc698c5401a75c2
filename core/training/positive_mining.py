"""Likely positives among unlabelled faces: neighbours in the target's space."""

from pathlib import Path

import numpy as np

from core.errors import Stopped, XCosError
from core.files import written_whole
from core.progress import QUIET, Task

NEIGHBOURS = 8  # likely positives kept for a face
SAME_PICTURE = 0.985  # a target cosine above this is the same photo twice
EXACT = 100_000  # faces up to which a CPU compares all with all
ROWS, COLUMNS = 512, 32_768  # of a tile of cosines: 64 MB
PROBES = 16  # of an index's lists that are searched for a face
SEEN = 2 * NEIGHBOURS  # nearest faces looked at; some are the same photo

Nearest = tuple[np.ndarray, np.ndarray]  # cosines and places, both (rows, SEEN)


def likely_positives(
    embeddings: np.ndarray,
    labels: np.ndarray,
    alike: float,
    device: str = "cpu",
    task: Task = QUIET,
) -> np.ndarray:
    """Neighbours by the target's cosine: (n, 8) int64, nearest first, -1 where there are fewer.

    embeddings: (n, t) unit vectors, may be memory-mapped; labels: (n,), a labelled face has no
    neighbours since its positives are known; alike: the least cosine. Cosines above 0.985 are
    the same photo twice. All are compared with all, tile by tile, up to 100,000 faces and on
    GPUs; beyond that an index of faiss finds nearly all of them. A million faces of 512 numbers
    take 2e15 operations the one way, a minute of a GPU, and 1e13 and 1 GB the other, minutes of
    a CPU. Raises Stopped, and XCosError where faiss is needed and not installed.
    """
    positives = np.full((len(embeddings), NEIGHBOURS), -1, np.int64)
    unlabelled = np.flatnonzero(labels < 0)
    if len(unlabelled) < 2:
        return positives
    whole = len(unlabelled) <= EXACT or device.startswith("cuda")
    search = _Tiles(embeddings, unlabelled, device) if whole else _Index(embeddings, unlabelled)
    for start in range(0, len(unlabelled), ROWS):
        if task.stopped():
            raise Stopped("Looking for likely positives")
        task.report("Likely positives", start, len(unlabelled))
        rows = unlabelled[start : start + ROWS]
        cosines, places = search.nearest(np.asarray(embeddings[rows], np.float32))
        faces = np.where(places >= 0, unlabelled[places], -1)
        wanted = (cosines > alike) & (cosines < SAME_PICTURE)
        wanted &= (faces != rows[:, None]) & (faces >= 0)
        faces = np.where(wanted, faces, -1)
        order = np.argsort(~wanted, axis=1, kind="stable")[:, :NEIGHBOURS]
        kept = np.take_along_axis(faces, order, axis=1)
        positives[rows, : kept.shape[1]] = kept
    return positives


class _Tiles:
    """Compares with all faces, a tile at a time."""

    def __init__(self, embeddings: np.ndarray, faces: np.ndarray, device: str) -> None:
        self._embeddings, self._faces, self._device = embeddings, faces, device

    def nearest(self, rows: np.ndarray) -> Nearest:
        import torch

        asked = torch.from_numpy(rows).to(self._device)
        best = torch.empty(len(rows), 0, device=self._device)
        places = torch.empty(len(rows), 0, dtype=torch.int64, device=self._device)
        for start in range(0, len(self._faces), COLUMNS):
            part = self._embeddings[self._faces[start : start + COLUMNS]]
            tile = asked @ torch.from_numpy(np.asarray(part, np.float32)).to(self._device).T
            cosines, at = tile.topk(min(SEEN, tile.shape[1]), dim=1)
            cosines, at = torch.cat([best, cosines], 1), torch.cat([places, at + start], 1)
            best, order = cosines.topk(min(SEEN, cosines.shape[1]), dim=1)
            places = at.gather(1, order)
        return best.cpu().numpy(), places.cpu().numpy()


class _Index:
    """Compares with the faces of the nearest clusters, kept in half precision."""

    def __init__(self, embeddings: np.ndarray, faces: np.ndarray) -> None:
        try:
            import faiss
        except ImportError as error:
            raise XCosError(
                f"Likely positives among {len(faces):,} faces need the package faiss-cpu; install "
                "xcos-studio[scale], or set optimisation.partner_share to 0."
            ) from error
        size, clusters = embeddings.shape[1], max(1, round(4 * len(faces) ** 0.5))
        metric, halves = faiss.METRIC_INNER_PRODUCT, faiss.ScalarQuantizer.QT_fp16
        self._coarse = faiss.IndexFlatIP(size)
        self._index = faiss.IndexIVFScalarQuantizer(self._coarse, size, clusters, halves, metric)
        self._index.nprobe = PROBES
        some = np.linspace(0, len(faces) - 1, min(len(faces), 40 * clusters)).astype(np.int64)
        self._index.train(np.asarray(embeddings[faces[some]], np.float32))
        for start in range(0, len(faces), COLUMNS):
            self._index.add(np.asarray(embeddings[faces[start : start + COLUMNS]], np.float32))

    def nearest(self, rows: np.ndarray) -> Nearest:
        cosines, places = self._index.search(rows, SEEN)
        return cosines, places


def kept_positives(
    path: Path,
    embeddings: np.ndarray,
    labels: np.ndarray,
    alike: float,
    device: str,
    task: Task,
) -> np.ndarray:
    """The same, from a file where they were found before: a resumed run draws the same faces."""
    try:
        return np.asarray(np.load(path))
    except (OSError, ValueError, EOFError):
        positives = likely_positives(embeddings, labels, alike, device, task)
    try:
        with written_whole(path) as part, part.open("wb") as file:
            np.save(file, positives)
    except OSError as error:
        raise XCosError(
            f"{path} cannot be written: {error.strerror}; make room or choose another data.cache."
        ) from error
    return positives
