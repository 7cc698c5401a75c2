"""Mended labels as a list and as folders: every photo once, nothing overwritten."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.analysis.labels.export import copy_photos, write_labels
from core.errors import Stopped, XCosError
from core.faces.face import Face
from core.gallery.folder import scan
from core.gallery.gallery import Gallery
from core.progress import Task


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    """Photos of one name in three folders, one of them with two faces, and people of odd names."""
    root, faces = tmp_path / "g", []
    for k, (photo, identity) in enumerate(
        [("x/1.png", "ann"), ("y/1.png", "ann"), ("z/1.png", "ann"), ("z/2.png", None),
         ("z/3.png", "a/b: c."), ("z/4.png", "..")]
    ):  # fmt: skip
        (root / photo).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((9, 9, 3), 40 * k, np.uint8)).save(root / photo)
        faces.append(Face(photo, 1, identity, None, f"d{k}"))
    faces.insert(1, Face("x/1.png", 2, "bob", None, "d9"))
    return Gallery(root, root, tuple(faces))


def test_photos_of_one_name_get_numbers(gallery: Gallery, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    told = Task(lambda what, done, total: steps.append((done, total)))
    assert copy_photos(tmp_path / "out", gallery, told) == 6
    assert steps == [(k, 6) for k in range(7)]
    copied = {
        path.relative_to(tmp_path / "out").as_posix(): path.read_bytes()
        for path in (tmp_path / "out").rglob("*.*")
        if path.is_file()
    }
    wanted = {
        "ann/1.png": "x/1.png", "ann/1_2.png": "y/1.png", "ann/1_3.png": "z/1.png",
        "2.png": "z/2.png", "a_b_ c/3.png": "z/3.png", "unknown/4.png": "z/4.png",
    }  # fmt: skip
    assert copied == {name: (gallery.root / photo).read_bytes() for name, photo in wanted.items()}
    with pytest.raises(XCosError, match="is not empty; choose a new folder"):
        copy_photos(tmp_path / "out", gallery)
    with pytest.raises(XCosError, match="is not empty; choose a new folder"):
        copy_photos(tmp_path / "out" / "ann" / "1.png", gallery)


def test_a_copy_opens_with_the_people_of_the_gallery(tmp_path: Path) -> None:
    people = {
        "1.png": "A/B", "2.png": "A_B", "3.png": "a_b", "4.png": "A_B", "5.png": None, "6.png": None,
        "Ann_Lee_0001.png": None, "A_B": None, "7.png": "..", "8.png": "unknown",
    }  # fmt: skip
    (tmp_path / "g").mkdir()
    for k, photo in enumerate(people):
        Image.fromarray(np.full((9, 9, 3), 20 * k, np.uint8)).save(tmp_path / "g" / photo, "PNG")
    faces = tuple(Face(photo, 1, who, None, photo) for photo, who in people.items())
    gallery = Gallery(tmp_path / "g", tmp_path / "g", faces)
    assert copy_photos(tmp_path / "out", gallery) == len(people)
    copies = {
        p.read_bytes(): p.relative_to(tmp_path / "out")
        for p in (tmp_path / "out").rglob("*")
        if p.is_file()
    }
    listed = {one.photo: one.identity for one in scan(tmp_path / "out").photos}
    opened = [
        listed.get(copies[(tmp_path / "g" / photo).read_bytes()].as_posix()) for photo in people
    ]
    for i, one in enumerate(people.values()):
        assert (opened[i] is None) == (one is None)
        for j, other in enumerate(people.values()):
            assert one is None or (opened[i] == opened[j]) == (one == other)


def test_a_list_names_each_photo_once(gallery: Gallery, tmp_path: Path) -> None:
    assert write_labels(tmp_path / "labels.csv", gallery) == 6
    with (tmp_path / "labels.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["path", "identity"],
        *([(gallery.root / f.photo).as_posix(), f.identity or ""] for f in gallery.faces if f.number == 1),
    ]  # fmt: skip


def test_places_that_cannot_be_written_are_told(gallery: Gallery, tmp_path: Path) -> None:
    listed = tmp_path / "list.csv"
    listed.write_text("path,identity\n")
    by_list = Gallery(listed, gallery.root, gallery.faces)
    with pytest.raises(XCosError, match="is the gallery itself; choose another name"):
        write_labels(listed, by_list)
    assert listed.read_text() == "path,identity\n"
    assert write_labels(gallery.root / "inside.csv", by_list) == 6  # a list has no inside
    for write in (write_labels, copy_photos):
        with pytest.raises(XCosError, match="choose another place"):
            write(listed / "below", gallery)
    (gallery.root / "z" / "1.png").unlink()
    with pytest.raises(XCosError, match="cannot be copied"):
        copy_photos(tmp_path / "out", gallery)


def test_copying_can_be_stopped(gallery: Gallery, tmp_path: Path) -> None:
    done: list[int] = []
    task = Task(lambda what, at, total: done.append(at), lambda: len(done) == 2)
    with pytest.raises(Stopped):
        copy_photos(tmp_path / "out", gallery, task)
    assert len([*(tmp_path / "out").rglob("*.png")]) == 2


def test_further_columns_of_a_list_stay_in_its_mended_labels(
    gallery: Gallery, tmp_path: Path
) -> None:
    faces = [
        replace(
            face, columns={"age": str(30 + k), "file": f"{k}.raw"} if k else {"taken in": "Rome"}
        )
        for k, face in enumerate(gallery.faces)
    ]
    write_labels(tmp_path / "labels.csv", replace(gallery, faces=tuple(faces)))
    listed = scan(tmp_path / "labels.csv").photos
    wanted = {
        str(gallery.photo_path(face)): (face.identity, dict(face.columns))
        for face in faces
        if face.number == 1
    }
    assert {one.photo: (one.identity, dict(one.columns)) for one in listed} == wanted
