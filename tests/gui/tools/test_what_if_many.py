"""Chosen pairs sent to What if: all are edited, scored, listed, and the changed ones go back."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)


from pytestqt.qtbot import QtBot

from core.scoring.matrix import OUTCOMES
from tests.gui.panels.test_matrix_selection import drag, every_move  # noqa: F401
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.what_if.many import WhatIfManyWindow


def test_a_selection_with_sunglasses(window: MainWindow, qtbot: QtBot) -> None:
    session, panel = window.session, window.matrix
    panel.bar.selects.click()
    drag(window, qtbot, (0.2, 3.2), (2.8, 4.8))  # ann with bob
    panel.chosen_bar.buttons["what_if"].click()
    tool = next(iter(window.tools.values()))
    assert isinstance(tool, WhatIfManyWindow) and "6 pairs taken" in tool.about.text()
    tool.edit.setCurrentIndex(tool.edit.findText("Sunglasses"))
    session.set_threshold(0.0)
    tool.start.click()
    qtbot.waitUntil(lambda: tool.found is not None, timeout=60_000)
    found = tool.found
    assert found is not None and tool.table.rowCount() == 6
    changes = [abs(float(a - b)) for a, b in zip(found.after, found.pairs.scores, strict=True)]
    assert changes == sorted(changes, reverse=True) and changes[0] > 0
    texts = [tool.table.item(0, column).text() for column in range(7)]  # type: ignore[union-attr]
    left, right = session.faces_of((int(found.pairs.rows[0]), int(found.pairs.columns[0])))
    assert texts[:2] == [left.key, right.key]
    assert texts[5:] == [OUTCOMES[found.before_codes[0]], OUTCOMES[found.after_codes[0]]]
    assert f"{int(found.changed.sum())} of 6 pairs change side" in tool.words.text()
    tool.table.selectRow(0)
    assert session.faces_of(session.pair or (0, 0)) == (left, right)
    tool.list_those()
    if found.changed.any():
        assert window.pairs.model.rowCount() == found.changed.sum()
    session.set_kind("uniform")  # scored otherwise: what was found is out of date
    qtbot.waitUntil(lambda: tool.found is None and tool.table.rowCount() == 0, timeout=60_000)
