"""The matrix's bar, keys that walk in it, and typed names."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)


import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from pytestqt.qtbot import QtBot

from core.explain.colours import outcome_colours
from core.explain.matrix_image import Look, MatrixImage
from core.scoring.matrix import ScoreMatrix
from core.scoring.orders import Asked
from xcos_gui.panels.matrix.axis import Named
from xcos_gui.panels.matrix.bar import MatrixBar
from xcos_gui.panels.matrix.keys import TypedName, walk


def test_keys_walk_by_cells_people_and_ends() -> None:
    rows, columns = np.array([0, 0, 1, 1, 1, 2]), np.array([5, 5, 5, 6])
    Key = Qt.Key
    for key, start, end in (
        (Key.Key_Left, (2, 2), (2, 1)), (Key.Key_Right, (2, 2), (2, 3)), (Key.Key_Up, (2, 2), (1, 2)),
        (Key.Key_Down, (2, 2), (3, 2)), (Key.Key_Left, (2, 0), (2, 0)), (Key.Key_Right, (2, 3), (2, 3)),
        (Key.Key_Up, (0, 1), (0, 1)), (Key.Key_Down, (5, 1), (5, 1)), (Key.Key_Home, (3, 2), (3, 0)),
        (Key.Key_End, (3, 1), (3, 3)), (Key.Key_PageDown, (0, 1), (2, 1)), (Key.Key_PageDown, (3, 1), (5, 1)),
    ):  # fmt: skip
        assert walk(key, start, rows, columns) == end, (key, start)
    assert walk(Key.Key_A, (0, 0), rows, columns) is None


def test_a_name_is_typed_letter_by_letter() -> None:
    blocks = [Named(0, 2, "Zoë"), Named(2, 3, "an_na 10"), Named(3, 7, "Anton")]
    typed = TypedName()
    assert typed.add("a", 100.0).first_of(blocks) == blocks[1]
    assert typed.add("n", 100.4).first_of(blocks) == blocks[1]
    assert typed.add("t", 100.8).first_of(blocks) == blocks[2]
    assert typed.add("z", 110.0).first_of(blocks) == blocks[0]  # after a pause anew
    assert typed.add("o", 110.1).first_of(blocks) == blocks[0]
    assert typed.add("e", 110.2).first_of(blocks) == blocks[0]
    assert typed.add("x", 110.3).first_of(blocks) is None
    assert typed.add(" an na", 130.0).first_of(blocks) == blocks[1]


def test_the_bar_says_what_is_chosen_and_how_near(qtbot: QtBot) -> None:
    bar = MatrixBar()
    qtbot.addWidget(bar)
    others = {"attention:uniform": "uniform attention", "labels": "the names before"}
    bar.fill(("age",), True, Asked("people", "hardness", "name"), others)
    assert bar.asked == Asked("people", "hardness", "hardness") and bar.columns.isHidden()
    assert bar.level.findData("column:age") > 0 and bar.changed.isHidden()
    bar.fill((), False, Asked("faces", "name", "hardness", None, "attention:uniform"), others)
    assert bar.asked == Asked("faces", "name", "hardness", None, "attention:uniform")
    assert not bar.columns.isHidden() and not bar.changed.isHidden()
    assert bar.rows.itemText(0).startswith("Rows ") and bar.columns.itemText(0).startswith(
        "Columns "
    )
    for pixels, near in ((12.4, "12 points a cell"), (1, "1 points a cell"), (0.5, "4 cells a point"), (0.1, "100 cells a point")):  # fmt: skip
        bar.show_zoom(pixels)
        assert bar.fit.toolTip() == f"Show all (0); now {near}"
    told: list[float] = []
    bar.zoom_asked.connect(told.append)
    for button in bar.findChildren(type(bar.fit)):
        if button.text() in ("+", "\N{MINUS SIGN}"):
            button.click()
    assert sorted(told) == [0.5, 2.0]
    bar.show_place("ann × bob")
    assert not bar.back.isHidden() and bar.place.text() == "ann × bob"
    bar.show_place("")
    assert bar.back.isHidden() and bar.place.isHidden()


def test_the_bar_s_colours(qtbot: QtBot) -> None:
    bar = MatrixBar()
    qtbot.addWidget(bar)
    assert bar.look(0.3) == Look(0.3, False, "mean", False) and bar.fars == {
        "score": "mean",
        "outcome": "worst",
    }
    bar.colouring.setCurrentIndex(1)
    assert bar.look(0.3) == Look(0.3, True, "worst", False)
    assert [bar.far.itemText(k) for k in range(bar.far.count())] == [
        "Far away: worst",
        "Far away: errors",
    ]
    bar.set_fars({"score": "errors", "outcome": "mean", "other": 1})
    assert bar.fars == {"score": "errors", "outcome": "worst"}
    bar.set_fars({"score": "nothing", "outcome": "errors"})
    assert bar.fars == {"score": "errors", "outcome": "errors"}
    bar.set_fars(["score"])
    assert (
        bar.fars == {"score": "errors", "outcome": "errors"} and bar.far.currentData() == "errors"
    )
    codes = np.array([0, 1, -1], np.int32)
    square = MatrixImage(
        ScoreMatrix(np.zeros((3, 3), np.float32), True, codes, codes, "uniform", "both")
    )
    bar.set_fars({"outcome": "worst"})
    bar.show_legend(square, 0.3)
    assert "unknown" in bar._legend.text() and "itself" in bar._legend.text()
    assert bar._bar.isHidden() and not bar._legend.isHidden()
    known = np.arange(5, dtype=np.int32)
    other = MatrixImage(
        ScoreMatrix(np.zeros((2, 3), np.float32), False, known[:2], known[2:], "uniform", "both")
    )
    bar.show_legend(other, 0.3)
    names = ["TP", "FP", "FN", "TN"]
    assert "unknown" not in bar._legend.text() and "itself" not in bar._legend.text()
    for name in names:
        colour = QColor(*outcome_colours(False)[name]).name()  # type: ignore[index]
        square = "■"
        if name == "TN":  # nearly the colour of the ground: a filled square could not be seen
            colour, square = bar.palette().color(QPalette.ColorRole.WindowText).name(), "□"
        told = f'<span style="color:{colour}">{square}</span> <a href="{name}"'
        assert told in bar._legend.text() and f">{name}</a>" in bar._legend.text()
    bar.colouring.setCurrentIndex(0)
    bar.set_fars({"score": "mean"})
    bar.show_legend(other, 0.3)
    low, high = other.scale(0.3)
    assert bar._bar.toolTip() == (
        f"Score from {low:.2f} to {high:.2f}; white and the mark are the threshold 0.300"
    )
    assert not bar._bar.isHidden() and bar._legend.isHidden()
