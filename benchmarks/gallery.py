"""Opening a gallery, from files to features: first, again, and until something can be clicked.

    python -m benchmarks.gallery PHOTOS [--photos 300] [--again 1000] [--rounds 3] [--json]
    python -m benchmarks.gallery PHOTOS --megapixels 12 --photos 24 --again 24

Photos are 250x250, LFW's size as published, or of --megapixels: those of another size are scaled to it first.
Opening again is measured with --again photos: further ones are the first ones mirrored. The peak of memory
is that of a process which opens them once.
Rival in the same run: facenet-pytorch's MTCNN with its defaults, one photo at a time, then the backbone one
face at a time, on the same malloc settings. Same face: boxes overlap by IoU >= 0.5.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.pairs import versions
from core.json_text import json_text
from core.workarounds import keep_memory

SIDE = 250  # pixels, LFW's
PEAK = """
import resource, sys
from pathlib import Path
from core.gallery.cache import Cache
from core.gallery.opening import open_gallery
from core.model.card import find_weights
from core.workarounds import keep_memory
from core.model.verifier import Verifier
keep_memory()
open_gallery(Path(sys.argv[1]), verifier=Verifier(find_weights(), "cpu"), cache=Cache(Path(sys.argv[2])))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="PHOTOS")
    parser.add_argument("--photos", type=int, default=300)
    parser.add_argument("--again", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--megapixels", type=float)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    keep_memory()
    side = round((1e6 * options.megapixels) ** 0.5) if options.megapixels else SIDE
    print(json_text(measure(options.folder, options.photos, options.again, options.rounds, side)))


def measure(folder: Path, count: int, many: int, rounds: int, side: int) -> dict[str, Any]:
    """Photos a second of both in turn, and the times of the window's first and second opening."""
    import torch

    from core.model.card import find_weights
    from core.model.verifier import Verifier

    verifier = Verifier(find_weights(), "cpu")
    verifier.features(np.zeros((1, 112, 112, 3), np.uint8))
    ours, rival, first = [], [], []
    with tempfile.TemporaryDirectory() as place:
        photos = square_photos(folder, count, Path(place) / "photos", side)
        peak = peak_of_opening(photos[0].parent, Path(place) / "peak.sqlite")
        for number in range(rounds):
            torch.set_num_threads(2)
            opened, seconds, clicked = opening(photos, verifier, Path(place) / f"{number}.sqlite")
            ours.append(count / seconds)
            first.append(clicked / seconds)
            start = time.perf_counter()
            boxes = straightforward(photos, verifier)
            rival.append(count / (time.perf_counter() - start))
        cache = Path(place) / "many.sqlite"
        photos = square_photos(folder, many, Path(place) / "many", side)
        _, once, _ = opening(photos, verifier, cache)
        again = [opening(photos, verifier, cache)[1] for _ in range(rounds)]
    same = [
        overlap(face.detection.box, boxes[Path(face.photo).name]) >= 0.5
        for face in opened.gallery.faces
        if boxes.get(Path(face.photo).name) is not None
    ]
    medians = statistics.median(ours), statistics.median(rival)
    return {
        "photos": count,
        "side": side,
        "peak_gb": peak,
        "ours": medians[0],
        "rival": medians[1],
        "unit": "photos/s",
        "ratio": medians[0] / medians[1],
        "same_face": float(np.mean(same)),
        "compared": len(same),
        "first_matrix_share": statistics.median(first),
        "again_photos": many,
        "again_seconds": statistics.median(again),
        "again_share": statistics.median(again) / once,
        "spread": {"ours": [min(ours), max(ours)], "rival": [min(rival), max(rival)]},
    } | versions()


def square_photos(folder: Path, count: int, into: Path, side: int) -> list[Path]:
    """Photos of side x side pixels with names of their own; beyond the folder's, the first ones mirrored."""
    from PIL import Image, ImageOps

    from core.faces.photo import PHOTO_SUFFIXES

    found = [p for p in sorted(folder.rglob("*")) if p.suffix.lower() in PHOTO_SUFFIXES]
    if 2 * len(found) < count:
        raise SystemExit(f"{folder} has {len(found)} photos, too few for {count}; name another.")
    into.mkdir()
    made = []
    for number in range(count):
        with Image.open(found[number % len(found)]) as image:
            square = image.convert("RGB")
        if square.size != (side, side):
            square = square.resize((side, side), Image.Resampling.BICUBIC)
        if number >= len(found):
            square = ImageOps.mirror(square)
        made.append(into / f"{number:05}.jpg")
        square.save(made[-1], quality=92)
    return made


def opening(photos: list[Path], verifier: Any, at: Path) -> tuple[Any, float, float]:
    """A gallery opened over a cache file; seconds in all, and until two faces can be clicked."""
    from core.gallery.cache import Cache
    from core.gallery.opening import open_gallery

    clicked: list[float] = []
    cache = Cache(at)
    start = time.perf_counter()

    def show(partial: Any) -> None:
        if len(partial) > 1 and not clicked:
            clicked.append(time.perf_counter() - start)

    opened = open_gallery(photos[0].parent, verifier=verifier, cache=cache, on_partial=show)
    seconds = time.perf_counter() - start
    cache.close()
    return opened, seconds, (clicked or [seconds])[0]


def peak_of_opening(folder: Path, cache: Path) -> float:
    """Gigabytes that a process has at most which opens a folder once; NaN where that is not told."""
    if sys.platform == "win32":
        return float("nan")
    ran = subprocess.run(
        [sys.executable, "-c", PEAK, folder, cache], capture_output=True, text=True, check=True
    )
    unit = 1e9 if sys.platform == "darwin" else 1e6 / 1.024
    return int(ran.stdout) / unit


def straightforward(photos: list[Path], verifier: Any) -> dict[str, np.ndarray | None]:
    """The rival: every photo by itself through MTCNN's defaults and the backbone."""
    from facenet_pytorch import MTCNN
    from PIL import Image

    from core.faces.align import align
    from core.faces.choose import choose
    from core.faces.face import Detection

    detector = MTCNN()
    boxes: dict[str, np.ndarray | None] = {}
    for path in photos:
        photo = Image.open(path).convert("RGB")
        found, _, points = detector.detect(photo, landmarks=True)
        if found is None:
            boxes[path.name] = None
            continue
        # Which of several faces is meant is the gallery's policy, not the detector's matter.
        faces = [
            Detection(np.asarray(box, np.float32), np.asarray(marks, np.float32), 1.0)
            for box, marks in zip(found, points, strict=True)
        ]
        chosen = faces[choose(faces, photo.size, "central")[0]]
        boxes[path.name] = chosen.box
        crop = align(np.asarray(photo), chosen.landmarks)
        verifier.features(crop[None])
    return boxes


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two boxes (x0, y0, x1, y1)."""
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    inner = float(np.prod((high - low).clip(min=0)))
    areas = [float(np.prod(box[2:4] - box[:2])) for box in (one, other)]
    return inner / (sum(areas) - inner)


if __name__ == "__main__":
    main()
