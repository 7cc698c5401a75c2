"""Beside and above the matrix: which names and bars stand where, and what typed names and keys find."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import sys
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.explain.colours import outcome_colours
from core.explain.matrix_image import Look, MatrixImage
from core.scoring.matrix import ScoreMatrix
from xcos_gui.panels.matrix.axis import Named, Rates, SideAxis, named_blocks
from xcos_gui.panels.matrix.frames import Frames
from xcos_gui.panels.matrix.item import MatrixItem
from xcos_gui.shell.window import MainWindow

BLOCKS = [Named(0, 4, "ann"), Named(4, 5, "bob"), Named(5, 20, "cem")]


def test_runs_of_a_code_are_named_by_their_first() -> None:
    codes = np.array([3, 3, 1, 1, 1, 3])
    assert named_blocks(codes, list("abcdef")) == [
        Named(0, 2, "a"),
        Named(2, 5, "c"),
        Named(5, 6, "f"),
    ]
    assert named_blocks(np.array([7]), ["x"]) == [Named(0, 1, "x")]
    assert named_blocks(np.empty(0, int), []) == []


def test_names_stand_at_the_middle_of_what_is_seen_of_them(qapp: object) -> None:
    axis = SideAxis("left")
    axis.show_blocks(BLOCKS)
    assert [axis.name_of(k).name for k in (0, 3, 4, 5, 19)] == ["ann", "ann", "bob", "cem", "cem"]  # type: ignore[union-attr]
    assert axis.name_of(20) is None and axis.name_of(-1) is None
    height = QFontMetricsF(axis.font()).height()
    assert axis.names_in(0, 20, height) == [(2, "ann"), (4.5, "bob"), (12.5, "cem")]
    assert axis.names_in(3, 8, height) == [(3.5, "ann"), (4.5, "bob"), (6.5, "cem")]
    # Names keep a line's height apart; of those too near the first one stays.
    assert axis.names_in(0, 20, height / 3) == [(2, "ann"), (12.5, "cem")]
    assert axis.names_in(4, 5, height) == [(4.5, "bob")]
    # With room for every item each is named, from the first to the last that is in sight.
    axis.show_blocks(BLOCKS, lambda k: f"item {k}")
    near = 1.2 * height
    assert axis.names_in(2.4, 5.2, near) == [(k + 0.5, f"item {k}") for k in (2, 3, 4, 5)]
    assert axis.names_in(-3, 1, near) == [(0.5, "item 0")]
    assert axis.names_in(18.5, 30, near) == [(18.5, "item 18"), (19.5, "item 19")]
    assert axis.names_in(0, 20, 0.99 * near)[0] == (2, "ann")


def test_bars_are_clicked_where_they_are(qapp: object) -> None:
    axis = SideAxis("left")
    axis.show_blocks(BLOCKS)
    width = axis.width()
    bold = QFont(axis.font())
    bold.setBold(True)  # as the name is that the mouse points at
    longest = max(QFontMetricsF(bold).horizontalAdvance(b.name) for b in BLOCKS)
    assert width == pytest.approx(longest + 8) and axis.bar_area() == 0
    assert axis.rate_at(10, 0.5) is None
    values = np.array([[0.5, np.nan], [0.25, 0.1], [np.nan, 0.0]])
    axis.show_rates(Rates(values))
    # Four pixels beside the matrix, two bars of 18 with two between them, four beside the names.
    assert axis.width() == pytest.approx(width + 44) and axis.bar_area() == 44
    for across, kind in ((4, 0), (22, 0), (24.5, 1), (43, 1)):
        assert axis.rate_at(across, 1.7) == (1, kind), across
    assert axis.rate_at(3.9, 1.7) is None and axis.rate_at(44.1, 1.7) is None
    assert axis.rate_at(10, 2.99) == (2, 0) and axis.rate_at(10, 3) is None
    assert axis.rate_at(10, -0.1) is None
    assert Rates(values).longest() == (0.5, 0.1)
    assert Rates(np.full((2, 2), np.nan)).longest() == (1e-9, 1e-9)
    top = SideAxis("top")
    top.show_blocks([Named(0, 1, "a very long name " * 20)])
    assert top.height() == 92 + 8
    axis.show_blocks([Named(0, 1, "a very long name " * 20)])
    axis.show_rates(None)
    assert axis.width() == 130 + 8


@pytest.fixture
def plot(qtbot: QtBot) -> pg.PlotWidget:
    """A matrix of four rows and six columns, 30 pixels a cell, with both axes."""
    axes = {"left": SideAxis("left"), "top": SideAxis("top")}
    made = pg.PlotWidget(axisItems=axes)
    qtbot.addWidget(made)
    made.hideAxis("bottom")
    made.showAxis("top")
    made.hideButtons()
    view = made.getViewBox()
    view.invertY(True)
    for axis, count in ((axes["left"], 4), (axes["top"], 6)):
        axis.take_palette(QPalette())
        axis.show_blocks([Named(k, k + 1, f"name {k}") for k in range(count)])
    made.resize(600, 500)
    made.show()
    made.item = MatrixItem()
    made.addItem(made.item)
    scores = np.full((4, 6), 0.5, np.float32)
    codes = np.arange(10, dtype=np.int32)
    made.item.show(
        MatrixImage(ScoreMatrix(scores, False, codes[:4], codes[4:], "uniform", "both")), Look(0.3)
    )
    view.setRange(QRectF(0, 0, 6, 4), padding=0)
    made.grab()
    return made


def bars(plot: pg.PlotWidget, side: str, outcome: str) -> tuple[np.ndarray, np.ndarray]:
    """Where an axis has an outcome's colour: how far from the matrix, and along which item."""
    image, axis, view = plot.grab().toImage(), plot.getAxis(side), plot.getViewBox()
    wanted = QColor(*outcome_colours(False)[outcome])
    part = axis.sceneBoundingRect()
    found = []
    for x in range(int(part.left()), int(part.right())):
        for y in range(int(part.top()), int(part.bottom())):
            if image.pixelColor(x, y) == wanted:
                at = view.mapSceneToView(pg.Point(x + 0.5, y + 0.5))
                away = part.right() - x if side == "left" else part.bottom() - y
                found.append((away, at.y() if side == "left" else at.x()))
    places = np.array(found).reshape(-1, 2)
    return places[:, 0], places[:, 1]


@pytest.mark.parametrize("side", ["left", "top"])
def test_bars_are_as_long_as_their_rates(plot: pg.PlotWidget, side: str) -> None:
    count = 4 if side == "left" else 6
    values = np.zeros((count, 2))
    values[1], values[2], values[3] = (0.4, 0.0), (0.2, 0.08), (0.001, np.nan)
    plot.getAxis(side).show_rates(Rates(values))
    plot.grab()
    for outcome, base, lengths in (("FN", 4, {1: 18, 2: 9, 3: 2}), ("FP", 24, {2: 18})):
        away, along = bars(plot, side, outcome)
        items = np.floor(along).astype(int)
        assert set(items) <= {*lengths}, outcome
        for item, length in lengths.items():
            mine = away[items == item]
            assert mine.min() == pytest.approx(base, abs=1.6), (outcome, item)
            assert mine.max() - mine.min() == pytest.approx(length, abs=1.6), (outcome, item)
            assert np.ptp(along[items == item]) > 0.9  # as thick as its row


@pytest.mark.parametrize("side", ["left", "top"])
def test_a_marked_name_takes_the_place_of_the_one_it_would_cover(
    plot: pg.PlotWidget, side: str
) -> None:
    axis, view = plot.getAxis(side), plot.getViewBox()
    plot.setBackground("w")
    axis.show_blocks([Named(0, 20, "WWWW"), Named(20, 40, "MMMM")])
    view.setRange(QRectF(0, 0, 40, 40), padding=0)

    def ink() -> np.ndarray:
        """Of each line of pixels along the axis."""
        plot.grab()  # names get their room at the first paint
        picture, part = plot.grab().toImage(), axis.sceneBoundingRect().toAlignedRect()
        light = [
            [picture.pixelColor(x, y).lightness() for x in range(part.left(), part.right())]
            for y in range(part.top(), part.bottom())
        ]
        across = np.array(light) if side == "left" else np.array(light).T
        return np.abs(across - np.median(across)).sum(axis=1)

    def at(item: float) -> int:
        place = view.mapViewToScene(pg.Point(item, item)) - axis.sceneBoundingRect().topLeft()
        return int(place.y() if side == "left" else place.x())

    before = ink()
    half = int(QFontMetricsF(axis.font()).height() / 2)
    name, other = slice(at(10) - half, at(10) + half), slice(at(30) - half, at(30) + half)
    assert before[name].sum() > 0 and before[other].sum() > 0
    axis.mark(9)  # whose middle is less than a line above the name's
    marked = ink()
    moved = at(10) - at(9.5)
    assert 0 < moved < 2 * half
    assert marked[at(9.5) - half : at(9.5) + half].sum() > before[name].sum() / 2
    assert not marked[at(9.5) + half + 1 : other.start].any()
    np.testing.assert_array_equal(marked[other], before[other])
    axis.mark(None)
    np.testing.assert_array_equal(ink(), before)


def test_frames_lie_around_their_cell(plot: pg.PlotWidget) -> None:
    frames = Frames(plot, plot.item)
    frames.show_labels(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 2, 2, 3]))
    frames.renew((2, 5))
    pixel = 1 / plot.item.pixels()
    for line, outside in zip(frames._marker, (2.5, 1.5), strict=True):
        x, y = line.getData()
        assert (min(x), max(x)) == pytest.approx((5 - outside * pixel, 6 + outside * pixel))
        assert (min(y), max(y)) == pytest.approx((2 - outside * pixel, 3 + outside * pixel))
    x, y = frames._borders.getData()
    lines = {tuple(sorted([(x[k], y[k]), (x[k + 1], y[k + 1])])) for k in range(0, len(x), 2)}
    assert lines == {((0, 2), (6, 2)), ((3, 0), (3, 4)), ((5, 0), (5, 4))}
    frames.show_cross((1, 3))
    assert [line.value() for line in frames._cross] == [3.5, 1.5]
    assert [line.angle for line in frames._cross] == [90, 0]
    assert all(line.isVisible() for line in frames._cross)
    frames.show_cross(None)
    assert not any(line.isVisible() for line in frames._cross)
    frames.renew(None)
    assert frames.marker_pixels() == 0
    frames.show_labels(np.arange(4), np.arange(6))
    frames.renew((0, 0))
    assert len(frames._borders.getData()[0]) == 2 * (3 + 5)  # two ends of each line
    # From afar the frame keeps nine pixels, and borders go.
    frames.show_labels(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 2, 2, 3]))
    plot.getViewBox().setRange(QRectF(0, 0, 900, 600), padding=0)
    frames.renew((0, 0))
    assert frames.marker_pixels() == pytest.approx(11) and frames._borders.getData()[0] is None


def test_what_is_seen_and_how_near(plot: pg.PlotWidget) -> None:
    item, view = plot.item, plot.getViewBox()
    assert item.boundingRect() == QRectF(0, 0, 6, 4)
    for part, seen in (
        (QRectF(0, 0, 6, 4), (slice(0, 4), slice(0, 6))),
        (QRectF(1.5, 0.5, 2, 1.2), (slice(0, 2), slice(1, 4))),
        (QRectF(-5, -5, 6, 6), (slice(0, 1), slice(0, 1))),
        (QRectF(7, 0, 3, 3), None),
        (QRectF(0, 5, 3, 3), None),
    ):
        view.setRange(part, padding=0)
        assert item.seen() == seen, part
        assert item.pixels() == pytest.approx(view.width() / part.width())


def test_no_more_blocks_are_drawn_than_the_screen_has_pixels(
    plot: pg.PlotWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    item, view = plot.item, plot.getViewBox()
    codes = np.arange(1000, dtype=np.int32)
    matrix = ScoreMatrix(
        np.zeros((400, 600), np.float32), False, codes[:400], codes[400:], "uniform", "both"
    )
    image = MatrixImage(matrix)
    asked: list[tuple[slice, slice, int]] = []
    draw = image.draw

    def watched(rows: slice, columns: slice, look: Look, largest: int) -> object:
        asked.append((rows, columns, largest))
        return draw(rows, columns, look, largest)

    monkeypatch.setattr(image, "draw", watched)
    item.show(image, Look(0.3))
    for part, across in (
        (QRectF(300, 250, 90, 60), 90),
        (QRectF(400, 100, 30, 200), 200),
        (QRectF(0, 0, 600, 400), 600),
    ):
        view.setRange(part, padding=0)
        plot.grab()
        rows, columns, largest = asked[-1]
        assert max(rows.stop - rows.start, columns.stop - columns.start) == pytest.approx(
            across, abs=1
        )
        assert largest == pytest.approx(across * item.pixels(), abs=item.pixels() + 1)


def test_names_stay_those_of_what_is_shown_though_the_session_has_another_gallery(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A paint may come between the session's change and the matrix's."""
    arranger, session = window.matrix.arranger, window.session
    naming = arranger.naming(0)
    assert naming is not None
    keys = [face.key for face in session.rows.gallery.faces]
    assert [naming(k) for k in range(len(keys))] == keys
    left = window.matrix.sides.axes[0]
    names = left.names_in(0, len(keys), 100)
    monkeypatch.setattr(arranger, "_side", lambda which: (None, None))
    assert [naming(k) for k in range(len(keys))] == keys
    assert left.names_in(0, len(keys), 100) == names


@pytest.mark.parametrize("orientation", ["left", "top"])
def test_an_axis_without_room_paints_nothing(
    qtbot: QtBot, qtlog: Any, monkeypatch: pytest.MonkeyPatch, orientation: str
) -> None:
    """Docks may squeeze the matrix to nothing."""
    told: list[object] = []
    monkeypatch.setattr(sys, "excepthook", lambda *given: told.append(given))
    axis = SideAxis(orientation)
    plot = pg.PlotWidget(axisItems={orientation: axis})
    qtbot.addWidget(plot)
    axis.show_blocks(BLOCKS)
    axis.show_rates(Rates(np.full((20, 2), 0.5)))
    picture = QPixmap(50, 50)
    painter = QPainter(picture)
    axis.setGeometry(QRectF(0, 0, 0, 0))
    axis.paint(painter)
    axis.setGeometry(QRectF(0, 0, 50, 50))
    axis.paint(painter)
    for width, height in ((0.2, 50), (50, 0.3), (0.1, 0.1)):
        axis.setGeometry(QRectF(0, 0, width, height))
        axis.paint(painter)
    painter.end()
    assert told == []
    assert not [record for record in qtlog.records if "QPainter" in record.message]


def test_a_paint_that_fails_is_told_and_ends_nothing(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[type] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, *_: told.append(kind))
    axis = SideAxis("left")
    monkeypatch.setattr(axis, "linkedView", lambda: 1 / 0)
    axis.paint(None)
    assert told == [ZeroDivisionError]
