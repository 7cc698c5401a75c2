"""What is damaged beside a photo's pixels is passed over, and nothing else with it."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from core.faces.photo import decode_photo
from tests.faces.icc import ADOBE_RGB, in_srgb, rgb_profile
from tests.faces.pngs import chunk, png

COLOURS = np.random.default_rng(5).integers(40, 216, (8, 12, 3)).astype(np.uint8)
TURNED = b"II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0"  # orientation 6
PROFILE = rgb_profile(ADOBE_RGB, 2.2)
PACKED = b"a name\0\0" + zlib.compress(PROFILE)
SOUND_TURN, SOUND_PROFILE = chunk(b"eXIf", TURNED), chunk(b"iCCP", PACKED)


def upright(pixels: np.ndarray) -> np.ndarray:
    """Pixels of orientation 6 turned as the specification says: the first row is the right side."""
    return np.rot90(pixels, -1)


@pytest.mark.parametrize(
    "damaged",
    [
        chunk(b"iCCP", PACKED, check=5),
        chunk(b"iCCP", b""),
        chunk(b"iCCP", b"no end"),
        chunk(b"iCCP", b"a name\0"),
        chunk(b"iCCP", b"a name\0\1" + PACKED[8:]),
        chunk(b"iCCP", b"a name\0\0" + b"none of it"),
        chunk(b"iCCP", b"a name\0\0" + zlib.compress(bytes(1 << 25))),
        chunk(b"tRNS", bytes(6), check=5),
    ],
    ids=["checksum", "empty", "no end", "no method", "method", "packing", "size", "clear"],
)
def test_a_png_is_turned_whatever_is_wrong_with_its_profile(damaged: bytes) -> None:
    pixels = decode_photo(png(COLOURS, 8, 2, damaged, SOUND_TURN), "a.png")
    np.testing.assert_array_equal(pixels, upright(COLOURS))


@pytest.mark.parametrize(
    "damaged",
    [
        chunk(b"eXIf", TURNED, check=5),
        chunk(b"eXIf", b""),
        chunk(b"eXIf", b"II*\0\xff\xff\xff\x7f"),
        chunk(b"zTXt", b"Raw profile type exif\0\0none of it"),
        chunk(b"tEXt", b"Raw profile type exif\0\nexif\n 2\nxyz\n"),
    ],
    ids=["checksum", "empty", "place", "packing", "digits"],
)
def test_a_png_has_its_colours_whatever_is_wrong_with_its_exif(damaged: bytes) -> None:
    pixels = decode_photo(png(COLOURS, 8, 2, damaged, SOUND_PROFILE), "a.png")
    assert np.abs(pixels - in_srgb(COLOURS, ADOBE_RGB, 2.2)).max() < 2.5


def raw_exif(name: bytes, text: bytes, packed: bool) -> bytes:
    if packed:
        return chunk(b"zTXt", name + b"\0\0" + zlib.compress(text))
    return chunk(b"tEXt", name + b"\0" + text)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("name", [b"exif", b"APP1"])
def test_a_png_is_turned_by_exif_in_a_text(name: bytes, packed: bool) -> None:
    digits = (b"Exif\0\0" + TURNED).hex().encode()
    text = b"\n%b\n%8d\n%b\n%b\n" % (name, len(digits) // 2, digits[:36], digits[36:])
    said = raw_exif(b"Raw profile type " + name, text, packed)
    np.testing.assert_array_equal(decode_photo(png(COLOURS, 8, 2, said), "a.png"), upright(COLOURS))
    behind = decode_photo(png(COLOURS, 8, 2, behind=said), "a.png")
    np.testing.assert_array_equal(behind, upright(COLOURS))


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def jpeg(*segments: bytes) -> bytes:
    """COLOURS in large pixels, with segments in place of the encoder's own."""
    content = io.BytesIO()
    large = Image.fromarray(COLOURS.repeat(8, 0).repeat(8, 1))
    large.save(content, "JPEG", quality=100, subsampling=0)
    data = content.getvalue()
    assert data[2:4] == b"\xff\xe0"
    return data[:2] + b"".join(segments) + data[20:]


EXIF = segment(0xE1, b"Exif\0\0" + TURNED)
ICC = b"ICC_PROFILE\0"
# Two pictures, of which one is listed: a directory of two tags, then 16 bytes.
LISTED = struct.pack("<HHHIIHHIII", 2, 0xB001, 4, 1, 2, 0xB002, 7, 16, 38, 0) + bytes(16)
DAMAGED = {
    "profile's name alone": segment(0xE2, ICC),
    "profile's number alone": segment(0xE2, ICC + b"\1"),
    "pictures": segment(0xE2, b"MPF\0II*\0\x08\0\0\0" + LISTED),
    "Adobe's name alone": segment(0xEE, b"Adobe"),
    "JFIF's name alone": segment(0xE0, b"JFIF\0"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_jpeg_has_its_colours_and_is_turned_whatever_else_is_wrong(case: str) -> None:
    whole = segment(0xE2, ICC + b"\1\1" + PROFILE)
    for segments in ((EXIF, whole, DAMAGED[case]), (DAMAGED[case], EXIF, whole)):
        pixels = decode_photo(jpeg(*segments), "a.jpg")
        wanted = upright(in_srgb(COLOURS, ADOBE_RGB, 2.2))
        assert np.abs(pixels[4::8, 4::8] - wanted).max() < 6
        assert np.abs(wanted - upright(COLOURS)).max() > 20  # else nothing is shown


def test_a_profile_in_two_parts_of_three_is_none() -> None:
    parts = [segment(0xE2, ICC + bytes([part, 3]) + PROFILE[:200]) for part in (1, 2)]
    pixels = decode_photo(jpeg(EXIF, DAMAGED["pictures"], *parts), "a.jpg")
    assert np.abs(pixels[4::8, 4::8].astype(int) - upright(COLOURS)).max() < 4


@pytest.mark.parametrize("sort", range(1, 13))
def test_a_jpeg_is_turned_whatever_type_its_resolution_has(sort: int) -> None:
    """Pillow reads it as it opens a file without JFIF's."""
    entries = struct.pack("<HHII", 0x112, 3, 1, 6) + struct.pack("<HHII", 0x11A, sort, 1, 8)
    tags = b"II*\0\x08\0\0\0\3\0" + entries + struct.pack("<HHII", 0x128, 3, 1, 2) + bytes(4)
    pixels = decode_photo(jpeg(segment(0xE1, b"Exif\0\0" + tags)), "a.jpg")
    assert np.abs(pixels[4::8, 4::8].astype(int) - upright(COLOURS)).max() < 4
