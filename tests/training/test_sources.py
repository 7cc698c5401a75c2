"""Which photos of a folder a training takes, and whose they are."""

import os
import shutil
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import XCosError
from core.training.config import DataConfig, TrainConfig
from core.training.sources import FolderSource, _state, empty_folders, read_excluded, without
from core.training.validation import Validation


def test_what_systems_leave_is_not_trained_on(crops: Path) -> None:
    for name in ("@eaDir/thumb.png", ".thumbnails/x.png", "ann/._1.png", "ann/@eaDir/1.png"):
        path = crops / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(crops / "ann" / "1.png", path)
    source = FolderSource(crops, labelled=True)
    assert sorted(source.identities.tolist()) == ["ann"] * 3 + ["bob"] * 2 + ["cem"]
    assert empty_folders(crops, source) == []


@pytest.mark.skipif(sys.platform == "darwin", reason="its disks know one spelling only")
def test_one_person_in_two_spellings_is_one(crops: Path) -> None:
    composed, split = (unicodedata.normalize(form, "José") for form in ("NFC", "NFD"))  # type: ignore[arg-type]
    (crops / "ann").rename(crops / composed)
    (crops / "bob").rename(crops / split)
    source = FolderSource(crops, labelled=True)
    assert set(source.identities.tolist()) == {composed, "cem"}
    assert empty_folders(crops, source) == []
    assert all(source.read(number).shape == (112, 112, 3) for number in range(6))
    listed = crops / "out.txt"
    listed.write_text(f"{split}/1.png\n", encoding="utf-8")
    assert len(without(source, read_excluded(listed)).identities) == 4


def test_people_whose_names_look_alike_are_one(crops: Path) -> None:
    (crops / "ann").rename(crops / "Ann Lee")
    (crops / "bob").rename(crops / "Ann\u00a0\u200bLee")
    source = FolderSource(crops, labelled=True)
    assert set(source.identities.tolist()) == {"Ann Lee", "cem"}
    assert empty_folders(crops, source) == []
    assert all(source.read(number).shape == (112, 112, 3) for number in range(6))


def test_a_raw_photo_is_told_when_it_is_read(crops: Path) -> None:
    (crops / "ann" / "0.nef").write_bytes(b"MM\0*" + bytes(100))
    source = FolderSource(crops, labelled=True)
    with pytest.raises(XCosError, match="RAW"):
        source.read(0)
    assert np.array_equal(source.read(1), np.asarray(Image.open(crops / "ann" / "1.png")))


@pytest.mark.skipif(sys.platform == "darwin", reason="its disks know one spelling only")
def test_validation_photos_are_found_in_another_spelling(tmp_path: Path, crops: Path) -> None:
    name, disk = unicodedata.normalize("NFC", "José"), unicodedata.normalize("NFD", "José")
    for number in (1, 2):
        (tmp_path / "v" / disk).mkdir(parents=True, exist_ok=True)
        shutil.copy(
            crops / "ann" / f"{number}.png", tmp_path / "v" / disk / f"{disk}_000{number}.png"
        )
    (tmp_path / "v" / "Bob").mkdir()
    shutil.copy(crops / "bob" / "1.png", tmp_path / "v" / "Bob" / "Bob_0001.png")
    pairs = tmp_path / "v" / "pairs.txt"
    pairs.write_text(f"1\t1\n{name}\t1\t2\n{name}\t1\tBob\t1\n", encoding="utf-8")
    found = Validation.of(TrainConfig(data=DataConfig(validation=pairs)))
    assert found is not None and found.same.tolist() == [True, False]
    kept = np.asarray(Image.open(crops / "ann" / "1.png"))
    np.testing.assert_array_equal(found.crops[found.left[0]], kept)


def test_a_file_is_another_by_its_size_or_its_time(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    states = [_state(file)]
    for content, time in ((b"ab", 10**18), (b"abc", 10**18), (b"abc", 10**18 + 10**9)):
        file.write_bytes(content)
        os.utime(file, ns=(time, time))
        states.append(_state(file))
        assert _state(file) == states[-1]
    assert len({*states}) == 4
