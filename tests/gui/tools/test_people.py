"""The window on people: a scatter, a table, and a person's pairs and maps."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from tests.gui.resting import settled, tool_rests
from tests.gui.tools.test_answers_of import held
from tests.living import make_crops
from xcos_gui.shell.tool_menu import GALLERY_TOOLS
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.people.model import PeopleModel
from xcos_gui.tools.people.window import PeopleWindow

TOOL = next(tool for tool in GALLERY_TOOLS if tool.place[0] == "people.window")


def opened(window: MainWindow, qtbot: QtBot) -> PeopleWindow:
    tool = window.show_tool(TOOL)
    assert isinstance(tool, PeopleWindow)
    qtbot.waitUntil(lambda: tool.found is not None and not tool.job.running, timeout=20_000)
    return tool


def test_a_click_lists_a_person_s_pairs_and_shows_their_maps(
    window: MainWindow, qtbot: QtBot
) -> None:
    tool = opened(window, qtbot)
    rows = [tool.model.index(row, 0).data() for row in range(tool.model.rowCount())]
    assert sorted(rows) == ["ann", "bob", "cem"] and rows[-1] == "cem"  # who has one photo only
    at = tool.plot.plotItem.vb.mapViewToScene(QPointF(*tool.plot._points[0]))
    tool.plot.choose_at(at + QPointF(3, 3))
    qtbot.waitUntil(lambda: tool.looked_at is not None, timeout=20_000)
    assert window.pairs.choice.currentText() == "Worst pairs of ann"
    # Three genuine pairs of ann's, and three photos with three of others.
    assert window.pairs.model.rowCount() == 12
    assert "ann" in tool.who.text() and "3 pairs" in tool.counts["genuine"].text()
    row = rows.index("cem")
    tool.table.selectRow(row)
    qtbot.waitUntil(
        lambda: window.pairs.choice.currentText() == "Worst pairs of cem", timeout=20_000
    )
    assert "no genuine pair" in tool.who.text()


def test_faces_of_those_who_stand_out_are_shown(window: MainWindow, qtbot: QtBot) -> None:
    tool = opened(window, qtbot)
    assert tool.plot.pictured
    qtbot.waitUntil(
        lambda: all(not item.pixmap().isNull() for item in tool.plot._pictures.values()),
        timeout=20_000,
    )


def test_a_search_and_the_measure(window: MainWindow, qtbot: QtBot) -> None:
    tool = opened(window, qtbot)
    tool.search.setText("BO")
    assert tool.model.rowCount() == 1
    tool.measure.setCurrentIndex(1)
    assert tool.found is not None and tool.found.measure == "highest"
    assert tool.plot.getAxis("left").labelText.startswith("mean highest")


def test_a_gallery_without_identities_says_what_to_do(
    empty: MainWindow, qtbot: QtBot, crops: Path
) -> None:
    tool = empty.show_tool(TOOL)
    assert isinstance(tool, PeopleWindow)
    assert "Open a gallery" in tool.summary.text()
    empty.session.open_gallery(crops / "ann")
    qtbot.waitUntil(lambda: "name faces with F2" in tool.summary.text(), timeout=20_000)


def test_the_model(window: MainWindow, qtbot: QtBot, qtmodeltester: ModelTester) -> None:
    model = PeopleModel()
    found = opened(window, qtbot).found
    assert found is not None
    model.show(found.persons)
    qtmodeltester.check(model)


@pytest.mark.parametrize("threshold", [-1.0, 1.0])
def test_the_threshold_moves_the_errors(window: MainWindow, qtbot: QtBot, threshold: float) -> None:
    tool = opened(window, qtbot)
    window.session.set_threshold(threshold)

    def counted() -> bool:
        found = tool.found
        return found is not None and found.threshold == threshold

    qtbot.waitUntil(counted, timeout=20_000)
    assert tool.found is not None
    ann = tool.found.persons[0]
    assert (ann.false_rejects, ann.false_accepts) == ((0, 9) if threshold < 0 else (3, 0))


def test_who_has_no_such_score_comes_last_either_way(window: MainWindow, qtbot: QtBot) -> None:
    model = opened(window, qtbot).model
    for order in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
        model.sort(3, order)  # the mean genuine score, which cem's one photo does not have
        rows = [model.index(row, 0).data() for row in range(3)]
        assert rows[2] == "cem"
        scores = [float(model.index(row, 3).data()) for row in range(2)]
        assert scores == sorted(scores, reverse=order == Qt.SortOrder.DescendingOrder)
    model.sort(0, Qt.SortOrder.DescendingOrder)
    assert [model.index(row, 0).data() for row in range(3)] == ["cem", "bob", "ann"]


def test_the_chosen_person_s_words_and_maps_follow_the_threshold(
    window: MainWindow, qtbot: QtBot
) -> None:
    session, tool = window.session, opened(window, qtbot)
    session.set_threshold(-1.0)
    tool.choose("ann")
    qtbot.waitUntil(lambda: tool_rests(tool) and tool.looked_at is not None, timeout=20_000)
    assert "0 of 3 genuine pairs are rejected" in tool.who.text()
    session.list_outcome("TN")
    listed, maps = window.pairs.choice.currentText(), tool.maps["genuine", "evidence"]._numbers
    session.set_threshold(1.0)
    qtbot.waitUntil(lambda: tool_rests(tool), timeout=20_000)
    assert "3 of 3 genuine pairs are rejected" in tool.who.text()
    now = tool.maps["genuine", "evidence"]._numbers
    assert float(maps.sum() - now.sum()) == pytest.approx(2.0, abs=1e-3)
    assert window.pairs.choice.currentText() == listed  # only a click lists a person's pairs


def test_a_measure_and_a_person_chosen_while_measuring_count(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = opened(window, qtbot)
    may = held(tool, monkeypatch)
    window.session.set_threshold(-1.0)
    qtbot.waitUntil(lambda: tool.job.running)
    tool.measure.setCurrentIndex(1)
    tool.choose("bob")
    may.set()
    qtbot.waitUntil(lambda: tool_rests(tool), timeout=20_000)
    assert tool.plot.getAxis("left").labelText.startswith("mean highest")
    assert tool.found is not None and tool.found.threshold == -1.0
    assert "0 of 1 genuine pairs" in tool.who.text() and tool.looked_at is not None
    assert window.pairs.choice.currentText() == "Worst pairs of bob"


def test_a_search_is_of_one_gallery(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    tool = opened(window, qtbot)
    tool.search.setText("ann")
    tool.choose("ann")
    qtbot.waitUntil(lambda: tool.looked_at is not None and tool_rests(tool), timeout=20_000)
    window.session.set_kind("uniform")
    settled(window, qtbot)
    assert tool.search.text() == "ann"
    window.session.open_gallery(make_crops(tmp_path / "others", {"dan": 2, "eve": 2}))
    settled(window, qtbot)
    qtbot.waitUntil(lambda: tool_rests(tool), timeout=20_000)
    assert tool.search.text() == "" and tool.model.rowCount() == 2 and tool.looked_at is None
