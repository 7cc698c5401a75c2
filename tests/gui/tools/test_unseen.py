"""Work whose window was closed: it is seen in the main window, is stopped there, and is told there."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.gui.resting import tool_rests
from tests.gui.tools.test_answers_of import held
from tests.gui.tools.test_labels import opened as labels_of
from tests.gui.tools.test_report import opened as report_of
from xcos_gui.shell.window import MainWindow
from xcos_gui.widgets.progress import ProgressRow


def seen(window: MainWindow) -> list[ProgressRow]:
    """What the main window shows of work."""
    return [row for row in window.statusBar().findChildren(ProgressRow) if row.isVisible()]


@pytest.mark.parametrize("key", [Qt.Key.Key_unknown, Qt.Key.Key_Escape])
def test_a_closed_window_s_search_is_seen_and_stopped_in_the_main_window(
    key: Qt.Key, empty: MainWindow, qtbot: QtBot, crops: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = labels_of(empty, qtbot, crops)
    qtbot.waitUntil(lambda: tool_rests(tool) and not seen(empty), timeout=60_000)
    may = held(tool, monkeypatch)
    tool.search()
    tool.close()
    (row,) = seen(empty)
    assert row.text.text() == "Searching the labels"
    tool.show()
    assert not seen(empty) and tool.progress.isVisible() and tool.progress.window() is tool
    empty.session.cancel()  # Escape in the main window stops what is shown there alone
    assert not tool.job.stopping
    tool.close()
    if key == Qt.Key.Key_Escape:
        empty.session.cancel()
    else:
        QTest.mouseClick(row.stop, Qt.MouseButton.LeftButton)
    may.set()
    qtbot.waitUntil(lambda: not tool.job.running)
    assert not seen(empty)
    tool.show()
    assert not tool.progress.isVisible() and "was stopped." in tool.note.text()


def test_a_report_that_was_written_unseen_is_told_in_the_main_window(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool, said = report_of(window), []
    window.session.message.connect(said.append)
    may = held(tool, monkeypatch)
    tool.write(tmp_path / "report.html")
    tool.close()
    assert [row.text.text() for row in seen(window)] == ["Collecting pairs"]
    may.set()
    qtbot.waitUntil(lambda: not tool.job.running, timeout=60_000)
    assert not seen(window) and (tmp_path / "report.html").exists()
    assert len(said) == 1 and said[0].startswith("Report: ") and "report.html" in said[0]
    tool.write(tmp_path / "another.html")
    tool.show()
    qtbot.waitUntil(lambda: not tool.job.running, timeout=60_000)
    assert len(said) == 1 and "another.html" in tool.note.text()
