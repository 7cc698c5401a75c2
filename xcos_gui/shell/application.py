"""Starting: the window for a gallery, everything else for the command line."""

import os
import re
import sys
from collections.abc import Sequence
from contextlib import closing

from core.cli import COMMANDS, Parser
from core.cli import main as command_line
from core.errors import XCosError
from core.workarounds import collect_around_modules, keep_memory, read_no_sources

ALL_COMMANDS = (*COMMANDS, "import-weights")
# Debian's package of each library that Qt's plugins load and small systems lack.
PACKAGES = {
    "libEGL": "libegl1",
    "libGL.": "libgl1",
    "libxkbcommon-x11": "libxkbcommon-x11-0",
    "libxkbcommon": "libxkbcommon0",
    "libxcb-cursor": "libxcb-cursor0",
    "libxcb-icccm": "libxcb-icccm4",
    "libxcb-keysyms": "libxcb-keysyms1",
    "libdbus": "libdbus-1-3",
    "libfontconfig": "libfontconfig1",
    "libglib": "libglib2.0-0",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Nothing, a path or `screenshot`: the window; all else: the command line. The exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    first = next((a for a in arguments if not a.startswith("-")), None)
    asks_help = any(a in ("-h", "--help", "--version") for a in arguments) and first != "screenshot"
    if first in ALL_COMMANDS or asks_help:
        return command_line(arguments)
    keep_memory()
    # What lies in the working directory is no part of the processes that the window starts.
    os.environ["PYTHONSAFEPATH"] = "1"
    missing = missing_library()
    if missing:
        print(f"xcos: {missing}", file=sys.stderr)
        return 1
    read_no_sources()
    try:
        if first == "screenshot":
            from xcos_gui.shell.screenshot import main as screenshot

            return screenshot([a for a in arguments if a != "screenshot"])
        screenless = no_screen()
        if screenless:
            raise XCosError(screenless)
        return _window(arguments)
    except XCosError as error:
        print(f"xcos: {error}", file=sys.stderr)
        return 1


def missing_library() -> str | None:
    """The sentence that names the package which Qt needs here, or None when Qt can be loaded."""
    try:
        import PySide6.QtGui
        import PySide6.QtWidgets  # noqa: F401
    except ImportError as error:
        return _package_sentence(str(error))
    return None


def no_screen() -> str | None:
    """The sentence for a Linux without a screen, where Qt would abort; None where there is one."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return None
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return None
    return (
        "There is no screen to open the window on; use a command (xcos --help), or xcos screenshot."
    )


def _package_sentence(error: str) -> str:
    match = re.search(r"(lib[\w.+-]+\.so[\d.]*)", error)
    if match is None:
        return f"The window needs PySide6, which cannot be loaded ({error}); install PySide6-Essentials."
    library = match.group(1)
    package = next((p for start, p in PACKAGES.items() if library.startswith(start)), None)
    what = f"the package {package}" if package else f"the package that holds {library}"
    return f"The window needs the system library {library}; install {what} (apt-get install on Debian)."


def _window(arguments: list[str]) -> int:
    from xcos_gui.shell.arguments import add_window_options, check_project, start

    parser = Parser(prog="xcos", description="Open the window.", add_help=False)
    add_window_options(parser)
    options, more = parser.parse_known_args(arguments)
    if options.gallery is not None and not options.gallery.exists():
        known = ", ".join((*ALL_COMMANDS, "screenshot"))
        raise XCosError(
            f"{options.gallery} is neither a gallery that exists nor a command ({known})."
        )
    if more:
        parser.error(f"unrecognized arguments: {' '.join(more)}")
    check_project(options.gallery)
    from PySide6.QtCore import QSettings, QTimer

    from core.gallery.pipeline_process import MakerProcess
    from xcos_gui.shell.build import make_application, make_window

    app = make_application()
    collect_around_modules()
    settings = QSettings("xcos-studio", "xcos-studio")
    with closing(MakerProcess()) as elsewhere:
        window = make_window(app, settings, options.cache, options.device, elsewhere.make)
        window.show()
        # The first picture comes before anything heavy is read.
        QTimer.singleShot(0, lambda: start(window, options))
        return int(app.exec())
