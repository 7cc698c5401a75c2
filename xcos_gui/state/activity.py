"""Whether anything runs: one count for all who want to know."""

from typing import Protocol

from PySide6.QtCore import QObject, QTimer, Signal, SignalInstance

from xcos_gui.state.jobs import LatestJob


class Runner(Protocol):
    """Background work."""

    rested: SignalInstance

    @property
    def running(self) -> bool: ...


class Activity(QObject):
    """The background work that the main window shows, and when all of it has ended."""

    progress = Signal(str, int, int)
    idle = Signal()  # only ever said while nothing runs

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runners: list[Runner] = []
        self._look = QTimer(self, singleShot=True, interval=0)
        self._look.timeout.connect(self._on_look)

    @property
    def busy(self) -> bool:
        """Whether anything runs."""
        return any(runner.running for runner in self._runners)

    def count(self, runner: Runner) -> None:
        """Count work from now on."""
        self._runners.append(runner)
        runner.rested.connect(self._look.start)  # what its end starts comes first

    def job(self, parent: QObject) -> LatestJob:
        """A new job that counts, and whose progress is shown."""
        job = LatestJob(parent)
        job.progress.connect(self.progress)
        self.count(job)
        return job

    def _on_look(self) -> None:
        if not self.busy:
            self.idle.emit()
