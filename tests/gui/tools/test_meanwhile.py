"""Windows while something changes: a threshold, a gallery, a theme; and what they say without a choice."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from pathlib import Path
from threading import Event

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.analysis.fragile import FragilePairs
from tests.gui.resting import score_probes, settled, tool_rests
from tests.gui.tools.test_fragile import made_up
from tests.gui.tools.test_people import opened as people_of
from tests.gui.tools.test_report import opened as report_of
from tests.gui.tools.test_what_if import opened
from tests.living import list_with_stranger, make_crops
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.fragile import FragileWindow
from xcos_gui.tools.readers.window import ReadersWindow
from xcos_gui.tools.report import EMPTY
from xcos_gui.tools.score_kinds import FIRST_COUNT, WorthWindow
from xcos_gui.tools.what_if.many import WhatIfManyWindow


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> tuple[list[float], Event]:
    """Fragile pairs are found at once, but for the first search, which waits for the event."""
    thresholds: list[float] = []
    may = Event()

    def find(verifier: object, cache: object, scored: object, threshold: float, task: object) -> FragilePairs:  # fmt: skip
        thresholds.append(threshold)
        assert may.wait(60)
        flips = np.zeros((6, 6), np.uint8)
        return FragilePairs(flips > 0, threshold, flips, np.zeros(6, int), np.zeros(6, int))

    monkeypatch.setattr("xcos_gui.tools.fragile.find_fragile", find)
    return thresholds, may


def test_a_threshold_moved_during_a_search_is_searched_too(
    window: MainWindow, qtbot: QtBot, searched: tuple[list[float], Event]
) -> None:
    thresholds, may = searched
    session = window.session
    session.set_threshold(0.5)
    tool = opened(window, "fragile")
    assert isinstance(tool, FragileWindow)
    tool.start.click()
    qtbot.waitUntil(lambda: thresholds == [0.5])
    session.set_threshold(0.3)
    may.set()
    qtbot.waitUntil(lambda: session.fragile is not None and session.fragile.threshold == 0.3)
    assert thresholds == [0.5, 0.3] and tool.note.text() == ""
    assert "at the threshold 0.3000" in tool.words.text()


def test_a_search_of_a_former_gallery_is_not_shown(
    window: MainWindow, qtbot: QtBot, searched: tuple[list[float], Event]
) -> None:
    thresholds, may = searched
    session = window.session
    tool = opened(window, "fragile")
    assert isinstance(tool, FragileWindow)
    tool.start.click()
    qtbot.waitUntil(lambda: len(thresholds) == 1)
    before = session.matrix
    session.set_kind("uniform")
    qtbot.waitUntil(lambda: session.matrix is not before and session.matrix is not None)
    may.set()
    qtbot.waitUntil(lambda: not tool.job.running and tool.note.text() != "")
    assert tool.note.text() == "The gallery has changed meanwhile; look again."
    assert session.fragile is None and not tool.words.text()


def test_where_no_pair_is_wrong_no_errors_are_told(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    tool = opened(window, "fragile")
    assert isinstance(tool, FragileWindow)
    window.session.set_fragile(made_up(window, 0.5))
    assert "errors among them" in tool.words.text()
    window.session.open_gallery(make_crops(tmp_path / "one", {"ann": 3}))
    qtbot.waitUntil(lambda: window.session.matrix is not None and len(window.session.matrix.scores) == 3)  # fmt: skip
    settled(window, qtbot)
    window.session.set_threshold(-1.0)
    flips = np.zeros((3, 3), np.uint8)
    flips[0, 1] = flips[1, 0] = 1
    numbers = np.array([1, 1, 0])
    window.session.set_fragile(FragilePairs(flips > 0, -1.0, flips, numbers, numbers))
    assert tool.words.text() == "1 of 3 pairs is fragile at the threshold \N{MINUS SIGN}1.0000."


def test_a_report_says_what_to_choose_first(
    empty: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    session = empty.session
    report = report_of(empty)
    assert report.note.text() == EMPTY
    session.open_gallery(make_crops(tmp_path / "one", {"ann": 1}))
    settled(empty, qtbot)
    assert report.note.text() == "" and report.write_button.isEnabled()
    session.listed = None
    for what, words in (
        ("listed", "The list of pairs is empty; choose pairs there first."),
        ("pair", "No pair is looked at; click one in the matrix first."),
    ):
        report.what.setCurrentIndex(report.what.findData(what))
        report.write(tmp_path / "r.html")
        assert report.note.text() == words and not report.job.running
    assert not (tmp_path / "r.html").exists()


def test_without_a_list_or_a_gallery_there_is_nothing_to_edit_or_compare(
    empty: MainWindow,
) -> None:
    tool = WhatIfManyWindow(empty.session, empty)
    tool.take.click()
    assert tool.note.text() == "The list of pairs is empty; list some in the main window first."
    readers = opened(empty, "readers")
    assert isinstance(readers, ReadersWindow)
    readers.compare.click()
    assert readers.note.text() == "Open a gallery first; its readers are then compared."
    tool.close()


def test_a_click_on_a_person_s_point_looks_at_them(
    window: MainWindow, qtbot: QtBot, probes: Path
) -> None:
    tool = people_of(window, qtbot)
    assert "; in one gallery lambs and wolves are the same people." in tool.summary.text()
    names = [person.identity for person in tool.found.persons]  # type: ignore[union-attr]
    plot = tool.plot
    for name in ("bob", "ann"):
        at = plot.plotItem.vb.mapViewToScene(QPointF(*plot._points[names.index(name)]))
        QTest.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=plot.mapFromScene(at))
        assert tool.who.text().startswith(f"{name};")
    qtbot.waitUntil(lambda: tool.looked_at is not None and tool_rests(tool))
    assert window.pairs.choice.currentText() == "Worst pairs of ann"
    before = tool.found
    score_probes(window, qtbot, probes)
    qtbot.waitUntil(lambda: tool.found is not before and tool_rests(tool), timeout=60_000)
    assert "lambs" not in tool.summary.text() and tool.summary.text().endswith(".")
    assert "estimated" not in tool.summary.text()


def test_faces_without_an_identity_are_nobody_s(
    empty: MainWindow, qtbot: QtBot, crops: Path
) -> None:
    empty.session.open_gallery(list_with_stranger(crops))
    settled(empty, qtbot)
    tool = people_of(empty, qtbot)
    assert {*tool._faces} == {"ann", "bob"}
    assert tool.summary.text().startswith(
        "2 people; 1 with one photo, so without a genuine pair, stand apart; 1 face without an identity not counted"
    )


def test_counts_to_click_keep_the_theme_s_colour(window: MainWindow, qtbot: QtBot) -> None:
    session = window.session
    assert session.matrix is not None
    session.set_threshold(float(sorted(session.matrix.scores[0, 1:].tolist())[2]))
    tool = opened(window, "score_kinds")
    assert isinstance(tool, WorthWindow)
    qtbot.waitUntil(lambda: tool.found is not None and tool_rests(tool), timeout=60_000)
    seen = set()
    try:
        for theme in ("dark", "light"):
            window.set_theme(theme)
            QApplication.processEvents()
            link = tool.palette().color(QPalette.ColorRole.Link)
            cells = [
                tool.table.item(row, column)
                for row in range(1, tool.table.rowCount())
                for column in range(FIRST_COUNT, FIRST_COUNT + 4)
            ]
            clicked = [c for c in cells if c is not None and c.text() not in ("", "0")]
            assert clicked and all(cell.foreground().color() == link for cell in clicked)
            seen.add(link.name())
    finally:
        window.set_theme("system")
    assert len(seen) == 2
    # Other keys than Enter move in the table.
    tool.table.setCurrentCell(0, 0)
    QTest.keyClick(tool.table, Qt.Key.Key_Down)
    assert tool.table.currentRow() == 1
