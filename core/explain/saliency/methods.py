"""Methods that say which cells of two faces made their score, each on the same pair.

One sign for all: positive speaks for "same", so hiding the cell should lower the score. One colour
scale for all: each map divided by its largest size, red below 0, blue above (see on_one_scale).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.explain.crop_scorer import CropScorer
from core.explain.editing.edits import GREY
from core.faces.face import SIDE
from core.model.features import CELLS
from core.progress import QUIET, Task

MASKS = 128  # of each face for CorrRISE; every left one meets every right one
KEPT = 0.5  # share of a RISE mask that stays visible
CELL = SIDE // CELLS

TITLES = {
    "xcos": "xCos evidence",
    "grad-cam": "Grad-CAM, backbone",
    "grad-cam-target": "Grad-CAM, target",
    "occlusion": "Occlusion",
    "rise": "CorrRISE",
    "random": "Random order",
}


@dataclass(frozen=True, eq=False)
class SaliencyMap:
    """What one method says of a pair. Row 0 is the top of the face.

    left, right: (7, 7) float64 for each face; xCos has one map for both
    fine:        (2, 112, 112) float64, left and right, where the method is finer than cells
    seconds:     what it took, from crops to map, with the networks loaded
    faces:       how often a face went through a network
    """

    name: str
    left: np.ndarray
    right: np.ndarray
    seconds: float
    faces: int
    fine: np.ndarray | None = None

    @property
    def map(self) -> np.ndarray:
        """(7, 7): the mean of both faces' maps."""
        mean: np.ndarray = (self.left + self.right) / 2
        return mean


@dataclass(frozen=True, eq=False)
class Subject:
    """Two crops (112, 112, 3) uint8 and the model whose score of them is explained."""

    left: np.ndarray
    right: np.ndarray
    scorer: CropScorer


Method = Callable[[Subject, Task], SaliencyMap]


def methods_for(scorer: CropScorer) -> tuple[str, ...]:
    """The methods that a model allows; Grad-CAM on the target needs one with a 7x7 map."""
    names = ("xcos", "grad-cam", "grad-cam-target", "occlusion", "rise")
    return tuple(n for n in names if n != "grad-cam-target" or scorer.has_target_map)


def saliency(name: str, subject: Subject, task: Task = QUIET) -> SaliencyMap:
    """One method's map by its name in TITLES. Raises XCosError, Stopped."""
    return METHODS[name](subject, task)


def hide(crop: np.ndarray, hidden: np.ndarray, base: np.ndarray | int = GREY) -> np.ndarray:
    """Copies of a crop (112, 112, 3) with parts replaced by a base: (k, 112, 112, 3) uint8.

    hidden: (k, 112, 112) in [0, 1] or bool; base: a grey value, or a picture as large as the crop
    """
    share = hidden.astype(np.float32)[..., None]
    mixed: np.ndarray = crop * (1 - share) + np.float32(1) * base * share
    return mixed.round().astype(np.uint8)


def cells_as_pixels(cells: np.ndarray) -> np.ndarray:
    """(..., 7, 7) to (..., 112, 112), each cell as its square of pixels."""
    grown: np.ndarray = cells.repeat(CELL, axis=-2).repeat(CELL, axis=-1)
    return grown


def mean_of_cells(pixels: np.ndarray) -> np.ndarray:
    """(..., 112, 112) to the cells' means (..., 7, 7)."""
    shape = (*pixels.shape[:-2], CELLS, CELL, CELLS, CELL)
    means: np.ndarray = pixels.reshape(shape).mean(axis=(-3, -1))
    return means


def on_one_scale(values: np.ndarray) -> np.ndarray:
    """A map divided by its largest size, to [-1, 1]; a map of zeros stays."""
    largest = float(np.abs(values).max())
    scaled: np.ndarray = values / (largest or 1.0)
    return scaled


def rise_masks(count: int, rng: np.random.Generator) -> np.ndarray:
    """RISE's masks (Petsiuk et al., 2018): (count, 112, 112) float32, 1 visible, 0 hidden.

    Random cells of a 7x7 grid, half of them visible, grown smoothly and shifted by up to a cell.
    """
    coarse = (rng.random((count, CELLS + 1, CELLS + 1)) < KEPT).astype(np.float32)
    # Bilinear growth as one product: place p of the grown side lies between two of the coarse.
    place = np.arange(CELLS * CELL + CELL) / CELL
    weights = np.maximum(0, 1 - np.abs(place[:, None] - np.arange(CELLS + 1))).astype(np.float32)
    weights[-CELL:, -1] = 1
    grown = np.einsum("pi,kij,qj->kpq", weights, coarse, weights, optimize=True)
    shifts = rng.integers(0, CELL, (count, 2))
    return np.stack(
        [g[y : y + SIDE, x : x + SIDE] for g, (y, x) in zip(grown, shifts, strict=True)]
    )


def pearson(masks: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Pearson correlation of each pixel over k masks (k, 112, 112) with k scores: (112, 112)."""
    from_mean = masks - masks.mean(axis=0)
    answers = scores - scores.mean()
    size = np.sqrt((from_mean.astype(np.float64) ** 2).sum(axis=0) * (answers**2).sum())
    products = np.tensordot(answers, from_mean, axes=1)
    correlation: np.ndarray = products / np.where(size > 0, size, 1)
    return correlation


def rise_of(scores: np.ndarray, lefts: np.ndarray, rights: np.ndarray) -> np.ndarray:
    """CorrRISE of both faces, (2, 112, 112), from scores (n, m) of n and m masked faces."""
    return np.stack([pearson(lefts, scores.mean(axis=1)), pearson(rights, scores.mean(axis=0))])


def _xcos(subject: Subject, task: Task) -> SaliencyMap:
    start = time.perf_counter()
    explanation = subject.scorer.explained(subject.left, subject.right)
    threshold = subject.scorer.threshold
    evidence = explanation.contribution if threshold is None else explanation.evidence(threshold)
    return SaliencyMap("xcos", evidence, evidence, time.perf_counter() - start, 2)


def _grad_cam(subject: Subject, task: Task) -> SaliencyMap:
    return _cams(subject, "grad-cam")


def _grad_cam_target(subject: Subject, task: Task) -> SaliencyMap:
    return _cams(subject, "grad-cam-target")


def _cams(subject: Subject, name: str) -> SaliencyMap:
    import pytorch_grad_cam  # noqa: F401  # before the clock starts

    start = time.perf_counter()
    of_target = name == "grad-cam-target"
    left, right = subject.scorer.grad_cam(subject.left[None], subject.right[None], of_target)[0]
    return SaliencyMap(name, left, right, time.perf_counter() - start, 2)


def _occlusion(subject: Subject, task: Task) -> SaliencyMap:
    """How much the score falls when one cell of one face is grey (Zeiler and Fergus, 2014)."""
    start = time.perf_counter()
    each = cells_as_pixels(np.eye(CELLS * CELLS).reshape(-1, CELLS, CELLS))
    whole = np.zeros((1, SIDE, SIDE))
    variants = [hide(crop, np.concatenate([whole, each])) for crop in (subject.left, subject.right)]
    grids = subject.scorer.grids(np.concatenate(variants), task)
    lefts, rights = np.split(grids, 2)
    by_left = subject.scorer.scores_of_grids(lefts, rights[:1])[:, 0]
    by_right = subject.scorer.scores_of_grids(lefts[:1], rights)[0]
    left, right = ((s[0] - s[1:]).reshape(CELLS, CELLS) for s in (by_left, by_right))
    return SaliencyMap("occlusion", left, right, time.perf_counter() - start, len(grids))


def _rise(subject: Subject, task: Task) -> SaliencyMap:
    """CorrRISE (Lu et al., 2024): how the score correlates with each pixel's being visible.

    Both faces are masked, each by its own seeded masks. Every masked left face is scored with
    every masked right one, which costs no further pass through the network.
    """
    start = time.perf_counter()
    masks = rise_masks(2 * MASKS, np.random.default_rng(0))
    lefts, rights = masks[:MASKS], masks[MASKS:]
    shown, other = hide(subject.left, 1 - lefts), hide(subject.right, 1 - rights)
    scores = subject.scorer.scores(shown, other, task)
    fine = rise_of(scores, lefts, rights)
    left, right = mean_of_cells(fine)
    return SaliencyMap("rise", left, right, time.perf_counter() - start, 2 * MASKS, fine)


METHODS: dict[str, Method] = {
    "xcos": _xcos,
    "grad-cam": _grad_cam,
    "grad-cam-target": _grad_cam_target,
    "occlusion": _occlusion,
    "rise": _rise,
}
