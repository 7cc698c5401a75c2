"""Makes the guide's pictures of the window and its tools anew, from the sample gallery.

    python -m scripts.guide_pictures                 all of them
    python -m scripts.guide_pictures photos map      some, by the end of their names; window is the window

Pictures of data that does not ship, or of something that a user did in a tool, are not made here.
"""

import argparse
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.model.card import find_weights
from core.resources import resource_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

    from xcos_gui.shell.window import MainWindow

DOCS = Path(__file__).parents[1] / "docs"
WINDOW = "window"
# The pictures of tools: their icons in the menu, and width and height.
TOOLS = {
    "photos": ("photos", 1000, 640),
    "flip": ("flip", 860, 700),
    "map": ("map", 1000, 640),
    "patterns": ("patterns", 980, 700),
    "worth": ("worth", 1060, 420),
    "people": ("people", 1160, 640),
    "labels": ("labels", 1160, 600),
    "what-if": ("what-if", 1100, 760),
    "compare": ("compare", 1300, 760),
    "fragile": ("fragile", 900, 640),
    "two-models": ("models", 1100, 700),
}
# What a user does in a tool before its picture is taken.
DONE: "dict[str, Callable[[Any], object]]" = {
    "flip": lambda tool: tool.start.click(),
    "what-if": lambda tool: tool.faces["left"].pressed.emit(56.0, 52.0),
    "fragile": lambda tool: tool.look(),
    "two-models": lambda tool: tool.compare_with(find_weights("xcos-small")),
}
PATIENCE = 120_000  # milliseconds for a tool
SETTLE = 1500  # before and after


def main() -> None:
    """Read the arguments and make the pictures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="pictures; none: all")
    names = parser.parse_args().names or [WINDOW, *TOOLS]
    if unknown := {*names} - {WINDOW, *TOOLS}:
        parser.error(f"there is no picture {', '.join(sorted(unknown))}")
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    with tempfile.TemporaryDirectory() as folder:
        make(names, Path(folder))


def make(names: list[str], folder: Path) -> None:
    """Open the sample at its worst false accept of photos that print, and save what is named."""
    from PySide6.QtCore import QSettings

    from core.scoring.lists import pairs_of
    from xcos_gui.shell.build import make_application, make_window
    from xcos_gui.shell.tool_menu import ALL_TOOLS

    store = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    store.setValue("theme", "light")
    store.setValue("story", "seen")
    window = make_window(make_application(), store, folder / "cache.sqlite", "cpu")
    session = window.session
    window.resize(1500, 950)
    window.show()
    window.reset_layout()
    session.set_model(None)
    session.open_gallery(resource_path("sample"))
    _wait(window)
    assert session.matrix is not None
    session.list_outcome("FP")
    worst = pairs_of(session.matrix, "FP", session.threshold, 100)
    for pair in zip(worst.rows.tolist(), worst.columns.tolist(), strict=True):
        if not any("dark" in face.key for face in session.faces_of(pair)):
            session.select_pair(*pair)
            break
    _wait(window)
    if WINDOW in names:
        _save(window, DOCS / "window.png")
    for name, (icon, width, height) in TOOLS.items():
        if name in names:
            tool = window.show_tool(next(tool for tool in ALL_TOOLS if tool.icon == icon))
            tool.resize(width, height)
            _wait(window)
            if name in DONE:
                DONE[name](tool)
                _wait(window)
            _save(tool, DOCS / f"guide-{name}.png")
            tool.close()
    window.close()


def _wait(window: "MainWindow") -> None:
    """Until nothing runs any more, and thumbnails have come."""
    from PySide6.QtCore import QEventLoop, QTimer

    def rest(milliseconds: int) -> None:
        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()

    rest(SETTLE)  # tools begin when nothing changes any more
    for _ in range(PATIENCE // 200):
        running = [tool for tool in window.tools.values() if tool.job.running]
        if not window.session.busy and not running:
            break
        rest(200)
    rest(SETTLE)


def _save(widget: "QWidget", path: Path) -> None:
    """A picture in 256 colours, which is enough and half the size."""
    from io import BytesIO

    from PIL import Image
    from PySide6.QtCore import QBuffer, QIODevice

    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    widget.grab().save(buffer, "PNG")
    picture = Image.open(BytesIO(buffer.data().data())).convert("RGB")
    picture.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
        path, optimize=True
    )
    print(path)


if __name__ == "__main__":
    main()
