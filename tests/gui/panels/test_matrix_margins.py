"""Bars beside the matrix: each person's rates, and a click that lists those pairs."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)


from pathlib import Path

import numpy as np
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from tests.gui.panels.test_matrix_orders import choose, rest
from xcos_gui.panels.matrix.axis import BAR, GAP
from xcos_gui.shell.window import MainWindow


def test_bars_are_the_rates_of_each_row_s_person(window: MainWindow, qtbot: QtBot) -> None:
    panel, session = window.matrix, window.session
    matrix = session.matrix
    assert matrix is not None
    session.set_threshold(float(np.median(matrix.scores[:3, 3:])))  # half of ann's impostors
    qtbot.waitUntil(lambda: not panel.margins._timer.isActive() and not session.busy)
    axis = panel._axes[0]
    assert axis.rates is not None
    wrong = {"frr": (0, 0), "far": (0, 0)}
    outcomes = [matrix.outcome(i, j, session.threshold) for i in range(6) for j in range(i + 1, 6)
                if i < 3]  # fmt: skip
    wrong["frr"] = outcomes.count("FN"), outcomes.count("FN") + outcomes.count("TP")
    wrong["far"] = outcomes.count("FP"), outcomes.count("FP") + outcomes.count("TN")
    for row in range(3):
        frr, far = axis.rates.values[row]
        assert frr == wrong["frr"][0] / wrong["frr"][1] and far == wrong["far"][0] / wrong["far"][1]
    assert np.isnan(axis.rates.values[5, 0])  # one photo of cem: no genuine pair
    assert wrong["far"][0] > 0
    choose(window, qtbot, panel.bar.level, "people")
    assert axis.rates is not None and len(axis.rates.values) == 3
    choose(window, qtbot, panel.bar.level, "faces")
    # A click on the second bar beside ann lists her false accepts.
    pair = session.pair
    middle = panel._view.mapViewToScene(QPointF(0, 1.5)).y()
    right = axis.sceneBoundingRect().right()
    at = panel._plot.mapFromScene(QPointF(right - GAP - 1.5 * BAR, middle))
    qtbot.mouseClick(panel._plot.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert window.pairs.choice.currentText() == (
        f"False accepts of ann, at threshold {session.threshold:z.4f}".replace(
            " -", " \N{MINUS SIGN}"
        )
    )
    rest(window, qtbot)
    model = window.pairs.model
    assert model.rowCount() == wrong["far"][0] and session.pair == pair
    panel.bar.rates.click()
    assert axis.rates is None and axis.bar_area() == 0


def test_false_reject_rates_are_of_a_person_s_genuine_pairs(
    window: MainWindow, qtbot: QtBot
) -> None:
    session, axis = window.session, window.matrix._axes[0]
    matrix = session.matrix
    assert matrix is not None
    genuine = np.sort(matrix.scores[:3, :3][np.triu_indices(3, 1)])
    for rejected in (1, 2):  # of ann's three genuine pairs
        session.set_threshold(float(genuine[rejected - 1 : rejected + 1].mean()))
        qtbot.waitUntil(lambda: not window.matrix.margins._timer.isActive() and not session.busy)
        assert axis.rates is not None
        assert axis.rates.values[:3, 0].tolist() == [rejected / 3] * 3


def test_rates_of_a_gallery_are_not_asked_for_another(
    window: MainWindow, qtbot: QtBot, probes: Path
) -> None:
    panel, session = window.matrix, window.session
    qtbot.waitUntil(lambda: not panel.margins._timer.isActive() and not session.busy)
    session.open_gallery(probes)  # more people than before, while the rates are of those
    qtbot.waitUntil(
        lambda: session.matrix is not None and session.source == probes and not session.busy,
        timeout=60_000,
    )
    rates = panel._axes[0].rates
    assert rates is not None and len(rates.values) == 4
