"""Extremes, sums and errors of blocks of a score matrix, compiled; importing this imports Numba.

One thread and without Python's lock: painting must wait for no other kernel. A block is what lies
between two edges among `rows` and two among `columns`, which are places in the matrix in any order.
"""

import os

import numpy as np

os.environ.setdefault("NUMBA_DISABLE_ERROR_MESSAGE_HIGHLIGHTING", "1")  # see numba_kernel.py
from numba import njit


@njit(nogil=True, cache=True)
def reduce_blocks(
    scores, row_codes, codes, mask, square,
    rows, row_edges, some_rows, columns, column_edges, some_columns,
    genuine, impostor, total, pairs,
):  # fmt: skip
    """Lowest genuine and highest impostor score, sum of scores and number of pairs, block by block.

    codes: identities of the column faces in the order of `columns`
    """
    masked = mask.shape[0] > 0
    for a in range(len(some_rows)):
        genuine[a, :] = np.inf
        impostor[a, :] = -np.inf
        total[a, :] = 0
        pairs[a, :] = 0
        lows, highs, sums, numbers = genuine[a], impostor[a], total[a], pairs[a]
        for ii in range(row_edges[some_rows[a]], row_edges[some_rows[a] + 1]):
            i = rows[ii]
            line, own = scores[i], row_codes[i]
            for b in range(len(some_columns)):
                low, high = lows[b], highs[b]
                added, number = np.float32(0), 0
                block = some_columns[b]
                for jj in range(column_edges[block], column_edges[block + 1]):
                    j = columns[jj]
                    if (square and i == j) or (masked and not mask[i, j]):
                        continue
                    score = line[j]
                    added += score
                    number += 1
                    other = codes[jj]
                    if own == other:
                        if score < low and own >= 0:
                            low = score
                    elif score > high and own >= 0 and other >= 0:
                        high = score
                lows[b], highs[b] = low, high
                sums[b] += added
                numbers[b] += number


@njit(nogil=True, cache=True)
def count_errors(
    scores, row_codes, codes, mask, square,
    rows, row_edges, some_rows, columns, column_edges, some_columns,
    limit, genuine, impostor, errors,
):  # fmt: skip
    """Pairs on the wrong side of a threshold; blocks whose extremes are right are not looked at."""
    masked = mask.shape[0] > 0
    for a in range(len(some_rows)):
        wrong = np.flatnonzero((genuine[a] <= limit) | (impostor[a] > limit))
        errors[a, :] = 0
        for ii in range(row_edges[some_rows[a]], row_edges[some_rows[a] + 1]):
            i = rows[ii]
            line, own = scores[i], row_codes[i]
            if own < 0:
                continue
            for b in wrong:
                found = 0
                block = some_columns[b]
                for jj in range(column_edges[block], column_edges[block + 1]):
                    j = columns[jj]
                    if (square and i == j) or (masked and not mask[i, j]):
                        continue
                    other = codes[jj]
                    if other >= 0 and (own == other) != (line[j] > limit):
                        found += 1
                errors[a, b] += found
