"""What a user of What if waits for: a mouse move until its maps are painted; the fragile-pairs scan.

    python -m benchmarks.what_if [--moves 60] [--photos DIR] [--faces 300]

On Qt's offscreen platform, on the sample gallery with the shipped weights. A move ends when the last map has
been painted with the answer to it. Moves come one after another, as a dragged patch. The scan takes the first
`--faces` photos of DIR (aligned 112x112 crops); without DIR it is left out. Its first run computes the features of
the moved faces, its second finds them in the cache: the difference is the features' own time.
"""

import argparse
import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.pairs import versions
from benchmarks.window import open_window, told, until
from core.json_text import json_text
from core.progress import Task
from core.scoring.scored import ScoringModel, score_gallery


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--moves", type=int, default=60)
    parser.add_argument("--photos", type=Path, metavar="DIR", help="folder of aligned crops")
    parser.add_argument("--faces", type=int, default=300)
    options = parser.parse_args()
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    with tempfile.TemporaryDirectory() as place:
        said: dict[str, Any] = {"move": measure(Path(place), options.moves)}
        if options.photos is not None and options.photos.is_dir():
            said["scan"] = scan(Path(place), options.photos, options.faces)
    print(json_text(said | versions()))


def measure(folder: Path, moves: int) -> dict[str, Any]:
    """Milliseconds from a mouse move to painted maps, and to the painted face."""
    from PySide6.QtCore import QEvent, QObject, QPoint, Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    from core.resources import resource_path
    from xcos_gui.shell.tool_menu import PAIR_TOOLS
    from xcos_gui.tools.what_if.window import WhatIfWindow

    window = open_window(folder, (1600, 1000))
    session = window.session
    session.open_gallery(resource_path("sample"))
    until(lambda: session.matrix is not None and not session.busy)
    tool = window.show_tool(next(t for t in PAIR_TOOLS if t.place[0] == "what_if.window"))
    assert isinstance(tool, WhatIfWindow)
    until(lambda: tool.answer is not None)
    view, last = tool.faces["left"], tool.maps[-1].view
    square = view._square()

    class Painted(QObject):
        face = maps = 0.0

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                if watched is view and not self.face:
                    self.face = time.perf_counter()
                answer = tool.answer
                if watched is last and answer and answer.question == tool.history.question:
                    self.maps = time.perf_counter()
            return False

    def place(number: int) -> QPoint:
        share = 0.3 + 0.4 * (number % 40) / 40
        return QPoint(
            round(square.x() + share * square.width()),
            round(square.y() + (0.3 + 0.01 * (number % 17)) * square.height()),
        )

    faces, maps = [], []
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=place(0))
    for number in range(1, moves + 6):
        until(lambda: not tool.live.running)
        watch = Painted()
        for widget in (view, last):
            widget.installEventFilter(watch)
        start = time.perf_counter()
        QTest.mouseMove(view, place(number))
        while not watch.maps and time.perf_counter() - start < 5:
            QApplication.processEvents()
        faces.append(1000 * (watch.face - start))
        maps.append(1000 * (watch.maps - start))
        for widget in (view, last):
            widget.removeEventFilter(watch)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=place(0))
    window.close()
    return {"face": told(faces[5:]), "maps": told(maps[5:]), "unit": "ms"}


def scan(folder: Path, photos: Path, count: int) -> dict[str, Any]:
    """Seconds of the fragile-pairs scan over some photos, and how soon it stops."""
    from core.analysis.fragile import find_fragile
    from core.errors import Stopped
    from core.faces.choose import GallerySettings
    from core.gallery.cache import Cache
    from core.gallery.opening import open_gallery
    from core.model.attention_weights import read_head
    from core.model.card import find_weights
    from core.model.verifier import Verifier
    from core.scoring.engine import PairEngine

    suffixes = (".webp", ".png", ".jpg")
    chosen = sorted(p for p in photos.rglob("*") if p.suffix.lower() in suffixes)[:count]
    for path in chosen:
        place = folder / "faces" / path.relative_to(photos)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
    weights = find_weights(None)
    verifier = Verifier(weights, "cpu")
    engine = PairEngine(read_head(weights), verifier.card.correlation)
    cache = Cache(folder / "scan.sqlite")
    opened = open_gallery(
        folder / "faces", verifier=verifier, cache=cache, settings=GallerySettings(aligned=True)
    )
    threshold = verifier.card.threshold("learned") or 0.0
    scored = score_gallery(ScoringModel(verifier.card, engine), opened)

    def once(stop_after: float = np.inf) -> tuple[float, int]:
        start = time.perf_counter()
        task = Task(stopped=lambda: time.perf_counter() - start > stop_after)
        found = find_fragile(verifier, cache, scored, threshold, task)
        return time.perf_counter() - start, int(np.triu(found.fragile, 1).sum())

    start = time.perf_counter()
    with contextlib.suppress(Stopped):
        once(1.0)
    stopping = time.perf_counter() - start - 1.0
    start = time.perf_counter()
    whole, fragile = once()
    again, _ = once()
    cache.close()
    return {
        "faces": len(opened),
        "fragile": fragile,
        "first": whole,
        "with_known_features": again,
        "stop": stopping,
        "unit": "s",
    }


if __name__ == "__main__":
    main()
