"""Time and peak memory of all pairs as a gallery grows, beside two limits, as JSON and a plot.

    python -m benchmarks.scaling [--faces 250 500 ...] [--plot docs/scaling.png] [--json]

Each size runs in a process of its own: peak memory is that process's, less what it held before scoring,
less the score matrix. Limits: one float32 matrix product of the same faces (uniform attention's floor), and
the learned head's unavoidable arithmetic at the rate of that product.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.pairs import versions
from core.json_text import json_text

SIZES = [250, 500, 1000, 2000, 4000, 8000]
# Of an ordered pair: 16 sums and activations of 49 cells (3 each), 16 3x3 convolutions (2 x 9),
# the softmax (about 20 a cell) and 49 products; the cosines of both orders are computed once.
HEAD_OPERATIONS = 49 * (16 * 3 + 16 * 18 + 20 + 4)
COSINE_OPERATIONS = 2 * 49 * 32


def main() -> None:
    """Measure every size and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--faces", type=int, nargs="+", default=SIZES)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json_text(measure(options.one), None))
        return
    rows = []
    for faces in options.faces:
        command = [sys.executable, "-m", "benchmarks.scaling", "--one", str(faces)]
        done = subprocess.run(
            command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True
        )
        rows.append(json.loads(done.stdout.splitlines()[-1]))
        print(rows[-1], file=sys.stderr)
    if options.plot:
        draw(rows, options.plot)
    print(json_text({"sizes": rows} | versions()))


def measure(faces: int) -> dict[str, Any]:
    """Seconds of learned and uniform scores and of the limits, and peak memory, of one size."""
    import psutil

    from core.model.attention_weights import read_head
    from core.model.card import find_weights
    from core.scoring.engine import PairEngine
    from core.scoring.kernels import fused as kernel

    rng = np.random.default_rng(0)
    grid = rng.normal(size=(faces, 32, 7, 7)).astype(np.float32)
    engine = PairEngine(read_head(find_weights()), None)
    prepared = engine.prepare(grid)
    kernel.wait()
    small = prepared.part(slice(0, 64))
    engine.scores(small, small, "learned")
    before = psutil.Process().memory_info().rss
    out = np.zeros((faces, faces), np.float32)
    start = time.perf_counter()
    engine.scores(prepared, prepared, "learned", out=out)
    learned = time.perf_counter() - start
    peak = _peak_bytes() - before - out.nbytes
    rows = prepared.cells.reshape(faces, -1)
    # Another array, as the engine's weighted one is: of A @ A.T BLAS would compute one half.
    scaled = rows / np.float32(49)
    product = min(_seconds(lambda: np.matmul(scaled, rows.T, out=out)) for _ in range(2))
    uniform = min(
        _seconds(lambda: engine.scores(prepared, prepared, "uniform", out=out)) for _ in range(2)
    )
    rate = 2 * 49 * 32 * faces * faces / product  # operations a second
    ordered = faces * (faces + 1)
    floor = (ordered * HEAD_OPERATIONS + ordered / 2 * COSINE_OPERATIONS) / rate
    return {
        "faces": faces,
        "learned_seconds": learned,
        "uniform_seconds": uniform,
        "product_seconds": product,
        "arithmetic_seconds": floor,
        "ordered_pairs_per_second": ordered / learned,
        "memory_above_matrix_mb": max(0, peak) / 1e6,
        "matrix_mb": out.nbytes / 1e6,
    }


def _seconds(work: Any) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _peak_bytes() -> int:
    import psutil

    information = psutil.Process().memory_info()
    peak = getattr(information, "peak_wset", None)  # Windows
    if peak is not None:
        return int(peak)
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Seconds and memory against faces, both axes logarithmic."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    faces = [row["faces"] for row in rows]
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for key, label, style in (
        ("learned_seconds", "learned attention", "o-"),
        ("arithmetic_seconds", "its arithmetic at the product's rate", "--"),
        ("uniform_seconds", "uniform attention", "s-"),
        ("product_seconds", "one float32 matrix product", ":"),
    ):
        left.loglog(faces, [row[key] for row in rows], style, label=label)
    for key, label, style in (
        ("memory_above_matrix_mb", "learned, above the matrix", "o-"),
        ("matrix_mb", "the score matrix itself", "--"),
    ):
        right.loglog(faces, [max(0.1, row[key]) for row in rows], style, label=label)
    left.set(xlabel="faces", ylabel="seconds, two cores", title="All pairs, both orders")
    right.set(xlabel="faces", ylabel="MB", title="Peak memory")
    for axes in (left, right):
        axes.set_xticks(faces, [f"{f:,}" for f in faces])
        axes.minorticks_off()
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
