"""All faces of a gallery as points of a plane, so that alike faces lie near each other.

The space is that of the uniform score: a face is its 49 grid features, each of length 1, divided
by 7, so that the product of two faces is their uniform score.

pca         the two directions in which the faces differ most; at once, and distances mean something
neighbours  openTSNE, seeded, from that start: neighbours stay neighbours, distances mean little
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.errors import Stopped, XCosError
from core.model.features import CELLS
from core.progress import QUIET, Task
from core.scoring.lists import PairList, pairs_of
from core.scoring.matrix import ScoreMatrix
from core.scoring.scored import ScoredGallery

Layout = Literal["pca", "neighbours"]
SEED = 0
FEW = 64  # faces whose whole decomposition costs nothing
LEAST_NEIGHBOURS = 10  # faces that have neighbours to speak of
ROUNDS = 750  # of openTSNE: 250 drawn together, then 500
SAME = 1e-9  # variance of a face, which is of length 1, below which all faces are one picture
GOLDEN = (5**0.5 - 1) / 2  # its multiples fill the circle of hues evenly
MOST_AMONG = 2000  # selected faces whose pairs are listed


@dataclass(frozen=True, eq=False)
class FaceMap:
    """Points of n faces.

    places: (n, 2) float64, the larger spread across
    share:  of the faces' variance that the plane shows, in [0, 1]; None where that is unknown
    """

    layout: Layout
    places: np.ndarray
    share: float | None = None


def uniform_space(grid: np.ndarray) -> np.ndarray:
    """Grid features (n, 32, 7, 7) to (n, 1568) float32, whose products are uniform scores."""
    length = np.sqrt(np.einsum("nchw,nchw->nhw", grid, grid))[:, None]
    unit = grid / np.maximum(length, 1e-12) / CELLS
    space: np.ndarray = unit.reshape(len(grid), -1).astype(np.float32, copy=False)
    return space


def face_map(grid: np.ndarray, layout: Layout = "pca", task: Task = QUIET) -> FaceMap:
    """Lay out n faces by their grid features (n, 32, 7, 7); the same every time.

    Raises XCosError for fewer than two faces, and where openTSNE is needed and not there; Stopped.
    """
    if len(grid) < 2:
        raise XCosError("A map needs at least two faces; open a gallery with more.")
    task.report("Laying out the faces", 0, 1)
    space = uniform_space(grid)
    places, share = _pca(space)
    if layout == "pca" or len(grid) < LEAST_NEIGHBOURS or not places.any():
        return FaceMap("pca", places, share)
    if task.stopped():
        raise Stopped("The map")
    return FaceMap("neighbours", _neighbours(space, places, task))


def _pca(space: np.ndarray) -> tuple[np.ndarray, float]:
    from scipy.sparse.linalg import svds

    centred = space - space.mean(axis=0)
    total = float(np.einsum("nd,nd->", centred, centred))
    if total < SAME * len(space):  # nothing to decompose, and nothing that the plane leaves out
        return np.zeros((len(space), 2)), 1.0
    if len(space) <= FEW:
        left, size, right = np.linalg.svd(centred, full_matrices=False)
    else:
        start = np.random.default_rng(SEED).normal(size=min(centred.shape))
        left, size, right = svds(centred, k=2, v0=start.astype(np.float32))
    order = np.argsort(-size)[:2]
    # A direction and its opposite are as good: the one whose largest part is positive is taken.
    largest = np.abs(right[order]).argmax(axis=1)
    sign = np.sign(right[order, largest])
    places = np.zeros((len(space), 2))
    places[:, : len(order)] = left[:, order] * (size[order] * sign)
    return places, min(1.0, float((size[order] ** 2).sum()) / total)


def _neighbours(space: np.ndarray, start: np.ndarray, task: Task) -> np.ndarray:
    try:
        from openTSNE import TSNE
    except ImportError as error:
        raise XCosError(
            "The map by neighbours needs openTSNE; install it with pip install 'xcos-studio[map]', "
            "or choose the layout by PCA."
        ) from error
    done = 0

    def heard(_: int, __: float, ___: np.ndarray) -> bool:
        nonlocal done
        done += 25
        task.report("Laying out the faces", min(done, ROUNDS), ROUNDS)
        return task.stopped()

    spread = np.maximum(start[:, 0].std(), 1e-12)
    places = TSNE(
        perplexity=min(30, (len(space) - 1) / 3),
        metric="cosine",
        initialization=start / spread * 1e-4,
        random_state=SEED,
        n_jobs=2,
        callbacks=heard,
        callbacks_every_iters=25,
    ).fit(space)
    if task.stopped():
        raise Stopped("The map")
    return np.asarray(places, np.float64)


def hardness(matrix: ScoreMatrix, threshold: float, task: Task = QUIET) -> np.ndarray:
    """How far each column's worst pair is on the wrong side of the threshold, (m,) float64.

    Negative where all of its pairs are right; NaN for a face of unknown identity. Raises Stopped.
    """
    n, m = matrix.scores.shape
    worst, every = np.full(m, -np.inf), slice(0, m)
    for rows in matrix.tiles():
        if task.stopped():
            raise Stopped("The map")
        task.report("Looking for hard faces", rows.start, n)
        margins, known = _margins(matrix, rows, every, threshold)
        worst = np.maximum(worst, np.where(known, margins, -np.inf).max(axis=0, initial=-np.inf))
    return np.where(np.isfinite(worst), worst, np.nan)


def hardest_partner(matrix: ScoreMatrix, column: int, threshold: float) -> int | None:
    """The row of a column's pair that is farthest on the wrong side; None without known pairs."""
    margins, known = _margins(
        matrix, slice(0, len(matrix.scores)), slice(column, column + 1), threshold
    )
    return int(np.where(known, margins, -np.inf).argmax()) if known.any() else None


def _margins(
    matrix: ScoreMatrix, rows: slice, columns: slice, threshold: float
) -> tuple[np.ndarray, np.ndarray]:
    """How far pairs are on the wrong side, and which are pairs of known identities: (r, c)."""
    known, places = matrix.known(rows, columns), np.arange(len(matrix.scores))[rows]
    if matrix.square:
        known &= places[:, None] != np.arange(matrix.scores.shape[1])[columns]
    scores = matrix.lines(places, columns).astype(np.float64)
    return np.where(matrix.genuine(rows, columns), threshold - scores, scores - threshold), known


def pairs_among(scored: ScoredGallery, places: Iterable[int], threshold: float) -> PairList:
    """Pairs among some columns' faces, worst first, at most 500.

    Raises XCosError where the gallery has probes, and for more than MOST_AMONG faces.
    """
    chosen = np.array(sorted({*places}), np.int64)
    if not scored.square:
        raise XCosError("With probes there are no pairs within the gallery; remove the probes.")
    if len(chosen) > MOST_AMONG:
        raise XCosError(
            f"{len(chosen):,} faces have too many pairs to list; select at most {MOST_AMONG:,}."
        )
    part = scored.part(chosen, chosen)
    pairs = pairs_of(part.matrix, None, threshold, 500)
    return PairList(chosen[pairs.rows], chosen[pairs.columns], pairs.scores)


def hues(names: Iterable[str]) -> dict[str, float]:
    """A hue in [0, 1) for each name, the same every time; few names get hues far apart."""
    return {name: place * GOLDEN % 1 for place, name in enumerate(sorted({*names}))}
