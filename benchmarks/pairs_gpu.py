"""All pairs on one device by the GPU's path, against the straightforward head on the same device.

Called by `python -m benchmarks.pairs --device cuda`. Operations and bytes are those that no way of
computing these scores can save, so that a share of a limit says what is left to win:

operations of an ordered pair with learned attention: 17,640 (benchmarks/scaling.py), and 3,136 for
the cosines of an unordered one; of a pair with fixed attention: 3,136.
bytes moved in the device's memory: the faces of each tile read once (cells 6,272 a face, halves 3,136
each), its scores (4 a pair) written once, read once for the way home, and both again for the mirror
image of a tile. What torch's own operations write and read of intermediates is not among them.

The device's limits are given by --peak-gflops and --peak-gbs, or are what a float32 matrix product
of 4,096 x 4,096 and a copy of 256 MB reach there in the same run (1,024 and 64 MB on a CPU).
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.pairs import BATCH, RIVAL_PAIRS, versions
from benchmarks.scaling import COSINE_OPERATIONS, HEAD_OPERATIONS

SAMPLE = 200  # faces of the CPU reference, whose pairs are compared


def measure_gpu(
    name: str, faces: int, rounds: int, peak_gflops: float | None, peak_gbs: float | None
) -> dict[str, Any]:
    """Learned attention in order both and uniform attention of all pairs of random faces."""
    import torch

    from core.model.attention_weights import read_head
    from core.model.card import find_weights
    from core.model.device import choose_device
    from core.model.weights import load_xcos
    from core.progress import QUIET
    from core.scoring.kernels.gpu import GpuScorer
    from core.scoring.kernels.plain import learned_scores
    from core.scoring.kernels.prepared import prepare

    device = choose_device(name)
    path = find_weights()
    head = read_head(path)
    assert head is not None
    net = load_xcos(path)[1].to(device).eval()
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(1, 32, 7, 7))
    grid = (rng.normal(size=(faces, 32, 7, 7)) + 0.7 * shared).astype(np.float32)
    prepared = prepare(grid, head)
    told: list[str] = []
    scorer = GpuScorer(head, device, told.append)
    out = np.empty((faces, faces), np.float32)

    def ours(weights: np.ndarray | None) -> None:
        scorer.scores(prepared, prepared, weights, "both", QUIET, out)

    every = torch.from_numpy(grid).to(device)
    left, right = (
        torch.from_numpy(rng.integers(0, faces, RIVAL_PAIRS)).to(device) for _ in range(2)
    )

    def rival() -> None:
        with torch.inference_mode():
            parts = [
                net.pairs(every[a], every[b]).score
                for a, b in zip(left.split(BATCH), right.split(BATCH), strict=True)
            ]
            torch.cat(parts).cpu()

    limits = _limits(device, peak_gflops, peak_gbs)
    some = prepared.part(slice(0, min(SAMPLE, faces)))
    cosines = np.einsum("ikc,jkc->ij", some.cells, some.cells, dtype=np.float64)
    # Learned attention evaluates two ordered pairs for each unordered one, the diagonal included.
    unordered = faces * (faces + 1) // 2
    said: dict[str, Any] = {
        "device": _name(device), "faces": faces, "rounds": rounds, "limits": limits, "told": told,
    } | versions()  # fmt: skip
    for kind, weights, reference, operations, halves in (
        (
            "learned", None, learned_scores(head, some, some, True, True),
            2 * HEAD_OPERATIONS + COSINE_OPERATIONS, 2,
        ),
        ("uniform", np.full((7, 7), 1 / 49), cosines / 49, COSINE_OPERATIONS, 0),
    ):  # fmt: skip
        seconds = _seconds(lambda w=weights: ours(w), rounds)
        difference = float(np.abs(out[: len(some), : len(some)] - reference).max())
        said[kind] = {
            "seconds": seconds,
            "pairs_per_second": unordered / seconds,
            "difference": difference,
            "gflops_share": unordered * operations / seconds / 1e9 / limits["gflops"],
            "gbs_share": _bytes(faces, halves) / seconds / 1e9 / limits["gbs"],
        }
    said["learned"]["fused"] = scorer.fused
    ordered = RIVAL_PAIRS / _seconds(rival, rounds)
    said["straightforward"] = {"pairs_per_second": ordered / 2}
    said["learned"]["ratio"] = said["learned"]["pairs_per_second"] / (ordered / 2)
    return said


def print_gpu(said: dict[str, Any]) -> None:
    """A line a kind."""
    for sentence in said["told"]:
        print(sentence)
    limits = said["limits"]
    print(
        f"{said['device']}, {said['faces']} faces; limits ({limits['from']}): "
        f"{limits['gflops']:,.0f} GFLOP/s, {limits['gbs']:,.0f} GB/s"
    )
    for kind in ("learned", "uniform"):
        row = said[kind]
        print(
            f"{kind:<8} {row['seconds']:.3f} s  {row['pairs_per_second']:,.0f} pairs/s  "
            f"difference {row['difference']:.1e}  arithmetic {row['gflops_share']:.1%}  "
            f"bandwidth {row['gbs_share']:.1%}"
        )
    print(
        f"learned, {'fused' if said['learned']['fused'] else 'torch operations'}: "
        f"{said['learned']['ratio']:.1f} x the straightforward head "
        f"({said['straightforward']['pairs_per_second']:,.0f} pairs/s in both orders)"
    )


def _bytes(faces: int, halves: int) -> int:
    from core.scoring.kernels.gpu import SIDE

    sides = [min(SIDE, faces - start) for start in range(0, faces, SIDE)]
    face = 4 * 49 * 32 + halves * 4 * 16 * 49
    moved = 0
    for i, rows in enumerate(sides):
        for j, columns in enumerate(sides[i:], i):
            moved += (rows + columns) * face + rows * columns * 4 * (2 if i == j else 4)
    return moved


def _limits(device: Any, gflops: float | None, gbs: float | None) -> dict[str, Any]:
    import torch

    cpu = device.type == "cpu"
    side, numbers = (1024, 2**24) if cpu else (4096, 2**26)
    found: dict[str, Any] = {"from": "given" if gflops and gbs else "measured"}
    if gflops is None:
        a = torch.rand(side, side, device=device)
        gflops = 2 * side**3 / 1e9 / _seconds(lambda: _wait(device, a @ a), 5)
    if gbs is None:
        b = torch.rand(numbers, device=device)
        gbs = 2 * 4 * numbers / 1e9 / _seconds(lambda: _wait(device, b.clone()), 5)
    return found | {"gflops": gflops, "gbs": gbs}


def _wait(device: Any, _: object) -> None:
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def _seconds(work: Callable[[], object], rounds: int) -> float:
    """The median, after one round that is not counted."""
    taken = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken[1:])


def _name(device: Any) -> str:
    import torch

    return torch.cuda.get_device_name(device) if device.type == "cuda" else str(device)
