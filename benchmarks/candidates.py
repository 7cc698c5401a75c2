"""How many of the pairs that matter an index of vectors finds, against the full matrix.

    python -m benchmarks.candidates CROPS [--faces 10000] [--nearest 10 50] [--json]

CROPS holds aligned 112x112 faces. Recall: of each face's true nearest ones by the uniform score, and of the
1,000 closest pairs of the whole gallery by learned attention, how many are among the candidates.
"""

import argparse
import itertools
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.pairs import versions
from core.json_text import json_text
from core.workarounds import keep_memory

CLOSEST = 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="CROPS")
    parser.add_argument("--faces", type=int, default=10_000)
    parser.add_argument("--nearest", type=int, nargs="+", default=[10, 50])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    keep_memory()
    print(json_text(measure(options.folder, options.faces, options.nearest)))


def measure(folder: Path, count: int, nearest: list[int]) -> dict[str, Any]:
    """Recalls and seconds for each number of candidates a face."""
    from core.faces.photo import PHOTO_SUFFIXES, read_photo
    from core.model.attention_weights import read_head
    from core.model.card import find_weights
    from core.model.verifier import Verifier
    from core.scoring.candidates import candidates
    from core.scoring.engine import PairEngine
    from core.scoring.kernels import fused as kernel
    from core.scoring.stream import stream_scores

    found = (p for p in sorted(folder.rglob("*")) if p.suffix.lower() in PHOTO_SUFFIXES)
    files = list(itertools.islice(found, count))
    crops = np.stack([read_photo(path) for path in files])
    path = find_weights()
    engine = PairEngine(read_head(path), None)
    faces = engine.prepare(Verifier(path, "cpu").features(crops).grid)
    kernel.wait()
    start = time.perf_counter()
    strangers = np.arange(len(faces), dtype=np.int32)  # so that every pair is an impostor's
    kept = stream_scores(
        engine, faces, faces, (strangers, strangers), "learned", "both", None, CLOSEST
    ).hardest.of_one_sort(False)
    said: dict[str, Any] = {
        "faces": len(faces),
        "all_pairs_seconds": time.perf_counter() - start,
        "results": {},
    }
    closest = set(zip(kept.rows.tolist(), kept.columns.tolist(), strict=True))
    uniform = engine.scores(faces, faces, "uniform")
    np.fill_diagonal(uniform, -2)
    for number in nearest:
        start = time.perf_counter()
        rows, columns = candidates(faces, faces, number)
        seconds = time.perf_counter() - start
        pairs = set(zip(rows.tolist(), columns.tolist(), strict=True))
        hits = 0
        for i in range(len(faces)):
            true = np.argpartition(-uniform[i], number)[:number].tolist()
            hits += sum((min(i, j), max(i, j)) in pairs for j in true)
        said["results"][str(number)] = {
            "pairs": len(pairs),
            "seconds": seconds,
            "recall_of_nearest": hits / (number * len(faces)),
            "recall_of_closest_pairs": len(closest & pairs) / len(closest),
        }
    return said | versions()


if __name__ == "__main__":
    main()
