"""The matrix: what is drawn of it, where keys and the mouse lead, and what is scored first."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)


import numpy as np
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from core.explain.colours import centred_table
from core.explain.matrix_image import Look, MatrixImage
from core.project.edits import Edits
from core.scoring.matrix import ScoreMatrix
from tests.gui.resting import settled
from xcos_gui.panels.matrix.axis import Named
from xcos_gui.shell.window import MainWindow

SCORED = 60_000


def test_arrow_keys_walk(window: MainWindow, qtbot: QtBot) -> None:
    session = window.session
    session.select_pair(0, 1)
    for key, place in (
        (Qt.Key.Key_Down, (1, 1)),
        (Qt.Key.Key_Right, (1, 2)),
        (Qt.Key.Key_End, (1, 5)),
        (Qt.Key.Key_Right, (1, 5)),
        (Qt.Key.Key_PageDown, (3, 5)),
        (Qt.Key.Key_PageUp, (0, 5)),
        (Qt.Key.Key_Home, (0, 0)),
    ):
        qtbot.keyClick(window.matrix, key)
        assert session.pair == place


def test_a_click_in_the_matrix_selects(window: MainWindow, qtbot: QtBot) -> None:
    panel = window.matrix
    scene = panel._view.mapViewToScene(QPointF(4.5, 2.5))
    at = panel._plot.mapFromScene(scene)
    qtbot.mouseClick(panel._plot.viewport(), Qt.MouseButton.LeftButton, pos=at)
    qtbot.waitUntil(lambda: window.session.pair == (2, 4))
    assert "ann/3.png" in panel.readout.text() and "bob/2.png" in panel.readout.text()


def test_hovering_a_cell_marks_it_everywhere(window: MainWindow) -> None:
    inspector = window.inspector
    inspector.faces[0].cell_changed.emit((2, 5))
    explanation = window.session.explanation
    assert explanation is not None
    assert (
        f"S {explanation.cosine[2, 5]:.3f}".replace("-", "\N{MINUS SIGN}")
        in inspector.cell_text.text()
    )
    assert all(view._cell == (2, 5) for view in (*inspector.faces, *inspector.maps.values()))
    assert inspector.cells.cell(inspector.table.currentIndex().row()) == (2, 5)
    listed = [inspector.cells.cell(row) for row in range(49)]  # first what speaks most for "same"
    values = [float(explanation.contribution[cell]) for cell in listed]
    assert values == sorted(values, reverse=True) and inspector.table.isSortingEnabled()


def test_a_block_partly_in_sight_is_named_at_its_part(empty: MainWindow) -> None:
    axis = empty.matrix._axes[0]
    axis.show_blocks([Named(0, 100, "ann"), Named(100, 200, "bob")])
    assert axis.names_in(110, 130, 30) == [(120, "bob")]


def test_keys_lead_the_readout_away_from_the_mouse(window: MainWindow) -> None:
    panel, session = window.matrix, window.session
    session.select_pair(0, 1)
    scene = panel._view.mapViewToScene(QPointF(3.5, 2.5))
    panel._on_mouse(scene)
    assert "ann/3.png" in panel.readout.text() and "bob/1.png" in panel.readout.text()
    session.select_pair(1, 2)
    assert "ann/2.png" in panel.readout.text() and "ann/3.png" in panel.readout.text()


def test_the_pair_s_frame_stays_visible_from_afar(window: MainWindow) -> None:
    panel = window.matrix
    window.session.select_pair(0, 1)
    panel._view.setRange(xRange=(0, 50_000), yRange=(0, 50_000), padding=0)
    assert 8 < panel.frames.marker_pixels() < 30


def unpacked(colours: np.ndarray) -> np.ndarray:
    """0xffRRGGBB to (r, c, 3) uint8."""
    assert (colours >> 24 == 255).all()
    return np.stack([colours >> 16 & 255, colours >> 8 & 255, colours & 255], 2).astype(np.uint8)


def test_matrix_colours() -> None:
    rng = np.random.default_rng(0)
    scores = rng.uniform(-0.2, 0.9, (40, 40)).astype(np.float32)
    scores[3, 5] = 0.3
    codes = np.arange(40, dtype=np.int32) // 4
    image = MatrixImage(ScoreMatrix(scores, True, codes, codes, "uniform", "both"))
    every = slice(0, 40)
    drawn, row, column, step = image.draw(every, every, Look(0.3))
    colours = unpacked(drawn)
    assert (row, column, step) == (0, 0, 1) and colours.shape == (40, 40, 3)
    assert colours[3, 5].min() >= 250  # white at the threshold
    low, high = image.scale(0.3)
    table = centred_table(0.3, low, high)
    place = int((scores[7, 20] - low) * 255 / (high - low))
    assert np.abs(colours[7, 20].astype(int) - table[np.clip(place, 0, 255)]).max() <= 6
    far = image.draw(every, every, Look(0.3), largest=10)
    assert far[0].shape == (10, 10) and far[3] == 4
    mean = scores[4:8, 32:36].mean()
    wanted = table[int(np.clip((mean - low) * 255 / (high - low), 0, 255))]
    assert np.abs(unpacked(far[0])[1, 8].astype(int) - wanted).max() <= 6
    outcomes, *_ = image.draw(every, every, Look(0.3, True))
    same, genuine = scores[0, 9] > 0.3, codes[0] == codes[9]
    from core.explain.colours import OUTCOME_COLOURS

    name = {(True, True): "TP", (True, False): "FP", (False, True): "FN", (False, False): "TN"}[
        bool(same), bool(genuine)
    ]
    assert tuple(unpacked(outcomes)[0, 9]) == OUTCOME_COLOURS[name]


def test_many_pairs_are_estimated_first_and_end_exact(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = window.session
    assert session.matrix is not None
    wanted = session.matrix.scores.copy()
    monkeypatch.setattr("xcos_gui.state.scoring.ESTIMATED_FROM", 1)
    estimated: list[bool] = []
    session.matrix_changed.connect(lambda: estimated.append(session.estimated))
    session.set_kind("uniform")
    settled(window, qtbot)
    estimated.clear()
    session.set_kind("learned")
    qtbot.waitUntil(lambda: len(estimated) == 2 and not session.busy, timeout=SCORED)
    assert estimated == [True, False]
    np.testing.assert_allclose(session.matrix.scores, wanted, atol=1e-6)
    assert "estimate" not in window.matrix.readout.text()


def test_a_growing_gallery_of_many_faces_is_scored_once_it_is_whole(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, started = window.session, list[object]()
    monkeypatch.setattr(session._scoring, "start", started.append)
    monkeypatch.setattr("xcos_gui.state.session.GROWN_TO", 2)
    monkeypatch.setattr(session._loading, "_running", True)
    session._loading.partial.emit(session.loaded)
    assert not started and session.matrix is not None  # what is shown stays
    monkeypatch.setattr(session._loading, "_running", False)
    session._loading.finished.emit((session.loaded, None, Edits()))
    assert len(started) == 1


def test_refreshed_means_equal_new_ones() -> None:
    rng = np.random.default_rng(0)
    scores = rng.random((301, 173)).astype(np.float32)
    nobody = np.full(301, -1, np.int32)
    matrix = ScoreMatrix(scores, False, nobody, nobody[:173], "learned", "both")
    image = MatrixImage(matrix)
    every = slice(0, 301), slice(0, 173)
    image.prepare()
    image.draw(*every, Look(0.5), largest=40)
    scores[128:256, 64:173] = rng.random((128, 109))
    image.refresh(slice(128, 256), slice(64, 192))
    fresh = MatrixImage(matrix)
    fresh.limits = image.limits
    for largest in (40, 80, 400):
        drawn, wanted = (i.draw(*every, Look(0.5), largest=largest)[0] for i in (image, fresh))
        np.testing.assert_array_equal(drawn, wanted)


def test_names_beside_the_matrix_do_not_move_it(empty: MainWindow, qtbot: QtBot) -> None:
    """A width after the names in sight would change the rows in sight, and so the names, forever."""
    axis, plot = empty.matrix._axes[0], empty.matrix._plot
    axis.show_blocks([Named(0, 2, "a"), Named(2, 4, "a name that is long"), Named(4, 6, "b")])
    plot.setVisible(True)
    widths = set[float]()
    for top, bottom in ((0, 6), (0, 2), (2, 4), (4, 6)):
        plot.getViewBox().setYRange(top, bottom, padding=0)
        plot.grab()
        empty.matrix.grab()
        widths.add(axis.width())
    assert len(widths) == 1 and widths.pop() > 60
