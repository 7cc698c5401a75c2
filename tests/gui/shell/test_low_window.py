"""A window of 1366x768: the matrix keeps its room, and the list comes to the front when it is asked for."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QBoxLayout
from pytestqt.qtbot import QtBot

from xcos_gui.shell.window import MainWindow
from xcos_gui.widgets.placing import Scrolled

LOW = QSize(1350, 728)  # what a frame leaves of 1366x768


@pytest.fixture
def low(window: MainWindow, qtbot: QtBot) -> MainWindow:
    window.resize(LOW)
    window.reset_layout()
    qtbot.waitUntil(lambda: window.docks["curves"].x() < window.matrix.x(), timeout=20_000)
    return window


def test_the_matrix_has_the_whole_height(low: MainWindow, qtbot: QtBot) -> None:
    docks, matrix = low.docks, low.matrix
    qtbot.waitUntil(lambda: matrix.height() > 0.75 * LOW.height())
    assert matrix.width() > 0.35 * LOW.width()
    assert docks["curves"].y() > docks["gallery"].y()  # below the gallery, not below the matrix
    assert docks["pairs"] in low.tabifiedDockWidgets(docks["gallery"])
    assert docks["inspector"].x() > matrix.x()


def test_a_tall_window_shows_gallery_list_and_counts_at_once(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.resize(1880, 1020)
    window.reset_layout()
    docks, matrix = window.docks, window.matrix
    qtbot.waitUntil(lambda: docks["curves"].x() < matrix.x(), timeout=20_000)
    qtbot.waitUntil(lambda: docks["gallery"].y() < docks["pairs"].y() < docks["curves"].y())
    assert not window.tabifiedDockWidgets(docks["gallery"])
    qtbot.waitUntil(lambda: matrix.height() > 0.8 * 1020 and matrix.width() > 0.45 * 1880)
    for dock in docks.values():  # nothing lies at the side of a dock
        area = dock.widget()
        assert isinstance(area, Scrolled)
        qtbot.waitUntil(lambda a=area: not a.horizontalScrollBar().maximum())  # type: ignore[misc]


def test_the_story_is_a_strip(low: MainWindow, qtbot: QtBot) -> None:
    low.story.begin()
    for step in range(4):
        low.story.go(step)
        QApplication.processEvents()
        assert low.story.width() > 0.9 * LOW.width()
        assert low.story.height() < 4.5 * low.fontMetrics().lineSpacing()
        for label in (low.story.title, low.story.text):
            assert label.height() >= label.heightForWidth(label.width()) > 0, step
    assert low.matrix.height() > 0.65 * LOW.height()
    low.story.end()
    assert low.story.isHidden()


def test_the_story_does_not_come_back_with_the_layout(low: MainWindow) -> None:
    low.story.begin()
    state = low.saveState()
    low.story.end()
    low.restoreState(state)
    low.story.hide()
    assert low.story.step is None and low.story.isHidden()


def test_a_count_brings_the_list_to_the_front(low: MainWindow, qtbot: QtBot) -> None:
    low.docks["gallery"].raise_()
    qtbot.waitUntil(lambda: not low.pairs.isVisible() or low.pairs.visibleRegion().isEmpty())
    low.curves.counts["FP"].click()
    qtbot.waitUntil(lambda: not low.pairs.visibleRegion().isEmpty())
    low.docks["pairs"].close()
    low.curves.counts["TP"].click()
    qtbot.waitUntil(lambda: not low.pairs.visibleRegion().isEmpty())


def test_a_search_and_a_filter_are_typed_where_they_are_seen(low: MainWindow, qtbot: QtBot) -> None:
    low.activateWindow()
    actions = {action.text().replace("&", ""): action for action in low.findChildren(QAction)}
    for behind, panel, name in (
        ("pairs", low.gallery, "Search the gallery"),
        ("gallery", low.pairs, "Filter pairs"),
        ("inspector", low.notes, "Notes and tags"),
    ):
        low.docks[behind].raise_()
        qtbot.waitUntil(lambda: panel.visibleRegion().isEmpty())  # noqa: B023
        actions[name].trigger()
        qtbot.waitUntil(lambda: not panel.visibleRegion().isEmpty())  # noqa: B023
        focused = low.focusWidget()
        assert focused is not None and panel.isAncestorOf(focused)
    low.docks["gallery"].close()
    actions["Search the gallery"].trigger()
    assert low.docks["gallery"].isVisible()


def test_counts_stand_above_the_curves_where_they_are_narrow(
    window: MainWindow, qtbot: QtBot
) -> None:
    curves = window.curves
    line = curves.fontMetrics().height()
    for lines, direction in ((22, "TopToBottom"), (40, "LeftToRight")):
        curves.resize(lines * line, 20 * line)
        assert curves._layout.direction() == getattr(QBoxLayout.Direction, direction)


def test_the_threshold_goes_back_to_where_it_rested(window: MainWindow, qtbot: QtBot) -> None:
    session, curves = window.session, window.curves
    first = session.threshold
    for value in (0.1, 0.2, 0.3):  # one drag
        session.set_threshold(value)
    qtbot.waitUntil(lambda: not curves.before.moving, timeout=10_000)
    curves._fill_menu()
    before = next(a for a in curves.menu.actions() if a.text().startswith("As before"))
    assert before.text() == f"As before: {first:.4f}".replace("-", "\N{MINUS SIGN}")
    before.trigger()
    assert session.threshold == pytest.approx(first)
    curves._fill_menu()  # and there again
    assert any(a.text() == "As before: 0.3000" for a in curves.menu.actions())


def test_an_outcome_of_the_legend_fades_the_others(window: MainWindow, qtbot: QtBot) -> None:
    window.session.set_threshold(-0.5)
    window.matrix.colouring.setCurrentIndex(1)
    legend = window.matrix.bar._legend
    assert 'href="FP"' in legend.text() and 'href="itself"' not in legend.text()
    legend.linkActivated.emit("FP")
    qtbot.waitUntil(lambda: window.session.filter.mask is not None, timeout=10_000)
    assert window.session.filter.text == "outcome = FP"
    legend.linkActivated.emit("FP")
    assert window.session.filter.text == "" and window.session.filter.mask is None


def test_the_outcome_has_a_column_only_where_several_are_listed(window: MainWindow) -> None:
    pairs = window.pairs
    for choice, hidden in ((0, False), (1, True), (4, True), (0, False)):
        pairs.choice.setCurrentIndex(choice)
        assert pairs.table.isColumnHidden(3) == hidden


def test_a_pair_is_judged_in_its_panel(window: MainWindow, qtbot: QtBot) -> None:
    session, panel = window.session, window.inspector
    session.select_pair(0, 3)
    assert session.project is not None and panel.judging.isVisible()
    for key, decision in ((Qt.Key.Key_R, "reject"), (Qt.Key.Key_A, "accept")):
        qtbot.keyClick(panel.faces[0], key)
        assert [*session.project.edits.decisions.values()] == [decision]
        assert panel.judging.decision.currentData() == decision
    panel.judging.tags.setText("twins")
    panel.judging.tags.setModified(True)
    session.select_pair(0, 4)  # what was typed is kept with the pair it was typed of
    assert [*session.project.edits.tags.values()] == [("twins",)]
    assert panel.judging.tags.text() == "" and panel.judging.decision.currentData() is None
    session.select_pair(2, 2)
    assert panel.judging.isHidden()  # a face with itself is no pair


def test_what_the_mouse_points_at_is_told_quietly(window: MainWindow) -> None:
    matrix, text = window.matrix, window.matrix.readout
    window.session.select_pair(0, 1)
    chosen = text.foregroundRole()
    matrix._hover = (0, 4)
    matrix._show_readout()
    assert text.foregroundRole() != chosen
    matrix._leave()
    matrix._show_readout()
    assert text.foregroundRole() == chosen
