"""The fused kernel for cuda; importing this module imports Triton.

A program pairs one row face with 16 column faces. Cosines, the activated sum of halves, the last
3x3 convolution, the softmax and the weighted sum stay in registers: global memory sees the faces
and one number a pair. The nine shifted looks at a half come from the first cache.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

COLUMNS = 16  # column faces a program


@triton.jit
def _attended(
    row_half, column_half, weights, cosine, row, column, inside, place, real,
    bias, mix_slope, last_slope, COLUMNS: tl.constexpr,
):  # fmt: skip
    """Scores of one row face with some column faces in one order, (COLUMNS,)."""
    # Halves are 9x9 with a border of zeros, whose PReLU is zero: the convolution's own padding.
    corner = (place // 7) * 9 + place % 7
    logits = tl.zeros((COLUMNS, 64), tl.float32) + bias
    for channel in range(16):
        for tap in tl.static_range(9):
            at = channel * 81 + (tap // 3) * 9 + tap % 3 + corner
            one = tl.load(row_half + row * 1296 + at, mask=real, other=0.0)
            other = tl.load(
                column_half + column[:, None] * 1296 + at[None, :], mask=inside, other=0.0
            )
            mixed = one[None, :] + other
            mixed = tl.where(mixed > 0, mixed, mix_slope * mixed)
            logits += tl.load(weights + channel * 9 + tap) * mixed
    logits = tl.where(logits > 0, logits, last_slope * logits)
    logits = tl.where(real[None, :], logits, float("-inf"))
    powers = tl.exp(logits - tl.max(logits, axis=1)[:, None])
    return tl.sum(powers * cosine, axis=1) / tl.sum(powers, axis=1)


@triton.jit
def _score(
    row_cells, row_left, row_right, column_cells, column_left, column_right, weights, out,
    columns, bias, mix_slope, last_slope,
    FORWARD: tl.constexpr, BACKWARD: tl.constexpr, COLUMNS: tl.constexpr, CHANNELS: tl.constexpr,
):  # fmt: skip
    row = tl.program_id(0)
    column = tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)
    place = tl.arange(0, 64)  # 49 of them are cells; sizes are powers of two
    there, real = column < columns, place < 49
    inside = there[:, None] & real[None, :]
    cosine = tl.zeros((COLUMNS, 64), tl.float32)
    for channel in range(CHANNELS):
        at = channel * 49 + place
        one = tl.load(row_cells + row * (49 * CHANNELS) + at, mask=real, other=0.0)
        theirs = column[:, None] * (49 * CHANNELS) + at[None, :]
        other = tl.load(column_cells + theirs, mask=inside, other=0.0)
        cosine += one[None, :] * other
    total = tl.zeros((COLUMNS,), tl.float32)
    if FORWARD:
        total += _attended(
            row_left, column_right, weights, cosine, row, column, inside, place, real,
            bias, mix_slope, last_slope, COLUMNS,
        )  # fmt: skip
    if BACKWARD:
        total += _attended(
            row_right, column_left, weights, cosine, row, column, inside, place, real,
            bias, mix_slope, last_slope, COLUMNS,
        )  # fmt: skip
    if FORWARD and BACKWARD:
        total *= 0.5
    tl.store(out + row * columns + column, total, mask=there)


def score_tile(
    rows: tuple[Tensor, Tensor, Tensor],
    columns: tuple[Tensor, Tensor, Tensor],
    weights: Tensor,
    numbers: tuple[float, float, float],
    forward: bool,
    backward: bool,
) -> Tensor:
    """Scores (n, m) of n row faces with m column faces, n * m < 2**31.

    rows, columns: cells (n, C, 49), left and right halves with a border (n, 16, 9, 9), contiguous
    weights:       (16, 9) of the last convolution; numbers: its bias, the slopes of both PReLUs
    """
    scores = torch.empty((len(rows[0]), len(columns[0])), device=weights.device)
    grid = (scores.shape[0], triton.cdiv(scores.shape[1], COLUMNS))
    _score[grid](
        *rows, *columns, weights, scores, scores.shape[1], *numbers,
        FORWARD=forward, BACKWARD=backward, COLUMNS=COLUMNS, CHANNELS=rows[0].shape[1],
    )  # fmt: skip
    return scores
