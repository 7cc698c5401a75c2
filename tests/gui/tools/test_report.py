"""The report window writes what is chosen, and tells what it cannot."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from xcos_gui.shell.tool_menu import GALLERY_TOOLS
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.report import ReportWindow


def opened(window: MainWindow) -> ReportWindow:
    tool = next(tool for tool in GALLERY_TOOLS if tool.place[1] == "ReportWindow")
    shown = window.show_tool(tool)
    assert isinstance(shown, ReportWindow)
    return shown


@pytest.mark.parametrize(
    ("what", "pairs"), [("gallery", "15 pairs"), ("pair", "1 pair."), ("listed", "pair")]
)
def test_a_page_of_what_is_chosen(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, what: str, pairs: str
) -> None:
    report = opened(window)
    report.what.setCurrentIndex(report.what.findData(what))
    if what == "listed":
        window.pairs.choice.setCurrentIndex(0)
        qtbot.waitUntil(
            lambda: window.session.listed is not None and len(window.session.listed) == 15
        )
    path = tmp_path / "report.html"
    report.write(path)
    qtbot.waitUntil(lambda: report.written == path, timeout=60_000)
    text = path.read_text(encoding="utf-8")
    assert pairs in text and "ann/1.png" in text and report.open_button.isEnabled()
    assert str(path) in report.note.text()


def test_names_and_faces_are_left_out(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    report = opened(window)
    report.pictures.setCurrentIndex(report.pictures.findData("none"))
    report.anonymous.setChecked(True)
    path = tmp_path / "shared.html"
    report.write(path)
    qtbot.waitUntil(lambda: report.written == path, timeout=60_000)
    text = path.read_text(encoding="utf-8")
    assert "person 1, photo 1" in text and "image/jpeg" not in text
    assert not any(name in text for name in ("ann", "bob", "cem/"))


def test_a_place_that_cannot_be_written(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    report = opened(window)
    report.write(tmp_path / "missing" / "report.html")
    qtbot.waitUntil(lambda: "cannot be written" in report.note.text(), timeout=60_000)
    assert report.written is None and not report.open_button.isEnabled()


def test_without_a_gallery(empty: MainWindow) -> None:
    report = opened(empty)
    assert not report.write_button.isEnabled() and "Open a gallery first" in report.note.text()
