"""What the columns of compared methods show, of maps made up here, and which curves lie beside them."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from types import SimpleNamespace

import numpy as np
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from tests.gui.tools.test_tables import compared
from xcos_gui.shell.tool_menu import PAIR_TOOLS
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.compare.window import OPACITY, SHORT, TIPS, CompareWindow, _Column
from xcos_gui.widgets.cell_view import CellView

MINUS = "\N{MINUS SIGN}"
TOOL = next(tool for tool in PAIR_TOOLS if tool.place[0] == "compare.window")


def method(left: np.ndarray, right: np.ndarray, seconds: float) -> SimpleNamespace:
    return SimpleNamespace(map=SimpleNamespace(left=left, right=right, seconds=seconds))


def colours(view: CellView) -> np.ndarray:
    assert view._overlay is not None
    image = view._overlay.convertToFormat(QImage.Format.Format_RGBA8888)
    return np.array([image.pixelColor(k % 7, k // 7).getRgb() for k in range(49)]).reshape(7, 7, 4)


def test_a_map_s_colours_are_by_its_own_largest_size(qtbot: QtBot) -> None:
    column = _Column("rise", "CorrRISE")
    for widget in (column.label, *column.views):
        qtbot.addWidget(widget)
        assert widget.toolTip() == TIPS["rise"]
    left = np.zeros((7, 7))
    left[1, 2], left[4, 5], left[6, 0] = 0.02, -0.04, 0.04
    column.show_map(method(left, -3 * left.T, 0.0417))  # type: ignore[arg-type]
    assert column.label.text() == "CorrRISE\n42 ms"
    for view, sign, places in (
        (column.views[0], 1, ((1, 2), (4, 5), (6, 0))), (column.views[1], -1, ((2, 1), (5, 4), (0, 6)))
    ):  # fmt: skip
        shown = colours(view).astype(int)
        half, against, whole = (shown[place] for place in places)
        blue = lambda c: c[2] - c[0]  # noqa: E731
        # Blue for same, red against; paler where the map is half as large; alike on both sides.
        assert sign * blue(whole) > 60 and sign * blue(against) < -60
        assert sign * blue(half) > 0 and half[:3].sum() > whole[:3].sum() + 100
        assert shown[..., 3].max() == round(255 * OPACITY)
    for seconds, text in ((0.9994, "999 ms"), (1.0, "1.0 s"), (12.345, "12.3 s")):
        column.show_map(method(left, left, seconds))  # type: ignore[arg-type]
        assert column.label.text() == f"CorrRISE\n{text}"
    column.clear()
    assert column.label.text() == "CorrRISE\n" and all(v._overlay is None for v in column.views)


@pytest.fixture
def tool(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> CompareWindow:
    """Without the work: a test says what came of it."""
    monkeypatch.setattr(CompareWindow, "compute", lambda *_: None)
    window.session.select_pair(0, 3)
    shown = window.show_tool(TOOL)
    assert isinstance(shown, CompareWindow)
    shown.refresh()
    return shown


def test_faces_stand_in_every_column_the_left_one_above(tool: CompareWindow) -> None:
    session = tool.session
    crops = [session.crop(face) for face in session.faces_of((0, 3))]
    tool._lay_out(("xcos", "rise"))
    assert list(tool.columns) == ["face", "xcos", "rise"]
    for place, column in enumerate(tool.columns.values()):
        for row, (view, crop) in enumerate(zip(column.views, crops, strict=True)):
            found = tool._grid.itemAtPosition(row + 1, place)
            assert found is not None and found.widget() is view
            assert view._crop is not None
            for x, y in ((3, 5), (60, 90)):
                assert view._crop.pixelColor(x, y).getRgb()[:3] == tuple(crop[y, x].tolist())
        head = tool._grid.itemAtPosition(0, place)
        assert head is not None and head.widget() is column.label
    assert (
        tool.about.text().startswith("1 × 1\nscore ")
        and tool.about.toolTip() == "ann/1.png\nbob/1.png"
    )
    assert tool.again.isEnabled() and not tool.save.isEnabled()


def test_a_cell_is_told_of_both_faces(tool: CompareWindow) -> None:
    left, right = np.full((7, 7), 0.25), np.full((7, 7), -0.5)
    left[2, 5] = -0.125
    tool._on_cell((2, 5))
    assert tool.cell_text.text() == ""  # nothing is known yet
    tool.methods = {"xcos": method(left, right, 1), "rise": method(right, left, 1)}  # type: ignore[dict-item]
    tool._on_cell((2, 5))
    assert tool.cell_text.text() == (
        f"row 3, column 6, left/right:  {SHORT['xcos']} {MINUS}0.125/{MINUS}0.500  {SHORT['rise']} {MINUS}0.500/{MINUS}0.125"
    )
    assert all(view._cell == (2, 5) for column in tool.columns.values() for view in column.views)
    tool._on_cell(None)
    assert tool.cell_text.text() == ""
    assert all(view._cell is None for column in tool.columns.values() for view in column.views)
    tool.methods = {}


def test_the_chosen_method_has_its_shuffled_weights_beside_it(tool: CompareWindow) -> None:
    ramp = np.arange(49.0).reshape(7, 7)
    tool.methods = {name: compared(0.1, 0.2, ramp) for name in ("xcos", "rise")}  # type: ignore[misc]
    tool.controls = {
        name: compared(0.3, 0.1, ramp) for name in ("random", "shuffled-xcos", "shuffled-rise")
    }  # type: ignore[assignment]
    tool._draw()

    def names() -> list[str]:
        return [item.name() for item in tool.curves.plots[1].listDataItems()]

    assert tool.areas.rowCount() == 5 and tool.ranks.rowCount() == 2
    assert names() == [
        "xCos evidence",
        "CorrRISE",
        "Random order",
        "xCos evidence, shuffled weights",
    ]
    for row in (1, 4):  # a method, or its control
        tool.areas.selectRow(row)
        assert names()[2:] == ["Random order", "CorrRISE, shuffled weights"]
    tool.controls = {}
    tool._draw()
    assert names() == ["xCos evidence", "CorrRISE"]
    tool.session.set_threshold(0.33)
    assert "press F5" in tool.note.text()
    tool.methods = {}
    tool.tell("")
    tool.session.set_threshold(0.34)  # nothing is shown that could be out of date
    assert tool.note.text() == ""


def test_what_is_compared_already_is_not_compared_again(
    tool: CompareWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(CompareWindow, "compute", lambda _, what, *__: asked.append(what))
    tool.refresh()
    assert asked == []
    tool.again.click()
    assert len(asked) == 1
    tool.session.select_pair(1, 3)
    tool.refresh()
    tool.refresh()
    assert len(asked) == 2
    tool.session.set_order("left-right")
    tool.refresh()
    assert len(asked) == 3
