"""Putting things in a row so that alike ones are neighbours: a tree by average linkage, its leaves ordered.

Run as a module it does so for another process: scipy holds Python's lock for as long as it takes.
"""

import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np

from core.errors import Stopped, XCosError
from core.processes import own_environment
from core.progress import QUIET, Task

MOST_OPTIMAL = 3000  # things whose leaves are put in the optimal order: half a minute
ELSEWHERE_FROM = 300  # things that take a process of their own: a tenth of a second
LOOK_EVERY = 0.05  # seconds between two looks whether to stop


def alike_together(distances: np.ndarray, task: Task = QUIET) -> np.ndarray:
    """Places of things in their order, from condensed distances (k * (k - 1) / 2,). Raises Stopped.

    Up to 3,000 things are in the optimal order (Bar-Joseph et al., 2001), more in that of the tree.
    """
    if len(distances) < ELSEWHERE_FROM * (ELSEWHERE_FROM - 1) // 2:
        return _ordered(distances)
    with tempfile.TemporaryDirectory() as folder:
        given, answer = Path(folder) / "distances.npy", Path(folder) / "order.npy"
        np.save(given, distances)
        command = [sys.executable, "-P", "-m", "core.scoring.seriation", str(given), str(answer)]
        process = subprocess.Popen(command, env=own_environment())
        try:
            while process.poll() is None:
                if task.stopped():
                    raise Stopped("Ordering the matrix")
                with suppress(subprocess.TimeoutExpired):
                    process.wait(LOOK_EVERY)
        finally:
            process.kill()
            process.wait()
        if not answer.exists():
            raise XCosError(
                "The order by similarity could not be made, perhaps since the memory was full; "
                "close other programs, or choose another order."
            )
        return np.asarray(np.load(answer))


def _ordered(distances: np.ndarray) -> np.ndarray:
    from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering

    tree = linkage(distances, "average")
    if len(tree) < MOST_OPTIMAL:
        tree = optimal_leaf_ordering(tree, distances)
    return np.asarray(leaves_list(tree))


def main() -> None:
    """Order the distances of one file, and write the order into another."""
    given, answer = sys.argv[1:]
    np.save(answer, _ordered(np.load(given)))


if __name__ == "__main__":
    main()
