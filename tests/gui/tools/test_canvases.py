"""What keys, wheel and mouse do on the canvases of the tools, each alone: to the pixel."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from core.faces.align import TEMPLATE
from core.faces.face import Detection
from core.faces.full_photo import FullPhoto
from xcos_gui.tools.alignment import AlignmentDialog, PhotoView
from xcos_gui.tools.face_map.plot import MapPlot, coloured, inside
from xcos_gui.tools.photos.canvas import PhotoCanvas

Key = Qt.Key
MARK, OTHER = (255, 0, 200), (255, 208, 0)


def at(widget: QWidget, x: float, y: float) -> tuple[int, int, int]:
    found = widget.grab().toImage().pixelColor(round(x), round(y))
    return found.red(), found.green(), found.blue()


def mouse(widget: QWidget, kind: QEvent.Type, x: float, y: float) -> None:
    left = Qt.MouseButton.LeftButton
    event = QMouseEvent(kind, QPointF(x, y), left, left, Qt.KeyboardModifier.NoModifier)
    {
        QEvent.Type.MouseButtonPress: widget.mousePressEvent,
        QEvent.Type.MouseMove: widget.mouseMoveEvent,
        QEvent.Type.MouseButtonRelease: widget.mouseReleaseEvent,
    }[kind](event)


PRESS, MOVE, RELEASE = (
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseMove,
    QEvent.Type.MouseButtonRelease,
)


def photo(red: int, blue: int) -> FullPhoto:
    pixels = np.zeros((224, 224, 3), np.uint8)
    pixels[..., 0], pixels[..., 2] = red, blue
    return FullPhoto((pixels,), np.array([[0.5, 0, 0], [0, 0.5, 0]], float))


@pytest.fixture
def canvas(qtbot: QtBot) -> PhotoCanvas:
    made = PhotoCanvas()
    qtbot.addWidget(made)
    made.resize(802, 300)
    made.show_photos((photo(200, 0), photo(0, 200)))
    return made


def test_the_canvas_shows_all_of_the_faces_at_first(canvas: PhotoCanvas) -> None:
    """In each half of 400x300 pixels 1.9 times the crop's 112 pixels, as high as the half is."""
    scale = 300 / (112 * 1.9)
    assert canvas.scale == pytest.approx(scale)
    for middle in (200, 602):
        point = canvas.to_crop(QPointF(middle, 150))
        assert (point.x(), point.y()) == pytest.approx((55.5, 55.5))
        beside = canvas.to_crop(QPointF(middle + 10 * scale, 150 - 5 * scale))
        assert (beside.x(), beside.y()) == pytest.approx((65.5, 50.5))
    assert canvas.cell_at(QPointF(200, 150)) == (3, 3)
    # The crop's first pixel begins half a pixel before its centre, and its last one ends at 111.5.
    left, top = 200 - 56 * scale, 150 - 56 * scale
    assert canvas.cell_at(QPointF(left + 0.3, top + 0.3)) == (0, 0)
    assert canvas.cell_at(QPointF(left - 0.3, top + 0.3)) is None
    assert canvas.cell_at(QPointF(left + 111.9 * scale, top + 33 * scale)) == (2, 6)
    assert canvas.cell_at(QPointF(left + 112.3 * scale, top + 33 * scale)) is None


def test_keys_move_and_zoom_both_photos(canvas: PhotoCanvas, qtbot: QtBot) -> None:
    scale = canvas.scale
    for key, moved in (
        (Key.Key_Left, (24, 0)), (Key.Key_Right, (-24, 0)), (Key.Key_Up, (0, 24)), (Key.Key_Down, (0, -24))
    ):  # fmt: skip
        canvas.fit()
        qtbot.keyClick(canvas, key)
        centre = canvas.centre
        wanted = (55.5 - moved[0] / scale, 55.5 - moved[1] / scale)
        assert (centre.x(), centre.y()) == pytest.approx(wanted), key
    for key, factor in ((Key.Key_Plus, 1.25), (Key.Key_Equal, 1.25), (Key.Key_Minus, 0.8)):
        canvas.fit()
        qtbot.keyClick(canvas, key)
        assert canvas.zoom == pytest.approx(scale * factor), key
        assert (canvas.centre.x(), canvas.centre.y()) == pytest.approx((55.5, 55.5))
    for _ in range(40):
        qtbot.keyClick(canvas, Key.Key_Plus)
    assert canvas.scale == 60
    for _ in range(60):
        qtbot.keyClick(canvas, Key.Key_Minus)
    assert canvas.scale == 0.2
    canvas.mouseDoubleClickEvent(None)  # type: ignore[arg-type]
    assert canvas.scale == pytest.approx(scale)


def test_the_wheel_zooms_about_the_mouse(canvas: PhotoCanvas) -> None:
    place, scale = QPointF(300, 100), canvas.scale
    before = canvas.to_crop(place)
    for turned in (120, -240):
        canvas.wheelEvent(
            QWheelEvent(
                place, place, QPoint(0, 0), QPoint(0, turned), Qt.MouseButton.NoButton,
                Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
            )
        )  # fmt: skip
        scale *= 1.0015**turned
        assert canvas.scale == pytest.approx(scale)
        after = canvas.to_crop(place)
        assert (after.x(), after.y()) == pytest.approx((before.x(), before.y()))


def test_dragging_moves_the_photos_or_the_wipe_s_line(canvas: PhotoCanvas, qtbot: QtBot) -> None:
    cells: list[object] = []
    canvas.cell_changed.connect(cells.append)
    scale = canvas.scale
    mouse(canvas, PRESS, 100, 100)
    mouse(canvas, MOVE, 130, 90)
    mouse(canvas, MOVE, 140, 90)
    assert (canvas.centre.x(), canvas.centre.y()) == pytest.approx((55.5 - 40 / scale, 55.5 + 10 / scale))  # fmt: skip
    mouse(canvas, RELEASE, 140, 90)
    canvas.fit()
    assert cells == []
    mouse(canvas, MOVE, 200, 150)
    assert cells == [(3, 3)]  # no longer held
    canvas.set_mode("wipe")
    mouse(canvas, PRESS, 401 + 7.5, 50)
    mouse(canvas, MOVE, 0.25 * 802, 50)
    assert canvas.wipe == pytest.approx(0.25)
    for x, wipe in ((-40, 0), (900, 1)):
        mouse(canvas, MOVE, x, 50)
        assert canvas.wipe == wipe
    mouse(canvas, RELEASE, 900, 50)
    mouse(canvas, PRESS, 802 - 8.5, 50)  # beside the line: the photos
    mouse(canvas, MOVE, 700, 50)
    assert canvas.wipe == 1
    mouse(canvas, RELEASE, 700, 50)
    canvas.wipe = 0.5
    for key, wipe in ((Key.Key_Left, 0.48), (Key.Key_Right, 0.5), (Key.Key_Right, 0.52)):
        qtbot.keyClick(canvas, key, Qt.KeyboardModifier.ShiftModifier)
        assert canvas.wipe == pytest.approx(wipe)
    for end, key in ((0.0, Key.Key_Left), (1.0, Key.Key_Right)):
        canvas.wipe = end
        qtbot.keyClick(canvas, key, Qt.KeyboardModifier.ShiftModifier)
        assert canvas.wipe == end
    canvas.set_mode("side")
    before = canvas.centre.x()
    qtbot.keyClick(canvas, Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)  # no line: as without
    assert canvas.centre.x() < before


def test_blinking_begins_with_the_left_photo_and_ends_with_its_mode(canvas: PhotoCanvas) -> None:
    assert not canvas._blinking.isActive() and canvas._blinking.interval() == 500
    canvas.set_mode("blink")
    assert canvas.first and canvas._blinking.isActive() and not canvas._blinking.isSingleShot()
    canvas.blink()
    assert not canvas.first
    canvas.set_mode("wipe")
    assert canvas.first and not canvas._blinking.isActive()


def test_the_marked_cell_is_framed_in_both_photos(canvas: PhotoCanvas) -> None:
    canvas.grid = False
    scale = canvas.scale
    canvas.set_cell((2, 5))
    for middle, ground in ((200, (200, 0, 0)), (602, (0, 0, 200))):
        left, top = middle - 56 * scale + 5 * 16 * scale, 150 - 56 * scale + 2 * 16 * scale
        assert at(canvas, left + 8 * scale, top) == MARK
        assert at(canvas, left, top + 8 * scale) == MARK
        assert at(canvas, left + 16 * scale, top + 8 * scale) == MARK
        assert at(canvas, left + 8 * scale, top + 8 * scale) == ground
    canvas.grid = True
    canvas.set_cell(None)
    image = canvas.grab().toImage()
    line = 200 - 56 * scale + 3 * 16 * scale  # between the third and the fourth column
    row = [image.pixelColor(x, 150).green() for x in range(round(line) - 4, round(line) + 5)]
    assert 1 <= sum(green > 0 for green in row) <= 2 and max(row[3:6]) > 0


# Alignment.

FACES = (
    Detection((20.0, 10.0, 80.0, 90.0), np.array([[30, 40], [60, 42], [45, 55], [34, 70], [58, 71]], np.float32), 0.9),
    Detection((110.0, 30.0, 170.0, 95.0), np.array([[120, 50], [150, 52], [135, 65], [124, 80], [148, 81]], np.float32), 0.8),
)  # fmt: skip


@pytest.fixture
def view(qtbot: QtBot) -> PhotoView:
    """A photo of 200x100 pixels, at three times its size, 60 pixels from the upper edge."""
    made = PhotoView(np.full((100, 200, 3), 90, np.uint8), FACES)
    qtbot.addWidget(made)
    made.resize(600, 420)
    made.landmarks, made.chosen = FACES[0].landmarks.astype(float), 0
    return made


def test_landmarks_are_moved_by_keys_a_pixel_of_the_screen(view: PhotoView, qtbot: QtBot) -> None:
    told: list[None] = []
    view.moved.connect(lambda: told.append(None))
    start = view.landmarks.copy()
    for key, way in (
        (Key.Key_Left, (-1, 0)), (Key.Key_Right, (1, 0)), (Key.Key_Up, (0, -1)), (Key.Key_Down, (0, 1))
    ):  # fmt: skip
        view.landmarks = start.copy()
        qtbot.keyClick(view, key)
        np.testing.assert_allclose(view.landmarks[0], start[0] + np.array(way) / 3)
        np.testing.assert_array_equal(view.landmarks[1:], start[1:])
    assert len(told) == 4
    view.landmarks = start.copy()
    for place in (1, 2, 3, 4, 0, 1):
        qtbot.keyClick(view, Key.Key_Space)
        qtbot.keyClick(view, Key.Key_Down)
        assert view.landmarks[place][1] > start[place][1], place
    view._move(2, 900, -3)
    np.testing.assert_array_equal(view.landmarks[2], (200, 0))
    view._move(2, -900, 300)
    np.testing.assert_array_equal(view.landmarks[2], (0, 100))


def test_landmarks_are_dragged_and_other_faces_clicked(view: PhotoView) -> None:
    picked: list[int] = []
    view.picked.connect(picked.append)
    mouse(view, PRESS, 3 * 60 + 8, 60 + 3 * 42 - 5)  # 13 pixels from the second landmark
    mouse(view, MOVE, 3 * 66, 60 + 3 * 50)
    mouse(view, RELEASE, 0, 0)
    mouse(view, MOVE, 0, 0)
    np.testing.assert_allclose(view.landmarks[1], (66, 50))
    mouse(view, PRESS, 3 * 30 - 9, 60 + 3 * 40 - 6)  # 15 from the first
    mouse(view, MOVE, 10, 10)
    np.testing.assert_allclose(view.landmarks[0], (30, 40))
    assert picked == []  # within the face that is taken already
    for x, y in ((112, 32), (168, 93)):
        mouse(view, PRESS, 3 * x, 60 + 3 * y)
    assert picked == [1, 1]
    for x, y in ((108, 60), (172, 60), (140, 28), (140, 97)):
        mouse(view, PRESS, 3 * x, 60 + 3 * y)
    assert picked == [1, 1]


def test_boxes_and_landmarks_are_painted_where_they_are(view: PhotoView) -> None:
    assert at(view, 3 * 20, 60 + 3 * 50) == MARK and at(view, 3 * 50, 60 + 3 * 10) == MARK
    assert at(view, 3 * 170, 60 + 3 * 50) == OTHER and at(view, 3 * 140, 60 + 3 * 95) == OTHER
    assert at(view, 3 * 100, 60 + 3 * 50) == (90, 90, 90)
    assert at(view, 300, 20) == at(view, 300, 400) != (90, 90, 90)
    assert at(view, 3 * 30, 60 + 3 * 40) == (255, 255, 255)  # the landmark that keys move
    for x, y in FACES[0].landmarks[1:]:
        assert at(view, 3 * x, 60 + 3 * y) == MARK


def test_the_dialog_answers_what_was_done(qtbot: QtBot) -> None:
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 255, (100, 200, 3), np.uint8)

    def made(detections: tuple[Detection, ...] = FACES, chosen: int = 0, landmarks: np.ndarray | None = None) -> AlignmentDialog:  # fmt: skip
        dialog = AlignmentDialog("a.png", photo, detections, chosen, landmarks)
        qtbot.addWidget(dialog)
        return dialog

    dialog = made()
    np.testing.assert_allclose(dialog.view.landmarks, FACES[0].landmarks)
    dialog._accept()
    assert dialog.choice is None
    dialog = made(chosen=1)
    np.testing.assert_allclose(dialog.view.landmarks, FACES[1].landmarks)
    dialog = made()
    dialog.view.picked.emit(1)
    dialog._accept()
    assert dialog.choice == ("pick", 1) and dialog.view.chosen == 1
    np.testing.assert_allclose(dialog.view.landmarks, FACES[1].landmarks)
    own = FACES[0].landmarks.astype(float) + 3
    dialog = made(landmarks=own)
    np.testing.assert_allclose(dialog.view.landmarks, own)
    dialog._reset()
    np.testing.assert_allclose(dialog.view.landmarks, FACES[0].landmarks)
    dialog._accept()
    assert dialog.choice == ("reset", None)
    dialog = made()
    dialog.view._move(4, 59, 73)
    dialog._accept()
    assert dialog.choice is not None and dialog.choice[0] == "landmarks"
    np.testing.assert_allclose(dialog.choice[1][4], (59, 73))  # type: ignore[index]
    assert dialog.picked is None
    another = made()
    another.view.picked.emit(1)
    another.view._move(4, 150, 73)  # the other face, with its landmarks corrected
    another._accept()
    assert another.choice is not None and another.choice[0] == "landmarks" and another.picked == 1
    dialog.view._move(0, 60, 42)
    for place in range(5):
        dialog.view._move(place, 60, 42)  # five landmarks in one place align nothing
    assert dialog._note.text() and not dialog._ok.isEnabled()
    # Without a face that was found, the mean face in the middle, six tenths as large as the photo.
    dialog = made(())
    wanted = (TEMPLATE - 56) * 0.6 * 100 / 112 + (100, 50)
    np.testing.assert_allclose(dialog.view.landmarks, wanted)


# The map of faces.

POINTS = np.array([[0.0, 0.0], [4.0, 1.0], [2.0, 3.0], [6.0, 2.0]])


@pytest.fixture
def plot(qtbot: QtBot) -> MapPlot:
    made = MapPlot(lambda _: None)
    qtbot.addWidget(made)
    made.resize(500, 400)
    made.show()
    made.show_points(POINTS)
    made.grab()
    return made


def test_a_point_is_chosen_by_a_click_near_it(plot: MapPlot) -> None:
    for place, (x, y) in enumerate(POINTS):
        scene = plot._box.mapViewToScene(QPointF(x, y))
        assert plot.nearest(scene + QPointF(12, 12)) == place
        assert plot.nearest(scene + QPointF(14, 14)) is None


def test_keys_of_the_map_zoom_and_show_all(plot: MapPlot, qtbot: QtBot) -> None:
    (left, right), (low, high) = plot._box.viewRange()
    assert left < 0 and right > 6 and low < 0 and high > 3  # all points, and some room
    for key, factor in ((Key.Key_Plus, 0.8), (Key.Key_Equal, 0.8), (Key.Key_Minus, 1.25)):
        before = plot._box.viewRect()
        qtbot.keyClick(plot, key)
        after = plot._box.viewRect()
        assert after.width() == pytest.approx(before.width() * factor, rel=1e-6), key
        assert after.center().x() == pytest.approx(before.center().x())
    plot._box.setRange(xRange=(10, 11), yRange=(10, 11), padding=0)
    qtbot.keyClick(plot, Key.Key_0)
    assert plot._box.viewRange() == [pytest.approx([left, right]), pytest.approx([low, high])]


def test_what_is_picked_and_marked_is_ringed(plot: MapPlot) -> None:
    plot.pick(np.array([2, 0]))
    np.testing.assert_array_equal(np.transpose(plot._rings.getData()), POINTS[[2, 0]])
    plot.mark(3)
    np.testing.assert_array_equal(np.transpose(plot._one.getData()), POINTS[[3]])
    plot.mark(None)
    assert not len(plot._one.getData()[0])
    plot.colour(
        np.array([[1, 2, 3, 255], [4, 5, 6, 255], [1, 2, 3, 255], [7, 8, 9, 100]], np.uint8)
    )
    shown = [brush.color().getRgb() for brush in plot._dots.data["brush"]]
    assert shown == [(1, 2, 3, 255), (4, 5, 6, 255), (1, 2, 3, 255), (7, 8, 9, 100)]


def test_a_lasso_holds_what_lies_within_it() -> None:
    corners = np.array([[1.0, -1.0], [5.0, -1.0], [5.0, 2.0], [1.0, 4.0]])
    # The slanted edge runs at height 3.5 over x = 2, and at 2.5 over x = 4.
    points = np.array(
        [[0, 0], [4, 1], [2, 3], [6, 2], [2, 3.6], [4, 2.4], [4, 2.6], [3, -0.9]], float
    )
    assert inside(points, corners).tolist() == [1, 2, 5, 7]
    notched = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [2.0, 1.0], [0.0, 4.0]])
    assert inside(np.array([[2.0, 2.0], [0.5, 2.0], [3.5, 2.0], [2.0, 0.5]]), notched).tolist() == [1, 2, 3]  # fmt: skip


def test_hues_of_points() -> None:
    values = np.array([0.0, np.nan, 0.5, 0.999])
    light, dark = (coloured(values, dark).astype(int) for dark in (False, True))
    assert tuple(light[1]) == tuple(dark[1]) == (128, 128, 128, 220)
    assert light[0][0] > 150 > 60 > light[0][1] == light[0][2]  # red
    assert light[2][0] < 60 and light[2][1] == light[2][2] > 150  # half of the way round: cyan
    assert light[3][0] > 150 and abs(light[3][1] - light[3][2]) <= 6 and (light[:, 3] == 220).all()
    assert (dark[[0, 2, 3], :3].sum(axis=1) > light[[0, 2, 3], :3].sum(axis=1)).all()
