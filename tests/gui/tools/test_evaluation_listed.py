"""The pairs behind a protocol's numbers, listed; its curves, and what the table says of each kind."""

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
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from core.evaluation.results import NAMES, table
from tests.gui.tools.test_evaluation import evaluated, texts
from xcos_gui.shell.window import MainWindow
from xcos_gui.state.settings import Settings
from xcos_gui.tools.evaluation.pairs import ListedPairs
from xcos_gui.tools.evaluation.plots import COLOURS, EvaluationPlots

MINUS = "\N{MINUS SIGN}"
SCORES = np.array([0.9, 0.2, -0.1, 0.6, 0.4, 0.5])
SAME = np.array([True, True, False, False, False, True])
# At 0.5, which a score must be above: accepted are 0.9 and 0.6.
OUTCOMES = ["TP", "FN", "TN", "FP", "TN", "FN"]
# By how far each is on the wrong side, whatever the threshold: impostors by their height.
WORST_FIRST = [1, 3, 5, 4, 0, 2]  # by how far on the wrong side of 0.5


@pytest.fixture
def listed(qtbot: QtBot, tmp_path: Path) -> ListedPairs:
    store = QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat)
    made = ListedPairs(Settings(store))
    qtbot.addWidget(made)
    made.resize(600, 400)
    return made


def protocol() -> SimpleNamespace:
    names = ("10", "9", "2", "1", "33", "5")
    return SimpleNamespace(
        left=[f"l/{n}.png" for n in names],
        right=[f"r/{100 - int(n)}b.png" for n in names],
        same=SAME,
    )


def shown(listed: ListedPairs) -> list[int]:
    return listed.model.places().tolist()


def test_counts_list_their_pairs_worst_first(listed: ListedPairs) -> None:
    chosen: list[int] = []
    listed.pair_chosen.connect(chosen.append)
    buttons = (listed.every, *listed.counts.values())
    assert not any(b.isEnabled() for b in (*buttons, listed.open))
    listed.choose("TP")  # nothing is there yet
    assert listed.told.text().startswith("Evaluate a protocol") and listed.model.rowCount() == 0
    listed.choose(None)
    listed.show_pairs(protocol(), SCORES, SAME, 0.5)  # type: ignore[arg-type]
    assert shown(listed) == WORST_FIRST and chosen == [1]
    assert listed.told.text() == "6 pairs, worst first"
    assert [b.text() for b in buttons] == ["All 6", "TP 1", "FN 2", "FP 1", "TN 2"]
    assert all(b.isEnabled() for b in (*buttons, listed.open)) and listed.every.isChecked()
    for outcome, button in listed.counts.items():
        button.click()
        assert shown(listed) == [k for k in WORST_FIRST if OUTCOMES[k] == outcome]
        assert [b.isChecked() for b in buttons].count(True) == 1 and button.isChecked()
        assert listed.table.currentIndex().row() == 0 and chosen[-1] == shown(listed)[0]
    listed.counts["FN"].click()
    assert listed.told.text() == "2 pairs, worst first"
    # Another kind's scores: the outcome stays chosen, also where it has no pair.
    listed.show_pairs(protocol(), SCORES + 1, SAME, 0.5)  # type: ignore[arg-type]
    assert shown(listed) == [] and listed.told.text() == "No pair." and not listed.open.isEnabled()
    assert listed.counts["FN"].isChecked() and listed.counts["TP"].text() == "TP 3"
    listed.show_pairs(protocol(), SCORES, SAME, None)  # type: ignore[arg-type]
    assert [b.text() for b in buttons] == ["All 6", "TP 0", "FN 0", "FP 0", "TN 0"]
    listed.every.click()
    assert [listed.model.index(r, 1).data() for r in range(6)] == ["unknown"] * 6
    assert shown(listed) == [1, 3, 4, 5, 0, 2]  # of the middle between genuine and impostor scores


def test_a_bin_lists_every_outcome_of_its_range(listed: ListedPairs) -> None:
    listed.show_pairs(protocol(), SCORES, SAME, 0.5)  # type: ignore[arg-type]
    listed.counts["TN"].click()
    listed.choose_range(-0.1, 0.5)  # with its lower end, without its upper one
    assert shown(listed) == [1, 4, 2] and listed.every.isChecked()
    assert listed.told.text() == f"3 pairs with scores {MINUS}0.100 to 0.500, worst first"
    listed.choose_range(0.21, 0.39)
    assert listed.told.text() == "No pair."
    listed.counts["TN"].click()  # of all scores again
    assert shown(listed) == [4, 2] and listed.told.text() == "2 pairs, worst first"
    listed.choose_range(0.2, 0.3)
    assert listed.told.text() == "1 pair with scores 0.200 to 0.300, worst first"
    listed.show_pairs(protocol(), SCORES, SAME, 0.5)  # type: ignore[arg-type]
    assert shown(listed) == WORST_FIRST


def test_names_sort_as_a_reader_counts(listed: ListedPairs) -> None:
    listed.show_pairs(protocol(), SCORES, SAME, 0.5)  # type: ignore[arg-type]
    rising, falling = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder
    for column, order in ((2, rising), (3, falling)):  # right names fall where left ones rise
        listed.table.sortByColumn(column, order)
        assert shown(listed) == [3, 2, 5, 1, 0, 4]
    for column, order in ((3, rising), (2, falling)):
        listed.table.sortByColumn(column, order)
        assert shown(listed) == [4, 0, 1, 5, 2, 3]
    assert (
        listed.model.index(0, 2).data() == "33.png" and listed.model.index(0, 3).data() == "67b.png"
    )
    listed.table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    told = [listed.model.index(r, 0).data() for r in range(6)]
    assert told == [f"{MINUS}0.1000", "0.2000", "0.4000", "0.5000", "0.6000", "0.9000"]


def test_bars_of_many_scores_are_between_their_least_and_greatest(qtbot: QtBot) -> None:
    plots = EvaluationPlots()
    qtbot.addWidget(plots)
    bins = np.array([0, 17, 20, 20, 41, 59])
    scores = -0.1 + np.array([0, 17.3, 20.5, 20.6, 41.9, 60]) / 60
    measured = SimpleNamespace(scores=scores, metrics=SimpleNamespace(threshold=None))
    plots.show_kind(measured, SAME)  # type: ignore[arg-type]
    (edges, genuine), (_, impostor) = (
        i.getData() for i in plots.histogram.plotItem.listDataItems()
    )
    wide = 1.0 / 60
    for heights, mine in ((genuine, bins[SAME]), (impostor, bins[~SAME])):
        np.testing.assert_array_equal(heights, np.bincount(mine, minlength=60))
    assert edges[1] - edges[0] == pytest.approx(wide)
    assert not [i for i in plots.histogram.plotItem.items if isinstance(i, pg.InfiniteLine)]


def test_curves_are_of_each_kind_in_its_colour(
    empty: MainWindow, qtbot: QtBot, crops: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = evaluated(empty, qtbot, crops)
    assert dialog.found is not None
    evaluation, tabs = dialog.found[1], dialog.plot_tabs
    kinds = [kind for kind, found in evaluation.kinds.items() if found is not None]
    for plot in (tabs.roc, tabs.det):
        items = plot.plotItem.listDataItems()
        assert [item.name() for item in items] == [NAMES[kind] for kind in kinds]
        assert [item.opts["pen"].color() for item in items] == [QColor(COLOURS[k]) for k in kinds]
    impostors = int((~evaluation.same).sum())
    least_far, least_frr = 1 / impostors, 1 / int(evaluation.same.sum())
    for place, kind in enumerate(kinds):
        measured = evaluation.kinds[kind]
        assert measured is not None
        scores = measured.scores
        (far, tar), (far_again, frr) = (
            p.plotItem.listDataItems()[place].getOriginalDataset() for p in (tabs.roc, tabs.det)
        )
        np.testing.assert_array_equal(far, far_again)
        # At each score as the threshold, what lies above it is accepted.
        for t in np.unique(scores)[::5]:
            accepted = (scores[~evaluation.same] > t).mean(), (scores[evaluation.same] > t).mean()
            near = np.abs(far - max(accepted[0], least_far)) < 1e-9
            assert np.abs(tar[near] - accepted[1]).min() < 1e-9
            assert np.abs(frr[near] - max(1 - accepted[1], least_frr)).min() < 1e-9
    for plot in (tabs.roc, tabs.det):  # from one impostor pair of all to all of them
        low, high = plot.plotItem.vb.viewRange()[0]
        assert low == pytest.approx(np.log10(1 / impostors), abs=0.1) and high == pytest.approx(
            0, abs=0.1
        )
    assert tabs.measure.isEnabled()
    # The table says core's words; each row's scores are those of the histogram and of the list.
    head, *rows = table(evaluation)
    found = [[dialog.results.item(r, c).text() for c in range(len(head))] for r in range(len(rows))]  # type: ignore[union-attr]
    assert found == [list(row) for row in rows] and dialog.results.currentRow() == 0
    for row, kind in enumerate(kinds):
        dialog.results.selectRow(row)
        measured = evaluation.kinds[kind]
        assert measured is not None
        told = {float(text.replace(MINUS, "-")) for text in texts(dialog, 0)}
        assert told == {round(float(s), 4) for s in measured.scores}
        lines = [i for i in tabs.histogram.plotItem.items if isinstance(i, pg.InfiniteLine)]
        assert [line.value() for line in lines] == [measured.metrics.threshold]
    for name, asked, field in (
        ("getExistingDirectory", "_ask_photos", dialog.photos),
        ("getExistingDirectory", "_ask_folder", dialog.protocol),
        ("getOpenFileName", "_ask_file", dialog.protocol),
    ):
        for answer in ("/some/place", ""):  # closed without a choice, it stays as it was
            given = (answer, "") if name == "getOpenFileName" else answer
            monkeypatch.setattr(QFileDialog, name, lambda *_, g=given: g)
            getattr(dialog, asked)()
            assert field.text() == "/some/place"
        field.clear()
