"""16 bits a level under a profile in TIFFs and clear greys, inks as they stand, and a turn that XMP says."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from core.faces.deep_levels import grey_levels
from core.faces.photo import decode_photo
from core.faces.tiff import Levels
from tests.faces.icc import SRGB, cmyk_profile, grey_profile, in_srgb, rgb_profile
from tests.faces.pngs import chunk, png

DARK = np.random.default_rng(6).integers(0, 1500, (8, 12, 3))  # of 65535: up to 6 of 255


def tiff(
    levels: np.ndarray, order: str, packing: int, profile: bytes, orientation: int = 1
) -> bytes:
    """A TIFF of levels (H, W, C) of 16 bits in one strip; packing: 1 none, 8 deflate."""
    height, width, channels = levels.shape
    strip = levels.astype(f"{order}u2").tobytes()
    strip = zlib.compress(strip) if packing == 8 else strip
    parts, place = {}, 8 + 2 + 12 * 13 + 4
    for name, content in (
        ("bits", struct.pack(f"{order}{channels}H", *[16] * channels)),
        ("profile", profile),
        ("strip", strip),
    ):
        content += bytes(len(content) % 2)
        parts[name], place = (place, content), place + len(content)
    tags = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, channels, parts["bits"][0]),
        (259, 3, 1, packing),
        (262, 3, 1, 2),
        (273, 4, 1, parts["strip"][0]),
        (274, 3, 1, orientation),
        (277, 3, 1, channels),
        (278, 4, 1, height),
        (279, 4, 1, len(strip)),
        (284, 3, 1, 1),
        (338, 3, 1, 2),
        (34675, 7, len(profile), parts["profile"][0]),
    ]
    if channels == 3:
        tags[11] = (339, 3, 1, 1)
    data = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8)
    data += struct.pack(f"{order}H", len(tags))
    for tag, sort, count, value in tags:
        short = struct.pack(f"{order}HH", value, 0) if sort == 3 and count == 1 else b""
        data += struct.pack(f"{order}HHI", tag, sort, count)
        data += short or struct.pack(f"{order}I", value)
    return data + bytes(4) + b"".join(content for _, content in parts.values())


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("packing", [1, 8])
@pytest.mark.parametrize("orientation", [1, 6])
def test_dark_colours_of_a_tiff_of_16_bits_keep_their_steps_under_a_linear_profile(
    order: str, packing: int, orientation: int
) -> None:
    data = tiff(DARK, order, packing, rgb_profile(SRGB, 1.0), orientation)
    wanted = in_srgb(DARK / 257, SRGB, 1.0)
    wanted = np.rot90(wanted, -1) if orientation == 6 else wanted
    assert np.abs(decode_photo(data, "a.tif") - wanted).max() < 1.1


def test_colours_of_a_tiff_of_16_bits_that_are_clear_in_parts_do_so_too() -> None:
    opaque = np.linspace(0, 65535, 96).reshape(8, 12, 1).round()
    data = tiff(np.dstack([DARK, opaque]), "<", 8, rgb_profile(SRGB, 1.0))
    share = opaque / 65535
    wanted = in_srgb(DARK / 257, SRGB, 1.0) * share + 255 * (1 - share)
    assert np.abs(decode_photo(data, "a.tif") - wanted).max() < 1.1


@pytest.mark.parametrize("orientation", [1, 6])
def test_dark_greys_of_16_bits_that_are_clear_in_parts_keep_their_steps(orientation: int) -> None:
    opaque = np.linspace(0, 65535, 96).reshape(8, 12).round().astype(int)
    profile = chunk(b"iCCP", b"a name\0\0" + zlib.compress(grey_profile(1.0)))
    turn = b"II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0%c\0\0\0\0\0\0\0" % orientation
    data = png(np.dstack([DARK[..., 0], opaque]), 16, 4, profile, chunk(b"eXIf", turn))
    share = opaque[..., None] / 65535
    wanted = in_srgb(DARK[..., :1].repeat(3, 2) / 257, SRGB, 1.0) * share + 255 * (1 - share)
    wanted = np.rot90(wanted, -1) if orientation == 6 else wanted
    assert np.abs(decode_photo(data, "a.png") - wanted).max() < 1.1


def inks(data: bytes) -> bytes:
    """A JPEG file without Adobe's marker, after which inks stand inverted."""
    place = data.index(b"\xff\xee")
    return data[:place] + data[place + 2 + int.from_bytes(data[place + 2 : place + 4], "big") :]


@pytest.mark.parametrize("profile", [None, cmyk_profile((153, 68, 128))])
@pytest.mark.parametrize("side", [16, 1600])
def test_inks_without_adobe_s_marker_stand_as_they_are(profile: bytes | None, side: int) -> None:
    levels = np.zeros((side, side, 4), np.uint8)
    levels[:, : side // 2, 0] = 255
    seen = []
    for stored, made in ((levels, lambda data: data), (255 - levels, inks)):
        file = io.BytesIO()
        Image.fromarray(stored, "CMYK").save(file, "JPEG", quality=100, icc_profile=profile)
        seen.append(decode_photo(made(file.getvalue()), "a.jpg").astype(int))
    assert np.abs(seen[0] - seen[1]).max() <= 3
    assert np.ptp(seen[0].reshape(-1, 3), axis=0).max() > 60


COLOURS = np.random.default_rng(3).integers(40, 216, (12, 16, 3)).astype(np.uint8)
PACKET = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description {}</x:xmpmeta>'


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    "said", ['tiff:Orientation="6"/>', "><tiff:Orientation>6</tiff:Orientation>"]
)
def test_a_turn_that_xmp_alone_says_is_followed(packed: bool, said: str) -> None:
    text = PACKET.format(said).encode()
    content = b"XML:com.adobe.xmp\0" + bytes([packed, 0]) + b"\0\0"
    content += zlib.compress(text) if packed else text
    for behind in (False, True):
        told = chunk(b"iTXt", content)
        data = png(COLOURS, 8, 2, behind=told) if behind else png(COLOURS, 8, 2, told)
        np.testing.assert_array_equal(decode_photo(data, "a.png"), np.rot90(COLOURS, -1))


def test_exif_counts_before_xmp_and_what_is_no_turn_is_passed_over() -> None:
    turn = chunk(b"eXIf", b"II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\3\0\0\0\0\0\0\0")
    for said, wanted in (
        ('tiff:Orientation="6"', np.rot90(COLOURS, 2)),
        ('tiff:Orientation="9"', np.rot90(COLOURS, 2)),
    ):
        text = b"XML:com.adobe.xmp\0\0\0\0\0" + PACKET.format(said).encode()
        data = png(COLOURS, 8, 2, chunk(b"iTXt", text), turn)
        np.testing.assert_array_equal(decode_photo(data, "a.png"), wanted)
    for content in (b"XML:com.adobe.xmp\0", b"XML:com.adobe.xmp\0\1\0\0\0nonsense"):
        data = png(COLOURS, 8, 2, chunk(b"iTXt", content))
        np.testing.assert_array_equal(decode_photo(data, "a.png"), COLOURS)


def test_levels_whose_bits_nothing_tells_are_as_bright_as_the_brightest() -> None:
    levels = np.array([[0, 100_000], [50_000, 200_000]], np.int32)
    grey, clear = grey_levels(Image.fromarray(levels), Levels())
    np.testing.assert_allclose(grey, [[0, 127.5], [63.75, 255]])
    assert clear is False
