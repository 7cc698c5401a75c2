"""Putting the application together, for the window, the screenshot and the tests alike."""

import signal
from pathlib import Path

from PySide6.QtCore import QSettings, QSize, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from core.gallery.cache import Cache
from core.gallery.pipeline import Pipeline, make_here
from core.resources import resource_path
from core.workarounds import keep_constants, read_no_sources, switch_often
from xcos_gui.shell.window import MainWindow
from xcos_gui.state.session import Session
from xcos_gui.state.settings import Settings
from xcos_gui.widgets.placing import fit_to_screen
from xcos_gui.widgets.theme import PlainStyle, apply_theme

LARGEST_FIRST = QSize(1880, 1020)  # pixels of the window at its first start


def make_application() -> QApplication:
    """The one QApplication, in Fusion style, so that both themes look the same everywhere."""
    keep_constants()
    read_no_sources()
    switch_often()
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication([])
    app.setApplicationName("xcos-studio")
    app.setApplicationDisplayName("xCos Studio")
    if not isinstance(app.style(), PlainStyle):
        app.setStyle(PlainStyle())
    icon = resource_path("icons", "xcos.svg")
    if icon.exists():
        app.setWindowIcon(QIcon(str(icon)))
    return app


def make_window(
    app: QApplication,
    store: QSettings,
    cache: Path | None,
    device: str = "auto",
    make: Pipeline = make_here,
) -> MainWindow:
    """A window with its session; nothing is loaded yet. make: computes features, here or elsewhere."""
    settings = Settings(store)
    apply_theme(app, settings.theme)
    window = MainWindow(Session(settings, Cache(cache), device, make))
    if not settings.layout("window").size():
        fit_to_screen(window, LARGEST_FIRST)
        window.reset_layout()
    # Python sees Ctrl-C in the terminal only when it runs now and then.
    signal.signal(signal.SIGINT, lambda *_: window.close())
    waking = QTimer(window, interval=300)
    waking.timeout.connect(lambda: None)
    waking.start()
    return window
