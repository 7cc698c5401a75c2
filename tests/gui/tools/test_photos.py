"""Both photos at full size: registered by their landmarks, with the cells in place."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from core.faces.full_photo import FullPhoto
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.photos.canvas import PhotoCanvas
from xcos_gui.tools.photos.window import PhotosWindow


def opened(window: MainWindow, qtbot: QtBot) -> PhotosWindow:
    window.session.tool_asked.emit("photos")
    tool = next(t for t in window.tools.values() if isinstance(t, PhotosWindow))
    qtbot.waitUntil(lambda: tool.photos is not None, timeout=20_000)
    return tool


def plain(red: int, blue: int) -> FullPhoto:
    """A photo twice the crop's size, so that its pixels are half the crop's."""
    pixels = np.zeros((448, 448, 3), np.uint8)
    pixels[..., 0], pixels[..., 2] = red, blue
    pixels[100:132, 100:132] = (0, 255, 0)  # cell row 1, column 1 of a face that starts at 68, 68
    return FullPhoto((pixels,), np.array([[0.5, 0, -34], [0, 0.5, -34]], float))


def test_both_photos_of_the_pair_are_read_and_judged(window: MainWindow, qtbot: QtBot) -> None:
    window.session.select_pair(0, 3)
    tool = opened(window, qtbot)
    assert tool.photos is not None
    for photo, face in zip(tool.photos, window.session.faces_of((0, 3)), strict=True):
        crop = window.session.crop(face)
        np.testing.assert_array_equal(photo.levels[0], crop)  # these photos are crops already
    assert tool.verdict.headline.text() in ("False accept", "True reject")
    assert [label.text().split()[0] for label in tool.names] == ["ann", "bob"]
    tool._mark((3, 3))
    assert "nose" in tool.cell_text.text() and "16 and 16 pixels" in tool.cell_text.text()
    before = tool.photos
    window.session.select_pair(1, 3)
    qtbot.waitUntil(lambda: tool.photos is not None and tool.photos is not before)
    tool.close()


def test_it_opens_by_its_key_from_a_tool(window: MainWindow, qtbot: QtBot) -> None:
    from xcos_gui.shell.tool_menu import PAIR_TOOLS

    flip = window.show_tool(next(tool for tool in PAIR_TOOLS if tool.icon == "flip"))
    flip.activateWindow()
    qtbot.keyClick(flip, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert any(isinstance(t, PhotosWindow) and t.isVisible() for t in window.tools.values())
    flip.close()


@pytest.fixture
def canvas(qtbot: QtBot) -> PhotoCanvas:
    made = PhotoCanvas()
    qtbot.addWidget(made)
    made.resize(802, 400)
    made.show_photos((plain(200, 0), plain(0, 200)))
    return made


def colour(widget: QWidget, at: QPointF) -> tuple[int, int, int]:
    found: QColor = widget.grab().toImage().pixelColor(at.toPoint())
    return found.red(), found.green(), found.blue()


def centre_of(canvas: PhotoCanvas, row: int, column: int, right: bool) -> QPointF:
    """A cell's middle on the screen."""
    part = canvas._parts()[1 if right and canvas.mode == "side" else 0]
    return canvas._to_screen(part).map(QPointF(16 * column + 7.5, 16 * row + 7.5))


def test_cells_lie_on_the_same_pixels_of_both_photos(canvas: PhotoCanvas) -> None:
    canvas.grid = False
    for zoom in (1.0, 2.5):
        canvas.zoom_by(zoom)
        for right in (False, True):
            at = centre_of(canvas, 1, 1, right)
            assert colour(canvas, at) == (0, 255, 0)
            assert canvas.cell_at(at) == (1, 1)
            beside = centre_of(canvas, 1, 2, right)
            assert colour(canvas, beside) == ((0, 0, 200) if right else (200, 0, 0))


def test_wipe_and_blink_show_one_photo_over_the_other(canvas: PhotoCanvas) -> None:
    canvas.grid = False
    canvas.set_mode("wipe")
    canvas.wipe = 0.5
    left, right = QPointF(300, 200), QPointF(500, 200)
    assert colour(canvas, left) == (200, 0, 0) and colour(canvas, right) == (0, 0, 200)
    canvas.wipe = 0.9
    assert colour(canvas, right) == (200, 0, 0)
    canvas.set_mode("blink")
    assert colour(canvas, right) == (200, 0, 0)
    canvas.blink()
    assert colour(canvas, left) == (0, 0, 200)
    canvas.set_mode("side")


def test_zoom_keeps_the_point_under_the_mouse_and_dragging_moves_both(
    canvas: PhotoCanvas, qtbot: QtBot
) -> None:
    at = QPointF(520, 130)
    before = canvas.to_crop(at)
    canvas.zoom_by(3.0, at)
    after = canvas.to_crop(at)
    assert (after.x(), after.y()) == pytest.approx((before.x(), before.y()))
    canvas.move_by(QPointF(30, 0))
    moved = canvas.to_crop(at + QPointF(30, 0))
    assert moved.x() == pytest.approx(before.x())
    qtbot.keyClick(canvas, Qt.Key.Key_0)
    assert canvas.zoom == 0 and canvas.centre == QPointF(55.5, 55.5)


def test_overlay_is_drawn_in_place_and_space_takes_it_away(
    canvas: PhotoCanvas, qtbot: QtBot
) -> None:
    rgba = np.zeros((7, 7, 4), np.uint8)
    rgba[1, 2] = (255, 255, 255, 255)
    canvas.grid = False
    canvas.set_overlay(rgba)
    for right in (False, True):
        assert colour(canvas, centre_of(canvas, 1, 2, right)) == (255, 255, 255)
        assert colour(canvas, centre_of(canvas, 1, 1, right)) == (0, 255, 0)
    qtbot.keyPress(canvas, Qt.Key.Key_Space)
    assert colour(canvas, centre_of(canvas, 1, 2, False)) == (200, 0, 0)
    qtbot.keyRelease(canvas, Qt.Key.Key_Space)
    assert colour(canvas, centre_of(canvas, 1, 2, False)) == (255, 255, 255)
