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
                count = 0
                block = some_columns[b]
                for jj in range(column_edges[block], column_edges[block + 1]):
                    j = columns[jj]
                    if (square and i == j) or (masked and not mask[i, j]):
                        continue
                    other = codes[jj]
                    if other >= 0 and (own == other) != (line[j] > limit):
                        count += 1
                errors[a, b] += count


@njit(nogil=True, cache=True)
def _fold(line, passes, impostors, sums, counts, highs):
    """Add a row to those above it: sums, how many pass, and where it has impostors the highest."""
    if len(passes):
        for j in range(len(line)):
            score = line[j] if passes[j] else np.float32(0)
            sums[j] += score
            counts[j] += passes[j]
            if impostors:
                high = line[j] if passes[j] else np.float32(-np.inf)
                highs[j] = high if high > highs[j] else highs[j]
    elif impostors:
        for j in range(len(line)):
            score = line[j]
            sums[j] += score
            highs[j] = score if score > highs[j] else highs[j]
    else:
        for j in range(len(line)):
            sums[j] += line[j]


@njit(nogil=True, cache=True)
def fold_blocks(
    scores, row_codes, mask, strangers, square, members, member_starts, at, at_starts, block_of,
    rows, row_edges, some_rows, columns, column_edges, some_columns,
    genuine, impostor, total, pairs,
):  # fmt: skip
    """As reduce_blocks, several times faster where most columns are asked for.

    The rows of a block are first folded into one as they lie in memory; only that one is put in order.
    strangers: column faces of unknown identities
    members:   column faces by identity, those of number p from member_starts[p] on
    at:        places among `columns` by column face, those of face j from at_starts[j] on
    block_of:  the block's place among some_columns, by place among `columns`; -1 for none
    pairs:     (0, 0) without a mask: sizes tell them
    """
    m = scores.shape[1]
    highs, sums, counts = np.empty(m, np.float32), np.empty(m, np.float32), np.zeros(m, np.int32)
    kept, every, masked = np.empty(m, np.float32), np.empty(0, np.bool_), len(mask) > 0
    for a in range(len(some_rows)):
        highs[:] = -np.inf
        sums[:] = 0
        counts[:] = 0
        genuine[a, :] = np.inf
        for ii in range(row_edges[some_rows[a]], row_edges[some_rows[a] + 1]):
            i = rows[ii]
            line, own, passes = scores[i], row_codes[i], mask[i] if masked else every
            itself, number = (sums[i], counts[i]) if square else (np.float32(0), np.int32(0))
            first, last = (member_starts[own], member_starts[own + 1]) if own >= 0 else (0, 0)
            for k in range(first, last):
                kept[k - first] = highs[members[k]]
            _fold(line, passes, own >= 0, sums, counts, highs)
            for k in range(first, last):
                j = members[k]
                highs[j] = kept[k - first]  # these are no impostors
                if (square and i == j) or (masked and not passes[j]):
                    continue
                for place in at[at_starts[j] : at_starts[j + 1]]:
                    b = block_of[place]
                    if b >= 0 and line[j] < genuine[a, b]:
                        genuine[a, b] = line[j]
            if square:
                sums[i], counts[i] = itself, number
        for j in strangers:
            highs[j] = -np.inf
        for b in range(len(some_columns)):
            block = some_columns[b]
            high, added, number = np.float32(-np.inf), np.float32(0), np.int32(0)
            for jj in range(column_edges[block], column_edges[block + 1]):
                j = columns[jj]
                added += sums[j]
                high = highs[j] if highs[j] > high else high
                number += counts[j]
            impostor[a, b], total[a, b] = high, added
            if masked:
                pairs[a, b] = number


@njit(nogil=True, cache=True)
def join_blocks(lows, highs, sums, pairs, down, across, low, high, total, number):
    """Blocks of 2x2 finer ones, by their places; an odd last row or column stands alone.

    pairs, number: (0, 0) where they are not kept
    """
    n, m = lows.shape
    counts = pairs.shape[0] > 0
    for a in range(len(down)):
        for b in range(len(across)):
            least, most = np.float32(np.inf), np.float32(-np.inf)
            added, count = np.float32(0), 0
            for i in range(2 * down[a], min(2 * down[a] + 2, n)):
                for j in range(2 * across[b], min(2 * across[b] + 2, m)):
                    least = min(least, lows[i, j])
                    most = max(most, highs[i, j])
                    added += sums[i, j]
                    if counts:
                        count += pairs[i, j]
            low[a, b], high[a, b], total[a, b] = least, most, added
            if counts:
                number[a, b] = count


@njit(nogil=True, cache=True, fastmath={"nnan", "nsz", "reassoc"})
def weigh_faces(
    scores, first, codes, column_codes, square, members, member_starts, limit, wrong, low, high
):
    """Of each row face: errors at a limit, its lowest genuine and its highest impostor score.

    first: which row of a square matrix the first one of `scores` is
    """
    for i in range(len(scores)):
        line, own = scores[i], codes[i]
        wrong[i], low[i], high[i] = 0, np.inf, -np.inf
        if own < 0:
            continue
        most, count = np.float32(-np.inf), np.int32(0)
        for j in range(len(line)):
            other = column_codes[j]
            score = line[j] if other >= 0 and other != own else np.float32(-np.inf)
            most = score if score > most else most
            count += score > limit
        least = np.float32(np.inf)
        for j in members[member_starts[own] : member_starts[own + 1]]:
            if not (square and first + i == j):
                count += line[j] <= limit
                least = line[j] if line[j] < least else least
        wrong[i], low[i], high[i] = count, least, most
