"""Making faces in a process of its own, so that the one that asks stays quick and small.

A network needs a gigabyte while it runs, and Python one thread at a time: in the window's own
process both would be felt.
"""

import signal
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from threading import Lock

from core.errors import Stopped, XCosError
from core.gallery.pipeline import FaceMaker, PhotoJob, PhotoResult, make_here
from core.progress import Task
from core.workarounds import give_back, keep_memory

LOOK_EVERY = 0.05  # seconds between two looks whether to stop
GRACE = 10.0  # seconds after a stop in which the process may still answer
KEPT_TO = 2500  # photos at once; after more, what is done with them needs the memory
STOP, END = "stop", "end"


class MakerProcess:
    """Starts at first use, and keeps its networks until it is closed."""

    def __init__(self) -> None:
        self._lock = Lock()  # it does one thing at a time
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    def make(
        self, maker: FaceMaker, wanted: Sequence[PhotoJob], task: Task
    ) -> Iterator[PhotoResult]:
        """What `make_here` makes. Raises Stopped, and XCosError, also when the process ended."""
        while not self._lock.acquire(timeout=LOOK_EVERY):  # another gallery is being loaded
            if task.stopped():
                raise Stopped("Loading the gallery")
        ended = False
        asked: float | None = None  # when
        try:
            with _end_told():
                pipe = self._started()
                pipe.send((maker, wanted))
            while not ended:
                with _end_told():
                    if asked is None and task.stopped():
                        pipe.send(STOP)
                        asked = time.monotonic()
                    answer = pipe.recv() if pipe.poll(LOOK_EVERY) else None
                if isinstance(answer, PhotoResult):
                    yield answer
                elif isinstance(answer, BaseException):
                    ended = True
                    raise answer
                elif answer == END:
                    ended = True
                elif asked is not None and time.monotonic() - asked > GRACE:
                    # It may be stuck, and who stopped it waits: a window could never be closed.
                    raise Stopped("Loading the gallery")
        finally:
            # Where the asking one has gone, what is still told would confuse the next one.
            if not ended or len(wanted) > KEPT_TO:
                self._end()
            self._lock.release()

    def close(self) -> None:
        """End the process, and free its memory; a later call starts another one."""
        with self._lock:
            self._end()

    def _started(self) -> Connection:
        if self._pipe is None or self._process is None or not self._process.is_alive():
            self._end()
            context = get_context("spawn")
            self._pipe, theirs = context.Pipe()
            process = context.Process(target=serve, args=(theirs,), daemon=True)
            process.start()
            self._process = process  # only now: one that never started cannot be ended
            theirs.close()
        return self._pipe

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None


@contextmanager
def _end_told() -> Iterator[None]:
    try:
        yield
    except (EOFError, OSError) as error:
        raise XCosError(
            "The process that computes features has ended, perhaps since the memory was full; "
            "close other programs and load the gallery again."
        ) from error


def serve(pipe: Connection) -> None:
    """What runs in the process: answers requests until the one that asks is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal is the window's
    keep_memory()
    _step_back()
    last: FaceMaker | None = None
    while True:
        try:
            request = pipe.recv()
            if request != STOP:  # that one came after the end
                last = _with_loaded(request[0], last)
                for photo_result in make_here(last, request[1], Task(stopped=pipe.poll)):
                    pipe.send(photo_result)
                pipe.send(END)
        except (EOFError, ConnectionError):
            return
        except BaseException as error:
            error.add_note(traceback.format_exc())  # it does not travel otherwise
            pipe.send(error)
        give_back()


def _with_loaded(maker: FaceMaker, last: FaceMaker | None) -> FaceMaker:
    """The same with the networks that the last one has loaded."""
    if last is None:
        return maker
    verifier, target = maker.verifier, maker.target
    if last.verifier.fingerprint == verifier.fingerprint:
        verifier = last.verifier
    if target is not None and last.target is not None:
        target = last.target if last.target.fingerprint == target.fingerprint else target
    return replace(maker, detector=last.detector, verifier=verifier, target=target)


def _step_back() -> None:
    """Let the window's process go first."""
    import psutil  # not in the window's own process

    lower = psutil.BELOW_NORMAL_PRIORITY_CLASS if sys.platform == "win32" else 5
    with suppress(psutil.Error, OSError):
        psutil.Process().nice(lower)
