"""Labels decided by hand: the next finding, the buttons, both faces, counts, and what may be done."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.analysis.labels.findings import FINDING_KINDS
from core.project.edits import Decision
from tests.gui.tools.test_labels import TOOL, opened
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.labels.view import EFFECTS, _accepting
from xcos_gui.tools.labels.window import TITLES, LabelsWindow

Key = Qt.Key


@pytest.fixture
def tool(empty: MainWindow, qtbot: QtBot, crops: Path) -> LabelsWindow:
    return opened(empty, qtbot, crops)


def made_up(tool: LabelsWindow, kind: str, names: list[tuple[str, ...]], left: str, right: str, own: str | None = None) -> None:  # fmt: skip
    """Findings of one kind on two faces, in place of those of the search."""
    assert tool.found is not None
    first = tool.found.findings[0]
    findings = tuple(
        replace(first, kind=kind, names=each, left=left, right=right, own=own) for each in names
    )
    tool.found = replace(tool.found, findings=findings)
    tool.kinds.setCurrentIndex(FINDING_KINDS.index(kind))  # type: ignore[arg-type]
    tool._show_kind()


def decisions(tool: LabelsWindow) -> list[Decision | None]:
    return [tool.model.decision(row) for row in range(tool.model.rowCount())]


def test_a_decision_goes_on_to_the_next_finding(tool: LabelsWindow, qtbot: QtBot) -> None:
    session = tool.session
    made_up(
        tool,
        "same-person",
        [("ann", "bob"), ("bob", "ann"), ("cem", "ann")],
        "ann/1.png",
        "bob/1.png",
    )
    place = FINDING_KINDS.index("same-person")
    tabs = [tool.kinds.tabText(k) for k in range(tool.kinds.count())]
    assert tabs[place] == f"{TITLES['same-person']} (3 open, 0 decided)"
    assert [tabs[k] for k in range(len(tabs)) if k != place] == [
        TITLES[k] for k in FINDING_KINDS if k != "same-person"
    ]
    tool.activateWindow()
    assert tool.table.currentIndex().row() == 0
    keys: tuple[tuple[Key, Decision], ...] = (
        (Key.Key_R, "reject"),
        (Key.Key_U, "unsure"),
        (Key.Key_R, "reject"),
    )
    for row, (key, _) in enumerate(keys):
        QTest.keyClick(tool.table, key)
        assert tool.table.currentIndex().row() == min(row + 1, 2)
    assert decisions(tool) == ["reject", "unsure", "reject"]
    assert tool.kinds.tabText(place).endswith("(0 open, 3 decided)")
    QTest.keyClick(tool.table, Key.Key_Delete)  # a decision taken back stays where it is
    assert tool.table.currentIndex().row() == 2
    assert decisions(tool) == ["reject", "unsure", None]
    tool.table.selectRow(0)
    QTest.keyClick(tool.table, Key.Key_Delete)
    assert tool.table.currentIndex().row() == 0 and decisions(tool) == [None, "unsure", None]
    for button, wanted in zip(tool.view.buttons[1:3], ("reject", "unsure"), strict=True):
        tool.table.selectRow(0)
        button.click()
        assert decisions(tool)[0] == wanted and tool.table.currentIndex().row() == 1
    tool.table.selectRow(0)
    tool.view.buttons[3].click()
    assert decisions(tool)[0] is None
    QTest.keyClick(tool, Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert decisions(tool)[0] == "unsure"
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(tool, Key.Key_Z, both)
    assert decisions(tool)[0] is None and session.project is not None


def test_a_chosen_finding_shows_its_faces_here_and_in_the_main_window(tool: LabelsWindow) -> None:
    session, view = tool.session, tool.view
    session.select_pair(1, 2)
    made_up(
        tool,
        "wrong-identity",
        [("ann/1.png", "ann", "bob"), ("ann/2.png", "ann", "bob")],
        "ann/1.png",
        "bob/1.png",
        "cem/1.png",
    )
    assert session.pair == (1, 2)  # nobody chose the first row
    captions = [caption.text() for _, caption in view.pictures]
    assert captions == ["ann/1.png", "likelier bob\nbob/1.png", "called ann\ncem/1.png"]
    tips = [caption.toolTip() for _, caption in view.pictures]
    assert tips == ["ann\nann/1.png", "bob\nbob/1.png", "cem\ncem/1.png"]
    assert view._third.isVisible() and all(button.isEnabled() for button in view.buttons)
    assert view.buttons[0].text() == "Accept  (A)"
    assert view.says.text().endswith(EFFECTS["wrong-identity"])
    assert tool.found is not None
    faces = tool.found.gallery.gallery.index()
    for (shown, _), key in zip(view.pictures, ("ann/1.png", "bob/1.png", "cem/1.png"), strict=True):
        crop = session.crop(tool.found.gallery.gallery.faces[faces[key]])
        assert shown._crop is not None
        for x, y in ((3, 5), (60, 90)):
            assert shown._crop.pixelColor(x, y).getRgb()[:3] == tuple(crop[y, x].tolist())
    tool.table.selectRow(1)
    assert session.rows is not None
    places = session.rows.gallery.index()
    assert session.pair == (places["ann/1.png"], places["bob/1.png"])
    made_up(tool, "near-duplicate", [("a", "b")], "ann/1.png", "ann/twice.png")
    assert view.buttons[0].text() == "Set aside twice.png  (A)" and not view._third.isVisible()
    made_up(tool, "same-person", [], "ann/1.png", "bob/1.png")
    assert not any(button.isEnabled() for button in view.buttons) and view.says.text() == ""
    assert [caption.text() for _, caption in view.pictures] == ["", "", ""]
    assert all(shown._crop is None for shown, _ in view.pictures)
    assert not tool.shown.filled and "Nothing of this kind" in tool.shown.empty.title.text()


def test_a_long_name_is_cut_in_its_middle_on_the_button(tool: LabelsWindow) -> None:
    assert tool.found is not None
    first = replace(tool.found.findings[0], kind="near-duplicate")
    letters = "abcdefghijklmnopqrstuvwxyz"
    for name, shown in (
        (letters[:24], letters[:24]), (letters[:25], f"{letters[:12]}…{letters[13:25]}"),
        ("a_&b.png", "a_&&b.png"),
    ):  # fmt: skip
        assert _accepting(replace(first, right=f"some/{name}")) == f"Set aside {shown}  (A)"


def test_a_search_runs_again_when_what_it_hangs_on_has_changed(
    tool: LabelsWindow, qtbot: QtBot
) -> None:
    session = tool.session
    asked: list[float] = []
    search = tool.search

    def counted() -> None:
        asked.append(session.threshold)
        search()

    tool.search = counted  # type: ignore[method-assign]
    tool.refresh()
    assert asked == []
    session.set_threshold(session.threshold + 0.01)
    tool.refresh()
    tool.refresh()
    assert len(asked) == 1
    session.set_kind("uniform")
    qtbot.waitUntil(lambda: not session.busy)
    tool.refresh()
    assert len(asked) == 2
    qtbot.waitUntil(lambda: not tool.job.running)


def test_words_before_and_after(tool: LabelsWindow) -> None:
    assert tool.quality is not None
    text = tool.before_after.text()
    for lead, quality in zip(("Before: ", "With what is accepted: "), tool.quality, strict=True):
        said = text.split(lead)[1].split(".  ")[0]
        wrong, right = quality.errors, quality.counts.accuracy
        assert right is not None and quality.eer is not None
        noun = "error" if wrong == 1 else "errors"
        assert (
            said == f"{wrong} {noun}, accuracy {100 * right:.2f} %, EER {100 * quality.eer:.2f} %"
        )


def test_without_a_gallery_it_says_so(empty: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    tool = empty.show_tool(TOOL)
    assert isinstance(tool, LabelsWindow)
    qtbot.waitUntil(lambda: tool.shown.empty.title.text().startswith("Open a gallery"))
    assert not tool.shown.empty.buttons and not any(b.isEnabled() for b in tool.view.buttons)
    tool.kinds.setCurrentIndex(FINDING_KINDS.index("shared-person"))
    assert not tool.shown.empty.buttons  # first a gallery, then another one
    tool.exports.write_csv(tmp_path / "a.csv")
    assert tool.note.text() == "Open a gallery first." and not (tmp_path / "a.csv").exists()
    tool.tell("")
    tool.exports.copy_to(tmp_path / "copies")
    assert tool.note.text() == "Open a gallery first." and not (tmp_path / "copies").exists()
