"""The engine gives what the straightforward head gives, for every kind, order and size."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Stopped, XCosError
from core.model.attention_weights import HeadWeights, fold
from core.model.kinds import ORDERS, AttentionKind, Order
from core.model.xcos import LearnedAttention, cosine_map, xcos
from core.progress import Task
from core.scoring.engine import PairEngine
from core.scoring.kernels import fused as kernel
from core.scoring.kernels.prepared import prepare

ROOT = Path(__file__).parents[2]
ORDER = st.sampled_from(ORDERS)


def random_head(seed: int, channels: int = 32) -> tuple[LearnedAttention, HeadWeights]:
    torch.manual_seed(seed)
    attention = LearnedAttention(channels).eval()
    for module in attention.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 1.5)
            module.weight.data.uniform_(0.5, 2)
            module.bias.data.normal_()
        elif isinstance(module, torch.nn.PReLU):
            module.weight.data.uniform_(-0.3, 1.4)
    return attention, fold({k: v.numpy() for k, v in attention.state_dict().items()})


def random_grid(seed: int, count: int, channels: int = 32) -> np.ndarray:
    rng = np.random.default_rng(seed)
    grid = rng.normal(0.2, 1, (count, channels, 7, 7)).astype(np.float32)
    grid[0, :, 2, 3] = 0  # a cell without any feature has cosine 0
    return grid


def straightforward(
    attention: LearnedAttention, left: np.ndarray, right: np.ndarray, order: Order
) -> np.ndarray:
    """Every ordered pair through every layer."""
    i, j = (
        index.ravel() for index in np.meshgrid(range(len(left)), range(len(right)), indexing="ij")
    )
    one, other = torch.from_numpy(left)[i], torch.from_numpy(right)[j]
    with torch.inference_mode():
        cosine = cosine_map(one, other)
        maps = {"left-right": attention(one, other), "right-left": attention(other, one)}
        maps["both"] = (maps["left-right"] + maps["right-left"]) / 2
        scores: np.ndarray = xcos(cosine, maps[order]).numpy()
    return scores.reshape(len(left), len(right))


@pytest.fixture(scope="module")
def compiled() -> None:
    assert kernel.wait()


@given(st.integers(0, 10**6), st.integers(1, 19), st.integers(1, 35), ORDER)
def test_learned_scores_of_two_galleries(
    compiled: None, seed: int, n: int, m: int, order: Order
) -> None:
    attention, head = random_head(seed)
    left, right = random_grid(seed, n), random_grid(seed + 1, m)
    engine = PairEngine(head, None)
    scores = engine.scores(engine.prepare(left), engine.prepare(right), "learned", order)
    np.testing.assert_allclose(scores, straightforward(attention, left, right, order), atol=1e-5)


@given(
    st.integers(0, 10**6),
    st.sampled_from([1, 2, 15, 16, 17, 33]),
    st.sampled_from([32, 64, 128]),
    ORDER,
)
def test_learned_scores_of_one_gallery(
    compiled: None, seed: int, n: int, channels: int, order: Order
) -> None:
    attention, head = random_head(seed, channels)
    grid = random_grid(seed, n, channels)
    engine = PairEngine(head, None)
    faces = engine.prepare(grid)
    scores = engine.scores(faces, faces, "learned", order)
    np.testing.assert_allclose(scores, straightforward(attention, grid, grid, order), atol=1e-5)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("square", [True, False])
def test_plain_path_gives_the_same(
    monkeypatch: pytest.MonkeyPatch, order: Order, square: bool
) -> None:
    monkeypatch.setattr(kernel, "ready", lambda: False)
    monkeypatch.setattr(kernel, "compile_in_background", lambda: None)
    attention, head = random_head(3)
    left = random_grid(3, 18)
    right = left if square else random_grid(4, 21)
    engine = PairEngine(head, None)
    rows = engine.prepare(left)
    columns = rows if square else engine.prepare(right)
    scores = engine.scores(rows, columns, "learned", order)
    np.testing.assert_allclose(scores, straightforward(attention, left, right, order), atol=1e-5)


@given(st.integers(0, 10**6), st.sampled_from(["uniform", "correlation"]))
def test_fixed_attention_is_a_weighted_mean_of_cosines(seed: int, kind: AttentionKind) -> None:
    left, right = random_grid(seed, 5), random_grid(seed + 1, 9)
    correlation = np.random.default_rng(seed).random((7, 7))
    engine = PairEngine(None, correlation)
    scores = engine.scores(engine.prepare(left), engine.prepare(right), kind)
    weights = np.full((7, 7), 1 / 49) if kind == "uniform" else correlation
    for i in range(5):
        cosine = cosine_map(
            torch.from_numpy(left[i : i + 1]).expand(9, -1, -1, -1), torch.from_numpy(right)
        )
        expected = (cosine.numpy() * weights).sum(axis=(1, 2))
        np.testing.assert_allclose(scores[i], expected, atol=2e-6 * weights.sum() + 1e-6)


@pytest.mark.parametrize("kind", ["uniform", "correlation"])
def test_both_cells_of_a_pair_have_one_score(
    kind: AttentionKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.scoring.engine.PAIRS_A_PRODUCT", 1)  # so 64 rows at once
    monkeypatch.setattr("core.scoring.engine.ROWS_A_TURN", 20)
    engine = PairEngine(None, np.random.default_rng(1).random((7, 7)))
    faces = engine.prepare(random_grid(1, 150))
    scores = engine.scores(faces, faces, kind)
    np.testing.assert_array_equal(scores, scores.T)
    apart = engine.scores(faces, engine.prepare(random_grid(1, 150)), kind)
    np.testing.assert_array_equal(np.triu(scores), np.triu(apart))


@pytest.mark.parametrize(("probes", "faces"), [(131, 2), (2, 131), (65, 65)])
def test_a_product_in_parts_leaves_no_pair_out(
    probes: int, faces: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, right = random_grid(1, probes), random_grid(2, faces)
    engine = PairEngine(None, None)
    given = engine.prepare(left), engine.prepare(right)
    told: list[tuple[int, int]] = []
    monkeypatch.setattr("core.scoring.engine.PAIRS_A_PRODUCT", 1)  # so 64 rows at once
    task = Task(lambda what, done, total: told.append((done, total)))
    scores = engine.scores(*given, "uniform", task=task)
    unit = [
        grid / np.maximum(np.linalg.norm(grid, axis=1, keepdims=True), 1e-6)
        for grid in (left, right)
    ]
    np.testing.assert_allclose(scores, np.einsum("icyx,jcyx->ij", *unit) / 49, atol=1e-6)
    total = probes * faces
    starts = [start * faces for start in range(0, probes, 64)]
    assert told == [(done, total) for done in (*starts, total)]


@given(st.integers(0, 10**6), st.sampled_from(["learned", "uniform", "correlation"]), ORDER)
def test_maps_sum_to_the_score(
    compiled: None, seed: int, kind: AttentionKind, order: Order
) -> None:
    _, head = random_head(seed)
    engine = PairEngine(head, np.random.default_rng(seed).random((7, 7)) / 25)
    faces = engine.prepare(random_grid(seed, 4))
    scores = engine.scores(faces, faces, kind, order)
    cosine, attention = engine.maps(faces, 1, faces, 3, kind, order)
    assert abs((cosine * attention).sum() - scores[1, 3]) < 1e-5
    assert np.abs(cosine).max() <= 1
    if kind != "correlation":
        assert attention.min() >= 0
        assert abs(attention.sum() - 1) < 1e-9


def test_exchanging_the_faces_exchanges_the_orders() -> None:
    _, head = random_head(1)
    engine = PairEngine(head, None)
    faces = engine.prepare(random_grid(1, 3))
    forward = engine.maps(faces, 0, faces, 2, "learned", "left-right")[1]
    backward = engine.maps(faces, 2, faces, 0, "learned", "right-left")[1]
    np.testing.assert_allclose(forward, backward, atol=1e-12)


@pytest.mark.parametrize("kind", ["learned", "uniform"])
def test_stop_ends_scoring(kind: AttentionKind) -> None:
    _, head = random_head(0)
    engine = PairEngine(head, None)
    faces = engine.prepare(random_grid(0, 40))
    with pytest.raises(Stopped):
        engine.scores(faces, faces, kind, task=Task(stopped=lambda: True))


def test_a_kind_that_the_weights_lack_is_refused() -> None:
    engine = PairEngine(None, None)
    faces = engine.prepare(random_grid(0, 2))
    for kind in ("learned", "correlation"):
        with pytest.raises(XCosError, match=r"choose .*uniform attention"):
            engine.scores(faces, faces, kind)  # type: ignore[arg-type]


def test_compiling_the_kernel_leaves_the_streams_to_whoever_prints() -> None:
    """Numba and colorama used to swap them in the compiling thread, and output went astray."""
    check = (
        "import sys, types\n"
        "class Watched(types.ModuleType):\n"
        "    def __setattr__(self, name, value):\n"
        "        super().__setattr__(name, value)\n"
        "        if name in ('stdout', 'stderr'):\n"
        "            sys.__stdout__.write(name)\n"
        "sys.__class__ = Watched\n"
        "from core.scoring.kernels import fused\n"
        "assert fused.wait()"
    )
    done = subprocess.run(
        [sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == ""


def test_a_compiler_that_fails_once_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def compiled() -> object:
        calls.append(1)
        if len(calls) == 1:
            raise ImportError("partially initialized module")
        return kernel

    monkeypatch.setattr(kernel, "_kernel", None)
    monkeypatch.setattr(kernel, "_failed", False)
    monkeypatch.setattr(kernel, "_compiled", compiled)
    kernel._compile()
    assert kernel.ready() and len(calls) == 2
    monkeypatch.setattr(kernel, "_kernel", None)
    monkeypatch.setattr(kernel, "_compiled", lambda: 1 / 0)
    kernel._compile()
    assert not kernel.ready() and kernel._failed


@pytest.mark.parametrize("size", [1e-10, 1.0, 1e18, 1e25, 1e37])
def test_cosines_do_not_depend_on_the_size_of_features(
    size: float, recwarn: pytest.WarningsRecorder
) -> None:
    grid = np.random.default_rng(3).normal(size=(4, 32, 7, 7)).astype(np.float32)
    faces = prepare((grid * np.float32(size)).astype(np.float32), None)
    cells = grid.reshape(4, 32, 49).transpose(0, 2, 1).astype(np.float64)
    wanted = cells / np.linalg.norm(cells, axis=2, keepdims=True)
    np.testing.assert_allclose(faces.cells, wanted, atol=1e-5)
    assert len(recwarn) == 0


@pytest.mark.parametrize("part", ["features", "mix_weight", "last_weight", "last_slope"])
@pytest.mark.parametrize("size", [1e13, 1e25, 3e37])
def test_attention_that_cannot_be_told_is_refused(
    part: str, size: float, recwarn: pytest.WarningsRecorder
) -> None:
    _, head = random_head(4)
    grid = random_grid(5, 3)
    if part == "features":
        grid = grid * np.float32(size)
    else:
        value = getattr(head, part)
        large = float(size) if part == "last_slope" else np.full_like(value, size)
        head = replace(head, **{part: large})
    with pytest.raises(XCosError, match="numbers that are not finite; choose other weights"):
        prepare(grid, head)
    assert len(recwarn) == 0


@pytest.mark.parametrize("size", [1e-6, 1e5])
def test_attention_of_large_features_is_finite(size: float) -> None:
    _, head = random_head(4)
    engine = PairEngine(head, None)
    faces = engine.prepare(random_grid(5, 20) * np.float32(size))
    assert np.isfinite(engine.scores(faces, faces, "learned")).all()
