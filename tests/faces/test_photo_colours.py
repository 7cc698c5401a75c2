"""Colour profiles, floats and other modes give the colours that a viewer shows."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from core.faces.photo import read_photo
from tests.faces.icc import (
    ADOBE_RGB,
    DISPLAY_P3,
    SRGB,
    cmyk_profile,
    grey_profile,
    in_srgb,
    rgb_profile,
)

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
