"""What docs/design.md promises of every window: it fits, it can be read, and it says what is so."""

import pytest

from core.errors import counted
from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from itertools import combinations
from pathlib import Path

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.explain.colours import outcome_colours
from xcos_gui.shell.tool_menu import ALL_TOOLS
from xcos_gui.shell.window import MainWindow
from xcos_gui.widgets.design import SMALLEST, is_dark, outcome_colour, readable, secondary
from xcos_gui.widgets.elided import ElidedLabel
from xcos_gui.widgets.icons import DRAWINGS, icon
from xcos_gui.widgets.placing import Scrolled
from xcos_gui.widgets.theme import dark_palette

# Machado, Oliveira and Fernandes (2009), severity 1, of linear RGB.
BLIND = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}  # fmt: skip
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def contrast(one: QColor, other: QColor) -> float:
    """WCAG's contrast of two colours, from 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: QColor) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (colour.redF(), colour.greenF(), colour.blueF())
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def lab(rgb: tuple[int, int, int], blind: str) -> np.ndarray:
    """CIELAB of what a dichromat sees of a colour."""
    part = np.array(rgb) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(BLIND[blind]) @ linear, 0, 1)
    f = np.cbrt(TO_XYZ @ seen / (0.9505, 1.0, 1.089) + 1e-9)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("blind", BLIND)
@pytest.mark.parametrize("dark", [False, True])
def test_outcomes_are_told_apart_by_the_colour_blind(dark: bool, blind: str) -> None:
    colours = outcome_colours(dark)
    for one, other in combinations(("TP", "FP", "FN", "TN"), 2):
        apart = np.linalg.norm(lab(colours[one], blind) - lab(colours[other], blind))
        assert apart > 15, (one, other, apart)  # a just noticeable difference is about 2


@pytest.mark.parametrize("dark", [False, True])
def test_errors_are_louder_than_what_is_right(dark: bool, qapp: QApplication) -> None:
    palette = dark_palette() if dark else QApplication.style().standardPalette()
    assert is_dark(palette) == dark
    ground = palette.color(QPalette.ColorRole.Base)
    loud = {o: contrast(outcome_colour(o, palette), ground) for o in ("TP", "FP", "FN", "TN")}
    assert min(loud["FP"], loud["FN"]) > max(loud["TP"], loud["TN"]) and loud["FP"] > 3
    assert contrast(secondary(palette), ground) >= 4.5
    assert contrast(QColor("black"), QColor("white")) == pytest.approx(21)


@pytest.mark.parametrize("ground", ["#ffffff", "#1f1f22"])
def test_names_in_any_hue_can_be_read(ground: str) -> None:
    for hue in range(0, 360, 15):
        for lightness in (40, 110, 150, 220):
            colour = QColor.fromHsl(hue, 190, lightness)
            shown = readable(colour, QColor(ground))
            assert contrast(shown, QColor(ground)) >= 4.5, (hue, lightness)
            if contrast(colour, QColor(ground)) >= 4.5:
                assert shown == colour  # nothing is changed without need
            else:  # and no more than is needed
                assert contrast(shown, QColor(ground)) < 5
                assert abs((shown.hslHue() - hue + 180) % 360 - 180) <= 6
    assert readable(QColor("black"), QColor("white")) == QColor("black")
    assert contrast(readable(QColor("white"), QColor("white")), QColor("white")) >= 4.5


def test_counts_can_be_read_after_the_theme_changes(window: MainWindow) -> None:
    def legible() -> bool:
        button = window.curves.counts["TP"]
        image, ratio = button.grab().toImage(), []
        ground = image.pixelColor(image.width() - 8, image.height() // 2)
        for x in range(10, image.width() - 4):
            ratio += [
                contrast(image.pixelColor(x, y), ground) for y in range(4, image.height() - 4)
            ]
        return max(ratio) > 7 and is_dark(window.palette()) == (ground.lightness() < 128)

    try:
        for theme in ("dark", "light", "dark"):
            window.set_theme(theme)
            QApplication.processEvents()
            assert is_dark(window.palette()) == (theme == "dark") and legible(), theme
    finally:
        window.set_theme("light")


def test_every_window_fits_the_smallest_screen(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(SMALLEST)
    assert window.size() == SMALLEST
    window.show_evaluation()
    shown = [window.show_tool(tool) for tool in ALL_TOOLS]
    for tool in (*shown, window.evaluation):
        assert tool is not None
        assert tool.screen().availableGeometry().contains(tool.geometry()), tool.title
        assert tool.height() > 12 * tool.fontMetrics().height(), (
            tool.title
        )  # room for what it shows
        bars = [area.horizontalScrollBar() for area in tool.findChildren(Scrolled)]
        assert not any(bar.maximum() for bar in bars), tool.title  # nothing lies at the side
        tool.resize(SMALLEST)
        assert tool.size() == SMALLEST, tool.title
        tool.close()


def test_hovering_moves_nothing(window: MainWindow, qtbot: QtBot) -> None:
    inspector = window.inspector
    window.session.select_pair(0, 3)
    before = [dock.geometry() for dock in window.docks.values()]
    matrix, height = window.matrix.geometry(), inspector.cell_text.height()
    for row in range(7):
        for column in range(7):
            inspector._mark((row, column))
            QApplication.processEvents()
    assert inspector.cell_text.text()
    assert [dock.geometry() for dock in window.docks.values()] == before
    assert window.matrix.geometry() == matrix and inspector.cell_text.height() == height


def test_the_pair_says_whether_the_model_is_right(window: MainWindow) -> None:
    session, verdict = window.session, window.inspector.verdict
    session.select_pair(0, 3)  # ann and bob
    session.set_threshold(-1.0)
    assert verdict.headline.text() == "False accept" and verdict.sign.outcome == "FP"
    assert verdict.says.text() == "Wrong: the model says same person; the faces are ann and bob."
    session.set_threshold(1.0)
    assert verdict.headline.text() == "True reject"
    session.select_pair(0, 1)
    assert verdict.headline.text() == "False reject"
    assert verdict.says.text() == "Wrong: the model says different people; both faces are ann."
    session.select_pair(2, 2)
    assert verdict.headline.text() == "One face with itself" and verdict.sign.outcome is None


def test_one_face_is_no_pair(empty: MainWindow, qtbot: QtBot, crops: Path) -> None:
    session = empty.session
    session.open_gallery(crops / "cem")
    qtbot.waitUntil(lambda: session.loaded is not None and not session.busy, timeout=60_000)
    assert session.pair is None
    assert empty.inspector.words.text().startswith("There is one face")
    assert "one face" in empty.curves.summary.text()
    assert "(1 face)" in empty.windowTitle()


def test_escape_clears_a_field_before_it_stops_or_closes(window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    window.gallery._search.setText("bob")
    window.gallery.focus_search()
    window.commands.escape()
    assert window.gallery._search.text() == "" and window.gallery.model.rowCount() == 6


def test_going_back_to_the_pair_before(window: MainWindow) -> None:
    session = window.session
    session.select_pair(0, 1)
    session.select_pair(2, 4)
    window.history.back()
    assert session.pair == (0, 1) and window.history.can_go_forward
    window.history.forward()
    assert session.pair == (2, 4) and not window.history.can_go_forward


def test_undo_says_what(window: MainWindow, qtbot: QtBot) -> None:
    told: list[str] = []
    window.session.message.connect(told.append)
    window.session.edit(lambda project: project.set_aside(["cem/1.png"]))
    qtbot.waitUntil(lambda: not window.session.busy, timeout=60_000)
    assert window._menus._undo.text() == "&Undo the setting aside of cem/1.png"
    window.session.undo()
    assert told == ["Undone: the setting aside of cem/1.png."]


@pytest.mark.parametrize("name", ["a" * 200 + ".jpg", "ขอบคุณ" * 30, "深圳市" * 40, "أحمد " * 40])
def test_long_names_are_elided_in_the_middle(qtbot: QtBot, name: str) -> None:
    label = ElidedLabel(f"{name}\nshort")
    qtbot.addWidget(label)
    label.resize(QSize(160, 60))
    first, second = label.shown().split("\n")
    assert second == "short" and "…" in first and len(first) < len(name)
    assert label.fontMetrics().horizontalAdvance(first) <= 160
    assert label.toolTip() == f"{name}\nshort" and label.minimumSizeHint().width() == 1


def test_icons_are_drawn_in_the_text_s_colour(qapp: QApplication) -> None:
    for dark in (False, True):
        palette = dark_palette() if dark else QApplication.style().standardPalette()
        for name in DRAWINGS:
            image = icon(name, palette).pixmap(20, 20).toImage()
            inked = [
                image.pixelColor(x, y)
                for x in range(image.width())
                for y in range(image.height())
                if image.pixelColor(x, y).alpha() > 128
            ]
            assert 10 < len(inked) < 0.7 * image.width() * image.height(), name
            wanted = palette.color(QPalette.ColorRole.WindowText)
            assert contrast(inked[0], palette.color(QPalette.ColorRole.Window)) > 3, (name, wanted)


def test_numbers_have_their_nouns() -> None:
    assert [counted(n, "face") for n in (0, 1, 2000)] == ["0 faces", "1 face", "2,000 faces"]
    assert counted(2, "identity", "identities") == "2 identities"


def test_the_table_of_pairs_sorts_and_remembers(window: MainWindow, qtbot: QtBot) -> None:
    pairs, session = window.pairs, window.session
    pairs.choice.setCurrentIndex(0)
    qtbot.waitUntil(lambda: pairs.model.rowCount() == 15)
    worst_first = [pairs.model.cell(row) for row in range(15)]
    assert pairs._count.text() == "15 pairs, worst first"
    place = pairs.table.visualRect(pairs.model.index(3, 2)).center()
    qtbot.mouseClick(pairs.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert pairs.table.selectionModel().isRowSelected(3)  # not the cell alone
    assert session.pair == worst_first[3]
    header = pairs.table.horizontalHeader()
    header.setSortIndicator(2, Qt.SortOrder.DescendingOrder)
    scores = [float(session.matrix.scores[pairs.model.cell(row)]) for row in range(15)]  # type: ignore[union-attr]
    assert scores == sorted(scores, reverse=True)
    qtbot.waitUntil(lambda: session.settings.store.value("table/pairs") is not None)
    header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
    assert [pairs.model.cell(row) for row in range(15)] == worst_first
    assert all(
        pairs.model.headerData(column, Qt.Orientation.Horizontal)
        for column in range(pairs.model.columnCount())
    )


def test_a_row_stays_chosen_only_while_it_is_looked_at(window: MainWindow, qtbot: QtBot) -> None:
    pairs = window.pairs
    window.session.set_threshold(-1.0)
    qtbot.waitUntil(lambda: pairs.model.rowCount() == 11)
    pairs.table.selectRow(2)
    window.session.select_pair(0, 1)  # genuine, so not listed
    assert not pairs.table.selectionModel().selectedRows()


def test_the_matrix_is_quiet_in_the_dark_too(window: MainWindow) -> None:
    panel, session = window.matrix, window.session
    panel.colouring.setCurrentIndex(1)
    session.set_threshold(1.0)
    image = panel.item.image
    assert image is not None
    try:
        for theme in ("light", "dark"):
            window.set_theme(theme)
            QApplication.processEvents()
            drawn, *_ = image.draw(slice(0, 6), slice(0, 6), panel.item.look)
            wanted = outcome_colours(theme == "dark")
            for cell, outcome in (((0, 3), "TN"), ((0, 1), "FN")):
                colour = QColor(int(drawn[cell]) & 0xFFFFFF)
                assert (colour.red(), colour.green(), colour.blue()) == wanted[outcome], theme
    finally:
        window.set_theme("light")


def test_a_second_escape_closes_a_tool_whose_work_ends_late(
    window: MainWindow, qtbot: QtBot
) -> None:
    from threading import Event

    tool = window.show_tool(next(t for t in ALL_TOOLS if t.place[0] == "fragile"))
    tool.activateWindow()
    qtbot.waitUntil(tool.isActiveWindow)
    goes_on = Event()
    tool.compute("Working", lambda _: goes_on.wait(30), lambda _: None)
    qtbot.keyClick(tool, Qt.Key.Key_Escape)
    assert tool.isVisible() and tool.job.stopping
    qtbot.keyClick(tool, Qt.Key.Key_Escape)
    assert not tool.isVisible()
    goes_on.set()
