"""Background work that is all done, one piece after the other."""

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from core.workarounds import step_back


class InOrder(QObject):
    """Does work in a thread and goes on with its answers in the window's, in the order asked."""

    rested = Signal()
    _done = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(1, "xcos-in-order", step_back)
        self._waiting = 0
        self._closed = False
        self._done.connect(self._go_on, Qt.ConnectionType.QueuedConnection)

    @property
    def running(self) -> bool:
        """Whether anything was not answered yet."""
        return self._waiting > 0

    def do(
        self,
        work: Callable[[], Any],
        then: Callable[[Any], object],
        failed: Callable[[BaseException], None],
    ) -> None:
        """Work in the thread; then `then` gets the answer, or `failed` the exception."""
        if self._closed:
            return
        self._waiting += 1

        def run() -> None:
            try:
                answer, heard = work(), then
            except BaseException as error:
                answer, heard = error, failed
            with contextlib.suppress(RuntimeError):  # Qt's side is gone: nobody listens any more
                self._done.emit(heard, answer)

        self._pool.submit(run)

    def close(self) -> None:
        """End for good, once all that was asked for is done; nobody hears of it any more."""
        self._closed = True
        self._waiting = 0
        self._pool.shutdown(wait=True)

    def _go_on(self, heard: Callable[[Any], None], answer: Any) -> None:
        if not self._closed:
            self._waiting -= 1
            heard(answer)
            if not self._waiting:
                self.rested.emit()
