"""Buttons that stay pressed, in a colour that tells so in both themes."""

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QAbstractButton, QApplication

from xcos_gui.widgets.design import mixed

ACCENT = 0.45  # share of the colour of a selection in a checked button


class CheckedLook(QObject):
    """Tints a button while it is checked: Qt's own shade of it cannot be told apart in the dark."""

    def __init__(self, button: QAbstractButton) -> None:
        super().__init__(button)
        self._button = button
        button.toggled.connect(self._show)
        button.installEventFilter(self)
        self._show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.ApplicationPaletteChange, QEvent.Type.PaletteChange):
            self._show()
        return False

    def _show(self, *_: object) -> None:
        given, palette = QApplication.palette(), QPalette()
        wanted = given.color(QPalette.ColorRole.Button)
        if self._button.isChecked():
            wanted = mixed(wanted, given.color(QPalette.ColorRole.Highlight), ACCENT)
            palette.setColor(QPalette.ColorRole.Button, wanted)
        if self._button.palette().color(QPalette.ColorRole.Button) != wanted:
            self._button.setPalette(palette)
