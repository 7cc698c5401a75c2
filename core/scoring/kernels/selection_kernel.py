"""Counting the pairs that rectangles choose, compiled; importing this imports Numba."""

import numpy as np

from core.scoring.kernels import block_kernel  # noqa: F401  # sets Numba up
from core.scoring.matrix import CODE

from numba import njit  # isort: skip

TP, FP, FN, TN, UNKNOWN = (CODE[o] for o in ("TP", "FP", "FN", "TN", "unknown"))


@njit(nogil=True, cache=True)
def choose_in_row(i, square, adds, by_rows, by_columns, chosen):
    """Which cells of row i are chosen, into (m,) bool."""
    chosen[:] = False
    for r in range(len(adds)):
        if by_rows[r, i]:
            for j in range(len(chosen)):
                chosen[j] = (
                    chosen[j] | by_columns[r, j] if adds[r] else chosen[j] & (not by_columns[r, j])
                )
        if square and by_columns[r, i]:
            for j in range(len(chosen)):
                chosen[j] = (
                    chosen[j] | by_rows[r, j] if adds[r] else chosen[j] & (not by_rows[r, j])
                )


@njit(nogil=True, cache=True)
def count_chosen(
    scores, row_codes, column_codes, square, adds, by_rows, by_columns, rows, start,
    limit, threshold, no_name, floor, numbers, found_rows, found_columns, found_badness,
):  # fmt: skip
    """Pairs by outcome, and those at least as bad as a floor, from one of the rows on.

    adds, by_rows, by_columns: the rectangles: (k,) bool, (k, n) bool, (k, m) bool
    no_name:                   badness of a pair of unknown identities at the threshold
    Answers where to go on, as there may be no room for what is found in another row, and how many
    were found.
    """
    m, count = scores.shape[1], 0
    chosen = np.empty(m, np.bool_)
    for k in range(start, len(rows)):
        if count + m > len(found_rows):
            return k, count
        i = rows[k]
        choose_in_row(i, square, adds, by_rows, by_columns, chosen)
        line, own = scores[i], row_codes[i]
        for j in range(i + 1 if square else 0, m):
            if not chosen[j]:
                continue
            other, above = column_codes[j], line[j] > limit
            margin = np.float64(line[j]) - threshold
            if own < 0 or other < 0:
                numbers[UNKNOWN] += 1
                badness = no_name - abs(margin)
            elif own == other:
                numbers[TP if above else FN] += 1
                badness = -margin
            else:
                numbers[FP if above else TN] += 1
                badness = margin
            if badness >= floor:
                found_rows[count], found_columns[count], found_badness[count] = i, j, badness
                count += 1
    return len(rows), count
