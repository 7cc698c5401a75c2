"""RecordIO of many makings, and equal names in two sources: who is whom."""

import io
import struct
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import XCosError
from core.training.checks import check
from core.training.config import DataConfig
from core.training.data import training_faces
from core.training.gallery_source import listed_people
from core.training.recordio import HEADER, MAGIC, RecordSource
from tests.conftest import make_crops
from tests.training.test_training import config_for


def face(value: int) -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(value).integers(0, 256, (112, 112, 3)).astype(np.uint8)
    Image.fromarray(noise).save(buffer, "PNG")
    return buffer.getvalue()


def one(label: float, value: int) -> bytes:
    return HEADER.pack(0, label, 0, 0) + face(value)


def many(*labels: float) -> bytes:
    return HEADER.pack(len(labels), 0, 0, 0) + struct.pack(f"<{len(labels)}f", *labels)


def write(folder: Path, records: list[bytes], keys: list[int] | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    body, lines = b"", []
    for key, content in zip(keys or range(len(records)), records, strict=True):
        lines.append(f"{key}\t{len(body)}\n")
        body += struct.pack("<II", MAGIC, len(content)) + content + bytes(-len(content) % 4)
    (folder / "train.rec").write_bytes(body)
    (folder / "train.idx").write_text("".join(lines))
    return folder


FACES = [one(label, number) for number, label in enumerate((4, 4, 4, 9, 9, 9))]


@pytest.mark.parametrize(
    "records, keys",
    [
        (FACES, None),
        (FACES, [1, 2, 3, 4, 5, 6]),
        ([many(0, 0), *FACES], None),
        ([many(7, 7), *FACES], None),
        ([HEADER.pack(0, 7, 0, 0), *FACES], None),
        ([HEADER.pack(0, 0, 0, 0), *FACES], None),
        ([many(7, 7), *FACES, many(1, 4), many(4, 7)], None),  # its ranges lie beyond what it tells
        ([many(7, 9), *FACES, many(1, 4), many(4, 7)], None),
        ([many(), *(many(4 if n < 3 else 9, 0) + face(n) for n in range(6))], None),
    ],
)
def test_headers_of_many_makings(
    tmp_path: Path, records: list[bytes], keys: list[int] | None
) -> None:
    source = RecordSource(write(tmp_path, records, keys))
    counts = Counter(source.identities.tolist())
    assert list(counts.values()) == [3, 3]
    assert [source.read(n).shape for n in range(6)] == [(112, 112, 3)] * 6


@pytest.mark.parametrize("head", [[], [many(0, 0)], [many(7, 9)]])
def test_without_an_index_the_records_are_counted(tmp_path: Path, head: list[bytes]) -> None:
    ranges = [many(1, 4), many(4, 7)] if head == [many(7, 9)] else []
    folder = write(tmp_path, [*head, *FACES, *ranges])
    indexed = RecordSource(folder)
    (folder / "train.idx").unlink()
    source = RecordSource(folder)
    assert source.identities.tolist() == indexed.identities.tolist() != []
    assert all(np.array_equal(source.read(n), indexed.read(n)) for n in range(6))


@pytest.mark.parametrize("form", ["empty", "marked"])
def test_an_index_may_be_empty_or_begin_with_a_mark(tmp_path: Path, form: str) -> None:
    folder = write(tmp_path, FACES)
    known = RecordSource(folder).identities.tolist()
    index = folder / "train.idx"
    index.write_bytes(b"\n" if form == "empty" else b"\xef\xbb\xbf" + index.read_bytes())
    assert RecordSource(folder).identities.tolist() == known != []


def test_an_index_that_names_a_record_twice_is_told(tmp_path: Path) -> None:
    with pytest.raises(XCosError, match=r"train\.idx names record 2 twice; remove it"):
        RecordSource(write(tmp_path, FACES, [1, 2, 2, 3, 4, 5]))


def test_a_record_in_parts_counts_once(tmp_path: Path) -> None:
    cut = 60  # where MXNet would have found the magic number
    whole = one(3, 1)
    body = b""
    for more, part in ((1, whole[:cut]), (3, whole[cut + 4 :]), (0, one(5, 2))):
        body += struct.pack("<II", MAGIC, more << 29 | len(part)) + part + bytes(-len(part) % 4)
    (tmp_path / "train.rec").write_bytes(body)
    assert [int(name) for name in RecordSource(tmp_path).identities] == [3, 5]


def test_without_an_index_a_cut_file_is_told(tmp_path: Path) -> None:
    folder = write(tmp_path, FACES)
    (folder / "train.idx").unlink()
    whole = (folder / "train.rec").read_bytes()
    (folder / "train.rec").write_bytes(whole[:-9])
    with pytest.raises(XCosError, match="record 5 is damaged: the file ends within it"):
        RecordSource(folder)
    (folder / "train.rec").write_bytes(b"")
    with pytest.raises(XCosError, match=r"train\.rec"):
        RecordSource(folder)


@pytest.mark.parametrize(
    "records, told",
    [
        ([many(1, 2), many(0, 2e9)], "record 1 .*range of images"),
        ([many(0, 2e9), one(1, 1)], "record 0 .*range of identities"),
        ([many(0.5, 1.5), one(1, 1)], "record 0 .*range of identities is impossible"),
        ([many(float("nan"), 3), one(1, 1)], "record 0 .*range of identities is impossible"),
        ([one(float("nan"), 1)], "record 0 .*its label is nan"),
        ([one(3.5, 1)], "record 0 .*its label is 3.5"),
        ([many(0, 0)], "has no images"),
    ],
)
def test_impossible_labels_are_told(tmp_path: Path, records: list[bytes], told: str) -> None:
    with pytest.raises(XCosError, match=rf"train\.rec.*{told}"):
        RecordSource(write(tmp_path, records))


@pytest.mark.parametrize("index", ["1\t99999999999999999999999\n", "1\tx\n", "1 2 3"])
def test_a_damaged_index_is_told(tmp_path: Path, index: str) -> None:
    write(tmp_path, FACES)
    (tmp_path / "train.idx").write_text(index)
    with pytest.raises(XCosError, match=r"train\.idx .*damaged"):
        RecordSource(tmp_path)


def test_equal_labels_of_two_sets_are_different_people(tmp_path: Path, tiny_weights: Path) -> None:
    sets = [write(tmp_path / name, FACES) for name in ("first", "second")]
    config = config_for(make_crops(tmp_path / "crops"), tiny_weights, tmp_path)
    data = replace(config.data, labelled=sets, unlabelled=[])
    faces = training_faces(data)
    assert len(faces.identities) == 4
    assert sorted(Counter(faces.labels.tolist()).values()) == [3, 3, 3, 3]
    assert check(replace(config, data=data)).faces.identities == 4


def test_equal_names_of_two_folders_are_different_people_others_keep_theirs(
    tmp_path: Path, tiny_weights: Path
) -> None:
    folders = [make_crops(tmp_path / name) for name in ("first", "second")]
    (folders[1] / "cem").rename(folders[1] / "dan")
    config = config_for(folders[0], tiny_weights, tmp_path)
    data = replace(config.data, labelled=folders, unlabelled=[])
    faces = training_faces(data)
    assert faces.identities == ("ann/0", "ann/1", "bob/0", "bob/1", "cem", "dan")
    for face_number in range(len(faces)):
        source, _ = faces.places[face_number]
        assert folders[source] in Path(faces.name(face_number)).parents
        assert faces.identities[faces.labels[face_number]].endswith(("cem", "dan", f"/{source}"))
    assert check(replace(config, data=data)).faces.identities == 6


def test_the_people_of_a_gallery_that_is_a_set_are_known(tmp_path: Path) -> None:
    found = listed_people(DataConfig(gallery=write(tmp_path / "set", FACES)))
    assert found == (6, ["000004"] * 3 + ["000009"] * 3)


def test_an_unlabelled_set_names_nobody(tmp_path: Path, tiny_weights: Path) -> None:
    crops = make_crops(tmp_path / "crops")
    config = config_for(crops, tiny_weights, tmp_path)
    records = write(tmp_path / "set", FACES)
    faces = training_faces(replace(config.data, labelled=[crops], unlabelled=[records]))
    assert faces.identities == ("ann", "bob", "cem") and (faces.labels < 0).sum() == 6
