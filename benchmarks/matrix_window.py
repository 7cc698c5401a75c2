"""The matrix of ten thousand faces in the window: orders, levels, choices, filters and painting.

    python -m benchmarks.matrix_window [--faces 10000] [--similarity]

Made-up scores, four faces a person, on Qt's offscreen platform. An order, level, choice or filter is from the choice
until the window shows it and nothing runs any more (of a choice: until it is counted; its intervals follow). `wall` is
what passed; `cpu` the processor time of all threads, which does not grow with what else runs on the machine; `block`
the longest time that the event loop stood still and `block_cpu` how much of that its thread was computing. Painting is
of the whole matrix and of parts of it, each seen for the first time. All in ms.
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

from benchmarks.matrix import made_up_matrix
from benchmarks.pairs import versions
from benchmarks.window import open_window
from core.json_text import json_text

ROUNDS = 12
SETTLED = 1.0  # seconds
SIZE = (1920, 1080)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--faces", type=int, default=10_000)
    parser.add_argument(
        "--similarity", action="store_true", help="the order by similarity too: minutes at 10,000"
    )
    options = parser.parse_args()
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    with tempfile.TemporaryDirectory() as place:
        watched = Watched(Path(place), options.faces)
        said: dict[str, Any] = {
            "faces": options.faces,
            "rows_and_columns": watched.arrangements(options.similarity),
        }
        said |= {"choices": watched.choices(), "filters": watched.filters()}
        said["painting"] = watched.paintings()
        watched.window.close()
    print(json_text(said | versions()))


class Watched:
    """A window with a made-up matrix, and how long it takes and stands still."""

    def __init__(self, folder: Path, faces: int) -> None:
        from PySide6.QtCore import Qt, QTimer

        self.window = open_window(folder, SIZE)
        self.session = self.window.session
        self._until(lambda: self.session.card is not None)
        self._beats = [(time.perf_counter(), time.thread_time())]
        self._timer = QTimer(self.window, interval=1, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(
            lambda: self._beats.append((time.perf_counter(), time.thread_time()))
        )
        self._timer.start()
        _show(self.session, faces)
        self._rest()
        start = time.monotonic()
        self._until(lambda: time.monotonic() - start > SETTLED)  # rates beside the rows begin
        self._rest()

    def arrangements(self, similarity: bool) -> dict[str, dict[str, float]]:
        """Orders and levels; `again` are those that were made before."""
        bar = self.window.matrix.bar
        found = {}
        for box, key, name in (
            (bar.rows, "hardness", "hardest"),
            (bar.rows, "column:age", "by_column"),
            (bar.rows, "score", "by_score"),
            (bar.rows, "similarity", "similar"),
            (bar.rows, "name", "name"),
            (bar.rows, "similarity", "similar_again"),
            (bar.rows, "hardness", "hardest_again"),
            (bar.level, "people", "people_hardest"),
            (bar.rows, "name", "people_name"),
            (bar.level, "column:age", "ages"),
            (bar.level, "faces", "faces"),
        ):
            if key != "similarity" or similarity:
                found[name] = self._measured(lambda b=box, k=key: _pick(b, k), lambda: True)
        return found

    def choices(self) -> dict[str, dict[str, float]]:
        """Rectangles, until they are counted."""
        from PySide6.QtCore import QRectF

        panel, faces = self.window.matrix, len(self.session.matrix.scores)  # type: ignore[union-attr]
        _pick(panel.bar.rows, "hardness")
        self._rest()
        found = {}
        for side in (200, 1000, faces):
            found[f"{side}x{side}"] = self._measured(
                lambda s=side: panel._view.chosen.emit(QRectF(faces - s, 0, s, s), "new"),
                lambda: panel.selecting.report is not None,
                wait=False,
            )
            panel.selecting.clear()
            self._rest()
        return found

    def filters(self) -> dict[str, dict[str, float]]:
        """A filter until the matrix fades what does not pass."""
        session = self.session
        found = {}
        for name, text in (("score", "score > 0.3"), ("none", "")):
            found[name] = self._measured(lambda t=text: session.set_filter(t), lambda: True)
        return found

    def paintings(self) -> dict[str, dict[str, float]]:
        """Medians and longest of painting anew, by what a point far away shows and what is seen."""
        panel = self.window.matrix
        port, rng = panel._plot.viewport(), np.random.default_rng(0)
        n = len(self.session.matrix.scores)  # type: ignore[union-attr]
        found = {}
        for outcomes, far in (
            (0, "mean"),
            (0, "worst"),
            (0, "errors"),
            (1, "worst"),
            (1, "errors"),
        ):
            panel.colouring.setCurrentIndex(outcomes)
            _pick(panel.bar.far, far)
            self._rest()
            for seen, share in (("all", 1.0), ("third", 0.3), ("tenth", 0.1)):
                took = []
                for k in range(ROUNDS):
                    size = share * n * (1 - k / 100)
                    left, top = rng.uniform(0, n - size, 2)
                    panel._view.setRange(
                        xRange=(left, left + size), yRange=(top, top + size), padding=0
                    )
                    start = time.thread_time()
                    port.repaint()
                    took.append(1000 * (time.thread_time() - start))
                name = f"{'outcome' if outcomes else 'score'}_{far}_{seen}"
                found[name] = {
                    "median": round(statistics.median(took), 1),
                    "longest": round(max(took), 1),
                }
                self._rest()
        return found

    def _measured(
        self, act: Callable[[], None], done: Callable[[], bool], wait: bool = True
    ) -> dict[str, float]:
        self._beats = [(time.perf_counter(), time.thread_time())]
        cpu = time.process_time()
        act()
        self._until(lambda: done() and not (wait and self.session.busy))
        cpu = time.process_time() - cpu
        self._beats.append((time.perf_counter(), time.thread_time()))
        walls, cpus = np.array(self._beats).T
        return {
            "wall": round(1000 * (walls[-1] - walls[0])),
            "cpu": round(1000 * cpu),
            "block": round(1000 * float(np.diff(walls).max())),
            "block_cpu": round(1000 * float(np.diff(cpus).max())),
        }

    def _rest(self) -> None:
        self._until(lambda: not self.session.busy)

    def _until(self, done: Callable[[], bool]) -> None:
        from PySide6.QtWidgets import QApplication

        QApplication.processEvents()
        while not done():
            QApplication.processEvents()
            time.sleep(0.0005)
        QApplication.processEvents()  # paints


def _pick(box: Any, key: str) -> None:
    box.setCurrentIndex(box.findData(key))
    box.activated.emit(box.currentIndex())


def _show(session: Any, faces: int) -> None:
    """Give a session a made-up matrix."""
    from core.explain.colours import ColourLimits
    from core.explain.matrix_image import MatrixImage
    from core.faces.face import Face
    from core.gallery.gallery import Gallery, LoadedGallery
    from core.model.features import FaceFeatures
    from core.scoring.scored import ScoredGallery
    from xcos_gui.state.scoring import Scored

    listed = tuple(
        Face(
            f"p{k // 4:04d}/{k}.png",
            1,
            f"p{k // 4:04d}",
            None,
            str(k),
            columns={"age": str(k % 83)},
        )
        for k in range(faces)
    )
    place = Path("made-up")
    grid = np.broadcast_to(np.zeros((1, 32, 7, 7), np.float32), (faces, 32, 7, 7))
    loaded = LoadedGallery(Gallery(place, place, listed), FaceFeatures(grid))
    matrix = made_up_matrix(faces)
    image = MatrixImage(matrix)
    image.prepare()
    session.loaded = loaded
    session.gallery_changed.emit()
    scored = ScoredGallery(session.model, loaded, loaded, matrix)
    scored.statistics.prepare()
    session._take(Scored(scored, ColourLimits(1.0, 1.0), image))


if __name__ == "__main__":
    main()
