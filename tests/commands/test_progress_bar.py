"""Progress in a terminal."""

import os
import re
import subprocess
import sys

import pytest

pty = pytest.importorskip("pty", reason="pseudo-terminals are Unix's")

CODE = """
from core.commands.shared import ProgressBar
bar = ProgressBar()
bar.report("Trying every patch", 0, 30)
bar.report("Trying every patch", 12, 30)
bar.report("Trying every patch", 17, 30)
bar.report("Trying every patch", 29, 30)
bar.close()
"""


def test_a_terminal_that_says_it_has_no_size_shows_progress_too() -> None:
    terminal, its_end = pty.openpty()
    every = os.environ | {
        "TQDM_MININTERVAL": "0",
        "TQDM_MINITERS": "1",
    }  # each number is shown, however soon it comes
    with subprocess.Popen(
        [sys.executable, "-c", CODE], stdout=its_end, stderr=its_end, env=every
    ) as child:
        os.close(its_end)
        shown = everything(terminal)
    assert child.returncode == 0
    numbers = [int(done) for done in re.findall(rb"(\d+)/30", shown)]
    assert b"Trying every patch" in shown and [*dict.fromkeys(numbers)] == [0, 12, 17, 29]


def everything(terminal: int) -> bytes:
    """What is written until the other side is closed."""
    shown = b""
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # how Linux says that the other side is closed
            break
        if not part:
            break
        shown += part
    os.close(terminal)
    return shown
