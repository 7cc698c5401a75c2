"""Standard output and errors as commands need them, whatever the shell made of them."""

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.errors import shown

CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))
            if chr(code) not in "\n\r\t"}  # fmt: skip


class _Terminal:
    """A terminal to which no name can send control sequences."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write text, control characters as escapes."""
        self._stream.write(text.translate(CONTROLS))
        return len(text)


@contextlib.contextmanager
def ready_streams() -> Iterator[None]:
    """Both streams open, with every name writable, and without control characters on a terminal."""
    before = sys.stdout, sys.stderr
    with contextlib.ExitStack() as opened:
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if stream is None:  # closed by the shell: >&-
                nowhere = opened.enter_context(open(os.devnull, "w", encoding="utf-8"))
                setattr(sys, name, nowhere)
                continue
            if isinstance(stream, io.TextIOWrapper):  # a console may lack a name's characters
                stream.reconfigure(errors="backslashreplace")
            if stream.isatty():
                setattr(sys, name, _Terminal(stream))
        try:
            yield
        finally:
            sys.stdout, sys.stderr = before


def leave_stdout() -> None:
    """Write no more to stdout: a flush at exit must not complain again of what was told."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def os_sentence(error: OSError) -> str:
    """What the system refused, of which file, and the way out."""
    why = error.strerror or str(error)
    if error.filename is None:
        return f"What is printed, or the working folder, cannot be used: {why}; use another place."
    name = Path(os.fsdecode(error.filename)).name or error.filename
    return f"{shown(name)} cannot be used: {why}; give it another name or place."
