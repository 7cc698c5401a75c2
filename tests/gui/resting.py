"""When a tool's window shows all that it will."""

from PySide6.QtCore import QTimer

from xcos_gui.state.jobs import LatestJob
from xcos_gui.widgets.tool_window import ToolWindow


def tool_rests(shown: ToolWindow) -> bool:
    """Whether a window neither works, in any of its jobs, nor is about to."""
    waits = any(timer.isActive() and timer.isSingleShot() for timer in shown.findChildren(QTimer))
    works = any(job.running for job in shown.findChildren(LatestJob))
    return not waits and not works and not shown.session.busy
