"""Runs a reader on mutated files, and tells what is no answer and no sentence either.

A result or an XCosError that names the file in one sentence is right. Any other exception, a
result that is wrong (non-finite, misshapen), more than LIMIT seconds of CPU or MEMORY bytes is a fault.
"""

import math
import re
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import psutil

from core.errors import XCosError

LIMIT = 20  # seconds of CPU a file
WAITING = 10 * LIMIT  # seconds by the clock: other work may take most of the machine
MEMORY = 1 << 30  # bytes that one file may make the process grow
LONGEST = 600  # characters of a sentence


class Hang(BaseException):
    """A reader did not come back."""


class Wrong(Exception):
    """A reader gave a result that cannot be right."""


class Reader:
    """One kind of file: how a damaged one is made, and how it is read.

    name:  as it is called on the command line
    quick: files in the suite's short run, about a second's worth
    names: whether its sentences name the file
    """

    name = ""
    quick = 100
    names = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "x"

    def mutant(self, rng: Random) -> bytes:
        """The bytes of a damaged file."""
        raise NotImplementedError

    def place(self, data: bytes) -> None:
        """Put a damaged file where `read` finds it."""
        self.path.write_bytes(data)

    def read(self) -> None:
        """Read what was placed, and use it. Raises XCosError; Wrong for what cannot be right."""
        raise NotImplementedError


@dataclass
class Fault:
    """One kind of fault: how often it came, its smallest file, and its traceback."""

    count: int = 0
    data: bytes = b""
    told: str = ""


@dataclass
class Outcome:
    """What came of a run."""

    read: int = 0
    refused: int = 0
    slowest: float = 0.0
    faults: dict[str, Fault] = field(default_factory=dict)


def fuzz(
    reader: Reader,
    seed: int,
    seconds: float = math.inf,
    cases: float = math.inf,
    tried: Path | None = None,
) -> Outcome:
    """Read mutants until the time or the number is used up.

    tried: a file that always holds the mutant being read, for a process that may not survive it
    """
    rng, outcome = Random(f"{reader.name} {seed}"), Outcome()
    began, number = time.monotonic(), 0
    while number < cases and time.monotonic() - began < seconds:
        number += 1
        data = reader.mutant(rng)
        if tried is not None:
            tried.write_bytes(data)
        reader.place(data)
        _try(reader, data, outcome)
    return outcome


def _try(reader: Reader, data: bytes, outcome: Outcome) -> None:
    before, began = psutil.Process().memory_info().rss, time.monotonic()
    kind, told = "", ""
    try:
        with _limited():
            reader.read()
        outcome.read += 1
    except XCosError as error:
        outcome.refused += 1
        kind = told = _objection(reader, str(error))
    except Hang:
        kind, told = f"hang in {_where()}", traceback.format_exc()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        kind, told = f"{type(error).__name__} in {_where()}", traceback.format_exc()
        if isinstance(error, Wrong):
            kind = f"wrong: {error}"
    outcome.slowest = max(outcome.slowest, time.monotonic() - began)
    if not kind and psutil.Process().memory_info().rss - before > MEMORY:
        kind = told = "memory"
    if kind:
        known = outcome.faults.setdefault(kind, Fault())
        if not known.count or len(data) < len(known.data):
            known.data, known.told = data, told
        known.count += 1


def _objection(reader: Reader, sentence: str) -> str:
    """What is wrong with a sentence, or nothing."""
    shape = re.sub(r"\d+", "N", re.sub(r"'[^']*'|/\S+", "…", sentence))[:60]
    if reader.names and str(reader.path) not in sentence and reader.path.name not in sentence:
        return f"unnamed: {shape}"
    if len(sentence) > LONGEST:
        return f"long: {shape}"
    return f"lines: {shape}" if "\n" in sentence.strip() else ""


@contextmanager
def _limited() -> Iterator[None]:
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    def ended(*_: object) -> None:
        raise Hang

    before = {kind: signal.signal(kind, ended) for kind in (signal.SIGALRM, signal.SIGPROF)}
    signal.alarm(WAITING)
    signal.setitimer(signal.ITIMER_PROF, LIMIT)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.setitimer(signal.ITIMER_PROF, 0)
        for kind, handler in before.items():
            signal.signal(kind, handler)


def _where() -> str:
    """The last function of ours that an exception went through; lines would move."""
    frames = traceback.extract_tb(sys.exc_info()[2])
    ours = [f for f in frames if "core" in Path(f.filename).parts and "tests" not in f.filename]
    last = (ours or frames)[-1]
    return f"{Path(last.filename).name}:{last.name}"
