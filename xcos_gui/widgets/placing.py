"""Windows and panels that fit the screen: sizes that are clamped, contents that scroll."""

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication, QPalette, QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QTabWidget, QWidget

FRAME = QSize(16, 40)  # what a window's title and edges take at most, where it is not known yet


class Scrolled(QScrollArea):
    """Holds a widget that may be larger than the room it gets: then it scrolls.

    The widget shrinks to its smallest size first. Qt's own resizing would not, where text wraps.
    """

    def __init__(self, inside: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent, frameShape=QFrame.Shape.NoFrame)
        self._inside = inside
        self.setWidget(inside)
        # The ground of the window, not that of lists.
        self.viewport().setBackgroundRole(QPalette.ColorRole.Window)
        inside.setBackgroundRole(QPalette.ColorRole.Window)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside.installEventFilter(self)

    def sizeHint(self) -> QSize:
        return self._inside.sizeHint()

    def minimumSizeHint(self) -> QSize:
        line = self.fontMetrics().height()
        return self._inside.minimumSizeHint().boundedTo(QSize(17 * line, 8 * line))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._inside and event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        bar, layout = self.verticalScrollBar().sizeHint().width(), self._inside.layout()
        given, least = self.maximumViewportSize(), self._inside.minimumSizeHint()

        def height(width: int) -> int:
            if layout is not None and layout.hasHeightForWidth():
                return max(least.height(), layout.totalMinimumHeightForWidth(width))
            return least.height()

        width = max(given.width(), least.width())
        if height(width) > given.height():  # room for the bar that appears
            width = max(given.width() - bar, least.width())
        self._inside.resize(width, max(given.height(), height(width)))


class WideEnough(QScrollArea):
    """Scrolls up and down alone: as wide at least as what is in it, whatever that comes to show."""

    def __init__(self, inside: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent, widgetResizable=True, frameShape=QFrame.Shape.NoFrame)
        self.setWidget(inside)
        inside.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(watched, QWidget) and event.type() == QEvent.Type.LayoutRequest:
            bar = self.verticalScrollBar().sizeHint().width()
            self.setMinimumWidth(watched.minimumSizeHint().width() + bar)
        return super().eventFilter(watched, event)


class Pages(QTabWidget):
    """Pages that shrink to their smallest size before the window scrolls.

    A page whose text wraps would else count with the height that it likes best.
    """

    def hasHeightForWidth(self) -> bool:
        return False


def bring_up(window: QWidget) -> None:
    """Show a window before all others, also where it was minimised or lies behind them."""
    window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
    window.show()
    window.raise_()
    window.activateWindow()


def room(window: QWidget) -> QRect:
    """Where a window's contents may lie on its screen, without its frame."""
    # Until it is made it has no place of its own; from then on it may be moved to another screen.
    of = window if window.windowHandle() is not None else window.parentWidget() or window
    screen = of.screen() or QGuiApplication.primaryScreen()
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
    inside = window.geometry().topLeft()  # pos() is that of the frame
    corner = QPoint(
        min(max(inside.x(), allowed.left()), allowed.right() + 1 - size.width()),
        min(max(inside.y(), allowed.top()), allowed.bottom() + 1 - size.height()),
    )
    if window.isVisible() and corner != inside:
        window.move(window.pos() + corner - inside)
