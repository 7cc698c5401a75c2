"""InsightFace's verification files (.bin): pickles, read without running what they may carry."""

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.errors import XCosError
from core.evaluation.verification import PairList

FOLDS = 10
LARGEST = 4 * 2**30  # bytes; the published files have up to 100 MB


def _latin1(text: str, encoding: str) -> bytes:
    # How pickles of protocol 2 written by Python 3 carry bytes.
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"encoding {encoding!r}")
    return text.encode("latin1")


def _admitted() -> dict[tuple[str, str], Callable[..., Any]]:
    rebuild = np.zeros(0).__reduce__()[0]
    assert callable(rebuild)
    found: dict[tuple[str, str], Callable[..., Any]] = {("_codecs", "encode"): _latin1}
    for package in ("numpy.core", "numpy._core"):
        found[f"{package}.multiarray", "_reconstruct"] = rebuild
        found[f"{package}.numeric", "_frombuffer"] = np.zeros(1).__reduce_ex__(5)[0]  # type: ignore[assignment]
        found[f"{package}.multiarray", "scalar"] = np.bool_(True).__reduce__()[0]  # type: ignore[assignment]
    return found | {("numpy", "ndarray"): np.ndarray, ("numpy", "dtype"): np.dtype}


class _Restricted(pickle.Unpickler):
    """Admits bytes, lists, booleans and NumPy arrays, and calls nothing else."""

    admitted = _admitted()

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self.admitted[module, name]
        except KeyError as error:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}") from error


def read_bin(path: Path) -> tuple[list[bytes | np.ndarray], np.ndarray]:
    """The images of a .bin, two a pair, as encoded bytes or uint8 arrays, and same (n,) bool.

    Raises XCosError for a file that carries anything else, is cut off, or does not fit together.
    """
    try:
        data = path.read_bytes() if path.stat().st_size <= LARGEST else b""
        # Python 2's byte strings come as bytes by this encoding.
        loaded = _Restricted(io.BytesIO(data), encoding="bytes").load()
        images, same = loaded
        truth = np.array([bool(flag) for flag in same])
        pictures = [_image(image) for image in images]
    except OSError as error:
        raise XCosError(f"{path} cannot be read: {error.strerror}; name a .bin file.") from error
    except MemoryError as error:
        raise XCosError(f"{path} does not fit in memory; choose another file.") from error
    except Exception as error:  # a pickle can fail in any way
        raise XCosError(
            f"{path} is not InsightFace's list of images and truths ({error}); get it anew "
            "from its publisher."
        ) from error
    if len(pictures) != 2 * len(truth) or len(truth) == 0:
        raise XCosError(
            f"{path} has {len(pictures)} images for {len(truth)} pairs; get it anew from its publisher."
        )
    return pictures, truth


def _image(image: object) -> bytes | np.ndarray:
    if isinstance(image, (bytes, bytearray)):
        return bytes(image)
    array = np.asarray(image)
    if array.dtype != np.uint8 or array.ndim not in (1, 3):
        raise ValueError(f"an image of {array.dtype} {array.shape}")
    return array.tobytes() if array.ndim == 1 else array


def unpack_bin(path: Path, folder: Path) -> PairList:
    """Write a .bin's images into a folder; its pairs by file name, folds ten consecutive tenths.

    Raises XCosError, also for a disk that is full.
    """
    images, same = read_bin(path)
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
    except (TypeError, ValueError) as error:
        raise XCosError(f"{path}: image {number} is no picture ({error}).") from error
    folds = np.arange(len(same)) * FOLDS // len(same) if len(same) >= FOLDS else None
    return PairList(tuple(names[::2]), tuple(names[1::2]), same, folds)
