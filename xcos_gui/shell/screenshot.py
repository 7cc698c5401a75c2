"""xcos screenshot: a picture of the window with a gallery scored and a pair chosen."""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli import Parser
from core.commands.spared import inputs_of, spare, spare_gallery
from core.errors import XCosError

if TYPE_CHECKING:
    from xcos_gui.shell.window import MainWindow

EXAMPLES = """examples:
  xcos screenshot -o window.png
  xcos screenshot photos -o dark.png --theme dark --scale 2 --pair ann/1.jpg bob/1.jpg"""


def main(arguments: list[str]) -> int:
    """Render the window without a screen and save it; the exit code."""
    from xcos_gui.shell.arguments import add_window_options, check_project

    parser = Parser(
        prog="xcos screenshot",
        description="Save a picture of the window with a gallery scored and a pair chosen.",
        epilog=EXAMPLES,
    )
    add_window_options(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="FILE",
        help="picture to write (.png)",
    )
    parser.add_argument(
        "--size",
        default="1500x950",
        metavar="WxH",
        help="size of the window (default: %(default)s)",
    )
    parser.add_argument(
        "--scale",
        type=float,
        default=1.0,
        help="2 for a screen of 200 %% (default: %(default)s)",
    )
    parser.add_argument(
        "--theme",
        choices=("light", "dark"),
        default="light",
        help="(default: %(default)s)",
    )
    parser.add_argument(
        "--pair",
        nargs=2,
        metavar=("LEFT", "RIGHT"),
        help="faces to show, by their paths in the gallery",
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=600,
        help="give up after this long (default: %(default)s)",
    )
    options = parser.parse_args(arguments)
    try:
        width, height = (int(part) for part in options.size.split("x"))
    except ValueError:
        parser.error(f"--size is {options.size!r}, but must be like 1500x950")
    check_project(options.gallery)
    spare([options.output], inputs_of(options))
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ["QT_SCALE_FACTOR"] = str(options.scale)
    with tempfile.TemporaryDirectory() as folder:
        return _render(options, width, height, Path(folder))


def _render(options: argparse.Namespace, width: int, height: int, folder: Path) -> int:
    from PySide6.QtCore import QEventLoop, QSettings, QTimer

    from xcos_gui.shell.arguments import start
    from xcos_gui.shell.build import make_application, make_window

    app = make_application()
    store = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    store.setValue("theme", options.theme)
    store.setValue("story", "seen")
    window = make_window(app, store, options.cache, options.device)
    session = window.session
    messages: list[str] = []
    session.message.connect(messages.append)
    window.resize(width, height)
    window.reset_layout()
    window.show()
    loop = QEventLoop()
    session.idle.connect(loop.quit)
    QTimer.singleShot(int(options.seconds * 1000), loop.quit)
    QTimer.singleShot(0, lambda: start(window, options))
    loop.exec()
    try:
        if session.matrix is None:
            reason = messages[-1] if messages else "it was not scored in time"
            raise XCosError(f"There is no matrix to show: {reason}")
        for loaded in (session.rows, session.columns):
            if loaded is not None:
                spare_gallery([options.output], loaded.gallery)
        if options.pair is not None:
            _select(window, options.pair)
        settle = QEventLoop()
        QTimer.singleShot(800, settle.quit)  # thumbnails and lists come in the background
        settle.exec()
        if not window.grab().save(str(options.output)):
            raise XCosError(f"{options.output} cannot be written; choose another place.")
        for sentence in messages:
            print(f"xcos: {sentence}", file=sys.stderr)
        return 0
    finally:
        window.close()


def _select(window: "MainWindow", pair: list[str]) -> None:
    session = window.session
    assert session.rows is not None and session.columns is not None
    places = (session.rows.gallery.index(), session.columns.gallery.index())
    for key, known in zip(pair, places, strict=True):
        if key not in known:
            raise XCosError(f"{key} is no face of the gallery; name one by its path there.")
    session.select_pair(places[0][pair[0]], places[1][pair[1]])
