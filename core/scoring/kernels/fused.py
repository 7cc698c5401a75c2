"""Scores with learned attention, one fused kernel: no intermediate of size pairs x 16 x 49.

Sixteen column faces lie side by side as SIMD lanes. For a row face and such a block, the
49 cosines, the activated sum of halves, the last 3x3 convolution, the softmax and the weighted
sum all stay in a few kilobytes.
"""

import threading
from typing import Any

import numpy as np

from core.model.attention_weights import HeadWeights
from core.scoring.kernels.prepared import HALF, LANES, PLACES, PreparedFaces

# Numba's default threading layer aborts on concurrent calls of parallel kernels.
_LOCK = threading.Lock()
_kernel: Any = None
_failed = False
_compiling: threading.Thread | None = None


def ready() -> bool:
    """Whether the kernel can be called without waiting for its compiler."""
    return _kernel is not None


def compile_in_background() -> None:
    """Start to compile, or to load from Numba's cache, once; returns at once."""
    global _compiling
    if _compiling is None and not _failed:
        _compiling = threading.Thread(target=_compile, name="kernel", daemon=True)
        _compiling.start()


def wait() -> bool:
    """Compile now if need be; False where Numba is missing or fails."""
    compile_in_background()
    if _compiling is not None:
        _compiling.join()
    return ready()


def _compile() -> None:
    """Compile; a missing or failing compiler keeps nobody from scoring."""
    global _kernel, _failed
    # Twice: in a fresh checkout an attempt failed, once, beside other imports.
    for _ in range(2):
        try:
            _kernel = _compiled()
            return
        except Exception:
            continue
    _failed = True


def _compiled() -> Any:
    from core.scoring.kernels.numba_kernel import score_blocks

    tiny = PreparedFaces(
        np.zeros((1, PLACES, 32), np.float32),
        np.zeros((1, HALF, PLACES), np.float32),
        np.zeros((1, HALF, PLACES), np.float32),
    )
    weights = np.zeros((HALF, 9), np.float32)
    blocks = Blocks(tiny)
    out = np.zeros((1, 1), np.float32)
    with _LOCK:
        call(
            score_blocks,
            tiny,
            blocks,
            weights,
            (0.0, 1.0, 1.0),
            (True, True),
            False,
            0,
            1,
            out,
        )
    return score_blocks


class Blocks:
    """Column faces in blocks of 16 lanes; the last block is filled up with zeros.

    cells: (b, 49, C, 16), left and right: (b, 16, 49, 16), float32
    """

    def __init__(self, faces: PreparedFaces) -> None:
        assert faces.left is not None and faces.right is not None
        self.cells = _lanes(faces.cells)
        self.left, self.right = _lanes(faces.left), _lanes(faces.right)

    def __len__(self) -> int:
        return len(self.cells)


def score(
    head: HeadWeights,
    rows: PreparedFaces,
    blocks: Blocks,
    directions: tuple[bool, bool],
    square: bool,
    first: int,
    last: int,
    out: np.ndarray,
) -> None:
    """Fill the columns of blocks first to last (exclusive) of out (n, m).

    directions: the row's face is left, it is right; both true: the mean of the two
    square: rows and columns are the same faces and both directions are asked for: each
    unordered pair is computed once and written twice
    """
    weights = head.last_weight.reshape(HALF, 9)
    numbers = (float(head.last_bias[0]), head.mix_slope, head.last_slope)
    with _LOCK:
        call(
            _kernel,
            rows,
            blocks,
            weights,
            numbers,
            directions,
            square,
            first,
            last,
            out,
        )


def call(
    kernel: Any,
    rows: PreparedFaces,
    blocks: Blocks,
    weights: np.ndarray,
    numbers: tuple[float, float, float],
    directions: tuple[bool, bool],
    square: bool,
    first: int,
    last: int,
    out: np.ndarray,
) -> None:
    """Call a compiled kernel with one fixed signature."""
    bias, mix_slope, last_slope = (np.float32(number) for number in numbers)
    kernel(
        rows.cells,
        rows.left,
        rows.right,
        blocks.cells,
        blocks.left,
        blocks.right,
        np.ascontiguousarray(weights, np.float32),
        bias,
        mix_slope,
        last_slope,
        directions[0],
        directions[1],
        square,
        first,
        last,
        out,
    )


def _lanes(faces: np.ndarray) -> np.ndarray:
    count = -(-len(faces) // LANES)
    padded = np.zeros((count * LANES, *faces.shape[1:]), np.float32)
    padded[: len(faces)] = faces
    blocked = padded.reshape(count, LANES, *faces.shape[1:])
    return np.ascontiguousarray(blocked.transpose(0, 2, 3, 1))
