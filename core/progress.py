"""How long work tells where it stands and learns that it shall stop."""

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many are done and how many there are (0: unknown)."""

StopAsked = Callable[[], bool]
"""True once the user wants the work to end."""


def silent(what: str, done: int, total: int) -> None:
    """A Progress that goes nowhere."""


def never() -> bool:
    """A StopAsked that lets the work run to its end."""
    return False


class Task:
    """What long work is given: where to tell how far it is, and whether it shall stop."""

    def __init__(self, report: Progress = silent, stopped: StopAsked = never) -> None:
        self.report, self.stopped = report, stopped

    def quiet(self) -> "Task":
        """A part of the work that tells nothing and stops with the whole."""
        return Task(stopped=self.stopped)


QUIET = Task()


def duration(seconds: float) -> str:
    """Seconds in words: 12 s, 3 min, 1.5 h, 2.5 days."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.1f} days"
