"""Lets the window be used at random for some time, and measures what must stay level."""

import faulthandler
import gc
import os
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Self

import psutil
from PySide6.QtCore import (
    QCoreApplication,
    QEvent,
    QEventLoop,
    QSettings,
    QTimer,
    qInstallMessageHandler,
)
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QInputDialog, QMessageBox

from core.gallery.pipeline_process import MakerProcess
from tests.soak.actions import TOOLS, Actions
from xcos_gui.shell.build import make_application, make_window
from xcos_gui.shell.window import MainWindow

BEAT = 20  # milliseconds between two looks at how late the event loop is
BLOCK = 0.5  # seconds that it may stand still, on a quiet machine
GROWTH = 1.05  # of the memory after the warm-up
LAZY = 4  # threads and windows that begin with their first use, however late that is
WARM = 0.4  # share of the time after which memory is measured
ROUND = 200  # actions between two measurements
PAUSES = (0.0, 0.0, 0.01, 0.05, 0.3)
NOISE = "This plugin does not support"  # what Qt says of its offscreen screen


@dataclass(frozen=True)
class Measured:
    """What must not grow: megabytes, and numbers of things."""

    at: float
    actions: int
    megabytes: float
    threads: int
    files: int
    widgets: int
    windows: int


@dataclass
class Found:
    """What came of a soak."""

    actions: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    details: dict[str, str] = field(default_factory=dict)
    blocks: list[tuple[float, str]] = field(default_factory=list)
    idle_while_busy: Counter[str] = field(default_factory=Counter)
    measured: list[Measured] = field(default_factory=list)
    settled: bool = True
    doing: str = "start"  # what goes wrong now is after this

    def objections(self, quiet: bool = True) -> list[str]:
        """What is not as it must be; quiet: the machine had nothing else to do."""
        said = [f"{count} times {key}" for key, count in self.errors.items()]
        said += [f"idle while busy after {name}" for name in self.idle_while_busy]
        if not self.settled:
            said.append("the window still works long after the end")
        if quiet:
            said += [f"{s:.2f} s without events at {name}" for s, name in self.blocks if s > BLOCK]
        if len(self.measured) > 3:
            first, last = self._warm()
            if last.megabytes > GROWTH * first.megabytes:
                said.append(f"memory grew from {first.megabytes:.0f} to {last.megabytes:.0f} MB")
            for name in ("threads", "windows"):
                if getattr(last, name) > getattr(first, name) + LAZY:
                    said.append(f"{name} grew: {getattr(first, name)}, {getattr(last, name)}")
        return said

    def _warm(self) -> tuple[Measured, Measured]:
        """The least after the warm-up and at the end: one gallery is larger than another."""
        warm = [m for m in self.measured if m.at >= WARM * self.measured[-1].at]
        third = max(1, len(warm) // 3)
        return _least(warm[:third]), _least(warm[-third:])


def _least(some: list[Measured]) -> Measured:
    names = Measured.__dataclass_fields__
    return Measured(*(min(getattr(m, name) for m in some) for name in names))


def soak(
    folder: Path,
    seed: int,
    seconds: float,
    actions: int | None = None,
    tell: Callable[[str], None] = lambda _: None,
    stacks: int = 0,
) -> Found:
    """Use a window for some seconds, or for so many actions, after all was opened once.

    stacks: an open file's number that takes what all threads do while the window does not answer
    """
    found = Found()
    app = make_application()
    store = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    store.setValue("runs", str(folder / "runs"))
    with _watched(found), closing(MakerProcess()) as elsewhere:
        window = make_window(app, store, folder / "cache.sqlite", "cpu", elsewhere.make)
        try:
            acting = Actions(window, folder / "files", Random(seed))
            _use(window, acting, _Beat(window, found, acting, stacks), seconds, actions, tell)
        finally:
            window.close()
            window.deleteLater()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return found


def _use(
    window: MainWindow,
    acting: Actions,
    beat: "_Beat",
    seconds: float,
    actions: int | None,
    tell: Callable[[str], None],
) -> None:
    session, found = window.session, beat.found
    session.idle.connect(
        lambda: found.idle_while_busy.update([acting.last] if session.busy else [])
    )
    session.message.connect(lambda text: _tell_unexpected(found, text, acting.last))
    window.show()
    session.set_model(None)
    for number in range(len(acting.galleries)):
        acting.open(number)
        spin(lambda: not session.busy, 120)
    for tool in TOOLS:
        window.show_tool(tool)
        spin(lambda: False, 0.2)
        window.tools[tool].close()
    acting.do_evaluation()
    acting.do_training()
    with beat:
        began = time.monotonic()
        while time.monotonic() - began < seconds and found.actions != actions:
            try:
                acting.act()
            except Exception:
                _note(found, *sys.exc_info())
            found.doing = acting.last
            spin(lambda: False, acting.rng.choice(PAUSES))
            found.actions += 1
            if found.actions % ROUND == 0:
                found.measured.append(_measure(time.monotonic() - began, found.actions, window))
                tell(str(found.measured[-1]))
                beat.leave_out()  # what the measuring took is not the program's
        window.commands.cancel()
        for shown in window.tools.values():
            shown.job.stop()
            shown.close()
        found.settled = spin(lambda: not session.busy, 120)
    found.measured.append(_measure(time.monotonic() - began, found.actions, window))
    acting.close()


def spin(done: Callable[[], bool], seconds: float) -> bool:
    """Let the window work until something is so, or the time is over; whether it is so."""
    end = time.monotonic() + seconds
    while True:
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, BEAT)
        if done():
            return True
        if time.monotonic() >= end:
            return False
        time.sleep(0.001)


def _measure(at: float, actions: int, window: MainWindow) -> Measured:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    process = psutil.Process()
    return Measured(
        round(at, 1),
        actions,
        round(process.memory_info().rss / 1e6),
        threading.active_count(),
        process.num_fds() if hasattr(process, "num_fds") else 0,
        len(QApplication.allWidgets()),
        len(QApplication.topLevelWidgets()),
    )


class _Beat:
    """Notes whenever the event loop stands still, and, where a file is given, what all threads did."""

    def __init__(self, window: MainWindow, found: Found, acting: Actions, stacks: int) -> None:
        self.found, self._acting, self._stacks = found, acting, stacks
        self._timer = QTimer(window, interval=BEAT)
        self._timer.timeout.connect(self._look)

    def __enter__(self) -> Self:
        self.leave_out()
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.stop()
        if self._stacks:
            faulthandler.cancel_dump_traceback_later()
        self.found.blocks.sort(reverse=True)

    def leave_out(self) -> None:
        """Count from now."""
        self._last = time.monotonic()
        if self._stacks:
            # In C and without the interpreter: frames asked for by another thread end the program.
            faulthandler.dump_traceback_later(BLOCK, file=self._stacks)

    def _look(self) -> None:
        stood = time.monotonic() - self._last
        if stood > BLOCK / 3:
            self.found.blocks.append((round(stood, 2), self._acting.last))
        if stood > BLOCK and self._stacks:
            os.write(self._stacks, f"-- {stood:.2f} s at {self._acting.last}\n\n".encode())
        self.leave_out()


@contextmanager
def _watched(found: Found) -> Iterator[None]:
    """Note every exception and Qt's complaints; dialogs answer at once with nothing."""

    def qt(mode: object, context: object, text: str) -> None:
        if NOISE not in text:
            found.errors[f"Qt: {text[:200]}"] += 1
            found.details.setdefault(f"Qt: {text[:200]}", f"after {found.doing}")

    hooks = sys.excepthook, threading.excepthook
    sys.excepthook = lambda *error: _note(found, *error)
    threading.excepthook = lambda a: _note(found, a.exc_type, a.exc_value, a.exc_traceback)
    before = qInstallMessageHandler(qt)
    answers = {
        (QFileDialog, "getOpenFileName"): ("", ""),
        (QFileDialog, "getOpenFileNames"): ([], ""),
        (QFileDialog, "getSaveFileName"): ("", ""),
        (QFileDialog, "getExistingDirectory"): "",
        (QInputDialog, "getText"): ("", False),
        (QInputDialog, "getMultiLineText"): ("", False),
        (QMessageBox, "question"): QMessageBox.StandardButton.No,
        (QDialog, "exec"): 0,
        (QMessageBox, "exec"): 0,
    }
    own = {place: getattr(*place) for place in answers}
    for (kind, name), answer in answers.items():
        setattr(kind, name, lambda *_, _answer=answer, **__: _answer)
    try:
        yield
    finally:
        for (kind, name), function in own.items():
            setattr(kind, name, function)
        qInstallMessageHandler(before)
        sys.excepthook, threading.excepthook = hooks


def _note(found: Found, kind: object, value: object, trace: object) -> None:
    lines = traceback.format_exception(kind, value, trace)  # type: ignore[call-overload]
    last = traceback.extract_tb(trace)[-1:]  # type: ignore[arg-type]
    where = "".join(f"{os.path.basename(frame.filename)}:{frame.name}" for frame in last)
    key = f"{getattr(kind, '__name__', kind)} in {where}"
    found.errors[key] += 1
    found.details.setdefault(key, f"after {found.doing}\n{''.join(lines)}")


def _tell_unexpected(found: Found, text: str, doing: str) -> None:
    if "Something went wrong" in text or "Traceback" in text:
        found.errors[text[:200]] += 1
        found.details.setdefault(text[:200], f"after {doing}")
