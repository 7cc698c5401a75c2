"""Streaming all pairs gives what the whole matrix gives, however processes share the tiles."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.model.attention_weights import read_head
from core.model.kinds import AttentionKind, Order
from core.scoring import stream
from core.scoring.engine import PairEngine
from core.scoring.histograms import ScoreHistograms
from core.scoring.kernels.prepared import prepare
from core.scoring.lists import HardestPairs, hardest
from core.scoring.matrix import OUTCOMES, ScoreMatrix
from core.scoring.statistics import PairStatistics

ROOT = Path(__file__).parents[2]


def faces(count: int, seed: int) -> tuple[PairEngine, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    codes = rng.integers(-1, max(1, count // 3), count).astype(np.int32)
    centre = rng.normal(size=(count + 1, 32, 7, 7))
    grid = (centre[codes] + rng.normal(size=(count, 32, 7, 7))).astype(np.float32)
    return PairEngine(None, rng.random((7, 7)) / 25), grid, codes


@settings(max_examples=20, deadline=None)
@given(
    st.integers(2, 60),
    st.integers(0, 5),
    st.sampled_from(["uniform", "correlation"]),
    st.integers(1, 3),
    st.integers(1, 25),
    st.integers(3, 17),
)
def test_tiles_of_any_size_and_share_equal_the_matrix(
    count: int, seed: int, kind: AttentionKind, processes: int, keep: int, tile: int
) -> None:
    engine, grid, codes = faces(count, seed)
    prepared = prepare(grid, None)
    order: Order = "both"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "TILE", tile)
        parts = [
            stream.stream_scores(
                engine, prepared, prepared, (codes, codes), kind, order, 0.1, keep, (r, processes)
            )
            for r in range(processes)
        ]
    found = parts[0]
    for part in parts[1:]:
        found.merge(part)
    matrix = ScoreMatrix(engine.scores(prepared, prepared, kind), True, codes, codes, kind, order)
    assert found.pairs == matrix.pairs
    statistics = PairStatistics.of(matrix)
    counts = statistics.counts(0.1)
    told = dict(zip(OUTCOMES, found.outcomes.tolist(), strict=True))
    assert told == {
        "TP": counts.tp, "FP": counts.fp, "FN": counts.fn, "TN": counts.tn, "unknown": counts.unknown
    }  # fmt: skip
    wanted, listed = hardest(matrix, keep), found.hardest.listed()
    np.testing.assert_allclose(listed.scores, wanted.scores, atol=1e-6)
    rates = found.histograms.rates()
    if rates is not None:
        edge = len(rates[0]) // 2  # threshold 0
        assert rates[0][edge] == pytest.approx(statistics.counts(0.0).far)
        assert rates[1][edge] == pytest.approx(statistics.counts(0.0).tar)
        figures = found.histograms.figures()
        assert figures["auc"] == pytest.approx(statistics.auc(), abs=1e-4)
        assert figures["eer"] == pytest.approx(statistics.eer()[0], abs=1e-3)  # type: ignore[index]


@pytest.mark.parametrize(("kind", "order"), [("learned", "left-right"), ("correlation", "both")])
def test_fewer_rows_than_columns_and_a_raw_map_that_reaches_beyond_1(
    tiny_weights: Path, kind: AttentionKind, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "TILE", 4)
    head = read_head(tiny_weights)
    rng = np.random.default_rng(1)
    raw = rng.uniform(-0.1, 0.2, (7, 7))  # a raw P: of both signs, its sizes sum to far over 1
    engine = PairEngine(head, raw)
    columns = prepare(rng.normal(size=(11, 32, 7, 7)).astype(np.float32), head)
    rows = prepare((rng.normal(size=(5, 32, 7, 7)) + 0.2).astype(np.float32), head)
    codes = (rng.integers(-1, 3, 5).astype(np.int32), rng.integers(-1, 3, 11).astype(np.int32))
    found = stream.stream_scores(engine, rows, columns, codes, kind, order, 0.1, 9)
    matrix = ScoreMatrix(engine.scores(rows, columns, kind, order), False, *codes, kind, order)
    counts = PairStatistics.of(matrix).counts(0.1)
    assert found.pairs == matrix.pairs == 55
    assert found.outcomes.tolist() == [counts.tp, counts.fp, counts.fn, counts.tn, counts.unknown]
    listed = found.hardest.listed()
    for i, j, score in zip(listed.rows, listed.columns, listed.scores, strict=True):
        assert score == pytest.approx(matrix.scores[i, j], abs=1e-6)
    reach = np.abs(raw).sum()
    assert reach > 2
    assert found.histograms.reach == (pytest.approx(reach) if kind == "correlation" else 1)
    assert found.histograms.edges(2).tolist() == [
        -found.histograms.reach,
        0,
        found.histograms.reach,
    ]


def test_without_a_threshold_no_pair_has_an_outcome() -> None:
    engine, grid, codes = faces(7, 3)
    prepared = prepare(grid, None)
    found = stream.stream_scores(
        engine, prepared, prepared, (codes, codes), "uniform", "both", None, 3
    )
    assert found.outcomes.tolist() == [0, 0, 0, 0, 21]
    decided = stream.stream_scores(
        engine, prepared, prepared, (codes, codes), "uniform", "both", 0.1, 3
    )
    assert decided.outcomes[:4].sum() > 0


def test_scores_beyond_1_fall_into_bins_of_their_own() -> None:
    histograms = ScoreHistograms(4.0)
    histograms.add(np.array([3.0, 2.0], np.float32), True)
    histograms.add(np.array([1.5, -3.0], np.float32), False)
    assert histograms.figures()["auc"] == 1  # at a reach of 1 all three would be one
    shown = histograms.figures()["histogram"]
    assert shown["edges"][0] == -4 and shown["edges"][-1] == 4  # type: ignore[index]
    places = np.flatnonzero(shown["genuine"])  # type: ignore[index]
    assert places.tolist() == [95, 111]  # (score + 4) / 8 of 128, an edge not above itself


def test_what_is_kept_does_not_depend_on_the_order_of_tiles_even_with_ties() -> None:
    rng = np.random.default_rng(0)
    tiles = [(np.round(rng.random((9, 7)), 1).astype(np.float32), (9 * k, 0)) for k in range(12)]
    every = np.ones((9, 7), bool)
    kept = []
    for order in (tiles, tiles[::-1]):
        best = HardestPairs(20)
        for scores, place in order:
            best.add(scores, every, False, place)
        kept.append(best.of_one_sort(False))
    np.testing.assert_array_equal(kept[0].rows, kept[1].rows)
    np.testing.assert_array_equal(kept[0].columns, kept[1].columns)
    joined = np.concatenate([scores.ravel() for scores, _ in tiles])
    np.testing.assert_array_equal(kept[0].scores, np.sort(joined)[::-1][:20])


def test_a_score_on_an_edge_is_not_above_it() -> None:
    histograms = ScoreHistograms()
    histograms.add(np.array([0.0, 0.5], np.float32), True)
    histograms.add(np.array([-0.5], np.float32), False)
    rates = histograms.rates()
    assert rates is not None
    assert rates[1][len(rates[1]) // 2] == 0.5  # of 0 and 0.5 only the latter is above 0


def test_two_processes_print_what_one_prints(
    crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    # Small tiles, so that both processes have some.
    program = tmp_path / "program.py"
    program.write_text(
        "import sys\n"
        "from core.scoring import stream\n"
        "stream.TILE = 2\n"
        "from core.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    common = ["score", str(crops), "--aligned", "--model", str(tiny_weights), "--threshold", "0.1"]
    common += ["--hardest", "7", "--json", "--device", "cpu", "--cache", str(tmp_path / "c.sqlite")]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    environment["PYTHONPATH"] = str(ROOT)

    def out(launcher: list[str], table: str) -> tuple[object, bytes]:
        command = [sys.executable, *launcher, str(program), *common]
        done = subprocess.run(
            [*command, "-o", str(tmp_path / table)], capture_output=True, text=True, env=environment
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout), (tmp_path / table).read_bytes()

    torchrun = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--rdzv-backend", "c10d"]
    torchrun += ["--rdzv-endpoint", "127.0.0.1:0"]
    assert out([], "one.csv") == out(torchrun, "two.csv")


@pytest.mark.parametrize("genuine", [True, False])
def test_of_one_sort_of_pairs_alone_there_is_a_histogram_and_no_rate(genuine: bool) -> None:
    histograms = ScoreHistograms()
    histograms.add(np.array([0.3, 0.9], np.float32), genuine)
    found = histograms.figures()
    assert (found["auc"], found["eer"], found["tar_at_far"]) == (None, None, None)
    shown = found["histogram"]
    own, other = ("genuine", "impostor")[:: 1 if genuine else -1]
    assert sum(shown[own]) == 2 and sum(shown[other]) == 0  # type: ignore[index]
