"""Blocks of a matrix in any arrangement, against looking at every cell."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.scoring.blocks import BlockPyramid, worst_pair
from core.scoring.matrix import ScoreMatrix
from core.scoring.sides import Arrangement, Side


def matrix_of(n: int, m: int, square: bool, seed: int, people: int) -> ScoreMatrix:
    rng = np.random.default_rng(seed)
    scores = rng.choice(np.linspace(-0.5, 1, 31), (n, m)).astype(np.float32)
    rows = rng.integers(-1, people, n).astype(np.int32)
    columns = rows if square else rng.integers(-1, people, m).astype(np.int32)
    return ScoreMatrix(scores, square, rows, columns, "learned", "both")


def some_side(size: int, grouped: bool, rng: np.random.Generator) -> Side:
    order = rng.permutation(size)
    if not grouped:
        return Side.of_faces(order)
    groups = np.array_split(order, max(1, size // 3))
    # A face may be in two groups, as with tags.
    return Side.of_groups([(f"g{k}", np.append(g, order[:1])) for k, g in enumerate(groups)])


def slowly(
    matrix: ScoreMatrix, shown: Arrangement, step: int, threshold: float
) -> list[list[tuple[float, float, float, int, int]]]:
    """Lowest genuine, highest impostor, sum, pairs and errors of every block, cell by cell."""
    answer = []
    for top in range(0, len(shown.rows), step):
        line = []
        for left in range(0, len(shown.columns), step):
            low, high, total, pairs, errors = np.inf, -np.inf, 0.0, 0, 0
            for i in shown.rows.faces(top, min(top + step, len(shown.rows))):
                for j in shown.columns.faces(left, min(left + step, len(shown.columns))):
                    if not matrix.is_pair(i, j):
                        continue
                    score, outcome = float(matrix.scores[i, j]), matrix.outcome(i, j, threshold)
                    total, pairs = total + score, pairs + 1
                    errors += outcome in ("FP", "FN")
                    if outcome in ("TP", "FN"):
                        low = min(low, score)
                    elif outcome != "unknown":
                        high = max(high, score)
            line.append((low, high, total, pairs, errors))
        answer.append(line)
    return answer


def assert_exact(pyramid: BlockPyramid, threshold: float) -> None:
    for step in (1, 2, 4, 8):
        wanted = np.array(slowly(pyramid.matrix, pyramid.shown, step, threshold))
        rows, columns = (slice(0, -(-size // step)) for size in pyramid.shown.shape)
        blocks = pyramid.part(rows, columns, step)
        for k, found in enumerate((blocks.genuine, blocks.impostor)):
            np.testing.assert_array_equal(found, wanted[..., k].astype(np.float32))
        np.testing.assert_allclose(blocks.total, wanted[..., 2], atol=1e-4)
        np.testing.assert_array_equal(blocks.pairs, wanted[..., 3])
        np.testing.assert_array_equal(
            pyramid.errors(rows, columns, step, threshold), wanted[..., 4]
        )


@settings(max_examples=20)
@given(
    st.integers(1, 21),
    st.integers(1, 19),
    st.booleans(),
    st.booleans(),
    st.integers(0, 10**6),
    st.sampled_from([-0.5, 0.0, 0.2, 0.3, 1.0]),
)
def test_blocks_are_what_lies_in_them(
    n: int, m: int, square: bool, grouped: bool, seed: int, threshold: float
) -> None:
    matrix = matrix_of(n, n if square else m, square, seed, 4)
    rng = np.random.default_rng(seed)
    shown = Arrangement(
        *(some_side(size, grouped, rng) for size in matrix.scores.shape)  # each its own order
    )
    pyramid = BlockPyramid(matrix, shown)
    assert pyramid.first & (pyramid.first - 1) == 0  # coarser blocks are of whole ones
    assert_exact(pyramid, threshold)
    # A part of the scores changes, as while estimates are refined.
    rows, columns = (
        slice(a, a + int(rng.integers(1, 9)))
        for a in (int(rng.integers(0, size)) for size in matrix.scores.shape)
    )
    part = matrix.scores[rows, columns]
    part[...] = rng.choice(np.linspace(-0.5, 1, 31), part.shape)
    pyramid.refresh(rows, columns)
    assert_exact(pyramid, threshold)


def test_pairs_that_do_not_pass_are_no_pairs_of_a_block() -> None:
    matrix = matrix_of(9, 7, False, 3, 2)
    mask = np.random.default_rng(1).random((9, 7)) < 0.3
    pyramid = BlockPyramid(matrix, Arrangement.plain(9, 7), mask)
    blocks = pyramid.part(slice(0, 3), slice(0, 2), 4)
    assert blocks.pairs.tolist() == [
        [int(mask[a : a + 4, b : b + 4].sum()) for b in (0, 4)] for a in (0, 4, 8)
    ]
    scores = np.where(mask, matrix.scores, 0)
    assert blocks.total[1, 1] == pytest.approx(scores[4:8, 4:].sum(), abs=1e-5)


@given(st.integers(0, 10**6), st.sampled_from([-0.5, 0.0, 0.2, 0.25, 1.0]))
def test_the_worst_of_a_block_is_the_pair_farthest_on_the_wrong_side(
    seed: int, threshold: float
) -> None:
    matrix = matrix_of(8, 8, True, seed, 3)
    shown = Arrangement(*(some_side(8, True, np.random.default_rng(seed)) for _ in range(2)))
    blocks = BlockPyramid(matrix, shown).part(slice(0, 2), slice(0, 2), 1)
    worst, genuine = blocks.worst(threshold)
    for cell in np.ndindex(2, 2):
        cells = [
            (float(s) - threshold if o in ("FP", "TN") else threshold - float(s), float(s))
            for i in shown.rows.faces(cell[0])
            for j in shown.columns.faces(cell[1])
            if i != j and (o := matrix.outcome(i, j, threshold)) != "unknown"
            for s in [matrix.scores[i, j]]
        ]
        pair = worst_pair(matrix, shown, (cell[0], cell[1]), threshold)
        if cells:
            badness = max(b for b, _ in cells)
            assert any(abs(b - badness) < 1e-6 and s == worst[cell] for b, s in cells)
            assert (
                pair is not None
                and matrix.outcome(*pair, threshold)
                in (("TP", "FN") if genuine[cell] else ("FP", "TN"))
            ) or any(abs(b - badness) < 1e-6 for b, s in cells if s == matrix.scores[pair])
