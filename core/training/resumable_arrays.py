"""Arrays that fill over hours on the disk, and go on where a kill left them."""

import shutil
from pathlib import Path

import numpy as np

from core.errors import XCosError
from core.files import written_whole


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


def counted(marker: Path) -> int:
    """How many rows were filled; 0 where nothing says so."""
    try:
        return max(0, int(marker.read_text(encoding="utf-8")))
    except (OSError, ValueError):
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
