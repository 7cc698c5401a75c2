"""The pair engine: every pair's score from what its two faces bring."""

import warnings
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from core.errors import Stopped, XCosError
from core.model.attention_weights import HeadWeights, score_reach
from core.model.features import CELLS
from core.model.kinds import AttentionKind, Order
from core.progress import QUIET, Task
from core.scoring.kernels import fused as kernel
from core.scoring.kernels import plain
from core.scoring.kernels.prepared import LANES, PLACES, PreparedFaces, PreparedPairs, prepare
from core.workarounds import gpu_may_be_there

if TYPE_CHECKING:
    from core.scoring.kernels.gpu import GpuScorer

PAIRS_AT_ONCE = 2048  # listed ones: maps of 16 channels in double take 13 MB
PAIRS_A_PRODUCT = 20_000_000  # between two looks, where attention is fixed
ROWS_A_TURN = 256  # whose cells below the diagonal are filled in at once
PAIRS_A_TURN = 400_000  # between two looks at the stop, some tenths of a second


class PairEngine:
    """Scores and maps of pairs with one model's attention.

    head: learned attention's weights, or None without; correlation: P (7, 7), or None
    device: cpu, cuda, cuda:1, mps, or auto for the GPU where there is one. Scores of all pairs
    are computed there; torch is loaded when they are first asked for, and never for cpu
    tell: called with a sentence on what is done otherwise than asked, in the thread that scores
    """

    def __init__(
        self,
        head: HeadWeights | None,
        correlation: np.ndarray | None,
        device: str = "cpu",
        tell: Callable[[str], None] = warnings.warn,
    ) -> None:
        self._head = head
        self._correlation = correlation
        self._device, self._tell = device, tell
        self._gpu: GpuScorer | None = None
        self._looked, self._looking = device == "cpu", Lock()  # for a GPU

    def prepare(self, grid: np.ndarray) -> PreparedFaces:
        """Grid features (n, 32, 7, 7) to what the engine pairs."""
        return prepare(grid, self._head)

    def weights(self, kind: AttentionKind) -> np.ndarray | None:
        """The attention map (7, 7) that all pairs share; None for learned attention.

        Raises XCosError for a kind that the model lacks.
        """
        if kind == "uniform":
            return np.full((CELLS, CELLS), 1 / PLACES)
        if kind == "correlation":
            if self._correlation is None:
                raise XCosError(
                    "These weights have no correlation attention; choose learned or uniform attention.",
                    "attention",
                )
            return self._correlation
        if self._head is None:
            raise XCosError(
                "These weights have no learned attention; choose uniform attention.", "attention"
            )
        return None

    def reach(self, kind: AttentionKind) -> float:
        """What no score is beyond, above or below 0."""
        return score_reach(kind, self._correlation)

    def maps(
        self,
        left: PreparedFaces,
        i: int,
        right: PreparedFaces,
        j: int,
        kind: AttentionKind,
        order: Order = "both",
    ) -> tuple[np.ndarray, np.ndarray]:
        """S and W of one pair, both (7, 7) float64; for order both, W is the mean of the orders'."""
        cosine = np.einsum("kc,kc->k", left.cells[i].astype(np.float64), right.cells[j])
        cosine = cosine.clip(-1, 1).reshape(CELLS, CELLS)
        shared = self.weights(kind)
        if shared is not None:
            return cosine, shared.astype(np.float64)
        return cosine, self.attention(
            PreparedPairs(left, np.array([i]), right, np.array([j])), order
        )[0]

    def attention(self, pairs: PreparedPairs, order: Order) -> np.ndarray:
        """Learned attention of k pairs: (k, 7, 7) float64."""
        left, i, right, j = pairs
        assert self._head is not None and left.left is not None and left.right is not None
        assert right.left is not None and right.right is not None
        maps = []
        if order != "right-left":
            first, second = left.left[i], right.right[j]
            maps.append(plain.attention_maps(self._head, _double(first), _double(second)))
        if order != "left-right":
            first, second = right.left[j], left.right[i]
            maps.append(plain.attention_maps(self._head, _double(first), _double(second)))
        return np.mean(maps, axis=0).reshape(-1, CELLS, CELLS)

    def scores_of(
        self,
        pairs: PreparedPairs,
        kind: AttentionKind,
        order: Order = "both",
        task: Task = QUIET,
    ) -> np.ndarray:
        """Scores of some pairs, (k,) float64. Raises XCosError for a kind that the weights lack, Stopped."""
        left, i, right, j = pairs
        shared = self.weights(kind)
        scores = np.empty(len(i))
        for start in range(0, len(i), PAIRS_AT_ONCE):
            if task.stopped():
                raise Stopped("Scoring")
            task.report("Scoring pairs", start, len(i))
            a, b = i[start : start + PAIRS_AT_ONCE], j[start : start + PAIRS_AT_ONCE]
            cosine = np.einsum("pkc,pkc->pk", left.cells[a], right.cells[b])
            if shared is None:
                chosen = PreparedPairs(left, a, right, b)
                weights = self.attention(chosen, order).reshape(len(a), PLACES)
            else:
                weights = shared.reshape(1, PLACES)
            scores[start : start + len(a)] = (cosine * weights).sum(axis=1)
        return scores

    def scores(
        self,
        left: PreparedFaces,
        right: PreparedFaces,
        kind: AttentionKind,
        order: Order = "both",
        task: Task = QUIET,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """Scores of every left face with every right face, (n, m) float32, into out if given.

        Left and right may be the same object: then each pair is computed once where the order
        allows. Raises Stopped, and XCosError for a kind that the model or a device that the
        machine lacks.
        """
        if out is None:
            out = np.empty((len(left), len(right)), np.float32)
        shared = self.weights(kind)
        if self._on_gpu(left, right, shared, order, task, out):
            return out
        if shared is None:
            self._learned(left, right, order, task, out)
        else:
            _one_product(left, right, shared, task, out)
        return out

    def warm_up(self) -> None:
        """Start to make ready what computes learned scores; returns at once."""
        if self._find_gpu() is None:
            kernel.compile_in_background()

    def wait(self) -> None:
        """Let what computes learned scores be ready, so that all of them are rounded alike."""
        if self._find_gpu() is None:
            kernel.wait()

    def _find_gpu(self) -> "GpuScorer | None":
        with self._looking:
            if not self._looked and (self._device != "auto" or gpu_may_be_there()):
                from core.model.device import choose_device

                device = choose_device(self._device)
                if device.type != "cpu":
                    from core.scoring.kernels.gpu import GpuScorer

                    self._gpu = GpuScorer(self._head, device, self._tell)
            self._looked = True
            return self._gpu

    def _on_gpu(
        self,
        left: PreparedFaces,
        right: PreparedFaces,
        shared: np.ndarray | None,
        order: Order,
        task: Task,
        out: np.ndarray,
    ) -> bool:
        """Whether a GPU filled out; one whose memory is too short is not asked again."""
        gpu = self._find_gpu()
        if gpu is None:
            return False
        from core.scoring.kernels.gpu import DeviceFull

        try:
            gpu.scores(left, right, shared, order, task, out)
        except DeviceFull:
            with self._looking:
                first, self._gpu = self._gpu is None, None
            if not first:
                self._tell(f"The memory of {gpu.device} is full; the CPU scores pairs instead.")
            if shared is None:
                kernel.wait()  # later tiles shall not be rounded otherwise than this one
            return False
        return True

    def _learned(
        self,
        left: PreparedFaces,
        right: PreparedFaces,
        order: Order,
        task: Task,
        out: np.ndarray,
    ) -> None:
        assert self._head is not None
        forward, backward = order != "right-left", order != "left-right"
        square = left is right and forward and backward
        kernel.compile_in_background()
        total = -(-len(right) // LANES)
        blocks: kernel.Blocks | None = None
        turn = max(2, PAIRS_A_TURN // (LANES * max(1, len(left))))
        at = 0
        while at < total:
            if task.stopped():
                raise Stopped("Scoring")
            task.report("Scoring pairs", at * LANES * len(left), len(right) * len(left))
            if kernel.ready():
                blocks = blocks or kernel.Blocks(right)
                last = min(total, at + turn)
                kernel.score(self._head, left, blocks, (forward, backward), square, at, last, out)
                at = last
                continue
            columns = slice(at * LANES, (at + 1) * LANES)
            rows = min(len(left), columns.stop) if square else len(left)
            part, some = right.part(columns), left.part(slice(0, rows))
            scores = plain.learned_scores(self._head, some, part, forward, backward)
            out[:rows, columns] = scores
            if square:
                out[columns, :rows] = scores.T
            at += 1
        task.report("Scoring pairs", len(right) * len(left), len(right) * len(left))


def _double(half: np.ndarray) -> np.ndarray:
    return half.astype(np.float64)


def _one_product(
    left: PreparedFaces,
    right: PreparedFaces,
    weights: np.ndarray,
    task: Task,
    out: np.ndarray,
) -> None:
    """Scores with one attention map for all pairs: a matrix product of flattened cells."""
    scale = weights.reshape(1, PLACES, 1).astype(np.float32)
    numbers = PLACES * right.cells.shape[2]  # -1 would not do for no faces
    columns = right.cells.reshape(len(right), numbers).T
    step = max(64, PAIRS_A_PRODUCT // max(1, len(right)))
    for start in range(0, len(left), step):
        if task.stopped():
            raise Stopped("Scoring")
        task.report("Scoring pairs", start * len(right), len(left) * len(right))
        some = left.cells[start : start + step]
        rows = (some * scale).reshape(len(some), numbers)
        np.matmul(rows, columns, out=out[start : start + step])
        if left is right:
            _mirror(out, start, start + len(some))
    task.report("Scoring pairs", len(left) * len(right), len(left) * len(right))


def _mirror(out: np.ndarray, start: int, stop: int) -> None:
    """Give the cells below the diagonal of some rows the scores above it.

    The product rounds both cells of a pair apart; a threshold on one score would part them.
    """
    for first in range(start, stop, ROWS_A_TURN):
        last = min(first + ROWS_A_TURN, stop)
        out[first:last, :first] = out[:first, first:last].T
        own = out[first:last, first:last]
        own[:] = np.triu(own) + np.triu(own, 1).T
