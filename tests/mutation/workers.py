"""Run tests on mutants, each worker in a copy of the tree, each run in a forked process.

The fork starts with the heavy libraries loaded, which takes longer than most tests.
"""

import contextlib
import importlib
import os
import queue
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.mutation.operators import Mutant

LIBRARIES = (
    "pytest", "hypothesis", "numpy", "scipy.stats", "PIL.Image", "torch", "torchvision", "sklearn",
    "matplotlib.figure", "safetensors", "lightning_fabric",
)  # fmt: skip
NOT_RUN = 99  # the exit code where pytest itself broke down: nothing was noticed
PASSED = (0, 5, NOT_RUN)  # 5: all test files of a group skip themselves
# A run counts as hung, and so as noticed, after so many seconds of the processor beyond its budget
# (an endless loop), or of the clock, which other work may slow down (an endless wait).
SLACK, WAITED = 60, 300
LAW_BUDGET = 120.0  # seconds of the processor for LAWS, whatever the rest has taken
# How many of the likeliest tests run first, and how many next: collecting all takes longer than those.
GROUPS = (6, 18)
# Read the whole source, so that no import and no line tells what they are about; they come last.
LAWS = ["tests/test_handed_on.py", "tests/test_thresholds.py"]
# What a test says that waited in vain: as a busy machine may be the reason, it has to say so twice.
TIMED = re.compile(r"timed? ?out|not emitted", re.IGNORECASE)


@dataclass(frozen=True)
class Result:
    """What the tests said of a mutant; tests: how many it had, killer: the first that failed."""

    mutant: Mutant
    survived: bool
    tests: int
    killer: str
    seconds: float


def outcomes(
    root: Path, jobs: list[tuple[Mutant, list[str]]], workers: int, budget: float
) -> Iterator[Result]:
    """Results in the order in which they come."""
    for name in LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    waiting: queue.Queue[tuple[Mutant, list[str]]] = queue.Queue()
    for job in jobs:
        waiting.put(job)
    done: queue.Queue[Result | BaseException] = queue.Queue()
    with tempfile.TemporaryDirectory(prefix="xcos-mutation-") as place:
        for number in range(workers):
            copy = Path(place) / str(number) / root.name
            _copy(root, copy)
            threading.Thread(target=_work, args=(copy, waiting, done, budget), daemon=True).start()
        for _ in jobs:
            result = done.get()
            if isinstance(result, BaseException):
                raise result
            yield result


def _work(copy: Path, waiting: queue.Queue, done: queue.Queue, budget: float) -> None:
    while True:
        try:
            mutant, tests = waiting.get_nowait()
        except queue.Empty:
            return
        try:
            done.put(_run(copy, mutant, tests, budget))
        except BaseException as error:
            done.put(error)
            return


def _run(copy: Path, mutant: Mutant, tests: list[str], budget: float) -> Result:
    changed = copy / mutant.file
    original, started = changed.read_text(), time.monotonic()
    log = copy.parent / "log.txt"
    log.write_text("")
    # Python takes bytecode for fresh by its second and size, which a mutant may share.
    for compiled in (changed.parent / "__pycache__").glob(f"{changed.stem}.*"):
        compiled.unlink()
    changed.write_text(mutant.source)
    try:
        code = _noticed(copy, tests, log, budget)
    finally:
        changed.write_text(original)
        for compiled in (changed.parent / "__pycache__").glob(f"{changed.stem}.*"):
            compiled.unlink()
    failed = [line for line in log.read_text().splitlines() if line.startswith(("FAILED", "ERROR"))]
    killer = failed[0].split(" - ")[0] if failed else f"exit {code}"
    return Result(mutant, code in PASSED, len(tests), killer, time.monotonic() - started)


def _noticed(copy: Path, tests: list[str], log: Path, budget: float) -> int:
    """The exit code of the first group of tests that fails, twice where only for its clock; else 0."""
    first, second = GROUPS[0], sum(GROUPS)
    for group in (tests[:first], tests[first:second], tests[second:], LAWS):
        if group is LAWS:
            budget = LAW_BUDGET
        elif not group or budget <= 0:
            continue
        code, seconds = _forked(copy, group, log, budget)
        if code not in PASSED and (code == -1 or TIMED.search(log.read_text())):
            code, _ = _forked(copy, group, log, budget)
        if code not in PASSED:
            return code
        budget -= seconds
    return 0


def _forked(copy: Path, tests: list[str], log: Path, budget: float) -> tuple[int, float]:
    """The exit code of pytest over some tests, -1 where it did not end in time, and seconds of CPU."""
    child = os.fork()
    if child == 0:
        try:
            os.setpgid(0, 0)  # not a session of its own, which would be scheduled for itself
            limit = int(budget) + SLACK
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
            _pytest(copy, tests, log, budget)
        finally:
            os._exit(NOT_RUN)
    end = time.monotonic() + budget + WAITED
    while time.monotonic() < end:
        ended, status, used = os.wait4(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -1, budget


def _pytest(copy: Path, tests: list[str], log: Path, budget: float) -> None:
    with log.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    # Python's own streams may hold what the parent had not written yet.
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
    for name in [n for n in sys.modules if n.split(".")[0] in ("tests", "core", "xcos_gui")]:
        del sys.modules[name]
    os.chdir(copy)
    sys.path[:] = [str(copy), *(p for p in sys.path if p and Path(p) != Path(p).parent)]
    os.environ |= {"PYTHONPATH": str(copy), "QT_QPA_PLATFORM": "offscreen", "FEATURES_HERE": "1"}
    import pytest

    watch = _Watch(budget)
    given = ["-x", "-q", "--tb=line", "-n0", "-p", "no:cacheprovider", *tests]
    code = pytest.main(given, plugins=[watch])
    sys.stdout.flush()
    os._exit(0 if code == 2 and watch.ended else int(code))


class _Watch:
    """A pytest plugin that ends a run when its time is over; of the processor, which may be shared."""

    def __init__(self, budget: float) -> None:
        self._end, self.ended = time.process_time() + budget, False

    def pytest_runtest_protocol(self, item: Any) -> None:
        if time.process_time() > self._end:
            self.ended = True
            item.session.shouldstop = "the time is over"


def _copy(root: Path, copy: Path) -> None:
    """What git knows of and what is new; weights and resources are linked, not copied."""
    command = ["git", "ls-files", "-co", "--exclude-standard"]
    names = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    linked = ("weights", "resources")
    for name in names.splitlines():
        if name.split("/")[0] not in linked and (root / name).exists():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, copy / name)
    for name in linked:
        (copy / name).symlink_to(root / name)
