"""Tags, notes and decisions as the window edits them: saved, undone, kept when one moves on."""

import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from core.project.edits import face_subject, identity_subject, pair_subject
from core.project.project import Project
from xcos_gui.shell.window import MainWindow
from xcos_gui.widgets.tags import TagsLine

PAIR = pair_subject("ann/1.png", "bob/1.png")


def saved(window: MainWindow) -> Project:
    assert window.session.source is not None
    return Project.open(window.session.source, window.session.cache.folder)


def test_sections_follow_the_pair_and_keep_what_is_typed(window: MainWindow, qtbot: QtBot) -> None:
    session, notes = window.session, window.notes
    session.select_pair(0, 3)
    window.show_notes()
    shown = [section.subject for section in notes.sections if not section.isHidden()]
    assert shown == [
        PAIR,
        face_subject("ann/1.png"),
        face_subject("bob/1.png"),
        identity_subject("ann"),
        identity_subject("bob"),
    ]
    pair, left = notes.sections[:2]
    qtbot.keyClicks(pair.tags, 'glasses, "beard, long"')
    qtbot.keyClick(pair.tags, Qt.Key.Key_Return)
    qtbot.keyClicks(left.note, "from the party")
    session.select_pair(0, 1)  # one person: no second identity, and the note was not left
    assert [s.isHidden() for s in notes.sections] == [False, False, False, False, True]
    assert notes.sections[1].note.toPlainText() == "from the party"
    assert notes.sections[0].tags.text() == ""
    edits = saved(window).edits
    assert edits.tags == {PAIR: ("glasses", "beard, long")}
    assert edits.notes == {face_subject("ann/1.png"): "from the party"}
    session.select_pair(0, 3)
    assert pair.tags.tags == ("glasses", "beard, long")
    session.edit(Project.undo)
    assert left.note.toPlainText() == ""
    session.edit(Project.undo)
    assert pair.tags.text() == "" and not saved(window).can_undo
    session.edit(Project.redo)
    assert pair.tags.tags == ("glasses", "beard, long")


def test_note_is_saved_a_moment_after_the_last_key(window: MainWindow, qtbot: QtBot) -> None:
    window.session.select_pair(0, 3)
    window.show_notes()
    qtbot.keyClicks(window.notes.sections[0].note, "odd light")
    qtbot.waitUntil(lambda: saved(window).edits.notes == {PAIR: "odd light"})


def test_decision_is_kept(window: MainWindow, qtbot: QtBot) -> None:
    window.session.select_pair(0, 3)
    box = window.notes.sections[0].decision
    box.setCurrentIndex(box.findData("reject"))
    box.activated.emit(box.currentIndex())
    assert saved(window).edits.decisions == {PAIR: "reject"}


def test_tags_of_selected_faces_are_one_change(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = window.session
    session.edit(lambda project: project.retag([face_subject("ann/1.png")], ["own", "both"]))
    session.edit(lambda project: project.retag([face_subject("ann/2.png")], ["both"]))
    said: list[str] = []

    def typed(dialog: QDialog) -> int:
        line = dialog.findChild(TagsLine)
        assert line is not None
        said.append(line.text())
        line.setText("new")
        return 1

    monkeypatch.setattr(QDialog, "exec", typed)
    model = window.gallery.model
    choose = window.gallery.view.selectionModel()
    for row in (0, 1):
        choose.select(model.index(row), choose.SelectionFlag.Select)
    window.gallery.tag_selected()
    assert said == ["both"]
    edits = saved(window).edits
    assert edits.tags[face_subject("ann/1.png")] == ("own", "new")
    assert edits.tags[face_subject("ann/2.png")] == ("new",)
    session.edit(Project.undo)
    assert saved(window).edits.faces_tagged("both") == {"ann/1.png", "ann/2.png"}
    window.gallery._search.setText("OWN")
    assert model.rowCount() == 1 and "Tags: own, both" in model.index(0).data(3)


def test_tags_go_with_a_renamed_identity(window: MainWindow, qtbot: QtBot) -> None:
    session = window.session
    session.edit(lambda project: project.tag(identity_subject("bob"), "twin"))
    session.edit(lambda project: project.note(identity_subject("bob"), "of cem"))
    assert session.loaded is not None
    bobs = [f for f in session.loaded.gallery.faces if f.identity == "bob"]
    session.rename(bobs[:1], "eve")  # another bob is left
    qtbot.waitUntil(lambda: not session.busy)
    assert saved(window).edits.identities_tagged("twin") == {"bob"}
    session.edit(Project.undo)
    qtbot.waitUntil(lambda: not session.busy)
    session.rename(bobs, "eve")
    edits = saved(window).edits
    assert edits.identities_tagged("twin") == {"eve"}
    assert edits.notes == {identity_subject("eve"): "of cem"}
    session.edit(Project.undo)
    assert saved(window).edits.identities_tagged("twin") == {"bob"}


def test_a_decision_that_was_undone_stays_undone(window: MainWindow, qtbot: QtBot) -> None:
    session, told = window.session, list[str]()
    window.show_notes()
    window.docks["notes"].hide()
    window.docks["inspector"].raise_()
    session.select_pair(0, 3)
    qtbot.keyClick(window.inspector.faces[0], Qt.Key.Key_A)
    session.select_pair(0, 1)
    session.message.connect(told.append)
    session.undo()
    assert told == ["Undone: the decision of ann/1.png and bob/1.png."]
    session.select_pair(0, 3)
    session.select_pair(0, 4)
    assert session.project is not None and session.project.can_redo
    assert saved(window).edits.decisions == {}
    session.redo()
    session.select_pair(0, 3)
    assert window.inspector.judging.decision.currentText() == "Accept"


def test_a_decision_made_elsewhere_on_a_subject_out_of_sight_is_kept(window: MainWindow) -> None:
    session, bob = window.session, identity_subject("bob")
    window.show_notes()
    session.select_pair(0, 3)
    session.select_pair(0, 1)  # one identity: the second one's section is hidden
    session.edit(lambda project: project.decide(bob, "reject"))
    session.select_pair(0, 2)
    assert saved(window).edits.decisions == {bob: "reject"}
    session.select_pair(0, 3)
    assert window.notes.sections[4].decision.currentText() == "Reject"
