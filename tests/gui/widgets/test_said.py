"""What single widgets say, complete and paint, each alone: words, numbers, colours, places."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from core.analysis.rates import RateInterval
from core.explain.colours import centred_table, map_rgba, table
from xcos_gui.state.settings import Settings
from xcos_gui.widgets.cell_view import CellView, _number
from xcos_gui.widgets.cells_table import CellsModel
from xcos_gui.widgets.colour_bar import ColourBar
from xcos_gui.widgets.design import mixed, secondary, sized
from xcos_gui.widgets.map_view import MapView
from xcos_gui.widgets.outcomes import OutcomeButton, interval_words, percent
from xcos_gui.widgets.verdict import told_score

MINUS = "\N{MINUS SIGN}"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))


def test_rates_have_as_many_digits_as_they_need() -> None:
    for share, text in (
        (None, "\N{EN DASH}"), (0.0, "0.00 %"), (0.001, "0.10 %"), (0.00099, "0.0990 %"), (0.00001, "0.0010 %"),
        (0.12345, "12.35 %"), (1.0, "100.00 %"),
    ):  # fmt: skip
        assert percent(share) == text
    fields = {field.name: None for field in dataclasses.fields(RateInterval)}
    known = RateInterval(**(fields | {"rate": 0.25, "low": 0.0005, "high": 0.5, "identities": 9}))  # type: ignore[arg-type]
    assert interval_words(known) == "25.00 % [0.0500 to 50.00]"
    few = RateInterval(**(fields | {"rate": 0.25, "identities": 1}))  # type: ignore[arg-type]
    assert interval_words(few) == "25.00 % [too few people]"


def test_scores_are_told_with_their_margin() -> None:
    assert told_score(0.5623, None) == "0.562"
    assert told_score(-0.5, None) == f"{MINUS}0.500"
    assert told_score(0.5623, 0.25) == "0.562  (+0.312)"
    assert told_score(0.125, 0.5) == f"0.125  ({MINUS}0.375)"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (0.00049, "0"), (0.0006, ".001"), (0.0994, ".099"), (0.1, ".10"), (-0.25, f"{MINUS}.25"),
     (1.0, "1.00"), (-0.05, f"{MINUS}.050"), (10.5, "10.50")],
)  # fmt: skip
def test_numbers_in_cells_are_short(value: float, text: str) -> None:
    assert _number(value) == text


def report(values: np.ndarray) -> SimpleNamespace:
    return SimpleNamespace(values=values)


def test_cells_sort_and_their_sum_follows(qapp: object, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = [
        {"row": r, "column": c, "region": g, "cosine": s, "attention": w, "contribution": s * w, "share": h, "evidence": e}
        for r, c, g, s, w, h, e in (
            (0, 1, "nose", 0.5, 0.2, 0.4, 0.01), (1, 0, "chin", -0.25, 0.4, None, -0.3), (0, 0, "eye", 0.9, 0.1, -0.05, 0.2),
        )
    ]  # fmt: skip
    monkeypatch.setattr(
        "xcos_gui.widgets.cells_table.cell_rows", lambda _: [dict(c) for c in cells]
    )
    model = CellsModel()
    model.show(report(np.zeros(1)))  # type: ignore[arg-type]

    def column(number: int) -> list[str]:
        return [model.index(row, number).data() for row in range(3)]

    assert column(0) == ["1, 2", "1, 1", "2, 1"]  # by contribution, falling
    assert column(7) == ["0.1000", "0.1900", "0.0900"]
    assert column(5) == ["40.0 %", f"{MINUS}5.0 %", "\N{EN DASH}"]
    assert column(4)[2] == f"{MINUS}0.1000" and column(1) == ["nose", "eye", "chin"]
    up, down = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder
    model.sort(0, up)
    assert column(0) == ["1, 1", "1, 2", "2, 1"] and column(7) == ["0.0900", "0.1900", "0.0900"]
    model.sort(0, down)
    assert column(0) == ["2, 1", "1, 2", "1, 1"]
    model.sort(5, up)
    assert column(1) == ["eye", "nose", "chin"]  # what has no share comes last
    model.sort(2, up)
    assert column(1) == ["chin", "nose", "eye"]
    assert model.cell(0) == (1, 0) and model.row_of((0, 0)) == 2 and model.row_of((5, 5)) is None
    right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    for place in range(8):
        aligned = model.index(0, place).data(Qt.ItemDataRole.TextAlignmentRole)
        assert (aligned is not None and Qt.AlignmentFlag(aligned) == right) == (place != 1)
    heads = [model.headerData(k, Qt.Orientation.Horizontal) for k in range(8)]
    assert heads == ["cell", "region", "S", "W", "W·S", "share", "evidence", "sum"]
    assert "last row is the score" in model.headerData(
        7, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole
    )
    model.show(None)
    assert model.rowCount() == 0


def pixel(widget: QWidget, x: float, y: float) -> np.ndarray:
    found = widget.grab().toImage().pixelColor(int(x), int(y))
    return np.array([found.red(), found.green(), found.blue()])


def test_a_colour_bar_runs_from_low_to_high_with_its_mark(qtbot: QtBot) -> None:
    bar = ColourBar()
    qtbot.addWidget(bar)
    bar.resize(300, 24)
    colours = centred_table(0.5)
    bar.show_table(colours, -1, 1, 0.5, "a tip")
    assert bar.toolTip() == bar.accessibleName() == "a tip"
    metrics = bar.fontMetrics()
    left = metrics.horizontalAdvance(f"{MINUS}1.00") + 6
    right = 300 - metrics.horizontalAdvance("1.00") - 6
    for share in (0.1, 0.3, 0.9):
        x = left + share * (right - left)
        assert np.abs(pixel(bar, x, 12) - colours[int(share * 255)]).max() <= 6, share
    mark = left + round(0.75 * (right - left - 2))
    assert (pixel(bar, mark, 12) == 0).all() and (pixel(bar, mark + 1, 1) == 0).all()
    assert not (pixel(bar, mark + 4, 12) == 0).all()
    bar.show_table(colours, -1, 1, None, "")
    assert not (pixel(bar, mark, 12) == 0).all()
    bar.show_table(colours, 0, 0.5, 0.6, "")  # a mark beyond the ends is none
    image = bar.grab().toImage()
    assert all(image.pixelColor(x, 1) != QColor("black") for x in range(300))


def test_a_map_says_its_sum_and_has_its_own_colours(qtbot: QtBot) -> None:
    values = np.linspace(-0.02, 0.05, 49).reshape(7, 7)
    for name, low, high, mark, colours in (
        ("cosine", -1, 1, 0.3, centred_table(0.3)), ("attention", 0, 0.05, None, table("sequential")),
        ("contribution", -0.05, 0.05, None, table("diverging")), ("evidence", -0.05, 0.05, None, table("diverging")),
    ):  # fmt: skip
        view = MapView(name, "Title")  # type: ignore[arg-type]
        qtbot.addWidget(view)
        view.show_map(values, 0.3, 0.05, tip="tip")
        assert view.title.text() == (
            "Title" if name == "cosine" else f"Title  (sum {values.sum():.3f})"
        )
        assert (view.bar._low, view.bar._high) == (low, high)
        assert view.bar._mark == mark if mark else np.isnan(view.bar._mark)
        np.testing.assert_array_equal(view.bar._table, colours)
        view.resize(300, 400)
        view.show()
        wanted = map_rgba(name, values, threshold=0.3, limit=1.0 if name == "cosine" else 0.05)  # type: ignore[arg-type]
        square, cells = view.view._square(), view.view
        for cell in ((0, 0), (2, 5), (6, 6)):
            x = square.x() + (cell[1] + 0.08) * square.width() / 7
            y = square.y() + (cell[0] + 0.08) * square.height() / 7
            assert np.abs(pixel(cells, x, y) - wanted[cell][:3]).max() <= 2, (name, cell)
        view.show_map(-values, 0.3, 0.05, difference=True)
        assert view.title.text().endswith(
            "Title" if name == "cosine" else f"(sum {MINUS}{values.sum():.3f})"
        )
        assert (view.bar._low, view.bar._high) == (-0.05, 0.05)
        view.show_map(None, 0, 1)
        assert view.title.text() == "Title" and view.values is None
        view.set_title("Other")
        view.show_map(values, 0.3, 0.05)
        assert view.title.text().startswith("Other")
        assert view.view.accessibleName() == "Other; arrow keys move over the cells"


def test_numbers_are_dark_on_light_cells_and_light_on_dark(qtbot: QtBot) -> None:
    view = CellView("map")
    qtbot.addWidget(view)
    view.resize(420, 420)
    rgba = np.full((7, 7, 4), 255, np.uint8)
    rgba[1, 2, :3] = 20
    view.set_overlay(rgba, np.full((7, 7), 0.88))
    image = view.grab().toImage()

    def shades(row: int, column: int) -> list[int]:
        return [
            image.pixelColor(60 * column + x, 60 * row + y).lightness()
            for x in range(8, 52)
            for y in range(15, 45)
        ]

    assert min(shades(0, 0)) < 60 and max(shades(1, 2)) > 200
    view.resize(120, 120)  # no room for letters
    image = view.grab().toImage()
    assert min(image.pixelColor(x, y).lightness() for x in range(2, 15) for y in range(2, 15)) > 200


def test_an_outcome_s_button_has_its_colour_at_the_left(qtbot: QtBot) -> None:
    from xcos_gui.widgets.design import outcome_colour

    for outcome in ("TP", "FP", "FN", "TN"):
        button = OutcomeButton(outcome, "12")  # type: ignore[arg-type]
        qtbot.addWidget(button)
        button.resize(120, 40)
        image, wanted = button.grab().toImage(), outcome_colour(outcome, button.palette())
        assert image.pixelColor(5, 20) == image.pixelColor(3, 36) == wanted
        ends = [y for y in range(40) if image.pixelColor(4, y) == wanted]
        assert (ends[0], ends[-1]) == (2, 37)  # within the button's border
        assert image.pixelColor(10, 20) != wanted and image.pixelColor(115, 20) != wanted
        said = {
            "TP": "TP of the genuine",
            "FN": "FN of the genuine",
            "FP": "FP of the impostor",
            "TN": "TN of the impostor",
        }
        assert said[outcome] in button.toolTip()


def test_type_is_scaled_and_bold_where_it_is_said(qapp: object) -> None:
    font = QFont("DejaVu Sans", 10)
    small, bold = sized(font, 0.85), sized(font, 1.2, bold=True)
    assert small.pointSizeF() == pytest.approx(8.5) and small.weight() == font.weight()
    assert bold.pointSizeF() == pytest.approx(12) and bold.weight() == QFont.Weight.DemiBold
    assert mixed(QColor(0, 100, 200), QColor(100, 0, 0), 0.25) == QColor(25, 75, 150)
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.Base, QColor(200, 200, 200))
    palette.setColor(QPalette.ColorRole.Text, QColor(0, 0, 0))
    assert secondary(palette) == QColor(70, 70, 70)
