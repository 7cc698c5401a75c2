"""Arrays that fill over hours on the disk, and go on where a kill left them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from core.errors import Stopped, XCosError
from core.files import written_whole
from core.progress import Task


def new_array(path: Path, dtype: type, shape: tuple[int, ...]) -> np.ndarray:
    """A memory-mapped .npy file. Raises XCosError where the disk has no room for it.

    A full disk would end the process by a signal once a page of the map is written.
    """
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    try:
        free = shutil.disk_usage(path.parent).free
        if size < free:
            return np.lib.format.open_memmap(path, "w+", dtype, shape)
    except OSError as error:
        raise XCosError(
            f"{path} cannot be written: {error.strerror}; choose another data.cache."
        ) from error
    raise XCosError(
        f"The disk has {free / 1e9:.1f} GB free, but {path} needs {size / 1e9:.1f} GB; make room or "
        "choose another data.cache."
    )


@contextmanager
def prepared_alone(folder: Path, task: Task) -> Iterator[None]:
    """One run at a time fills a folder of such arrays; others wait. Raises XCosError, Stopped."""
    from filelock import FileLock, Timeout

    lock = FileLock(folder.with_suffix(".lock"))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        while not lock.is_locked:
            try:
                lock.acquire(timeout=1)
            except Timeout:
                task.report("Waiting for another run that prepares the same faces", 0, 0)
                if task.stopped():
                    raise Stopped("Waiting") from None
    except OSError as error:
        raise XCosError(
            f"{folder.parent} cannot be written: {error.strerror}; choose another data.cache."
        ) from error
    try:
        yield
    finally:
        lock.release()


def counted(marker: Path, *arrays: Path) -> int:
    """How many rows of the arrays were filled; 0 where nothing says so, or one cannot be read."""
    try:
        for array in arrays:
            np.load(array, mmap_mode="r")
        return max(0, int(marker.read_text(encoding="utf-8")))
    except (OSError, ValueError, EOFError):
        return 0


def count_up(marker: Path, count: int) -> None:
    """Note how many rows are filled. Raises XCosError."""
    try:
        with written_whole(marker) as part:
            part.write_text(str(count), encoding="utf-8")
    except OSError as error:
        raise XCosError(
            f"{marker} cannot be written: {error.strerror}; make room or choose another data.cache."
        ) from error
