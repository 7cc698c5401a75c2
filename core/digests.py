"""SHA-256 of large files, once for each state of a file."""

import hashlib
import os
from pathlib import Path

_State = tuple[str, int, int, int]  # path, bytes, and when content and entry changed last
_known: dict[_State, str] = {}


def file_digest(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes; kept by its path, size and times.

    Raises OSError for a file that cannot be read.
    """
    with open(path, "rb") as file:
        state = _state(path, os.fstat(file.fileno()))
        if state not in _known:
            _known[state] = hashlib.file_digest(file, "sha256").hexdigest()
        return _known[state]


def digest_is_known(path: Path) -> bool:
    """Whether `file_digest` would answer without reading the file."""
    try:
        return _state(path, os.stat(path)) in _known
    except OSError:
        return False


def _state(path: Path, stat: os.stat_result) -> _State:
    return os.path.abspath(path), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns
