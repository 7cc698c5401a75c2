"""The window of what attention is worth: its counts list their pairs."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from xcos_gui.shell.tool_menu import GALLERY_TOOLS
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.score_kinds import FIRST_COUNT, WorthWindow


def text(found: WorthWindow, row: int, column: int) -> str:
    item = found.table.item(row, column)
    assert item is not None
    return item.text()


def test_counts_list_the_pairs_that_a_kind_saves_and_loses(
    window: MainWindow, qtbot: QtBot
) -> None:
    session = window.session
    assert session.matrix is not None
    middle = float(sorted(session.matrix.scores[0, 1:].tolist())[2])
    session.set_threshold(middle)
    tool = next(tool for tool in GALLERY_TOOLS if tool.place[1] == "WorthWindow")
    found = window.show_tool(tool)
    assert isinstance(found, WorthWindow)
    qtbot.waitUntil(lambda: found.found is not None, timeout=60_000)
    assert session.card is not None
    own = session.card.threshold("learned")
    assert own != middle and text(found, 0, 0) == f"{own:.4f}"  # as "Each kind's own" says
    before = found.found
    found.thresholds.setCurrentIndex(found.thresholds.findData("set"))
    found.thresholds.activated.emit(found.thresholds.currentIndex())
    qtbot.waitUntil(lambda: found.found is not before, timeout=60_000)
    kinds = [found.table.verticalHeaderItem(row).text() for row in range(found.table.rowCount())]
    assert kinds[:4] == [
        "learned attention (L)", "uniform attention (U)", "correlation attention (P)", "FC cosine",
    ]  # fmt: skip
    assert "There is no target model" in found.sentences.text()
    assert text(found, 0, 0) == f"{middle:.4f}" and text(found, 0, FIRST_COUNT) == ""
    worth = found.found.worth  # type: ignore[union-attr]
    total = 0
    for row in (1, 2, 3):
        for column in range(FIRST_COUNT, FIRST_COUNT + 4):
            count = int(text(found, row, column))
            total += count
            if not count:
                continue
            found.table.setCurrentCell(row, column)
            qtbot.keyClick(found.table, Qt.Key.Key_Return)
            assert window.pairs.model.rowCount() == count
            saves = "saves" if column < FIRST_COUNT + 2 else "loses"
            sort = "Genuine" if column in (FIRST_COUNT, FIRST_COUNT + 2) else "Impostor"
            assert window.pairs.choice.currentText() == (
                f"{sort}: {kinds[row]} {saves} against learned attention (L), "
                f"at thresholds {text(found, row, 0)} and {text(found, 0, 0)}"
            )
            for place in range(count):
                i, j = window.pairs.model.cell(place)
                genuine = session.matrix.rows[i] == session.matrix.columns[j]
                learned = (session.matrix.scores[i, j] > middle) == genuine
                assert (sort == "Genuine") == genuine and learned == (saves == "loses")
    assert total > 0, "the threshold was to part the kinds"

    session.set_threshold(-1.0)
    qtbot.waitUntil(lambda: text(found, 0, 0) == "\N{MINUS SIGN}1.0000", timeout=60_000)
    assert (text(found, 0, 2), text(found, 0, 3)) == ("100.00 %", "100.00 %")
    assert found.found.worth.of("uniform") == worth.of("uniform")  # type: ignore[union-attr]

    found.against.setCurrentIndex(found.against.findData("target"))
    found.against.activated.emit(found.against.currentIndex())
    qtbot.waitUntil(lambda: "There is no target model" in found.words.text())
    assert found.table.rowCount() == 0
