"""Pictures of more than 8 bits a level, or of floats, in 8 bits."""

import numpy as np
from PIL import Image

from core.faces.photo_kinds import NotRead
from core.faces.tiff import BELOW_ZERO, Levels

FULL_SHARE = 1 / 8  # of what 32 bits can tell: a brightest level above it is of that scale
FLOAT_TOPS = (1.0, 255.0, 65535.0)  # what white is in pictures of floats


def is_deep(image: Image.Image) -> bool:
    """Whether a picture's levels are integers of 16 or 32 bits, or floats."""
    return image.mode.startswith("I") or image.mode == "F"


def grey_levels(image: Image.Image, meant: Levels) -> tuple[np.ndarray, np.ndarray | bool]:
    """The levels of a deep grey picture, (H, W) in 0..255, and which of them are clear."""
    levels = np.asarray(image)
    if meant.bits == 32 and not meant.signed:
        levels = levels.view(np.uint32)
    values = levels.astype(np.float64)
    if meant.bits and not meant.floats and values.min(initial=0) < 0:
        raise NotRead(BELOW_ZERO)
    top = meant.top or (
        _float_top(values) if image.mode == "F" else _whole_top(values, image.mode, meant)
    )
    values = np.nan_to_num(values, nan=0.0, posinf=top, neginf=0.0)
    grey = (values * (255 / top)).clip(0, 255)
    if meant.white_is_zero:
        grey = 255 - grey
    clear = image.info.get("transparency")
    return grey, levels == clear if isinstance(clear, int) else False


def _float_top(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    # Resampling, sharpening and rounding pass white a little, and single pixels a lot.
    nearly_all = np.quantile(finite, 0.99) if finite.size else 0.0
    return next((top for top in FLOAT_TOPS if nearly_all <= 1.5 * top), float(nearly_all))


def _whole_top(values: np.ndarray, mode: str, meant: Levels) -> float:
    # Modes of 32 bits mostly hold 16-bit or 8-bit values; the range tells which.
    largest = float(values.max(initial=0))
    if largest > 65535:
        full = float(meant.full or largest)
        return full if largest >= full * FULL_SHARE else largest
    return 65535.0 if mode.startswith("I;16") or largest > 255 else 255.0
