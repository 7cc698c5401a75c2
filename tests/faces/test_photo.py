"""Photos of every kind become upright RGB, and bad files one sentence."""

import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import XCosError
from core.faces import photo
from core.faces.photo import read_photo

RED = np.zeros((40, 60, 3), np.uint8)
RED[:, :30] = (250, 10, 10)  # the left half is red, the right one black


def saved(path: Path, image: Image.Image, **how: object) -> Path:
    image.save(path, **how)  # type: ignore[arg-type]
    return path


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "bmp", "tiff", "avif", "heic"])
def test_usual_formats_give_the_same_picture(tmp_path: Path, suffix: str) -> None:
    if suffix == "heic":
        pytest.importorskip(
            "pillow_heif", reason="pillow-heif is not installed"
        ).register_heif_opener()
    pixels = read_photo(saved(tmp_path / f"photo.{suffix}", Image.fromarray(RED), quality=95))
    assert pixels.shape == (40, 60, 3) and pixels.dtype == np.uint8
    assert np.abs(pixels[:, :25].astype(int) - RED[:, :25]).max() < 25
    assert pixels[:, 35:].max() < 25


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_undone(tmp_path: Path, orientation: int) -> None:
    upright = np.random.default_rng(0).integers(0, 256, (6, 9, 3)).astype(np.uint8)
    # How the camera would have stored the upright picture under each orientation.
    stored = {
        1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1],
        5: upright.transpose(1, 0, 2), 6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].transpose(1, 0, 2), 8: np.rot90(upright, -1),
    }[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path / "a.png", Image.fromarray(np.ascontiguousarray(stored)), exif=exif)
    np.testing.assert_array_equal(read_photo(path), upright)


def test_sixteen_bits_are_scaled_to_eight(tmp_path: Path) -> None:
    values = np.array([[0, 257, 65535], [32896, 514, 25700]], np.uint16)
    pixels = read_photo(saved(tmp_path / "a.png", Image.fromarray(values)))
    np.testing.assert_array_equal(pixels[..., 0], [[0, 1, 255], [128, 2, 100]])
    np.testing.assert_array_equal(pixels[..., 0], pixels[..., 2])


def test_grey_palette_and_cmyk_become_rgb(tmp_path: Path) -> None:
    colours = Image.fromarray(RED)
    assert read_photo(saved(tmp_path / "g.png", colours.convert("L"))).shape == (40, 60, 3)
    palette = read_photo(saved(tmp_path / "p.png", colours.quantize(8)))
    assert np.abs(palette.astype(int) - RED).max() <= 4
    cmyk = read_photo(saved(tmp_path / "c.tiff", colours.convert("CMYK")))
    assert np.abs(cmyk.astype(int) - RED).max() <= 4


def test_clear_parts_are_white(tmp_path: Path) -> None:
    image = Image.new("RGBA", (8, 8), (0, 0, 255, 0))
    image.putpixel((2, 3), (10, 20, 30, 255))
    pixels = read_photo(saved(tmp_path / "a.png", image))
    assert tuple(pixels[0, 0]) == (255, 255, 255)
    assert tuple(pixels[3, 2]) == (10, 20, 30)


def sentence(path: Path) -> str:
    """What the user is told, nothing printed beside it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(XCosError) as told:
            read_photo(path)
    text = str(told.value)
    assert str(path) in text and "\n" not in text and text.endswith(".")
    return text


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "bmp", "tiff", "avif"])
def test_cut_off_file_is_named(tmp_path: Path, suffix: str) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    path = saved(tmp_path / f"cut.{suffix}", Image.fromarray(noise))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    sentence(path)


def test_empty_foreign_and_missing_files_are_told_apart(tmp_path: Path) -> None:
    empty, text = tmp_path / "empty.jpg", tmp_path / "text.jpg"
    empty.touch()
    text.write_text("no picture", encoding="utf-8")
    assert "is empty" in sentence(empty)
    assert "not an image" in sentence(text)
    assert "does not exist" in sentence(tmp_path / "gone.jpg")


def test_decompression_bomb_is_refused_without_decoding(tmp_path: Path) -> None:
    path = saved(tmp_path / "bomb.png", Image.new("1", (30_000, 30_000)))
    assert "scale it down" in sentence(path)


def test_large_photo_below_the_limit_warns_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1500)  # Pillow warns from here on
    path = saved(tmp_path / "a.png", Image.fromarray(RED))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_photo(path).shape == (40, 60, 3)


@pytest.mark.skipif(
    os.name == "nt" or os.geteuid() == 0, reason="this user may read every file (root, Windows)"
)
def test_forbidden_file_says_so(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", Image.fromarray(RED))
    path.chmod(0)
    assert "permission" in sentence(path)


def test_forbidden_file_says_so_to_every_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Image, "open", refuse)
    assert "permission" in sentence(tmp_path / "a.png")


def test_heic_without_its_package_asks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photo, "_heic_registered", lambda: False)
    assert "pillow-heif" in sentence(tmp_path / "a.heic")
