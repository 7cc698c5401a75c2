"""The GPU's path, on torch's CPU device: it gives what plain NumPy gives, stops, and falls back.

Differences allowed: 1e-5, all in float32. The Triton kernel runs in Triton's interpreter.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from core.cli import main
from core.errors import Stopped
from core.model import device as devices
from core.model.attention_weights import HeadWeights
from core.model.kinds import ORDERS, AttentionKind, Order
from core.progress import QUIET, Task
from core.scoring import engine as engines
from core.scoring.engine import PairEngine
from core.scoring.kernels import gpu, plain
from core.scoring.kernels.gpu import GpuScorer
from core.scoring.kernels.prepared import PreparedFaces, prepare
from tests.scoring.test_engine import random_grid, random_head

ROOT = Path(__file__).parents[2]
ORDER = st.sampled_from(ORDERS)
SIZE = st.integers(1, 23)
CPU = torch.device("cpu")


def faces(head: HeadWeights, seed: int, count: int) -> PreparedFaces:
    return prepare(random_grid(seed, count), head)


def expected(
    head: HeadWeights, left: PreparedFaces, right: PreparedFaces, order: Order
) -> np.ndarray:
    return plain.learned_scores(head, left, right, order != "right-left", order != "left-right")


def scored(
    scorer: GpuScorer,
    left: PreparedFaces,
    right: PreparedFaces,
    order: Order,
    weights: np.ndarray | None = None,
) -> np.ndarray:
    out = np.full((len(left), len(right)), np.nan, np.float32)
    scorer.scores(left, right, weights, order, QUIET, out)
    return out


TILES = pytest.mark.parametrize("side", [2048, 7])  # all faces, and what divides few sizes


@contextmanager
def tiles_of(side: int) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gpu, "SIDE", side)
        patch.setattr(gpu, "PAIRS_AT_ONCE", 5 * side)
        yield


@TILES
@given(st.integers(0, 10**6), SIZE, SIZE, ORDER)
def test_learned_scores_of_two_galleries(
    side: int, seed: int, n: int, m: int, order: Order
) -> None:
    _, head = random_head(seed)
    left, right = faces(head, seed, n), faces(head, seed + 1, m)
    with tiles_of(side):
        found = scored(GpuScorer(head, CPU, pytest.fail), left, right, order)
    np.testing.assert_allclose(found, expected(head, left, right, order), rtol=0, atol=1e-5)


@TILES
@given(st.integers(0, 10**6), SIZE, ORDER)
def test_learned_scores_of_one_gallery(side: int, seed: int, n: int, order: Order) -> None:
    _, head = random_head(seed)
    some = faces(head, seed, n)
    with tiles_of(side):
        found = scored(GpuScorer(head, CPU, pytest.fail), some, some, order)
    np.testing.assert_allclose(found, expected(head, some, some, order), rtol=0, atol=1e-5)
    if order == "both":
        np.testing.assert_array_equal(found, found.T)


@TILES
@given(st.integers(0, 10**6), SIZE, SIZE, st.booleans())
def test_fixed_attention_is_one_product(side: int, seed: int, n: int, m: int, one: bool) -> None:
    weights = np.random.default_rng(seed).random((7, 7)) / 25
    left = prepare(random_grid(seed, n), None)
    right = left if one else prepare(random_grid(seed + 1, m), None)
    with tiles_of(side):
        found = scored(GpuScorer(None, CPU, pytest.fail), left, right, "both", weights)
    exact = np.einsum("ikc,jkc,k->ij", left.cells, right.cells, weights.ravel(), dtype=np.float64)
    np.testing.assert_allclose(found, exact, rtol=0, atol=1e-5)


def test_faces_that_do_not_fit_come_tile_by_tile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gpu, "SIDE", 7)
    monkeypatch.setattr(gpu, "free_memory", lambda _: 4 * gpu.BYTES_PER_PAIR)  # one pair at once
    _, head = random_head(5)
    left, right = faces(head, 5, 18), faces(head, 6, 9)
    sent: list[int] = []
    upload = GpuScorer._upload
    monkeypatch.setattr(
        GpuScorer,
        "_upload",
        lambda self, f, learned: sent.append(len(f)) or upload(self, f, learned),
    )
    found = scored(GpuScorer(head, CPU, pytest.fail), left, right, "both")
    np.testing.assert_allclose(found, expected(head, left, right, "both"), rtol=0, atol=1e-5)
    assert sent == [7, 7, 2, 7, 7, 2, 4, 7, 2]


TRITON = """
import numpy as np
from core.scoring.kernels.gpu import GpuScorer
from tests.scoring import test_gpu as t
_, head = t.random_head(1)
scorer, worst = GpuScorer(head, t.CPU, print, fused=True), 0.0
for n, m, order in ((1, 17, "both"), (1, 2, "left-right"), (1, 1, "right-left"), (2, 0, "both")):
    left = t.faces(head, n, n)
    right = t.faces(head, m, m) if m else left
    found = t.scored(scorer, left, right, order)
    worst = max(worst, float(np.abs(found - t.expected(head, left, right, order)).max()))
assert scorer.fused, "the kernel did not run"
print(worst)
"""


def test_the_triton_kernel_in_its_interpreter() -> None:
    pytest.importorskip("triton")
    done = subprocess.run(
        [sys.executable, "-c", TRITON],
        cwd=ROOT,
        env=os.environ | {"TRITON_INTERPRET": "1", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert float(done.stdout) <= 1e-5


@pytest.mark.parametrize("capability", [80, 90])
def test_the_triton_kernel_compiles_for_a_gpu(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capability: int
) -> None:
    triton = pytest.importorskip("triton")
    compiler = pytest.importorskip("triton.backends.compiler")
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    from core.scoring.kernels.triton_kernel import COLUMNS, _score

    kinds = dict.fromkeys(_score.arg_names[:8], "*fp32") | {"columns": "i32"}
    kinds |= dict.fromkeys(("bias", "mix_slope", "last_slope"), "fp32")
    fixed = {"FORWARD": True, "BACKWARD": True, "COLUMNS": COLUMNS, "CHANNELS": 32}
    kinds |= dict.fromkeys(fixed, "constexpr")
    source = triton.compiler.ASTSource(fn=_score, signature=kinds, constexprs=fixed)
    made = triton.compile(source, target=compiler.GPUTarget("cuda", capability, 32))
    assert made.asm["cubin"]
    assert ".local" not in made.asm["ptx"]  # all stays in registers


def test_without_a_compiler_torch_scores_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("Failed to find C compiler")

    monkeypatch.setattr(GpuScorer, "_fused_tile", refuse)
    _, head = random_head(8)
    some, told = faces(head, 8, 4), list[str]()
    scorer = GpuScorer(head, CPU, told.append, fused=True)
    for _ in range(2):
        found = scored(scorer, some, some, "both")
        np.testing.assert_allclose(found, expected(head, some, some, "both"), rtol=0, atol=1e-5)
    assert len(told) == 1
    assert "Failed to find C compiler" in told[0]


@pytest.mark.parametrize("kind", ["learned", "uniform"])
def test_stop_ends_scoring_between_tiles(
    monkeypatch: pytest.MonkeyPatch, kind: AttentionKind
) -> None:
    monkeypatch.setattr(gpu, "SIDE", 4)
    _, head = random_head(0)
    some, seen = faces(head, 0, 9), list[tuple[int, int]]()
    out = np.full((9, 9), np.nan, np.float32)
    weights = None if kind == "learned" else np.full((7, 7), 1 / 49)
    with pytest.raises(Stopped):
        GpuScorer(head, CPU, pytest.fail).scores(
            some, some, weights, "both",
            Task(lambda _, done, total: seen.append((done, total)), lambda: len(seen) == 2), out,
        )  # fmt: skip
    assert seen == [(0, 81), (16, 81)]
    assert np.isnan(out).sum() == 81 - 16 - 2 * 16  # the first tile, the second and its mirror


def test_late_tiles_are_written_once_their_copy_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    class Event:
        def record(self) -> None:
            come.append(False)
            self.number = len(come) - 1

        def synchronize(self) -> None:
            come[self.number] = True

    come, empty = list[bool](), torch.empty
    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(torch, "empty", lambda shape, pin_memory: empty(shape))
    out = np.zeros((5, 4), np.float32)
    landing = gpu._Landing(out, torch.device("cuda"))
    for row in range(5):
        landing.put(torch.full((1, 4), row + 1.0), slice(row, row + 1), slice(0, 4))
    assert come == [True, True, True, False, False]
    np.testing.assert_array_equal(out[:, 0], [1, 2, 3, 0, 0])
    landing.settle()
    np.testing.assert_array_equal(out, np.arange(1, 6)[:, None].repeat(4, 1))


@pytest.fixture
def as_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose GPU is torch's CPU device."""

    class Here(GpuScorer):
        def __init__(self, head: HeadWeights | None, device: torch.device, tell: Any) -> None:
            super().__init__(head, CPU, tell)

    monkeypatch.setattr(gpu, "GpuScorer", Here)
    monkeypatch.setattr(engines, "gpu_may_be_there", lambda: True)
    monkeypatch.setattr(devices, "choose_device", lambda _: torch.device("cuda"))


@pytest.mark.parametrize("kind", ["learned", "uniform", "correlation"])
@pytest.mark.parametrize("order", ORDERS)
def test_the_engine_gives_the_same_on_both(
    as_gpu: None, monkeypatch: pytest.MonkeyPatch, kind: AttentionKind, order: Order
) -> None:
    _, head = random_head(2)
    correlation = np.random.default_rng(2).random((7, 7)) / 25
    left, right = faces(head, 2, 6), faces(head, 3, 11)
    on_cpu = PairEngine(head, correlation).scores(left, right, kind, order)
    used = list[int]()
    tile = GpuScorer._tile
    monkeypatch.setattr(GpuScorer, "_tile", lambda *a: used.append(1) or tile(*a))
    on_gpu = PairEngine(head, correlation, "auto").scores(left, right, kind, order)
    assert used
    np.testing.assert_allclose(on_gpu, on_cpu, rtol=0, atol=1e-5)


def full_from(pairs: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let strips of more than so many pairs find the memory full; lists what strips were tried."""
    tried, strip = list[int](), GpuScorer._strip

    def limited(self: GpuScorer, rows: Any, columns: Any, *directions: bool) -> torch.Tensor:
        tried.append(len(rows) * len(columns))
        if tried[-1] > pairs:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return strip(self, rows, columns, *directions)

    monkeypatch.setattr(GpuScorer, "_strip", limited)
    return tried


@examples(max_examples=10)
@given(st.integers(13, 200), ORDER)
def test_short_memory_makes_smaller_strips(pairs: int, order: Order) -> None:
    _, head = random_head(4)
    left, right = faces(head, 4, 17), faces(head, 5, 13)
    with pytest.MonkeyPatch.context() as patch:
        tried = full_from(pairs, patch)
        found = scored(GpuScorer(head, CPU, pytest.fail), left, right, order)
    assert tried[0] > pairs >= tried[-1]
    np.testing.assert_allclose(found, expected(head, left, right, order), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("full"), RuntimeError("MPS backend out of memory")]
)
@pytest.mark.parametrize("kind", ["learned", "uniform"])
def test_a_full_gpu_leaves_the_work_to_the_cpu_and_says_so_once(
    as_gpu: None, monkeypatch: pytest.MonkeyPatch, kind: AttentionKind, error: RuntimeError
) -> None:
    def full(*_: object) -> None:
        raise error

    monkeypatch.setattr(GpuScorer, "_tile", full)
    _, head = random_head(6)
    some, told = faces(head, 6, 5), list[str]()
    engine = PairEngine(head, None, "cuda", told.append)
    for _ in range(2):
        found = engine.scores(some, some, kind)
        on_cpu = PairEngine(head, None).scores(some, some, kind)
        np.testing.assert_allclose(found, on_cpu, rtol=0, atol=1e-5)
    assert told == ["The memory of cpu is full; the CPU scores pairs instead."]


def test_another_error_is_not_taken_for_a_full_memory(
    as_gpu: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("an illegal memory access was encountered")

    monkeypatch.setattr(GpuScorer, "_strip", broken)
    _, head = random_head(6)
    some = faces(head, 6, 5)
    with pytest.raises(RuntimeError, match="illegal"):
        PairEngine(head, None, "cuda", pytest.fail).scores(some, some, "learned")


@pytest.mark.parametrize(("device", "scores"), [("cpu", True), ("cuda", False), ("auto", False)])
def test_torch_is_loaded_only_when_a_gpu_shall_score(device: str, scores: bool) -> None:
    check = (
        "import sys, numpy as np\nfrom core.scoring.engine import PairEngine\n"
        f"engine = PairEngine(None, None, {device!r})\n"
        "faces = engine.prepare(np.ones((3, 32, 7, 7), np.float32))\n"
        f"if {scores}: engine.scores(faces, faces, 'uniform')\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stdout + done.stderr


def test_auto_without_a_driver_does_not_load_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    def never_asked(_: str) -> None:
        pytest.fail("a device was chosen")

    monkeypatch.setattr(engines, "gpu_may_be_there", lambda: False)
    monkeypatch.setattr(devices, "choose_device", never_asked)
    engine = PairEngine(None, None, "auto", pytest.fail)
    some = engine.prepare(random_grid(1, 3))
    assert engine.scores(some, some, "uniform").shape == (3, 3)


def test_the_command_line_scores_on_its_device_and_warns_once(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tiny_weights: Path,
    crops: Path,
    tmp_path: Path,
) -> None:
    given = ["--aligned", "--model", str(tiny_weights), "--cache", str(tmp_path / "c.sqlite")]
    assert main(["score", str(crops), "--device", "cpu", *given]) == 0
    on_cpu = capsys.readouterr().out

    def find(self: PairEngine) -> GpuScorer | None:
        if not self._looked and self._device == "auto":
            self._gpu = GpuScorer(self._head, CPU, self._tell)
        self._looked = True
        return self._gpu

    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("full")

    monkeypatch.setattr(PairEngine, "_find_gpu", find)
    monkeypatch.setattr(GpuScorer, "_tile", full)
    assert main(["score", str(crops), "--device", "auto", *given]) == 0
    answer = capsys.readouterr()
    assert answer.err.count("The memory of cpu is full; the CPU scores pairs instead.") == 1
    rows, others = (
        [line.split(",") for line in text.splitlines()] for text in (on_cpu, answer.out)
    )
    assert [row[:4] for row in rows] == [row[:4] for row in others]
    scores = [[float(row[4]) for row in table[1:]] for table in (rows, others)]
    np.testing.assert_allclose(*scores, rtol=0, atol=1e-5)
