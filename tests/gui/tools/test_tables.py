"""Tables, plots and texts of the tools, from numbers made up here: what each cell and curve says."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QTableWidget
from pytestqt.qtbot import QtBot

from xcos_gui.state.settings import Settings
from xcos_gui.tools.compare.tables import AreasTable, CurvePlots, RanksTable
from xcos_gui.tools.evaluation.pairs import ListedPairsModel
from xcos_gui.tools.evaluation.plots import EvaluationPlots
from xcos_gui.tools.evidence.tab import RateTable, rate_text
from xcos_gui.tools.two_models.views import AgreementTable, RocView, ScatterView
from xcos_gui.widgets.outcomes import GENUINE, IMPOSTOR
from xcos_gui.widgets.tables import SharedRoom

MINUS, DASH, ARROW = "\N{MINUS SIGN}", "\N{EN DASH}", "\N{RIGHTWARDS ARROW}"
Role = Qt.ItemDataRole
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def rows(table: object) -> list[list[str]]:
    return [
        [table.item(row, column).text() for column in range(table.columnCount())]  # type: ignore[attr-defined]
        for row in range(table.rowCount())  # type: ignore[attr-defined]
    ]


# Compare saliency methods.


def compared(deletion: float, insertion: float, map_: np.ndarray) -> SimpleNamespace:
    def curve(area: float, sign: float) -> SimpleNamespace:
        return SimpleNamespace(
            area=area, shares=np.array([0, 0.5, 1]), scores=sign * np.array([0.9, 0.4, area])
        )

    return SimpleNamespace(
        map=SimpleNamespace(seconds=1.234, map=map_),
        curves=SimpleNamespace(deletion=curve(deletion, 1), insertion=curve(insertion, -1)),
    )


def methods() -> dict[str, SimpleNamespace]:
    ramp = np.arange(49.0).reshape(7, 7)
    return {
        "xcos": compared(0.2, 0.3, ramp), "occlusion": compared(-0.1, 0.25, -ramp),
        "rise": compared(0.15, 0.5, ramp**2),
    }  # fmt: skip


def test_areas_name_their_methods_and_the_best_is_bold(qtbot: QtBot) -> None:
    table = AreasTable()
    qtbot.addWidget(table)
    controls = {"random": compared(0.05, 0.9, np.ones((7, 7))), "shuffled xcos": None}
    del controls["shuffled xcos"]
    table.show_rows(methods(), controls)  # type: ignore[arg-type]
    assert rows(table) == [
        ["xCos evidence", "1.23", "0.200", "0.300"], ["Occlusion", "1.23", f"{MINUS}0.100", "0.250"],
        ["CorrRISE", "1.23", "0.150", "0.500"], ["Random order", "", "0.050", "0.900"],
    ]  # fmt: skip
    bold = [(r, c) for r in range(4) for c in range(4) if table.item(r, c).font().bold()]
    assert bold == [(1, 2), (2, 3)]  # the least deletion and the most insertion of the methods
    italic = [(r, c) for r in range(4) for c in range(4) if table.item(r, c).font().italic()]
    assert italic == [(3, c) for c in range(4)]
    assert all(Qt.AlignmentFlag(table.item(0, c).textAlignment()) == RIGHT for c in (1, 2, 3))
    assert table.item(0, 0).data(Role.DecorationRole) == QColor("#0072b2")
    told_: list[str] = []
    table.chosen.connect(told_.append)
    assert table.current() is None
    table.selectRow(2)
    assert told_[-1] == "rise" == table.current()
    table.show_rows({name: one for name, one in methods().items() if name != "xcos"}, {})  # type: ignore[misc]
    assert table.current() == "rise" and table.rowCount() == 2


def test_ranks_are_coloured_by_their_correlation(qtbot: QtBot) -> None:
    table = RanksTable()
    qtbot.addWidget(table)
    table.show_ranks(methods())  # type: ignore[arg-type]
    assert rows(table) == [
        ["1.00", f"{MINUS}1.00", "1.00"], [f"{MINUS}1.00", "1.00", f"{MINUS}1.00"], ["1.00", f"{MINUS}1.00", "1.00"]
    ]  # fmt: skip
    alike, unlike = (table.item(0, k).background().color() for k in (0, 1))
    assert alike.blue() > alike.red() + 60 and unlike.red() > unlike.blue() + 60
    assert table.item(0, 0).foreground().color() == QColor("white")
    assert table.horizontalHeaderItem(0).text() == "xCos\nevidence"
    assert table.verticalHeaderItem(1).text() == "Occlusion"
    even = np.abs(np.arange(49.0) - 24).reshape(7, 7)  # as often with the ramp as against it
    table.show_ranks(methods() | {"rise": compared(0, 0, even)})  # type: ignore[arg-type]
    assert table.item(0, 2).text() == "0.00"
    assert min(table.item(0, 2).background().color().getRgb()[:3]) >= 240
    assert table.item(0, 2).foreground().color() == QColor("black")
    flat = methods() | {"rise": compared(0, 0, np.ones((7, 7)))}
    table.show_ranks(flat)  # type: ignore[arg-type]
    assert table.item(2, 0).text() == "" and table.item(0, 0).text() == "1.00"


def test_columns_that_share_room_stay_readable(qtbot: QtBot) -> None:
    table = QTableWidget(40, 4)
    table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    qtbot.addWidget(table)
    table.verticalHeader().hide()
    table.setFrameShape(QTableWidget.Shape.NoFrame)
    header, least = table.horizontalHeader(), round(5 * table.fontMetrics().height())
    for column in (1, 3):
        header.resizeSection(column, 60)
    SharedRoom(table, (0, 2), 5)
    table.resize(501, 200)
    table.show()

    def widths() -> list[int]:
        QApplication.processEvents()
        return [header.sectionSize(column) for column in range(4)]

    assert widths() == [190, 60, 191, 60]  # to the last pixel
    table.setColumnHidden(1, True)
    assert widths() == [220, 0, 221, 60]
    table.setColumnHidden(1, False)
    header.resizeSection(3, 81)
    assert widths() == [180, 60, 180, 81]
    table.resize(200, 200)
    assert widths() == [least, 60, least, 81]
    assert table.horizontalScrollBar().maximum() > 0


def test_curves_of_methods(qtbot: QtBot) -> None:
    plots = CurvePlots()
    qtbot.addWidget(plots)
    shown = methods() | {"random": compared(0.1, 0.2, np.ones((7, 7)))}
    plots.show_curves(shown, "rise", lambda name: f"<{name}>")  # type: ignore[arg-type]
    for plot, sign, areas in zip(plots.plots, (1, -1), ((0.2, -0.1, 0.15, 0.1), (0.3, 0.25, 0.5, 0.2)), strict=True):  # fmt: skip
        items = plot.plotItem.listDataItems()
        assert [item.name() for item in items] == ["<xcos>", "<occlusion>", "<rise>", "<random>"]
        for item, area in zip(items, areas, strict=True):
            x, y = item.getData()
            np.testing.assert_allclose(x, [0, 0.5, 1])
            np.testing.assert_allclose(y, sign * np.array([0.9, 0.4, area]))
        pens = [item.opts["pen"] for item in items]
        assert [pen.widthF() for pen in pens] == [1.5, 1.5, 3, 1.5]
        assert [pen.style() == Qt.PenStyle.DashLine for pen in pens] == [False, False, False, True]


# Two models.


def comparison() -> SimpleNamespace:
    counts = np.array([[[1, 2], [3, 4]], [[5, 6], [7, 1008]]])  # by genuine, a right, b right

    def count(a: bool, b: bool, genuine: bool | None = None) -> int:
        found = counts[:, int(a), int(b)]
        return int(found.sum() if genuine is None else found[int(genuine)])

    def curve(tar: float) -> SimpleNamespace:
        return SimpleNamespace(far=np.array([0, 0.25, 1]), tar=np.array([0.1, tar, 1]))

    def model(tar: float) -> SimpleNamespace:
        return SimpleNamespace(
            scored=SimpleNamespace(
                statistics=SimpleNamespace(
                    curve=lambda: curve(tar), impostor=np.zeros(40), genuine=np.zeros(20)
                )
            )
        )

    return SimpleNamespace(
        names=("A (one)", "B (two)"), first=(0.4, "own"), second=(0.5, "own"), count=count,
        title=lambda *key: f"title {key}", models=SimpleNamespace(a=model(0.6), b=model(0.8)),
        outcomes=lambda: (
            SimpleNamespace(far=0.25, tar=0.6, impostor=40),
            SimpleNamespace(far=0.0, tar=0.1, impostor=40),
        ),
    )  # fmt: skip


def test_who_is_right_is_counted_two_by_two(qtbot: QtBot) -> None:
    table = AgreementTable()
    qtbot.addWidget(table)
    asked: list[tuple[bool, bool, bool | None]] = []
    table.asked.connect(lambda *key: asked.append(key))
    table.show_comparison(comparison())  # type: ignore[arg-type]
    said = {key: button.text() for key, button in table.buttons.items()}
    assert said[True, True, None] == "1,012" and said[True, True, True] == "1,008 genuine"
    assert said[True, False, None] == "10" and said[True, False, False] == "3 impostor"
    assert said[False, True, None] == "8" and said[False, True, True] == "6 genuine"
    assert said[False, False, None] == "6" and said[False, False, False] == "1 impostor"
    table.buttons[True, False, True].click()
    table.buttons[False, True, None].click()
    assert asked == [(True, False, True), (False, True, None)]
    place = {key: table.layout().indexOf(b) for key, b in table.buttons.items()}
    assert set(place.values()) == {-1}  # each within a cell of the grid
    table.resize(500, 300)
    table.show()
    across = {key: b.mapTo(table, b.rect().center()) for key, b in table.buttons.items()}
    assert across[True, True, None].x() < across[True, False, None].x()
    assert across[True, True, None].y() < across[False, True, None].y()
    assert across[True, False, None].y() == across[True, True, None].y()


def test_scores_of_both_models_are_points(qtbot: QtBot) -> None:
    view = ScatterView()
    qtbot.addWidget(view)
    pairs = SimpleNamespace(
        rows=np.array([0, 1, 2]), columns=np.array([3, 4, 5]), scores=np.array([0.1, 0.6, 0.3]),
    )  # fmt: skip
    pairs.at = lambda k: SimpleNamespace(
        rows=pairs.rows[k], columns=pairs.columns[k], scores=pairs.scores[k]
    )
    scatter = SimpleNamespace(
        genuine=np.array([False, True, False]), pairs=pairs, other=np.array([0.2, 0.7, -0.3]), words="All 3 pairs are drawn.",
    )  # fmt: skip
    view.show_scatter(scatter, comparison())  # type: ignore[arg-type]
    for genuine, points in (
        (True, [(0.6, 0.7, (1, 4))]),
        (False, [(0.1, 0.2, (0, 3)), (0.3, -0.3, (2, 5))]),
    ):
        found = [(p.pos().x(), p.pos().y(), p.data()) for p in view.items[genuine].points()]
        assert found == points
    assert [(line.angle, line.value()) for line in view._lines] == [(90, 0.4), (0, 0.5)]
    assert view.plot.getAxis("bottom").labelText == "score by A (one)"
    assert view.plot.getAxis("left").labelText == "score by B (two)"
    assert (
        view.drawn.text()
        == "All 3 pairs are drawn. Lines: the thresholds. Click a point to look at its pair."
    )
    chosen: list[tuple[int, int]] = []
    view.chosen.connect(lambda *cell: chosen.append(cell))
    view._on_clicked(None, view.items[False].points()[1:])
    assert chosen == [(2, 5)]
    view.mark((0.25, 0.75))
    assert [part.tolist() for part in view._current.getData()] == [[0.25], [0.75]]
    view.mark(None)
    assert not len(view._current.getData()[0])


def test_both_roc_curves_and_their_points(qtbot: QtBot) -> None:
    view = RocView()
    qtbot.addWidget(view)
    found = comparison()
    view.show_comparison(found)  # type: ignore[arg-type]
    for curve, tar in zip(view.curves, (0.6, 0.8), strict=True):
        np.testing.assert_allclose(curve.xData, [1 / 40, 0.25, 1])  # where the axis begins
        np.testing.assert_allclose(curve.yData, [0.1, tar, 1])
    assert [(p.xData[0], p.yData[0]) for p in view._points] == [(0.25, 0.6), (1 / 40, 0.1)]
    legend_ = view.plot.plotItem.legend
    assert [legend_.getLabel(curve).text for curve in view.curves] == ["A (one)", "B (two)"]
    none = SimpleNamespace(far=0.1, tar=None), SimpleNamespace(far=None, tar=0.5)
    found.outcomes = lambda: none
    view.show_comparison(found)  # type: ignore[arg-type]
    for item in (*view.curves, *view._points):
        assert item.xData is None or not len(item.xData)


# Evaluation.


def test_bins_are_chosen_by_a_score(qtbot: QtBot) -> None:
    plots = EvaluationPlots()
    qtbot.addWidget(plots)
    scores, same = np.array([-0.5, 0.1, 0.7, 0.4]), np.array([False, False, True, True])
    measured = SimpleNamespace(scores=scores, metrics=SimpleNamespace(threshold=0.3))
    plots.show_kind(measured, same)  # type: ignore[arg-type]
    genuine, impostor = plots.histogram.plotItem.listDataItems()
    assert [item.opts["pen"].color() for item in (genuine, impostor)] == [GENUINE, IMPOSTOR]
    for item, mine in ((genuine, scores[same]), (impostor, scores[~same])):
        edges, heights = item.getData()
        assert len(edges) == 61 and edges[0] == -0.5 and edges[-1] == pytest.approx(0.7)
        assert heights.sum() == 2
        for score in mine:
            place = np.flatnonzero(heights)
            assert any(edges[k] <= score <= edges[k + 1] for k in place)
    lines = [item for item in plots.histogram.plotItem.items if isinstance(item, pg.InfiniteLine)]
    assert [(line.value(), line.angle) for line in lines] == [(0.3, 90)]
    bins: list[tuple[float, float]] = []
    plots.bin_chosen.connect(lambda *ends: bins.append(ends))
    for score, place in ((-0.5, 0), (-0.49, 0), (-0.47, 1), (0.7, 59), (2, 59), (-2, 0)):
        plots.choose_bin(score)
        assert bins[-1] == pytest.approx((-0.5 + 0.02 * place, -0.48 + 0.02 * place)), score


def test_pairs_of_a_protocol(qapp: object) -> None:
    model = ListedPairsModel()
    pairs = SimpleNamespace(
        left=[Path(f"l/{k}.png") for k in range(4)], right=[Path(f"r/{k}.png") for k in range(4)]
    )
    codes = np.array([1, 2, 3, 4], np.uint8)
    model.show(pairs, np.array([0.5, -0.25, 0.1, 0.2]), codes, np.array([1, 3]))  # type: ignore[arg-type]
    assert model.rowCount() == 2 and model.pair(0) == 1 and model.places().tolist() == [1, 3]
    from core.scoring.matrix import OUTCOMES

    assert model.index(0, 0).data().replace(MINUS, "-").startswith("-0.25")
    assert model.index(0, 1).data() == OUTCOMES[2] and model.index(1, 1).data() == OUTCOMES[4]
    assert "1.png" in model.index(0, 2).data() and "3.png" in model.index(1, 3).data()
    assert model.index(1, 0).data(Role.ToolTipRole) == f"{pairs.left[3]}\n{pairs.right[3]}"
    heads = [model.headerData(k, Qt.Orientation.Horizontal) for k in range(4)]
    assert heads == ["score", "outcome", "left", "right"]
    # Worst first as it was given, until a head is clicked; a third click leads back.
    model.show(pairs, np.array([0.5, -0.25, 0.1, 0.2]), codes, np.array([2, 0, 3, 1]))  # type: ignore[arg-type]
    assert model.places().tolist() == [2, 0, 3, 1]
    for column, falling, wanted in (
        (0, False, [1, 2, 3, 0]),
        (0, True, [0, 3, 2, 1]),
        (1, False, [0, 1, 2, 3]),
        (3, True, [3, 2, 1, 0]),
        (-1, False, [2, 0, 3, 1]),
    ):
        model.sort(column, (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder)[falling])
        assert model.places().tolist() == wanted, (column, falling)


# Evidence.


def test_rates_with_their_intervals(qtbot: QtBot, tmp_path: Path) -> None:
    assert rate_text(None, (0.1, 0.2)) == DASH
    assert rate_text(0.1234, None) == "12.34 %"
    assert rate_text(0.5, (0.25, 0.755)) == "50.00 % (25.00 to 75.50)"
    store = QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat)
    heads = (("of", ""), ("one", "tip one"), ("two", "tip two"))
    table = RateTable(heads, "Rates", Settings(store), sorts=True)
    qtbot.addWidget(table)
    table.show_rows(
        ["x", "y", "z"], [["1", ("10.0 %", 10.0)], ["3", ("9.0 %", 9.0)], ["5", ("-", -1.0)]]
    )
    assert rows(table) == [["x", "1", "10.0 %"], ["y", "3", "9.0 %"], ["z", "5", "-"]]
    assert table.horizontalHeaderItem(2).toolTip() == "tip two"
    assert Qt.AlignmentFlag(table.item(0, 2).textAlignment()) == RIGHT
    assert Qt.AlignmentFlag(table.item(0, 1).textAlignment()) != RIGHT
    asked: list[int] = []
    table.row_asked.connect(asked.append)
    table.cellClicked.emit(1, 0)
    table.sortItems(2, Qt.SortOrder.AscendingOrder)
    assert [row[0] for row in rows(table)] == ["z", "y", "x"]  # by the numbers, not their texts
    table.cellClicked.emit(0, 0)
    assert asked == [1, 2]  # the place among the rows given
    qtbot.keyClick(table, Qt.Key.Key_Return)  # no row yet
    table.setCurrentCell(2, 1)
    qtbot.keyClick(table, Qt.Key.Key_Enter)
    table.setCurrentCell(1, 0)
    qtbot.keyClick(table, Qt.Key.Key_Return)
    assert asked == [1, 2, 0, 1]


def test_a_table_that_the_window_widens_still_fits_its_columns(
    qtbot: QtBot, tmp_path: Path
) -> None:
    """Its last column takes what room is left: that was once taken for the user's own width."""
    store = QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat)
    heads = (("of", ""), ("one", ""), ("two", ""))
    table = RateTable(heads, "Widened", Settings(store))
    qtbot.addWidget(table)
    table.resize(500, 200)
    table.show()
    before = table.columnWidth(1)
    table.resize(800, 200)
    qtbot.waitUntil(lambda: table.columnWidth(2) > 400)
    table.show_rows(["x"], [["1", "2"]])
    assert table.columnWidth(1) < before
    table.setColumnWidth(1, 300)  # as the user does
    table.show_rows(["x"], [["1", "2"]])
    assert table.columnWidth(1) == 300
