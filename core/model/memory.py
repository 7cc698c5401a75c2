"""Keeping glibc from giving large buffers back after every layer."""

import contextlib
import ctypes
import platform
import sys

# Numbers of <malloc.h>.
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX, M_ARENA_MAX = -1, -2, -4, -8
LARGEST_INT = 2**31 - 1
TOP_PAD = 2**28


def keep_memory() -> bool:
    """Let this process keep freed memory for its next layer; True where that took effect.

    CPU inference otherwise spends much of its time in page faults. Linux with glibc only;
    elsewhere nothing happens. `benchmarks/malloc.py` measures what it brings.
    """
    if not sys.platform.startswith("linux") or platform.libc_ver()[0] != "glibc":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    settings = (
        (M_MMAP_MAX, 0),
        (M_TRIM_THRESHOLD, LARGEST_INT),
        (M_TOP_PAD, TOP_PAD),
        (M_ARENA_MAX, 1),
    )
    taken = [mallopt(name, value) == 1 for name, value in settings]
    return all(taken)


def give_back() -> None:
    """Return freed memory to the system, after work that needed much and before such of another kind."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)
