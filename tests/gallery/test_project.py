"""A project's edits, and that undo takes back any sequence of them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import XCosError
from core.gallery.project import Edits, Project

KEYS = st.sampled_from(["a/1.jpg", "a/2.jpg", "b/1.jpg#2"])
EDITS = st.one_of(
    st.tuples(st.just("set_identity"), st.lists(KEYS), st.sampled_from(["x", "y", None])),
    st.tuples(st.just("set_aside"), st.lists(KEYS)),
    st.tuples(st.just("bring_back"), st.lists(KEYS)),
    st.tuples(st.just("pick_face"), KEYS, st.integers(0, 3)),
    st.tuples(st.just("correct_landmarks"), KEYS, st.just(np.arange(10.0).reshape(5, 2))),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(EDITS, max_size=8))
def test_undo_restores_and_redo_repeats(tmp_path: Path, edits: list[tuple]) -> None:
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
