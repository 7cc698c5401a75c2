"""Folders and sets of training faces that are damaged or give nothing: each in a sentence."""

import re
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import Stopped, XCosError
from core.progress import Task
from core.training import data
from core.training.config import DataConfig
from core.training.data import training_faces
from core.training.gallery_source import open_gallery_source
from core.training.held_out import chosen_people, split
from core.training.recordio import HEADER, RecordSource
from core.training.sources import FolderSource, open_source
from tests.living import make_crops
from tests.training.test_recordio import FACES, many, one, write


@pytest.mark.parametrize(
    ("records", "keys", "told"),
    [
        # Record 0 promises identities in record 1, which is an image with one label.
        ([many(1, 2), one(3, 1)], None, "record 1 is damaged: it is an identity without a range"),
        ([one(3, 1), bytes(HEADER.size - 1)], None, "record 1 is damaged: it is too short"),
        ([one(3, 1), many(1, 2, 3)[:-1]], [4, 7], "record 7 is damaged: it lacks some of its 3"),
    ],
)
def test_records_without_what_they_promise_are_told(
    tmp_path: Path, records: list[bytes], keys: list[int] | None, told: str
) -> None:
    with pytest.raises(XCosError, match=rf"train\.rec, {told}"):
        RecordSource(write(tmp_path, records, keys))


@pytest.mark.parametrize(("back", "damaged"), [(7, True), (8, False), (-1, True), (None, True)])
def test_a_record_begins_within_the_file(tmp_path: Path, back: int | None, damaged: bool) -> None:
    """A head has eight bytes; back: how far before the file's end one is said to begin."""
    folder = write(tmp_path, [*FACES, b""])
    size = (folder / "train.rec").stat().st_size
    lines = (folder / "train.idx").read_text().splitlines()[:6]
    at = -1 if back is None else size - back
    (folder / "train.idx").write_text("\n".join([*lines, f"6\t{at}"]))
    # An empty record is too short, but lies where it should.
    why = "it lies beyond the file's end" if damaged else "it is too short"
    with pytest.raises(XCosError, match=f"record 6 is damaged: {why}; get the file anew"):
        RecordSource(folder)


def test_a_set_without_records_is_told(tmp_path: Path) -> None:
    """Records that only go on, and none that begins."""
    (tmp_path / "train.rec").write_bytes(struct.pack("<II", 1, 0))
    (tmp_path / "train.idx").write_text("")
    with pytest.raises(XCosError, match="record 0 is damaged: it does not begin as a record"):
        RecordSource(tmp_path)


@pytest.mark.parametrize("pointed", ["train.rec", "train.idx"])
def test_a_part_of_a_set_that_is_a_folder_cannot_be_read(tmp_path: Path, pointed: str) -> None:
    folder = write(tmp_path, FACES)
    (folder / pointed).unlink()
    (folder / pointed).mkdir()
    with pytest.raises(XCosError) as error:
        RecordSource(folder)
    assert str(error.value) == (
        f"{folder / pointed} cannot be read: Is a directory; get train.rec and train.idx anew."
    )


def test_a_gallery_of_records_names_its_people(tmp_path: Path) -> None:
    source = open_gallery_source(DataConfig(gallery=write(tmp_path / "set", FACES)))
    assert isinstance(source, RecordSource)
    assert source.identities.tolist() == ["000004"] * 3 + ["000009"] * 3
    unlabelled = open_source(tmp_path / "set", False)
    assert unlabelled.identities.tolist() == [""] * 6


def test_folders_that_are_not_there_or_empty_are_told(tmp_path: Path) -> None:
    for root, told in (
        (tmp_path / "none", "does not exist; mend data in the config."),
        (tmp_path, "has no photos; take it out of the config."),
    ):
        with pytest.raises(XCosError) as error:
            FolderSource(root, True)
        assert str(error.value) == f"The training folder {root} {told}"


@pytest.mark.parametrize("kept", [True, False])
def test_faces_of_another_size_are_left_out_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    """A RecordIO's images need not be 112x112; those that are stay in their order."""
    odd = tmp_path / "odd.png"
    Image.fromarray(np.zeros((90, 70, 3), np.uint8)).save(odd)
    records = [FACES[0], HEADER.pack(0, 4, 0, 0) + odd.read_bytes(), *FACES[3:5]]
    root = write(tmp_path / "set", records)
    monkeypatch.setattr(data, "_fits", lambda *_: kept)
    faces = training_faces(DataConfig(labelled=[root], cache=tmp_path / "cache"))
    sentence = f"{root / 'train.rec'}, record 1 is 70x90, not an aligned 112x112 face."
    assert faces.problems == (sentence,)
    assert faces.places.tolist() == [[0, 0], [0, 2], [0, 3]]
    assert faces.labels.tolist() == [0, 1, 1] and faces.identities == ("000004", "000009")
    source = RecordSource(root)
    wanted = np.stack([source.read(number) for number in (2, 0)])
    np.testing.assert_array_equal(faces.take(np.array([1, 0])), wanted)


def test_a_face_that_has_changed_its_size_since_is_refused(
    tmp_path: Path, crops: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "_fits", lambda *_: False)
    root = write(tmp_path / "set", FACES)
    faces = training_faces(DataConfig(labelled=[root], cache=tmp_path / "cache"))
    turned = np.zeros((112, 113, 3), np.uint8)
    monkeypatch.setattr(RecordSource, "read", lambda *_: turned)
    with pytest.raises(XCosError, match=r"record 5 is 113x112, not an aligned 112x112 face\."):
        faces.take(np.array([5]))


def test_faces_to_be_found_need_room_for_what_was_found(
    crops: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "_fits", lambda *_: False)
    config = DataConfig(labelled=[crops], aligned=False, cache=tmp_path / "cache")
    with pytest.raises(XCosError, match=r"^The disk of .*faces-\w+ has no room for 6 aligned") as e:
        training_faces(config)
    assert str(e.value).endswith("make room or choose another data.cache.")
    assert not (tmp_path / "cache").exists()


def test_a_cache_that_is_a_file_is_told(crops: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_bytes(b"")
    config = DataConfig(labelled=[crops], cache=tmp_path / "cache")
    with pytest.raises(XCosError) as error:
        training_faces(config)
    assert re.fullmatch(
        rf"{re.escape(str(tmp_path))}/cache/faces-\w+ cannot be written: Not a directory; make room "
        r"or choose another data\.cache\.",
        str(error.value),
    )


def test_decoding_stops_between_its_parts(
    crops: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "CHUNK", 2)
    reports: list[tuple[str, int, int]] = []
    task = Task(lambda *said: reports.append(said), lambda: len(reports) == 2)
    config = DataConfig(labelled=[crops], cache=tmp_path / "cache")
    with pytest.raises(Stopped, match=r"^Decoding the training faces was stopped\.$"):
        training_faces(config, task)
    assert reports == [("Decoding faces", 0, 6), ("Decoding faces", 2, 6)]
    assert not [*tmp_path.glob("cache/faces-*/problems.json")]
    assert training_faces(config).labels.tolist() == [0, 0, 0, 1, 1, 2]


def test_people_whose_photos_are_all_damaged_are_held_out_and_nobody_is_tried(
    tmp_path: Path,
) -> None:
    folder = make_crops(tmp_path / "people", dict.fromkeys(("ann", "bob", "cem", "dan"), 2))
    source = FolderSource(folder, True)
    for photo in folder.rglob("*.png"):
        photo.write_bytes(b"none")
    rest, faces = split([source], source.identities, chosen_people(source.identities, 0.5, 3), 3)
    assert faces is None
    (some,) = rest
    left = some.identities.tolist()
    assert len(left) == 4 and len({*left}) == 2
    assert [some.name(k) for k in range(4)] == [
        str(folder / name / f"{number}.png") for name in sorted({*left}) for number in (1, 2)
    ]
