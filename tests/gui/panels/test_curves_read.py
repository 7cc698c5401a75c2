"""Curves answer: the point under the mouse is told with its intervals, and a click sets its threshold."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)


import re

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from xcos_gui.shell.window import MainWindow


@pytest.mark.parametrize("which", [0, 1])
def test_a_point_is_told_and_clicked(window: MainWindow, qtbot: QtBot, which: int) -> None:
    plots, session = window.curves.plots, window.session
    plots.tabs.setCurrentIndex(1 + which)
    plot = (plots.rates.roc, plots.rates.det)[which]
    QApplication.processEvents()  # the line below the tabs takes its room
    plot.grab()
    QApplication.processEvents()  # and the axis that of its numbers
    assert session.statistics is not None and session.matrix is not None
    curve = session.statistics.curve()
    assert curve is not None
    reader, number = plots.reading.readers[which], len(curve.thresholds) // 2
    at = reader.place_of(number)
    found = reader.point_at(at)
    assert found is not None
    there = reader.place_of(found)  # several thresholds may lie on one point
    assert abs(there.x() - at.x()) < 1 and abs(there.y() - at.y()) < 1
    reader._on_move(at)
    threshold = float(curve.thresholds[found])
    same = session.matrix.scores[np.triu_indices(6, 1)] > threshold
    codes = session.matrix.rows
    genuine = (codes[:, None] == codes[None])[np.triu_indices(6, 1)]
    far, tar = 100 * same[~genuine].mean(), 100 * same[genuine].mean()
    text = plots.reading.text()
    assert f"threshold {threshold:.4f}" in text and f"FAR {far:.2f} %" in text
    assert f"TAR {tar:.2f} %" in text
    qtbot.waitUntil(lambda: "intervals" in plots.reading.text(), timeout=10_000)
    low, high = map(
        float, re.findall(r"FAR [\d.]+ % \[([\d.]+) to ([\d.]+)\]", plots.reading.text())[0]
    )
    assert 0 <= low <= far + 0.01 and far - 0.01 <= high <= 100
    place = plot.mapFromScene(at)
    qtbot.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert session.threshold in curve.thresholds
    assert (
        abs(
            reader.place_of(int(np.flatnonzero(curve.thresholds == session.threshold)[0])).x()
            - at.x()
        )
        < 3
    )


def test_counts_can_be_read_after_the_theme_has_changed(window: MainWindow, qtbot: QtBot) -> None:
    for theme in ("dark", "light", "dark"):
        window.set_theme(theme)
        qtbot.wait(1)
        wanted = window.curves.palette().color(QPalette.ColorRole.WindowText)
        for button in window.curves.counts.values():
            assert button.palette().color(QPalette.ColorRole.ButtonText) == wanted


def test_a_count_lists_diverse_pairs(window: MainWindow, qtbot: QtBot) -> None:
    curves, session = window.curves, window.session
    assert session.matrix is not None
    session.set_threshold(-1.0)  # every pair of two people is a false accept
    curves.spread.click()
    curves.counts["FP"].click()
    qtbot.waitUntil(
        lambda: (
            window.pairs.choice.currentText()
            == "Diverse false accepts, at threshold \N{MINUS SIGN}1.0000"
        )
    )
    model = window.pairs.model
    listed = [model.cell(row) for row in range(model.rowCount())]
    codes = session.matrix.rows
    people = [tuple(sorted((int(codes[i]), int(codes[j])))) for i, j in listed]
    assert sorted(people) == [(0, 1), (0, 2), (1, 2)]
    for (i, j), pair in zip(listed, people, strict=True):
        same = (codes[:, None] == pair[0]) & (codes[None] == pair[1])
        assert session.matrix.scores[i, j] == session.matrix.scores[same].max()
    # The box alone changes what is listed, whether the outcome was clicked or chosen in the list.
    choice = window.pairs.choice
    curves.spread.click()
    assert choice.currentText() == "False accepts (FP)"
    choice.setCurrentIndex(choice.findText("False rejects (FN)"))
    choice.activated.emit(choice.currentIndex())
    curves.spread.click()
    qtbot.waitUntil(
        lambda: choice.currentText() == "Diverse false rejects, at threshold \N{MINUS SIGN}1.0000"
    )
