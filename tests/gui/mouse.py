"""Clicks and drags on a plot, as the system sends them."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

LEFT, NO_KEY = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def drag(
    port: QWidget,
    places: Sequence[QPoint],
    button: Qt.MouseButton = LEFT,
    keys: Qt.KeyboardModifier = NO_KEY,
) -> None:
    """Press at the first place, move over the others with the button held, and let go at the last."""
    QTest.mousePress(port, button, keys, places[0])
    for place in places[1:]:
        at = QPointF(place)
        moved = QMouseEvent(
            QEvent.Type.MouseMove, at, port.mapToGlobal(at), Qt.MouseButton.NoButton, button, keys
        )
        QApplication.sendEvent(port, moved)
    QTest.mouseRelease(port, button, keys, places[-1])
