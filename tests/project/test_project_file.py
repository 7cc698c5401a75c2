"""Project files: what they keep, where they point, and files that are none."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import XCosError
from core.faces.choose import GallerySettings
from core.model.card import read_card, shipped_weights
from core.project.edits import face_subject
from core.project.photo_print import PhotoPrint
from core.project.project import Project
from core.project.state import ProjectState, state_of


def full_state(folder: Path) -> ProjectState:
    return ProjectState(
        folder / "photos",
        folder.parent / "elsewhere" / "probes",
        GallerySettings("all", True),
        folder / "w.safetensors",
        "f00",
        None,
        "uniform",
        "left-right",
        {"uniform": 0.25},
        "outcome = FP",
        ("a", 'b"\n'),
        {"a/1.png": PhotoPrint(7, "ab", None)},
        {"docks": "x"},
    )


def test_state_comes_back_and_paths_below_the_file_move_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "one"
    folder.mkdir()
    state = full_state(folder)
    automatic = Project.open(folder / "photos", tmp_path / "cache")
    automatic.tag(face_subject("a"), "x")
    file = folder / "p.xcos"
    saved = automatic.saved_as(file, state.to_json(file))
    saved.undo()
    again = Project.read(file)
    assert state_of(again) == state and again.can_redo and again.edits.tags == {}
    assert automatic.edits.faces_tagged("x") == {"a"}
    moved = tmp_path / "two"
    folder.rename(moved)
    found = state_of(Project.read(moved / "p.xcos"))
    assert found.gallery == moved / "photos" and found.model == moved / "w.safetensors"
    assert found.probes == state.probes


def test_a_project_made_with_a_former_default_goes_on_with_it(tmp_path: Path) -> None:
    default, other = (read_card(path) for path in shipped_weights())
    project = Project.open(tmp_path, tmp_path / "cache")
    for fingerprint, model in (
        (other.fingerprint, other.path),
        (default.fingerprint, None),  # so that it takes part in the next change
        ("f00", None),
        ("", None),
    ):
        state = replace(full_state(tmp_path), model=None, fingerprint=fingerprint)
        saved = project.saved_as(tmp_path / "p.xcos", state.to_json(tmp_path / "p.xcos"))
        assert state_of(saved).model == model


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"version": 99}', "newer xCos Studio"),
        ('{"version": 2, "edits"', "cut off"),
        ("", "cut off"),
        ("[1, 2]", "not a project"),
        ('{"format": "other"}', "not a project"),
        (b"\x89PNG\r\n\x1a\n\xff", "not a project"),
        (
            '{"version": 2, "revision": "", "edits": {"identities": {}, "aside": [], "picked": {}, '
            '"landmarks": {}}, "undo": [], "redo": [], "state": {}}',
            "names no gallery",
        ),
    ],
)
def test_files_that_are_no_project_are_told_and_left_alone(
    tmp_path: Path, content: str | bytes, said: str
) -> None:
    file = tmp_path / "p.xcos"
    raw = content if isinstance(content, bytes) else content.encode()
    file.write_bytes(raw)
    with pytest.raises(XCosError, match=said) as caught:
        state_of(Project.read(file))
    assert str(file) in str(caught.value) and file.read_bytes() == raw


def test_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(XCosError, match="does not exist"):
        Project.read(tmp_path / "none.xcos")


def test_values_that_cannot_be_read_fall_back_and_edits_stay(tmp_path: Path) -> None:
    file = tmp_path / "p.xcos"
    project = Project(file)
    odd = {"gallery": "g", "attention": 3, "pair": ["a"], "thresholds": [1], "photos": {"a": 1}}
    project.remember(odd | {"view": "x", "aligned": "no", "order": None, "filter": None})
    project.tag(face_subject("a"), "x")
    found = Project.read(file)
    state = state_of(found)
    assert state == ProjectState(tmp_path / "g", photos={"a": PhotoPrint(-1, "", None)})
    assert found.edits.faces_tagged("x") == {"a"}


def test_second_window_keeps_what_the_first_said_of_other_things(tmp_path: Path) -> None:
    file = tmp_path / "p.xcos"
    Project(file).saved_as(file, ProjectState(tmp_path / "g").to_json(file))
    one, two = Project.read(file), Project.read(file)
    one.remember({"filter": "fragile"})
    one.save()
    two.remember({"pair": ["a", "b"]})
    two.note(face_subject("a"), "n")
    state = state_of(Project.read(file))
    assert state.filter == "fragile" and state.pair == ("a", "b")


WRITER = """
import sys
from pathlib import Path
from core.project.project import Project
project = Project.read(Path(sys.argv[1]))
for number in range(100_000):
    project.remember({"pair": [str(number), "b"]})
    project.tag('["face","a"]', f"t{number}")
    print(number, flush=True)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="a kill that cannot be caught")
def test_killed_in_the_middle_of_writing_nothing_told_is_lost(tmp_path: Path) -> None:
    file = tmp_path / "p.xcos"
    Project(file).saved_as(file, ProjectState(tmp_path / "g").to_json(file))
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(file)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert writer.stdout is not None
    for _ in range(30):
        last = int(writer.stdout.readline())
    os.kill(writer.pid, signal.SIGKILL)
    last = max(last, *(int(line) for line in writer.stdout.read().split() or ["0"]))
    writer.wait()
    project = Project.read(file)
    assert {f"t{n}" for n in range(last + 1)} <= {*project.edits.all_tags()}
    assert int(state_of(project).pair[0]) >= last
    project.tag(face_subject("a"), "after")  # the killed one's lock holds nobody up
    assert "after" in Project.read(file).edits.all_tags()


def test_saving_over_a_file_replaces_it_whole_or_leaves_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "p.xcos"
    first = Project(tmp_path / "a.json")
    first.tag(face_subject("a"), "first")
    first.saved_as(file, ProjectState(tmp_path / "g").to_json(file))
    kept = file.read_bytes()
    second = Project(tmp_path / "b.json")
    second.tag(face_subject("b"), "second")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken, pytest.raises(XCosError, match="No space left"):
        broken.setattr("core.files.os.replace", full)
        second.saved_as(file, ProjectState(tmp_path / "h").to_json(file))
    assert file.read_bytes() == kept
    second.saved_as(file, ProjectState(tmp_path / "h").to_json(file))
    assert Project.read(file).edits.all_tags() == ["second"]


def test_project_file_is_plain_json(tmp_path: Path) -> None:
    file = tmp_path / "p.xcos"
    Project(file).saved_as(file, ProjectState(tmp_path / "g").to_json(file))
    assert json.loads(file.read_text())["state"]["gallery"] == "g"
