"""Photos of every kind become upright RGB, and bad files one sentence."""

import io
import os
import socket
import struct
import tempfile
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from core.errors import XCosError
from core.faces import photo, photo_kinds
from core.faces.photo import (
    LARGEST_FILE,
    PHOTO_SUFFIXES,
    _refuse_special,
    decode_photo,
    read_photo,
)

RED = np.zeros((40, 60, 3), np.uint8)
RED[:, :30] = (250, 10, 10)  # the left half is red, the right one black


def saved(path: Path, image: Image.Image, **how: object) -> Path:
    image.save(path, **how)  # type: ignore[arg-type]
    return path


def encoded(kind: str, image: Image.Image | None = None) -> bytes:
    """A picture in one of Pillow's formats; the test is skipped where its package is missing."""
    plugin = {"HEIF": "pillow_heif", "JXL": "pillow_jxl"}.get(kind)
    if plugin is not None:
        module = pytest.importorskip(plugin, reason=f"{plugin} is not installed")
        if kind == "HEIF":
            module.register_heif_opener()
    content = io.BytesIO()
    how = {} if kind in ("GIF", "PPM", "PCX", "SGI") else {"quality": 95}
    (Image.fromarray(RED) if image is None else image).save(content, kind, **how)
    return content.getvalue()


def is_red(pixels: np.ndarray) -> bool:
    """Whether it is the picture RED, losses aside."""
    near = pixels.shape == (40, 60, 3) and pixels.dtype == np.uint8
    return bool(
        near
        and np.abs(pixels[:, :25].astype(int) - RED[:, :25]).max() < 25
        and pixels[:, 35:].max() < 25
    )


KINDS = ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "AVIF", "HEIF", "GIF", "JPEG2000", "JXL", "MPO",
         "PPM", "PCX", "SGI"]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", [".jpg", ".heic", ".png", ".tiff", ""])
def test_the_content_tells_the_kind_whatever_the_ending(
    tmp_path: Path, kind: str, suffix: str
) -> None:
    path = tmp_path / f"photo{suffix}"
    path.write_bytes(encoded(kind))
    assert is_red(read_photo(path))


def test_every_kind_has_an_ending_of_its_own() -> None:
    suffixes = [suffix for kind in photo_kinds.KINDS for suffix in kind.suffixes]
    assert len(suffixes) == len({*suffixes}) == len(PHOTO_SUFFIXES)
    assert not PHOTO_SUFFIXES & (photo_kinds.RAW_SUFFIXES | photo_kinds.OTHER_SUFFIXES)


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


def exif_block(*entries: tuple[int, int, int, bytes], more: bytes = b"") -> bytes:
    """EXIF of entries: tag, type, count and value of four bytes; more follows the directory."""
    directory = struct.pack("<H", len(entries))
    for tag, sort, count, value in entries:
        directory += struct.pack("<HHI", tag, sort, count) + value
    return b"Exif\0\0II*\0" + struct.pack("<I", 8) + directory + bytes(4) + more


TURNED = (0x112, 3, 1, struct.pack("<HH", 6, 0))
AT = struct.pack("<I", 8 + 2 + 2 * 12 + 4)  # the first byte behind a directory of two
MALFORMED = {
    "a signed fraction over nothing": ((0x11A, 10, 1, AT), struct.pack("<ii", -1, 0)),
    "a negative size": ((0x100, 9, 1, struct.pack("<i", -5)), b""),
    "a number too large": ((0x213, 4, 1, struct.pack("<I", 70000)), b""),
    "a fraction for a pointer": ((0xA005, 5, 1, AT), struct.pack("<II", 1, 0)),
    "not a number": ((0x11A, 12, 1, AT), struct.pack("<d", float("nan"))),
    "infinite": ((0x11A, 12, 1, AT), struct.pack("<d", float("inf"))),
    "bytes": ((0x11A, 1, 4, b"\1\2\3\4"), b""),
    "an unknown type": ((0x11A, 99, 1, AT), b""),
    "a pointer out of the file": ((0x8769, 4, 1, struct.pack("<I", 1 << 30)), b""),
    "a pointer to itself": ((0x8769, 4, 1, struct.pack("<I", 8)), b""),
    "a count of billions": ((0x10F, 2, 0xFFFFFFFF, AT), b""),
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("case", MALFORMED)
def test_one_malformed_tag_costs_nothing(kind: str, case: str) -> None:
    entry, more = MALFORMED[case]
    exif = exif_block(TURNED, entry, more=more)
    content = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(np.rot90(RED)))
    if kind == "AVIF":  # Pillow reads what it is given, so the tag is spoilt afterwards
        sound = exif_block(TURNED, (0x11A, 5, 1, AT), more=struct.pack("<II", 72, 1))
        image.save(content, kind, quality=95, exif=sound)
        tags = content.getvalue().replace(sound[6:], exif[6:].ljust(len(sound) - 6, b"\0"))
        content = io.BytesIO(tags)
    else:
        image.save(content, kind, quality=95, exif=exif)
    pixels = decode_photo(content.getvalue(), "a photo")
    assert is_red(pixels if pixels.shape == RED.shape else np.rot90(pixels, -1))
    if kind != "AVIF":
        assert pixels.shape == RED.shape


@pytest.mark.parametrize("case", MALFORMED)
def test_one_malformed_tag_of_a_tiff_costs_nothing(case: str) -> None:
    (tag, sort, count, value), _ = MALFORMED[case]
    if tag == 0x100:
        pytest.skip("a TIFF's own size is no metadata")
    content = io.BytesIO()
    sound = {0x112: 6, 0x11A: 72.0, 0x213: 1, 0x10F: "maker", 0x8769: {}, 0xA005: 1}
    Image.fromarray(np.ascontiguousarray(np.rot90(RED))).save(
        content, "TIFF", tiffinfo={0x112: 6, tag: sound[tag]}
    )
    data = bytearray(content.getvalue())
    start = struct.unpack_from("<I", data, 4)[0]
    for place in range(start + 2, start + 2 + 12 * struct.unpack_from("<H", data, start)[0], 12):
        if struct.unpack_from("<H", data, place)[0] == tag:
            data[place + 2 : place + 12] = struct.pack("<HI", sort, count) + value
    assert is_red(decode_photo(bytes(data), "a photo"))


@pytest.mark.parametrize(("sort", "value"), [(2, b"6\0\0\0"), (1, b"\6\0\0\0"), (4, b"\6\0\0\0")])
def test_orientation_of_another_type_is_understood(sort: int, value: bytes) -> None:
    content = io.BytesIO()
    exif = exif_block((0x112, sort, 2 if sort == 2 else 1, value))
    Image.fromarray(np.ascontiguousarray(np.rot90(RED))).save(
        content, "JPEG", quality=95, exif=exif
    )
    assert is_red(decode_photo(content.getvalue(), "a photo"))


def png_of(**texts: str) -> bytes:
    """A PNG with compressed texts."""
    info = PngImagePlugin.PngInfo()
    for name, text in texts.items():
        info.add_text(name, text, zip=True)
    content = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.fromarray(np.ascontiguousarray(np.rot90(RED)))
    image.save(content, "PNG", pnginfo=info, exif=exif)
    return content.getvalue()


def test_texts_of_any_size_cost_nothing() -> None:
    much = {f"prompt{number}": "word " * 500_000 for number in range(40)}  # 100 MB unpacked
    assert is_red(decode_photo(png_of(**much), "a photo"))


@pytest.mark.parametrize("spare", [1_500_000, 40_000_000])
def test_a_profile_of_any_size_costs_nothing(spare: int) -> None:
    content = io.BytesIO()
    Image.fromarray(RED).save(content, "PNG", icc_profile=bytes(spare))
    assert is_red(decode_photo(content.getvalue(), "a photo"))


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
    assert "is not there" in sentence(tmp_path / "gone.jpg")


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

    path = saved(tmp_path / "a.png", Image.fromarray(RED))
    monkeypatch.setattr(os, "open", refuse)
    assert "permission" in sentence(path)


@pytest.mark.parametrize(("kind", "package"), [("HEIF", "pillow-heif"), ("JXL", "pillow-jxl")])
def test_a_missing_package_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, package: str
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(kind))
    monkeypatch.setattr(photo_kinds, "_plugin_loaded", lambda *_: False)
    assert package in sentence(path)


@pytest.mark.parametrize("error", [RuntimeError, KeyError, struct.error, RecursionError])
def test_whatever_a_decoder_raises_is_a_damaged_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fail(*_: object) -> None:
        raise error("inner\nworkings")

    monkeypatch.setattr(photo, "upright_rgb", fail)
    told = sentence(saved(tmp_path / "a.png", Image.fromarray(RED)))
    assert "damaged" in told and "inner" not in told


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_cut_off_anywhere_is_read_or_told(kind: str) -> None:
    content = encoded(kind)
    for end in range(0, len(content), max(1, len(content) // 40)):
        try:
            assert decode_photo(content[:end], "cut.photo").shape[2] == 3
        except XCosError as error:
            assert "cut.photo" in str(error) and "\n" not in str(error)


# Special files are refused before they are read.


def test_pipes_sockets_devices_and_folders_are_no_photos(tmp_path: Path) -> None:
    (tmp_path / "folder.jpg").mkdir()
    assert "a folder" in sentence(tmp_path / "folder.jpg")
    if os.name == "nt":
        return
    os.mkfifo(tmp_path / "pipe.jpg")
    assert "a named pipe" in sentence(tmp_path / "pipe.jpg")
    (tmp_path / "zero.jpg").symlink_to("/dev/zero")
    assert "a device" in sentence(tmp_path / "zero.jpg")
    with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{short}/s.jpg")  # a socket's path may not be long
        assert "a socket" in sentence(Path(short, "s.jpg"))


def test_a_pipe_that_takes_a_photo_s_place_meanwhile_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.name == "nt":
        return
    os.mkfifo(tmp_path / "pipe.jpg")
    looked: list[Path] = []

    def refuse(path: Path, state: os.stat_result) -> None:
        looked.append(path)
        if len(looked) > 1:  # the first look saw a file
            _refuse_special(path, state)

    monkeypatch.setattr("core.faces.photo._refuse_special", refuse)
    told: list[str] = []
    reading = threading.Thread(
        target=lambda: told.append(sentence(tmp_path / "pipe.jpg")), daemon=True
    )
    reading.start()
    reading.join(30)
    assert told and "a named pipe" in told[0]


def test_a_file_too_large_for_a_photo_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    with path.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    assert "MB" in sentence(path)


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("a.dng", b"II*\0" + bytes(100)),
        ("a.nef", b"MM\0*" + bytes(100)),
        ("a.jpg", b"II*\0\x10\0\0\0CR\2\0"),
        ("a.jpg", b"\0\0\0\x18ftypcrx \0\0\0\1"),
        ("a.tif", b"FUJIFILMCCD-RAW 0201"),
        ("a.rw2", b"IIU\0" + bytes(100)),
    ],
)
def test_raw_files_are_called_so(tmp_path: Path, name: str, start: bytes) -> None:
    (tmp_path / name).write_bytes(start)
    assert "RAW" in sentence(tmp_path / name)


def test_a_digital_negative_named_tif_is_no_photo(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.tif", Image.fromarray(RED), tiffinfo={50706: b"\1\4\0\0"})
    assert "RAW" in sentence(path)


def test_a_photo_that_git_lfs_has_not_fetched_is_called_so() -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 4\n"
    with pytest.raises(XCosError, match=r"^ann\.jpg is a Git LFS pointer, .* git lfs pull\.$"):
        decode_photo(pointer, "ann.jpg")
