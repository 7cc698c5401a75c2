"""Pairs chosen with the mouse: what is told of them is what the rectangle holds, in any order."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)


from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from pytestqt.qtbot import QtBot

from core.project.edits import pair_subject
from tests.gui.panels.test_matrix_orders import choose, rest
from xcos_gui.shell.window import MainWindow


@pytest.fixture(autouse=True)
def every_move() -> Iterator[None]:
    """Moves that follow each other faster than a hand are dropped otherwise."""
    import pyqtgraph as pg

    before = pg.getConfigOption("mouseRateLimit")
    pg.setConfigOption("mouseRateLimit", -1)
    yield
    pg.setConfigOption("mouseRateLimit", before)


def drag(
    window: MainWindow,
    qtbot: QtBot,
    start: tuple[float, float],
    end: tuple[float, float],
    key: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    """With the left button from one place (row, column) to another."""
    panel = window.matrix
    points = [
        panel._plot.mapFromScene(panel._view.mapViewToScene(QPointF(column, row)))
        for row, column in (start, end)
    ]
    port, left = panel._plot.viewport(), Qt.MouseButton.LeftButton
    qtbot.mousePress(port, left, key, points[0])
    for k in range(1, 6):  # pyqtgraph takes a press for a click until it has moved
        step = points[0] + (points[1] - points[0]) * k / 5
        move(window, step, key)
    qtbot.mouseRelease(port, left, key, points[1])
    rest(window, qtbot)


def move(window: MainWindow, at: QPoint, key: Qt.KeyboardModifier) -> None:
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    port = window.matrix._plot.viewport()
    where = QPointF(at)
    event = QMouseEvent(
        QEvent.Type.MouseMove, where, port.mapToGlobal(where),
        Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton, key,
    )  # fmt: skip
    QApplication.sendEvent(port, event)


def test_a_rectangle_is_counted_listed_and_veils_the_rest(window: MainWindow, qtbot: QtBot) -> None:
    panel, session = window.matrix, window.session
    pair = session.pair
    panel.bar.selects.click()
    drag(window, qtbot, (0.3, 2.5), (2.5, 4.6))  # rows 0 to 2, columns 2 to 4
    report = panel.selecting.report
    assert report is not None and report.total == 8  # 0 and 1 with 2, 3 and 4; 2 with 3 and 4
    assert session.pair == pair  # a drag chooses pairs to work with, not one to look at
    text = panel.chosen_bar.words.text()
    counts = report.counts
    assert f"8 pairs chosen: TP {counts.tp}, FP {counts.fp}, FN {counts.fn}, TN {counts.tn}" in text
    assert counts.genuine == 2 and counts.impostor == 6 and "FAR" in text and "[" in text
    panel.chosen_bar.buttons["list"].click()
    model = window.pairs.model
    wanted = {(i, j) for i in (0, 1, 2) for j in (2, 3, 4) if i != j}
    listed = {model.cell(k) for k in range(model.rowCount())}
    assert listed == {(min(p), max(p)) for p in wanted}
    assert "Chosen: 8 pairs" in window.pairs.choice.currentText()
    drag(window, qtbot, (0.5, 3.5), (0.6, 4.5), Qt.KeyboardModifier.ShiftModifier)
    assert panel.selecting.report is not None and panel.selecting.report.total == 6
    drag(window, qtbot, (4.5, 5.2), (4.6, 5.6), Qt.KeyboardModifier.ControlModifier)
    assert panel.selecting.report is not None and panel.selecting.report.total == 7
    qtbot.keyClick(panel, Qt.Key.Key_Escape)
    assert panel.selecting.chosen is None and panel.chosen_bar.isHidden()


def test_in_another_order_a_rectangle_holds_what_is_seen(window: MainWindow, qtbot: QtBot) -> None:
    panel, session = window.matrix, window.session
    choose(window, qtbot, panel.bar.level, "people")
    drag(window, qtbot, (0.5, 1.5), (0.6, 1.6), Qt.KeyboardModifier.ControlModifier)
    report = panel.selecting.report
    assert report is not None and report.total == 6  # ann's three with bob's two
    assert set(report.pairs.rows.tolist()) == {0, 1, 2}
    session.set_threshold(-1.0)
    qtbot.waitUntil(
        lambda: panel.selecting.report is not None and panel.selecting.report.counts.fp == 6
    )
    session.set_kind("uniform")  # the same faces: the choice stays
    rest(window, qtbot)
    assert panel.selecting.report is not None and panel.selecting.report.total == 6


def test_without_the_switch_dragging_moves_the_matrix(window: MainWindow, qtbot: QtBot) -> None:
    panel = window.matrix
    before = panel._view.viewRange()
    drag(window, qtbot, (3, 3), (2, 2))
    assert panel.selecting.chosen is None
    assert not np.allclose(panel._view.viewRange(), before)


def test_chosen_pairs_are_tagged_and_sent_to_patterns_and_the_report(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, session = window.matrix, window.session
    control = Qt.KeyboardModifier.ControlModifier
    drag(window, qtbot, (0.5, 3.5), (0.6, 4.5), control)
    asked: list[list[str]] = []
    monkeypatch.setattr(
        "xcos_gui.widgets.tags.ask_tags",
        lambda _, __, subjects, ___: asked.append(subjects),
    )
    panel.chosen_bar.buttons["tag"].click()
    keys = [face.key for face in session.rows.gallery.faces] if session.rows else []
    assert sorted(asked[0]) == sorted(pair_subject(keys[0], keys[k]) for k in (3, 4))
    panel.chosen_bar.buttons["report"].click()
    report = next(t for t in window.tools.values() if t.title == "Report")
    assert report.what.currentData() == "listed"  # type: ignore[attr-defined]
    panel.chosen_bar.buttons["patterns"].click()
    patterns = next(t for t in window.tools.values() if hasattr(t, "with_less"))
    qtbot.waitUntil(lambda: getattr(patterns, "found", None) is not None, timeout=60_000)
    assert len(patterns.found.report.of.pairs) == 2  # type: ignore[attr-defined]


def test_one_pair_can_be_chosen_alone(window: MainWindow, qtbot: QtBot) -> None:
    panel = window.matrix
    drag(window, qtbot, (0.3, 3.3), (0.6, 3.6), Qt.KeyboardModifier.ControlModifier)
    assert panel.selecting.report is not None and panel.selecting.report.total == 1
    assert "1 pair chosen: " in panel.chosen_bar.words.text()
    assert all(button.isEnabled() for button in panel.chosen_bar.buttons.values())
    drag(window, qtbot, (0.2, 3.2), (0.7, 3.7), Qt.KeyboardModifier.ShiftModifier)
    drag(window, qtbot, (2.3, 2.3), (2.6, 2.6), Qt.KeyboardModifier.ControlModifier)
    report = panel.selecting.report  # a face with itself is no pair
    assert report is None or report.total == 0
    assert [n for n, b in panel.chosen_bar.buttons.items() if b.isEnabled()] == ["clear"]


def test_chosen_pairs_of_probes_are_judged_by_their_own_names(
    window: MainWindow, qtbot: QtBot, probes: Path
) -> None:
    """Four probes (ann, bob, dan, dan) down and six faces (ann thrice, bob twice, cat) across."""
    panel, session, pairs = window.matrix, window.session, window.pairs
    session.open_probes(probes)
    qtbot.waitUntil(
        lambda: session.matrix is not None and session.matrix.scores.shape == (4, 6)
        and not session.busy, timeout=60_000,
    )  # fmt: skip
    session.set_threshold(1.0)
    for rectangle, several in (
        (((0.3, 2.3), (0.6, 3.6)), True),  # ann with ann, and with bob
        (((2.3, 4.3), (3.6, 5.6)), False),  # dan with bob and cat
        (((0.3, 3.3), (0.6, 5.6)), False),  # ann with bob and cat
    ):
        panel.selecting.clear()
        drag(window, qtbot, *rectangle, Qt.KeyboardModifier.ControlModifier)
        panel.chosen_bar.buttons["list"].click()
        assert "Chosen" in pairs.choice.currentText()
        assert pairs.table.isColumnHidden(3) != several, rectangle
