"""The second reader's window: blind, by keys, kept in the project."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from core.project.readings import RATINGS, readings_of
from core.scoring.lists import PairList
from tests.gui.resting import settled
from tests.living import make_crops
from xcos_gui.shell.tool_menu import GALLERY_TOOLS
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.readers.window import ReadersWindow


@pytest.fixture
def readers(window: MainWindow) -> ReadersWindow:
    tool = next(tool for tool in GALLERY_TOOLS if tool.place[1] == "ReadersWindow")
    found = window.show_tool(tool)
    assert isinstance(found, ReadersWindow)
    scores = window.session.matrix.scores
    rows, columns = np.array([0, 0, 3]), np.array([1, 3, 4])
    window.session.list_pairs("Three", PairList(rows, columns, scores[rows, columns]))
    return found


def test_pairs_are_rated_by_keys_and_kept(
    readers: ReadersWindow, window: MainWindow, qtbot: QtBot
) -> None:
    readers.begin()
    assert "Write your name" in readers.note.text() and readers.pages.currentIndex() == 0
    readers.reader.setText("Eve")
    readers.begin()
    assert readers.place.text() == "Pair 1 of 3"
    seen = " ".join(label.text() for label in readers.pages.currentWidget().findChildren(QLabel))
    assert not any(name in seen for name in ("ann", "bob", "Score", "score"))
    first = readers.sheet[0]
    qtbot.keyClick(readers, Qt.Key.Key_7)
    assert readers.place.text() == "Pair 2 of 3"
    qtbot.keyClick(readers, Qt.Key.Key_Backspace)
    assert (
        readers.sheet[0] == first
        and readers.place.text() == "Pair 1 of 3; you answered: surely same"
    )
    readers.form.setChecked(True)
    readers.regions["nose"].setCurrentText("unlike")
    qtbot.keyClick(readers, Qt.Key.Key_2)
    assert readers.regions["nose"].currentText() == ""
    qtbot.keyClick(readers, Qt.Key.Key_4)
    readers.buttons[6].click()
    assert (
        readers.pages.currentIndex() == 0
        and "3 pairs rated, and none is left" in readers.note.text()
    )
    kept = readings_of(window.session.project.edits.readings)
    assert sorted(one.rating for one in kept) == [-2, 0, 3] and {o.reader for o in kept} == {"Eve"}
    assert [one.form for one in kept if one.rating == -2] == [{"nose": "unlike"}]
    assert {(k.left, k.right) for k in kept} == {
        ("ann/1.png", "ann/2.png"), ("ann/1.png", "bob/1.png"), ("bob/1.png", "bob/2.png")
    }  # fmt: skip
    readers.begin()
    assert "Eve has rated every pair of the list already" in readers.note.text()
    readers.compare.click()
    qtbot.waitUntil(lambda: "Eve: 3 pairs" in readers.figures.text(), timeout=60_000)


def test_leaving_off_keeps_what_is_rated(
    readers: ReadersWindow, window: MainWindow, qtbot: QtBot
) -> None:
    readers.compare.click()
    qtbot.waitUntil(lambda: "Nobody has read a pair" in readers.note.text(), timeout=60_000)
    readers.reader.setText("Gil")
    readers.begin()
    qtbot.keyClick(readers, Qt.Key.Key_1)
    qtbot.keyClick(readers, Qt.Key.Key_Escape)
    assert readers.pages.currentIndex() == 0 and readers.isVisible()
    readers.begin()
    assert readers.place.text() == "Pair 1 of 2"


def test_the_last_answer_can_be_given_again(
    readers: ReadersWindow, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    project = window.session.project
    assert project is not None and readers.again.isHidden()
    readers.reader.setText("Gil")
    readers.begin()
    for key in (Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3):
        last = readers.sheet[0]
        qtbot.keyClick(readers, key)
    assert readers.pages.currentIndex() == 0 and readers.again.isVisible()
    readers.reader.setText("Hal")  # who reads next
    readers.again.click()
    assert readers.pages.currentIndex() == 1 and readers.sheet[0] == last
    assert readers.place.text() == "Pair 3 of 3; you answered: perhaps different"
    qtbot.keyClick(readers, Qt.Key.Key_7)
    kept = readings_of(project.edits.readings)
    assert sorted(one.rating for one in kept) == [-3, -2, 3] and {k.reader for k in kept} == {"Gil"}
    readers.reader.setText("Gil")
    readers.begin()  # all are rated, and the last answer can still be given again
    assert "has rated every pair" in readers.note.text() and readers.again.isVisible()
    window.session.open_gallery(make_crops(tmp_path / "others", {"dan": 2, "eve": 2}))
    qtbot.waitUntil(lambda: window.session.project is not project)
    settled(window, qtbot)
    assert readers.again.isHidden() and readers.pages.currentIndex() == 0


def test_a_reading_that_was_left_off_goes_on_after_its_last_pair(
    readers: ReadersWindow, qtbot: QtBot
) -> None:
    readers.reader.setText("Gil")
    readers.begin()
    qtbot.keyClick(readers, Qt.Key.Key_1)
    qtbot.keyClick(readers, Qt.Key.Key_Escape)
    readers.again.click()
    assert readers.place.text() == "Pair 1 of 3; you answered: surely different"
    qtbot.keyClick(readers, Qt.Key.Key_2)
    assert readers.place.text() == "Pair 2 of 3" and readers.pages.currentIndex() == 1


def test_a_pair_whose_face_was_set_aside_is_never_asked(
    readers: ReadersWindow, window: MainWindow, qtbot: QtBot
) -> None:
    session = window.session
    readers.reader.setText("Eve")
    readers.begin()
    first, second, third = readers.sheet
    gone = next(key for key in (second.left, second.right) if key not in (first.left, first.right))
    if gone in (third.left, third.right):
        gone = second.left if gone == second.right else second.right
    session.edit(lambda project: project.set_aside([gone]))
    qtbot.waitUntil(
        lambda: session.columns is not None and len(session.columns) == 5 and not session.busy,
        timeout=60_000,
    )
    assert readers.place.text() == "Pair 1 of 3"
    qtbot.keyClick(readers, Qt.Key.Key_1)
    left = [pair for pair in (second, third) if gone not in (pair.left, pair.right)]
    assert list(readers.sheet) == left
    assert "left out, since a face is no longer in the gallery." in readers.note.text()
    qtbot.keyClick(readers, Qt.Key.Key_7)
    kept = readings_of(session.project.edits.readings)
    assert {(k.left, k.right) for k in kept} == {
        tuple(sorted((pair.left, pair.right))) for pair in (first, *left)
    }


def test_the_sheet_is_left_when_another_gallery_opens(
    readers: ReadersWindow, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    session = window.session
    readers.reader.setText("Eve")
    readers.begin()
    qtbot.keyClick(readers, Qt.Key.Key_1)
    former = session.project
    session.open_gallery(make_crops(tmp_path / "again"))
    qtbot.waitUntil(lambda: session.project is not former)
    assert readers.pages.currentIndex() == 0
    assert "kept in the former one" in readers.note.text()
    qtbot.keyClick(readers, Qt.Key.Key_7)
    readers.rate(RATINGS[6])
    settled(window, qtbot)
    assert not session.project.edits.readings and len(former.edits.readings) == 1


def test_digits_rate_from_the_form_s_fields_too(
    readers: ReadersWindow, window: MainWindow, qtbot: QtBot
) -> None:
    readers.reader.setText("Eve")
    readers.begin()
    readers.form.setChecked(True)
    nose = readers.regions["nose"]
    nose.setFocus()
    nose.setCurrentText("unlike")
    qtbot.keyClick(nose, Qt.Key.Key_5)
    assert readers.place.text() == "Pair 2 of 3"
    qtbot.keyClick(readers.form, Qt.Key.Key_Backspace)
    assert readers.place.text() == "Pair 1 of 3; you answered: perhaps same"
    (reading,) = readings_of(window.session.project.edits.readings)
    assert reading.rating == RATINGS[4] and reading.form == {"nose": "unlike"}
