"""Windows and panels that fit the screen: sizes that are clamped, contents that scroll."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication, QPalette
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

FRAME = QSize(16, 40)  # what a window's title and edges take at most, where it is not known yet


class Scrolled(QScrollArea):
    """Holds a widget that may be larger than the room it gets: then it scrolls."""

    def __init__(self, inside: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent, widgetResizable=True, frameShape=QFrame.Shape.NoFrame)
        self._inside = inside
        self.setWidget(inside)
        # The ground of the window, not that of lists.
        self.viewport().setBackgroundRole(QPalette.ColorRole.Window)
        inside.setBackgroundRole(QPalette.ColorRole.Window)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def sizeHint(self) -> QSize:
        return self._inside.sizeHint()

    def minimumSizeHint(self) -> QSize:
        line = self.fontMetrics().height()
        return self._inside.minimumSizeHint().boundedTo(QSize(16 * line, 8 * line))


def room(window: QWidget) -> QRect:
    """Where a window's contents may lie on its screen, without its frame."""
    parent = window.parentWidget()
    screen = (parent or window).screen() or QGuiApplication.primaryScreen()
    return within_frame(screen.availableGeometry(), window)


def within_frame(available: QRect, window: QWidget) -> QRect:
    """What is left of a screen's room for a window's contents."""
    frame, inside = window.frameGeometry(), window.geometry()
    taken = frame.size() - inside.size()
    above = inside.top() - frame.top()
    if taken.isEmpty():  # not shown yet, or without a frame
        taken, above = FRAME, FRAME.height() - FRAME.width() // 2
    left = available.left() + taken.width() // 2
    size = available.size() - taken
    return QRect(QPoint(left, available.top() + above), size)


def fit_to_screen(window: QWidget, wanted: QSize | None = None) -> None:
    """Give a window a size, or keep its own, and move it, so that all of it lies on the screen."""
    allowed = room(window)
    size = (wanted or window.size()).boundedTo(allowed.size())
    if size != window.size():
        window.resize(size)
    corner = QPoint(
        min(max(window.x(), allowed.left()), allowed.right() + 1 - size.width()),
        min(max(window.y(), allowed.top()), allowed.bottom() + 1 - size.height()),
    )
    if window.isVisible() and corner != window.pos():
        window.move(corner)
