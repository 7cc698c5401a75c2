"""All that the windows say, take and offer is as it was stored, word for word and number for number.

    UPDATE_INVENTORY=1 uv run pytest tests/gui/test_inventory.py      after a change that is wanted

Read the difference of the stored texts before keeping it: it is what users will meet.
"""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import os
import re
from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.gui.inventory import lines
from xcos_gui.shell.tool_menu import ALL_TOOLS
from xcos_gui.shell.window import MainWindow
from xcos_gui.widgets.tool_window import ToolWindow

FOLDER = Path(__file__).parent / "inventories"
UPDATE = bool(os.environ.get("UPDATE_INVENTORY"))
NUMBER = re.compile(r"\d+(?:\.(\d+))?")


def alike(one: str, other: str) -> bool:
    """Whether lines are the same, but for the last digit of numbers with three digits or more after the
    point: those are computed, and differ so much between processors."""
    if NUMBER.sub("", one) != NUMBER.sub("", other):
        return False
    for mine, stored in zip(NUMBER.finditer(one), NUMBER.finditer(other), strict=True):
        digits = len(mine[1] or "")
        apart = 1.5 * 10**-digits if digits >= 3 else 0
        if len(stored[1] or "") != digits or abs(float(mine[0]) - float(stored[0])) > apart:
            return False
    return True


def check(name: str, parts: Iterable[QWidget], places: Path) -> None:
    """Compare widgets with what was stored of them, or store them; places: a folder left out of it."""
    told = [line.replace(str(places), "PLACES") for part in parts for line in lines(part)]
    path = FOLDER / f"{name}.txt"
    if UPDATE:
        FOLDER.mkdir(exist_ok=True)
        path.write_text("\n".join(told) + "\n", encoding="utf-8")
        return
    stored = path.read_text(encoding="utf-8").splitlines()
    for number, (mine, other) in enumerate(zip(told, stored, strict=False), start=1):
        assert alike(mine, other), f"{path.name}, line {number}:\n{mine}\ninstead of\n{other}"
    assert len(told) == len(stored), f"{path.name} has other lines at its end"


def test_lines_are_alike_but_for_rounding() -> None:
    assert alike("score 0.1234 of 3", "score 0.1235 of 3")
    for other in (
        "score 0.1236 of 3",
        "score 0.123 of 3",
        "score 0.1234 of 4",
        "score -0.1234 of 3",
    ):
        assert not alike("score 0.1234 of 3", other), other
    assert not alike("0.12", "0.13")


def test_windows_without_a_gallery(empty: MainWindow, tmp_path: Path) -> None:
    check("empty window", [empty], tmp_path)
    for tool in ALL_TOOLS:
        check(f"empty {tool.place[0]}", [empty.show_tool(tool)], tmp_path)
    empty.show_evaluation()
    assert empty.evaluation is not None
    check("empty evaluation", [empty.evaluation], tmp_path)


def rests(shown: ToolWindow) -> bool:
    """Whether a window neither works nor is about to."""
    waits = any(timer.isActive() and timer.isSingleShot() for timer in shown.findChildren(QTimer))
    return not waits and not shown.job.running and not shown.session.busy


def test_windows_on_a_gallery(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """Ann's first photo and bob's, a false accept, in every window."""
    window.session.set_threshold(0.2)
    window.session.select_pair(0, 3)
    for tool in ALL_TOOLS:
        shown = window.show_tool(tool)
        qtbot.waitUntil(lambda s=shown: rests(s), timeout=60_000)  # type: ignore[misc]
        check(f"gallery {tool.place[0]}", [shown], tmp_path)
        shown.close()
    check("gallery window", [window], tmp_path)
    window.show_training()
    check("gallery training", [window.training], tmp_path)
