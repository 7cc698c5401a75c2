"""The order of lists of pairs, and what is kept of many tiles, against sorting everything."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.scoring.lists import HardestPairs, PairList, hardest, hardest_pairs
from core.scoring.matrix import ScoreMatrix, at_most, outcome_codes

SEEDS = st.integers(0, 10**6)


def matrix_of(
    seed: int,
) -> tuple[ScoreMatrix, list[tuple[int, int, float]], list[tuple[int, int, float]]]:
    """A matrix of 5 probes and 9 faces, with its genuine and its impostor pairs."""
    rng = np.random.default_rng(seed)
    rows, columns = (rng.integers(-1, 3, n).astype(np.int32) for n in (5, 9))
    scores = rng.uniform(-1, 1, (5, 9)).astype(np.float32)
    matrix = ScoreMatrix(scores, False, rows, columns, "uniform", "both")
    known = [
        (i, j, float(scores[i, j]))
        for i in range(5)
        for j in range(9)
        if rows[i] >= 0 <= columns[j]
    ]
    same = [p for p in known if rows[p[0]] == columns[p[1]]]
    return matrix, same, [p for p in known if p not in same]


@given(SEEDS, st.integers(1, 12))
def test_the_hardest_come_by_their_distance_from_their_sort_s_mean(seed: int, count: int) -> None:
    matrix, genuine, impostor = matrix_of(seed)
    means = [np.mean([s for *_, s in pairs]) if pairs else 0.0 for pairs in (genuine, impostor)]
    genuine.sort(key=lambda p: p[2])
    impostor.sort(key=lambda p: -p[2])
    left = (
        [(means[0] - s, i, j) for i, j, s in genuine],
        [(s - means[1], i, j) for i, j, s in impostor],
    )
    wanted: list[tuple[float, int, int]] = []
    for _ in range(count // 2):  # by turns, so that none takes the other's half
        wanted += [sort.pop(0) for sort in left if sort]
    while len(wanted) < count and any(left):
        wanted.append(max((sort for sort in left if sort), key=lambda sort: sort[0][0]).pop(0))
    wanted.sort(reverse=True)
    listed = hardest(matrix, count)
    found = list(zip(listed.rows.tolist(), listed.columns.tolist(), strict=True))
    assert found == [(i, j) for _, i, j in wanted]


def test_the_one_hardest_pair_may_be_genuine() -> None:
    scores = np.array([[0.9, -0.5, 0.8, 0.7], [0, 0.05, 0.01, 0.02]], np.float32)
    codes = np.array([0, 1], np.int32), np.zeros(4, np.int32)
    matrix = ScoreMatrix(scores, False, *codes, "uniform", "both")
    assert hardest(matrix, 1).scores.tolist() == [-0.5]
    assert hardest(matrix, 2).scores.tolist() == [-0.5, np.float32(0.05)]


@given(SEEDS, st.integers(1, 8), st.floats(-0.8, 0.8))
def test_errors_are_the_farthest_on_the_wrong_side(seed: int, count: int, threshold: float) -> None:
    matrix, genuine, impostor = matrix_of(seed)
    wrong = [(threshold - s, i, j) for i, j, s in genuine if s <= threshold]
    wrong += [(s - threshold, i, j) for i, j, s in impostor if s > threshold]
    listed = hardest_pairs(matrix, count).errors(threshold)
    # Of each sort as many are kept as are asked for.
    assert list(zip(listed.rows.tolist(), listed.columns.tolist(), strict=True)) == [
        (i, j) for _, i, j in sorted(wrong, reverse=True)[:count]
    ]


@given(SEEDS, st.integers(1, 5))
def test_many_tiles_keep_what_one_does(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(-9, 9, (6, 40)).astype(np.float32) / 9
    for same in (True, False):
        parts = HardestPairs(count), HardestPairs(count)
        for start in range(0, 40, 5):
            tile = scores[:, start : start + 5]
            parts[start // 20].add(tile, tile < 0.9, same, (3, start))
        parts[0].merge(parts[1])
        row, column = np.nonzero(scores < 0.9)
        every = scores[row, column] * (-1 if same else 1)
        order = np.lexsort((column, row, -every))[:count]
        listed = parts[0].of_one_sort(same)
        assert listed.rows.tolist() == (row[order] + 3).tolist()
        assert listed.columns.tolist() == column[order].tolist()
        assert listed.scores.tolist() == scores[row, column][order].tolist()


def test_parts_of_a_list() -> None:
    whole = PairList(np.array([4, 2, 7]), np.array([1, 0, 5]), np.array([0.1, 0.2, 0.3]))
    assert whole.head(2).columns.tolist() == [1, 0] and len(whole.head(2)) == 2
    assert whole.at(np.array([2, 0])).rows.tolist() == [7, 4]


@given(st.floats(-1, 1), st.floats(-1, 1, width=32))
def test_a_threshold_in_single_precision_decides_as_in_double(
    threshold: float, score: float
) -> None:
    single = np.array([score], np.float32)
    assert bool((single > at_most(threshold))[0]) == (float(single[0]) > threshold)
    both = np.array([True])
    codes = [
        int(outcome_codes(single, np.array([genuine]), both, threshold)[0])
        for genuine in (True, False)
    ]
    above = float(single[0]) > threshold
    assert codes == ([0, 1] if above else [2, 3])
    assert outcome_codes(single, both, ~both, threshold).tolist() == [4]


def test_a_matrix_s_pairs_and_tiles() -> None:
    codes = np.array([0, 0, 1, -1], np.int32)
    square = ScoreMatrix(np.eye(4, dtype=np.float32), True, codes, codes, "uniform", "both")
    assert square.pairs == 6 and not square.is_pair(2, 2) and square.is_pair(0, 3)
    every = slice(0, 4)
    assert np.array_equal(square.counted(every, every), np.triu(np.ones((4, 4), bool), 1))
    assert np.argwhere(square.counted(slice(1, 3), slice(2, 4))).tolist() == [
        [0, 0],
        [0, 1],
        [1, 1],
    ]
    assert square.known(every, every).sum() == 9 and square.genuine(every, every).sum() == 5
    tiles = square.tiles(3)
    assert [(t.start, t.stop) for t in tiles] == [(0, 3), (3, 6)]
    wide = ScoreMatrix(np.zeros((2, 4), np.float32), False, codes[:2], codes, "uniform", "both")
    assert wide.pairs == 8 and wide.is_pair(1, 1) and wide.counted(slice(0, 2), every).all()
    assert square.outcome(0, 0, 0.5) == "TP" and square.outcome(0, 1, 0.5) == "FN"
    assert square.outcome(0, 2, 0.5) == "TN" and square.outcome(0, 3, 0.5) == "unknown"
    assert square.outcome(2, 0, -0.5) == "FP" and square.outcome(3, 3, 0.5) == "unknown"
    assert square.outcome(1, 2, 0.0) == "TN"  # at the threshold is not above it
