"""The map of faces under the mouse: lassos, moves, clicks; and what its side and its buttons say."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import shutil
from pathlib import Path
from threading import Event

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QGraphicsPixmapItem, QLabel
from pytestqt.qtbot import QtBot

from tests.gui.mouse import drag
from tests.gui.resting import score_probes, settled, tool_rests
from tests.gui.tools.test_face_map import opened
from tests.living import list_with_stranger
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.face_map import window as window_of_map
from xcos_gui.tools.face_map.plot import MapPlot
from xcos_gui.tools.face_map.window import _hard_words
from xcos_gui.widgets.tags import TagsLine

POINTS = np.array([[0.0, 0.0], [1.0, 0.0], [4.0, 3.0], [5.0, 1.0]])
CHANGED = "The gallery has changed since; wait until it is laid out anew."


@pytest.fixture
def plot(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> MapPlot:
    """Four points, two of them near each other in the lower left; each face is a red square."""
    monkeypatch.setitem(pg.CONFIG_OPTIONS, "mouseRateLimit", -1)  # no move is left out

    def red(_: int) -> QPixmap:
        made = QPixmap(88, 88)
        made.fill(QColor("red"))
        return made

    made = MapPlot(red)
    qtbot.addWidget(made)
    made.resize(600, 400)
    made.show()
    made.show_points(POINTS)
    made.grab()
    return made


def pixel(plot: MapPlot, x: float, y: float) -> QPoint:
    return plot.mapFromScene(plot.plotItem.vb.mapViewToScene(QPointF(x, y)))


def thumbnails(plot: MapPlot) -> set[tuple[float, float]]:
    """Where in the map thumbnails hang."""
    items = [item for item in plot.scene().items() if isinstance(item, QGraphicsPixmapItem)]
    return {(item.pos().x(), item.pos().y()) for item in items}


def test_a_drag_draws_a_lasso_and_selects_what_is_inside(plot: MapPlot) -> None:
    found: list[list[int]] = []
    drawn: list[np.ndarray] = []
    plot.lassoed.connect(lambda places: found.append(places.tolist()))
    plot.plotItem.vb.drawing.connect(lambda corners: drawn.append(corners.copy()))
    corners = [(-0.1, -0.3), (1.5, -0.3), (1.5, 0.6), (-0.1, 0.6)]
    around = [*corners, corners[0]]
    drag(plot.viewport(), [pixel(plot, *corner) for corner in around])
    assert found == [[0, 1]]
    size = plot.plotItem.vb.viewPixelSize()[0]
    # A corner a move, and one where it was let go; then the line is gone.
    assert [len(line) for line in drawn] == [1, 2, 3, 4, 5, 0]
    np.testing.assert_allclose(drawn[4], [*around[1:], around[-1]], atol=1.5 * size)
    line = plot._line.getData()
    assert line[0] is None or not len(line[0])
    # Another lasso forgets the first one's corners; of two corners there is none.
    right = [(3.5, 0.5), (5.3, 0.5), (5.3, 3.1), (3.5, 3.1)]
    drag(plot.viewport(), [pixel(plot, *corner) for corner in [*right, right[0]]])
    assert found == [[0, 1], [2, 3]]
    drag(plot.viewport(), [pixel(plot, *corner) for corner in right[:2]])
    assert len(found) == 2
    drag(plot.viewport(), [pixel(plot, *corner) for corner in ((2, -0.3), (2.5, 1), (3, 2))])
    assert len(found) == 3


@pytest.mark.parametrize(
    ("button", "keys"),
    [
        (Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier),
        (Qt.MouseButton.MiddleButton, Qt.KeyboardModifier.NoModifier),
        (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier),
    ],
)
def test_a_drag_with_another_button_or_ctrl_moves_the_map(
    plot: MapPlot, button: Qt.MouseButton, keys: Qt.KeyboardModifier
) -> None:
    found: list[object] = []
    plot.lassoed.connect(found.append)
    box = plot.plotItem.vb
    (left, right), (low, high) = box.viewRange()
    wide, tall = box.viewPixelSize()
    start = QPoint(200, 150)
    drag(plot.viewport(), [start, start + QPoint(30, 20), start + QPoint(90, 35)], button, keys)
    moved = np.array(box.viewRange())
    # The point under the mouse stays there: what is right of it and below comes into sight last.
    wanted = [
        [left - 90 * wide, right - 90 * wide],
        [low + 35 * tall, high + 35 * tall],
    ]
    np.testing.assert_allclose(moved, wanted, atol=0.01 * wide)
    assert not found and not len(plot.picked)


def test_a_click_looks_at_the_nearest_face(plot: MapPlot) -> None:
    chosen: list[int] = []
    plot.chosen.connect(chosen.append)
    left = Qt.MouseButton.LeftButton
    QTest.mouseClick(plot.viewport(), left, pos=pixel(plot, 2.2, 1.8))  # far from all
    assert not chosen
    for place in (3, 0, 2):
        QTest.mouseClick(plot.viewport(), left, pos=pixel(plot, *POINTS[place]) + QPoint(6, -5))
    assert chosen == [3, 0, 2]


def test_thumbnails_go_with_their_points(plot: MapPlot) -> None:
    plot.show_pictures()
    assert thumbnails(plot) == {tuple(point) for point in POINTS.tolist()}
    plot.plotItem.vb.setRange(QRectF(-0.5, -0.5, 2, 1.5), padding=0)
    plot.show_pictures()
    assert thumbnails(plot) == {(0, 0), (1, 0)} and plot.pictured == {0, 1}
    plot.show_points(POINTS[2:])
    assert not thumbnails(plot) and not plot.pictured
    plot.show_pictures()
    assert thumbnails(plot) == {(4, 3), (5, 1)}


def margins(window: MainWindow) -> list[float]:
    """How far each face's worst pair is on the wrong side, counted pair by pair."""
    session = window.session
    assert session.matrix is not None and session.loaded is not None
    people = [face.identity for face in session.loaded.gallery.faces]
    worst = []
    for k, name in enumerate(people):
        known = []
        for other, their in enumerate(people):
            score = float(session.matrix.scores[k, other])
            if other != k and name is not None and their is not None:
                gap = session.threshold - score
                known.append(gap if name == their else -gap)
        worst.append(max(known, default=np.nan))
    return worst


def test_a_face_s_worst_pair_is_told_and_follows_the_threshold(
    window: MainWindow, qtbot: QtBot
) -> None:
    tool, session = opened(window, qtbot), window.session
    tool.colour.setCurrentIndex(tool.colour.findData("hardness"))
    points = tool.plot.points
    assert session.matrix is not None
    rows, columns = np.triu_indices(6, 1)
    middle = float(np.sort(session.matrix.scores[rows, columns])[6:8].mean())  # of 15
    told: set[bool] = set()
    tool.look_at(4)
    for threshold in (middle, 2.0):
        before = tool.found
        session.set_threshold(threshold)
        qtbot.waitUntil(lambda old=before: tool.found is not old and tool_rests(tool))  # type: ignore[misc]
        wanted = margins(window)
        # The face looked at stays so, and the points stay where they are.
        assert tool.plot.points is points and tool.name.text() == "bob\nbob/2.png"
        for place in (4, 0, 1, 2, 3, 5, 4):
            tool.look_at(place)
            hard = wanted[place]
            told.add(hard > 0)
            at_it = abs(hard) < 0.0005
            assert tool.hard.text() == (
                "Its worst pair lies at the threshold."
                if at_it
                else f"Its worst pair is wrong by {hard:.3f}."
                if hard > 0
                else f"All its pairs are right, the nearest by {-hard:.3f}."
            )
        red = tool.plot._colours[:, 0].astype(int) - tool.plot._colours[:, 2]
        np.testing.assert_array_equal(np.sign(red), np.sign(wanted))
    assert told == {True, False}
    tool.close()


def test_of_an_unknown_face_no_pair_is_right_or_wrong(
    empty: MainWindow, qtbot: QtBot, crops: Path, tmp_path: Path
) -> None:
    empty.session.open_gallery(list_with_stranger(crops))
    settled(empty, qtbot)
    tool, session = opened(empty, qtbot), empty.session
    pair = session.pair
    tool.look_at(3)
    assert tool.name.text() == "unknown\nstranger.png"
    assert tool.hard.text() == "Its identity is not known."
    tool.pair.click()
    assert "no known identity" in tool.note.text() and session.pair == pair
    tool.look_at(2)
    tool.pair.click()  # of two pairs with ann, that of the higher score
    assert session.matrix is not None
    assert session.pair == (int(session.matrix.scores[:2, 2].argmax()), 2)
    tool.colour.setCurrentIndex(tool.colour.findData("hardness"))
    tool.colour.activated.emit(0)
    assert tool.plot._colours[3].tolist() == [128, 128, 128, 220]
    assert (tool.plot._colours[:3, :3] != 128).any(axis=1).all()
    tool.close()


def test_what_is_selected_is_tagged_and_set_aside(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool, session = opened(window, qtbot), window.session
    assert session.project is not None
    tool.select(np.array([1, 4]))
    asked: list[str] = []

    def answer(dialog: QDialog) -> int:
        asked.extend(label.text() for label in dialog.findChildren(QLabel))
        line = dialog.findChild(TagsLine)
        assert line is not None
        line.setText("odd")
        return 1

    monkeypatch.setattr(QDialog, "exec", answer)
    tool.tag.click()
    assert asked == ["Tags of these 2 faces, with commas between them:"]
    assert session.project.edits.faces_tagged("odd") == {"ann/2.png", "bob/2.png"}
    assert tool.colour.findText("Tag: odd") == tool.colour.count() - 1
    tool.colour.setCurrentIndex(tool.colour.count() - 1)
    tool.colour.activated.emit(0)
    blue = tool.plot._colours[:, 2].astype(int) - tool.plot._colours[:, 0] > 60
    assert blue.tolist() == [False, True, False, False, True, False]
    assert tool.words.text().endswith("Blue: tagged odd; grey: not.")
    tool.select(np.array([0, 5]))
    tool.aside.click()
    qtbot.waitUntil(lambda: session.loaded is not None and len(session.loaded) == 4)
    settled(window, qtbot)
    assert session.project.edits.aside == ("ann/1.png", "cem/1.png")
    qtbot.waitUntil(lambda: len(tool.plot.points) == 4 and tool_rests(tool))
    assert [face.key for face in tool._faces] == ["ann/2.png", "ann/3.png", "bob/1.png", "bob/2.png"]  # fmt: skip
    tool.close()


def test_pairs_of_a_former_gallery_are_not_looked_at(
    window: MainWindow, qtbot: QtBot, probes: Path
) -> None:
    tool, session = opened(window, qtbot), window.session
    tool.look_at(3)
    tool.select(np.array([0, 3, 4]))
    said: list[str] = []

    def click() -> None:
        for button in (tool.pair, tool.list):
            tool.tell("")
            button.click()
            said.append(tool.note.text())

    session.matrix_changed.connect(click)
    pair, listed = session.pair, window.pairs.choice.currentText()
    session.set_kind("uniform")
    qtbot.waitUntil(lambda: len(said) >= 2)
    session.matrix_changed.disconnect(click)
    assert set(said) == {CHANGED}
    assert session.pair == pair and window.pairs.choice.currentText() == listed
    score_probes(window, qtbot, probes)
    qtbot.waitUntil(lambda: tool.current and tool_rests(tool), timeout=20_000)
    tool.select(np.array([0, 3, 4]))
    tool.list.click()
    assert (
        tool.note.text() == "With probes there are no pairs within the gallery; remove the probes."
    )
    assert window.pairs.choice.currentText() == listed
    tool.close()


def test_faces_of_a_former_gallery_are_not_set_aside_in_the_open_one(
    window: MainWindow, qtbot: QtBot, crops: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool, session = opened(window, qtbot), window.session
    qtbot.waitUntil(lambda: tool_rests(tool))
    tool.select(np.array([0, 3, 4]))
    lay, may = window_of_map.face_map, Event()
    monkeypatch.setattr(window_of_map, "face_map", lambda *a: may.wait(10) and lay(*a))
    monkeypatch.setattr(QDialog, "exec", lambda _: pytest.fail("asked for tags"))
    said: list[str] = []

    def click() -> None:
        for button in (tool.tag, tool.aside):
            tool.tell("")
            button.click()
            said.append(tool.note.text())

    session.gallery_changed.connect(click)
    session.open_gallery(shutil.copytree(crops, tmp_path / "again"))
    settled(window, qtbot)
    qtbot.waitUntil(lambda: tool.job.running)  # the points are of the former gallery yet
    listed = window.pairs.choice.currentText()
    click()
    tool.list.click()
    assert tool.note.text() == CHANGED and window.pairs.choice.currentText() == listed
    assert len(said) >= 4 and set(said) == {CHANGED}
    may.set()
    qtbot.waitUntil(lambda: tool.current and tool_rests(tool))
    assert session.project is not None and not session.project.edits.aside
    tool.close()


def test_points_stand_out_in_either_theme(window: MainWindow, qtbot: QtBot) -> None:
    tool = opened(window, qtbot)
    try:
        for theme, lightness in (("dark", 150), ("light", 110), ("dark", 150)):
            window.set_theme(theme)
            QApplication.processEvents()
            shown = [QColor(*colour) for colour in tool.plot._colours.tolist()]
            assert all(abs(colour.lightness() - lightness) <= 2 for colour in shown), theme
    finally:
        window.set_theme("system")
    tool.close()


@pytest.mark.parametrize(
    ("hard", "words"),
    [
        (0.0, "Its worst pair lies at the threshold."),
        (-4e-4, "Its worst pair lies at the threshold."),
        (4e-4, "Its worst pair lies at the threshold."),
        (0.001, "Its worst pair is wrong by 0.001."),
        (-0.001, "All its pairs are right, the nearest by 0.001."),
        (float("nan"), "Its identity is not known."),
    ],
)
def test_a_pair_at_the_threshold_is_called_neither_right_nor_wrong(hard: float, words: str) -> None:
    assert _hard_words(hard) == words


def test_the_same_points_shown_again_have_their_thumbnails(plot: MapPlot, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: len(plot.pictured) == 4)
    plot.show_points(POINTS)
    qtbot.waitUntil(lambda: len(plot.pictured) == 4)


def test_the_map_has_the_keys_as_soon_as_it_is_there(window: MainWindow, qtbot: QtBot) -> None:
    shown = opened(window, qtbot)
    assert shown.focusWidget() is shown.plot
    box = shown.plot.plotItem.vb
    whole = box.viewRect().width()
    box.scaleBy((0.5, 0.5))
    QTest.keyClick(shown.focusWidget(), Qt.Key.Key_0)
    assert box.viewRect().width() == pytest.approx(whole)
