"""What dialogs of the menus lead to: imports, targets, alignment, projects, and what cannot be done."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QFileDialog, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from core.errors import XCosError
from core.faces.choose import GallerySettings
from core.faces.face import Detection
from core.gallery.cache import PhotoRecord
from core.model.card import ModelCard
from core.model.target_choice import TargetChoice
from core.project.project import Project
from core.training.run_files import CONFIG
from tests.gui.resting import settled
from tests.gui.shell.test_dropping import drop
from tests.gui.shell.test_menu_entries import answering, entries
from tests.gui.state.test_session_told import told  # noqa: F401
from tests.onnx_models import face_model
from tests.weights import other_weights
from xcos_gui.shell.target_dialog import TargetDialog
from xcos_gui.shell.tool_menu import PAIR_TOOLS
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.alignment import AlignmentDialog
from xcos_gui.widgets.tool_window import ToolWindow


def test_an_empty_gallery_offers_a_folder_the_sample_or_crops(
    empty: MainWindow, qtbot: QtBot, crops: Path, probes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, asked = empty.session, list[tuple[str, ...]]()

    def sample(*parts: str) -> Path:
        asked.append(parts)
        return probes

    monkeypatch.setattr("xcos_gui.shell.file_actions.resource_path", sample)
    answering(monkeypatch, getExistingDirectory=str(crops))
    for what, source in (("sample", probes), ("folder", crops)):
        empty.commands.open_as_asked(what)
        qtbot.waitUntil(lambda: session.source == source)  # noqa: B023
        settled(empty, qtbot)
    assert asked == [("sample",)]
    assert session._opened is not None
    session._opened = replace(session._opened, settings=GallerySettings("all", False))
    empty.commands.open_as_asked("aligned")
    settled(empty, qtbot)
    assert session.gallery_settings == GallerySettings("all", True)


@pytest.mark.parametrize("kind", ["xcos", "target"])
def test_imported_weights_are_used_as_what_they_are(
    empty: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    session, source, output = empty.session, tmp_path / "old.pth", tmp_path / "new.safetensors"
    given: list[tuple[Path, Path]] = []
    proposed: list[str] = []

    def imported(checkpoint: Path, path: Path) -> ModelCard:
        given.append((checkpoint, path))
        used = other_weights(path) if kind == "xcos" else face_model(tmp_path / "face.onnx")
        return ModelCard("new", used, "", kind, "thin")  # type: ignore[arg-type]

    monkeypatch.setattr("core.model.importers.import_weights", imported)
    answering(monkeypatch, getOpenFileName=(str(source), ""))
    answers = ["", str(output)]

    def save(_: object, __: str, name: str) -> tuple[str, str]:
        proposed.append(name)
        return answers.pop(0), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", save)
    entry = entries(empty)["Import foreign weights"]
    entry.trigger()
    assert proposed == ["old.safetensors"] and not session.busy
    entry.trigger()
    qtbot.waitUntil(
        lambda: (
            session.target is not None if kind == "target" else session.settings.model == output
        ),
        timeout=60_000,
    )
    assert given == [(source, output)]
    assert (session.settings.target == TargetChoice(tmp_path / "face.onnx")) == (kind == "target")
    assert session.card is not None and (session.card.name == "other") == (kind == "xcos")


def test_a_target_is_asked_for_and_taken_only_where_one_says_so(
    empty: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, path = empty.session, face_model(tmp_path / "face.onnx")
    answers = [0, 1]

    def chosen(dialog: TargetDialog) -> int:
        dialog.file.setText(str(path))
        dialog.accept()
        return answers.pop(0)

    monkeypatch.setattr(QDialog, "exec", chosen)
    for taken in (None, TargetChoice(path)):
        empty.commands.ask_target()
        qtbot.waitUntil(lambda: not session.busy, timeout=60_000)
        assert session.settings.target == taken
    assert session.target is not None


def test_without_a_gallery_there_is_nothing_to_export_or_save(
    empty: MainWindow,
    told: list[str],  # noqa: F811
) -> None:
    empty.commands.ask_export()
    empty.projects.ask_save()
    assert told == ["Open a gallery first."] * 2


def test_an_export_that_fails_is_told(
    window: MainWindow,
    qtbot: QtBot,
    told: list[str],  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = tmp_path / "user" / "errors.log"
    for error, sentence in (
        (XCosError("The disk is full."), "The disk is full."),
        (
            RuntimeError("odd"),
            f"Something went wrong that should not; please report it with the details in {log}.",
        ),
    ):

        def broken(*_: object, e: Exception = error, **__: object) -> None:
            raise e

        monkeypatch.setattr("core.scoring.tables.write_table", broken)
        window.commands.export(tmp_path / "scores.csv")
        qtbot.waitUntil(lambda: not window.session.busy, timeout=60_000)
        assert told.pop() == sentence and not told
    assert log.read_text() == "RuntimeError('odd')\n"


def test_escape_stops_what_opens(
    window: MainWindow, qtbot: QtBot, crops: Path, tmp_path: Path
) -> None:
    session = window.session
    shutil.copytree(crops, tmp_path / "more")
    session.open_gallery(tmp_path / "more")
    assert session.opening == tmp_path / "more"
    window.commands.escape()
    qtbot.waitUntil(lambda: not session.busy, timeout=60_000)
    assert session.opening is None and session.source == crops


def test_an_alignment_is_shown_of_the_photo_as_found_and_taken_as_chosen(
    window: MainWindow,
    told: list[str],  # noqa: F811
    crops: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session, commands = window.session, window.commands
    assert session.loaded is not None and session.project is not None
    face = session.loaded.gallery.faces[0]
    session._opened = replace(session._opened, settings=GallerySettings())  # type: ignore[type-var]
    marks = np.array([[40, 40], [70, 40], [55, 60], [42, 80], [68, 80]], np.float32)
    box = np.array([30, 30, 80, 100], np.float32)
    found = (Detection(box, marks, 0.9), Detection(box + 20, marks + 20, 0.8))
    record = PhotoRecord(120, 120, found)
    monkeypatch.setattr("xcos_gui.shell.file_actions.known_record", lambda *_: record)
    shown: list[AlignmentDialog] = []
    chosen: list[tuple[int, tuple[str, int | np.ndarray]]] = [
        (0, ("pick", 1)), (1, ("pick", 1)), (1, ("landmarks", marks + 3)), (1, ("pick", 0)),
    ]  # fmt: skip

    def choose(dialog: AlignmentDialog) -> int:
        shown.append(dialog)
        answer, dialog.choice = chosen.pop(0)
        return answer

    monkeypatch.setattr(AlignmentDialog, "exec", choose)
    nearest = replace(face, detection=Detection(box + 20, marks + 22, 0.8))
    picks: list[int | None] = []
    for one in (face, nearest, nearest, nearest):
        commands.edit_alignment(one)
        picks.append(session.project.edits.picked.get("ann/1.png"))
    assert (picks[0], picks[1], picks[3]) == (None, 1, 0)
    assert [dialog.view.chosen for dialog in shown] == [0, 1, 1, 1]
    for dialog, apart in zip(shown, (0, 20, 20, 22), strict=True):  # the last one is corrected
        np.testing.assert_allclose(dialog.view.landmarks, marks + apart)
    assert told == []
    edits = session.project.edits
    session.edit(Project.undo)
    np.testing.assert_allclose(session.project.edits.landmarks["ann/1.png"], marks + 3)
    assert "ann/1.png" not in edits.landmarks
    chosen[:] = [(1, ("landmarks", marks + 9)), (1, ("pick", 1))]
    second = replace(nearest, number=2)
    commands.edit_alignment(second)
    landmarks = session.project.edits.landmarks
    np.testing.assert_allclose(landmarks["ann/1.png"], marks + 3)
    np.testing.assert_allclose(landmarks["ann/1.png#2"], marks + 9)
    commands.edit_alignment(second)
    edits = session.project.edits
    assert edits.landmarks == {} and edits.picked["ann/1.png"] == 1
    chosen[:] = [(1, ("landmarks", marks + 21))]
    monkeypatch.setattr(
        AlignmentDialog, "exec", lambda dialog: setattr(dialog, "picked", 0) or choose(dialog)
    )
    commands.edit_alignment(face)  # another face, with landmarks moved: both, in one step
    edits = session.project.edits
    assert edits.picked["ann/1.png"] == 0
    np.testing.assert_allclose(edits.landmarks["ann/1.png"], marks + 21)
    session.edit(Project.undo)
    assert session.project.edits.picked["ann/1.png"] == 1
    assert session.project.edits.landmarks == {}
    monkeypatch.setattr(AlignmentDialog, "exec", choose)
    del shown[4:]
    (crops / "ann" / "1.png").unlink()
    commands.edit_alignment(face)
    assert len(told) == 1 and str(crops / "ann" / "1.png") in told[0] and len(shown) == 4


@pytest.fixture
def runs(empty: MainWindow, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Folders of a run that trains and of one that does not; gone before the window closes."""
    folder = empty.session.settings.runs
    for name in ("first", "done"):
        (folder / name).mkdir(parents=True)
        (folder / name / CONFIG).write_text("{}")
    monkeypatch.setattr(
        "core.training.watch.look", lambda path: SimpleNamespace(running=path.name == "first")
    )
    yield folder
    shutil.rmtree(folder)


def test_a_window_whose_runs_train_closes_as_one_says(
    empty: MainWindow, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, texts = ["Cancel", "Leave it running", "Stop it with a checkpoint"], list[str]()

    def answer(box: QMessageBox) -> int:
        texts.append(box.text() + box.informativeText())
        default = box.defaultButton()
        assert default is not None and default.text() == "Leave it running"
        wanted = answers.pop(0)
        next(b for b in box.buttons() if b.text().replace("&", "") == wanted).click()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", answer)
    before = {path: {*path.iterdir()} for path in runs.iterdir()}
    closing = QCloseEvent()
    empty.closeEvent(closing)
    assert not closing.isAccepted() and empty.isVisible()
    for stopped in (False, True):
        assert empty._may_close()
        new = {path.name: {*path.iterdir()} - before[path] for path in runs.iterdir()}
        assert bool(new["first"]) == stopped and not new["done"]
    assert set(texts) == {
        "first is still training.Left running, it is found again at the next start."
    }


def test_a_dropped_video_opens_its_window(empty: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "walk.MP4"
    path.write_bytes(b"no video")
    drop(empty, path)
    tool = next(iter(empty.tools.values()))
    assert tool.title == "Video" and tool.isVisible()
    qtbot.waitUntil(lambda: "walk.MP4" in tool.note.text(), timeout=60_000)
    assert empty.session.opening is None


def test_tab_ends_where_no_widget_takes_it(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert window.focusNextPrevChild(True)
    for widget in window.findChildren(type(window.matrix).__mro__[1]):
        widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    assert not window.focusNextPrevChild(True)


def test_a_tool_that_is_asked_for_again_comes_back_before_the_others(
    window: MainWindow, qtbot: QtBot
) -> None:
    def tool() -> QWidget:
        return window.show_tool(PAIR_TOOLS[0])

    def training() -> QWidget | None:
        window.show_training()
        return window.training

    def evaluation() -> QWidget | None:
        window.show_evaluation()
        return window.evaluation

    for ask in (tool, training, evaluation):
        shown = ask()
        assert shown is not None
        shown.showMinimized()
        window.activateWindow()
        ask()
        assert not shown.isMinimized()
        qtbot.waitUntil(shown.isActiveWindow)
        shown.close()


def test_a_tool_comes_back_where_it_was_dragged_to(window: MainWindow, qtbot: QtBot) -> None:
    class Small(ToolWindow):
        size_in_lines = 12, 8

    tool = Small(window.session, window)
    tool.show()
    first = tool.pos()
    tool.windowHandle().setPosition(first.x() - 30, first.y() - 40)  # by its title, as a user does
    qtbot.waitUntil(lambda: tool.pos() != first)
    dragged = tool.pos()
    tool.close()
    tool.show()
    assert tool.pos() == dragged
    tool.close_job()
