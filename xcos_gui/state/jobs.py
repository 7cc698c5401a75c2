"""Background work of which only the newest request counts."""

import contextlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from PySide6.QtCore import QObject, Qt, Signal

from core.progress import Progress, StopAsked, Task
from core.workarounds import give_back, step_back

REPORTS_PER_SECOND = 8  # each lays out a part of a window anew
ASKS_PER_SECOND = 40  # whether the window is free
GIVES_WAY = 0.5  # seconds at most that work waits for the window to be free
MOST = 2**31 - 1  # that Qt's numbers take: pairs of 50,000 faces are more
LONG = 0.5  # seconds of work after which the memory that it needed goes back to the system


class Running(Task):
    """A task whose work may also answer in parts; it touches no widget."""

    def __init__(
        self, report: Progress, stopped: StopAsked, partial: Callable[[object], None]
    ) -> None:
        super().__init__(report, stopped)
        self.partial = partial


Work = Callable[[Running], object]


class LatestJob(QObject):
    """Runs one piece of work at a time in a thread; starting another one ends the first early.

    All signals arrive in the thread that made the job, and only for the newest work. Where work asks
    whether it shall stop, it waits until that thread has nothing to do: both would take turns at
    Python's lock, and a click would last several times as long.
    """

    progress = Signal(str, int, int)
    partial = Signal(object)
    finished = Signal(object)
    failed = Signal(object)
    rested = Signal()  # nothing runs any more, after who listens to its end has heard of it
    _reply = Signal(int, str, tuple)
    _asks = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(1, "xcos", step_back)
        self._stop, self._free = Event(), Event()
        self._newest = 0
        self._running = self._closed = False
        self._reply.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._asks.connect(self._answer, Qt.ConnectionType.QueuedConnection)

    @property
    def running(self) -> bool:
        """Whether the newest work has not answered yet."""
        return self._running

    @property
    def stopping(self) -> bool:
        """Whether the newest work was asked to end, and has not yet."""
        return self._running and self._stop.is_set()

    def start(self, work: Work) -> None:
        """Run `work` in the background; whatever ran before is stopped and its answer dropped."""
        self.stop()
        if self._closed:
            return
        self._stop = Event()
        self._newest += 1
        self._running = True
        stop, job = self._stop, self._newest

        def run() -> None:
            if job != self._newest:
                return
            running = Running(
                _sparing(lambda *values: self._send(job, "progress", values)),
                self._giving_way(stop),
                lambda value: self._send(job, "partial", (value,)),
            )
            began = time.monotonic()
            try:
                answer = work(running)
            except BaseException as error:
                self._send(job, "failed", (error,))
            else:
                self._send(job, "finished", (answer,))
            if time.monotonic() - began > LONG:
                give_back()

        self._pool.submit(run)

    def stop(self) -> None:
        """Ask the work to end early; its answer still arrives."""
        self._stop.set()
        self._free.set()

    def drop(self) -> None:
        """Ask the work to end early, and never hear of it again."""
        self.stop()
        self._newest += 1
        if self._running:
            self._running = False
            self.rested.emit()

    def close(self) -> None:
        """End for good; returns once the thread is gone."""
        self.drop()
        self._closed = True
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _giving_way(self, stop: Event) -> StopAsked:
        """Whether it is to stop, told once the window has nothing to do."""
        last = time.monotonic()

        def stopped() -> bool:
            nonlocal last
            if not stop.is_set() and time.monotonic() - last >= 1 / ASKS_PER_SECOND:
                self._free = free = Event()
                with contextlib.suppress(RuntimeError):  # Qt's side is gone
                    self._asks.emit(free)
                    if not stop.is_set():
                        free.wait(GIVES_WAY)
                last = time.monotonic()
            return stop.is_set()

        return stopped

    def _send(self, job: int, name: str, values: tuple[object, ...]) -> None:
        with contextlib.suppress(RuntimeError):  # Qt's side is gone: nobody listens any more
            self._reply.emit(job, name, values)

    def _answer(self, free: Event) -> None:
        free.set()

    def _deliver(self, job: int, name: str, values: tuple[object, ...]) -> None:
        if job != self._newest:
            return
        if name in ("finished", "failed"):
            self._running = False
        getattr(self, name).emit(*values)
        if name in ("finished", "failed") and not self._running:
            self.rested.emit()


def _sparing(report: Progress) -> Progress:
    """Pass on so few reports that the window's event queue never fills."""
    last_what, last_time = "", 0.0

    def spare(what: str, done: int, total: int) -> None:
        nonlocal last_what, last_time
        now = time.monotonic()
        if what != last_what or done == total or now - last_time >= 1 / REPORTS_PER_SECOND:
            last_what, last_time = what, now
            times = total // MOST + 1
            report(what, done // times, total // times)

    return spare
