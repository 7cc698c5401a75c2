"""Entries of the menus: what is checked and may be used, what dialogs lead to, and the list's two ends."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import csv
from argparse import Namespace
from pathlib import Path

import numpy as np
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from core.faces.choose import GallerySettings
from core.project.project import Project
from core.scoring.lists import PairList
from tests.gui.resting import settled
from tests.weights import other_weights
from xcos_gui.shell.arguments import start
from xcos_gui.shell.menus import POLICY_TEXTS
from xcos_gui.shell.window import MainWindow

Dialog = dict[str, list[object]]


def entries(window: MainWindow) -> dict[str, QAction]:
    return {a.text().replace("&", "").rstrip("…"): a for a in window.findChildren(QAction)}


@pytest.fixture
def told(window: MainWindow) -> list[str]:
    said: list[str] = []
    window.session.message.connect(said.append)
    return said


def answering(monkeypatch: pytest.MonkeyPatch, **answers: object) -> None:
    """File dialogs that answer at once."""
    for name, answer in answers.items():
        monkeypatch.setattr(QFileDialog, name, lambda *_, a=answer: a)


def test_entries_follow_the_session(window: MainWindow, qtbot: QtBot, probes: Path) -> None:
    session, found = window.session, entries(window)
    assert not found["Remove probes"].isEnabled() and not found["No target model"].isEnabled()
    kinds = {k: found[f"{k.capitalize()} attention"] for k in ("learned", "uniform", "correlation")}
    for kind in ("uniform", "correlation", "learned"):
        kinds[kind].trigger()
        settled(window, qtbot)
        assert session.kind == kind
        assert {k for k, action in kinds.items() if action.isChecked()} == {kind}
        assert all(action.isEnabled() for action in kinds.values())
    policies = {p: found[text] for p, text in POLICY_TEXTS.items()}
    assert {p for p, a in policies.items() if a.isChecked()} == {"central"}
    aligned = found["Photos are aligned 112×112 crops"]
    assert aligned.isChecked()
    policies["all"].trigger()
    settled(window, qtbot)
    assert session.gallery_settings == GallerySettings("all", True)  # the other one stays
    assert {p for p, a in policies.items() if a.isChecked()} == {"all"} and aligned.isChecked()
    session.open_probes(probes)
    settled(window, qtbot)
    assert found["Remove probes"].isEnabled()
    found["Remove probes"].trigger()
    qtbot.waitUntil(
        lambda: session.matrix is not None and session.matrix.square and not session.busy,
        timeout=60_000,
    )
    assert not found["Remove probes"].isEnabled()


def test_undo_and_redo_say_what_they_do(window: MainWindow, qtbot: QtBot) -> None:
    session, menus = window.session, window._menus
    assert (menus._undo.text(), menus._redo.text()) == ("&Undo", "&Redo")
    assert not menus._undo.isEnabled() and not menus._redo.isEnabled()
    session.edit(lambda project: project.set_aside(["cem/1.png"]))
    settled(window, qtbot)
    said = menus._undo.text()
    assert said.startswith("&Undo ") and menus._undo.isEnabled() and not menus._redo.isEnabled()
    menus._undo.trigger()
    settled(window, qtbot)
    assert menus._redo.text() == said.replace("&Undo", "&Redo") and menus._undo.text() == "&Undo"
    assert menus._redo.isEnabled() and not menus._undo.isEnabled()
    menus._redo.trigger()
    settled(window, qtbot)
    assert len(session.loaded or ()) == 5


def test_the_list_is_stepped_to_its_two_ends(window: MainWindow, told: list[str]) -> None:
    session, found = window.session, entries(window)
    following, before = found["Next listed pair"], found["Listed pair before"]
    none = np.empty(0, np.int64)
    session.list_pairs("none", PairList(none, none, np.empty(0, np.float32)))
    following.trigger()
    assert told.pop() == "The list of pairs is empty; click a count, such as FP."
    session.list_pairs(
        "some", PairList(np.array([0, 1, 2]), np.array([3, 4, 5]), np.zeros(3, np.float32))
    )
    session.select_pair(0, 1)  # none of the list
    before.trigger()
    assert session.pair == (2, 5)
    session.select_pair(0, 1)
    for pair in ((0, 3), (1, 4), (2, 5)):
        following.trigger()
        assert session.pair == pair
    following.trigger()
    assert session.pair == (2, 5) and told.pop() == "That was the last of the list."
    for pair in ((1, 4), (0, 3)):
        before.trigger()
        assert session.pair == pair
    before.trigger()
    assert session.pair == (0, 3) and told.pop() == "That was the first of the list."


def test_what_was_opened_is_offered_again(
    window: MainWindow, qtbot: QtBot, crops: Path, probes: Path
) -> None:
    menu, session = window._menus.recents, window.session
    session.open_gallery(probes)
    qtbot.waitUntil(lambda: len(session.loaded or ()) == 4 and not session.busy, timeout=60_000)
    menu.aboutToShow.emit()
    assert [Path(action.text()).name for action in menu.actions()] == ["probes", "crops"]
    menu.actions()[1].trigger()
    qtbot.waitUntil(lambda: len(session.loaded or ()) == 6 and not session.busy, timeout=60_000)
    for path in session.settings.recents:
        session.settings.forget_recent(path)
    menu.aboutToShow.emit()
    texts = [(action.text(), action.isEnabled()) for action in menu.actions()]
    assert texts == [("Nothing opened yet", False)]


def test_dialogs_lead_to_what_was_chosen_or_to_nothing(
    window: MainWindow,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    crops: Path,
    probes: Path,
    tmp_path: Path,
) -> None:
    session, found = window.session, entries(window)
    answering(
        monkeypatch,
        getExistingDirectory="",
        getOpenFileNames=([], ""),
        getOpenFileName=("", ""),
        getSaveFileName=("", ""),
    )
    card, source = session.card, session.source
    for text in (
        "Open gallery folder", "Open photos or CSV", "Open probes folder", "Use weights from a file",
        "Import foreign weights", "Export all scores", "Open project", "Save project as",
    ):  # fmt: skip
        found[text].trigger()
    assert not session.busy and session.source == source and session.card is card
    assert session.project_file is None
    answering(monkeypatch, getExistingDirectory=str(probes))
    found["Open probes folder"].trigger()
    qtbot.waitUntil(lambda: session.probes is not None and not session.busy, timeout=60_000)
    assert session.probe_source == probes
    other = other_weights(tmp_path / "other.safetensors")
    answering(monkeypatch, getOpenFileName=(str(other), ""))
    found["Use weights from a file"].trigger()
    qtbot.waitUntil(
        lambda: session.card is not None and session.card.name == "other" and not session.busy,
        timeout=60_000,
    )
    answering(monkeypatch, getSaveFileName=(str(tmp_path / "scores.csv"), ""))
    found["Export all scores"].trigger()
    qtbot.waitUntil((tmp_path / "scores.csv").exists, timeout=60_000)
    with (tmp_path / "scores.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 24
    photos = [str(crops / "ann" / "1.png"), str(crops / "bob" / "1.png")]
    answering(monkeypatch, getOpenFileNames=(photos, ""))
    found["Open photos or CSV"].trigger()
    qtbot.waitUntil(lambda: len(session.loaded or ()) == 2 and not session.busy, timeout=60_000)
    answering(monkeypatch, getExistingDirectory=str(crops))
    found["Open gallery folder"].trigger()
    qtbot.waitUntil(lambda: session.source == crops and not session.busy, timeout=60_000)


def test_a_gallery_is_forgotten_only_where_one_says_so(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    forgotten: list[None] = []
    monkeypatch.setattr(window.session, "forget_gallery", lambda: forgotten.append(None))
    answers = [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes]

    def ask(*given: object) -> QMessageBox.StandardButton:
        asked.append(str(given[2]))
        return answers.pop(0)

    monkeypatch.setattr(QMessageBox, "question", ask)
    entry = entries(window)["Forget this gallery"]
    entry.trigger()
    assert forgotten == []
    entry.trigger()
    assert len(forgotten) == 1 and all(str(window.session.source) in text for text in asked)


def test_crops_have_no_alignment_and_choices_are_edits(window: MainWindow, told: list[str]) -> None:
    session, commands = window.session, window.commands
    assert session.loaded is not None and session.project is not None
    commands.edit_alignment(session.loaded.gallery.faces[0])
    assert told == ["The gallery's photos are aligned crops; there is nothing to align."]
    marks = np.arange(10.0).reshape(5, 2)
    commands.take_landmarks("ann/1.png", marks)
    edits = session.project.edits
    np.testing.assert_allclose(edits.landmarks["ann/1.png"], marks)
    commands.take_landmarks("ann/1.png", None)
    assert "ann/1.png" not in session.project.edits.landmarks
    session.edit(Project.undo)
    assert "ann/1.png" in session.project.edits.landmarks


def test_a_project_gets_its_ending_and_moved_photos_need_one(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch, told: list[str], tmp_path: Path
) -> None:
    found = entries(window)
    found["Find moved photos"].trigger()
    assert told.pop() == "Open a project first; it knows its photos by content."
    answering(monkeypatch, getSaveFileName=(str(tmp_path / "mine.old"), ""))
    found["Save project as"].trigger()
    path = tmp_path / "mine.old.xcos"
    assert path.exists() and window.session.project_file == path
    assert told.pop() == f"The project was saved as {path}; it is kept up to date from now on."
    window.projects.save_as(path)  # there already: kept, and nothing to tell
    assert told == [] and window.session.settings.recents[0] == path


def options(**more: object) -> Namespace:
    return Namespace(**{
        "gallery": None, "model": None, "target": None, "attention": None, "threshold": None,
        "aligned": False, "target_channels": None, "target_normalisation": None, **more,
    })  # fmt: skip


def test_the_window_opens_with_what_the_command_line_says(
    empty: MainWindow, qtbot: QtBot, crops: Path, probes: Path, tmp_path: Path
) -> None:
    session = empty.session
    other = other_weights(tmp_path / "other.safetensors")
    start(
        empty,
        options(gallery=crops, model=other, attention="uniform", threshold=0.123, aligned=True),
    )
    settled(empty, qtbot)
    assert session.source == crops and session.card is not None and session.card.name == "other"
    assert (session.kind, session.threshold) == ("uniform", 0.123)
    assert session.gallery_settings == GallerySettings("central", True)
    session.settings.remember_gallery(probes)
    start(empty, options())  # the last one, as it was
    qtbot.waitUntil(lambda: session.source == probes and not session.busy, timeout=60_000)
    gone = tmp_path / "gone"
    session.settings.remember_gallery(gone)
    session.settings.remember_gallery(crops)
    session.settings.remember_gallery(gone)
    start(empty, options())  # the last that is there
    qtbot.waitUntil(lambda: session.source == crops and not session.busy, timeout=60_000)
