"""A project's edits, and that undo takes back any sequence of them."""

import json
import multiprocessing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import XCosError
from core.faces.face import Face
from core.project.edits import (
    Change,
    Edits,
    change_words,
    face_subject,
    identity_subject,
    pair_subject,
    pair_subjects,
    subject_parts,
    tags_from,
    tags_text,
)
from core.project.project import Project, project_path

SUBJECTS = st.sampled_from([face_subject("a"), pair_subject("b", "a"), identity_subject("Ann")])
KEYS = st.sampled_from(["a/1.jpg", "a/2.jpg", "b/1.jpg#2"])
EDITS = st.one_of(
    st.tuples(st.just("set_identity"), st.lists(KEYS), st.sampled_from(["x", "y", None])),
    st.tuples(st.just("set_aside"), st.lists(KEYS)),
    st.tuples(st.just("bring_back"), st.lists(KEYS)),
    st.tuples(st.just("pick_face"), KEYS, st.integers(0, 3)),
    st.tuples(st.just("correct_landmarks"), KEYS, st.just(np.arange(10.0).reshape(5, 2))),
    st.tuples(st.just("tag"), SUBJECTS, st.text(max_size=5), st.sampled_from(["x", "y"])),
    st.tuples(st.just("untag"), SUBJECTS, st.sampled_from(["x", "y"])),
    st.tuples(st.just("note"), SUBJECTS, st.text(max_size=5)),
    st.tuples(st.just("decide"), SUBJECTS, st.sampled_from(["accept", "unsure", None])),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(EDITS, max_size=8))
def test_undo_restores_and_redo_repeats(tmp_path: Path, edits: list[tuple]) -> None:
    (tmp_path / "project.json").unlink(missing_ok=True)  # of the example before
    project = Project(tmp_path / "project.json")
    states = [project.edits]
    for name, *arguments in edits:
        getattr(project, name)(*arguments)
        if project.edits != states[-1]:
            states.append(project.edits)
    for state in reversed(states[:-1]):
        project.undo()
        assert project.edits == state
    assert project.edits == Edits() and not project.can_undo
    for state in states[1:]:
        project.redo()
        assert project.edits == state
    assert not project.can_redo


def test_of_people_who_are_one_the_name_that_stays_keeps_its_own(tmp_path: Path) -> None:
    project = Project(tmp_path / "project.json")
    ann, bob = identity_subject("Ann"), identity_subject("Bob")
    project.tag(ann, "x", "y")
    project.tag(bob, "y", "z")
    project.note(ann, "first")
    project.note(bob, "second")
    project.decide(ann, "accept")
    project.decide(bob, "reject")
    project.set_identity(["a.jpg", "b.jpg"], "Ann", gone=["Ann", "Bob"])
    assert project.edits.tags == {ann: ("x", "y", "z")}
    assert project.edits.notes == {ann: "first\nsecond"}
    assert project.edits.decisions == {ann: "accept"}


def test_edits_and_undo_outlive_the_window(tmp_path: Path) -> None:
    source = tmp_path / "gallery"
    project = Project.open(source, tmp_path)
    project.set_identity(["a"], "Ann")
    project.set_aside(["b"])
    again = Project.open(source, tmp_path)
    assert again.edits == project.edits
    again.undo()
    assert again.edits.aside == () and again.edits.identities == {"a": "Ann"}


def test_damaged_project_is_kept_and_told(tmp_path: Path) -> None:
    project = Project.open(tmp_path / "g", tmp_path)
    project.set_aside(["a"])
    project.path.write_text('{"version": 1, "edits"')
    again = Project.open(tmp_path / "g", tmp_path)
    assert again.edits == Edits()
    assert "damaged" in again.warning
    assert project.path.with_suffix(".damaged.json").read_text().startswith('{"version"')


def test_unsaved_change_is_told_and_holds(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    project = Project(tmp_path / "file" / "project.json")
    with pytest.raises(XCosError, match="could not be saved"):
        project.set_aside(["a"])
    assert project.edits.aside == ("a",)


def test_a_pair_is_told_of_its_faces_and_of_whoever_is_known() -> None:
    ann, same, bob, nobody = (
        Face(f"{key}.jpg", 1, name, None, key)
        for key, name in (("a", "Ann"), ("s", "Ann"), ("b", "Bob"), ("n", None))
    )

    def told(left: Face, right: Face) -> list[tuple[str, tuple[str, ...]]]:
        return [subject_parts(subject) for subject in pair_subjects(left, right)]

    a, b, n = ann.key, bob.key, nobody.key
    assert told(ann, bob) == [
        ("pair", (a, b)),
        ("face", (a,)),
        ("face", (b,)),
        ("identity", ("Ann",)),
        ("identity", ("Bob",)),
    ]
    assert told(bob, ann)[1:] == [
        ("face", (b,)),
        ("face", (a,)),
        ("identity", ("Bob",)),
        ("identity", ("Ann",)),
    ]
    assert told(ann, same)[3:] == told(ann, nobody)[3:] == told(nobody, ann)[3:]
    assert told(ann, same)[3:] == [("identity", ("Ann",))]
    assert told(nobody, nobody) == [("pair", (n, n)), ("face", (n,))]


@given(st.text(), st.text())
def test_subjects_are_safe_for_any_characters(one: str, other: str) -> None:
    assert pair_subject(one, other) == pair_subject(other, one)
    made = [face_subject(one), identity_subject(one), pair_subject(one, other)]
    assert len({*made}) == 3
    assert [subject_parts(subject) for subject in made] == [
        ("face", (one,)),
        ("identity", (one,)),
        ("pair", tuple(sorted((one, other)))),
    ]


def test_people_who_become_one_hand_on_their_words_by_name(tmp_path: Path) -> None:
    names = [f"Ann {letter}" for letter in "dbfaec"]
    project = Project(tmp_path / "p.json")
    for name in names:
        project.note(identity_subject(name), f"of {name}")
        project.decide(identity_subject(name), "accept" if name == "Ann a" else "reject")
    project.set_identity(["x.jpg"], "Ann", names)
    told = "\n".join(f"of {name}" for name in sorted(names))
    assert project.edits.notes == {identity_subject("Ann"): told}
    assert project.edits.decisions == {identity_subject("Ann"): "accept"}


def test_tags_notes_and_decisions_outlive_the_window_and_are_found(tmp_path: Path) -> None:
    project = Project.open(tmp_path / "g", tmp_path)
    odd = '\udcff, "quoted" \n é'  # a byte that is no text, as file names may have
    project.tag(face_subject("a#2"), odd, " blurred ", "", "blurred")
    project.tag(pair_subject("b", odd), odd)
    project.tag(identity_subject("Ann"), "twin")
    project.note(face_subject(odd), "from\nthe party")
    project.decide(pair_subject("b", "a"), "reject")
    again = Project.open(tmp_path / "g", tmp_path).edits
    assert again == project.edits
    assert again.all_tags() == sorted([odd, "blurred", "twin"], key=str.casefold)
    assert again.faces_tagged("blurred") == again.faces_tagged(odd) == {"a#2"}
    assert again.pairs_tagged(odd) == {tuple(sorted(("b", odd)))}
    assert again.identities_tagged("twin") == {"Ann"} and not again.faces_tagged("twin")
    assert again.notes == {face_subject(odd): "from\nthe party"}
    assert again.decisions == {pair_subject("a", "b"): "reject"}


def test_files_of_the_first_version_are_read_with_their_undo(tmp_path: Path) -> None:
    def old(**changed: object) -> dict:
        empty = {"identities": {}, "aside": [], "picked": {}, "landmarks": {}}
        return empty | changed

    path = project_path(tmp_path / "g", tmp_path)
    said = {
        "version": 1,
        "edits": old(identities={"a": "Ann"}),
        "undo": [old()],
        "redo": [old(identities={"a": "Eve"}, aside=["b"]), old(identities={"a": "Eve"})],
    }
    path.write_text(json.dumps(said))
    project = Project.open(tmp_path / "g", tmp_path)
    assert project.warning == "" and project.edits == Edits({"a": "Ann"})
    project.redo()
    assert project.edits == Edits({"a": "Eve"})
    project.redo()
    assert project.edits == Edits({"a": "Eve"}, ("b",))
    for _ in range(3):
        project.undo()
    assert project.edits == Edits() and not project.can_undo


def test_file_of_a_newer_version_is_left_untouched(tmp_path: Path) -> None:
    path = project_path(tmp_path / "g", tmp_path)
    path.write_text('{"version": 99, "all": "new"}')
    project = Project.open(tmp_path / "g", tmp_path)
    assert "newer" in project.warning and str(path) in project.warning
    project.tag(face_subject("a"), "x")
    assert path.read_text() == '{"version": 99, "all": "new"}'
    again = Project.open(tmp_path / "g", tmp_path)
    assert again.edits.faces_tagged("x") == {"a"} and "newer" in again.warning


def test_two_windows_keep_each_others_changes(tmp_path: Path) -> None:
    one, two = (Project.open(tmp_path / "g", tmp_path) for _ in range(2))
    one.tag(face_subject("a"), "x")
    two.tag(face_subject("a"), "y")
    two.set_identity(["b"], "Bob")
    one.remember({"threshold": 0.5})
    one.save()
    two.remember({"filter": "fragile"})
    two.save()
    assert one.refresh() and not one.refresh()
    assert one.edits == two.edits == Edits({"b": "Bob"}, tags={face_subject("a"): ("x", "y")})
    assert one.state == two.state == {"threshold": 0.5, "filter": "fragile"}
    for _ in range(3):
        one.undo()
    assert one.edits == Edits()


def _tag_many(folder: Path, name: str) -> None:
    for number in range(15):
        project = Project.open(folder / "g", folder)
        project.tag(face_subject("a"), f"{name}{number}")


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_tag_many, args=(tmp_path, name)) for name in "pq"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    wanted = {f"{name}{number}" for name in "pq" for number in range(15)}
    assert {*Project.open(tmp_path / "g", tmp_path).edits.all_tags()} == wanted


def test_change_that_could_not_be_saved_is_saved_with_the_next(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.write_text("")
    project = Project(folder / "project.json")
    with pytest.raises(XCosError, match="could not be saved"):
        project.tag(face_subject("a"), "x")
    folder.unlink()
    other = Project(folder / "project.json")
    other.tag(face_subject("b"), "y")
    project.note(face_subject("a"), "late")
    found = Project(folder / "project.json")
    found.refresh()
    wanted = {face_subject("a"): ("x",), face_subject("b"): ("y",)}
    assert found.edits.tags == wanted and found.edits.notes == {face_subject("a"): "late"}


def test_cut_off_file_with_any_content_never_raises(tmp_path: Path) -> None:
    project = Project.open(tmp_path / "g", tmp_path)
    project.tag(face_subject("a"), "x")
    whole = project.path.read_text()
    for said in (whole[:-9], "[]", '{"version": 2}', '{"version": "2"}', "", "null"):
        project.path.write_text(said)
        again = Project.open(tmp_path / "g", tmp_path)
        assert again.edits == Edits() and "could not be read" in again.warning
        assert project.path.with_suffix(".damaged.json").read_text() == said


@given(st.lists(st.text(st.characters(exclude_characters="\r\n"), min_size=1)))
def test_tags_in_a_line_are_read_as_they_were(tags: list[str]) -> None:
    wanted = tuple(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))
    assert tags_from(tags_text(wanted)) == wanted


def test_what_a_step_is_about_is_counted_by_what_it_is() -> None:
    def step(**changes: list[str]) -> Change:
        return {name: {key: ([], [1]) for key in keys} for name, keys in changes.items()}

    one, two = face_subject("a.jpg"), pair_subject("a.jpg", "b.jpg")
    told = {
        "the tags of a.jpg and b.jpg": step(tags=[two]),
        "the tags of 2 pairs": step(tags=[two, pair_subject("a.jpg", "c.jpg")]),
        "the note of 2 people": step(notes=[identity_subject("Ann"), identity_subject("Bob")]),
        "the note of 2 faces": step(notes=[one, face_subject("b.jpg")]),
        "the tags of 2 entries": step(tags=[one, two]),
        "the picked face of 3 photos": step(picked=["a.jpg", "b.jpg", "c.jpg"]),
        "the landmarks of 2 faces": step(landmarks=["a.jpg", "b.jpg"]),
        "the landmarks of a.jpg, the identity of 2 faces": step(
            landmarks=["a.jpg"], identities=["a.jpg", "b.jpg"]
        ),
    }
    assert {words: change_words(change) for words, change in told.items()} == {w: w for w in told}
