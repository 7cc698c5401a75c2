"""Whether a GPU may be there, asked without torch, whose import takes a second or more."""

import ctypes
import os
import platform
import sys
from functools import cache


@cache
def gpu_may_be_there() -> bool:
    """False where torch would surely find no GPU: no driver of NVIDIA, AMD or Apple silicon."""
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    if os.path.exists("/dev/kfd"):  # AMD's
        return True
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True
