"""The bar of chosen pairs: what it counts, what may be pressed, and the names beside the matrix."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from pathlib import Path

from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QBoxLayout
from pytestqt.qtbot import QtBot

from core.project.edits import pair_subject
from tests.gui.panels.test_matrix_orders import rest
from tests.gui.resting import score_probes
from xcos_gui.panels.matrix.axis import Named
from xcos_gui.panels.matrix.panel import MatrixPanel
from xcos_gui.panels.matrix.selecting import BESIDE
from xcos_gui.shell.window import MainWindow


def chosen(window: MainWindow, qtbot: QtBot, band: QRectF, how: str = "new") -> None:
    """Choose the cells of a rectangle of columns and rows."""
    panel = window.matrix
    assert panel.item.image is not None
    panel.selecting.choose(panel.item.image.shown, band, how)
    rest(window, qtbot)
    qtbot.waitUntil(lambda: not panel.selecting.rating, timeout=20_000)


def counted(window: MainWindow) -> int | None:
    report = window.matrix.selecting.report
    return None if report is None else report.total


def test_a_rectangle_beside_the_matrix_chooses_nothing(window: MainWindow, qtbot: QtBot) -> None:
    bar = window.matrix.chosen_bar
    assert bar.isHidden()
    # ann's three with bob's two, of which a touched edge of a cell counts.
    chosen(window, qtbot, QRectF(3.5, 0.5, 1.2, 2.0))
    assert (
        counted(window) == 6
        and not bar.isHidden()
        and bar.words.text().startswith("6 pairs chosen: ")
    )
    for band in (
        QRectF(2, 6.5, 1, 3),
        QRectF(6.2, 2, 3, 1),
        QRectF(-3, 1, 2, 2),
        QRectF(1, -4, 2, 3.5),
    ):
        for how in ("add", "remove"):
            chosen(window, qtbot, band, how)
            assert counted(window) == 6
    chosen(window, qtbot, QRectF(3.5, 0.5, 0.2, 0.2), "remove")
    assert counted(window) == 5
    chosen(window, qtbot, QRectF(5.1, 5.1, 4, 4), "add")  # cem's photo with itself is no pair
    assert counted(window) == 5
    chosen(window, qtbot, QRectF(5.1, 3.1, 4, 0.5), "add")
    assert counted(window) == 6
    for beside in (QRectF(6.2, 2, 3, 1), QRectF(2, 6.2, 1, 3), QRectF(-2, 1, 1.5, 1)):
        chosen(window, qtbot, QRectF(3.5, 0.5, 0.2, 0.2))
        assert counted(window) == 1
        chosen(window, qtbot, beside)  # a click beside it
        assert counted(window) is None and bar.isHidden()
    chosen(window, qtbot, QRectF(1, 1, 2, 2), "remove")  # of nothing
    assert bar.isHidden()


def test_the_bar_counts_outcomes_and_says_what_is_rough(window: MainWindow, qtbot: QtBot) -> None:
    session, bar = window.session, window.matrix.chosen_bar
    session.set_threshold(-1.0)
    chosen(window, qtbot, QRectF(0, 0, 6, 6))
    text = bar.words.text()
    assert (
        text.startswith("15 pairs chosen: TP 4, FP 11, FN 0, TN 0; TAR 100") and "; FAR 100" in text
    )
    assert "unknown" not in text and "intervals follow" not in text
    session.set_threshold(1.0)
    qtbot.waitUntil(lambda: "TP 0, FP 0, FN 4, TN 11" in bar.words.text(), timeout=20_000)
    chosen(window, qtbot, QRectF(0.2, 0.2, 0.5, 0.5))
    assert bar.words.text() == "0 pairs chosen: TP 0, FP 0, FN 0, TN 0"
    assert {n: b.isEnabled() for n, b in bar.buttons.items()} == {
        n: n == "clear" for n in bar.buttons
    }
    assert not bar.list_them()
    chosen(window, qtbot, QRectF(0.2, 1.2, 0.5, 0.5))
    assert bar.words.text().startswith("1 pair chosen: TP 0, FP 0, FN 1, TN 0; TAR 0")
    assert "FAR" not in bar.words.text() and all(b.isEnabled() for b in bar.buttons.values())
    bar.buttons["list"].click()
    assert window.pairs.choice.currentText() == "Chosen: 1 pair"
    bar.buttons["clear"].click()
    assert bar.isHidden()


def test_tags_are_hung_on_as_many_pairs_as_may_have_them(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    bar, asked, told = window.matrix.chosen_bar, list[tuple[list[str], str]](), list[str]()
    module = "xcos_gui.panels.matrix.selecting"
    monkeypatch.setattr(
        "xcos_gui.widgets.tags.ask_tags", lambda *given: asked.append((given[2], given[3]))
    )
    window.session.message.connect(told.append)
    bar.tag_them()  # none are chosen
    chosen(window, qtbot, QRectF(3.1, 0.1, 1.5, 0.5))
    monkeypatch.setattr(f"{module}.MOST_TAGGED", 2)
    bar.buttons["tag"].click()
    subjects, what = asked[0]
    assert {*subjects} == {
        pair_subject("ann/1.png", "bob/1.png"),
        pair_subject("ann/1.png", "bob/2.png"),
    }
    assert what == "these 2 pairs" and told == []
    monkeypatch.setattr(f"{module}.MOST_TAGGED", 1)
    bar.buttons["tag"].click()
    assert len(asked) == 1 and "at most 1 pairs at once, and 2 are chosen" in told[0]


def test_its_buttons_stand_below_where_it_is_narrow(window: MainWindow, qtbot: QtBot) -> None:
    bar = window.matrix.chosen_bar
    chosen(window, qtbot, QRectF(0, 0, 6, 6))
    line, directions = bar.fontMetrics().height(), QBoxLayout.Direction
    for lines, wanted in (
        (BESIDE, directions.LeftToRight), (BESIDE + 20, directions.LeftToRight), (BESIDE - 1, directions.TopToBottom),
    ):  # fmt: skip
        bar.resize(lines * line, bar.height())
        assert bar._parts.direction() == wanted, lines


@pytest.fixture
def probed(window: MainWindow, qtbot: QtBot, probes: Path) -> MatrixPanel:
    """Four rows, six columns."""
    score_probes(window, qtbot, probes)
    rest(window, qtbot)
    return window.matrix


def test_a_name_s_items_fill_the_view_and_nothing_beside_the_matrix(probed: MatrixPanel) -> None:
    view = probed._view
    for which, start, stop in ((0, 1, 2), (1, 0, 3), (1, 5, 6), (0, 2, 4), (1, 3, 5)):
        view.setRange(QRectF(1, 1, 2, 2), padding=0)
        probed.sides._show_items(which, Named(start, stop, "x"))
        (left, right), (top, bottom) = view.viewRange()
        low, high = ((top, bottom), (left, right))[which]
        count = (4, 6)[which]
        assert low <= start + 1e-6 and high >= stop - 1e-6  # all of it
        assert high - low == pytest.approx(min(stop - start + 4, count), rel=0.01)
        assert low >= -1e-6 and high <= count + 1e-6


def test_nothing_stays_chosen_of_a_gallery_that_was_forgotten(
    window: MainWindow, qtbot: QtBot
) -> None:
    panel = window.matrix
    chosen(window, qtbot, QRectF(3.5, 0.5, 1.2, 2.0))
    assert panel.chosen_bar.isVisible()
    window.session.forget_gallery()
    assert panel.chosen_bar.isHidden() and panel.selecting.chosen is None
    panel.chosen_bar.tag_them()
