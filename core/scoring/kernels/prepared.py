"""What each face brings to its pairs, computed once: unit cells and attention halves."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from core.errors import XCosError
from core.model.attention_weights import HeadWeights
from core.model.features import CELLS

PLACES = CELLS * CELLS
HALF = 16  # channels between the attention's convolutions
FACES_A_TURN = 256  # so that memory stays bounded
LARGEST = 1e12  # of what attention is computed from: its products can be told in single precision
LANES = 16  # faces side by side, as the lanes of two AVX2 registers


@dataclass(frozen=True, eq=False)
class PreparedFaces:
    """n faces ready to be paired.

    cells: (n, 49, C) float32, C a multiple of 32, each cell's channels as a unit vector; a zero cell stays zero
    left:  (n, 16, 49) float32, what the face adds to the first mixed map as left face, with
           the bias; None without learned attention
    right: (n, 16, 49) float32, the same as right face
    """

    cells: np.ndarray
    left: np.ndarray | None
    right: np.ndarray | None

    def __len__(self) -> int:
        return len(self.cells)

    def part(self, places: slice) -> "PreparedFaces":
        """Some of the faces, without copying."""
        left = None if self.left is None else self.left[places]
        right = None if self.right is None else self.right[places]
        return PreparedFaces(self.cells[places], left, right)


class PreparedPairs(NamedTuple):
    """k pairs of prepared faces, by the places i and j (k,) of their left and right faces."""

    left: PreparedFaces
    i: np.ndarray
    right: PreparedFaces
    j: np.ndarray


def prepare(grid: np.ndarray, head: HeadWeights | None) -> PreparedFaces:
    """Grid features (n, C, 7, 7) to prepared faces.

    The first convolution after the concatenation is linear in its two halves, so each face's
    half is convolved here, and a pair only adds two of them. Raises XCosError for a head or
    features so large that no attention follows from them.
    """
    cells = np.empty((len(grid), PLACES, grid.shape[1]), np.float32)
    for start in range(0, len(grid), FACES_A_TURN):
        part = grid[start : start + FACES_A_TURN]
        flat = part.reshape(len(part), grid.shape[1], PLACES).transpose(0, 2, 1)
        with np.errstate(over="ignore"):
            length = np.linalg.norm(flat, axis=2, keepdims=True)
        if not np.isfinite(length).all():  # the squares of enormous features
            length = np.linalg.norm(flat.astype(np.float64), axis=2, keepdims=True)
        cells[start : start + len(part)] = flat / np.where(length > 1e-12, length, 1)
    if head is None:
        return PreparedFaces(cells, None, None)
    with np.errstate(over="ignore", invalid="ignore"):
        reduced = prelu(convolve(grid, head.reduce_weight, head.reduce_bias), head.reduce_slope)
        left = convolve(reduced, head.mix_weight[:, :HALF], head.mix_bias)
        right = convolve(reduced, head.mix_weight[:, HALF:], np.zeros(HALF, np.float32))
    parts: tuple[np.ndarray | float, ...] = (left, right, head.last_weight)
    parts += (head.mix_slope, head.last_slope)
    if not all(_bounded(part) for part in parts):
        raise XCosError(
            f"The learned attention of {head.path or 'these weights'} gives numbers that are not "
            "finite; choose other weights."
        )
    shape = (len(grid), HALF, PLACES)
    return PreparedFaces(cells, left.reshape(shape), right.reshape(shape))


def _bounded(numbers: np.ndarray | float) -> bool:
    return bool(-LARGEST < np.min(numbers, initial=0) <= np.max(numbers, initial=0) < LARGEST)


def convolve(x_BCHW: np.ndarray, weight_OCKK: np.ndarray, bias_O: np.ndarray) -> np.ndarray:
    """3x3 convolution with zero padding, (B, O, 7, 7)."""
    outputs = np.empty((len(x_BCHW), len(weight_OCKK), CELLS, CELLS), x_BCHW.dtype)
    matrix = weight_OCKK.reshape(len(weight_OCKK), -1).astype(x_BCHW.dtype)
    for start in range(0, len(x_BCHW), FACES_A_TURN):
        part = x_BCHW[start : start + FACES_A_TURN]
        # np.pad takes longer than all else where there is one face.
        padded = np.zeros((*part.shape[:2], CELLS + 2, CELLS + 2), part.dtype)
        padded[:, :, 1:-1, 1:-1] = part
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
        columns = windows.transpose(0, 1, 4, 5, 2, 3).reshape(len(part), -1, PLACES)
        products = matrix @ columns + bias_O[:, None].astype(x_BCHW.dtype)
        outputs[start : start + FACES_A_TURN] = products.reshape(len(part), -1, CELLS, CELLS)
    return outputs


def prelu(x: np.ndarray, slope: float) -> np.ndarray:
    """x where positive, slope * x elsewhere; keeps the type."""
    scaled: np.ndarray = np.where(x > 0, x, x.dtype.type(slope) * x)
    return scaled
