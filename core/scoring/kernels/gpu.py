"""Scores of all pairs with torch on a GPU, tile by tile; plain.py says what is right.

Importing this module imports torch. All is float32: no TF32, no half precision.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from core.errors import Stopped
from core.model.attention_weights import HeadWeights
from core.model.device import free_memory
from core.model.kinds import Order
from core.progress import Task
from core.scoring.kernels.prepared import HALF, PLACES, PreparedFaces, convolve

SIDE = 2048  # faces of a tile's side: scores of 17 MB, between two looks at the stop
PAIRS_AT_ONCE = 2**18  # of torch's own operations, where memory allows
BYTES_PER_PAIR = 4800  # of their intermediates: 784 mixed numbers, some maps of 49
BYTES_PER_FACE = 36_000  # on the device, halves with their border, cells of up to 128 channels
INPUTS = HALF * PLACES


class DeviceFull(Exception):
    """The device's memory does not even hold a row of pairs."""


@dataclass(frozen=True, eq=False)
class _Faces:
    """n faces on the device. With the fused kernel, as that wants them.

    cells: (n, 49, C), fused (n, C, 49)
    left, right: (n, 784), fused (n, 16, 9, 9) with a border of zeros; None without learned attention
    """

    cells: Tensor
    left: Tensor | None
    right: Tensor | None

    def part(self, places: slice) -> "_Faces":
        left = None if self.left is None else self.left[places]
        right = None if self.right is None else self.right[places]
        return _Faces(self.cells[places], left, right)

    def halves(self) -> tuple[Tensor, Tensor]:
        assert self.left is not None and self.right is not None
        return self.left, self.right

    def __len__(self) -> int:
        return len(self.cells)


class GpuScorer:
    """Scores of all pairs on one device: cuda, mps, or the CPU where tests look.

    head:  learned attention's weights, or None without
    tell:  called with a sentence on what is done otherwise than meant
    fused: whether learned attention uses the Triton kernel; None: on cuda, where Triton is there
    """

    def __init__(
        self,
        head: HeadWeights | None,
        device: torch.device,
        tell: Callable[[str], None],
        fused: bool | None = None,
    ) -> None:
        self.device, self._tell = device, tell
        self.fused = device.type == "cuda" and bool(find_spec("triton")) if fused is None else fused
        self._pairs = PAIRS_AT_ONCE
        self._head = head
        self._band: Tensor | None = None  # the last convolution as one matrix (784, 49)
        self._taps: Tensor | None = None  # its weights (16, 9)

    def scores(
        self,
        left: PreparedFaces,
        right: PreparedFaces,
        weights: np.ndarray | None,
        order: Order,
        task: Task,
        out: np.ndarray,
    ) -> None:
        """Every left face with every right one into out (n, m) float32.

        weights: the attention map (7, 7) that all pairs share; None: learned attention
        Raises Stopped, and DeviceFull where the device's memory is too short; out is then
        filled in part.
        """
        try:
            with torch.inference_mode(), self._current():
                self._all(left, right, weights, order, task, out)
        except RuntimeError as error:
            if not _is_full(error):
                raise
            raise DeviceFull(str(error)) from None

    def _current(self) -> AbstractContextManager[object]:
        return torch.cuda.device(self.device) if self.device.type == "cuda" else nullcontext()

    def _all(
        self,
        left: PreparedFaces,
        right: PreparedFaces,
        weights: np.ndarray | None,
        order: Order,
        task: Task,
        out: np.ndarray,
    ) -> None:
        square = left is right and (weights is not None or order == "both")
        if weights is None:
            self._place_head()
        shared = None if weights is None else self._tensor(weights.reshape(1, PLACES, 1))
        learned = shared is None
        free = free_memory(self.device)
        self._pairs = max(1, min(PAIRS_AT_ONCE, free // 4 // BYTES_PER_PAIR))
        faces = len(left) if left is right else len(left) + len(right)
        stays = faces * BYTES_PER_FACE <= free // 4
        columns = _Source(right, lambda some: self._upload(some, learned), stays)
        rows = columns if left is right else _Source(left, columns.upload, stays)
        landing = _Landing(out, self.device)
        done, total = 0, len(left) * len(right)
        for top in _sides(len(left)):
            here: _Faces | None = None
            for side in _sides(len(right), top.start if square else 0):
                if task.stopped():
                    raise Stopped("Scoring")
                task.report("Scoring pairs", done, total)
                here = rows.part(top) if here is None else here
                there = here if rows is columns and side == top else columns.part(side)
                scores = self._tile(here, there, shared, order)
                if square and side == top:
                    scores = scores.triu() + scores.triu(1).T  # the same to the last bit both ways
                landing.put(scores, top, side)
                done += scores.numel()
                if square and side != top:
                    landing.put(scores.T.contiguous(), side, top)
                    done += scores.numel()
        landing.settle()
        task.report("Scoring pairs", total, total)

    def _tile(self, rows: _Faces, columns: _Faces, shared: Tensor | None, order: Order) -> Tensor:
        if shared is not None:
            scaled = (rows.cells * shared).reshape(len(rows), -1)
            return scaled @ columns.cells.reshape(len(columns), -1).T
        forward, backward = order != "right-left", order != "left-right"
        if self.fused:
            return self._fused_tile(rows, columns, forward, backward)
        scores = torch.empty((len(rows), len(columns)), device=self.device)
        at = 0
        while at < len(rows):
            step = max(1, self._pairs // len(columns))
            try:
                some = rows.part(slice(at, at + step))
                scores[at : at + step] = self._strip(some, columns, forward, backward)
            except RuntimeError as error:
                if step == 1 or not _is_full(error):
                    raise
                full = True
            else:
                full, at = False, at + step
            if full:  # here, where the error holds none of the tensors any more
                self._pairs = min(self._pairs, step * len(columns)) // 2
                if self.device.type == "cuda":
                    torch.cuda.empty_cache()
        return scores

    def _strip(self, rows: _Faces, columns: _Faces, forward: bool, backward: bool) -> Tensor:
        """Learned scores (n, m) by torch's own operations."""
        cosine = rows.cells.transpose(0, 1) @ columns.cells.permute(1, 2, 0)  # (49, n, m)
        cosine = cosine.permute(1, 2, 0).reshape(-1, PLACES)
        total = torch.zeros(len(cosine), device=self.device)
        (row_left, row_right), (left, right) = rows.halves(), columns.halves()
        if forward:
            total += (self._attention(row_left, right) * cosine).sum(1)
        if backward:
            total += (self._attention(row_right, left) * cosine).sum(1)
        return (total / (forward + backward)).reshape(len(rows), len(columns))

    def _attention(self, rows: Tensor, columns: Tensor) -> Tensor:
        """Attention of all pairs of halves (n, 784) and (m, 784): (n * m, 49)."""
        assert self._head is not None and self._band is not None
        mixed = (rows[:, None] + columns[None]).reshape(-1, INPUTS)
        mixed = F.leaky_relu(mixed, self._head.mix_slope, inplace=True)
        # One product with a banded matrix: a convolution to one channel leaves most of a GPU idle,
        # and cuDNN would round to TF32.
        logits = mixed @ self._band + float(self._head.last_bias[0])
        return F.leaky_relu(logits, self._head.last_slope, inplace=True).softmax(1)

    def _fused_tile(self, rows: _Faces, columns: _Faces, forward: bool, backward: bool) -> Tensor:
        from core.scoring.kernels.triton_kernel import score_tile

        assert self._head is not None and self._taps is not None
        return score_tile(
            (rows.cells, *rows.halves()),
            (columns.cells, *columns.halves()),
            self._taps,
            (float(self._head.last_bias[0]), self._head.mix_slope, self._head.last_slope),
            forward,
            backward,
        )

    def _place_head(self) -> None:
        """Put the head on the device, and try the fused kernel once on a face of zeros."""
        if self._band is not None:
            return
        assert self._head is not None
        units = np.eye(INPUTS, dtype=np.float32).reshape(INPUTS, HALF, 7, 7)
        band = convolve(units, self._head.last_weight, np.zeros(1, np.float32))
        self._taps = self._tensor(self._head.last_weight.reshape(HALF, 9))
        if self.fused:
            half = np.zeros((1, HALF, PLACES), np.float32)
            channels = self._head.reduce_weight.shape[1]
            zeros = PreparedFaces(np.zeros((1, PLACES, channels), np.float32), half, half)
            try:
                face = self._upload(zeros, True)
                self._fused_tile(face, face, True, True).cpu()
            except Exception as error:  # of many kinds, where Triton finds no compiler
                if isinstance(error, RuntimeError) and _is_full(error):
                    raise
                self.fused = False
                reason = (str(error).strip() or type(error).__name__).splitlines()[0]
                self._tell(
                    f"Triton cannot compile the pair kernel ({reason}); scores come slower without "
                    "it. Install a C compiler to have it."
                )
        self._band = self._tensor(band.reshape(INPUTS, PLACES))

    def _upload(self, faces: PreparedFaces, learned: bool) -> _Faces:
        cells = self._tensor(faces.cells)
        if not learned:
            return _Faces(cells, None, None)
        assert faces.left is not None and faces.right is not None
        halves = [self._tensor(half) for half in (faces.left, faces.right)]
        if not self.fused:
            return _Faces(cells, *(half.reshape(len(half), INPUTS) for half in halves))
        bordered = (F.pad(h.reshape(-1, HALF, 7, 7), (1, 1, 1, 1)).contiguous() for h in halves)
        return _Faces(cells.transpose(1, 2).contiguous(), *bordered)

    def _tensor(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array, np.float32)).to(self.device)


class _Source:
    """Faces for tiles: all of them on the device where they fit, else each tile's when asked."""

    def __init__(
        self, faces: PreparedFaces, upload: Callable[[PreparedFaces], _Faces], stays: bool
    ) -> None:
        self._faces, self.upload = faces, upload
        self._whole = upload(faces) if stays else None

    def part(self, places: slice) -> _Faces:
        if self._whole is not None:
            return self._whole.part(places)
        return self.upload(self._faces.part(places))


class _Landing:
    """Brings tiles into out. On cuda through pinned memory, written while the next tile computes."""

    def __init__(self, out: np.ndarray, device: torch.device) -> None:
        self._out, self._late = out, device.type == "cuda"
        self._waiting: list[tuple[torch.cuda.Event, Tensor, slice, slice]] = []

    def put(self, scores: Tensor, rows: slice, columns: slice) -> None:
        if not self._late:
            self._out[rows, columns] = scores.cpu().numpy()
            return
        pinned = torch.empty(scores.shape, pin_memory=True)
        pinned.copy_(scores, non_blocking=True)
        event = torch.cuda.Event()  # type: ignore[no-untyped-call]
        event.record()
        self._waiting.append((event, pinned, rows, columns))
        self.settle(2)  # a tile, and its mirror image

    def settle(self, but: int = 0) -> None:
        """Write what came, and wait for all of it but the newest few."""
        while len(self._waiting) > but:
            event, pinned, rows, columns = self._waiting.pop(0)
            event.synchronize()
            self._out[rows, columns] = pinned.numpy()


def _sides(count: int, first: int = 0) -> Iterator[slice]:
    for start in range(first, count, SIDE):
        yield slice(start, min(count, start + SIDE))


def _is_full(error: RuntimeError) -> bool:
    """Whether a device's memory ended; mps says so by its words alone."""
    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in str(error)
