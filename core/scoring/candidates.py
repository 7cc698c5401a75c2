"""Pairs worth scoring where all are too many: each face's nearest by the uniform score.

The 49 unit cell vectors, flattened and divided by 7, have the uniform score as their inner product,
exactly, so an index of vectors finds candidates; the learned attention then scores only these.
"""

import numpy as np

from core.errors import Stopped, XCosError
from core.model.features import CELLS
from core.progress import QUIET, Task
from core.scoring.kernels.prepared import PreparedFaces

LINKS = 32  # of a face in the graph; more find more and cost more memory
CHUNK = 1024


def vectors(faces: PreparedFaces) -> np.ndarray:
    """(n, 49 C) float32 whose inner products are the uniform scores."""
    flat: np.ndarray = faces.cells.reshape(len(faces), -1) / np.float32(CELLS)
    return flat


def candidates(
    rows: PreparedFaces,
    columns: PreparedFaces,
    count: int,
    task: Task = QUIET,
) -> tuple[np.ndarray, np.ndarray]:
    """Places (k,) in rows and in columns of each row face's nearest ones, sorted, each pair once.

    rows and columns may be one object; then no face is paired with itself. The graph (HNSW) finds
    nearly all, not all. Raises Stopped, and XCosError where faiss is not installed.
    """
    try:
        import faiss
    except ImportError as error:
        raise XCosError(
            "Candidates need the package faiss-cpu; install xcos-studio[scale]."
        ) from error
    square = rows is columns
    known = vectors(columns)
    index = faiss.IndexHNSWFlat(known.shape[1], LINKS, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efSearch = max(64, 4 * count)
    for start in range(0, len(known), CHUNK):
        if task.stopped():
            raise Stopped("Indexing faces")
        task.report("Indexing faces", start, len(known))
        index.add(known[start : start + CHUNK])
    asked = known if square else vectors(rows)
    pieces = []
    for start in range(0, len(asked), CHUNK):
        if task.stopped():
            raise Stopped("Searching candidates")
        task.report("Searching candidates", start, len(asked))
        _, places = index.search(asked[start : start + CHUNK], min(count + square, len(known)))
        row = np.repeat(np.arange(start, start + len(places)), places.shape[1])
        column = places.ravel()
        usable = (column >= 0) & ~(square & (row == column))
        pieces.append(np.stack([row[usable], column[usable]], axis=1))
    pairs = np.concatenate([np.empty((0, 2), np.int64), *pieces])
    if square:
        pairs.sort(axis=1)
    pairs = np.unique(pairs, axis=0)
    return pairs[:, 0], pairs[:, 1]
