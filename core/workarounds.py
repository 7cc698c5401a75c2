"""Everything that makes up for a fault or a habit of something below us, and what would end it."""

import contextlib
import ctypes
import gc
import importlib
import os
import platform
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

# Numbers of <malloc.h>.
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX, M_ARENA_MAX = -1, -2, -4, -8
LARGEST_INT = 2**31 - 1
TOP_PAD = 2**28
SWITCH = 0.0005  # seconds
NICER, BELOW_NORMAL = 5, -1  # how far a thread steps back, on Linux and on Windows
MODULES = 20  # imported since, after which what is there is set aside again
SSIZE = ctypes.sizeof(ctypes.c_ssize_t)


def keep_memory() -> bool:
    """Let this process keep freed memory for its next layer; True where that took effect.

    glibc gives large buffers back after every layer, and CPU inference then spends much of its time
    in page faults. Linux with glibc only; elsewhere nothing happens. `benchmarks/malloc.py`
    measures what it brings.
    Ends when torch's CPU allocator keeps its buffers; up to 2.14 it does not.
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
    """Return freed memory to the system, after work that needed much and before such of another kind.

    Ends with keep_memory, whose other side it is.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)


@cache
def quiet_libtiff() -> bool:
    """Keep libtiff from writing to stderr what is wrong with a file; True where it is found.

    The libraries of Pillow's wheels for Linux and macOS; elsewhere nothing happens.
    Ends when Pillow takes what libtiff says itself; up to 12.3 it does not.
    """
    from PIL import Image

    home = Path(Image.__file__).parent
    places = (home.parent / "pillow.libs", home / ".dylibs")
    for library in (path for place in places for path in place.glob("libtiff*")):
        with contextlib.suppress(OSError, AttributeError):
            tiff = ctypes.CDLL(str(library))
            for setter in (tiff.TIFFSetErrorHandler, tiff.TIFFSetWarningHandler):
                setter.restype = ctypes.c_void_p
                setter(None)
            return True
    return False


@cache
def gpu_may_be_there() -> bool:
    """False where torch would surely find no GPU: no driver of NVIDIA, AMD or Apple silicon.

    Asked without torch, whose import takes a second or more. Ends when torch is imported in less.
    """
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    if os.path.exists("/dev/kfd"):  # AMD's
        return True
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def keep_constants() -> None:
    """Keep None, True and False alive under PySide.

    PySide 6.12's methods lose a reference to them at each call that answers with one, which ends
    the program after some thousands of calls where they are not immortal.
    Ends with Python 3.11: from 3.12 on they are.
    """
    if sys.version_info < (3, 12) and sys.implementation.name == "cpython":
        for constant in (None, True, False):
            ctypes.c_ssize_t.from_address(id(constant)).value += 1 << (8 * SSIZE - 24)


def step_back() -> None:
    """Let the window's thread go before the calling one, and before the threads that it starts.

    With two cores and four threads at work each thread waits for half of the time, the window's among
    them. Linux and Windows; a Mac knows classes of threads that are not to be had from Python.
    Ends when a thread's priority can be said where it is started.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.nice(NICER)  # on Linux of the calling thread alone
    elif sys.platform == "win32":
        kernel = ctypes.windll.kernel32
        kernel.SetThreadPriority(ctypes.c_void_p(kernel.GetCurrentThread()), BELOW_NORMAL)


def switch_often() -> None:
    """Let a busy thread keep Python for half a millisecond only while the window waits for it.

    Ends with builds of Python without a global lock.
    """
    sys.setswitchinterval(SWITCH)


def collect_around_modules() -> None:
    """Keep Python's collector from walking through imported modules at each full pass.

    Most of what it looks at are functions and classes, which stay. A pass takes 0.1 s at the
    window's start and 0.7 s once all tools were used, and nothing else runs meanwhile. What a full
    pass leaves is set aside for good, if modules were imported since.
    Ends with a collector that works by small steps.
    """
    known = 0

    def set_aside(phase: str, info: dict[str, int]) -> None:
        nonlocal known
        if phase == "stop" and info["generation"] == 2 and len(sys.modules) >= known + MODULES:
            known = len(sys.modules)
            gc.freeze()

    gc.callbacks.append(set_aside)


def read_no_sources() -> None:
    """Keep PySide from reading the source of each module that is imported after it.

    It looks there for its own name, since modules that use it may choose snake_case names, which
    none does here. That was a quarter of the window's start, and it held the window while a thread
    imported. As of PySide 6.12; does nothing where PySide is not loaded.
    """
    for name, module in list(sys.modules.items()):
        if name.endswith("support.feature") and hasattr(module, "_mod_uses_pyside"):
            setattr(module, "_mod_uses_pyside", lambda _: False)  # noqa: B010


def leave_streams_alone() -> None:
    """Keep Numba from replacing sys.stdout and sys.stderr; to be called before its import.

    With colorama installed it does so while it compiles, and takes what another thread prints
    meanwhile. As of Numba 0.68.
    """
    os.environ.setdefault("NUMBA_DISABLE_ERROR_MESSAGE_HIGHLIGHTING", "1")


@contextlib.contextmanager
def without_cuda_package() -> Iterator[None]:
    """Hide CUDA's Python package while pyqtgraph is imported.

    A widget of pyqtgraph that is not used here would load it, for a tenth of a second.
    As of pyqtgraph 0.14.
    """
    hidden = "cuda" not in sys.modules
    if hidden:
        sys.modules["cuda"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if hidden:
            del sys.modules["cuda"]


class Mirror(ModuleType):
    """A module that has what another one has, taken from there when it is asked for."""

    def __init__(self, name: str, source: str) -> None:
        super().__init__(name)
        self._source = importlib.import_module(source)

    def __getattr__(self, name: str) -> object:
        if sys._getframe(1).f_code.co_name == "_copy_attrs":
            return None  # pyqtgraph sees whether it has copied this already
        value = getattr(self._source, name)
        setattr(self, name, value)
        return value


def mirror_qt() -> None:
    """Let pyqtgraph, not imported yet, look classes of Qt up at use, for a seventh of the window's start.

    It would copy all of them, and PySide6 makes each as it is copied. As of pyqtgraph 0.14 and PySide6 6.12.
    """
    for name in ("QtCore", "QtGui", "QtWidgets"):
        if f"pyqtgraph.Qt.{name}" not in sys.modules:
            sys.modules[f"pyqtgraph.Qt.{name}"] = Mirror(f"pyqtgraph.Qt.{name}", f"PySide6.{name}")


@contextlib.contextmanager
def without_compiler() -> Iterator[None]:
    """Keep torch's compiler out while torchvision is imported, which facenet-pytorch does.

    One operator of torchvision asks it a question that is never put here; loading it would take
    190 MB and more time than torch itself. A later import finds the real one.
    Ends when torchvision imports it at use; as of 0.29.
    """
    names = ("torch._dynamo", "torch._dynamo.utils")
    hidden = not any(name in sys.modules for name in names)
    if hidden:
        for name in names:
            sys.modules[name] = ModuleType(name)
        sys.modules[names[1]].is_compile_supported = lambda device: False  # type: ignore[attr-defined]
    try:
        yield
    finally:
        if hidden:
            for name in names:
                del sys.modules[name]
