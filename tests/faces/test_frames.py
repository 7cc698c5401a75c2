"""Of several pictures in a file the first is taken, the whole of it, and none that is not shown."""

import struct
import zlib

import numpy as np
import pytest

from core.errors import XCosError
from core.faces.photo import decode_photo
from tests.faces.pngs import chunk, png

COLOURS = np.random.default_rng(8).integers(0, 256, (20, 30, 3)).astype(np.uint8)


def packed(colours: np.ndarray) -> bytes:
    return zlib.compress(np.insert(colours.reshape(len(colours), -1), 0, 0, axis=1).tobytes())


def control(
    number: int, size: tuple[int, int] = (30, 20), place: tuple[int, int] = (0, 0)
) -> bytes:
    return chunk(b"fcTL", struct.pack(">5IHHBB", number, *size, *place, 1, 10, 0, 0))


MOVES = chunk(b"acTL", struct.pack(">II", 2, 0))
WHOLE = packed(COLOURS)
FIRST = [control(0), *(chunk(b"fdAT", struct.pack(">I", 1 + n) + WHOLE[n * 700 : (n + 1) * 700])
                       for n in range(3))]  # fmt: skip
SECOND = [control(4), chunk(b"fdAT", struct.pack(">I", 5) + packed(COLOURS[::-1]))]


def test_a_picture_that_is_none_of_a_moving_png_s_frames_is_not_shown() -> None:
    assert len(WHOLE) < 2100
    data = png(COLOURS * 0, 8, 2, MOVES, behind=b"".join(FIRST + SECOND))
    np.testing.assert_array_equal(decode_photo(data, "a.png"), COLOURS)


@pytest.mark.parametrize("said", [[MOVES, control(0)], [chunk(b"acTL", bytes(8))], []])
def test_a_png_s_own_picture_is_its_first_frame_otherwise(said: list[bytes]) -> None:
    data = png(COLOURS, 8, 2, *said, behind=b"".join(SECOND))
    np.testing.assert_array_equal(decode_photo(data, "a.png"), COLOURS)


def test_a_png_that_begins_with_a_part_of_a_picture_is_refused() -> None:
    part = [control(0, (10, 5), (3, 4)), chunk(b"fdAT", bytes(4) + packed(COLOURS[:5, :10]))]
    with pytest.raises(XCosError) as told:
        decode_photo(png(COLOURS * 0, 8, 2, MOVES, behind=b"".join(part)), "a.png")
    assert str(told.value) == (
        "a.png begins with a part of a moving picture; save it anew as a still one."
    )


def gif(
    levels: np.ndarray, place: tuple[int, int], size: tuple[int, int], clear: int | None = None
) -> bytes:
    """A GIF of one frame (h, w) at a place of a canvas of a size; level 0 is black, 255 white."""
    head = b"GIF89a" + struct.pack("<HHBBB", *size, 0xF7, 0, 0)
    head += np.arange(256, dtype=np.uint8).repeat(3).tobytes()
    if clear is not None:
        head += bytes([0x21, 0xF9, 4, 1, 0, 0, clear, 0])
    height, width = levels.shape
    head += b"," + struct.pack("<HHHHB", *place, width, height, 0) + b"\x08"
    # Codes of 9 bits, all levels as they are, begun anew before they would need 10.
    codes = [code for n, level in enumerate(levels.ravel()) for code in ([256] * (n % 250 == 0))
             + [int(level)]] + [257]  # fmt: skip
    bits = np.unpackbits(
        np.array(codes, "<u2").view(np.uint8).reshape(-1, 2), axis=1, bitorder="little"
    )
    body = np.packbits(bits[:, :9].ravel(), bitorder="little").tobytes()
    blocks = [body[n : n + 255] for n in range(0, len(body), 255)]
    return head + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0;"


@pytest.mark.parametrize("clear", [None, 200])
def test_what_a_gif_s_first_frame_does_not_reach_is_white(clear: int | None) -> None:
    levels = np.arange(10 * 15).reshape(10, 15).astype(np.uint8) + 60
    found = decode_photo(gif(levels, (4, 7), (30, 20), clear), "a.gif")
    wanted = np.full((20, 30), 255, np.uint8)
    wanted[7:17, 4:19] = np.where(levels == clear, 255, levels) if clear else levels
    np.testing.assert_array_equal(found, wanted[..., None].repeat(3, 2))
    whole = decode_photo(gif(levels, (0, 0), (15, 10)), "a.gif")
    np.testing.assert_array_equal(whole[..., 0], levels)
