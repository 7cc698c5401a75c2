"""Tabs on evidence without an answer, and what they say of made up ones: slices, groups, the shipped reference."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)
pytest.importorskip("lir", reason="the extra evidence is not installed")

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from core.analysis.conditions.slices import Slice
from core.analysis.conditions.traits import Traits
from core.analysis.evidence.words import times
from core.analysis.groups import GroupRates, Rate
from core.project.edits import identity_subject
from core.resources import resource_path
from core.scoring.lists import PairList
from tests.gui.resting import score_probes, settled, tool_rests
from tests.gui.tools.test_evidence import evidence, said  # noqa: F401
from tests.living import living_weights, make_crops
from xcos_gui.shell.tool_menu import GALLERY_TOOLS
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.evidence.tab import Tab
from xcos_gui.tools.evidence.window import EvidenceWindow

OTHERS = dict.fromkeys(("fay", "gil", "hal", "ida", "jon"), 3)


def opened(window: MainWindow) -> EvidenceWindow:
    tool = next(tool for tool in GALLERY_TOOLS if tool.place[1] == "EvidenceWindow")
    found = window.show_tool(tool)
    assert isinstance(found, EvidenceWindow)
    return found


def answered(shown: EvidenceWindow, tab: Tab, qtbot: QtBot) -> None:
    """Look at a tab, and wait until it says all that it will."""
    shown.tabs.setCurrentWidget(tab)
    qtbot.waitUntil(
        lambda: shown.tab is tab and not shown._stale and tool_rests(shown), timeout=60_000
    )


def test_each_tab_says_what_to_open(empty: MainWindow, qtbot: QtBot) -> None:
    shown = opened(empty)
    for tab, what in (
        (shown.conditions, "Its faces' conditions are then measured."),
        (shown.groups, "Groups of its people are then compared."),
        (shown.identification, "Its faces are then ranked by person."),
        (shown.threshold, "The threshold is then held against its scores."),
    ):
        answered(shown, tab, qtbot)
        assert said(tab) == f"Open a gallery first {what}"
        assert not tab.words.text()


def test_what_was_found_is_gone_with_the_gallery(
    empty: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    empty.session.open_gallery(
        make_crops(tmp_path / "many", dict.fromkeys(("ann", "bob", "dan", "eve"), 3))
    )
    settled(empty, qtbot)
    shown = opened(empty)
    identification, threshold = shown.identification, shown.threshold
    answered(shown, threshold, qtbot)
    assert threshold.use.isEnabled() and threshold.shown.filled
    answered(shown, identification, qtbot)
    table = identification.table
    table.setCurrentCell(1, 0)
    QTest.keyClick(table, Qt.Key.Key_Down)
    assert table.currentRow() == 2 and not identification.why_shown.filled
    QTest.keyClick(table, Qt.Key.Key_Return)
    assert identification.why_shown.filled and identification.cmc.plotItem.listDataItems()
    bare = living_weights(tmp_path / "bare.safetensors", "bare", thresholds={})
    empty.session.set_model(bare)
    settled(empty, qtbot)
    answered(shown, threshold, qtbot)
    assert said(threshold) == "These weights have no threshold Set one in the main window."
    assert not threshold.use.isEnabled() and not threshold.words.text()
    answered(shown, identification, qtbot)
    assert table.rowCount() == 12
    table.row_asked.emit(0)
    assert identification.why_shown.filled
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "1.png").write_bytes(b"no picture")
    empty.session.open_gallery(tmp_path / "broken")
    qtbot.waitUntil(lambda: empty.session.scored is None and not empty.session.busy, timeout=9_000)
    answered(shown, identification, qtbot)
    assert said(identification).startswith("Open a gallery first")
    assert table.rowCount() == 0 and not identification.cmc.plotItem.listDataItems()
    assert not identification.why_shown.filled and identification.found is None
    assert identification.why_shown.empty.title.text() == "Click a probe"


def test_where_there_is_one_person_there_is_no_second(
    empty: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    empty.session.open_gallery(make_crops(tmp_path / "one", {"ann": 3}))
    settled(empty, qtbot)
    shown = opened(empty)
    tab = shown.identification
    answered(shown, tab, qtbot)
    assert tab.table.rowCount() == 3 and tab.table.item(0, 2).text() == "ann"  # type: ignore[union-attr]
    tab.why_shown.fill()  # as of a probe that was clicked before
    words = tab.words.text()
    tab.table.row_asked.emit(0)
    empty_page = tab.why_shown.empty
    assert not tab.why_shown.filled
    assert "second" in f"{empty_page.title.text()} {empty_page.advice.text()}"
    assert tab.words.text() == words and "FNIR" in words  # the rates stay


def test_probes_whom_the_gallery_lacks_have_no_curve(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    score_probes(window, qtbot, make_crops(tmp_path / "strangers", {"dan": 2}), 2)
    shown = opened(window)
    tab = shown.identification
    answered(shown, tab, qtbot)
    assert tab.words.text().startswith("2 probes, 3 people.")
    assert [tab.table.item(row, 1).text() for row in range(2)] == ["\N{EN DASH}"] * 2  # type: ignore[union-attr]
    assert not tab.cmc.plotItem.listDataItems()


def test_slices_are_lines_that_list_their_pairs(
    evidence: EvidenceWindow, window: MainWindow, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    tab = evidence.conditions
    answered(evidence, tab, qtbot)
    assert tab.found is not None

    def one(words: str, *cells: tuple[int, int]) -> Slice:
        rows, columns = np.array(cells).T
        pairs = PairList(rows, columns, np.full(len(cells), 0.5))
        return Slice(True, 0.5, None, 0.25, 1, "somewhere", words, pairs)

    slices = (
        one("3 of 4 genuine pairs with low sharpness", (0, 1), (1, 2)),
        one("2 of 9 impostor pairs with one face tagged hat", (0, 3), (3, 5), (2, 4)),
    )
    tab.show_answer(replace(tab.found, slices=slices, traits=Traits(left_out=("name",))))
    lines = [tab.slices.item(k).text() for k in range(tab.slices.count())]
    assert lines[:2] == [each.words for each in slices] and len(lines) == 3
    assert lines[2].startswith("Left out,") and lines[2].endswith("column name.")
    for place, title, cells in (
        (1, "one face tagged hat", {(0, 3), (3, 5), (2, 4)}),
        (0, "low sharpness", {(0, 1), (1, 2)}),
        (2, "low sharpness", {(0, 1), (1, 2)}),  # a line that only says something lists nothing
    ):
        tab.slices.itemClicked.emit(tab.slices.item(place))
        model = window.pairs.model
        assert window.pairs.choice.currentText() == title
        assert {model.cell(row) for row in range(model.rowCount())} == cells
    tab.show_answer(replace(tab.found, slices=(), traits=Traits()))
    lines = [tab.slices.item(k).text() for k in range(tab.slices.count())]
    assert lines == ["No slice has more errors than all pairs of its sort."]


def test_how_much_groups_differ_is_told(
    evidence: EvidenceWindow, window: MainWindow, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    tab = evidence.groups
    cross = Rate(0.0123, (0.005, 0.02), 100, 1)
    answer = GroupRates(
        "hat", 0.45678, (), {}, cross, (0.98765, (0.9, 0.99999)), (0.12344, (0.0, 0.25)), 0, ("So.",)
    )  # fmt: skip
    tab.show_answer(answer)
    assert tab.words.text().splitlines() == [
        "At the threshold 0.4568. Impostor pairs of two groups: FMR 1.23 % (0.50 to 2.00).",
        "FDR 0.9877 (0.9000 to 1.0000), 1 where groups are equal.",
        "GARBE 0.1234 (0.0000 to 0.2500), 0 where groups are equal.",
        "So.",
    ]
    tab.show_answer(replace(answer, fdr=None))
    assert "FDR" not in tab.words.text() and "GARBE 0.1234" in tab.words.text()
    # What was typed stays while tags come to be offered.
    answered(evidence, tab, qtbot)
    tab.by.setEditText("height")
    assert window.session.project is not None
    window.session.edit(lambda project: project.tag(identity_subject("ann"), "glasses"))
    qtbot.waitUntil(lambda: "no column or tag 'height'" in said(tab), timeout=60_000)
    assert tab.by.currentText() == "height" and tab.by.itemText(0) == "glasses"


def test_the_reference_that_ships_weighs_the_pair(
    evidence: EvidenceWindow, window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    session, strength = window.session, evidence.strength
    kept = json.loads(resource_path("evidence", "xcos-small.json").read_text(encoding="utf-8"))
    figures = kept["ratios"]["learned"]
    figures |= {"intercept": -1.0, "slope": 3.0, "ceiling": 9.0, "floor": -9.0}
    monkeypatch.setattr("core.analysis.evidence.shipped.shipped_figures", lambda _: kept)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: pytest.fail("asked"))
    strength.reference.setCurrentIndex(1)
    strength.reference.activated.emit(1)  # no folder is asked for
    session.select_pair(0, 3)
    answered(evidence, strength, qtbot)
    assert session.explanation is not None
    score = session.explanation.score
    words = strength.words.text()
    assert words.startswith(f"Score {score:.4f}: {times(abs(3 * score - 1))} times likelier")
    assert f"pairs of {figures['reference']}." in words
    assert strength.for_all.isEnabled()
    told: list[object] = []
    session.reference_changed.connect(lambda: told.append(session._chosen_ratios))
    strength.for_all.click()
    assert told == [None] and strength.for_all.isEnabled()


def test_a_reference_is_told_without_a_pair(
    empty: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    empty.session.open_gallery(make_crops(tmp_path / "one", {"ann": 1}))
    settled(empty, qtbot)
    assert empty.session.explanation is None
    shown = opened(empty)
    shown.strength.use_reference(make_crops(tmp_path / "others", OTHERS))
    answered(shown, shown.strength, qtbot)
    first, second, *_ = shown.strength.words.text().splitlines()
    assert first == "No pair is looked at; click one in the main window."
    assert second.startswith("5 people, 15 genuine and 90 impostor pairs")
