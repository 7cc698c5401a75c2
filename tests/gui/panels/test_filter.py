"""The filter of the pairs list: what is listed, what the matrix shows, and what is wrong."""

import numpy as np
import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from core.analysis.fragile import FragilePairs
from core.explain.matrix_image import Look, MatrixImage
from core.project.edits import face_subject
from core.query.language import _parser
from core.scoring.matrix import ScoreMatrix
from tests.gui.resting import settled
from xcos_gui.panels.pairs.model import FRAGILE, TAGS
from xcos_gui.shell.window import MainWindow


def type_filter(window: MainWindow, qtbot: QtBot, text: str) -> None:
    line = window.pairs.filter.edit
    line.clear()
    qtbot.keyClicks(line, text)
    qtbot.keyClick(line, Qt.Key.Key_Return)


def listed(window: MainWindow) -> set[tuple[int, int]]:
    model = window.pairs.model
    return {model.cell(row) for row in range(model.rowCount())}


def test_filter_lists_the_pairs_that_pass_and_dims_the_others(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.pairs.choice.setCurrentIndex(1)
    before = window.matrix.item.image.draw(slice(0, 6), slice(0, 6), Look(0.46))[0]
    type_filter(window, qtbot, "identity = ann and genuine")
    qtbot.waitUntil(lambda: listed(window) == {(0, 1), (0, 2), (1, 2)})
    after = window.matrix.item.image.draw(slice(0, 6), slice(0, 6), Look(0.46))[0]
    same = before == after
    wanted = np.eye(6, dtype=bool)
    wanted[:3, :3] = True
    assert np.array_equal(same, wanted)
    assert window.pairs.filter.error.isHidden()
    window.pairs.filter.edit.clear()
    # The list is the one that was there before the filter.
    qtbot.waitUntil(lambda: window.pairs.choice.currentIndex() == 1)
    window.pairs.choice.setCurrentIndex(0)
    qtbot.waitUntil(lambda: len(listed(window)) == 15)


def test_error_is_told_beneath_and_marked_and_the_list_stays(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.pairs.choice.setCurrentIndex(0)
    type_filter(window, qtbot, "identity = bob")
    qtbot.waitUntil(lambda: len(listed(window)) == 9)
    type_filter(window, qtbot, "outcome = FPP and score > 0")
    error = window.pairs.filter.error
    assert not error.isHidden() and "column 11, near 'FPP'" in error.text()
    type_filter(window, qtbot, "fragile")
    qtbot.waitUntil(lambda: "Fragile pairs" in error.text())


def test_history_and_completion(window: MainWindow, qtbot: QtBot) -> None:
    type_filter(window, qtbot, "score > 0.1")
    type_filter(window, qtbot, "score > 0.2")
    line = window.pairs.filter.edit
    line.clear()
    qtbot.keyClick(line, Qt.Key.Key_Up)
    qtbot.keyClick(line, Qt.Key.Key_Up)
    assert line.text() == "score > 0.1"
    qtbot.keyClick(line, Qt.Key.Key_Down)
    assert line.text() == "score > 0.2"
    line.clear()
    qtbot.keyClicks(line, "not fra")
    assert line.completer().currentCompletion() == "not fragile"


def test_filter_follows_threshold_and_edits(window: MainWindow, qtbot: QtBot) -> None:
    window.pairs.choice.setCurrentIndex(0)
    session = window.session
    type_filter(window, qtbot, "margin > 0 or tag = odd")
    session.set_threshold(2.0)
    qtbot.waitUntil(lambda: session.filter.mask is not None and not session.filter.mask.any())
    assert session.loaded is not None and session.loaded.gallery.faces[5].key == "cem/1.png"
    session.edit(lambda project: project.tag(face_subject("cem/1.png"), "odd"))
    qtbot.waitUntil(lambda: listed(window) == {(k, 5) for k in range(5)})
    table = window.pairs.table
    assert not table.isColumnHidden(TAGS) and table.isColumnHidden(FRAGILE)
    assert window.pairs.model.index(0, TAGS).data() == "odd"
    fragile = np.zeros((6, 6), bool)
    fragile[0, 5] = fragile[5, 0] = True
    session.set_fragile(FragilePairs(fragile, session.threshold))
    assert not table.isColumnHidden(FRAGILE)
    type_filter(window, qtbot, "fragile")
    qtbot.waitUntil(lambda: listed(window) == {(0, 5)})
    assert window.pairs.model.index(0, FRAGILE).data() == "fragile"
    session.set_threshold(0.9)  # what was found is of another threshold
    qtbot.waitUntil(lambda: "at the threshold 1.0000" in window.pairs.filter.error.text())
    assert table.isColumnHidden(FRAGILE)


def test_key_puts_the_cursor_into_the_filter(window: MainWindow, qtbot: QtBot) -> None:
    window.docks["pairs"].hide()
    window.focus_filter()
    focused: QWidget | None = window.focusWidget()
    assert window.docks["pairs"].isVisible() and focused is window.pairs.filter.edit


def test_one_bright_pair_among_thousands_stays_visible() -> None:
    scores = np.zeros((3000, 3000), np.float32)
    codes = np.zeros(3000, np.int32)
    image = MatrixImage(ScoreMatrix(scores, True, codes, codes, "uniform", "both"))
    mask = np.zeros((3000, 3000), bool)
    mask[17, 2001] = True
    image.set_passing(mask, (255, 255, 255))
    drawn, *_, step = image.draw(slice(0, 3000), slice(0, 3000), Look(0.5), 400)
    rest = np.delete(drawn.ravel(), (17 // step) * drawn.shape[1] + 2001 // step)
    one = drawn[17 // step, 2001 // step]
    assert step == 8 and (rest != one).all()


def test_of_many_pairs_those_that_pass_are_gathered_in_the_background(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xcos_gui.panels.matrix.arranging.MADE_AT_ONCE", 0)
    panel, session = window.matrix, window.session
    session.set_filter("outcome = FP or outcome = TN")
    qtbot.waitUntil(lambda: session.filter.mask is not None and not session.busy)
    assert panel.item.image is not None and panel.item.image.passes(session.filter.mask)
    panel.bar.level.setCurrentIndex(panel.bar.level.findData("people"))
    panel.bar.level.activated.emit(0)
    qtbot.waitUntil(lambda: not session.busy)
    image = panel.item.image
    assert image is not None and image.shown.shape == (3, 3) and image.passes(session.filter.mask)
    session.set_filter("")
    qtbot.waitUntil(lambda: not session.busy)
    assert image.passes(None)


def test_what_filters_need_is_there_before_the_first_one(window: MainWindow, qtbot: QtBot) -> None:
    session = window.session
    _parser.cache_clear()
    session.filter._prepared = False
    session.set_kind("uniform")
    qtbot.waitUntil(lambda: _parser.cache_info().currsize == 1, timeout=30_000)
    built = _parser.cache_info().misses
    session.filter.use("score > 0.5")
    session.set_kind("learned")
    qtbot.waitUntil(lambda: not session.busy, timeout=30_000)
    assert _parser.cache_info().misses == built


def test_the_line_says_the_filter_in_use_unless_another_is_being_typed(
    window: MainWindow, qtbot: QtBot
) -> None:
    session, line = window.session, window.pairs.filter.edit
    window.activateWindow()
    window.focus_filter()
    type_filter(window, qtbot, "score > 0.9")
    session.filter.toggle("outcome = FP")  # in the matrix's legend
    settled(window, qtbot)
    assert line.hasFocus() and line.text() == "outcome = FP"
    line.clear()
    qtbot.keyClicks(line, "score")
    session.set_threshold(0.123)
    session.set_kind("uniform")
    settled(window, qtbot)
    assert line.hasFocus() and line.text() == "score"
    session.project_taken.emit("")  # a project without a filter is opened
    assert line.hasFocus() and line.text() == ""
