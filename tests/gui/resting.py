"""When a tool's window shows all that it will, and when probes are scored."""

from pathlib import Path

from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from xcos_gui.shell.window import MainWindow
from xcos_gui.state.jobs import LatestJob
from xcos_gui.widgets.tool_window import ToolWindow


def tool_rests(shown: ToolWindow) -> bool:
    """Whether a window neither works, in any of its jobs, nor is about to."""
    waits = any(timer.isActive() and timer.isSingleShot() for timer in shown.findChildren(QTimer))
    works = any(job.running for job in shown.findChildren(LatestJob))
    return not waits and not works and not shown.session.busy


def score_probes(window: MainWindow, qtbot: QtBot, probes: Path) -> None:
    """Open the four probes against the gallery of six, and wait for their scores."""
    session = window.session
    session.open_probes(probes)
    qtbot.waitUntil(
        lambda: (
            session.matrix is not None
            and session.matrix.scores.shape == (4, 6)
            and not session.busy
        ),
        timeout=60_000,
    )
