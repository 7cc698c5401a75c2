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
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.gui.inventory import lines
from tests.gui.resting import tool_rests
from tests.stored import check_stored
from xcos_gui.shell.tool_menu import ALL_TOOLS, Tool
from xcos_gui.shell.window import MainWindow

FOLDER = Path(__file__).parent / "inventories"
UPDATE = bool(os.environ.get("UPDATE_INVENTORY"))
NUMBER = re.compile(r"\d+(?:\.(\d+))?")
SLOW = ("compare.window",)  # its own tests wait for it
ROOT = Path(__file__).parents[2]
# Of a pattern, what stands for it: how long work took, and the end of a path that is cut.
MASKED = (
    (r"\d+(\.\d+)? m?s\b", "TIME"),
    (r">'\d+\.\d\d'", ">TIME"),
    (r"PLACES[^\s',;)]*", "PLACES"),
)


def alike(one: str, other: str) -> bool:
    """Whether lines are the same, but for the last digit of numbers with two digits or more after the
    point: those are computed, and differ so much between processors."""
    if NUMBER.sub("", one) != NUMBER.sub("", other):
        return False
    for mine, stored in zip(NUMBER.finditer(one), NUMBER.finditer(other), strict=True):
        digits = len(mine[1] or "")
        apart = 1.5 * 10**-digits if digits >= 2 else 0
        if len(stored[1] or "") != digits or abs(float(mine[0]) - float(stored[0])) > apart:
            return False
    return True


def check(name: str, part: QWidget, places: Path) -> None:
    """Compare a widget with what was stored of it, or store it; places: a folder whose name varies."""
    QCoreApplication.processEvents()  # what was added is shown
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # what is gone is not told
    told = "\n".join(lines(part)).replace(str(places), "PLACES").replace(str(ROOT), "ROOT")
    # A path that is long is cut.
    told = re.sub(re.escape(str(places)[:16]) + r"[^\s',;)]*", "PLACES", told)
    for pattern, said in MASKED:
        told = re.sub(pattern, said, told)
    check_stored(told, FOLDER / f"{name}.txt", UPDATE, alike)


def test_lines_are_alike_but_for_rounding() -> None:
    assert alike("score 0.1234 of 3", "score 0.1235 of 3")
    for other in (
        "score 0.1236 of 3",
        "score 0.123 of 3",
        "score 0.1234 of 4",
        "score -0.1234 of 3",
    ):
        assert not alike("score 0.1234 of 3", other), other
    assert not alike("0.12", "0.14") and not alike("0.1", "0.2")


def name_of(tool: Tool) -> str:
    return tool.place[0].removesuffix(".window").replace(".", "-")


def test_windows_without_a_gallery(empty: MainWindow, tmp_path: Path) -> None:
    places = tmp_path.parent
    check("empty-window", empty, places)
    for tool in ALL_TOOLS:
        check(f"empty-{name_of(tool)}", empty.show_tool(tool), places)
    empty.show_evaluation()
    empty.show_training()
    assert empty.evaluation is not None and empty.training is not None
    check("empty-evaluation", empty.evaluation, places)
    check("empty-training", empty.training, places)


def test_windows_on_a_gallery(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """Ann's first photo and bob's, a false accept, in every window."""
    window.session.set_threshold(0.2)
    window.session.select_pair(0, 3)
    for tool in ALL_TOOLS:
        if tool.place[0] in SLOW:
            continue
        shown = window.show_tool(tool)
        qtbot.waitUntil(lambda s=shown: tool_rests(s), timeout=60_000)  # type: ignore[misc]
        check(f"gallery-{name_of(tool)}", shown, tmp_path.parent)
        shown.close()
    window.curves.plots.tabs.setCurrentIndex(1)  # its curves are made when they are looked at
    window.curves.plots.tabs.setCurrentIndex(0)
    check("gallery-window", window, tmp_path.parent)
