"""Project files that are damaged where another trouble comes with it."""

import json
from pathlib import Path

import pytest

from core.errors import XCosError
from core.project.edits import face_subject
from core.project.project import Project, project_path


def full(*_: object) -> Path:
    raise OSError(28, "No space left on device")


def test_beside_a_newer_file_a_damaged_one_is_kept_and_begun_anew(tmp_path: Path) -> None:
    newer = project_path(tmp_path / "g", tmp_path)
    newer.write_text('{"version": 99}')
    own = newer.with_suffix(".v2.json")
    own.write_text("{")
    project = Project.open(tmp_path / "g", tmp_path)
    kept = own.with_suffix(".damaged.json")
    assert kept.read_text() == "{" and newer.read_text() == '{"version": 99}'
    assert str(own) in project.warning and f"is kept as {kept.name}" in project.warning
    assert f"The project file {newer} is of a newer xCos Studio" in project.warning
    assert project.warning.index("is of a newer") < project.warning.index("is kept as")
    project.tag(face_subject("a"), "x")
    assert newer.read_text() == '{"version": 99}'
    assert Project.open(tmp_path / "g", tmp_path).edits.faces_tagged("x") == {"a"}


def test_a_damaged_file_stays_where_it_cannot_be_kept_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = project_path(tmp_path / "g", tmp_path)
    path.write_text("{")
    monkeypatch.setattr("core.project.project.kept_aside", full)
    project = Project.open(tmp_path / "g", tmp_path)
    assert project.warning.startswith(f"The project file {path} could not be read (")
    assert project.warning.endswith(
        f"; it is kept as {path.name}, and the gallery opens without earlier changes."
    )
    with pytest.raises(XCosError, match="could not be saved"):
        project.tag(face_subject("a"), "x")
    assert path.read_text() == "{"


@pytest.mark.parametrize("state", ["5", "[]", "null"])
def test_a_state_that_is_none_leaves_the_edits(tmp_path: Path, state: str) -> None:
    path = project_path(tmp_path / "g", tmp_path)
    Project.open(tmp_path / "g", tmp_path).tag(face_subject("a"), "x")
    content = json.loads(path.read_text()) | {"state": json.loads(state)}
    path.write_text(json.dumps(content))
    project = Project.open(tmp_path / "g", tmp_path)
    assert project.left_out == ("all under 'state'",) and project.state == {}
    assert project.edits.faces_tagged("x") == {"a"}


def test_a_file_that_the_disk_does_not_give_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "p.xcos"
    path.write_text('{"version": 2}')

    def torn(_: Path) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "read_bytes", torn)
    with pytest.raises(XCosError) as raised:
        Project.read(path)
    assert str(raised.value) == f"The project {path} cannot be read: Input/output error."
