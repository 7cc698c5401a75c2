"""Hashing weights beside the window's thread."""

import contextlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal

from core.digests import digest_is_known, file_digest


class Digesting(QObject):
    """Goes on in the window's thread once files are hashed, in the order of the requests."""

    rested = Signal()
    _hashed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="xcos-digest")
        self._waiting = 0
        self._closed = False
        self._hashed.connect(self._go_on, Qt.ConnectionType.QueuedConnection)

    @property
    def running(self) -> bool:
        """Whether anybody waits for a file's hash."""
        return self._waiting > 0

    def after(self, files: Iterable[Path | None], then: Callable[[], None]) -> None:
        """Call `then` when the files are hashed: at once where they are, and nobody waits."""
        unknown = [file for file in files if file is not None and not digest_is_known(file)]
        if self._closed:
            return
        if not unknown and not self._waiting:
            then()
            return
        self._waiting += 1

        def work() -> None:
            for file in unknown:
                with contextlib.suppress(OSError):  # told by who reads it
                    file_digest(file)
            with contextlib.suppress(RuntimeError):  # Qt's side is gone: nobody listens any more
                self._hashed.emit(then)

        self._pool.submit(work)

    def close(self) -> None:
        """End for good; returns once the thread is gone."""
        self._closed = True
        self._waiting = 0
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _go_on(self, then: Callable[[], None]) -> None:
        if not self._closed:
            self._waiting -= 1
            then()
            if not self._waiting:
                self.rested.emit()
