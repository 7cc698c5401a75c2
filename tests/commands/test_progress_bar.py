"""Progress in a terminal."""

import os
import sys

import pytest

pty = pytest.importorskip("pty", reason="pseudo-terminals are Unix's")

CODE = """
from core.commands.shared import ProgressBar
bar = ProgressBar()
bar.report("Trying every patch", 0, 30)
bar.report("Trying every patch", 12, 30)
bar.close()
"""


def test_a_terminal_that_says_it_has_no_size_shows_progress_too() -> None:
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-c", CODE])
    shown = b""
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # how Linux says that the other side is closed
            break
        if not part:
            break
        shown += part
    assert os.waitpid(child, 0)[1] == 0
    assert b"Trying every patch" in shown and b"0/30" in shown
