"""Of several pictures in a file the first is taken, the whole of it, and none that is not shown."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

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
