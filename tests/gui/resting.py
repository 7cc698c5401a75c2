"""When a window shows all that it will, and when probes are scored."""

from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from pytestqt.qtbot import QtBot

from xcos_gui.shell.window import MainWindow
from xcos_gui.state.jobs import LatestJob
from xcos_gui.widgets.tool_window import ToolWindow

LONGEST = 500  # milliseconds that the main window's work waits; a message fades after longer


def _waits(parent: QObject, longest: int | None = None) -> bool:
    waiting = [t for t in parent.findChildren(QTimer) if t.isActive() and t.isSingleShot()]
    return any(longest is None or timer.interval() <= longest for timer in waiting)


def window_rests(window: MainWindow) -> bool:
    """Whether the main window neither works nor is about to."""
    session = window.session
    return not (session.busy or _waits(window, LONGEST) or _waits(session, LONGEST))


def settled(window: MainWindow, qtbot: QtBot) -> None:
    """Wait until the gallery is scored and nothing of the window's own begins later."""
    qtbot.waitUntil(
        lambda: window.session.matrix is not None and window_rests(window), timeout=60_000
    )


def tool_rests(shown: ToolWindow) -> bool:
    """Whether a window neither works, in any of its jobs, nor is about to."""
    works = any(job.running for job in shown.findChildren(LatestJob))
    return not _waits(shown) and not works and not shown.session.busy


def score_probes(window: MainWindow, qtbot: QtBot, probes: Path, count: int = 4) -> None:
    """Open probes against the gallery of six, and wait for their scores."""
    session = window.session
    session.open_probes(probes)
    qtbot.waitUntil(
        lambda: (
            session.matrix is not None
            and session.matrix.scores.shape == (count, 6)
            and not session.busy
        ),
        timeout=60_000,
    )
