"""Writing files whole or not at all."""

import contextlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from core.errors import XCosError

PART = re.compile(r"\.xcos-(\d+)-[0-9a-f]{16}\.part")
ABANDONED = 60  # seconds without a write after which a dead process's part is removed


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A file beside `path` to write to; moved there at the end, removed after any failure.

    Its name cannot be foretold and it is made anew, so that no link leads the writing elsewhere.
    A file that is replaced hands its permissions on. Raises OSError.
    """
    _sweep(path.parent)
    part = _fresh(path.parent)
    mode = path.stat().st_mode & 0o777 if path.is_file() else None
    try:
        part.touch(exist_ok=False)
        if mode is not None:
            _allow(part, mode | 0o200)
        yield part
        if mode is not None:
            _allow(part, mode)
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise


@contextmanager
def folder_written_whole(path: Path) -> Iterator[Path]:
    """The same of a folder that is not there yet, or is empty. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = _fresh(path.parent)
    try:
        part.mkdir()
        yield part
        if path.exists():
            path.rmdir()
        part.rename(path)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def kept_aside(path: Path, content: bytes) -> Path:
    """Keep a damaged file's content beside it as NAME.damaged.SUFFIX; where.

    An earlier one with other content is kept under a number. Raises OSError.
    """
    kept, number = path.with_suffix(f".damaged{path.suffix}"), 2
    if kept.exists():
        if kept.read_bytes() == content:
            return kept
        while (other := path.with_suffix(f".damaged-{number}{path.suffix}")).exists():
            number += 1
        os.replace(kept, other)
    with written_whole(kept) as part:
        part.write_bytes(content)
    return kept


def _fresh(folder: Path) -> Path:
    return folder / f".xcos-{os.getpid()}-{secrets.token_hex(8)}.part"


def _allow(path: Path, mode: int) -> None:
    with contextlib.suppress(OSError):  # some disks know no permissions
        path.chmod(mode)


def _runs(process: int) -> bool:
    import psutil  # a fiftieth of the window's start, and hardly ever needed

    with contextlib.suppress(psutil.Error):
        return psutil.pid_exists(process)
    return True


@lru_cache(1024)
def _sweep(folder: Path) -> None:
    """Remove what killed processes left of their writing; once a folder and process."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            named = PART.fullmatch(entry.name)
            if named and not _runs(int(named[1])):
                info = entry.stat(follow_symlinks=False)
                if entry.is_file(follow_symlinks=False) and time.time() - info.st_mtime > ABANDONED:
                    os.unlink(entry.path)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file beside its place and move it there. Raises XCosError when the disk refuses."""
    try:
        with written_whole(path) as part:
            part.write_bytes(content)
    except OSError as error:
        raise XCosError(
            f"{path} cannot be written: {error.strerror or error}; choose another place."
        ) from error


def named_path(text: str) -> Path:
    """A path as somebody typed it, ~ being their folder. Raises XCosError for no such user's."""
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise XCosError(f"{text} is the folder of no user here; name it whole.") from error


def refuse_form(path: Path, forms: Sequence[str]) -> None:
    """Raise XCosError for a file whose ending, in capitals or not, is none of the forms."""
    if path.suffix.lower() not in forms:
        listed = " or ".join(forms) if len(forms) < 3 else f"one of {', '.join(forms)}"
        raise XCosError(f"{path} must end in {listed}; choose another name.")


def refuse_overwriting(output: Path, *sources: Path | None) -> None:
    """Raise XCosError when a result would replace a file that it is made from."""
    for source in sources:
        if source and output.is_file() and source.is_file() and output.samefile(source):
            raise XCosError(f"{output} would be replaced by the result; choose another name.")
