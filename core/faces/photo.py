"""Photos of any usual kind as upright RGB pixels."""

import io
import os
import stat
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image, PngImagePlugin

from core.errors import XCosError
from core.faces.deep_colours import lower_bytes
from core.faces.jxl import jxl_size
from core.faces.photo_kinds import (
    HEAD,
    PHOTO_SUFFIXES,
    NotRead,
    PhotoKind,
    kind_of,
    make_readable,
    why_not_read,
)
from core.faces.photo_metadata import can_be_reduced, versions
from core.faces.photo_pixels import minds_lower_bytes, upright_rgb, upright_size
from core.faces.said_colours import said_profile
from core.faces.scaled import REDUCTIONS, SEARCH_SIDE, ScaledPhoto, search_reduction
from core.faces.tiff import prepare_tiff

__all__ = [
    "PHOTO_SUFFIXES",
    "decode_photo",
    "decode_scaled",
    "photo_bytes",
    "photo_size",
    "read_photo",
]

T = TypeVar("T")
LARGEST = 200_000_000  # pixels; more would take over 600 MB decoded
LARGEST_FILE = 1 << 29  # bytes
PngImagePlugin.MAX_TEXT_CHUNK = 1 << 24  # bytes that a colour profile may have; by default 1 MiB
SPECIAL = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class _NotOpened(Exception):
    """A decoder cannot open a photo of its kind."""


def read_photo(path: Path) -> np.ndarray:
    """Decode a photo: (H, W, 3) uint8 sRGB, turned upright by its EXIF orientation.

    Its kind is told by its content. Transparent parts are white, 16 bits and floats are scaled
    to 8, colour profiles and what else tells colours are followed, the first frame of several is
    taken.
    Raises XCosError with one sentence for a file that cannot be a photo.
    """
    return decode_photo(photo_bytes(path), str(path))


def photo_bytes(path: Path) -> bytes:
    """A photo's file as it is.

    Raises XCosError for what is no file (a pipe, a device, ...), is larger than LARGEST_FILE, or
    cannot be read; nothing is read of these.
    """
    try:
        _refuse_special(path, os.stat(path))
        with open(path, "rb", opener=_not_waiting) as file:
            state = os.fstat(file.fileno())
            _refuse_special(path, state)  # it may have been replaced
            return file.read(state.st_size)
    except FileNotFoundError as error:
        raise XCosError(
            f"{path} is not there; load the gallery anew, or mend the list that names it."
        ) from error
    except PermissionError as error:
        raise XCosError(f"{path} may not be read; give yourself permission to read it.") from error
    except MemoryError as error:
        raise XCosError(f"{path} does not fit in memory; scale it down first.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise XCosError(f"{path} cannot be read: {reason}; look whether it is there.") from error


def decode_photo(data: bytes, name: str) -> np.ndarray:
    """What `read_photo` gives, of an encoded photo in memory; name: what to call it in a message."""
    return decode_scaled(data, name, 1).pixels


def photo_size(path: Path) -> tuple[int, int]:
    """Width and height of what `read_photo` gives, from the photo's head alone. Raises XCosError."""

    def size(content: bytes, kind: PhotoKind) -> tuple[int, int]:
        with _opened(content, kind, str(path)) as image:
            return upright_size(image)

    return _of_sound_version(photo_bytes(path), str(path), size)


def decode_scaled(
    data: bytes, name: str, most: int = max(REDUCTIONS), longest: int = SEARCH_SIDE
) -> ScaledPhoto:
    """The same, but a JPEG file may be reduced while it is decoded, which is far quicker.

    It is reduced by `most` at most, and keeps `longest` pixels of its longer side if it has them.
    """
    return _of_sound_version(
        data, name, lambda content, kind: _decoded(content, kind, name, most, longest)
    )


def _of_sound_version(data: bytes, name: str, work: Callable[[bytes, PhotoKind], T]) -> T:
    """What work makes of the first version of a photo that it can use. Raises XCosError."""
    if not data:
        raise XCosError(f"{name} is empty; replace it or take it out.")
    reason = why_not_read(os.path.splitext(name)[1].lower(), data[:HEAD])
    if reason is not None:
        raise XCosError(f"{name} {reason}")
    kind = kind_of(data[:HEAD])
    if kind is None:
        raise XCosError(f"{name} is not an image that can be read; replace it or take it out.")
    make_readable(kind, name)
    damage: Exception | None = None
    try:
        for content in versions(data, kind.name):
            try:
                return work(content, kind)
            except (XCosError, NotRead, Image.DecompressionBombError, MemoryError):
                raise
            except Exception as error:  # decoders raise whatever they like
                damage = damage or error
    except NotRead as reason:
        raise XCosError(f"{name} {reason}") from reason
    except Image.DecompressionBombError as error:
        raise XCosError(
            f"{name} has too many pixels to be a photo; scale it down first."
        ) from error
    except MemoryError as error:
        raise XCosError(f"{name} does not fit in memory; scale it down first.") from error
    if isinstance(damage, _NotOpened):  # the decoder makes nothing of its head
        raise XCosError(
            f"{name} is damaged or cut off, or a sort of {kind.name} that is not read; save it anew "
            "as JPEG or PNG."
        ) from damage
    raise XCosError(f"{name} is damaged or cut off; replace it.") from damage


@contextmanager
def _opened(data: bytes, kind: PhotoKind, name: str) -> Iterator[Image.Image]:
    """A version of a photo, opened for as long as it is worked on."""
    if kind.name == "JPEG XL":
        _refuse_large(jxl_size(data) or (0, 0), name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            opened = Image.open(io.BytesIO(data), formats=kind.formats)
        except (Image.DecompressionBombError, MemoryError):
            raise
        except Exception as error:  # decoders raise whatever they like
            raise _NotOpened from error
        with opened as image:
            if kind.name == "TIFF":
                prepare_tiff(image)
            _refuse_large(image.size, name)
            yield image


def _decoded(data: bytes, kind: PhotoKind, name: str, most: int, longest: int) -> ScaledPhoto:
    with _opened(data, kind, name) as image:
        width, height = image.size
        size = upright_size(image)
        if not image.info.get("icc_profile"):
            image.info["icc_profile"] = said_profile(image, data)
        reduction = min(most, search_reduction((width, height), longest))
        if reduction > 1 and kind.name == "JPEG" and can_be_reduced(data):
            image.draft(image.mode, (width // reduction, height // reduction))
        reduction = round(width / image.size[0])
        lower = lower_bytes(image, data) if minds_lower_bytes(image) else None
        return ScaledPhoto(upright_rgb(image, lower), size, reduction)


def _refuse_large(size: tuple[int, int], name: str) -> None:
    width, height = size
    if width * height > LARGEST:
        raise XCosError(f"{name} has {width}x{height} pixels; scale it down first.")


def _refuse_special(path: Path, state: os.stat_result) -> None:
    if not stat.S_ISREG(state.st_mode):
        what = SPECIAL.get(stat.S_IFMT(state.st_mode), "no file")
        raise XCosError(f"{path} is {what}, not a photo; take it out.")
    if state.st_size > LARGEST_FILE:
        size = state.st_size / (1 << 20)
        raise XCosError(f"{path} has {size:,.0f} MB, too many for a photo; scale it down first.")


def _not_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # a pipe would wait for its writer
