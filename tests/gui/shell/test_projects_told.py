"""What is said of projects that are damaged, moved, of other weights, or that cannot be written."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import csv
import json
import platform
import shutil
from pathlib import Path

import numpy as np
from PySide6 import __version__ as pyside_version
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from core.errors import XCosError
from core.model.card import read_card
from core.model.target_choice import TargetChoice
from core.project.project import Project
from core.project.state import state_of
from tests.gui.resting import settled
from tests.gui.shell.test_menu_entries import answering, entries, options
from tests.gui.shell.test_projects import file, ready  # noqa: F401
from tests.gui.state.test_session_told import told  # noqa: F401
from tests.onnx_models import face_model
from xcos_gui.shell.arguments import check_project, start
from xcos_gui.shell.help import about_page
from xcos_gui.shell.last_view import KEY, restore_view
from xcos_gui.shell.window import MainWindow

# ruff: noqa: F811


def reopen(window: MainWindow, qtbot: QtBot, path: Path) -> None:
    """Open a project that another one, or none, was opened after."""
    assert window.projects.open(path)
    qtbot.waitUntil(lambda: window.session.opening is None, timeout=60_000)
    settled(window, qtbot)


def rewrite(path: Path, **state: object) -> None:
    document = json.loads(path.read_text())
    document["state"] |= state
    document["revision"] = "another"
    path.write_text(json.dumps(document))


def test_a_project_opens_from_its_menu_and_the_command_line_goes_before_it(
    window: MainWindow, file: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = window.session
    session.set_threshold(0.31)
    start(window, options(gallery=file, attention="uniform", threshold=0.123))
    qtbot.waitUntil(lambda: session.opening is None, timeout=60_000)
    settled(window, qtbot)
    assert (session.kind, session.threshold) == ("uniform", 0.123)
    assert session.moved_thresholds.of(session.card) == {"learned": 0.31, "uniform": 0.123}
    answering(monkeypatch, getOpenFileName=(str(file), ""))
    opened: list[None] = []
    session.project_taken.connect(lambda _: opened.append(None))
    entries(window)["Open project"].trigger()
    qtbot.waitUntil(lambda: bool(opened), timeout=60_000)
    settled(window, qtbot)
    assert session.moved_thresholds.of(session.card) == {"learned": 0.31, "uniform": 0.123}


def test_some_photos_that_moved_are_told_and_found_under_the_folder_chosen(
    window: MainWindow, file: Path, qtbot: QtBot, told: list[str], crops: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    heap = tmp_path / "moved"
    heap.mkdir()
    for name in ("ann/2.png", "cem/1.png"):
        shutil.move(crops / name, heap / name.replace("/", "-"))
    listed = [file.with_name(f"{file.stem}-photos{end}.csv") for end in ("", "-2", "-3")]
    for path in listed[:2]:
        path.write_text("another's")
    told.clear()
    reopen(window, qtbot, file)
    assert told[0] == (
        "2 of the project's 6 photos are not where they were; "
        "File, Find moved photos looks for them by content."
    )
    answering(monkeypatch, getExistingDirectory=str(heap))
    entries(window)["Find moved photos"].trigger()
    qtbot.waitUntil(lambda: "6 of 6 photos were found." in told, timeout=60_000)
    settled(window, qtbot)
    assert [path.read_text() for path in listed[:2]] == ["another's"] * 2
    with listed[2].open() as lines:
        names = {Path(row["path"]).name for row in csv.DictReader(lines)}
    assert {"ann-2.png", "cem-1.png", "3.png"} <= names
    assert window.session.source == listed[2] and len(window.session.loaded or ()) == 6


def test_photos_whose_folder_moved_as_a_whole_keep_their_names(
    window: MainWindow, file: Path, qtbot: QtBot, told: list[str], crops: Path, tmp_path: Path
) -> None:
    shutil.move(crops, tmp_path / "elsewhere")
    window.projects.find_in(tmp_path / "elsewhere")
    qtbot.waitUntil(lambda: "6 of 6 photos were found." in told, timeout=60_000)
    settled(window, qtbot)
    assert window.session.source == tmp_path / "elsewhere"
    assert window.session.project is not None and not window.session.project.can_undo
    assert not list(tmp_path.glob("*-photos*.csv"))


@pytest.mark.parametrize("odd", [False, True])
def test_photos_found_for_a_project_that_cannot_be_written_are_told(
    window: MainWindow, file: Path, qtbot: QtBot, told: list[str], crops: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, odd: bool,
) -> None:  # fmt: skip
    def full(*_: object) -> None:
        raise RuntimeError("odd") if odd else OSError("full")

    shutil.move(crops, tmp_path / "elsewhere")
    told.clear()
    where = "xcos_gui.shell.projects.find_again" if odd else "core.project.project.written_whole"
    monkeypatch.setattr(where, full)
    window.projects.find_in(tmp_path / "elsewhere")
    qtbot.waitUntil(lambda: bool(told), timeout=60_000)
    log = tmp_path / "user" / "errors.log"
    assert told == [
        f"Something went wrong that should not; please report it with the details in {log}."
        if odd
        else f"The project file {file} could not be saved (full); the change holds until the "
        "window closes, so save the project under another name before."
    ]
    assert window.session.source == crops


def test_a_project_that_cannot_be_saved_or_read_again_is_told_once(
    window: MainWindow, file: Path, qtbot: QtBot, told: list[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def full(_: Path) -> None:
        raise OSError("full")

    settled(window, qtbot)
    told.clear()
    with monkeypatch.context() as patch:
        patch.setattr("core.project.project.written_whole", full)
        for threshold in (0.2, 0.3):
            window.session.set_threshold(threshold)
            window.projects.keep()
        assert len(told) == 1
        assert told.pop().startswith(f"The project file {file} could not be saved (full);")
        window.projects.save_as(tmp_path / "other.xcos")
        assert told.pop().startswith(f"The project file {tmp_path / 'other.xcos'} could not be")
        assert window.session.project_file == file and not told
    window.projects.keep()
    assert state_of(Project.read(file)).thresholds == {"learned": 0.3}
    file.write_text("{")
    for _ in range(2):
        window.projects.refresh()
    assert len(told) == 1
    assert told[0].startswith(f"The project file {file} was damaged by another program (")
    assert told[0].endswith(
        "); what this window knows of it is saved with the next File, Save project as."
    )


def test_a_project_of_other_weights_and_of_an_odd_view_opens_and_says_so(
    window: MainWindow, file: Path, qtbot: QtBot, told: list[str]
) -> None:
    window.pairs.choice.setCurrentIndex(2)
    window.projects.keep()
    own = state_of(Project.read(file)).fingerprint
    other = (
        "The weights are not those that the project was saved with; "
        "scores and thresholds may differ."
    )
    for fingerprint, view, sentences in (
        ("0" * 64, {"docks": 5, "list": "first", "outcomes": "yes"}, [other]),
        ("", {"docks": "ä", "list": 99, "outcomes": True}, []),
        (own, {"docks": "", "list": -1, "outcomes": False}, []),
    ):
        rewrite(file, fingerprint=fingerprint, view=view)
        window.projects._written = state_of(Project.read(file)).to_json(file)  # nothing to keep
        told.clear()
        window.projects._timer.stop()
        project = Project.read(file)
        window.projects._restore(project, state_of(project))
        qtbot.waitUntil(lambda: window.session.opening is None, timeout=60_000)
        settled(window, qtbot)
        assert told == sentences
        assert window.pairs.choice.currentIndex() == 2
        assert (window.matrix.colouring.currentIndex() == 1) == (view["outcomes"] is True)


def test_a_project_with_parts_that_cannot_be_read_says_which(
    window: MainWindow, file: Path, qtbot: QtBot, told: list[str], tmp_path: Path
) -> None:
    document = json.loads(file.read_text())
    document["edits"]["tags"] = {'["face","ann/1.png"]': 5}
    copy = tmp_path / "copy.xcos"
    copy.write_text(json.dumps(document))
    settled(window, qtbot)
    told.clear()
    reopen(window, qtbot, copy)
    assert len(told) == 1
    assert told[0].startswith(
        f"Parts of the project file {copy} could not be read and are left out"
    )


def test_a_project_on_the_command_line_is_looked_at_before_the_window_opens(
    file: Path, crops: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.XCOS"
    bad.write_text("{}")
    for path in (None, crops, file, bad.with_suffix(".csv")):
        check_project(path)
    with pytest.raises(XCosError, match=r"bad\.XCOS"):
        check_project(bad)


def test_a_first_start_opens_the_sample_with_the_target_asked_for(
    empty: MainWindow, qtbot: QtBot, tmp_path: Path, probes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def sample(name: str) -> Path:
        asked.append(name)
        return probes

    monkeypatch.setattr("xcos_gui.shell.arguments.resource_path", sample)
    path = face_model(tmp_path / "face.onnx")
    start(empty, options(target=path, target_channels="bgr"))
    settled(empty, qtbot)
    assert asked == ["sample"] and empty.session.source == probes
    assert empty.session.settings.target == TargetChoice(path, "BGR")


def test_a_view_that_is_unsound_is_passed_over_in_its_unsound_parts(window: MainWindow) -> None:
    session = window.session
    window.pairs.choice.setCurrentIndex(2)
    for pair in (["ann/1.png"], ["ann/1.png", 3], "ab", None):
        for listed in (window.pairs.own_lists, -1, "1", None):
            view = {"source": str(session.source), "pair": pair, "list": listed, "outcomes": True}
            session.settings.store.setValue(KEY, json.dumps(view))
            window.matrix.colouring.setCurrentIndex(0)
            restore_view(window, session.source or Path())
            assert session.wanted_pair is None and window.pairs.choice.currentIndex() == 2
            assert window.matrix.colouring.currentIndex() == 1
    view |= {"list": window.pairs.own_lists - 1, "pair": ["cem/1.png", "bob/1.png"]}
    session.settings.store.setValue(KEY, json.dumps(view))
    restore_view(window, session.source or Path())
    assert session.wanted_pair == ("cem/1.png", "bob/1.png")
    assert window.pairs.choice.currentIndex() == window.pairs.own_lists - 1


def test_about_says_versions_and_weights(tiny_weights: Path) -> None:
    page = about_page(read_card(tiny_weights))
    assert f"Python {platform.python_version()}, PySide6 {pyside_version}" in page
    assert f"NumPy {np.__version__}" in page and "Model tiny" in page
    assert str(tiny_weights) in page and "2020" in page
    assert "No weights are loaded." in about_page(None)


def test_problems_say_how_to_go_on_and_a_face_is_aligned_by_its_menu(
    window: MainWindow, qtbot: QtBot, told: list[str], crops: Path
) -> None:
    panel = window.gallery
    panel._tabs.setCurrentIndex(0)
    panel.align_selected()
    assert told == ["Select a face in the gallery first."]
    asked: list[str] = []
    panel.edit_alignment.connect(lambda face: asked.append(face.key))
    view = panel.view
    view.setCurrentIndex(panel.grouped.place_of(3))
    panel.align_selected()
    assert asked == ["bob/1.png"]
    bad = crops / "ann" / "9.png"
    bad.write_bytes(b"no picture")
    window.session.reload()
    qtbot.waitUntil(lambda: panel.problems_model.rowCount() == 1, timeout=60_000)
    settled(window, qtbot)
    index = panel.problems_model.index(0)
    told_of = {role: index.data(role) for role in Qt.ItemDataRole}
    assert told_of[Qt.ItemDataRole.ToolTipRole] == (
        "Return opens its folder; Ctrl+L sets the landmarks by hand"
    )
    assert "9.png" in told_of[Qt.ItemDataRole.DisplayRole]
    assert {role for role, data in told_of.items() if data is not None} == {
        Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.DisplayRole
    }  # fmt: skip


def test_a_project_saved_after_another_one_has_its_own_photos_and_weights(
    window: MainWindow, file: Path, qtbot: QtBot, probes: Path, tmp_path: Path
) -> None:
    gone, saved = tmp_path / "gone.safetensors", tmp_path / "saved.xcos"
    window.session.open_gallery(probes)
    qtbot.waitUntil(lambda: window.session.source == probes)
    settled(window, qtbot)
    rewrite(file, model=str(gone))
    reopen(window, qtbot, file)
    window.session.open_gallery(probes)
    qtbot.waitUntil(lambda: window.session.source == probes)
    settled(window, qtbot)
    window.projects.save_as(saved)
    qtbot.waitUntil(lambda: len(state_of(Project.read(saved)).photos) == 4)
    state = state_of(Project.read(saved))
    assert {photo.split("/")[0] for photo in state.photos} == {
        path.name for path in probes.iterdir()
    }
    assert state.model != gone
