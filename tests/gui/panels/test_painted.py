"""What the window paints is what core computed: bars, texts, colours, marks."""

import pytest

from tests.weights import scored
from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from core.explain.colours import OUTCOME_COLOURS, map_rgba
from core.explain.matrix_image import Look, MatrixImage
from core.scoring.matrix import ScoreMatrix
from core.scoring.statistics import PairStatistics
from xcos_gui.shell.window import MainWindow
from xcos_gui.widgets.cell_view import CellView


def colour(image: QImage, x: float, y: float) -> np.ndarray:
    found = image.pixelColor(round(x), round(y))
    return np.array([found.red(), found.green(), found.blue()])


def seen(window: MainWindow, row: int, column: int) -> np.ndarray:
    """The colour of a cell of the matrix on the screen, off its middle and its borders."""
    panel = window.matrix
    at = panel._plot.mapFromScene(panel._view.mapViewToScene(QPointF(column + 0.3, row + 0.3)))
    return colour(panel._plot.grab().toImage(), at.x(), at.y())


def test_bars_and_curves_are_the_statistics_own(window: MainWindow) -> None:
    panel, statistics = window.curves, PairStatistics.of(window.session.matrix)  # type: ignore[arg-type]
    edges, genuine, impostor = statistics.histograms()
    plots = panel.plots
    for bars, counts in zip(plots._bars, (genuine, impostor), strict=True):
        x, y = bars.getData()
        np.testing.assert_allclose(x, edges)
        np.testing.assert_allclose(y, counts / counts.sum())
    assert (genuine.sum(), impostor.sum()) == (4, 11)
    assert [bars.name() for bars in plots._bars] == ["genuine", "impostor"]
    curve = statistics.curve()
    assert curve is not None
    far, tar = (plots.rates.roc_curve.xData, plots.rates.roc_curve.yData)
    np.testing.assert_allclose(far, np.maximum(curve.far, 1 / 11))  # where the axis begins
    np.testing.assert_allclose(tar, curve.tar)
    np.testing.assert_allclose(plots.rates.det_curve.yData, np.maximum(1 - curve.tar, 1 / 4))
    counts = statistics.counts(window.session.threshold)
    assert 0 < counts.tp < 4
    assert plots.rates.roc_point.yData == pytest.approx([counts.tp / 4])
    assert plots.rates.det_point.yData == pytest.approx([counts.fn / 4])
    auc, eer = statistics.auc(), statistics.eer()
    assert auc is not None and eer is not None
    assert panel.summary.text() == (
        f"AUC {auc:.4f}, EER {100 * eer[0]:.2f} % at {eer[1]:.3f}, "
        f"accuracy {100 * counts.accuracy:.2f} % of 4 genuine and 11 impostor pairs"  # type: ignore[operator]
    )
    assert panel.counts["TP"].text() == f"TP  {counts.tp}\nTAR {100 * counts.tp / 4:.2f} %"
    assert panel.counts["FP"].text() == f"FP  {counts.fp}\nFAR {100 * counts.fp / 11:.2f} %"
    assert panel.counts["TN"].text() == f"TN  {counts.tn}\nTRR {100 * counts.tn / 11:.2f} %"


def test_with_impostors_alone_there_is_no_curve_and_no_rate(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, curves = window.session, window.curves
    plots = curves.plots
    scores = np.array([[0, 0.3, 0.6], [0.3, 0, 0.1], [0.6, 0.1, 0]], np.float32)
    codes = np.arange(3, dtype=np.int32)
    assert session.rows is not None
    matrix = ScoreMatrix(scores, True, codes, codes, "uniform", "both")
    with monkeypatch.context() as only:  # before anything else is painted of other faces
        only.setattr(session, "scored", scored(matrix, session.rows.part(np.arange(3))))
        curves._on_matrix_changed()
        curves._on_threshold_changed(0.5)
    texts = {outcome: button.text() for outcome, button in curves.counts.items()}
    assert texts["TP"] == "TP  0\nTAR \N{EN DASH}" and texts["FN"] == "FN  0\nFRR \N{EN DASH}"
    assert texts["FP"] == "FP  1\nFAR 33.33 %" and texts["TN"] == "TN  2\nTRR 66.67 %"
    assert curves.summary.text() == "accuracy 66.67 % of 0 genuine and 3 impostor pairs"
    for curve in (plots.rates.roc_curve, plots.rates.det_curve, plots.rates.roc_point):
        assert curve.xData is None or not len(curve.xData)


def test_the_matrix_on_the_screen_follows_a_dragged_threshold(window: MainWindow) -> None:
    session, panel = window.session, window.matrix
    matrix = session.matrix
    assert matrix is not None
    panel.colouring.setCurrentIndex(1)  # by outcome
    values = np.sort(matrix.scores[np.triu_indices(6, 1)])
    for threshold in (float(values[3:5].mean()), float(values[-3:-1].mean())):
        window.curves.plots.line.setValue(threshold)
        assert session.threshold == pytest.approx(threshold)
        for row, column in ((0, 1), (0, 2), (2, 4), (5, 3), (4, 3)):
            wanted = OUTCOME_COLOURS[matrix.outcome(row, column, threshold)]
            assert np.abs(seen(window, row, column) - wanted).max() <= 2, (row, column)
    panel.colouring.setCurrentIndex(0)  # by score: white at the threshold
    score = float(matrix.scores[2, 4])
    window.curves.plots.line.setValue(score)
    assert seen(window, 2, 4).min() >= 245
    window.curves.plots.line.setValue(score - 0.15)
    above = seen(window, 2, 4)
    window.curves.plots.line.setValue(score + 0.15)
    below = seen(window, 2, 4)
    assert above[2] > above[0] + 8 and below[0] > below[2] + 8  # blue alike, red unlike


def test_the_matrix_on_the_screen_follows_a_refinement(window: MainWindow) -> None:
    session = window.session
    matrix = session.matrix
    assert matrix is not None
    window.matrix.colouring.setCurrentIndex(0)
    low, high = window.matrix.item.image.limits  # type: ignore[union-attr]
    session.set_threshold((low + high) / 2)
    before, other = seen(window, 1, 4), seen(window, 4, 1)
    matrix.scores[1, 4] = high
    session.matrix_refined.emit([(slice(0, 3), slice(3, 6))])
    after = seen(window, 1, 4)
    assert np.abs(after - before).max() > 30 and np.abs(seen(window, 4, 1) - other).max() <= 2
    fresh = MatrixImage(matrix)
    fresh.limits = (low, high)
    drawn = fresh.draw(slice(0, 6), slice(0, 6), Look(session.threshold))[0][1, 4]
    assert np.abs(after - [drawn >> 16 & 255, drawn >> 8 & 255, drawn & 255]).max() <= 2


def test_four_arrow_keys_in_a_map_and_its_colours(qtbot: QtBot) -> None:
    view = CellView("map")
    qtbot.addWidget(view)
    view.resize(300, 210)  # wider than high: the map is in the middle
    values = np.random.default_rng(0).uniform(-1, 1, (7, 7))
    rgba = map_rgba("evidence", values, limit=1)
    view.set_overlay(rgba)
    cells: list[tuple[int, int]] = []
    view.cell_changed.connect(cells.append)
    view.cell_changed.connect(view.set_cell)
    view.set_cell((2, 5))
    keys = (Qt.Key.Key_Up, Qt.Key.Key_Left, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right)  # fmt: skip
    for key in keys:
        qtbot.keyClick(view, key)
    assert cells == [(1, 5), (1, 4), (2, 4), (2, 5), (2, 6), (2, 0)]
    view.set_cell(None)
    qtbot.keyClick(view, Qt.Key.Key_Up)
    assert cells[-1] == (2, 3)  # from the middle
    view.set_cell(None)
    image = view.grab().toImage()
    ratio = image.width() / 300
    for row, column in ((0, 0), (1, 5), (6, 2), (3, 6)):
        x, y = 45 + 30 * column + 8, 30 * row + 8
        assert np.abs(colour(image, x * ratio, y * ratio) - rgba[row, column, :3]).max() <= 2
    cells.clear()
    view.set_cell((6, 2))
    marked = view.grab().toImage()
    assert (
        np.abs(colour(marked, (45 + 60 + 2) * ratio, (180 + 15) * ratio) - [255, 0, 200]).max() <= 2
    )
