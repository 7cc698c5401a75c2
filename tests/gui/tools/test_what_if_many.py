"""Chosen pairs sent to What if: all are edited, scored, listed, and the changed ones go back."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import numpy as np
from pytestqt.qtbot import QtBot

from core.scoring.lists import PairList
from core.scoring.matrix import OUTCOMES
from tests.gui.panels.test_matrix_selection import drag, every_move  # noqa: F401
from tests.gui.tools.test_answers_of import held
from xcos_gui.shell.tool_menu import GALLERY_TOOLS
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


def opened(window: MainWindow) -> WhatIfManyWindow:
    tool = window.show_tool(next(tool for tool in GALLERY_TOOLS if tool.place[0] == "what_if.many"))
    assert isinstance(tool, WhatIfManyWindow)
    return tool


def taken(window: MainWindow, title: str, rows: list[int], columns: list[int]) -> None:
    assert window.session.matrix is not None
    scores = window.session.matrix.scores[rows, columns]
    window.session.list_pairs(title, PairList(np.array(rows), np.array(columns), scores))


def test_another_list_leaves_what_is_computed_of_the_former(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = opened(window)
    taken(window, "Three", [0, 0, 0], [1, 2, 3])
    tool.take.click()
    may = held(tool, monkeypatch)
    tool.start.click()
    taken(window, "One", [1], [4])
    tool.take.click()
    assert not tool.progress.isVisible()
    may.set()
    tool.start.click()
    qtbot.waitUntil(lambda: tool.found is not None, timeout=60_000)
    assert tool.about.text() == "1 pair taken" and tool.table.rowCount() == 1


def test_outcomes_follow_the_threshold_and_a_list_is_named_by_its_edit(
    window: MainWindow, qtbot: QtBot
) -> None:
    session, tool = window.session, opened(window)
    taken(window, "Some", [0, 0, 1, 3], [1, 3, 4, 4])
    session.set_threshold(-1.0)
    tool.take.click()
    tool.edit.setCurrentIndex(tool.edit.findText("Blur"))
    tool.start.click()
    qtbot.waitUntil(lambda: tool.found is not None, timeout=60_000)

    def outcomes() -> list[list[str]]:
        return [
            [tool.table.item(row, column).text() for column in (5, 6)]
            for row in range(tool.table.rowCount())
        ]

    assert {said for both in outcomes() for said in both} == {
        "TP",
        "FP",
    } and not tool.list_changed.isEnabled()
    scores = [(tool.table.item(row, 2).value, tool.table.item(row, 3).value) for row in range(4)]
    apart = max(range(4), key=lambda row: abs(scores[row][0] - scores[row][1]))
    middle = sum(scores[apart]) / 2
    session.set_threshold(middle)
    qtbot.waitUntil(lambda: tool.list_changed.isEnabled())
    assert [[said in ("TP", "FP") for said in both] for both in outcomes()] == [
        [score > middle for score in both] for both in scores
    ]
    changed = [before != after for before, after in outcomes()]
    assert [tool.table.item(row, 0).font().bold() for row in range(4)] == changed
    tool.edit.setCurrentIndex(tool.edit.findText("Mirror"))
    tool.list_changed.click()
    assert window.pairs.choice.currentText() == (
        f"Change side: blur, at threshold {window.session.threshold:.4f}"
    )
    assert window.pairs.model.rowCount() == sum(changed)
