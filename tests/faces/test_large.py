"""Photos with too many pixels are refused by their product, whichever side is the longer one."""

import struct
import zlib

import pytest

from core.errors import XCosError
from core.faces.photo import decode_photo


def png(width: int, height: int) -> bytes:
    """The start of a PNG of that size, and nothing of its pixels."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 0) + b"IDAT"


@pytest.mark.parametrize("size", [(9_000, 23_000), (23_000, 9_000), (200_000_001, 1)])
def test_more_than_two_hundred_million_pixels_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(XCosError, match=r"^a\.png has .*pixels.*; scale it down first"):
        decode_photo(png(*size), "a.png")


@pytest.mark.parametrize("size", [(20, 9), (20_000, 9), (9, 20_000), (150_000, 2)])
def test_a_long_photo_of_few_pixels_is_not_too_large(size: tuple[int, int]) -> None:
    with pytest.raises(XCosError) as told:  # there are no pixels
        decode_photo(png(*size), "a.png")
    assert "scale it down" not in str(told.value)
