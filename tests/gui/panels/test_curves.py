"""The panel of counts and curves: ranges, the menu of thresholds, and what it says of few pairs."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from dataclasses import replace
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.analysis.rates import RateInterval
from core.scoring.lists import PairList
from core.scoring.matrix import ScoreMatrix
from tests.gui.resting import settled
from tests.living import make_crops
from tests.weights import scored
from xcos_gui.panels.matrix.axis import BAR, GAP
from xcos_gui.shell.window import MainWindow
from xcos_gui.widgets.curve_reading import READ, CurveReading
from xcos_gui.widgets.outcomes import interval_words


def texts(window: MainWindow) -> list[tuple[str, bool]]:
    menu = window.curves.menu
    menu.aboutToShow.emit()
    return [(action.text(), action.isEnabled()) for action in menu.actions()]


def test_curves_of_a_made_up_gallery(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two genuine pairs, 0.5 and 0.9; four impostor pairs, 0.1, 0.2, 0.3 and 0.7."""
    session, curves = window.session, window.curves
    plots = curves.plots
    scores = np.array(
        [[1, 0.5, 0.1, 0.2], [0.5, 1, 0.3, 0.7], [0.1, 0.3, 1, 0.9], [0.2, 0.7, 0.9, 1]], np.float32
    )
    codes = np.array([0, 0, 1, 1], np.int32)
    assert session.rows is not None
    matrix = ScoreMatrix(scores, True, codes, codes, "learned", "both")
    with monkeypatch.context() as only:
        made_up = replace(scored(matrix, session.rows.part(np.arange(4))), model=session.model)
        only.setattr(session, "scored", made_up)
        curves._on_matrix_changed()
        curves._on_threshold_changed(0.6)
        said = [curves.counts[outcome].text() for outcome in ("TP", "FN", "FP", "TN")]  # type: ignore[index]
        assert said == [
            "TP  1\nTAR 50.00 %",
            "FN  1\nFRR 50.00 %",
            "FP  1\nFAR 25.00 %",
            "TN  3\nTRR 75.00 %",
        ]
        # One of eight pairs of a genuine and an impostor score stands the wrong way round.
        assert curves.summary.text().startswith("AUC 0.8750, EER ")
        assert "accuracy 66.67 % of 2 genuine and 4 impostor pairs" in curves.summary.text()
        assert curves.spin.value() == 0.6 and plots.line.value() == pytest.approx(0.6)
        (left, right), (low, high) = plots.histogram.viewRange()
        assert left == pytest.approx(0.1 - 0.02, abs=0.02) and right == pytest.approx(
            0.9 + 0.04, abs=0.02
        )
        assert left < 0.1 and right > 0.9
        assert (low, high) == pytest.approx((0, 1.35 * 0.5))  # each genuine pair is half of all
        assert plots.rates.roc_point.getData() == (
            pytest.approx([np.log10(0.25)]),
            pytest.approx([0.5]),
        )
        assert plots.rates.det_point.getData() == (
            pytest.approx([np.log10(0.25)]), pytest.approx([np.log10(0.5)])
        )  # fmt: skip
        for plot in (plots.rates.roc, plots.rates.det):
            assert plot.toolTip() == (
                "The least rate that can be told is one of 4 impostor and one of 2 genuine pairs; "
                "the axis begins there."
            )
            (left, right), _ = plot.viewRange()
            assert left == pytest.approx(np.log10(1 / 4))
            assert right == pytest.approx(0.04 * np.log10(4))  # room for the number 1
        _, (low, high) = plots.rates.det.viewRange()  # FRR by two genuine pairs
        assert low == pytest.approx(np.log10(1 / 2)) and high == pytest.approx(0.04 * np.log10(2))
        assert plots.rates.det_curve.getData()[1].min() == pytest.approx(np.log10(1 / 2))
        curves._on_threshold_changed(0.95)  # nothing is above it: both rates at their least
        least = pytest.approx([np.log10(1 / 4)])  # FAR 0 stands where the axis begins
        assert plots.rates.roc_point.getData() == (least, pytest.approx([0]))
        assert plots.rates.det_point.getData() == (least, pytest.approx([0]))
        offered = texts(window)
        assert offered[0] == ("The weights' own: 0.4600", True)
        assert not [
            text for text, _ in offered if text.startswith("As before")
        ]  # none was moved yet
        # Of four impostor pairs one is a quarter: no smaller rate can be told.
        assert [one for one in offered if "too few impostor pairs to say" in one[0]] and all(
            not on for text, on in offered if "too few" in text
        )
        assert offered[-1][0].startswith("Equal error rate: ")
    qtbot.waitUntil(lambda: not curves.before.moving)
    session.set_threshold(0.123)
    assert ("As before: 0.4600", True) in texts(window)
    window.curves.menu.actions()[0].trigger()
    assert session.threshold == 0.46


def test_what_is_told_of_few_pairs(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    session, curves = window.session, window.curves
    plots = curves.plots
    scores = np.array([[1, 0.5, 0.1], [0.5, 1, 0.3], [0.1, 0.3, 1]], np.float32)
    assert session.rows is not None
    for codes, said, known in (
        ([-1, -1, -1], "No identities are known, so there is nothing to count. ", False),
        ([0, 0, -1], "accuracy 100.00 % of 1 genuine and 0 impostor pairs, 2 pairs of unknown identities not counted", True),
    ):  # fmt: skip
        numbers = np.array(codes, np.int32)
        matrix = ScoreMatrix(scores, True, numbers, numbers, "learned", "both")
        with monkeypatch.context() as only:
            only.setattr(session, "scored", scored(matrix, session.rows.part(np.arange(3))))
            curves._on_matrix_changed()
            curves._on_threshold_changed(0.4)
            assert curves.summary.text().startswith(said)
            assert all(button.isEnabled() == known for button in curves.counts.values())
            assert plots.rates.det.toolTip() == "A curve needs genuine and impostor pairs."
            assert plots.rates.det.viewRange()[0][0] == pytest.approx(np.log10(1 / 2))
    with monkeypatch.context() as only:
        only.setattr(session, "scored", None)
        curves._on_matrix_changed()
        assert curves.summary.text() == "Counts and curves appear once pairs are scored."
        assert [button.text() for button in curves.counts.values()] == ["TP", "FN", "FP", "TN"]
        assert plots.isHidden() and not curves.counts["TP"].isEnabled()
        rates = [one for one in texts(window) if one[0].startswith("FAR ")]
        assert rates and all("too few" in text and not on for text, on in rates)


def test_an_axis_without_room_for_its_name_has_the_short_one(
    window: MainWindow, qtbot: QtBot
) -> None:
    plots = window.curves.plots
    for tab, short, whole in (
        (1, "TAR", "TAR (true accept rate)"),
        (2, "FRR", "FRR (false reject rate)"),
    ):
        plots.tabs.setCurrentIndex(tab)
        plot = (plots.rates.roc, plots.rates.det)[tab - 1]
        for height, name in ((400, whole), (90, short), (400, whole)):
            plot.setMinimumHeight(height)
            plot.setMaximumHeight(height)
            QApplication.processEvents()
            plot.grab()
            assert plot.getAxis("left").labelText == name, height
        plot.setMinimumHeight(0)
        plot.setMaximumHeight(10_000)
    plots.tabs.setCurrentIndex(0)


def test_curves_are_read_below_their_plots(window: MainWindow) -> None:
    plots = window.curves.plots
    assert plots.reading.isHidden()
    for tab, hidden in ((1, False), (0, True), (2, False)):
        plots.tabs.setCurrentIndex(tab)
        assert plots.reading.isHidden() == hidden
    assert plots.reading.text().startswith("Point at the curve to read it")
    left = plots.rates.roc.getAxis("left").labelText, plots.rates.det.getAxis("left").labelText
    assert [name.split()[0] for name in left] == ["TAR", "FRR"]
    assert (plots.rates.roc.getAxis("bottom").logMode, plots.rates.roc.getAxis("left").logMode) == (
        True,
        False,
    )
    assert (plots.rates.det.getAxis("bottom").logMode, plots.rates.det.getAxis("left").logMode) == (
        True,
        True,
    )


def test_a_list_is_stepped_through(window: MainWindow, qtbot: QtBot) -> None:
    session, told = window.session, list[str]()
    session.message.connect(told.append)
    session.set_threshold(1.0)
    window.curves.counts["FN"].click()
    qtbot.waitUntil(lambda: window.pairs.model.rowCount() == 4)
    cells = [window.pairs.model.cell(row) for row in range(4)]
    session.select_pair(0, 5)  # not listed: the first one, or from the end the last
    window.step_listed(1)
    assert session.pair == cells[0]
    window.step_listed(1)
    assert session.pair == cells[1]
    window.step_listed(-1)
    window.step_listed(-1)
    assert session.pair == cells[0] and told[-1] == "That was the first of the list."
    session.select_pair(0, 5)
    window.step_listed(-1)
    assert session.pair == cells[3]
    window.step_listed(1)
    assert session.pair == cells[3] and told[-1] == "That was the last of the list."
    window.curves.counts["TP"].click()
    qtbot.waitUntil(lambda: window.pairs.model.rowCount() == 0)
    window.step_listed(1)
    assert told[-1] == "The list of pairs is empty; click a count, such as FP."


def test_pairs_are_chosen_within_the_matrix_alone(
    window: MainWindow, qtbot: QtBot, probes: Path
) -> None:
    """Four probes down and six faces across: what is a row need not be a column."""
    session = window.session
    session.open_probes(probes)
    qtbot.waitUntil(
        lambda: session.matrix is not None and session.matrix.scores.shape == (4, 6)
        and not session.busy, timeout=60_000,
    )  # fmt: skip
    session.select_pair(0, 0)
    for pair, chosen in (
        ((3, 5), (3, 5)), ((4, 0), (3, 5)), ((5, 5), (3, 5)), ((0, 6), (3, 5)), ((-1, 0), (3, 5)), ((0, -1), (3, 5)),
        ((0, 5), (0, 5)), ((3, 0), (3, 0)),
    ):  # fmt: skip
        session.select_pair(*pair)
        assert session.pair == chosen, pair
    session.swap_pair()
    assert session.pair == (3, 0)  # of two galleries nothing is swapped
    session.open_probes(None)
    qtbot.waitUntil(
        lambda: session.matrix is not None and session.matrix.scores.shape == (6, 6)
        and not session.busy, timeout=60_000,
    )  # fmt: skip
    session.select_pair(1, 4)
    session.swap_pair()
    assert session.pair == (4, 1)


def test_a_click_on_a_name_shows_its_items_and_nothing_beyond_the_matrix(
    empty: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    """Ann has half of the photos: around her middle, the matrix once stood too low and dan was cut off."""
    people = {"ann": 9, "bob": 3, "cem": 3, "dan": 3}
    session, panel = empty.session, empty.matrix
    session.open_gallery(make_crops(tmp_path / "people", people))
    qtbot.waitUntil(lambda: session.matrix is not None and not session.busy, timeout=60_000)
    left, top = panel._axes
    # Names get their room once they are known.
    qtbot.waitUntil(lambda: left.size().width() > 40 and top.size().height() > 40)
    ends = np.cumsum([*people.values()])
    for which, axis in enumerate(panel._axes):
        for start, stop in zip(ends - [*people.values()], ends, strict=True):
            panel.fit()
            panel._plot.grab()
            part, place = axis.sceneBoundingRect(), (start + stop) / 2
            at = panel._view.mapViewToScene(QPointF(place, place))
            panel.sides.click(
                QPointF(at.x(), part.top() + 3) if which else QPointF(part.left() + 3, at.y())
            )
            across, down = panel._view.viewRange()
            low, high = across if which else down
            assert -1e-6 <= low <= start and stop <= high <= 18 + 1e-6
            assert high - low == pytest.approx(stop - start + 4, rel=0.01)
            assert not panel._kept.fitted  # else another size of the window would show all again
            assert across[0] >= -1e-6 and down[0] >= -1e-6  # no paper between names and matrix


def test_a_project_is_left_with_a_list_that_is_always_there(window: MainWindow) -> None:
    session, pairs = window.session, window.pairs
    one = PairList(np.array([0]), np.array([1]), np.array([0.5]))
    for place in (0, 3, 5):
        pairs.choice.setCurrentIndex(place)
        assert window.projects._state().view["list"] == place
    session.list_pairs("Mine", one)
    assert pairs.choice.currentIndex() == 6 and window.projects._state().view["list"] == 0


def test_a_click_on_a_bar_lists_its_person_s_errors(window: MainWindow) -> None:
    """False rejects next to the matrix, then false accepts, both left of it and above."""
    panel, pairs = window.matrix, window.pairs
    panel.fit()
    panel._plot.grab()
    for way, axis in enumerate(panel._axes):
        part = axis.sceneBoundingRect()
        for item, name in ((1.5, "ann"), (3.5, "bob")):
            at = panel._view.mapViewToScene(QPointF(item, item))
            for far, what in (
                (GAP + 3, "False rejects"),
                (GAP + BAR + GAP / 2 + 3, "False accepts"),
            ):
                across = QPointF(at.x(), part.bottom() - far)
                panel.sides.click(across if way else QPointF(part.right() - far, at.y()))
                assert pairs.choice.currentText() == (f"{what} of {name}, at threshold 0.4600"), way


def test_a_threshold_that_is_being_typed_outlives_the_end_of_other_work(
    window: MainWindow, qtbot: QtBot
) -> None:
    session, spin = window.session, window.curves.spin
    window.activateWindow()
    spin.setFocus()
    spin.selectAll()
    qtbot.keyClicks(spin, "0.12")
    session.set_filter("score > 0.5")
    session.edit(lambda project: project.set_aside(["cem/1.png"]))
    settled(window, qtbot)
    assert spin.text() == "0.12" and session.threshold != 0.12
    qtbot.keyClick(spin, Qt.Key.Key_Return)
    assert session.threshold == 0.12 and spin.text() == "0.1200"


def test_diverse_pairs_do_not_take_the_place_of_a_newer_list(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, curves, go_on = window.session, window.curves, Event()
    pairs = PairList(np.array([0]), np.array([4]), np.zeros(1, np.float32))

    def slow(*_: object) -> PairList:
        go_on.wait(20)
        return pairs

    monkeypatch.setattr("xcos_gui.panels.curves.panel.diverse_pairs", slow)
    curves.spread.setChecked(True)
    for newer in (
        lambda: session.list_pairs("Newer", pairs),
        lambda: session.list_outcome("TN"),
    ):
        go_on.clear()
        curves.counts["FP"].click()
        newer()
        shown = window.pairs.choice.currentText()
        go_on.set()
        settled(window, qtbot)
        assert window.pairs.choice.currentText() == shown
        assert shown in ("Newer", "True rejects (TN)")


@pytest.mark.parametrize("width", [170, 250, 400, 900])
def test_a_reading_has_room_for_all_its_words(qtbot: QtBot, width: int) -> None:
    reading = CurveReading(SimpleNamespace(statistics=None))  # type: ignore[arg-type]
    qtbot.addWidget(reading)
    reading.resize(width, 10)
    reading.show()
    heights = set()
    far, tar = RateInterval(0.001234, 0.0004, 0.01, 9), RateInterval(0.98765, 0.9123, 1.0, 9)
    for words in ("", READ, f"threshold {-0.1234:.4f}: FAR {interval_words(far)}, TAR "
                  f"{interval_words(tar)}; in brackets 95 % intervals. A click sets it."):  # fmt: skip
        reading.setText(words)
        heights.add(reading.height())
        flags = int(Qt.TextFlag.TextWordWrap)
        wanted = reading.fontMetrics().boundingRect(0, 0, width, 0, flags, words).height()
        assert wanted <= reading.height()
    assert len(heights) == 1
