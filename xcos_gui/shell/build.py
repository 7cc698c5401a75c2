"""Putting the application together, for the window, the screenshot and the tests alike."""

import ctypes
import signal
import sys
from pathlib import Path

from PySide6.QtCore import QSettings, QSize, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from core.gallery.cache import Cache
from core.gallery.pipeline import Making, make_here
from core.resources import resource_path
from xcos_gui.shell.window import MainWindow
from xcos_gui.state.session import Session
from xcos_gui.state.settings import Settings
from xcos_gui.widgets.placing import fit_to_screen
from xcos_gui.widgets.theme import apply_theme

SWITCH = 0.0005  # seconds that a busy thread keeps Python while the window waits for it
LARGEST_FIRST = QSize(1880, 1020)  # pixels of the window at its first start
SSIZE = ctypes.sizeof(ctypes.c_ssize_t)


def make_application() -> QApplication:
    """The one QApplication, in Fusion style, so that both themes look the same everywhere."""
    _keep_constants()
    sys.setswitchinterval(SWITCH)
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication([])
    app.setApplicationName("xcos-studio")
    app.setApplicationDisplayName("xCos Studio")
    app.setStyle("Fusion")
    icon = resource_path("icons", "xcos.svg")
    if icon.exists():
        app.setWindowIcon(QIcon(str(icon)))
    return app


def _keep_constants() -> None:
    # PySide 6.12's methods lose a reference to None, True or False at each call that answers with
    # it, which ends the program after some thousands of calls where these are not immortal, as
    # they are from Python 3.12 on.
    if sys.version_info < (3, 12) and sys.implementation.name == "cpython":
        for constant in (None, True, False):
            ctypes.c_ssize_t.from_address(id(constant)).value += 1 << (8 * SSIZE - 24)


def make_window(
    app: QApplication,
    store: QSettings,
    cache: Path | None,
    device: str = "auto",
    make: Making = make_here,
) -> MainWindow:
    """A window with its session; nothing is loaded yet. make: computes features, here or elsewhere."""
    settings = Settings(store)
    apply_theme(app, settings.theme)
    window = MainWindow(Session(settings, Cache(cache), device, make))
    if not settings.layout("window").size():
        fit_to_screen(window, LARGEST_FIRST)
    # Python sees Ctrl-C in the terminal only when it runs now and then.
    signal.signal(signal.SIGINT, lambda *_: window.close())
    waking = QTimer(window, interval=300)
    waking.timeout.connect(lambda: None)
    waking.start()
    return window
