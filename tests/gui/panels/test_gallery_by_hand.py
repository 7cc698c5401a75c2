"""The gallery by hand: what Enter, keys and dialogs do to the selected faces, and how faces are painted."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from pathlib import Path

import numpy as np
from PySide6.QtCore import QItemSelectionModel
from PySide6.QtGui import QDesktopServices, QImage, QPalette
from PySide6.QtWidgets import QApplication, QDialog, QInputDialog, QLineEdit
from pytestqt.qtbot import QtBot

from core.project.edits import face_subject, identity_subject
from core.project.project import Project
from tests.gui.resting import settled
from xcos_gui.panels.gallery.delegate import LARGEST_FACE, SMALLEST_FACE
from xcos_gui.panels.gallery.panel import GalleryPanel
from xcos_gui.shell.window import MainWindow
from xcos_gui.widgets.design import TIGHT

SELECT = QItemSelectionModel.SelectionFlag


def choose(panel: GalleryPanel, *keys: str) -> None:
    """Select faces in the first tab, in the order of the keys."""
    chosen = panel.view.selectionModel()
    chosen.clear()
    for key in keys:
        row = panel.model.row_of(key)
        assert row is not None
        chosen.select(panel.grouped.place_of(row), SELECT.Select)


@pytest.fixture
def told(window: MainWindow) -> list[str]:
    said: list[str] = []
    window.session.message.connect(said.append)
    return said


def test_enter_looks_at_the_face_beside_the_pair_s_left_one(window: MainWindow) -> None:
    panel, session = window.gallery, window.session
    session.select_pair(2, 4)
    choose(panel, "cem/1.png")
    panel.view.activated.emit(panel.view.selectionModel().selectedIndexes()[0])
    assert session.pair == (2, 5)
    choose(panel, "ann/1.png", "bob/1.png")
    for index in panel.view.selectionModel().selectedIndexes():
        panel.view.activated.emit(index)  # of two, Enter compares them
    assert session.pair == (2, 5)
    panel.view.activated.emit(panel.grouped.index(0))  # a head is no face
    assert session.pair == (2, 5)
    panel.compare()
    assert session.pair == (0, 3)
    choose(panel, "bob/2.png", "ann/2.png")  # in the gallery's order
    panel.compare()
    assert session.pair == (1, 4)


def test_two_faces_are_compared_and_no_other_number(
    window: MainWindow, qtbot: QtBot, told: list[str], probes: Path
) -> None:
    panel, session = window.gallery, window.session
    before = session.pair
    for keys in ((), ("ann/1.png",), ("ann/1.png", "ann/2.png", "bob/1.png")):
        choose(panel, *keys)
        panel.compare()
        assert told.pop() == "Select two faces in the gallery to compare them."
    assert session.pair == before
    session.open_probes(probes)
    settled(window, qtbot)
    choose(panel, "ann/1.png", "ann/2.png")
    panel.compare()
    assert told[-1] == "With probes loaded, choose the pair in the matrix."


def test_what_needs_a_selection_says_so(window: MainWindow, told: list[str]) -> None:
    panel = window.gallery
    choose(panel)
    for slot in (panel.rename, panel.name_selected, panel.set_aside):
        slot()
        assert told.pop() == "Select faces in the gallery first."
    for slot in (panel.note_selected, panel.align_selected):
        slot()
        assert told.pop() == "Select a face in the gallery first."
    for slot in (panel.tag_selected, panel.tag_identities):
        slot()
        assert told.pop() == "Select faces or a pair first."
    choose(panel, "ann/1.png")
    panel._tabs.setCurrentWidget(panel.problems)  # what is selected is out of sight
    for slot in (panel.rename, panel.set_aside):
        slot()
        assert told.pop() == "Select faces in the gallery first."


def test_faces_set_aside_go_by_the_name_of_their_identity(
    window: MainWindow, qtbot: QtBot, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, session, asked = window.gallery, window.session, list[str]()

    def ask(_: object, __: str, words: str, text: str = "") -> tuple[str, bool]:
        asked.append(words)
        return "eve", True

    monkeypatch.setattr(QInputDialog, "getText", ask)
    session.edit(lambda project: project.set_aside(["ann/1.png", "ann/2.png"]))
    settled(window, qtbot)
    panel._tabs.setCurrentWidget(panel._aside)
    panel._aside.selectAll()
    panel.compare()
    assert told == [
        "Only faces of the matrix can be compared; bring those set aside back first (Del)."
    ]
    panel.rename()
    settled(window, qtbot)
    assert asked == ["Who do these 3 faces show? (empty: unknown)"]
    assert session.loaded is not None
    gallery = session.loaded.gallery
    assert [face.identity for face in gallery.aside] == ["eve", "eve"]
    assert "ann" not in [face.identity for face in gallery.faces]


def test_a_search_for_a_tag_follows_the_tags(window: MainWindow) -> None:
    panel, session = window.gallery, window.session
    panel._search.setText("blurred")
    assert panel.model.rowCount() == 0
    session.edit(lambda project: project.tag(face_subject("ann/2.png"), "blurred"))
    assert [face.key for face in panel.model._faces] == ["ann/2.png"]
    session.undo()
    assert panel.model.rowCount() == 0


def test_dialogs_ask_for_what_was_selected(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, session = window.gallery, window.session
    asked: list[tuple[str, ...]] = []
    answers: list[tuple[str, bool]] = []

    def ask(_: object, *words: str, text: str = "") -> tuple[str, bool]:
        asked.append((*words, text))
        return answers.pop(0)

    monkeypatch.setattr(QInputDialog, "getText", ask)
    monkeypatch.setattr(QInputDialog, "getMultiLineText", ask)

    def people() -> list[str | None]:
        """In the order of the photos' names."""
        settled(window, qtbot)
        assert session.loaded is not None
        return [f.identity for f in sorted(session.loaded.gallery.faces, key=lambda f: f.key)]

    before = people()
    choose(panel, "ann/1.png", "bob/1.png")
    answers.append(("x", False))  # closed without an answer
    panel.rename()
    assert asked[-1] == ("Merge identities", "Who do these 2 faces show? (empty: unknown)", "ann")
    assert people() == before
    answers.append((" eve ", True))
    panel.rename()  # of two people the selected faces alone
    assert people() == ["eve", "ann", "ann", "eve", "bob", "cem"]
    session.edit(Project.undo)
    assert people() == before
    choose(panel, "ann/2.png")
    answers.append(("", True))
    panel.name_selected()
    assert people() == ["ann", None, "ann", "bob", "bob", "cem"]
    answers.append(("dan", True))
    choose(panel, "ann/2.png")
    panel.rename()  # of an unknown face that one alone
    assert asked[-1] == ("Rename identity", "Who does this face show? (empty: unknown)", "")
    assert people() == ["ann", "dan", "ann", "bob", "bob", "cem"]
    choose(panel, "bob/1.png", "bob/2.png")
    answers += [("a note", True), ("another", False), ("another", True)]
    for _ in range(3):
        panel.note_selected()
    notes = [words for words in asked if words[0] == "Note"]
    assert [words[:3] for words in notes] == [
        ("Note", "Note on bob/1.png:", had) for had in ("", "a note", "a note")
    ]
    assert session.project is not None
    assert session.project.edits.notes == {face_subject("bob/1.png"): "another"}


@pytest.mark.parametrize("asks", ["rename", "name_selected", "note_selected", "tag_selected"])
def test_what_is_answered_once_another_gallery_is_open_changes_nothing(
    asks: str,
    window: MainWindow,
    probes: Path,
    qtbot: QtBot,
    told: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    panel, session = window.gallery, window.session
    (probes / "ann" / "1.png").write_bytes((probes / "ann" / "4.png").read_bytes())

    def open_another() -> None:
        session.open_gallery(probes)
        settled(window, qtbot)

    def ask(*_: object, **__: object) -> tuple[str, bool]:
        open_another()
        return "eve", True

    def tag(dialog: QDialog) -> bool:
        open_another()
        dialog.findChildren(QLineEdit)[0].setText("smile")
        return True

    monkeypatch.setattr(QInputDialog, "getText", ask)
    monkeypatch.setattr(QInputDialog, "getMultiLineText", ask)
    monkeypatch.setattr(QDialog, "exec", tag)
    choose(panel, "ann/1.png")
    getattr(panel, asks)()
    assert told[-1] == "Another gallery is open by now, so nothing was changed."
    assert session.project is not None and not session.project.can_undo
    assert session.loaded is not None and session.loaded.gallery.root == probes


def test_tags_are_asked_for_faces_and_for_their_people(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = window.gallery
    asked: list[tuple[list[str], str]] = []
    monkeypatch.setattr(
        "xcos_gui.panels.gallery.panel.ask_tags", lambda *given: asked.append((given[2], given[3]))
    )
    choose(panel, "bob/1.png")
    panel.tag_selected()
    panel.tag_identities()
    choose(panel, "ann/1.png", "ann/3.png", "bob/1.png")
    panel.tag_selected()
    panel.tag_identities()
    faces = [face_subject(k) for k in ("ann/1.png", "ann/3.png", "bob/1.png")]
    assert asked == [
        (faces[2:], "bob/1.png"), ([identity_subject("bob")], "bob"), (faces, "these 3 faces"),
        ([identity_subject("ann"), identity_subject("bob")], "these 2 identities"),
    ]  # fmt: skip


def test_faces_are_set_aside_and_brought_back_from_the_other_tab(
    window: MainWindow, qtbot: QtBot
) -> None:
    panel = window.gallery
    tabs = panel._tabs
    choose(panel, "bob/2.png", "cem/1.png")
    panel.set_aside()
    settled(window, qtbot)
    assert [tabs.tabText(k) for k in range(3)] == ["Faces 4", "Aside 2", "Problems 0"]
    assert panel.model.row_of("cem/1.png") is None
    tabs.setCurrentIndex(1)
    row = panel.aside_model.row_of("cem/1.png")
    assert row is not None
    panel._aside.selectionModel().select(panel._aside_grouped.place_of(row), SELECT.Select)
    assert [face.key for face in panel.selected()] == ["cem/1.png"]
    panel.set_aside()
    settled(window, qtbot)
    assert [tabs.tabText(k) for k in range(3)] == ["Faces 5", "Aside 1", "Problems 0"]
    assert panel.model.row_of("cem/1.png") is not None
    panel._search.setText("bob")
    assert panel.aside_model.rowCount() == 1 and panel.model.rowCount() == 1
    panel._search.setText("ann")
    assert panel.aside_model.rowCount() == 0 and panel.model.rowCount() == 3


def test_a_problem_opens_its_folder(
    empty: MainWindow, qtbot: QtBot, crops: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (crops / "bob" / "bad.png").write_bytes(b"x")
    places: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: places.append(url.toLocalFile()))
    empty.session.open_gallery(crops)
    panel = empty.gallery
    qtbot.waitUntil(lambda: panel.problems_model.rowCount() == 1, timeout=60_000)
    panel.problems.activated.emit(panel.problems_model.index(0, 0))
    assert [Path(place) for place in places] == [crops / "bob"]


def test_another_gallery_clears_the_search(window: MainWindow, qtbot: QtBot, probes: Path) -> None:
    panel = window.gallery
    panel._search.setText("bob")
    window.session.edit(lambda project: project.set_aside(["cem/1.png"]))
    settled(window, qtbot)
    assert panel._search.text() == "bob"  # the same gallery
    window.session.open_gallery(probes)
    qtbot.waitUntil(lambda: panel._search.text() == "", timeout=60_000)


def test_faces_grow_with_the_slider(window: MainWindow) -> None:
    panel = window.gallery
    line = panel.fontMetrics().height()
    assert (panel.side.minimum(), panel.side.maximum()) == (SMALLEST_FACE, LARGEST_FACE)
    for side in (SMALLEST_FACE, 120):
        panel.side.setValue(side)
        QApplication.processEvents()
        head, face = (panel.view.visualRect(panel.grouped.index(row)) for row in (0, 1))
        assert side < face.width() < side + 2 * line and side < face.height() < side + 2 * line
        assert head.width() > 0.9 * panel.view.viewport().width() and head.height() < 2.5 * line
    assert window.session.settings.thumbnail_side == 120


def test_the_pair_s_faces_are_framed_and_every_face_is_its_own(
    window: MainWindow, qtbot: QtBot
) -> None:
    panel, session = window.gallery, window.session
    panel.side.setValue(64)
    dock = window.docks["gallery"]
    dock.setFloating(True)
    dock.resize(420, 700)
    session.select_pair(0, 3)
    QApplication.processEvents()
    view, palette = panel.view, panel.view.palette()
    highlight = palette.color(QPalette.ColorRole.Highlight)
    assert session.loaded is not None

    def pixels() -> QImage:
        return view.viewport().grab().toImage()

    def there(row: int) -> bool:
        """Whether the face's picture is painted, within the frame."""
        image, rect = pixels(), view.visualRect(panel.grouped.place_of(row))
        crop = session.crop(session.loaded.gallery.faces[row])  # type: ignore[union-attr]
        left, top = rect.x() + (rect.width() - 64) // 2, rect.y() + TIGHT
        far = []
        for x, y in ((12, 12), (50, 20), (30, 52), (52, 52)):
            wanted = crop[
                112 * y // 64 - 3 : 112 * y // 64 + 5, 112 * x // 64 - 3 : 112 * x // 64 + 5
            ]
            found = np.array(image.pixelColor(left + x, top + y).getRgb()[:3])
            far.append(np.abs(found - wanted.reshape(-1, 3).mean(axis=0)).max())
        return float(np.median(far)) < 40

    qtbot.waitUntil(lambda: all(there(row) for row in range(6)), timeout=20_000)
    image = pixels()
    framed = []
    for row in range(6):
        rect = view.visualRect(panel.grouped.place_of(row))
        left, top = rect.x() + (rect.width() - 64) // 2, rect.y() + TIGHT
        framed.append(
            all(
                image.pixelColor(x, y) == highlight
                for x, y in (
                    (left, top + 30),
                    (left + 64, top + 30),
                    (left + 30, top),
                    (left + 30, top + 64),
                )
            )
        )
    assert framed == [row in (0, 3) for row in range(6)]
    choose(panel, "bob/2.png")
    image = pixels()
    rect = view.visualRect(panel.grouped.place_of(4))
    assert image.pixelColor(rect.x() + 1, rect.y() + rect.height() // 2) == highlight
    assert image.pixelColor(rect.x() + 1, rect.bottom() + 3) != highlight
