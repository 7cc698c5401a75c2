"""Counts, thresholds, curves and lists against slow counting pair by pair."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.scoring.lists import drawn, hardest, pairs_of, ranked
from core.scoring.matrix import OUTCOMES, ScoreMatrix
from core.scoring.statistics import PairStatistics

SEEDS = st.integers(0, 10**6)


def random_matrix(seed: int, square: bool, n: int = 9, m: int = 12) -> ScoreMatrix:
    rng = np.random.default_rng(seed)
    rows = rng.integers(-1, 3, n).astype(np.int32)
    columns = rows if square else rng.integers(-1, 3, m).astype(np.int32)
    # Few distinct values, so that ties and scores at the threshold occur.
    scores = rng.integers(-4, 5, (len(rows), len(columns))).astype(np.float32) / 4
    if square:
        scores = (scores + scores.T) / 2
    return ScoreMatrix(scores, square, rows, columns, "uniform", "both")


def every_pair(matrix: ScoreMatrix) -> list[tuple[int, int, float, bool | None]]:
    found = []
    for i, row in enumerate(matrix.rows):
        for j, column in enumerate(matrix.columns):
            if not matrix.square or i < j:
                same = None if row < 0 or column < 0 else bool(row == column)
                found.append((i, j, float(matrix.scores[i, j]), same))
    return found


def outcome(score: float, same: bool | None, threshold: float) -> str:
    if same is None:
        return "unknown"
    return {(True, True): "TP", (True, False): "FN", (False, True): "FP", (False, False): "TN"}[
        same, score > threshold
    ]


@given(SEEDS, st.booleans(), st.sampled_from([-1.0, -0.25, 0.0, 0.1, 0.5, 1.0]))
def test_counts(seed: int, square: bool, threshold: float) -> None:
    matrix = random_matrix(seed, square)
    pairs = every_pair(matrix)
    assert matrix.pairs == len(pairs)
    found = [outcome(score, same, threshold) for _, _, score, same in pairs]
    counts = PairStatistics.of(matrix).counts(threshold)
    assert [counts.tp, counts.fp, counts.fn, counts.tn, counts.unknown] == [
        found.count(name) for name in OUTCOMES
    ]
    for i, j, score, same in pairs:
        assert matrix.outcome(i, j, threshold) == outcome(score, same, threshold)


@given(SEEDS, st.booleans(), st.integers(1, 4))
def test_scores_of_many_tiles_are_those_of_all_pairs(seed: int, square: bool, rows: int) -> None:
    matrix = random_matrix(seed, square)
    pairs = every_pair(matrix)
    with pytest.MonkeyPatch.context() as patch:
        tiles = [slice(at, at + rows) for at in range(0, len(matrix.scores), rows)]
        patch.setattr(ScoreMatrix, "tiles", lambda *_: tiles)
        found = PairStatistics.of(matrix)
    for scores, sort in ((found.genuine, True), (found.impostor, False)):
        assert scores.tolist() == sorted(score for _, _, score, same in pairs if same is sort)
    assert found.unknown == sum(same is None for *_, same in pairs)


@given(SEEDS)
def test_auc_is_the_share_of_right_orders(seed: int) -> None:
    statistics = PairStatistics.of(random_matrix(seed, False))
    if not len(statistics.genuine) or not len(statistics.impostor):
        assert statistics.auc() is None
        return
    better = statistics.genuine[:, None] > statistics.impostor
    ties = statistics.genuine[:, None] == statistics.impostor
    expected = (better + ties / 2).mean()
    auc = statistics.auc()
    assert auc is not None
    assert abs(auc - expected) < 1e-12


@given(SEEDS, st.sampled_from([0.1, 0.05]), st.integers(60, 200))
def test_threshold_at_far_is_the_smallest_that_holds(seed: int, far: float, count: int) -> None:
    scores = np.sort(np.random.default_rng(seed).normal(size=count).astype(np.float32).round(1))
    statistics = PairStatistics(np.ones(1, np.float32), scores, 0)
    threshold = statistics.threshold_at_far(far)
    assert threshold is not None
    assert (scores > threshold).mean() <= far
    lower = scores[scores < threshold]
    if len(lower):
        assert (scores > lower[-1]).mean() > far


@given(SEEDS, st.booleans(), st.sampled_from([0.1, 1e-4, 1e-6]))
def test_beside_a_score_the_counts_are_the_same(seed: int, square: bool, apart: float) -> None:
    matrix = random_matrix(seed, square)
    matrix = replace(matrix, scores=(matrix.scores * apart + 0.25).astype(np.float32))
    statistics = PairStatistics.of(matrix)
    for score in np.unique(matrix.scores).astype(float):
        threshold = statistics.beside(score)
        assert statistics.counts(threshold) == statistics.counts(score)
        # Above it by more than a pair's score by itself is rounded by, where there is room.
        assert 0 < threshold - score < 6e-7 and (apart < 1e-5 or threshold - score > 4e-7)


def test_too_few_impostors_to_say() -> None:
    few = PairStatistics(np.ones(1, np.float32), np.arange(29, dtype=np.float32), 0)
    enough = PairStatistics(np.ones(1, np.float32), np.arange(30, dtype=np.float32), 0)
    assert few.threshold_at_far(0.1) is None
    assert enough.threshold_at_far(0.1) == 26  # 27, 28 and 29 stay above: three of thirty


def test_curve_keeps_its_ends_and_every_point_is_true() -> None:
    rng = np.random.default_rng(0)
    genuine = np.sort(rng.normal(0.5, 0.2, 5000).astype(np.float32))
    impostor = np.sort(rng.normal(0.0, 0.2, 50_000).astype(np.float32))
    curve = PairStatistics(genuine, impostor, 0).curve()
    assert curve is not None
    assert curve.far[0] == 0 and curve.far[-1] == 1 and curve.tar[-1] == 1
    assert (np.diff(curve.far) >= 0).all() and (np.diff(curve.tar) >= 0).all()
    for place in range(0, len(curve.far), 501):
        threshold = curve.thresholds[place]
        assert abs(curve.far[place] - (impostor > threshold).mean()) < 1e-12
        assert abs(curve.tar[place] - (genuine > threshold).mean()) < 1e-12
    assert np.count_nonzero((curve.far > 0) & (curve.far < 1e-3)) > 20  # the low end is not thinned


def test_eer_of_two_known_distributions() -> None:
    genuine = np.linspace(0, 1, 1001, dtype=np.float32)
    impostor = np.linspace(-0.8, 0.2, 1001, dtype=np.float32)
    found = PairStatistics(genuine, impostor, 0).eer()
    assert found is not None
    assert abs(found[0] - 0.1) < 2e-3
    assert abs(found[1] - 0.1) < 2e-3


def test_eer_and_auc_of_a_case_by_hand() -> None:
    genuine = np.array([0.5, 0.9], np.float32)
    impostor = np.array([0.1, 0.2, 0.7], np.float32)
    statistics = PairStatistics(genuine, impostor, 0)
    # At 0.5 one of two genuine pairs is rejected and one of three impostors accepted.
    assert statistics.eer() == (pytest.approx((1 / 2 + 1 / 3) / 2), 0.5)
    assert statistics.eer()[0] == pytest.approx(5 / 12)  # type: ignore[index]
    assert statistics.auc() == pytest.approx(5 / 6)  # of six orders only 0.5 < 0.7 is wrong
    counts = statistics.counts(0.5)
    assert (counts.tp, counts.fn, counts.fp, counts.tn) == (1, 1, 1, 2)
    assert (counts.tar, counts.frr, counts.trr) == (0.5, 0.5, pytest.approx(2 / 3))
    assert counts.far == pytest.approx(1 / 3) and counts.accuracy == pytest.approx(3 / 5)
    edges, left, right = statistics.histograms(4)
    assert edges.tolist() == [-1, -0.5, 0, 0.5, 1]
    assert left.tolist() == [0, 0, 0, 2] and right.tolist() == [0, 0, 2, 1]


@given(SEEDS, st.integers(1, 12))
def test_drawn_pairs_of_fewer_rows_than_columns(seed: int, limit: int) -> None:
    matrix = random_matrix(seed, False, 3, 7)
    every = slice(0, 7)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.scoring.matrix.CELLS_A_TILE", 14)  # tiles of two rows
        found, total = drawn(matrix, lambda rows: matrix.known(rows, every), limit, seed)
        whole, _ = drawn(matrix, lambda rows: matrix.known(rows, every), 100)
        first = ranked(matrix, lambda rows: (matrix.known(rows, every), matrix.scores[rows]), limit)
    known = [(i, j) for i, j, _, same in every_pair(matrix) if same is not None]
    pairs = list(zip(found.rows.tolist(), found.columns.tolist(), strict=True))
    assert total == len(known) and len(pairs) == min(limit, total)
    assert pairs == sorted({*pairs}) and {*pairs} <= {*known}
    assert list(zip(whole.rows.tolist(), whole.columns.tolist(), strict=True)) == known
    assert found.scores.tolist() == [matrix.scores[i, j] for i, j in pairs]
    highest = sorted((matrix.scores[i, j] for i, j in known), reverse=True)[:limit]
    assert first.scores.tolist() == highest


@given(
    SEEDS,
    st.booleans(),
    st.sampled_from(["FP", "FN", "TP", "TN", "unknown", None]),
    st.integers(1, 30),
)
def test_lists_are_worst_first(seed: int, square: bool, wanted: str | None, limit: int) -> None:
    matrix, threshold = random_matrix(seed, square), 0.1
    right = [
        (i, j, score)
        for i, j, score, same in every_pair(matrix)
        if wanted in (None, outcome(score, same, threshold))
    ]
    listed = pairs_of(matrix, wanted, threshold, limit)  # type: ignore[arg-type]
    assert len(listed) == min(limit, len(right))
    found = list(
        zip(listed.rows.tolist(), listed.columns.tolist(), listed.scores.tolist(), strict=True)
    )
    assert set(found) <= set(right) and len(set(found)) == len(found)
    if wanted in ("FP", "FN"):
        far = sorted((abs(score - threshold) for _, _, score in right), reverse=True)[: len(found)]
        np.testing.assert_allclose([abs(score - threshold) for _, _, score in found], far)
    elif wanted is not None:
        near = sorted(abs(score - threshold) for _, _, score in right)[: len(found)]
        np.testing.assert_allclose([abs(score - threshold) for _, _, score in found], near)


def test_hardest_has_both_sorts() -> None:
    matrix = random_matrix(5, True, n=12)
    pairs = [p for p in every_pair(matrix) if p[3] is not None]
    listed = hardest(matrix, 6)
    impostors = sorted((score for *_, score, same in pairs if not same), reverse=True)[:3]
    genuine = sorted(score for *_, score, same in pairs if same)[:3]
    assert sorted(listed.scores.tolist()) == sorted(impostors + genuine)


def test_histograms_count_every_pair() -> None:
    statistics = PairStatistics.of(random_matrix(1, True, n=30))
    _, genuine, impostor = statistics.histograms(8)
    assert genuine.sum() == len(statistics.genuine) and impostor.sum() == len(statistics.impostor)


def test_a_threshold_between_two_float32_numbers_stays_there() -> None:
    score = np.float32(0.3)
    threshold = float(score) - 1e-10  # rounds to the score itself in float32
    codes = np.zeros(2, np.int32)
    scores = np.full((2, 2), score, np.float32)
    matrix = ScoreMatrix(scores, True, codes, codes, "uniform", "both")
    assert PairStatistics.of(matrix).counts(threshold).tp == 1
    assert matrix.outcome(0, 1, threshold) == "TP"
