"""Who photos of a folder show, and what is not theirs."""

import os
import sys
import unicodedata
from pathlib import Path

import pytest
from PIL import Image

from core.errors import XCosError
from core.gallery.folder import scan


def put(path: Path, kind: str = "JPEG") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), "red").save(path, kind)
    return path


CAMERA = ["IMG_0001", "DSC_0001", "_MG_0001", "_DSC_0001", "img_0001", "SAM_0001", "PXL_20240131_1234",
          "20240131_1234", "2024-01-31_0001", "IMG_20240131_1234", "DJI_0001", "MVI_0001", "P_0001",
          "WhatsApp Image 2024-01-31 at 12.30.05_0001", "Screenshot_2024-01-31_1205",
          "31 Jan 2024_0001", "2024_March_0001", "frame_0001", "photo_0001", "Scan_0001",
          "FB_IMG_1234", "Bild_0001", "mmexport1700000000_0001", "CamScanner 1_0001", "照片_0001",
          "фото_0001", "file_0001"]  # fmt: skip
PEOPLE = {"Tony_Blair_0001": "Tony_Blair", "Ann_0001": "Ann", "Sam_0012": "Sam", "Jan_0001": "Jan",
          "April_May_0001": "April_May", "Ann_IMG_0001": "Ann_IMG", "李小龙_0001": "李小龙",
          "Agent_007_0001": "Agent_007"}  # fmt: skip


@pytest.mark.parametrize("name", CAMERA)
def test_a_cameras_name_is_no_person(tmp_path: Path, name: str) -> None:
    put(tmp_path / f"{name}.jpg")
    (listed,) = scan(tmp_path).photos
    assert listed.identity is None
    (alone,) = scan(tmp_path / listed.photo).photos
    assert alone.identity is None


@pytest.mark.parametrize("name", PEOPLE)
def test_a_name_and_number_is_a_person(tmp_path: Path, name: str) -> None:
    put(tmp_path / f"{name}.jpg")
    assert [listed.identity for listed in scan(tmp_path).photos] == [PEOPLE[name]]


def test_a_folder_may_be_called_as_a_camera_would(tmp_path: Path) -> None:
    put(tmp_path / "IMG" / "IMG_0001.jpg")
    assert [listed.identity for listed in scan(tmp_path).photos] == ["IMG"]


@pytest.mark.skipif(sys.platform == "darwin", reason="its disks know one spelling only")
def test_one_person_in_two_spellings_is_one(tmp_path: Path) -> None:
    for form in ("NFC", "NFD"):
        put(tmp_path / unicodedata.normalize(form, "José") / "1.jpg")  # type: ignore[arg-type]
    listing = scan(tmp_path)
    assert {listed.identity for listed in listing.photos} == {"José"}
    assert len({listed.photo for listed in listing.photos}) == 2
    assert all((tmp_path / listed.photo).is_file() for listed in listing.photos)


@pytest.mark.skipif(sys.platform == "win32", reason="its disks trim names")
def test_folders_whose_names_look_alike_are_one_person(tmp_path: Path) -> None:
    names = ["Ann Lee", "Ann\u00a0Lee", "Ann  Lee", "Ann Lee\u200b"]
    for name in names:
        put(tmp_path / name / "1.jpg")
    put(tmp_path / "\u200b" / "1.jpg")
    listing = scan(tmp_path)
    assert {listed.photo: listed.identity for listed in listing.photos} == {
        **{f"{name}/1.jpg": "Ann Lee" for name in names},
        "\u200b/1.jpg": None,
    }
    assert all((tmp_path / listed.photo).is_file() for listed in listing.photos)


def test_raw_photos_are_told(tmp_path: Path) -> None:
    put(tmp_path / "Ann" / "1.jpg")
    (tmp_path / "Ann" / "2.CR2").write_bytes(b"II*\0\x10\0\0\0CR\2\0")
    listing = scan(tmp_path)
    assert [listed.photo for listed in listing.photos] == ["Ann/1.jpg"]
    ((file, reason),) = listing.skipped
    assert file == "Ann/2.CR2" and "RAW" in reason
    with pytest.raises(XCosError, match="RAW"):
        scan(tmp_path / file)
    (tmp_path / "Ann" / "1.jpg").unlink()
    with pytest.raises(XCosError, match=r"no photos.*RAW"):
        scan(tmp_path)


@pytest.mark.parametrize("name", ["photo", "photo.gif", "photo.jpg_large"])
def test_one_photo_of_any_ending_is_a_gallery(tmp_path: Path, name: str) -> None:
    path = put(tmp_path / name, "GIF")
    assert [listed.photo for listed in scan(path).photos] == [name]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes among files")
def test_a_pipe_is_no_gallery(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jpg")
    with pytest.raises(XCosError, match="no folder, photo or CSV"):
        scan(tmp_path / "a.jpg")


def test_a_photo_that_is_called_as_a_face_of_another_is_told(tmp_path: Path) -> None:
    """Face 2 of group.jpg goes by group.jpg#2: what is noted of one would be of both."""
    for name in ("group.jpg", "group.jpg#1", "group.jpg#02", "alone.jpg#2", "a#2.jpg", "a"):
        put(tmp_path / "ann" / name)
    put(tmp_path / "group.jpg#2")
    kept = {listed.photo for listed in scan(tmp_path).photos}
    assert len(kept) == 7 and not scan(tmp_path).skipped
    put(tmp_path / "ann" / "group.jpg#2")
    put(tmp_path / "ann" / "group.jpg#12")
    put(tmp_path / "ann" / "group.jpg#2#3")
    listing = scan(tmp_path)
    keys = [f"{listed.photo}#{number}" for listed in listing.photos for number in range(2, 13)]
    assert not {*keys} & {listed.photo for listed in listing.photos}
    assert {listed.photo for listed in listing.photos} == kept | {"ann/group.jpg#2#3"}
    assert sorted(listing.skipped) == [
        (
            f"ann/group.jpg#{number}",
            f"{tmp_path / 'ann' / 'group.jpg'}#{number} is called as face {number} of ann/group.jpg is; "
            "rename it, so that both can be told apart.",
        )
        for number in (12, 2)
    ]
