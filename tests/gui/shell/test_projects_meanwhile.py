"""Projects while something else goes on: half typed words, a search, another gallery, another window."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import shutil
from pathlib import Path
from threading import Event

import numpy as np
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from core.faces.choose import GallerySettings
from core.gallery.moved import FoundAgain, find_again
from core.model.target_choice import TargetChoice
from core.project.edits import face_subject, pair_subject
from core.project.project import Project
from core.project.state import state_of
from tests.gui.resting import settled
from tests.gui.shell.test_menu_entries import answering, entries
from tests.gui.shell.test_projects import file  # noqa: F401
from tests.gui.state.test_session_told import target_weights, told  # noqa: F401
from tests.weights import other_weights
from xcos_gui.shell.window import MainWindow

# ruff: noqa: F811
PAIR = pair_subject("ann/1.png", "bob/1.png")


def open_other(window: MainWindow, qtbot: QtBot, source: Path) -> None:
    window.session.open_gallery(source)
    qtbot.waitUntil(lambda: window.session.source == source, timeout=60_000)
    settled(window, qtbot)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Event:
    """Photos are found once it is set."""
    go_on = Event()

    def waiting(*given: object) -> FoundAgain:
        assert go_on.wait(60)
        return find_again(*given)  # type: ignore[arg-type]

    monkeypatch.setattr("xcos_gui.shell.projects.find_again", waiting)
    return go_on


def test_what_is_half_typed_comes_along_into_a_project(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    session = window.session
    session.select_pair(0, 3)
    window.show_notes()
    pair, left = window.notes.sections[:2]
    qtbot.keyClicks(pair.tags, "glasses")
    qtbot.keyClicks(left.note, "odd light")
    window.projects.save_as(tmp_path / "mine.xcos")
    edits = Project.read(tmp_path / "mine.xcos").edits
    assert edits.tags == {PAIR: ("glasses",)}
    assert edits.notes == {face_subject("ann/1.png"): "odd light"}
    assert pair.tags.tags == ("glasses",) and left.note.toPlainText() == "odd light"


@pytest.mark.parametrize("named", [False, True])
def test_what_is_half_typed_of_a_forgotten_gallery_is_kept_in_a_named_project_alone(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, named: bool
) -> None:
    session = window.session
    session.edit(lambda project: project.tag(face_subject("ann/1.png"), "odd"))
    if named:
        window.projects.save_as(tmp_path / "mine.xcos")
    session.select_pair(0, 3)
    window.show_notes()
    qtbot.keyClicks(window.notes.sections[0].note, "secret")
    session.forget_gallery()
    assert not window.notes.sections[0]._timer.isActive()
    window.notes.keep()
    assert not list(session.cache.folder.glob("project-*.json"))
    if named:
        assert Project.read(tmp_path / "mine.xcos").edits.notes == {PAIR: "secret"}


def test_a_project_names_the_models_in_use_not_those_that_another_window_chose(
    window: MainWindow, file: Path, tmp_path: Path, tiny_weights: Path
) -> None:
    window.session.settings.model = tmp_path / "others.safetensors"
    window.session.settings.target = TargetChoice(tmp_path / "face.onnx")
    window.projects.keep()
    state = state_of(Project.read(file))
    assert (state.model, state.target) == (tiny_weights, None)


def test_a_target_chosen_while_a_project_opens_leaves_its_weights_and_threshold(
    window: MainWindow, qtbot: QtBot, crops: Path, tmp_path: Path
) -> None:
    session, target = window.session, target_weights(tmp_path / "face.safetensors")
    first = session.models.weights
    session.set_model(other_weights(tmp_path / "other.safetensors"))
    qtbot.waitUntil(lambda: session.card is not None and session.card.name == "other")
    settled(window, qtbot)
    session.set_threshold(0.31)
    window.projects.save_as(tmp_path / "kept.xcos")
    settled(window, qtbot)
    window.projects.keep()
    shutil.copytree(crops, tmp_path / "copy")
    open_other(window, qtbot, tmp_path / "copy")
    session.set_model(first)
    qtbot.waitUntil(lambda: session.card is not None and session.card.name == "tiny")
    settled(window, qtbot)
    assert window.projects.open(tmp_path / "kept.xcos")
    qtbot.waitUntil(lambda: session.opening is not None)
    session.set_target(TargetChoice(target))
    qtbot.waitUntil(lambda: session.project_file is not None, timeout=60_000)
    settled(window, qtbot)
    assert session.card is not None and session.card.name == "other"
    assert session.target is not None and session.target.choice.path == target
    assert session.threshold == 0.31


def test_a_project_that_did_not_open_is_looked_for_until_another_gallery_is_open(
    window: MainWindow, file: Path, qtbot: QtBot, told: list[str], crops: Path, probes: Path,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    session = window.session
    shutil.copytree(crops, tmp_path / "copy")
    open_other(window, qtbot, tmp_path / "copy")
    shutil.move(crops, tmp_path / "elsewhere")
    folders: list[Path] = []
    monkeypatch.setattr(window.projects, "find_in", folders.append)
    answering(monkeypatch, getExistingDirectory=str(tmp_path))
    session.open_gallery(probes)  # before it, and comes later
    assert not window.projects.open(file)
    window.findChildren(QMessageBox)[-1].close()
    qtbot.waitUntil(lambda: session.source == probes, timeout=60_000)
    settled(window, qtbot)
    entries(window)["Find moved photos"].trigger()
    assert folders == [tmp_path]
    open_other(window, qtbot, tmp_path / "copy")
    told.clear()
    entries(window)["Find moved photos"].trigger()
    assert told == ["Open a project first; it knows its photos by content."]
    assert len(folders) == 1


def test_photos_found_after_another_gallery_was_opened_do_not_take_its_place(
    window: MainWindow, file: Path, qtbot: QtBot, told: list[str], crops: Path, probes: Path,
    tmp_path: Path, held: Event,
) -> None:  # fmt: skip
    shutil.move(crops, tmp_path / "elsewhere")
    window.projects.find_in(tmp_path / "elsewhere")
    window.session.open_gallery(probes)
    qtbot.waitUntil(lambda: window.session.source == probes, timeout=60_000)
    held.set()
    settled(window, qtbot)
    assert told[-1] == f"6 of 6 photos were found; open {file} to see them."
    assert window.session.source == probes and window.session.opening is None
    assert state_of(Project.read(file)).gallery == tmp_path / "elsewhere"


def test_what_is_changed_while_photos_are_looked_for_stays(
    window: MainWindow, file: Path, qtbot: QtBot, told: list[str], crops: Path, tmp_path: Path,
    held: Event,
) -> None:  # fmt: skip
    session = window.session
    shutil.move(crops, tmp_path / "elsewhere")
    window.projects.find_in(tmp_path / "elsewhere")
    session.set_threshold(0.123)
    session.select_pair(1, 4)
    held.set()
    qtbot.waitUntil(lambda: session.source == tmp_path / "elsewhere", timeout=60_000)
    settled(window, qtbot)
    assert session.threshold == 0.123 and session.pair == (1, 4)


def test_a_list_of_a_tool_is_left_as_all_pairs(window: MainWindow) -> None:
    window.pairs.choice.setCurrentIndex(2)
    assert window.pairs.own_list == 2
    assert window.session.listed is not None
    window.session.list_pairs("Mine", window.session.listed)
    assert window.pairs.own_list == window.projects._state().view["list"] == 0


def test_an_alignment_chosen_for_a_gallery_changes_no_other(
    window: MainWindow, qtbot: QtBot, told: list[str], crops: Path, tmp_path: Path
) -> None:
    session, before = window.session, window.session.project
    shutil.copytree(crops, tmp_path / "copy")
    open_other(window, qtbot, tmp_path / "copy")
    told.clear()
    window.commands.take_landmarks("ann/1.png", np.zeros((5, 2)), before)
    assert told == ["Another gallery is open by now, so nothing was changed."]
    assert session.project is not None and not session.project.can_undo
    assert session.gallery_settings == GallerySettings(aligned=True)
