"""PNGs and TIFFs of 16 bits, of which Pillow keeps the upper bytes: what the lower ones change."""

import io
import re
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from core.faces.tiff import forget_exif

COLOURS = re.compile("(RGB[AX]?;16)([BLN])")  # how Pillow is told to take the upper bytes
GREYS = "LA;16B"  # which it spreads over RGBA
OTHER = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}
ROWS = 256  # looked at at once


def lower_bytes(image: Image.Image, data: bytes) -> Image.Image | None:
    """The lower bytes of an opened PNG's or TIFF's levels as a picture; None where it has none.

    It is decoded once more for them. Those of greys that are clear in parts are of mode LA.
    """
    if image.format not in ("PNG", "TIFF"):
        return None
    with Image.open(io.BytesIO(data), formats=(image.format,)) as again:
        if image.format == "TIFF":
            again.seek(image.tell())
            forget_exif(again)
        greys = [_way(tile.args) for tile in again.tile] == [GREYS]
        others = [_of_lower(tile.args) for tile in again.tile]
        if not others or None in others:
            return None
        again.tile = [
            tile._replace(args=other) for tile, other in zip(again.tile, others, strict=True)
        ]
        again.load()
        return Image.merge("LA", (again.getchannel("G"), again.getchannel("A"))) if greys else again


def _way(told: Any) -> Any:
    """How a decoder is told to take the levels, which may be the first of several things."""
    return told[0] if isinstance(told, tuple) and told else told


def _of_lower(told: Any) -> Any:
    """What a decoder is told for the lower bytes; None where levels have none."""
    way = _way(told)
    found = COLOURS.fullmatch(way) if isinstance(way, str) else None
    if way == GREYS:
        other = "RGBA"  # all four bytes of a pixel
    elif found is not None:
        other = found[1] + OTHER[found[2]]
    else:
        return None
    return (other, *told[1:]) if isinstance(told, tuple) else other


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
