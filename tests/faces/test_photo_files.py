"""Which files of a folder are taken for photos, and how names are read."""

import os
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.errors import XCosError
from core.faces.photo import read_photo
from core.faces.photo_files import find_photos, readable

SYSTEM = ["@eaDir/a.jpg", ".thumbnails/a.jpg", "._a.jpg", "__MACOSX/a.jpg", "#recycle/a.jpg",
          "$RECYCLE.BIN/a.jpg", ".hidden.jpg", "Thumbs.db", "desktop.ini", ".DS_Store"]  # fmt: skip


def put(path: Path, kind: str = "JPEG") -> Path:
    """A small picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), "red").save(path, kind)
    return path


def found(folder: Path, below: bool = True) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in find_photos(folder, below).files]


def test_what_systems_leave_is_passed_over(tmp_path: Path) -> None:
    for name in ("a.jpg", "Ann/b.jpg", "@at/c.jpg", "#2/d.jpg", *SYSTEM):
        put(tmp_path / name)
        put(tmp_path / "Ann" / name)
    listed = find_photos(tmp_path)
    assert not listed.skipped
    assert sorted(found(tmp_path)) == [
        "#2/d.jpg", "@at/c.jpg", "Ann/#2/d.jpg", "Ann/@at/c.jpg", "Ann/Ann/b.jpg", "Ann/a.jpg",
        "Ann/b.jpg", "a.jpg"
    ]  # fmt: skip
    assert found(tmp_path, below=False) == ["a.jpg"]


def test_a_hidden_folder_that_is_opened_itself_gives_its_photos(tmp_path: Path) -> None:
    put(tmp_path / ".cache" / "a.jpg")
    assert found(tmp_path / ".cache") == ["a.jpg"]


def test_photos_without_a_usual_ending_are_found(tmp_path: Path) -> None:
    put(tmp_path / "subject01.glasses", "GIF")
    put(tmp_path / "noending")
    put(tmp_path / "a.jpg_large")
    put(tmp_path / "sidecar.dng")  # a JPEG all the same
    (tmp_path / "notes").write_text("no photo", encoding="utf-8")
    (tmp_path / "labels.txt").write_text("no photo", encoding="utf-8")
    assert found(tmp_path) == ["a.jpg_large", "noending", "sidecar.dng", "subject01.glasses"]
    assert not find_photos(tmp_path).skipped


@pytest.mark.parametrize("ending", ["txt", "bin", "html", "xml", "gz", "db", "mov", "mp4", "JSON"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP"])
def test_a_photo_is_one_whatever_its_ending(tmp_path: Path, ending: str, kind: str) -> None:
    path = put(tmp_path / f"a.{ending}", kind)
    assert find_photos(tmp_path).files == (path,)
    assert read_photo(path).shape == (8, 8, 3)


@pytest.mark.parametrize(
    "content",
    [b"P1 3\n", b"P6 2 of 4, mine", b"path,identity\n", b"", b"BM", b"\0\0\0\x18ftypmp42\0\0\0\0isom",
     b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", b"RIFF\0\0\0\0AVI LIST", b"SQLite format 3\0", b"%PDF-1.7",
     b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n"],
)  # fmt: skip
def test_lists_and_videos_beside_photos_are_passed_over(tmp_path: Path, content: bytes) -> None:
    for ending in ("txt", "csv", "mp4", "mov", "avi", "db", "pdf"):
        (tmp_path / f"a.{ending}").write_bytes(content)
    put(tmp_path / "b.jpg")
    listed = find_photos(tmp_path)
    assert [path.name for path in listed.files] == ["b.jpg"] and not listed.skipped


ENDINGS = ("CR2 nef dng eip dxo svg exr tga cur pam xbm xpm fits pict pct jls jng mng wbmp heics "
           "avifs jxs jph icb vda cin dpx pgx xwd rgbe pic")  # fmt: skip


@pytest.mark.parametrize("name", [f"a.{ending}" for ending in ENDINGS.split()])
def test_pictures_that_are_not_read_are_told(tmp_path: Path, name: str) -> None:
    put(tmp_path / "b.jpg")
    (tmp_path / name).write_bytes(b"II*\0" + bytes(100) if name == "a.dng" else b"no picture")
    listed = find_photos(tmp_path)
    ((path, reason),) = listed.skipped
    assert path.name == name and name in reason and "not read" in reason and reason.endswith(".")
    assert [path.name for path in listed.files] == ["b.jpg"]


STARTS = {  # from the kinds' own definitions
    "JPEG-LS": bytes.fromhex("ffd8fff7000b080100010001011100ffda"),
    "MNG": b"\x8aMNG\r\n\x1a\n\0\0\0\x1cMHDR",
    "JNG": b"\x8bJNG\r\n\x1a\n\0\0\0\x10JHDR",
    "PAM": b"P7\nWIDTH 4\nHEIGHT 2\nDEPTH 4\nMAXVAL 255\nENDHDR\n",
    "icon": bytes.fromhex("000002000100202002000f00100030010000"),
    "FITS": b"SIMPLE  =                    T / file conforms to FITS standard",
    "DICOM": bytes(128) + b"DICM\2\0\0\0UL",
    "DPX": b"SDPX\0\0\x08\0V2.0\0",
    "OpenEXR": bytes.fromhex("762f310102000000"),
    "Radiance": b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n",
}


@pytest.mark.parametrize("kind", STARTS)
@pytest.mark.parametrize("ending", ["", ".dat", ".jpg"])
def test_pictures_that_are_not_read_are_known_by_what_they_hold(
    tmp_path: Path, kind: str, ending: str
) -> None:
    file = tmp_path / f"a{ending}"
    file.write_bytes(STARTS[kind])
    sentence = f"{file} is a picture of a kind that is not read ({kind}); save it as JPEG or PNG."
    if ending != ".jpg":  # such are opened first
        assert find_photos(tmp_path).skipped == ((file, sentence),)
    with pytest.raises(XCosError) as error:
        read_photo(file)
    assert str(error.value) == sentence


@pytest.mark.parametrize("kind", ["ICO", "DDS"])
def test_what_pillow_writes_of_other_kinds_is_known(tmp_path: Path, kind: str) -> None:
    Image.new("RGB", (32, 32), "red").save(tmp_path / "a", kind)
    ((file, reason),) = find_photos(tmp_path).skipped
    assert file.name == "a" and "is a picture of a kind that is not read" in reason


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes among files")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(tmp_path / "pipe.txt")
    os.mkfifo(tmp_path / "pipe.jpg")  # refused when it is read
    assert found(tmp_path) == ["pipe.jpg"]


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_a_link_to_a_folder_above_ends(tmp_path: Path) -> None:
    put(tmp_path / "Ann" / "a.jpg")
    (tmp_path / "Ann" / "up").symlink_to(tmp_path)
    assert found(tmp_path) == ["Ann/a.jpg"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have text only as names")
def test_bytes_that_are_no_utf8_are_read_as_latin() -> None:
    assert readable(os.fsdecode(b"Jos\xe9 N\xfa\xf1ez")) == "José Núñez"
    assert readable(os.fsdecode("Zoë ".encode() + b"\xeb")) == "Zoë ë"


@given(st.text())
def test_composed_and_decomposed_names_are_read_alike(name: str) -> None:
    once = readable(name)
    assert readable(once) == once == readable(unicodedata.normalize("NFD", name))
    once.encode()  # it can be written


@given(st.binary(max_size=20))
def test_any_bytes_can_be_written_when_read(name: bytes) -> None:
    readable(name.decode("utf-8", "surrogateescape")).encode()
