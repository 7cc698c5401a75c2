"""Panels and tools look as they did: coarse grids of what they paint, against stored ones.

    UPDATE_PICTURES=1 uv run pytest tests/gui/test_pictures.py      after a change that is wanted

A picture is reduced to 24x16 mean colours, so that letters that are drawn otherwise do not matter.
Sizes follow the font's, so all is drawn in one font; without it the tests are skipped.
"""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import QSize
from PySide6.QtGui import QFont, QFontInfo, QImage
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.resting import tool_rests
from xcos_gui.shell.tool_menu import ALL_TOOLS
from xcos_gui.shell.window import MainWindow
from xcos_gui.widgets.tool_window import ToolWindow

FOLDER = Path(__file__).parent / "pictures"
UPDATE = bool(os.environ.get("UPDATE_PICTURES"))
COLUMNS, ROWS = 24, 16
FONT, POINTS = "DejaVu Sans", 9
# Of 255; another theme or a part that is gone changes far more.
MEAN, WORST_TENTH = 8.0, 24.0
CALM = 80  # looks, ten milliseconds apart, without a change
PANELS = ("gallery", "inspector", "notes", "pairs")
TOOLS = ("photos", "flip", "map", "models")
SIZES = {"gallery": QSize(300, 420), "inspector": QSize(420, 640), "notes": QSize(360, 420)}


def coarse(widget: QWidget) -> np.ndarray:
    """What a widget paints as (16, 24, 3) mean colours."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    wide, high = image.width(), image.height()
    lines = np.frombuffer(image.constBits(), np.uint8).reshape(high, image.bytesPerLine())
    pixels = Image.fromarray(lines[:, : 3 * wide].reshape(high, wide, 3).copy())
    return np.asarray(pixels.resize((COLUMNS, ROWS), Image.Resampling.BOX))


def differences(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Mean, and mean of the worst tenth, of how far cells are apart."""
    apart = np.abs(one.astype(float) - other).mean(axis=2).ravel()
    return float(apart.mean()), float(np.sort(apart)[-len(apart) // 10 :].mean())


def alike(one: np.ndarray, other: np.ndarray) -> bool:
    mean, worst = differences(one, other)
    return mean <= MEAN and worst <= WORST_TENTH


def check(qtbot: QtBot, widget: QWidget, name: str) -> None:
    """Compare a widget, once what it loads has come, with its stored picture; or store it."""
    path = FOLDER / f"{name}.png"
    if UPDATE:
        last: list[np.ndarray] = []

        def settled() -> bool:
            last.append(coarse(widget))
            return len(last) > CALM and all((k == last[-1]).all() for k in last[-CALM:])

        qtbot.waitUntil(settled, timeout=20_000)
        FOLDER.mkdir(exist_ok=True)
        Image.fromarray(last[-1]).save(path)
        return
    stored = np.asarray(Image.open(path).convert("RGB"))
    try:
        qtbot.waitUntil(lambda: alike(coarse(widget), stored), timeout=6_000)
    except qtbot.TimeoutError:
        told = differences(coarse(widget), stored)
        pytest.fail(f"{name} looks otherwise: by {told[0]:.1f} in the mean, {told[1]:.1f} at worst")


@pytest.fixture(autouse=True)
def stored_font(qapp: QApplication) -> Iterator[None]:
    """The font that the pictures were stored with, before a window is made."""
    font, before = QFont(FONT, POINTS), qapp.font()
    if QFontInfo(font).family() != FONT:
        pytest.skip(f"the pictures are drawn in {FONT}, which is not installed")
    qapp.setFont(font)
    yield
    qapp.setFont(before)


@pytest.fixture(params=["light", "dark"])
def themed(request: pytest.FixtureRequest, window: MainWindow) -> MainWindow:
    """The window in a theme, with a false accept looked at."""
    QApplication.setCursorFlashTime(0)  # a cursor that blinks would be a change
    window.set_theme(request.param)
    QApplication.processEvents()
    window.session.set_threshold(-0.5)
    window.session.select_pair(0, 3)
    request.addfinalizer(lambda: window.set_theme("light"))
    return window


def test_panels_look_as_they_did(themed: MainWindow, qtbot: QtBot) -> None:
    theme = themed.session.settings.theme
    for name in PANELS:
        dock = themed.docks[name]
        dock.setFloating(True)
        dock.show()
        dock.resize(SIZES.get(name, QSize(480, 300)))
        check(qtbot, dock.widget(), f"{name}-{theme}")
    check(qtbot, themed.toolbar, f"toolbar-{theme}")


def test_tools_look_as_they_did(themed: MainWindow, qtbot: QtBot) -> None:
    theme = themed.session.settings.theme
    for tool in ALL_TOOLS:
        if tool.icon not in TOOLS:
            continue
        shown: ToolWindow = themed.show_tool(tool)
        shown.resize(QSize(760, 520))
        qtbot.waitUntil(lambda s=shown: tool_rests(s), timeout=30_000)  # type: ignore[misc]
        check(qtbot, shown, f"{tool.icon}-{theme}")
        shown.close()


def test_a_change_is_seen(themed: MainWindow, qtbot: QtBot) -> None:
    """What the comparison must not pass: another theme, a missing part, another pair's faces."""
    theme, inspector = themed.session.settings.theme, themed.docks["inspector"]
    inspector.setFloating(True)
    inspector.resize(SIZES["inspector"])
    widget = inspector.widget()
    before = coarse(widget)
    themed.inspector.faces[0].set_crop(None)
    themed.inspector.faces[1].set_crop(None)
    assert not alike(coarse(widget), before)
    themed.set_theme("light" if theme == "dark" else "dark")
    QApplication.processEvents()
    assert not alike(coarse(widget), before)
