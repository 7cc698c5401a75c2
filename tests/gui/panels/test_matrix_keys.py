"""Keys and clicks in the matrix that zoom, open, go back and jump: what is then in sight and told."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)


from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.explain.difference_image import DifferenceImage
from tests.gui.panels.test_matrix_orders import choose, click
from tests.gui.resting import score_probes
from xcos_gui.panels.matrix.keys import TypedName
from xcos_gui.shell.window import MainWindow


def seen(window: MainWindow) -> np.ndarray:
    """Left, right, top and bottom of what is in sight, in cells."""
    return np.array(window.matrix._view.viewRange()).ravel()


def check_near(window: MainWindow, row: int, column: int) -> None:
    """Twelve cells across the shorter side, the cell in the middle."""
    left, right, top, bottom = seen(window)
    assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx((column + 0.5, row + 0.5))
    assert min(right - left, bottom - top) == pytest.approx(12)


def test_return_and_a_double_click_bring_a_pair_near(window: MainWindow, qtbot: QtBot) -> None:
    panel = window.matrix
    window.session.select_pair(1, 4)
    qtbot.keyClick(panel, Qt.Key.Key_Return)
    check_near(window, 1, 4)
    panel.fit()
    at = panel._plot.mapFromScene(panel._view.mapViewToScene(QPointF(3.5, 2.5)))
    port, left = panel._plot.viewport(), Qt.MouseButton.LeftButton
    qtbot.mouseMove(port, at)
    qtbot.mouseClick(port, left, pos=at)
    assert window.session.pair == (2, 3) and seen(window)[0] == pytest.approx(0)
    # QTest's double click has a press too many for pyqtgraph.
    kind, where, none = QEvent.Type.MouseButtonDblClick, QPointF(at), Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(kind, where, QPointF(port.mapToGlobal(at)), left, left, none)
    QApplication.sendEvent(port, event)
    qtbot.mouseRelease(port, left, pos=at)
    check_near(window, 2, 3)


def test_keys_zoom_around_the_pair_and_nought_shows_all(window: MainWindow, qtbot: QtBot) -> None:
    panel = window.matrix
    window.session.select_pair(1, 4)
    whole = seen(window)
    middle = np.array([4.5, 4.5, 1.5, 1.5])
    for key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
        before = seen(window)
        qtbot.keyClick(panel, key)
        assert seen(window) == pytest.approx(middle + (before - middle) / 2)
    qtbot.keyClick(panel, Qt.Key.Key_Minus)
    assert seen(window) == pytest.approx(middle + (whole - middle) / 2)
    qtbot.keyClicks(panel, "z0")  # of a name that is being typed
    assert seen(window) == pytest.approx(middle + (whole - middle) / 2)
    assert window.session.pair == (1, 4)  # nobody is called so
    panel._typed = TypedName()  # as after a pause
    qtbot.keyClick(panel, Qt.Key.Key_0)
    assert seen(window) == pytest.approx(whole)


def test_keys_that_mean_nothing_in_the_matrix_are_left_to_others(window: MainWindow) -> None:
    panel, none = window.matrix, Qt.KeyboardModifier.NoModifier
    window.session.select_pair(0, 1)
    for key, held, text, taken in (
        (Qt.Key.Key_Escape, none, "\x1b", False),  # nothing to go back from
        (Qt.Key.Key_F8, none, "", False),
        (Qt.Key.Key_B, Qt.KeyboardModifier.MetaModifier, "b", False),
        (Qt.Key.Key_Tab, none, "\t", False),
        (Qt.Key.Key_B, Qt.KeyboardModifier.ShiftModifier, "B", True),
    ):
        event = QKeyEvent(QEvent.Type.KeyPress, key, held, text)
        panel.keyPressEvent(event)
        assert event.isAccepted() == taken, key
        assert window.session.pair == ((3, 4) if taken else (0, 1))  # both photos of bob


def test_back_shows_the_part_from_which_a_cell_was_opened(window: MainWindow, qtbot: QtBot) -> None:
    panel = window.matrix
    choose(window, qtbot, panel.bar.level, "people")
    click(window, qtbot, 0, 1)
    qtbot.keyClick(panel, Qt.Key.Key_Plus)
    before = seen(window)
    qtbot.keyClick(panel, Qt.Key.Key_Enter)
    assert panel.bar.place.text() == "ann \N{MULTIPLICATION SIGN} bob"
    assert seen(window) != pytest.approx(before)
    qtbot.keyClick(panel, Qt.Key.Key_Backspace)
    after = seen(window)  # the line with the cell's name is gone, so the view is a bit higher
    assert after[:2].mean() == pytest.approx(before[:2].mean())
    assert after[2:] == pytest.approx(before[2:])
    assert panel.bar.place.isHidden() and panel.item.boundingRect().width() == 3


def test_a_cell_of_a_difference_opens_into_the_same_difference(
    window: MainWindow, qtbot: QtBot
) -> None:
    panel, session = window.matrix, window.session
    choose(window, qtbot, panel.bar.against, "attention:uniform")
    whole = panel.item.image
    assert isinstance(whole, DifferenceImage)
    choose(window, qtbot, panel.bar.level, "people")
    click(window, qtbot, 0, 1)
    qtbot.keyClick(panel, Qt.Key.Key_Return)
    image = panel.item.image
    assert isinstance(image, DifferenceImage) and image.shown.shape == (3, 2)
    np.testing.assert_array_equal(image.found.values, whole.found.values)
    click(window, qtbot, 1, 0)
    assert session.pair == (1, 3)
    assert f"{whole.found.values[1, 3]:+.3f} apart" in panel.readout.text()


def test_a_typed_name_that_only_rows_or_columns_have_moves_only_there(
    window: MainWindow, qtbot: QtBot, probes: Path
) -> None:
    """Probes of ann, bob and twice dan down; thrice ann, twice bob and cem across."""
    panel = window.matrix
    score_probes(window, qtbot, probes)
    window.session.select_pair(0, 1)
    for name, pair in (("dan", (2, 1)), ("cem", (2, 5)), ("zoe", (2, 5)), ("bob", (1, 3))):
        panel._typed = TypedName()  # as after a pause
        qtbot.keyClicks(panel, name)
        assert window.session.pair == pair


def test_when_the_mouse_leaves_the_chosen_pair_is_told_again(window: MainWindow) -> None:
    panel = window.matrix
    window.session.select_pair(0, 5)
    panel._on_mouse(panel._view.mapViewToScene(QPointF(3.5, 2.5)))
    assert "bob/1.png" in panel.readout.text()
    QApplication.sendEvent(panel, QEvent(QEvent.Type.Leave))
    assert "ann/1.png" in panel.readout.text() and "cem/1.png" in panel.readout.text()
    assert not any(line.isVisible() for line in panel.frames._cross)


def test_a_click_beside_the_matrix_where_nobody_is_named_changes_nothing(
    window: MainWindow, qtbot: QtBot
) -> None:
    panel = window.matrix
    panel._view.setRange(xRange=(0, 20), yRange=(0, 20), padding=0)
    before, pair, axis = seen(window), window.session.pair, panel._axes[0]
    for row, moves in ((14.5, False), (1.5, True)):
        place = QPointF(axis.sceneBoundingRect().left() + 3, 0)
        place.setY(panel._view.mapViewToScene(QPointF(0, row)).y())
        at = panel._plot.mapFromScene(place)
        qtbot.mouseClick(panel._plot.viewport(), Qt.MouseButton.LeftButton, pos=at)
        assert (seen(window) != pytest.approx(before)) == moves
    assert window.session.pair == pair


def test_of_very_many_pairs_only_their_mean_is_told(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xcos_gui.panels.matrix.readout.LOOKED_AT", 2)
    panel, matrix = window.matrix, window.session.matrix
    assert matrix is not None
    choose(window, qtbot, panel.bar.level, "people")
    for cell, count, scores in (
        ((0, 0), 3, matrix.scores[:3, :3][np.triu_indices(3, 1)]),
        ((0, 1), 6, matrix.scores[:3, 3:5]),
    ):
        panel._on_mouse(panel._view.mapViewToScene(QPointF(cell[1] + 0.5, cell[0] + 0.5)))
        told = panel.readout.text().splitlines()[-1]
        wanted = f"{count} pairs, mean score {scores.mean():.3f}. A click looks at the worst."
        assert told == wanted
        assert panel._read._faces[0].pixmap().isNull()


def test_a_part_that_cannot_be_read_leaves_all_in_sight(window: MainWindow) -> None:
    panel = window.matrix
    whole, state = seen(window), panel.view_state()
    assert state is not None
    for broken in ({"columns": ["a", "b"]}, {"rows": 3}, {"rows": [1, 2, 3]}, {"columns": [[], 2]}):
        panel.restore_view(state | broken)
        panel._kept.take()
        assert seen(window) == pytest.approx(whole)
        assert panel.view_state() == state
    panel.restore_view(state | {"columns": [1, 3], "rows": [2, 4]})
    panel._kept.take()
    left, right, top, bottom = seen(window)
    assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx((2, 3))
