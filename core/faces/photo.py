"""Photos of any usual kind as upright RGB pixels."""

import io
import warnings
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from core.errors import XCosError

HEIC_SUFFIXES = frozenset({".heic", ".heif"})
PHOTO_SUFFIXES = HEIC_SUFFIXES | {
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff", ".avif"
}  # fmt: skip
LARGEST = 200_000_000  # pixels; more would take over 600 MB decoded


def read_photo(path: Path) -> np.ndarray:
    """Decode a photo: (H, W, 3) uint8 RGB, turned upright by its EXIF orientation.

    Transparent parts are white, 16 bits are scaled to 8, the first frame of several is taken.
    Raises XCosError with one sentence for a file that cannot be a photo.
    """
    if path.suffix.lower() in HEIC_SUFFIXES and not _heic_registered():
        raise XCosError(f"{path} needs the package pillow-heif; install xcos-studio[heic].")
    empty = path.exists() and path.stat().st_size == 0
    return _decoded(path, str(path), empty)


def decode_photo(data: bytes, name: str) -> np.ndarray:
    """The same of an encoded photo in memory; name: what to call it in a message."""
    return _decoded(io.BytesIO(data), name, not data)


def _decoded(path: Path | io.BytesIO, name: str, empty: bool) -> np.ndarray:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                width, height = image.size
                if width * height > LARGEST:
                    raise XCosError(f"{name} has {width}x{height} pixels; scale it down first.")
                return _pixels(image)
    except FileNotFoundError as error:
        raise XCosError(f"{name} does not exist any more; load the gallery anew.") from error
    except PermissionError as error:
        raise XCosError(f"{name} may not be read; give yourself permission to read it.") from error
    except Image.DecompressionBombError as error:
        raise XCosError(
            f"{name} has too many pixels to be a photo; scale it down first."
        ) from error
    except UnidentifiedImageError as error:
        what = "is empty" if empty else "is not an image that can be read"
        raise XCosError(f"{name} {what}; replace it or take it out.") from error
    except MemoryError as error:
        raise XCosError(f"{name} does not fit in memory; scale it down first.") from error
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError) as error:
        raise XCosError(f"{name} is damaged or cut off ({error}); replace it.") from error


def _pixels(image: Image.Image) -> np.ndarray:
    turned = ImageOps.exif_transpose(image)
    upright: Image.Image = image if turned is None else turned
    if upright.mode.startswith("I") or upright.mode == "F":
        return _grey(np.asarray(upright, np.float64), upright.mode)
    if upright.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in upright.info:
        clear = upright.convert("RGBA")
        white = Image.new("RGBA", clear.size, "white")
        upright = Image.alpha_composite(white, clear)
    return np.array(upright.convert("RGB"))


def _grey(values: np.ndarray, mode: str) -> np.ndarray:
    # Modes of 32 bits mostly hold 16-bit or 8-bit values; the range tells which.
    largest = values.max(initial=0)
    if mode == "F" and largest <= 1:
        top = 1.0
    elif mode.startswith("I;16") or largest > 255:
        top = 65535.0 if largest <= 65535 else largest
    else:
        top = 255.0
    grey = (values * (255 / top)).clip(0, 255).round().astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


@cache
def _heic_registered() -> bool:
    try:
        import pillow_heif
    except ImportError:
        return False
    pillow_heif.register_heif_opener()
    return True
