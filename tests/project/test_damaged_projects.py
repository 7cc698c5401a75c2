"""Project files with anything in them: what is sound is loaded, the rest told and kept aside."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.errors import XCosError
from core.project.edits import (
    Edits,
    face_subject,
    identity_subject,
    pair_subject,
    renamed,
    subject_parts,
)
from core.project.photo_print import PhotoPrint
from core.project.project import Project, project_path
from core.project.readings import reading_key
from core.project.state import ProjectState, state_of

MARKS = np.arange(10.0).reshape(5, 2)
TIME = "2026-01-02T03:04:05+00:00"
INFINITE, DEEP, DIGITS = "1e999", "[" * 100_000 + "]" * 100_000, "9" * 400


def whole(folder: Path) -> dict[str, Any]:
    """A project file's content with an edit and a choice of every sort."""
    file = folder / "whole.xcos"
    project = Project(file)
    project.tag(pair_subject("A/1.jpg", "B/2.jpg"), "x", "y,z")
    project.note(face_subject("A/1.jpg"), "hello")
    project.decide(identity_subject("A"), "accept")
    project.set_identity(["A/1.jpg"], "Bob")
    project.set_aside(["C/3.jpg"])
    project.pick_face("A/1.jpg", 1)
    project.correct_landmarks("B/2.jpg", MARKS)
    project.undo()
    project.redo()
    project.note(face_subject("q"), "gone")
    project.undo()
    state = ProjectState(
        folder / "g",
        thresholds={"learned": 0.3, "uniform": 0.4},
        filter="score > 0.4",
        pair=("A/1.jpg", "B/2.jpg"),
        photos={"A/1.jpg": PhotoPrint(5, "ab", "A")},
        view={"matrix": {"of": [2, 2]}},
    )
    project.saved_as(file, state.to_json(file))
    content: dict[str, Any] = json.loads(file.read_text())
    file.unlink()
    return content


def edited(content: dict[str, Any], where: tuple[Any, ...], value: str) -> str:
    """The file's text with other JSON at a place."""
    node = content
    for key in where[:-1]:
        node = node[key]
    node[where[-1]] = "@@"
    return json.dumps(content).replace('"@@"', value)


def reading(reader: str, rating: int, time: object) -> str:
    """All readings of a file, of which this is the one."""
    one = {"rating": rating, "time": time, "form": {}}
    return json.dumps({reading_key(reader, "a", "b"): one})


@pytest.mark.parametrize("value", [INFINITE, "-1", "1.5", "true", "null", '"1"', DEEP, DIGITS])
def test_one_picked_face_that_is_none_leaves_all_else(tmp_path: Path, value: str) -> None:
    file = tmp_path / "p.xcos"
    text = edited(whole(tmp_path), ("edits", "picked", "C/9.jpg"), value)
    file.write_text(text)
    project = Project.read(file)
    assert project.edits.picked == {"A/1.jpg": 1}
    assert project.edits.tags == {pair_subject("A/1.jpg", "B/2.jpg"): ("x", "y,z")}
    assert state_of(project).thresholds == {"learned": 0.3, "uniform": 0.4}
    assert project.left_out == ("the picked face of C/9.jpg",)
    for words in (str(file), "the picked face of C/9.jpg", "p.damaged.xcos"):
        assert words in project.warning
    assert (tmp_path / "p.damaged.xcos").read_text() == file.read_text() == text


@pytest.mark.parametrize(
    ("where", "value", "told"),
    [
        (("edits", "landmarks", "B/2.jpg"), "[[1, 1]]", "the landmarks of B/2.jpg"),
        (("edits", "landmarks", "B/2.jpg"), f"[[1, {INFINITE}]]", "the landmarks"),
        (("edits", "landmarks", "B/2.jpg", 3), "[NaN, 1]", "the landmarks"),
        (("edits", "landmarks", "B/2.jpg", 3), f"[{DIGITS}, 1]", "the landmarks"),
        (("edits", "landmarks", "B/2.jpg", 3), f"[{DIGITS * 20}, 1]", "the landmarks"),
        (("edits", "landmarks", "B/2.jpg", 3), "[1, 1, 1]", "the landmarks"),
        (("edits", "landmarks", "B/2.jpg"), json.dumps([[9, 9]] * 5), "the landmarks"),
        (("edits", "landmarks"), "[]", "all under 'landmarks'"),
        (("edits", "identities", "A/1.jpg"), "7", "the identity of A/1.jpg"),
        (("edits", "identities", "A/1.jpg"), '"\\ud800"', "the identity of A/1.jpg"),
        (("edits", "aside", 0), "{}", "a face set aside"),
        (("edits", "aside"), "null", "all under 'aside'"),
        (("edits", "tags", '["zzz","a"]'), '["x"]', 'the tags of ["zzz","a"]'),
        (("edits", "tags", '["pair","b","a"]'), '["x"]', "the tags of"),
        (("edits", "tags", '["pair","a"]'), '["x"]', "the tags of"),
        (("edits", "tags", '{"a":1}'), '["x"]', "the tags of"),
        (("edits", "tags", "[" * 2000), '["x"]', "the tags of [[["),
        (("edits", "tags", face_subject("a")), '"x"', "the tags of"),
        (("edits", "tags", face_subject("a")), "[1]", "the tags of"),
        (("edits", "notes", "a"), '"x"', "the note of a"),
        (("edits", "notes", face_subject("a")), DEEP, "the note of"),
        (("edits", "decisions", face_subject("a")), '"maybe"', "the decision of"),
        (("edits", "decisions", '["near-duplicate", "a"]'), '"accept"', "the decision of"),
        (("edits", "readings"), '{"5": {}}', "the reading of 5"),
        (("edits", "readings"), reading("x", 1, "2026-01-02T03:04:05"), "the reading of"),
        (("edits", "readings"), reading("x", 1, 5), "the reading of"),
        (("edits", "readings"), reading("x", 9, TIME), "the reading of"),
        (("edits", "readings"), reading(" ", 1, TIME), "the reading of"),
        (("edits", "more"), "{}", "all under 'more'"),
        (("edits",), "5", "all edits"),
        (("more",), '{"mine": 1}', "all under 'more'"),
        (("State",), "null", "all under 'State'"),
        (("undo", 2), "{}", "a step to undo"),
        (("undo", 2), '{"aside": {"k": [[], [1]]}}', "a step to undo"),
        (("undo", 2), '{"picked": {"k": [[], [-1]]}}', "a step to undo"),
        (("undo", 2), '{"picked": {"k": [[], [1, 2]]}}', "a step to undo"),
        (("undo", 2), '{"tags": {"k": [[], [["x"]]]}}', "a step to undo"),
        (("undo", 2), f'{{"picked": {{"k": [[], [{INFINITE}]]}}}}', "a step to undo"),
        (("undo", 2), '{"more": {}}', "a step to undo"),
        (("undo", 2), '{"tags": []}', "a step to undo"),
        (("undo", 2), DEEP, "a step to undo"),
        (("redo", 0), "null", "a step to redo"),
        (("undo",), "null", "all under 'undo'"),
        (("redo",), DEEP, "a step to redo"),
        (("state", "thresholds", "learned"), "NaN", "'thresholds.learned'"),
        (("state", "thresholds", "learned"), INFINITE, "'thresholds.learned'"),
        (("state", "thresholds", "learned"), DIGITS, "'thresholds.learned'"),
        (("state", "thresholds", "learned"), '"0.3"', "the threshold of 'learned'"),
        (("state", "thresholds", "other"), "0.3", "the threshold of 'other'"),
        (("state", "thresholds"), "0.3", "'thresholds'"),
        (("state", "probes"), '"a\\u0000b"', "'probes'"),
        (("state", "target"), '"' + "a" * 5000 + '"', "'target'"),
        (("state", "model"), "{}", "'model'"),
        (("state", "target_input"), '{"channels": "grb"}', "'target_input'"),
        (("state", "target_input"), "5", "'target_input'"),
        (("state", "attention"), "[]", "'attention'"),
        (("state", "order"), "3", "'order'"),
        (("state", "faces"), '"many"', "'faces'"),
        (("state", "aligned"), '"no"', "'aligned'"),
        (("state", "pair"), '["a"]', "'pair'"),
        (("state", "filter"), "5", "'filter'"),
        (("state", "photos", "A/1.jpg"), "5", "what A/1.jpg is known by"),
        (("state", "photos", "A/1.jpg"), f'[{DIGITS}, "a", null]', "'photos.A/1.jpg'"),
        (("state", "view", "x"), DEEP, "'view.x'"),
        (("state", "view", "x"), '{"a": ' * 40 + "1" + "}" * 40, "'view.x.a"),
        (("state", "view", "x"), "NaN", "'view.x'"),
        (("state", "view", "x"), "[1, NaN]", "'view.x'"),
        (("state", "view", "x"), '[{"a": 1, "b": NaN}]', "'view.x'"),
        (("state", "view"), "5", "'view'"),
        (("state", "filter"), '"\\ud800"', "'filter'"),
    ],
)
def test_each_part_is_told_and_the_rest_is_loaded(
    tmp_path: Path, where: tuple[Any, ...], value: str, told: str
) -> None:
    content = whole(tmp_path)
    file = tmp_path / "p.xcos"
    file.write_text(json.dumps(content))
    sound = Project.read(file)
    assert sound.warning == ""
    text = edited(content, where, value)
    file.write_text(text)
    project = Project.read(file)
    assert len(project.left_out) == 1 and told in project.left_out[0]
    assert project.left_out[0] in project.warning and len(project.warning) < 600
    for name in Edits.__dataclass_fields__:
        if where[0] != "edits" or (name not in where and len(where) > 1):
            assert getattr(project.edits, name) == getattr(sound.edits, name)
    if where[0] not in ("undo", "redo"):
        assert project.can_undo and project.can_redo
    assert state_of(project).gallery == tmp_path / "g"
    for name, kept in sound.state.items():
        if name not in where:
            assert project.state[name] == kept
    project.tag(face_subject("new"), "t")
    again = Project.read(file)
    assert again.warning == "" and again.edits == project.edits
    assert (tmp_path / "p.damaged.xcos").read_text() == text
    json.loads(file.read_text(), parse_constant=pytest.fail)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=[]), max_size=5)
    | st.sampled_from([10**400, face_subject("a"), "accept", [[1, 2]] * 4 + [[9, 9]]]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3) | st.just(face_subject("a")), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = node.items() if isinstance(node, dict) else enumerate(node)
    found = []
    for key, value in inner:
        found.append((*path, key))
        if isinstance(value, (dict, list)):
            found += places(value, (*path, key))
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_any_value_anywhere_is_survived(tmp_path: Path, data: st.DataObject) -> None:
    content = whole(tmp_path)
    where = data.draw(st.sampled_from(places(content)))
    node = content
    for key in where[:-1]:
        node = node[key]
    if isinstance(node, dict) and data.draw(st.booleans()):
        node[data.draw(st.text(max_size=3))] = data.draw(JSON)
    else:
        node[where[-1]] = data.draw(JSON)
    file = tmp_path / "p.xcos"
    file.write_text(json.dumps(content))
    try:
        project = Project.read(file)
        state_of(project).to_json(file)
    except XCosError as error:
        assert where in [("version",), ("state",), ("state", "gallery")]
        assert str(file) in str(error)
        return
    edits = project.edits
    assert all(pick >= 0 for pick in edits.picked.values())
    for marks in edits.landmarks.values():
        assert np.isfinite(np.array(marks)).all() and np.array(marks).shape == (5, 2)
    assert all(math.isfinite(t) for t in state_of(project).thresholds.values())
    for subject in (*edits.tags, *edits.notes, *edits.decisions):
        assert subject_parts(subject)[0] in ("face", "pair", "identity")
    renamed(edits, {"A/1.jpg": "Z/1.jpg"})
    while project.can_undo:
        project.undo()
    while project.can_redo:
        project.redo()
    again = Project.read(file)
    assert again.edits == project.edits and again.warning == ""


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=40) | JSON.map(lambda said: json.dumps(said).encode()))
@example(b"[" * 100_000)
@example(b'{"a":' * 100_000)
@example(b'{"version":' + b"9" * 5000 + b"}")
@example(b'{"version": true}')
@example(b"\xef\xbb\xbf{}")
def test_a_file_that_is_no_project_is_refused_or_kept(tmp_path: Path, content: bytes) -> None:
    file, beside = tmp_path / "p.xcos", project_path(tmp_path / "g", tmp_path)
    file.write_bytes(content)
    with pytest.raises(XCosError) as caught:
        Project.read(file)
    assert str(file) in str(caught.value) and len(str(caught.value)) < 500
    assert "\n" not in str(caught.value) and file.read_bytes() == content
    beside.write_bytes(content)
    project = Project.open(tmp_path / "g", tmp_path)
    assert project.edits == Edits() and "could not be read" in project.warning
    assert beside.with_suffix(".damaged.json").read_bytes() == content
    project.tag(face_subject("a"), "x")
    assert Project.open(tmp_path / "g", tmp_path).warning == ""


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_other_encodings_of_the_text_are_read(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "p.xcos"
    file.write_text(json.dumps(whole(tmp_path)), encoding=encoding)
    project = Project.read(file)
    assert project.warning == "" and project.edits.picked == {"A/1.jpg": 1}


def test_a_file_beside_the_cache_loads_what_is_sound_too(tmp_path: Path) -> None:
    file = project_path(tmp_path / "g", tmp_path)
    text = edited(whole(tmp_path), ("edits", "picked", "C/9.jpg"), INFINITE)
    file.write_text(text)
    project = Project.open(tmp_path / "g", tmp_path)
    assert (
        project.edits.picked == {"A/1.jpg": 1} and "the picked face of C/9.jpg" in project.warning
    )
    assert file.with_suffix(".damaged.json").read_text() == text


def test_many_parts_make_no_long_sentence(tmp_path: Path) -> None:
    content = whole(tmp_path)
    content["undo"] = [{}] * 3
    content["edits"]["picked"] |= {f"\n{n}" + "x" * 5000: -1 for n in range(300)}
    file = tmp_path / "p.xcos"
    file.write_text(json.dumps(content))
    warning = Project.read(file).warning
    assert "and 297 more" in warning and len(warning) < 700 and "\n" not in warning
    content["edits"]["picked"] = {}
    file.write_text(json.dumps(content))
    assert "left out: a step to undo (3 times);" in Project.read(file).warning


def test_a_damaged_file_that_cannot_be_kept_aside_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "p.xcos"
    text = edited(whole(tmp_path), ("edits", "picked", "C/9.jpg"), INFINITE)
    file.write_text(text)

    def full(*_: object) -> Path:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("core.project.project.kept_aside", full)
        project = Project.read(file)
        assert "take a copy" in project.warning
        with pytest.raises(XCosError, match="No space left"):
            project.tag(face_subject("a"), "x")
    assert file.read_text() == text
    project.tag(face_subject("a"), "y")
    assert (tmp_path / "p.damaged.xcos").read_text() == text
    assert Project.read(file).edits.all_tags() == ["x", "y", "y,z"]


def test_a_source_whose_name_is_no_text_has_a_project(tmp_path: Path) -> None:
    folder = Path(str(tmp_path) + "/photos\udce9")
    Project.open(folder, tmp_path).tag(face_subject("a"), "x")
    assert Project.open(folder, tmp_path).edits.all_tags() == ["x"]
