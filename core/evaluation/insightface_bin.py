"""InsightFace's verification files (.bin): pickles, read without running what they may carry."""

import io
import math
import pickle
import re
import struct
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from core.errors import XCosError, quoted, shown
from core.evaluation.verification import ProtocolPairs
from core.faces.face import SIDE
from core.lfs import refuse_pointer

FOLDS = 10
LARGEST = 4 * 2**30  # bytes; the published files have up to 100 MB
PLAIN_TYPE = re.compile(r"[<>|=]?(\?|[biuf]\d{0,2})")  # of arrays that hold numbers and no objects


def _latin1(text: str, encoding: str) -> bytes:
    # How pickles of protocol 2 written by Python 3 carry bytes.
    if encoding not in ("latin1", "latin-1") or not isinstance(text, str):
        raise pickle.UnpicklingError(f"encoding {quoted(encoding)}")
    return text.encode("latin1")


def _bytearray(content: object = b"", encoding: str = "latin1") -> bytes:
    # A number would ask for that much memory.
    if isinstance(content, str):
        return _latin1(content, encoding)
    if not isinstance(content, bytes):
        raise pickle.UnpicklingError("a bytearray of no bytes")
    return content


def _dtype(name: object, *copied: object) -> np.dtype[Any]:
    text = name.decode("latin1") if isinstance(name, bytes) else name
    if not isinstance(text, str) or not PLAIN_TYPE.fullmatch(text):
        raise pickle.UnpicklingError(f"an array of {quoted(text)}")
    return np.dtype(text, copy=True)  # its state is set, which must not be that of all such types


def _is_state_of(made: object, state: object) -> bool:
    """Whether a state is one that NumPy writes: of others it may fall, not fail."""
    if not isinstance(state, tuple):
        return False
    if isinstance(made, np.dtype):
        order, *parts = state[1:5] if len(state) == 8 else (None, 0)
        numbers = (state[0], *state[5:])
        return (
            order in ("|", "<", ">", "=", b"|", b"<", b">", b"=")
            and parts == [None] * 3
            and all(type(number) is int and -1 <= number < 2**31 for number in numbers)
        )
    if not isinstance(made, np.ndarray) or len(state) != 5:
        return False
    version, shape, kind, fortran, content = state
    if not isinstance(shape, tuple) or not isinstance(kind, np.dtype) or version != 1:
        return False
    sizes = all(type(side) is int and 0 <= side <= LARGEST for side in shape)
    return (
        sizes
        and isinstance(fortran, (bool, int))
        and isinstance(content, bytes)
        and len(content) == math.prod(shape) * kind.itemsize
    )


class _Array:
    """Stands for numpy.ndarray, which called by itself would ask for any amount of memory."""


def _reconstruct(kind: object, shape: object, code: object) -> np.ndarray:
    if kind is not _Array:
        raise pickle.UnpicklingError("an array of no kind that is known")
    return np.empty(0, np.uint8)  # its shape and content follow


def _admitted() -> dict[tuple[str, str], Callable[..., Any]]:
    admitted: dict[tuple[str, str], Callable[..., Any]] = {
        ("_codecs", "encode"): _latin1,
        ("builtins", "bytearray"): _bytearray,
        ("__builtin__", "bytearray"): _bytearray,
        ("numpy", "ndarray"): _Array,
        ("numpy", "dtype"): _dtype,
    }
    for package in ("numpy.core", "numpy._core"):
        admitted[f"{package}.multiarray", "_reconstruct"] = _reconstruct
        admitted[f"{package}.numeric", "_frombuffer"] = np.zeros(1).__reduce_ex__(5)[0]  # type: ignore[assignment]
        admitted[f"{package}.multiarray", "scalar"] = np.bool_(True).__reduce__()[0]  # type: ignore[assignment]
    return admitted


# That in C asks for as much memory as a damaged file names as a place in its memo.
_InPython: Any = pickle._Unpickler


class _Restricted(_InPython):  # type: ignore[misc]
    """Admits bytes, lists, booleans and NumPy arrays of numbers, and calls nothing else."""

    admitted = _admitted()

    def load_build(self) -> None:
        """The same for states of arrays and their types alone."""
        *_, made, state = self.stack
        if not _is_state_of(made, state):
            raise pickle.UnpicklingError("a state of no kind that is known")
        super().load_build()

    def load_bytearray8(self) -> None:
        """The same without room for what the file only says that it has."""
        (size,) = struct.unpack("<Q", self.read(8))
        content = self.read(min(size, LARGEST))
        if len(content) != size:
            raise EOFError("it is cut off")
        self.append(bytearray(content))

    dispatch: ClassVar[dict[int, Any]] = {
        **_InPython.dispatch,
        pickle.BUILD[0]: load_build,
        pickle.BYTEARRAY8[0]: load_bytearray8,
    }

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self.admitted[module, name]
        except KeyError as error:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}") from error


def read_bin(path: Path) -> tuple[list[bytes | np.ndarray], np.ndarray]:
    """The pictures of a .bin, two a pair, as encoded bytes or uint8 arrays, and same (n,) bool.

    Raises XCosError for a file that carries anything else, is cut off, or does not fit together.
    """
    try:
        if path.exists() and not path.is_file():
            raise XCosError(f"{path} is no file; name a .bin file.")
        if path.stat().st_size > LARGEST:
            raise XCosError(f"{path} is larger than {LARGEST >> 30} GB; choose another file.")
        refuse_pointer(path)
        # Python 2's byte strings come as bytes by this encoding.
        images, same = _Restricted(io.BytesIO(path.read_bytes()), encoding="bytes").load()
        truth = np.array([_flag(flag, number) for number, flag in enumerate(same, 1)], bool)
        pictures = [_picture(image, number) for number, image in enumerate(images, 1)]
    except XCosError:
        raise
    except OSError as error:
        raise XCosError(f"{path} cannot be read: {error.strerror}; name a .bin file.") from error
    except MemoryError as error:
        raise XCosError(f"{path} does not fit in memory; choose another file.") from error
    except Exception as error:  # a pickle can fail in any way
        why = shown(" ".join(str(error).split()))
        raise XCosError(
            f"{path} is not InsightFace's list of images and truths ({why}); get it anew "
            "from its publisher."
        ) from error
    if len(pictures) != 2 * len(truth) or len(truth) == 0:
        raise XCosError(
            f"{path} has {len(pictures)} images for {len(truth)} pairs; get it anew from its publisher."
        )
    return pictures, truth


def _flag(flag: object, number: int) -> bool:
    if isinstance(flag, np.ndarray) and flag.size == 1:
        flag = flag.item()
    if not isinstance(flag, (bool, int, float, np.bool_, np.number)) or flag not in (0, 1):
        raise ValueError(f"the truth of pair {number} is neither true nor false")
    return bool(flag)


def _picture(image: object, number: int) -> bytes | np.ndarray:
    if isinstance(image, (bytes, bytearray)):
        return bytes(image)
    if not isinstance(image, np.ndarray):
        raise ValueError(f"picture {number} is a {type(image).__name__}")
    if image.dtype == np.uint8 and image.ndim == 1:
        return image.tobytes()
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise ValueError(f"picture {number} is an array of {image.dtype} {image.shape}")
    return image


def picture_name(path: Path, unpacked: str) -> str:
    """What a message calls a picture of a .bin that was unpacked to a file: its number, from 1."""
    number = int(Path(unpacked).stem) + 1
    side = "left" if number % 2 else "right"
    return f"{path}, picture {number} ({side} of pair {(number + 1) // 2})"


def unpack_bin(path: Path, folder: Path) -> ProtocolPairs:
    """Write a .bin's pictures into a folder; its pairs by file name, folds ten consecutive tenths.

    Raises XCosError, also for pictures that are no aligned faces by their size, and a full disk.
    """
    images, same = read_bin(path)
    _refuse_other_size(path, images)
    names: list[str] = []
    try:
        for number, image in enumerate(images):
            name = f"{number:06d}.png" if isinstance(image, np.ndarray) else f"{number:06d}.jpg"
            names.append(name)
            if isinstance(image, np.ndarray):
                Image.fromarray(image).save(folder / name)
            else:
                (folder / name).write_bytes(image)
    except OSError as error:
        raise XCosError(f"{folder} cannot be written: {error.strerror}; make room.") from error
    folds = np.arange(len(same)) * FOLDS // len(same) if len(same) >= FOLDS else None
    return ProtocolPairs(tuple(names[::2]), tuple(names[1::2]), same, folds, source=path)


def refuse_photos_of_bin(path: Path, photos: Path | None) -> None:
    """Raise XCosError where a folder of photos is named for a .bin, which holds its own."""
    if photos is not None and path.suffix.lower() == ".bin":
        raise XCosError(
            f"{path} holds its pictures itself, so none lie in {photos}; leave that out.", "photos"
        )


def _refuse_other_size(path: Path, images: list[bytes | np.ndarray]) -> None:
    """Raise XCosError where most pictures have one other size; single ones are problems later."""
    sizes = Counter(size for size in map(_size, images) if size is not None)
    if not sizes:
        raise XCosError(
            f"None of the {len(images)} pictures of {path} can be read; get it anew from its publisher."
        )
    (width, height), _ = sizes.most_common(1)[0]
    if (width, height) != (SIDE, SIDE):
        raise XCosError(
            f"{path} has pictures of {width}x{height}, not aligned faces of {SIDE}x{SIDE}; "
            "get or make it with that size."
        )


def _size(image: bytes | np.ndarray) -> tuple[int, int] | None:
    """Width and height, or None for a picture that is none."""
    if isinstance(image, np.ndarray):
        return image.shape[1], image.shape[0]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(image)) as opened:
                return opened.size
    except Exception:  # decoders fail in many ways; the picture's own problem comes later
        return None
