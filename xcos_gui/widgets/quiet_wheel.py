"""The wheel scrolls what lies around choices and numbers; it changes only what has the keys."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QWidget


class QuietWheel(QObject):
    """Keeps the wheel, which scrolls the form, from changing what it passes over."""

    def take(self, widget: QWidget) -> None:
        """Let the wheel pass over a widget that has not the keys."""
        if widget.focusPolicy() == Qt.FocusPolicy.WheelFocus:
            widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # the wheel would give it the keys
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        passing = isinstance(event, QWheelEvent) and isinstance(watched, QWidget)
        if passing and not watched.hasFocus():  # type: ignore[attr-defined]
            event.ignore()
            return True
        return False


def quiet_wheel(inside: QWidget) -> None:
    """Let the wheel pass over all choices and numbers in a widget that scrolls."""
    quiet = QuietWheel(inside)
    for box in inside.findChildren(QWidget):
        if isinstance(box, QComboBox | QAbstractSpinBox):
            quiet.take(box)
