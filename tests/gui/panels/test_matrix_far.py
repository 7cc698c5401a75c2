"""The matrix far away: no error vanishes, whatever the size of the window, the order, the zoom."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)


import numpy as np
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from core.explain.colours import OUTCOME_COLOURS
from core.explain.matrix_image import Look, MatrixImage
from core.scoring.matrix import ScoreMatrix
from core.scoring.sides import Arrangement, Side
from xcos_gui.panels.matrix.item import MatrixItem

FACES = 889
THRESHOLD = 0.3


def made() -> ScoreMatrix:
    """As many pairs as of 889 photos, of which a few are wrong."""
    rng = np.random.default_rng(0)
    codes = (np.arange(FACES) // 4).astype(np.int32)
    genuine = codes[:, None] == codes[None]
    scores = np.where(genuine, 0.7, 0.05).astype(np.float32)
    scores += rng.uniform(-0.2, 0.2, scores.shape).astype(np.float32)
    for i, j in rng.integers(0, FACES, (300, 2)):
        scores[i, j] = 0.1 if genuine[i, j] else rng.uniform(0.31, 0.9)
    for i in range(0, FACES - 1, 44):  # false rejects right beside the diagonal
        scores[i, i + 1] = 0.1 if genuine[i, i + 1] else scores[i, i + 1]
    return ScoreMatrix(scores, True, codes, codes, "learned", "both")


def errors_of(matrix: ScoreMatrix) -> np.ndarray:
    """Cells of false accepts and false rejects, (k, 2)."""
    same = matrix.scores > THRESHOLD
    wrong = same != (matrix.rows[:, None] == matrix.columns[None])
    wrong[np.eye(FACES, dtype=bool)] = False
    return np.argwhere(wrong)


def is_error(colours: np.ndarray) -> np.ndarray:
    """Which colours (..., 3) lie on the way from TN's to FP's or FN's, and away from TN's."""
    found = np.zeros(colours.shape[:-1], bool)
    start = np.array(OUTCOME_COLOURS["TN"], float)
    for name in ("FP", "FN"):
        way = np.array(OUTCOME_COLOURS[name]) - start
        share = ((colours - start) @ way) / (way @ way)
        off = np.abs(colours - start - share[..., None] * way).max(axis=-1)
        found |= (off < 3) & (share > 0.35)
    return found


@pytest.mark.parametrize("size", [(642, 642), (1260, 640), (400, 900), (137, 137)])
def test_every_error_is_seen_at_the_first_zoom(qtbot: QtBot, size: tuple[int, int]) -> None:
    import pyqtgraph as pg

    matrix = made()
    rng = np.random.default_rng(1)
    order = Side.of_faces(rng.permutation(FACES))
    plot = pg.PlotWidget()
    qtbot.addWidget(plot)
    for axis in ("left", "bottom"):
        plot.hideAxis(axis)
    view = plot.getViewBox()
    view.invertY(True)
    view.setAspectLocked(True)
    item = MatrixItem()
    plot.addItem(item)
    plot.resize(*size)
    plot.show()
    for shown in (Arrangement.plain(FACES, FACES), Arrangement(order, order)):
        item.show(MatrixImage(matrix, shown), Look(THRESHOLD, True, "worst"))
        view.setRange(item.boundingRect(), padding=0.01)
        image = plot.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        pixels = (
            np.frombuffer(image.constBits(), np.uint8)
            .reshape(image.height(), image.bytesPerLine() // 4, 4)[..., 2::-1]
            .astype(float)
        )
        error = is_error(pixels)
        step = 1
        while step * item.pixels() < 1:
            step *= 2
        for pair in errors_of(matrix):
            cell = shown.cell_of((int(pair[0]), int(pair[1])))
            assert cell is not None
            top, left = (place // step * step for place in cell)
            corners = [
                view.mapViewToDevice(pg.Point(x, y))
                for x, y in ((left, top), (left + step, top + step))
            ]
            (x, y), (x2, y2) = ((round(p.x()), round(p.y())) for p in corners)
            assert error[max(0, y - 1) : y2 + 1, max(0, x - 1) : x2 + 1].any(), (pair, size)


def test_the_worst_of_a_block_decides_its_colour_and_its_strength() -> None:
    scores = np.full((64, 64), 0.1, np.float32)
    scores[3, 5], scores[20, 40], scores[21, 41] = 0.31, 0.8, 0.5
    codes = np.arange(64, dtype=np.int32)
    image = MatrixImage(ScoreMatrix(scores, False, codes, codes, "learned", "both"))
    np.fill_diagonal(scores, 0.9)  # genuine pairs, for these are probes
    every = slice(0, 64)
    colours, *_, step = image.draw(every, every, Look(0.3, True, "worst"), 16)
    assert step == 4
    rgb = np.stack([colours >> 16 & 255, colours >> 8 & 255, colours & 255], -1).astype(int)
    tn, fp = (np.array(OUTCOME_COLOURS[name]) for name in ("TN", "FP"))
    assert (rgb[0, 2] == tn).all() and (rgb[0, 0] == tn).all()  # nearest to wrong: impostors
    strength = [np.abs(rgb[a, b] - tn).sum() / np.abs(fp - tn).sum() for a, b in ((0, 1), (5, 10))]
    assert 0.35 < strength[0] < 0.5 and strength[1] > 0.9
    near, *_ = image.draw(slice(0, 8), slice(0, 8), Look(0.3, True, "worst"), 16)
    assert near[3, 5] & 0xFFFFFF == fp[0] << 16 | fp[1] << 8 | fp[2]  # a pair has its own colour


def test_a_dragged_threshold_and_a_filter_meet_the_same_blocks() -> None:
    matrix = made()
    image = MatrixImage(matrix)
    image.prepare()
    every = slice(0, FACES)
    rng = np.random.default_rng(2)
    mask = rng.random((FACES, FACES)) < 0.01
    image.set_passing(mask, (255, 255, 255))
    for threshold in (0.2, 0.3, 0.6):
        fresh = MatrixImage(matrix)
        fresh.set_passing(mask, (255, 255, 255))
        for far in ("mean", "worst", "errors"):
            look = Look(threshold, False, far)
            drawn, wanted = (i.draw(every, every, look, 300)[0] for i in (image, fresh))
            np.testing.assert_array_equal(drawn, wanted)


def test_errors_are_a_share_and_none_looks_like_none() -> None:
    scores = np.zeros((40, 40), np.float32)
    scores[0:2, 0:4], scores[8, 8] = 0.9, 0.9
    codes = np.arange(40, dtype=np.int32)
    other = codes + 100
    image = MatrixImage(ScoreMatrix(scores, False, codes, other, "learned", "both"))
    every = slice(0, 40)
    colours, *_ = image.draw(every, every, Look(0.5, False, "errors"), 10)
    parts = np.stack([colours >> shift & 255 for shift in (16, 8, 0)], -1).astype(int)
    away = np.abs(parts - OUTCOME_COLOURS["TN"]).max(-1)
    assert away[5, 5] == 0 and away[0, 0] > away[2, 2] > 10
    assert np.count_nonzero(away) == 2
