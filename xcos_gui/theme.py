"""Light and dark, through Qt's own style hints, so that the system's choice is the default."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from xcos_gui.settings import Theme

SCHEMES: dict[Theme, Qt.ColorScheme] = {
    "system": Qt.ColorScheme.Unknown,
    "light": Qt.ColorScheme.Light,
    "dark": Qt.ColorScheme.Dark,
}


def apply_theme(app: QApplication, theme: Theme) -> None:
    """Switch all windows to a theme."""
    app.styleHints().setColorScheme(SCHEMES[theme])
