"""Ten thousand faces in the window: memory, how long it stands still, and when scores are there.

    python -m benchmarks.ten_thousand CROPS [--cache FILE]

CROPS is a folder of aligned 112x112 crops, a sub-folder a person. Without --cache all features are computed; with
one, only those that it lacks. On Qt's offscreen platform, with the shipped weights and the settings of the
allocator that the program starts with. Memory is that of the window's process and of the one that computes features,
pages that both map counted twice. A block is the time between two turns of the event loop.
"""

import argparse
import contextlib
import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.pairs import versions
from benchmarks.window import until
from core.json_text import json_text
from core.workarounds import keep_memory

if TYPE_CHECKING:
    from psutil import Process

EVERY = 0.002  # seconds between two beats of the event loop
LISTED = 8  # longest blocks that are listed


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("crops", type=Path, metavar="CROPS")
    parser.add_argument("--cache", type=Path, metavar="FILE")
    options = parser.parse_args()
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    keep_memory()
    with tempfile.TemporaryDirectory() as place:
        cache = options.cache or Path(place) / "cache.sqlite"
        print(json_text(measure(options.crops, cache, Path(place)) | versions()))


def measure(crops: Path, cache: Path, folder: Path) -> dict[str, Any]:
    """Peak memory by stage, longest blocks, and seconds until estimates and until all is exact."""
    import psutil
    from PySide6.QtCore import QSettings, Qt, QTimer

    from core.faces.choose import GallerySettings
    from core.gallery.pipeline_process import MakerProcess
    from xcos_gui.shell.build import make_application, make_window

    application = make_application()
    store = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    elsewhere = MakerProcess()
    window = make_window(application, store, cache, "cpu", elsewhere.make)
    session = window.session
    window.show()
    stage, peaks, ended = ["start"], dict[str, int](), threading.Event()
    session.message.connect(lambda sentence: print(sentence, file=sys.stderr))
    session.busy_changed.connect(lambda what, *_: stage.__setitem__(0, what))

    def watch() -> None:
        process = psutil.Process()
        while not ended.wait(0.2):
            used = held(process)
            peaks[stage[0]] = max(peaks.get(stage[0], 0), used)

    watching = threading.Thread(target=watch)
    watching.start()
    start = last = time.perf_counter()
    blocks: list[tuple[float, float, str]] = []
    told: dict[str, float] = {}

    def beat() -> None:
        nonlocal last
        now = time.perf_counter()
        blocks.append((1000 * (now - last), last - start, stage[0]))
        last = now

    def arrived() -> None:
        if session.matrix is not None and not session._loading.running:
            told.setdefault("estimates" if session.estimated else "exact", last - start)

    timer = QTimer(window, interval=int(1000 * EVERY), timerType=Qt.TimerType.PreciseTimer)
    timer.timeout.connect(beat)
    timer.start()
    session.matrix_changed.connect(arrived)
    session.set_model(None)
    session.open_gallery(crops, GallerySettings(aligned=True))
    until(lambda: "exact" in told and not session.busy, 3600)
    until(lambda: time.perf_counter() - start > told["exact"] + 2)
    ended.set()
    watching.join()
    faces = len(session.matrix.scores) if session.matrix is not None else 0
    window.close()
    elsewhere.close()
    longest = sorted(blocks, reverse=True)[:LISTED]
    return {
        "faces": faces,
        "peak_mb": {stage: round(peak / 1e6) for stage, peak in peaks.items()},
        "highest_mb": round(max(peaks.values()) / 1e6),
        "blocks_ms": [[round(ms), round(at, 1), what] for ms, at, what in longest],
        "seconds": {name: round(seconds, 1) for name, seconds in told.items()},
    }


def held(process: "Process") -> int:
    """Bytes resident in a process and in those that it started; pages that two map are counted twice."""
    import psutil

    used = 0
    for one in (process, *process.children()):
        with contextlib.suppress(psutil.Error):
            used += one.memory_info().rss
    return used


if __name__ == "__main__":
    main()
