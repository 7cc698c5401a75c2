"""The toolbar: the things done most, with icons and words; the menus have the same actions."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QToolBar, QToolButton, QWidget

from xcos_gui.widgets.checked import CheckedLook
from xcos_gui.widgets.icons import icon

ICON = 20  # pixels
WORDS_FROM = 1200  # pixels of width; narrower, the words go and the icons stay


class Toolbar(QToolBar):
    """Actions with icons that follow the theme; words only where there is room for them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Toolbar", parent)
        self.setObjectName("toolbar")
        self.setMovable(False)
        self.setIconSize(QSize(ICON, ICON))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._icons: dict[str, QAction] = {}

    def take(self, name: str, word: str, action: QAction) -> None:
        """Show an action of the menus with an icon and a word."""
        action.setIconText(word)
        action.setIconVisibleInMenu(False)
        self._icons[name] = action
        self.addAction(action)
        button = self.widgetForAction(action)
        if action.isCheckable() and isinstance(button, QToolButton):
            CheckedLook(button)
        action.setIcon(icon(name, self.palette()))

    def _draw(self) -> None:
        for name, action in self._icons.items():
            action.setIcon(icon(name, self.palette()))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_icons"):
            self._draw()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setToolButtonStyle(
            Qt.ToolButtonStyle.ToolButtonTextBesideIcon
            if self.width() >= WORDS_FROM
            else Qt.ToolButtonStyle.ToolButtonIconOnly
        )
