"""Names are shown as they are: none becomes markup, none pushes numbers out of sight."""

import ast
from pathlib import Path

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

import xcos_gui
from tests.living import make_crops
from xcos_gui.shell.tool_menu import ALL_TOOLS
from xcos_gui.shell.window import MainWindow

ODD = "<b>Ann</b> & the very long name of a person that no panel has room for " * 2
# Colours are said in markup of their own there; no name is.
RICH = {"panels/matrix/bar.py", "tools/people/window.py", "widgets/elided.py"}
TOOLS = ("photos.window", "what_if.window", "labels.window", "people.window", "report")


def test_words_are_plain() -> None:
    """A QLabel guesses whether its text is markup; PlainLabel does not."""
    root = Path(xcos_gui.__file__).parent
    found = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "QLabel"
    }
    assert found <= RICH


def test_an_odd_name_is_no_markup_and_leaves_the_numbers_in_sight(
    empty: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    name = ODD.replace("/", "|")[:110]
    folder = make_crops(tmp_path / "odd", {name: 2, "bob": 2})
    session = empty.session
    session.open_gallery(folder)
    qtbot.waitUntil(lambda: session.matrix is not None and not session.busy, timeout=60_000)
    session.select_pair(0, 2)
    windows = [empty, *(empty.show_tool(t) for t in ALL_TOOLS if t.place[0] in TOOLS)]
    labels = [label for window in windows for label in window.findChildren(QLabel)]
    with_name = [label for label in labels if "<b>" in label.text()]
    assert len(with_name) > 3
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in with_name)
    readout = empty.matrix.readout
    first, second = readout.text().split("\n")
    assert readout.fontMetrics().horizontalAdvance(first) <= readout.width()
    assert "…" in first and second.startswith("score ") and name in readout.toolTip()
