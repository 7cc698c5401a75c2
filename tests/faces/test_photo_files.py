"""Which files of a folder are taken for photos, and how names are read."""

import os
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

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


@pytest.mark.parametrize("name", ["a.CR2", "a.nef", "a.dng", "a.svg", "a.exr", "a.tga"])
def test_pictures_that_are_not_read_are_told(tmp_path: Path, name: str) -> None:
    put(tmp_path / "b.jpg")
    (tmp_path / name).write_bytes(b"II*\0" + bytes(100) if name == "a.dng" else b"no picture")
    listed = find_photos(tmp_path)
    ((path, reason),) = listed.skipped
    assert path.name == name and name in reason and "not read" in reason and reason.endswith(".")
    assert [path.name for path in listed.files] == ["b.jpg"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes among files")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
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
