"""The window with both photos: its keys and buttons, overlays, what a cell says, and no pair at all."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.explain.colours import faded, map_rgba
from core.faces.full_photo import FullPhoto
from tests.gui.tools.test_photos import centre_of, colour, opened
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.photos.canvas import PhotoCanvas
from xcos_gui.tools.photos.window import EMPTY, HELP, PhotosWindow

Key, Modifier = Qt.Key, Qt.KeyboardModifier
MINUS, DOT = "\N{MINUS SIGN}", "\N{MIDDLE DOT}"


@pytest.fixture
def tool(window: MainWindow, qtbot: QtBot) -> PhotosWindow:
    window.session.select_pair(0, 3)
    made = opened(window, qtbot)
    made.activateWindow()
    return made


def overlay_of(canvas: PhotoCanvas) -> np.ndarray | None:
    """The colours over the cells, (7, 7, 4)."""
    if canvas._overlay is None:
        return None
    image = canvas._overlay.convertToFormat(QImage.Format.Format_RGBA8888)
    cells = [image.pixelColor(k % 7, k // 7).getRgb() for k in range(49)]
    return np.array(cells, int).reshape(7, 7, 4)


def test_modes_are_chosen_by_keys_and_buttons(tool: PhotosWindow) -> None:
    assert tool.note.text() == HELP
    canvas = tool.canvas
    for key, mode in ((Key.Key_2, "wipe"), (Key.Key_3, "blink"), (Key.Key_1, "side")):
        QTest.keyClick(tool, key)
        assert canvas.mode == mode
        assert [name for name, button in tool.modes.items() if button.isChecked()] == [mode]
    for mode, button in tool.modes.items():
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        assert canvas.mode == mode and button.isChecked()
    assert canvas._blinking.isActive()
    tool.close()  # nothing blinks unseen
    assert not canvas._blinking.isActive() and canvas.mode == "side"
    tool.show()
    assert tool.modes["side"].isChecked()
    tool.modes["wipe"].click()
    tool.close()
    tool.show()
    assert canvas.mode == "wipe" and tool.modes["wipe"].isChecked()


def test_grid_and_zoom(tool: PhotosWindow) -> None:
    canvas = tool.canvas
    assert tool.grid.isChecked() and canvas.grid
    for shown in (False, True):
        QTest.keyClick(tool, Key.Key_G)
        assert tool.grid.isChecked() == canvas.grid == shown
    canvas.zoom_by(2.0, QPointF(3, 3))
    fit = next(b for b in tool.findChildren(type(tool.modes["side"])) if b.text() == "Fit")
    fit.click()
    assert canvas.zoom == 0 and canvas.centre == QPointF(55.5, 55.5)


def test_the_overlay_is_the_map_that_is_chosen(window: MainWindow, tool: PhotosWindow) -> None:
    session, canvas = window.session, tool.canvas
    session.set_threshold(0.1)
    explanation, limits = session.explanation, session.colour_limits
    assert explanation is not None
    limit, attention = limits.contribution, limits.attention
    maps = {
        "Evidence": ("evidence", explanation.contribution - 0.1 * explanation.attention, limit),
        "Cosine map S": ("cosine", explanation.cosine, 1.0),
        "Attention map W": ("attention", explanation.attention, attention),
        f"Contribution W{DOT}S": ("contribution", explanation.attention * explanation.cosine, limit),
    }  # fmt: skip

    def wanted(opacity: float) -> np.ndarray:
        name, values, most = maps[tool.overlay.currentText()]
        rgba = map_rgba(name, values, threshold=0.1, limit=most, opacity=opacity)  # type: ignore[arg-type]
        return faded(rgba, values, most) if name in ("evidence", "contribution") else rgba

    seen = []
    for _ in range(5):
        seen.append(tool.overlay.currentText())
        found = overlay_of(canvas)
        if seen[-1] == "No overlay":
            assert found is None
        else:
            assert found is not None and np.abs(found - wanted(0.5).astype(int)).max() <= 2
        QTest.keyClick(tool, Key.Key_O)
    assert seen == [*maps, "No overlay"] and tool.overlay.currentText() == "Evidence"
    for text in ("No overlay", f"Contribution W{DOT}S", "Attention map W"):
        QTest.keyClick(tool, Key.Key_O, Modifier.ShiftModifier)
        assert tool.overlay.currentText() == text
    tool.opacity.setValue(80)
    found = overlay_of(canvas)
    assert found is not None and np.abs(found - wanted(0.8).astype(int)).max() <= 2
    assert (tool.opacity.minimum(), tool.opacity.maximum()) == (0, 100)


def test_a_cell_under_the_mouse_is_told_and_marked(window: MainWindow, tool: PhotosWindow) -> None:
    explanation, report = window.session.explanation, window.session.report()
    assert explanation is not None and report is not None
    canvas = tool.canvas
    for cell, right in (((2, 5), False), ((5, 1), True)):
        canvas.cell_changed.emit(canvas.cell_at(centre_of(canvas, *cell, right)))
        s, w = float(explanation.cosine[cell]), float(explanation.attention[cell])
        said = f"Row {cell[0] + 1}, column {cell[1] + 1}, {report.regions[cell]}: S {s:.3f}, W {w:.4f}, W{DOT}S {s * w:.4f}"
        assert tool.cell_text.text().startswith(said.replace("-", MINUS))
        assert canvas._cell == cell
    photo = FullPhoto((np.zeros((20, 20, 3), np.uint8),), np.array([[0.25, 0, 0], [0, 0.25, 0]]))
    assert tool.photos is not None
    tool.photos = tool.photos[0], photo
    tool._mark((0, 0))
    assert "a cell is 16 and 64 pixels wide" in tool.cell_text.text()
    QTest.mouseMove(canvas, QPoint(1, 1))
    tool._mark(None)
    assert tool.cell_text.text() == "" and canvas._cell is None


def test_names_and_an_empty_window(window: MainWindow, tool: PhotosWindow, qtbot: QtBot) -> None:
    assert [label.text() for label in tool.names] == [f"ann  {DOT}  1.png", f"bob  {DOT}  1.png"]
    assert [label.toolTip() for label in tool.names] == ["ann/1.png", "bob/1.png"]
    assert not tool.words.isVisible() and tool.canvas._photos is not None
    tool.session.set_threshold(0.3)  # the same photos: they are not read again
    assert not tool.job.running and tool.photos is not None
    window.session.explanation_changed.emit(None)
    assert tool.words.isVisible() and tool.words.text() == EMPTY
    assert [label.text() for label in tool.names] == ["", ""]
    assert tool.canvas._photos is None and tool.photos is None
    window.session.explanation_changed.emit(window.session.explanation)
    qtbot.waitUntil(lambda: tool.photos is not None)
    assert not tool.words.isVisible()


def test_a_photo_that_is_gone_is_told_and_read_when_it_is_back(
    window: MainWindow, tool: PhotosWindow, qtbot: QtBot
) -> None:
    source = window.session.source
    assert source is not None
    photo = source / "bob" / "2.png"
    kept = photo.read_bytes()
    photo.unlink()
    window.session.select_pair(0, 4)
    qtbot.waitUntil(lambda: not tool.job.running and "2.png" in tool.note.text())
    assert tool.photos is None and tool.canvas._photos is None
    photo.write_bytes(kept)
    window.session.set_threshold(0.35)
    qtbot.waitUntil(lambda: tool.photos is not None)


@pytest.fixture
def levels(qtbot: QtBot) -> PhotoCanvas:
    """A photo of half the crop's pixels in red, its half in green, its quarter in blue; one cell white."""
    pixels = []
    for channel, side in enumerate((224, 112, 56)):
        level = np.zeros((side, side, 3), np.uint8)
        level[..., channel] = 200
        level[2 * side // 7 : 3 * side // 7, 4 * side // 7 : 5 * side // 7] = 255
        pixels.append(level)
    made = PhotoCanvas()
    qtbot.addWidget(made)
    made.resize(802, 400)
    made.grid = False
    transform = np.array([[0.5, 0, -0.25], [0, 0.5, -0.25]])
    made.show_photos((FullPhoto(tuple(pixels), transform),) * 2)
    return made


@pytest.mark.parametrize(
    ("zoom", "ground"), [(1.05, 0), (1.0, 1), (0.55, 1), (0.5, 2), (0.3, 2), (3.0, 0)]
)
def test_a_photo_drawn_small_is_its_smaller_copy_in_the_same_place(
    levels: PhotoCanvas, zoom: float, ground: int
) -> None:
    """The smallest copy whose pixels are no larger than the screen's."""
    levels.zoom = zoom
    wanted = tuple(200 if channel == ground else 0 for channel in range(3))
    for right in (False, True):
        assert colour(levels, centre_of(levels, 5, 1, right)) == wanted
        assert colour(levels, centre_of(levels, 2, 4, right)) == (255, 255, 255)
        for row, column in ((1, 4), (3, 4), (2, 3), (2, 5)):
            assert colour(levels, centre_of(levels, row, column, right)) == wanted


def test_pixels_are_seen_as_squares_from_four_times_their_size_on(levels: PhotoCanvas) -> None:
    for zoom, mixed in ((7.9, True), (8.0, False), (20.0, False)):
        levels.fit()
        levels.zoom, levels.centre = zoom, QPointF(64, 40)  # the left edge of the white cell
        image = levels.grab().toImage()
        greens = {image.pixelColor(x, 200).green() for x in range(150, 250)}
        assert {0, 255} <= greens and (len(greens) > 2) == mixed, zoom


def test_nothing_is_painted_of_no_photos(levels: PhotoCanvas) -> None:
    levels.set_overlay(np.full((7, 7, 4), 255, np.uint8))
    levels.grid = True
    levels.set_cell((3, 3))
    levels.show_photos(None)
    image = levels.grab().toImage()
    ground = levels.palette().color(levels.palette().ColorRole.Dark)
    assert {image.pixelColor(x, 200).rgb() for x in range(0, 800, 7)} == {ground.rgb()}


def test_the_grid_has_eight_lines_each_way_within_the_face(levels: PhotoCanvas) -> None:
    levels.grid, levels.zoom = True, 3.0
    part = levels._parts()[0]
    corner = levels._to_screen(part).map(QPointF(-0.5, -0.5))
    image = levels.grab().toImage()
    ground = image.pixelColor(2, 2)

    def lines(down: bool) -> list[int]:
        """Places, in pixels from the face's corner, that are neither the photo nor beside it."""
        middle = 8 * 3  # of the first cell
        found = []
        for k in range(-20, 7 * 48 + 20):
            x, y = (
                (corner.x() + middle, corner.y() + k)
                if down
                else (corner.x() + k, corner.y() + middle)
            )
            there = image.pixelColor(round(x), round(y))
            if there.green() > 40 and there != ground:
                found.append(k)
        return found

    for down in (False, True):
        places = lines(down)
        cells = sorted({round(k / 48) for k in places})
        assert cells == list(range(8)) and all(abs(k - 48 * round(k / 48)) <= 1 for k in places)


def test_space_held_hides_and_its_repeats_do_not_flicker(levels: PhotoCanvas) -> None:
    def key(kind: QKeyEvent.Type, code: Key, repeated: bool) -> QKeyEvent:
        return QKeyEvent(kind, code, Modifier.NoModifier, " ", repeated)

    levels.keyPressEvent(key(QKeyEvent.Type.KeyPress, Key.Key_Space, False))
    levels.keyReleaseEvent(key(QKeyEvent.Type.KeyRelease, Key.Key_Space, True))
    assert levels.plain
    levels.keyReleaseEvent(key(QKeyEvent.Type.KeyRelease, Key.Key_G, False))
    assert levels.plain
    levels.keyReleaseEvent(key(QKeyEvent.Type.KeyRelease, Key.Key_Space, False))
    assert not levels.plain


def test_the_right_button_drags_nothing(levels: PhotoCanvas) -> None:
    before = levels.centre
    QTest.mousePress(levels, Qt.MouseButton.RightButton, pos=QPoint(100, 100))
    QTest.mouseMove(levels, QPoint(150, 120))
    QTest.mouseRelease(levels, Qt.MouseButton.RightButton, pos=QPoint(150, 120))
    assert levels.centre == before
