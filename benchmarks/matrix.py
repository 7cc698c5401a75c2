"""The matrix far away: whether the worst errors are seen, what orders bring, how long all of it takes.

    python -m benchmarks.matrix [PHOTOS] [--cache FILE] [--pictures DIR] [--faces 10000] [--json]

PHOTOS is a folder of photos, a sub-folder a person: in the window as it opens on Qt's offscreen platform,
coloured by outcome, each of the 60 worst errors must have a pixel of an error's colour in its block; and people's
mean scores in the ten blocks nearest to the diagonal are taken by name and by similarity. The times are of a made-up
matrix of so many faces, four a person, in ms of the painting thread's own processor time (medians), so that what else runs does not count;
--faces 0 leaves them out.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.pairs import versions
from benchmarks.window import open_window, until
from core.json_text import json_text
from core.scoring.matrix import ScoreMatrix

WORST = 60
NEAREST = 10
ROUNDS = 7
SIZE = (1366, 768)
VIEW = 900  # pixels of a matrix


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("photos", type=Path, nargs="?", metavar="PHOTOS")
    parser.add_argument("--cache", type=Path, metavar="FILE")
    parser.add_argument("--pictures", type=Path, metavar="DIR")
    parser.add_argument("--faces", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    said: dict[str, Any] = {}
    if options.photos is not None:
        with tempfile.TemporaryDirectory() as place:
            cache = options.cache or Path(place) / "cache.sqlite"
            said |= in_window(options.photos, cache, Path(place), options.pictures)
    if options.faces:
        said["ms"] = {"faces": options.faces} | times(options.faces)
    print(json_text(said | versions()))


def in_window(photos: Path, cache: Path, folder: Path, pictures: Path | None) -> dict[str, Any]:
    """How many of the worst errors are seen, and mean scores near the diagonal."""
    from PySide6.QtWidgets import QApplication

    from core.faces.choose import GallerySettings
    from core.project.edits import Edits
    from core.project.sides import edits_of_sides
    from core.scoring.lists import hardest_pairs
    from core.scoring.orders import Asked, arrange

    window = open_window(folder, SIZE, cache)
    session, panel = window.session, window.matrix
    session.open_gallery(photos, GallerySettings())
    until(lambda: session.matrix is not None and not session.busy)
    scored = session.scored
    assert scored is not None
    QApplication.processEvents()
    found: dict[str, Any] = {"faces": len(scored.rows), "errors": WORST}
    worst = hardest_pairs(scored.matrix, 2 * WORST).errors(session.threshold).head(WORST)
    for outcomes, name in ((0, "mean"), (1, "worst")):
        panel.colouring.setCurrentIndex(outcomes)
        QApplication.processEvents()
        image = panel._plot.grab().toImage()
        if pictures is not None:
            pictures.mkdir(parents=True, exist_ok=True)
            image.save(str(pictures / f"matrix-{name}.png"))
        if outcomes:
            found["seen"] = sum(
                _seen(panel, image, pair) for pair in zip(worst.rows, worst.columns, strict=True)
            )
            found["cells_a_pixel"] = round(1 / panel.item.pixels(), 2)
    for order in ("name", "similarity"):
        shown = arrange(
            scored, Asked("people", order, order), session.threshold, edits_of_sides(Edits())
        )
        found[f"mean_near_diagonal_{order}"] = round(_near_diagonal(scored.matrix, shown), 4)
    window.close()
    return found


def _seen(panel: Any, image: Any, pair: tuple[int, int]) -> bool:
    """Whether a pixel within a pair's block has a colour between that of TN and that of an error."""
    from PySide6.QtCore import QPointF

    step = 1
    while step * panel.item.pixels() < 1:
        step *= 2
    top, left = (int(place) // step * step for place in pair)
    port = panel._plot.viewport().pos()  # within its frame
    corners = [
        panel._view.mapViewToScene(QPointF(x, y)) + QPointF(port)
        for x, y in ((left, top), (left + step, top + step))
    ]
    colours = panel.item.drawn_colours()
    mine = colours[top // step, left // step]
    exact = _is_error(np.array([mine >> 16 & 255, mine >> 8 & 255, mine & 255], float))
    # Each block is a pixel at least; Qt rounds where it begins by up to one.
    x1, x2, y1, y2 = (
        int(np.ceil(v - 0.5))
        for v in (corners[0].x(), corners[1].x(), corners[0].y(), corners[1].y())
    )
    pixels = [
        image.pixelColor(x, y).getRgb()[:3]
        for x in range(x1 - 1, x2 + 1)
        for y in range(y1 - 1, y2 + 1)
    ]
    return exact and any(_is_error(np.array(pixel, float)) for pixel in pixels)


def _is_error(colour: np.ndarray) -> bool:
    """Whether a colour (3,) lies on the way from TN's to FP's or FN's, well away from TN's."""
    from core.explain.colours import OUTCOME_COLOURS

    start = np.array(OUTCOME_COLOURS["TN"], float)
    for name in ("FP", "FN"):
        way = np.array(OUTCOME_COLOURS[name]) - start
        share = ((colour - start) @ way) / (way @ way)
        if share > 0.35 and np.abs(colour - start - share * way).max() < 4:
            return True
    return False


def _near_diagonal(matrix: Any, shown: Any) -> float:
    """Mean of people's mean scores with the ten people next to them on either side."""
    from core.scoring.blocks import BlockPyramid

    every = slice(0, len(shown.rows))
    mean = BlockPyramid(matrix, shown).part(every, every, 1).mean
    apart = np.abs(np.subtract.outer(np.arange(len(mean)), np.arange(len(mean))))
    return float(mean[(apart >= 1) & (apart <= NEAREST)].mean())


def made_up_matrix(faces: int) -> ScoreMatrix:
    """Scores of a gallery of so many faces with itself, four a person."""
    codes = (np.arange(faces) // 4).astype(np.int32)
    scores = np.random.default_rng(0).standard_normal((faces, faces), np.float32)
    scores *= np.float32(0.1)
    for person in range(-(-faces // 4)):
        own = slice(4 * person, 4 * person + 4)
        scores[own, own] += np.float32(0.5)
    return ScoreMatrix(scores, True, codes, codes, "learned", "both")


def times(faces: int) -> dict[str, float]:
    """Milliseconds of painting, orders, levels and choices on a made-up matrix."""
    from core.analysis.selection import count_chosen
    from core.explain.matrix_image import Look, MatrixImage
    from core.scoring.scored import ScoredGallery
    from core.scoring.selected import ChosenPairs
    from core.scoring.sides import Arrangement, Side

    rng = np.random.default_rng(0)
    matrix = made_up_matrix(faces)
    codes, scores = matrix.rows, matrix.scores
    order = Side.of_faces(rng.permutation(faces))
    people = Side.of_groups([(str(k), np.flatnonzero(codes == k)) for k in range(codes[-1] + 1)])
    images = {
        "name": MatrixImage(matrix),
        "other_order": MatrixImage(matrix, Arrangement(order, order)),
        "people": MatrixImage(matrix, Arrangement(people, people)),
    }
    found: dict[str, float] = {}
    for name, image in images.items():
        image.draw(slice(0, 8), slice(0, 8), Look(0.3), 4)  # compiles
        found[f"make_{name}"] = _once(image.prepare)
        image.on_uncounted = lambda *_: None
        rows, columns = (slice(0, size) for size in image.shown.shape)
        for far in ("mean", "worst", "errors"):
            looks = iter([Look(0.3 + k / 1000, far != "mean", far) for k in range(ROUNDS + 1)])  # type: ignore[arg-type]
            found[f"paint_{name}_{far}"] = _median(
                lambda i=image, r=rows, c=columns, it=looks: i.draw(r, c, next(it), VIEW)
            )
    for size in (VIEW, 2 * VIEW):
        found[f"pan_other_order_{size}"] = _median(
            lambda s=size: images["other_order"].draw(
                *[slice(a := int(rng.integers(0, faces - s)), a + s)] * 2,
                Look(0.3, True, "worst"),
                VIEW,
            )
        )
    for side in (200, 1000):
        chosen = ChosenPairs(True).with_rectangle(
            scores.shape, order.places[:side], order.places[side : 2 * side], True
        )
        scored = ScoredGallery(None, None, None, matrix)  # type: ignore[arg-type]
        found[f"count_chosen_{side}x{side}"] = _once(
            lambda s=scored, c=chosen: count_chosen(s, c, 0.3)
        )
    return {name: round(value, 1) for name, value in found.items()}


def _once(act: Callable[[], object]) -> float:
    start = time.thread_time()
    act()
    return 1000 * (time.thread_time() - start)


def _median(act: Callable[[], object]) -> float:
    return statistics.median(_once(act) for _ in range(ROUNDS))


if __name__ == "__main__":
    main()
