"""What is kept over many changes, and lists that are no UTF-8."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from core.analysis.labels.export import copy_photos
from core.faces.face import Face
from core.gallery.cache_file import is_whole
from core.gallery.folder import scan
from core.gallery.gallery import Gallery
from core.project.document import KEPT_UNDOS
from core.project.edits import face_subject
from core.project.project import Project


def test_after_205_changes_undo_takes_the_last_one_back(tmp_path: Path) -> None:
    project = Project.open(tmp_path / "g", tmp_path)
    for number in range(205):
        project.note(face_subject("a.jpg"), f"note {number}")
    again = Project.open(tmp_path / "g", tmp_path)
    assert again.edits.notes == {face_subject("a.jpg"): "note 204"}
    again.undo()
    assert again.edits.notes == {face_subject("a.jpg"): "note 203"}
    again.redo()
    assert again.edits.notes == {face_subject("a.jpg"): "note 204"}
    for _ in range(KEPT_UNDOS):
        again.undo()
    assert again.edits.notes == {face_subject("a.jpg"): "note 4"} and not again.can_undo
    kept = json.loads(again.path.read_text())
    assert (len(kept["undo"]), len(kept["redo"])) == (0, KEPT_UNDOS)
    for _ in range(KEPT_UNDOS):
        again.redo()
    assert Project.open(tmp_path / "g", tmp_path).edits.notes == {face_subject("a.jpg"): "note 204"}


def test_a_latin_1_list_is_read_as_it_was_meant(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes("photo,identity\na.jpg,José\n".encode("latin-1"))
    assert [(p.photo, p.identity) for p in scan(path).photos] == [("a.jpg", "José")]
    path.write_text("photo,identity\na.jpg,José\n b.png , \nc.txt,x\n", encoding="utf-8-sig")
    listing = scan(path)
    assert [(p.photo, p.identity) for p in listing.photos] == [("a.jpg", "José"), ("b.png", None)]
    assert listing.skipped[0][0] == "c.txt" and listing.root == tmp_path


def test_a_list_without_a_header_loses_no_photo(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("x/a.jpg,ann\nx/a.jpg,ann\n\nb.webp\n")
    assert [(p.photo, p.identity) for p in scan(path, tmp_path / "elsewhere").photos] == [
        ("x/a.jpg", "ann"), ("b.webp", None)
    ]  # fmt: skip
    assert scan(path, tmp_path / "elsewhere").root == tmp_path / "elsewhere"


def test_a_folder_names_people_by_its_first_level_or_as_lfw_does(tmp_path: Path) -> None:
    for name in ("Ann/2020/a.jpg", "Ann/b.PNG", "Bob_Lee_0001.jpg", "c.jpg", ".hidden.jpg", ".x/d.jpg", "n.txt"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = {p.photo: p.identity for p in scan(tmp_path).photos}
    assert found == {
        "Ann/2020/a.jpg": "Ann", "Ann/b.PNG": "Ann", "Bob_Lee_0001.jpg": "Bob_Lee", "c.jpg": None
    }  # fmt: skip


def test_photos_of_one_name_are_copied_beside_each_other(tmp_path: Path) -> None:
    faces = []
    for number, content in enumerate((b"one", b"two", b"three")):
        photo = tmp_path / "photos" / str(number) / "a.jpg"
        photo.parent.mkdir(parents=True)
        photo.write_bytes(content)
        faces.append(Face(f"{number}/a.jpg", 1, "ann", None, str(number)))
    faces.append(Face("2/a.jpg", 2, "bob", None, "another face of the same photo"))
    gallery = Gallery(tmp_path / "photos", tmp_path / "photos", tuple(faces))
    assert copy_photos(tmp_path / "copy", gallery) == 3
    copies = {path.name: path.read_bytes() for path in (tmp_path / "copy" / "ann").iterdir()}
    assert copies == {"a.jpg": b"one", "a_2.jpg": b"two", "a_3.jpg": b"three"}


def test_a_cache_that_lost_its_end_is_not_whole(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table crops as select randomblob(90000) as crop")
        connection.commit()
    whole = path.read_bytes()
    assert is_whole(path)
    path.write_bytes(whole[:-1])
    assert not is_whole(path)
    path.write_bytes(whole + b"more")
    assert is_whole(path)
    path.write_bytes(b"")
    assert is_whole(path)
    path.write_bytes(b"no database, but long enough to be the header of one" * 3)
    assert not is_whole(path)
