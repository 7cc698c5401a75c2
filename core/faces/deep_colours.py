"""PNGs of 16-bit colours, of which Pillow keeps the upper bytes: what the lower ones change."""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image

OTHER_BYTES = {"RGB;16B": "RGB;16L", "RGBA;16B": "RGBA;16L"}  # how Pillow is told to take them
ROWS = 256  # looked at at once


def lower_bytes(image: Image.Image, data: bytes) -> Image.Image | None:
    """The lower bytes of an opened PNG's levels as a picture; None where it has none.

    It is decoded once more for them.
    """
    if image.format != "PNG":
        return None
    with Image.open(io.BytesIO(data), formats=("PNG",)) as again:
        (tile,) = again.tile
        if tile.args not in OTHER_BYTES:
            return None
        again.tile = [tile._replace(args=OTHER_BYTES[tile.args])]
        again.load()
        return again


def deep_colours(
    image: Image.Image, lower: Image.Image, shown: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """The pixels of a picture and its lower bytes on white, (H, W, 3) uint8.

    shown: what gives (H, W, 3) uint8 as it looks in sRGB
    """
    high, low = np.asarray(image), np.asarray(lower)
    clear = image.info.get("transparency")
    strips = []
    for row in range(0, len(high), ROWS):
        levels = high[row : row + ROWS].astype(np.uint16) << 8 | low[row : row + ROWS]
        pixels = _between(levels[..., :3], shown)
        if levels.shape[2] == 4:
            pixels = 255 - (255 - pixels) * (levels[..., 3:] / np.float32(65535))
        elif clear is not None:
            pixels[(levels == clear).all(axis=2)] = 255
        strips.append(pixels.round().astype(np.uint8))
    return np.concatenate(strips)


def _between(levels: np.ndarray, shown: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """What 16-bit levels look like, from the 8-bit ones on both sides of each colour's; float32."""
    below = np.minimum(levels // 257, 254).astype(np.uint8)
    above = levels / np.float32(257) - below
    first = shown(below).astype(np.float32)
    found = first.copy()
    for colour in range(3):
        step = np.zeros(3, np.uint8)
        step[colour] = 1
        found += (shown(below + step) - first) * above[..., colour, None]
    return found.clip(0, 255)
