"""Every tool on a gallery of one photo, of one person, and of people with one photo each."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import re
import warnings
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.resting import tool_rests
from tests.living import make_crops
from xcos_gui.shell.tool_menu import ALL_TOOLS
from xcos_gui.shell.window import MainWindow

SLOW = ("compare.window",)  # its own tests wait for it
ONE_OF_MANY = re.compile(r"\b1 (pairs|faces|people|persons|photos|probes|errors|cells|rows)\b")
KEYS = (
    Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_PageDown, Qt.Key.Key_Delete,
    Qt.Key.Key_A, Qt.Key.Key_R, Qt.Key.Key_U, Qt.Key.Key_1, Qt.Key.Key_3, Qt.Key.Key_Plus,
)  # fmt: skip


def wrong_numbers(window: QWidget) -> list[str]:
    said = [label.text() for label in window.findChildren(QLabel)]
    return [text for text in said if ONE_OF_MANY.search(text)]


@pytest.mark.parametrize("people", ({"ann": 1}, {"ann": 2}, {"ann": 1, "bob": 1}))
def test_every_tool_stands_a_small_gallery_and_its_keys(
    empty: MainWindow, qtbot: QtBot, tmp_path: Path, people: dict[str, int]
) -> None:
    empty.session.open_gallery(make_crops(tmp_path / "small", people))
    qtbot.waitUntil(
        lambda: empty.session.matrix is not None and not empty.session.busy, timeout=60_000
    )
    told: list[str] = []
    empty.session.message.connect(told.append)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        for tool in ALL_TOOLS:
            if tool.place[0] in SLOW:
                continue
            shown = empty.show_tool(tool)
            qtbot.waitUntil(lambda s=shown: tool_rests(s), timeout=60_000)  # type: ignore[misc]
            assert not wrong_numbers(shown), tool.text
            if people == {"ann": 1} and tool.place[0] == "score_kinds":
                assert shown.words.text().startswith("There is no pair of faces")
            for key in KEYS:
                QTest.keyClick(shown, key)
            qtbot.waitUntil(lambda s=shown: tool_rests(s), timeout=60_000)  # type: ignore[misc]
            shown.close()
    assert not wrong_numbers(empty)
    assert not [sentence for sentence in told if "unexpected" in sentence.lower()]
