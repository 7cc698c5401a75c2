"""What keeping freed memory brings: photos/s of the shipped weights with and without, in turn.

python -m benchmarks.malloc [--rounds 3] [--json]
"""

import argparse
import platform
import statistics
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

from core.json_text import json_text

BATCH, BATCHES = 128, 4


def main() -> None:
    """Run processes in turn, so that both see the same machine."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", choices=("with", "without"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(photos_per_second(options.one == "with"))
        return
    rates: dict[str, list[float]] = {"with": [], "without": []}
    for _ in range(options.rounds):
        for which in rates:
            command = [sys.executable, "-m", "benchmarks.malloc", "--one", which]
            done = subprocess.run(
                command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True
            )
            rates[which].append(float(done.stdout.split()[-1]))
    ours, rival = (statistics.median(rates[which]) for which in ("with", "without"))
    said = {
        "ours": round(ours, 1),
        "rival": round(rival, 1),
        "ratio": round(ours / rival, 2),
        "spread": {which: [round(min(r), 1), round(max(r), 1)] for which, r in rates.items()},
        "unit": "photos/s",
        "machine": f"{platform.system()} {platform.machine()}",
        "torch": metadata.version("torch"),
    }
    if options.json:
        print(json_text(said))
    else:
        print(f"with {ours:.0f}, without {rival:.0f} photos/s: {said['ratio']} times")


def photos_per_second(keeping: bool) -> float:
    """One process's rate, its first batch not counted."""
    from core.workarounds import keep_memory

    if keeping and not keep_memory():
        raise SystemExit("this system has no glibc to set")
    import numpy as np

    from core.model.card import find_weights
    from core.model.verifier import Verifier

    verifier = Verifier(find_weights(), "cpu")
    crops = np.random.default_rng(0).integers(0, 256, (BATCH, 112, 112, 3)).astype(np.uint8)
    verifier.features(crops)
    start = time.perf_counter()
    for _ in range(BATCHES):
        verifier.features(crops)
    return BATCH * BATCHES / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
