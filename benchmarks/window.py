"""What a user waits for: a click until its overlays are painted, the threshold, the first window.

    python -m benchmarks.window [--faces 2000] [--rounds 60] [--json]

On Qt's offscreen platform, with made-up crops and the shipped weights. A click is a mouse press in the
matrix; it ends when the inspector's map has been painted. A threshold ends when the matrix, coloured by
outcome, has been painted. Orders and levels are from the choice until the matrix has been painted so. A start is a new process, from its launch to the main window's first paint.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.pairs import versions
from core.json_text import json_text

START = """
import sys
from pathlib import Path
from PySide6.QtCore import QEvent, QObject, QSettings
from xcos_gui.shell.build import make_application, make_window
class First(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            print('painted', flush=True)
            application.exit(0)
        return False
application = make_application()
folder = Path(sys.argv[1])
store = QSettings(str(folder / 's.ini'), QSettings.Format.IniFormat)
window = make_window(application, store, folder / 'cache.sqlite', 'cpu')
first = First()
window.centralWidget().installEventFilter(first) if window.centralWidget() else window.installEventFilter(first)
window.installEventFilter(first)
window.show()
application.exec()
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--faces", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    with tempfile.TemporaryDirectory() as place:
        said = measure(Path(place), options.faces, options.rounds)
        said["start"] = told([start_once(Path(place)) for _ in range(6)][1:])
    print(json_text(said | versions()))


def measure(folder: Path, faces: int, rounds: int) -> dict[str, Any]:
    """Milliseconds of clicks and thresholds in a window with so many faces."""
    from PIL import Image
    from PySide6.QtCore import QPoint, Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    from core.faces.choose import GallerySettings

    rng = np.random.default_rng(0)
    for number in range(faces):
        place = folder / "crops" / f"p{number // 4:04d}"
        place.mkdir(parents=True, exist_ok=True)
        noise = rng.integers(0, 256, (7, 7, 3)).astype(np.uint8)
        Image.fromarray(noise).resize((112, 112)).save(place / f"{number}.png")
    window = open_window(folder, (1600, 1000))
    session = window.session
    session.open_gallery(folder / "crops", GallerySettings(aligned=True))
    until(lambda: session.matrix is not None and len(session.matrix.scores) == faces)
    until(lambda: not session.busy)
    viewport = window.matrix._plot.viewport()
    clicks, thresholds = [], []
    size = viewport.size()
    inspector = next(iter(window.inspector.maps.values()))
    for _ in range(rounds + 5):
        x, y = (int(v) for v in rng.uniform(0.35, 0.65, 2) * [size.width(), size.height()])
        before = session.pair

        def click(x: int = x, y: int = y) -> None:
            QTest.mouseMove(viewport, QPoint(x, y))
            QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=QPoint(x, y))

        seconds = painted(inspector, click)
        if session.pair != before:
            clicks.append(seconds)
    window.matrix.colouring.setCurrentIndex(1)
    until(lambda: not session.busy)
    for value in rng.uniform(0.1, 0.6, rounds + 5):
        thresholds.append(painted(viewport, lambda v=value: session.set_threshold(float(v))))
    orders = {}
    bar = window.matrix.bar
    for box, key in (
        (bar.rows, "hardness"),
        (bar.rows, "name"),
        (bar.level, "people"),
        (bar.level, "faces"),
    ):

        def choose(box: Any = box, key: str = key) -> None:
            box.setCurrentIndex(box.findData(key))
            box.activated.emit(box.currentIndex())

        start = time.perf_counter()
        choose()
        until(lambda: not session.busy)
        QApplication.processEvents()
        orders[key] = 1000 * (time.perf_counter() - start)
    window.close()
    return {
        "orders": orders,
        "faces": faces,
        "click": told([1000 * s for s in clicks[5:]]),
        "threshold": told([1000 * s for s in thresholds[5:]]),
        "unit": "ms; start in s",
    }


def painted(widget: Any, act: Callable[[], None]) -> float:
    """Seconds from an act until a widget has been painted and nothing more waits to be."""
    from PySide6.QtCore import QEvent, QObject
    from PySide6.QtWidgets import QApplication

    class Watch(QObject):
        seen = False

        def eventFilter(self, _: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                self.seen = True
            return False

    watch = Watch()
    widget.installEventFilter(watch)
    start = time.perf_counter()
    act()
    while not watch.seen and time.perf_counter() - start < 5:
        QApplication.processEvents()
    QApplication.processEvents()
    seconds = time.perf_counter() - start
    widget.removeEventFilter(watch)
    return seconds


def open_window(folder: Path, size: tuple[int, int], cache: Path | None = None) -> Any:
    """The window with the model that ships, its settings, and its cache too, in a folder."""
    from PySide6.QtCore import QSettings

    from xcos_gui.shell.build import make_application, make_window

    store = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    window = make_window(make_application(), store, cache or folder / "cache.sqlite", "cpu")
    window.resize(*size)
    window.show()
    window.session.set_model(None)
    return window


def until(done: Callable[[], bool], limit: float = 900) -> None:
    """Let the window live until something is so."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop, timer = QEventLoop(), QTimer(interval=10)
    end = time.monotonic() + limit

    def look() -> None:
        if done() or time.monotonic() > end:
            loop.quit()

    timer.timeout.connect(look)
    timer.start()
    loop.exec()
    timer.stop()
    if time.monotonic() > end:
        raise SystemExit("the window did not get there")


def start_once(folder: Path) -> float:
    """Seconds from a process's launch to its window's first paint."""
    start = time.perf_counter()
    command = [sys.executable, "-c", START, str(folder)]
    process = subprocess.Popen(
        command, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    seconds = time.perf_counter() - start
    process.wait()
    if line.strip() != b"painted":
        raise SystemExit("the window did not paint")
    return seconds


def told(values: list[float]) -> dict[str, float]:
    """Median and 95th percentile, and how many were measured."""
    return {
        "median": statistics.median(values),
        "p95": float(np.percentile(values, 95)),
        "count": len(values),
    }


if __name__ == "__main__":
    main()
