"""Pairs scored per second, each attention kind against its rival in the same run.

    python -m benchmarks.pairs [--faces 1000] [--rounds 5] [--json]
    python -m benchmarks.pairs --device cuda [--faces 10000] [--peak-gflops N] [--peak-gbs N]

Learned attention: ordered pairs per second of the engine (order both of all pairs of a gallery) against
the straightforward head, which runs both reducers, the concatenation and the convolutions for every
ordered pair in batches of 1,024. Uniform and correlation: pairs per second against one float32 matrix
product of the same multiplications.

With --device, the GPU's path on that device instead: seconds for all pairs, unordered pairs per
second, the straightforward head there, the difference from the CPU's plain NumPy on a sample, and the
share of the device's arithmetic and bandwidth (benchmarks/pairs_gpu.py says of what operations and
bytes). --device cpu tries the same on torch's CPU device, which nobody scores with.
"""

import argparse
import platform
import statistics
import time
from collections.abc import Callable
from importlib import metadata
from typing import Any

import numpy as np

from core.json_text import json_text
from core.workarounds import keep_memory

RIVAL_PAIRS = 16 * 1024  # ordered pairs of the straightforward head a round; its rate is constant
BATCH = 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--faces", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--device", metavar="DEVICE", help="cuda, cuda:1, mps or cpu")
    parser.add_argument("--peak-gflops", type=float, help="float32 of the device (else measured)")
    parser.add_argument("--peak-gbs", type=float, help="of the device's memory (else measured)")
    options = parser.parse_args()
    keep_memory()
    if options.device:
        from benchmarks.pairs_gpu import measure_gpu, print_gpu

        found = measure_gpu(
            options.device,
            options.faces,
            options.rounds,
            options.peak_gflops,
            options.peak_gbs,
        )
        if options.json:
            print(json_text(found))
        else:
            print_gpu(found)
        return
    said = measure(options.faces, options.rounds)
    if options.json:
        print(json_text(said))
        return
    for kind in ("learned", "uniform", "correlation"):
        row = said[kind]
        print(
            f"{kind:<12} ours {row['ours']:>12,.0f}  rival {row['rival']:>12,.0f} pairs/s  "
            f"ratio {row['ratio']:.2f}  difference {row['difference']:.1e}"
        )


def measure(faces: int, rounds: int) -> dict[str, Any]:
    """All three kinds on random features with the default weights' attention."""
    import torch

    from core.model.attention_weights import read_head
    from core.model.card import find_weights
    from core.model.weights import load_xcos
    from core.scoring.engine import PairEngine
    from core.scoring.kernels import fused as kernel

    torch.set_num_threads(2)
    path = find_weights()
    _, net = load_xcos(path)
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(1, 32, 7, 7))
    grid = (rng.normal(size=(faces, 32, 7, 7)) + 0.7 * shared).astype(np.float32)
    engine = PairEngine(read_head(path), rng.random((7, 7)) / 25)
    prepared = engine.prepare(grid)
    out = np.empty((faces, faces), np.float32)
    if not kernel.wait():
        raise SystemExit("the kernel could not be compiled")
    every = torch.from_numpy(grid)
    left, right = (torch.from_numpy(rng.integers(0, faces, RIVAL_PAIRS)) for _ in range(2))

    def straightforward() -> np.ndarray:
        parts = []
        with torch.inference_mode():
            for a, b in zip(left.split(BATCH), right.split(BATCH), strict=True):
                parts.append(net.pairs(every[a], every[b]).score)
        return torch.cat(parts).numpy()

    rows = np.ascontiguousarray(prepared.cells.reshape(faces, -1))
    said: dict[str, Any] = {"faces": faces, "rounds": rounds} | versions()
    both = engine.scores(prepared, prepared, "learned", "both").copy()
    forward = straightforward()
    one_order = engine.scores(prepared, prepared, "learned", "left-right")
    difference = float(np.abs(one_order[left, right] - forward).max())
    backward = engine.scores(prepared, prepared, "learned", "right-left")
    difference = max(difference, float(np.abs(both - (one_order + backward) / 2).max()))
    # Order both evaluates two ordered pairs for each unordered one, the diagonal included.
    ordered = faces * (faces + 1)
    said["learned"] = compared(
        lambda: engine.scores(prepared, prepared, "learned", "both", out=out),
        ordered,
        straightforward,
        RIVAL_PAIRS,
        rounds,
        difference,
    )
    for kind in ("uniform", "correlation"):
        weights = engine.weights(kind)
        assert weights is not None
        scaled = (prepared.cells * weights.reshape(1, 49, 1).astype(np.float32)).reshape(faces, -1)
        exact = scaled.astype(np.float64) @ rows.T.astype(np.float64)
        found = engine.scores(prepared, prepared, kind)
        said[kind] = compared(
            lambda k=kind: engine.scores(prepared, prepared, k, out=out),
            faces * faces,
            lambda s=scaled: np.matmul(s, rows.T, out=out),
            faces * faces,
            rounds,
            float(np.abs(found - exact).max()),
        )
    return said


def compared(
    ours: Callable[[], object],
    ours_pairs: int,
    rival: Callable[[], object],
    rival_pairs: int,
    rounds: int,
    difference: float,
) -> dict[str, Any]:
    """Medians of both in turn, after one round of each that is not counted."""
    rates: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 1):
        for work, pairs, kept in ((ours, ours_pairs, rates[0]), (rival, rival_pairs, rates[1])):
            start = time.perf_counter()
            work()
            if number:
                kept.append(pairs / (time.perf_counter() - start))
    medians = [statistics.median(kept) for kept in rates]
    return {
        "ours": medians[0],
        "rival": medians[1],
        "ratio": medians[0] / medians[1],
        "difference": difference,
        "spread": {"ours": [min(rates[0]), max(rates[0])], "rival": [min(rates[1]), max(rates[1])]},
    }


def versions() -> dict[str, str]:
    """The machine and the libraries that the figures belong to."""
    known = {name: metadata.version(name) for name in ("numpy", "numba", "torch")}
    return {
        "machine": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    } | known


if __name__ == "__main__":
    main()
