"""What is painted lies where it belongs: near and far, moved, light and dark, on a screen of 200 %."""

import os
import subprocess
import sys

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from pathlib import Path

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from core.explain.colours import centred_table, map_rgba, outcome_colours
from core.explain.matrix_image import Look, MatrixImage
from core.model.features import CELLS
from core.scoring.matrix import ScoreMatrix
from xcos_gui.panels.matrix.item import MatrixItem
from xcos_gui.panels.matrix.selecting import SelectingView
from xcos_gui.shell.window import MainWindow
from xcos_gui.widgets.cell_view import CellView

SCORED = 60_000
SCALE = "QT_SCALE_FACTOR"


class Screen:
    """A widget as it is on the screen, by the places that a mouse has in it."""

    def __init__(self, widget: QWidget) -> None:
        self._image: QImage = widget.grab().toImage()
        self.ratio = self._image.devicePixelRatio()

    def at(self, x: float, y: float) -> np.ndarray:
        """The colour (3,) of a point."""
        found = self._image.pixelColor(int(x * self.ratio), int(y * self.ratio))
        return np.array([found.red(), found.green(), found.blue()])


def middle(view: CellView, row: int, column: int) -> tuple[float, float]:
    """A point of a cell, off its middle, in the largest square within a view."""
    side = min(view.width(), view.height())
    left, top = (view.width() - side) / 2, (view.height() - side) / 2
    return left + (column + 0.4) * side / CELLS, top + (row + 0.4) * side / CELLS


def chequered() -> np.ndarray:
    """A crop (112, 112, 3) whose cell (row, column) has the colour (30 * row, 30 * column, 90)."""
    crop = np.full((112, 112, 3), 90, np.uint8)
    rows, columns = np.mgrid[0:112, 0:112] // 16
    crop[..., 0], crop[..., 1] = 30 * rows, 30 * columns
    return crop


def test_a_grid_is_drawn_unless_it_is_not_wanted(qtbot: QtBot) -> None:
    for wanted, view in ((True, CellView("face")), (False, CellView("face", grid=False))):
        qtbot.addWidget(view)
        view.resize(280, 280)
        view.show()
        view.set_crop(np.full((112, 112, 3), 60, np.uint8))
        screen = Screen(view)
        between = screen.at(140 + 20, 2 * 40)  # on the line below the second row
        assert (np.abs(between - 60).max() > 20) == wanted
        assert np.abs(screen.at(*middle(view, 3, 3)) - 60).max() <= 1


@pytest.mark.parametrize("size", [(300, 210), (160, 333)])
def test_an_overlay_s_cell_lies_on_the_face_s_cell(qtbot: QtBot, size: tuple[int, int]) -> None:
    """Cell (0, 0) is at the top and the left, and the mouse over it names the same cell."""
    view = CellView("face")
    qtbot.addWidget(view)
    view.resize(*size)
    view.show()
    view.set_crop(chequered())
    told: list[tuple[int, int]] = []
    view.cell_changed.connect(told.append)
    for cell in ((0, 0), (0, 5), (5, 0), (6, 3)):
        overlay = np.zeros((CELLS, CELLS, 4), np.uint8)
        overlay[cell] = (255, 0, 255, 255)
        view.set_overlay(overlay)
        screen = Screen(view)
        for other in np.ndindex(CELLS, CELLS):
            wanted = (255, 0, 255) if other == cell else (30 * other[0], 30 * other[1], 90)
            assert np.abs(screen.at(*middle(view, *other)) - wanted).max() <= 3, (cell, other)
        qtbot.mouseMove(view, QPoint(*map(round, middle(view, *cell))))
        assert told[-1] == cell


def test_faces_and_maps_of_the_pair_are_its_own(window: MainWindow) -> None:
    session, panel = window.session, window.inspector
    session.select_pair(1, 4)
    panel.overlay.setCurrentIndex(0)  # none
    found = session.explanation
    assert found is not None
    for theme in ("dark", "light"):
        window.set_theme(theme)
        QApplication.processEvents()
        for view, face in zip(panel.faces, session.faces_of((1, 4)), strict=True):
            screen, crop = Screen(view), session.crop(face, True).astype(float)
            assert min(view.width(), view.height()) > 100
            points = list(np.ndindex(CELLS, CELLS))
            seen = np.array([screen.at(*middle(view, *cell)) for cell in points]).ravel()
            # A little of the cell: the picture is scaled.
            own = [crop[16 * r + 4 : 16 * r + 9, 16 * c + 4 : 16 * c + 9] for r, c in points]
            assert np.corrcoef(seen, np.mean(own, axis=(1, 2)).ravel())[0, 1] > 0.9
        maps = {"cosine": found.cosine, "evidence": found.evidence(session.threshold)}
        limit = panel._limit("evidence")
        for name, values in maps.items():
            view = panel.maps[name]  # type: ignore[index]
            wanted = map_rgba(name, values, threshold=session.threshold, limit=limit)  # type: ignore[arg-type]
            screen = Screen(view)
            for row, column in ((0, 0), (0, 6), (6, 0), (2, 5)):
                side = min(view.width(), view.height())
                x, y = middle(view, row, column)
                # Below the number in the cell, off the grid.
                seen = screen.at(x - 0.15 * side / CELLS, y + 0.36 * side / CELLS)
                assert np.abs(seen - wanted[row, column, :3]).max() <= 2, (theme, name, row, column)


@pytest.fixture
def probed(window: MainWindow, qtbot: QtBot, probes: Path) -> MainWindow:
    """Four probes down, six faces of the gallery across."""
    session = window.session
    session.open_probes(probes)
    qtbot.waitUntil(
        lambda: session.matrix is not None and session.matrix.scores.shape == (4, 6)
        and not session.busy,
        timeout=SCORED,
    )  # fmt: skip
    return window


def point_of(window: MainWindow, row: int, column: int) -> QPoint:
    """Where a cell of the matrix is in its plot: off its middle, where frames are not."""
    panel = window.matrix
    scene = panel._view.mapViewToScene(QPointF(column + 0.3, row + 0.35))
    return panel._plot.mapFromScene(scene)


def check_cells(window: MainWindow, part: QRectF, dark: bool) -> None:
    """Show a part of the matrix and compare each cell in it with its score and its outcome."""
    session, panel = window.session, window.matrix
    matrix, image = session.matrix, panel.item.image
    assert matrix is not None and image is not None
    low, high = image.scale(session.threshold)
    table = centred_table(session.threshold, low, high)
    panel._view.setRange(part, padding=0)
    for colouring in (0, 1):
        panel.colouring.setCurrentIndex(colouring)
        QApplication.processEvents()
        screen, inside = Screen(panel._plot), panel._view.sceneBoundingRect()
        seen = [
            cell
            for cell in np.ndindex(4, 6)
            if inside.adjusted(2, 2, -2, -2).contains(panel._plot.mapToScene(point_of(window, *cell)))
        ]  # fmt: skip
        assert len(seen) >= 4
        for row, column in seen:
            if colouring:
                wanted = outcome_colours(dark)[matrix.outcome(row, column, session.threshold)]
            else:
                place = (matrix.scores[row, column] - low) / (high - low) * 255
                wanted = table[int(np.clip(round(place), 0, 255))]
            at = point_of(window, row, column)
            assert np.abs(screen.at(at.x() + 0.5, at.y() + 0.5) - wanted).max() <= 3, (row, column)


def test_the_matrix_is_painted_row_by_row(probed: MainWindow, qtbot: QtBot) -> None:
    """All of it, a part near by, and a part moved; each click chooses the pair that is seen there."""
    session, panel = probed.session, probed.matrix
    codes = session.matrix.rows[:, None] == session.matrix.columns[None]  # type: ignore[union-attr]
    assert codes[0, 2] and not codes[0, 4] and codes[1, 4]  # unlike its transpose and its mirrors
    whole, near, moved = QRectF(0, 0, 6, 4), QRectF(3, 0, 3, 2), QRectF(-3.5, 1.2, 6, 4)
    try:
        for theme in ("dark", "light"):
            probed.set_theme(theme)
            for part in (whole, near, moved):
                check_cells(probed, part, theme == "dark")
    finally:
        probed.set_theme("light")
    for part, cell in ((whole, (3, 1)), (near, (1, 4)), (moved, (2, 0))):
        panel._view.setRange(part, padding=0)
        at = point_of(probed, *cell)
        qtbot.mouseClick(panel._plot.viewport(), Qt.MouseButton.LeftButton, pos=at)
        qtbot.waitUntil(lambda c=cell: session.pair == c)  # type: ignore[misc]
        found, (probe, face) = session.explanation, session.faces_of(cell)
        assert found is not None and session.matrix is not None
        assert (found.left, found.right) == (probe.key, face.key)
        assert found.score == pytest.approx(float(session.matrix.scores[cell]), abs=1e-6)


def test_the_pair_looked_at_is_brought_into_sight(probed: MainWindow) -> None:
    panel, session = probed.matrix, probed.session
    for part in (QRectF(0.6, 0.6, 3.8, 1.8), QRectF(2.6, 1.7, 2.8, 1.6)):
        for cell in np.ndindex(4, 6):
            panel._view.setRange(part, padding=0)
            session.pair = None
            session.select_pair(*cell)
            (left, right), (top, bottom) = panel._view.viewRange()
            assert left <= cell[1] + 0.5 <= right and top <= cell[0] + 0.5 <= bottom, cell


def test_a_matrix_by_itself_is_painted_row_by_row(qtbot: QtBot) -> None:
    view = SelectingView()
    plot = pg.PlotWidget(viewBox=view)
    qtbot.addWidget(plot)
    view.invertY(True)
    view.setAspectLocked(True)
    plot.resize(500, 420)
    scores = np.random.default_rng(3).uniform(-0.4, 0.9, (4, 6)).astype(np.float32)
    codes = np.arange(10, dtype=np.int32)
    image = MatrixImage(ScoreMatrix(scores, False, codes[:4], codes[4:], "uniform", "both"))
    item = MatrixItem()
    plot.addItem(item)
    item.show(image, Look(0.3))
    plot.show()
    low, high = image.scale(0.3)
    table = centred_table(0.3, low, high)
    for part in (QRectF(0, 0, 6, 4), QRectF(3, 0, 3, 2), QRectF(-3.5, 1.2, 6, 4)):
        view.setRange(part, padding=0)
        screen, seen = Screen(plot), 0
        for row, column in np.ndindex(4, 6):
            scene = view.mapViewToScene(QPointF(column + 0.3, row + 0.6))
            if view.sceneBoundingRect().adjusted(2, 2, -2, -2).contains(scene):
                at, seen = plot.mapFromScene(scene), seen + 1
                place = np.clip(round((scores[row, column] - low) / (high - low) * 255), 0, 255)
                assert np.abs(screen.at(at.x(), at.y()) - table[place]).max() <= 3, (row, column)
        assert seen >= 4


@pytest.mark.skipif(SCALE in os.environ, reason="runs this file on a screen of 200 % itself")
def test_on_a_screen_of_200_percent() -> None:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-k",
        "overlay or itself or percent",
    ]
    done = subprocess.run(
        [*command, __file__],
        env=os.environ | {SCALE: "2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.skipif(SCALE not in os.environ, reason="of the run on a screen of 200 %")
def test_the_screen_is_one_of_200_percent(qtbot: QtBot) -> None:
    view = CellView("face")
    qtbot.addWidget(view)
    assert Screen(view).ratio == float(os.environ[SCALE])
