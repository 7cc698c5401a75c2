"""The compiled kernel itself; importing this module imports Numba."""

import numpy as np

from core.workarounds import leave_streams_alone

leave_streams_alone()
from numba import njit, prange  # noqa: E402

LANES = 16
ROW = 7 * LANES  # one row of cells, lanes innermost
PADDED = 9 * LANES  # the same with a border cell on either side
LOG2E = np.float32(1.4426950408889634)
LOWEST = np.float32(-126.0)  # of a power of two that float32 holds


# Inner loops over the seven columns are short enough to be unrolled whole, so that the loop over the
# lanes around them becomes vector instructions; the other way round it stays scalar.


@njit(fastmath=True, cache=True)
def _attend(half_i, half_b, weights, bias, mix_slope, last_slope, act, acc, ints, largest):
    """Unnormalised attention of one row face with 16 column faces, into acc (7, 112)."""
    acc[:, :] = bias
    for c in range(16):
        for y in range(7):
            for lane in range(LANES):
                for x in range(7):
                    v = half_i[c, y * 7 + x] + half_b[c, y * 7 + x, lane]
                    act[y + 1, (x + 1) * LANES + lane] = v if v > 0 else mix_slope * v
        w = weights[c]
        w0, w1, w2 = w[0], w[1], w[2]
        w3, w4, w5 = w[3], w[4], w[5]
        w6, w7, w8 = w[6], w[7], w[8]
        for y in range(7):
            above, here, below = act[y], act[y + 1], act[y + 2]
            sums = acc[y]
            for j in range(ROW):
                sums[j] += (
                    w0 * above[j]
                    + w1 * above[j + LANES]
                    + w2 * above[j + 2 * LANES]
                    + w3 * here[j]
                    + w4 * here[j + LANES]
                    + w5 * here[j + 2 * LANES]
                    + w6 * below[j]
                    + w7 * below[j + LANES]
                    + w8 * below[j + 2 * LANES]
                )
    for lane in range(LANES):
        most = np.float32(-3e38)
        for y in range(7):
            for x in range(7):
                v = acc[y, x * LANES + lane]
                v = v if v > 0 else last_slope * v
                acc[y, x * LANES + lane] = v
                most = max(most, v)
        largest[lane] = most
    for y in range(7):
        for lane in range(LANES):
            for x in range(7):
                acc[y, x * LANES + lane] -= largest[lane]
        _exponentials(acc[y], ints)


@njit(fastmath=True, cache=True)
def _exponentials(values, ints):
    """exp of numbers <= 0 in place: 2**n from the float's exponent bits, the rest a polynomial.

    The polynomial is Cephes' exp2f on [-0.5, 0.5]; relative error below 2e-7.
    """
    for j in range(ROW):
        t = max(values[j] * LOG2E, LOWEST)
        n = np.floor(t + np.float32(0.5))
        f = t - n
        p = np.float32(1.535336188319500e-4)
        p = p * f + np.float32(1.339887440266574e-3)
        p = p * f + np.float32(9.618437357674640e-3)
        p = p * f + np.float32(5.550332471162809e-2)
        p = p * f + np.float32(2.402264791363012e-1)
        p = p * f + np.float32(6.931472028550421e-1)
        values[j] = p * f + np.float32(1.0)
        ints[j] = (np.int32(n) + np.int32(127)) << np.int32(23)
    scales = ints.view(np.float32)
    for j in range(ROW):
        values[j] *= scales[j]


@njit(fastmath=True, cache=True)
def _cosines(cells_i, cells_b, cosine):
    """Cosines of the 49 cells of one row face with 16 column faces, into (7, 112)."""
    for k in range(49):
        y, at = k // 7, k % 7 * LANES
        for lane in range(LANES):
            total = np.float32(0.0)
            for c in range(32):  # a fixed number, so that it is unrolled
                total += cells_i[k, c] * cells_b[k, c, lane]
            cosine[y, at + lane] = total
        for first in range(32, cells_i.shape[1], 32):
            for lane in range(LANES):
                total = cosine[y, at + lane]
                for c in range(32):
                    total += cells_i[k, first + c] * cells_b[k, first + c, lane]
                cosine[y, at + lane] = total


@njit(fastmath=True, cache=True)
def _weigh(acc, cosine, weighed, weights, result):
    """Add the attention-weighed cosines of 16 pairs to result (16,); two rows (112,) are scratch."""
    for j in range(ROW):
        weighed[j] = weights[j] = np.float32(0.0)
    for y in range(7):
        weight, likeness = acc[y], cosine[y]
        for j in range(ROW):
            weighed[j] += weight[j] * likeness[j]
            weights[j] += weight[j]
    for lane in range(LANES):
        score, total = np.float32(0.0), np.float32(0.0)
        for x in range(7):
            score += weighed[x * LANES + lane]
            total += weights[x * LANES + lane]
        result[lane] += score / total


@njit(parallel=True, fastmath=True, cache=True)
def score_blocks(
    cells, left, right, cells_b, left_b, right_b, weights, bias, mix_slope, last_slope,
    forward, backward, square, first, last, out,
):  # fmt: skip
    """Scores of all rows with the column blocks first to last; see `kernel.score`."""
    columns = out.shape[1]
    for b in prange(first, last):
        act = np.zeros((9, PADDED), np.float32)
        acc = np.empty((7, ROW), np.float32)
        cosine = np.empty((7, ROW), np.float32)
        one, other = np.empty(ROW, np.float32), np.empty(ROW, np.float32)
        ints = np.empty(ROW, np.int32)
        result = np.empty(LANES, np.float32)
        start = b * LANES
        width = min(LANES, columns - start)
        rows = min(out.shape[0], start + width) if square else out.shape[0]
        share = np.float32(0.5) if forward and backward else np.float32(1.0)
        for i in range(rows):
            _cosines(cells[i], cells_b[b], cosine)
            for lane in range(LANES):
                result[lane] = np.float32(0.0)
            if forward:
                _attend(
                    left[i], right_b[b], weights, bias, mix_slope, last_slope, act, acc, ints, one
                )
                _weigh(acc, cosine, one, other, result)
            if backward:
                _attend(
                    right[i], left_b[b], weights, bias, mix_slope, last_slope, act, acc, ints, one
                )
                _weigh(acc, cosine, one, other, result)
            for lane in range(width):
                j = start + lane
                if not square:
                    out[i, j] = result[lane] * share
                elif i <= j:
                    out[i, j] = result[lane] * share
                    out[j, i] = result[lane] * share
