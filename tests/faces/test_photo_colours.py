"""Colour profiles, floats and other modes give the colours that a viewer shows."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from core.faces.photo import decode_photo, read_photo
from tests.faces.icc import (
    ADOBE_RGB,
    DISPLAY_P3,
    SRGB,
    cmyk_profile,
    grey_profile,
    in_srgb,
    rgb_profile,
)
from tests.faces.pngs import chunk, png

COLOURS = np.random.default_rng(3).integers(40, 216, (12, 16, 3)).astype(np.uint8)


@pytest.mark.parametrize("suffix", ["png", "tif", "webp"])
@pytest.mark.parametrize("primaries", [DISPLAY_P3, ADOBE_RGB], ids=["Display P3", "Adobe RGB"])
def test_wide_colours_are_brought_to_srgb(
    tmp_path: Path, suffix: str, primaries: np.ndarray
) -> None:
    path = tmp_path / f"a.{suffix}"
    how = {"lossless": True} if suffix == "webp" else {}
    Image.fromarray(COLOURS).save(path, icc_profile=rgb_profile(primaries, 2.2), **how)
    expected = in_srgb(COLOURS, primaries, 2.2)
    assert np.abs(expected - COLOURS).max() > 10  # else nothing is shown
    assert np.abs(read_photo(path) - expected).max() < 2.5


def test_srgb_itself_changes_nothing(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(COLOURS).save(tmp_path / "a.png", icc_profile=profile)
    np.testing.assert_array_equal(read_photo(tmp_path / "a.png"), COLOURS)


def test_a_grey_profile_is_followed(tmp_path: Path) -> None:
    levels = np.arange(30, 226, 5, dtype=np.uint8).reshape(4, 10)
    Image.fromarray(levels).save(tmp_path / "a.png", icc_profile=grey_profile(1.4))
    expected = in_srgb(levels[..., None].repeat(3, 2), SRGB, 1.4)
    assert np.abs(expected - levels[..., None]).max() > 20
    assert np.abs(read_photo(tmp_path / "a.png") - expected).max() < 2.5


def test_a_grey_photo_with_a_colour_profile_is_followed(tmp_path: Path) -> None:
    levels = np.arange(30, 226, 5, dtype=np.uint8).reshape(4, 10)
    Image.fromarray(levels).save(tmp_path / "a.png", icc_profile=rgb_profile(SRGB, 1.4))
    expected = in_srgb(levels[..., None].repeat(3, 2), SRGB, 1.4)
    assert np.abs(read_photo(tmp_path / "a.png") - expected).max() < 2.5


@pytest.mark.parametrize("suffix", ["jpg", "tif"])
def test_a_printers_profile_says_what_its_inks_look_like(tmp_path: Path, suffix: str) -> None:
    inks = np.zeros((16, 16, 4), np.uint8)
    inks[:, :8, 0] = 255
    # L 60 and a -60 are a green, which no ink called cyan is by itself.
    profile = cmyk_profile((153, 68, 128))
    path = tmp_path / f"a.{suffix}"
    how = {"quality": 100} if suffix == "jpg" else {}
    Image.fromarray(inks, "CMYK").save(path, icc_profile=profile, **how)
    pixels = read_photo(path).astype(int)
    assert pixels[8, 12].min() > 245
    red, green, blue = pixels[8, 3]
    assert green - red > 80 and green - blue > 20


@pytest.mark.parametrize(
    "profile", [b"nonsense", rgb_profile(DISPLAY_P3, 2.2)[:200], grey_profile(1.4)]
)
def test_a_profile_that_does_not_fit_is_passed_over(tmp_path: Path, profile: bytes) -> None:
    Image.fromarray(COLOURS).save(tmp_path / "a.png", icc_profile=profile)
    np.testing.assert_array_equal(read_photo(tmp_path / "a.png"), COLOURS)


def test_lab_is_read(tmp_path: Path) -> None:
    to_lab = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    lab = ImageCms.applyTransform(Image.fromarray(COLOURS), to_lab)
    assert lab is not None
    lab.save(tmp_path / "a.tif")
    assert np.abs(read_photo(tmp_path / "a.tif").astype(int) - COLOURS).mean() < 2


DARK = np.random.default_rng(6).integers(0, 1500, (8, 12, 3))  # of 65535: up to 6 of 255


@pytest.mark.parametrize("orientation", [1, 6])
def test_dark_colours_of_16_bits_keep_their_steps_under_a_linear_profile(orientation: int) -> None:
    """Cut to 8 bits first, they would have seven steps."""
    profile = chunk(b"iCCP", b"a name\0\0" + zlib.compress(rgb_profile(SRGB, 1.0)))
    turn = b"II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0%c\0\0\0\0\0\0\0" % orientation
    data = png(DARK, 16, 2, profile, chunk(b"eXIf", turn))
    wanted = in_srgb(DARK / 257, SRGB, 1.0)
    wanted = np.rot90(wanted, -1) if orientation == 6 else wanted
    assert np.abs(in_srgb(DARK // 257, SRGB, 1.0) - in_srgb(DARK / 257, SRGB, 1.0)).max() > 8
    assert np.abs(decode_photo(data, "a.png") - wanted).max() < 1.1


def test_dark_greys_of_16_bits_keep_their_steps_under_a_linear_profile() -> None:
    profile = chunk(b"iCCP", b"a name\0\0" + zlib.compress(grey_profile(1.0)))
    data = png(DARK[..., 0], 16, 0, profile, chunk(b"tRNS", struct.pack(">H", DARK[2, 3, 0])))
    wanted = in_srgb(DARK[..., :1].repeat(3, 2) / 257, SRGB, 1.0)
    wanted[DARK[..., 0] == DARK[2, 3, 0]] = 255
    assert np.abs(decode_photo(data, "a.png") - wanted).max() < 1.1


def test_the_darkest_greys_of_8_bits_follow_a_linear_profile(tmp_path: Path) -> None:
    levels = np.arange(40, dtype=np.uint8).reshape(4, 10)
    Image.fromarray(levels).save(tmp_path / "a.png", icc_profile=grey_profile(1.0))
    wanted = in_srgb(levels[..., None].repeat(3, 2), SRGB, 1.0)
    assert np.abs(read_photo(tmp_path / "a.png") - wanted).max() < 1.1


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("sort", [4, 6])
def test_half_clear_pixels_follow_their_profile_before_white_shows_through(
    bits: int, sort: int
) -> None:
    colours = COLOURS if sort == 6 else COLOURS[..., :1]
    levels = np.dstack([colours, np.linspace(0, 255, 12 * 16).reshape(12, 16).round()]).astype(int)
    made = rgb_profile(SRGB, 1.0) if sort == 6 else grey_profile(1.0)
    profile = chunk(b"iCCP", b"a name\0\0" + zlib.compress(made))
    data = png(levels * (257 if bits == 16 else 1), bits, sort, profile)
    opaque = levels[..., -1:] / 255
    seen = in_srgb(colours.repeat(3 // colours.shape[2], 2), SRGB, 1.0)
    wanted = seen * opaque + 255 * (1 - opaque)
    assert np.abs(decode_photo(data, "a.png") - wanted).max() < 1.6


@pytest.mark.parametrize("key", [(0x1234, 0x1234, 0x1234), (18, 18, 18)])
def test_one_colour_of_16_bits_is_clear_and_none_next_to_it(key: tuple[int, int, int]) -> None:
    levels = COLOURS.astype(int) * 257
    levels[2:6, 3:9] = 0x1234
    levels[6:9, 3:9] = 0x1212
    data = png(levels, 16, 2, chunk(b"tRNS", struct.pack(">3H", *key)))
    wanted = levels / 257
    if key[0] == 0x1234:
        wanted[2:6, 3:9] = 255
    assert np.abs(decode_photo(data, "a.png") - wanted).max() < 1.1


@pytest.mark.parametrize(("bits", "level"), [(1, 1), (2, 1), (2, 2), (4, 1), (4, 7), (8, 90)])
def test_one_grey_of_few_bits_is_clear(bits: int, level: int) -> None:
    top = (1 << bits) - 1
    levels = np.arange(256).reshape(16, 16) * (top + 1) // 256
    data = png(levels, bits, 0, chunk(b"tRNS", struct.pack(">H", level)))
    wanted = np.where(levels == level, 255, levels * 255 // top)
    np.testing.assert_array_equal(decode_photo(data, "a.png")[..., 0], wanted)


@pytest.mark.parametrize(("sort", "content"), [(0, b"\1"), (0, b""), (2, b"\1\2\3")])
def test_what_cannot_tell_what_is_clear_is_passed_over(sort: int, content: bytes) -> None:
    levels = COLOURS if sort == 2 else COLOURS[..., 0]
    pixels = decode_photo(png(levels, 8, sort, chunk(b"tRNS", content)), "a.png")
    np.testing.assert_array_equal(pixels, np.broadcast_to(levels.reshape(12, 16, -1), pixels.shape))


GREY = np.random.default_rng(4).integers(0, 256, (20, 20)).astype(np.float32)
UNIT = GREY / 255
ODD = {
    "as it is": UNIT,
    "a little above one": UNIT * np.float32(1.004),
    "rounded above one": np.where(UNIT == 1, np.float32(1.0000001), UNIT),
    "sharpened": np.where(np.arange(400).reshape(20, 20) == 7, np.float32(9.0), UNIT),
    "one NaN": np.where(np.arange(400).reshape(20, 20) == 7, np.float32(np.nan), UNIT),
    "one infinity": np.where(np.arange(400).reshape(20, 20) == 7, np.float32(np.inf), UNIT),
    "below nothing": np.where(np.arange(400).reshape(20, 20) == 7, np.float32(-np.inf), UNIT),
    "bytes": GREY,
    "bytes and a little": GREY * np.float32(1.01),
    "bytes and one NaN": np.where(np.arange(400).reshape(20, 20) == 7, np.float32(np.nan), GREY),
    "words": GREY * np.float32(257),
    "words and a little": GREY * np.float32(258),
}


@pytest.mark.parametrize("case", ODD)
def test_floats_keep_their_brightness(tmp_path: Path, case: str) -> None:
    Image.fromarray(ODD[case].astype(np.float32)).save(tmp_path / "a.tif")
    pixels = read_photo(tmp_path / "a.tif")[..., 0].astype(int)
    off = np.abs(pixels - GREY)
    off[0, 7] = 0
    assert off.max() <= 3


def test_floats_without_a_number_are_black(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), np.nan, np.float32)).save(tmp_path / "a.tif")
    assert not read_photo(tmp_path / "a.tif").any()
