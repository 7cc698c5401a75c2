"""What is kept over many changes, and lists that are no UTF-8."""

import json
from pathlib import Path

import pytest

from core.errors import XCosError
from core.gallery.edits import face_subject
from core.gallery.folder import scan
from core.gallery.project import KEPT_UNDOS, Project


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


def test_a_latin_1_list_is_one_sentence_that_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes("photo,identity\na.jpg,José\n".encode("latin-1"))
    with pytest.raises(XCosError) as told:
        scan(path)
    assert str(path) in str(told.value) and "UTF-8" in str(told.value)
    assert "\n" not in str(told.value)
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
