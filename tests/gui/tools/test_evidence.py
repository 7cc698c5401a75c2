"""The window on what a score is worth: a pair's likelihood ratio, ranges of conditions, groups."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)
pytest.importorskip("lir", reason="the extra evidence is not installed")

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from core.analysis.evidence.words import evidence_words, strength_short
from core.analysis.threshold_fit import IMPOSTOR_QUANTILES
from core.project.edits import identity_subject
from tests.living import make_crops
from xcos_gui.panels.pairs.model import LR
from xcos_gui.shell.tool_menu import GALLERY_TOOLS
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.evidence.tab import Tab
from xcos_gui.tools.evidence.window import EvidenceWindow
from xcos_gui.widgets.placing import Scrolled


def said(tab: Tab) -> str:
    """What a tab says instead of an answer; empty where it shows one."""
    empty = tab.shown.empty
    return "" if tab.shown.filled else f"{empty.title.text()} {empty.advice.text()}"


@pytest.fixture
def evidence(window: MainWindow) -> EvidenceWindow:
    tool = next(tool for tool in GALLERY_TOOLS if tool.place[1] == "EvidenceWindow")
    found = window.show_tool(tool)
    assert isinstance(found, EvidenceWindow)
    return found


def test_the_pair_s_people_are_held_out_of_the_reference(
    evidence: EvidenceWindow, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    strength = evidence.strength
    # Ann, Bob and Cem are all there are: without Ann and Bob there is but one photo.
    window.session.select_pair(0, 3)
    qtbot.waitUntil(lambda: "who are held out" in said(strength), timeout=60_000)
    assert not strength.use.isEnabled() and strength.tabs.isHidden()
    others = make_crops(tmp_path / "others", dict.fromkeys(("fay", "gil", "hal", "ida", "jon"), 3))
    strength.use_reference(others)
    qtbot.waitUntil(lambda: strength.found is not None, timeout=60_000)
    words = strength.words.text()
    assert "this reference can support at most" in words and "5 people" in words
    assert ". Reference: " in words.splitlines()[0]
    assert f"Score {window.session.explanation.score:.4f}" in words
    strength.prior.setValue(0.5)
    assert strength.decision is not None and strength.decision.words == strength.bayes.text()
    if strength.decision.threshold is not None:
        strength.use.click()
        assert window.session.threshold == strength.decision.threshold
    strength.prior.setValue(0.000001)
    assert "call no pair the same" in strength.bayes.text() and not strength.use.isEnabled()


def test_a_reference_can_be_that_of_the_list_and_the_panel(
    evidence: EvidenceWindow, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    session, strength = window.session, evidence.strength
    assert session.ratios is None and window.pairs.table.isColumnHidden(LR)
    session.select_pair(0, 3)
    qtbot.waitUntil(lambda: "who are held out" in said(strength), timeout=60_000)
    assert not strength.for_all.isEnabled()  # the open gallery's own people
    # Ann is in the other gallery too, and counts for no pair of the list.
    others = make_crops(
        tmp_path / "others", dict.fromkeys(("ann", "fay", "gil", "hal", "ida", "jon"), 3)
    )
    strength.use_reference(others)
    qtbot.waitUntil(lambda: strength.found is not None, timeout=60_000)
    assert strength.for_all.isEnabled() and session.ratios is None
    strength.for_all.click()
    qtbot.waitUntil(lambda: session.ratios is not None, timeout=60_000)
    assert session.ratios.people == 5
    assert "panel Pair tell likelihood ratios by" in strength.words.text()
    pairs = window.pairs
    pairs.choice.setCurrentIndex(0)
    qtbot.waitUntil(lambda: pairs.model.rowCount() == 15, timeout=60_000)
    assert not pairs.table.isColumnHidden(LR)
    wanted = [
        strength_short(session.ratios.strength(float(score))) for score in pairs.model.pairs.scores
    ]
    assert [pairs.model.data(pairs.model.index(k, LR)) for k in range(15)] == wanted
    assert len(set(wanted)) > 3
    score = session.explanation.score
    assert evidence_words(session.ratios, score) in window.inspector.words.text()
    assert f"Reference: {session.ratios.reference}." in window.inspector.words.text()
    told: list[str] = []
    session.message.connect(told.append)
    session.set_order("left-right")
    assert session.ratios is None and "no longer by" in told[-1]
    assert "As evidence" not in window.inspector.words.text()


def test_ranges_and_slices_list_their_pairs(
    evidence: EvidenceWindow, window: MainWindow, qtbot: QtBot
) -> None:
    evidence.tabs.setCurrentWidget(evidence.conditions)
    conditions = evidence.conditions
    qtbot.waitUntil(lambda: conditions.found is not None, timeout=60_000)
    assert "Sharpness in variance of the Laplacian" in conditions.words.text()
    ranges = conditions.found.ranges.ranges
    assert conditions.table.rowCount() == len(ranges) > 1
    assert sum(one.genuine for one in ranges) == 4 and sum(one.impostor for one in ranges) == 11
    wrong = [round((r.fmr or 0) * r.impostor) + round((r.fnmr or 0) * r.genuine) for r in ranges]
    assert any(wrong)
    conditions.table.row_asked.emit(wrong.index(max(wrong)))
    at = f", at threshold {window.session.threshold:z.4f}".replace(" -", " \N{MINUS SIGN}")
    title = window.pairs.choice.currentText()
    assert title.startswith("Errors: ") and title.endswith(at)
    window.session.set_threshold(0.99)  # the list is of the threshold that its title tells
    assert window.pairs.choice.currentText() == title
    assert window.pairs.model.rowCount() == max(wrong)
    conditions.choice.setCurrentIndex(conditions.choice.findData("yaw"))
    conditions.choice.activated.emit(0)
    qtbot.waitUntil(lambda: "Yaw is known of no face here" in said(conditions), timeout=60_000)
    assert conditions.table.rowCount() == 0


def test_groups_by_a_tag(evidence: EvidenceWindow, window: MainWindow, qtbot: QtBot) -> None:
    evidence.tabs.setCurrentWidget(evidence.groups)
    groups = evidence.groups
    qtbot.waitUntil(lambda: "Name a tag or a column" in said(groups), timeout=60_000)
    assert window.session.project is not None
    window.session.project.tag(identity_subject("ann"), "glasses")
    window.session.edits_changed.emit()
    qtbot.waitUntil(lambda: groups.found is not None, timeout=60_000)
    names = [groups.table.item(k, 0).text() for k in range(groups.table.rowCount())]
    assert names == ["glasses", "not glasses"]
    assert "Too few people" in groups.words.text() and groups.by.currentText() == "glasses"
    groups.by.setEditText("height")
    groups.by.activated.emit(0)
    qtbot.waitUntil(lambda: "no column or tag 'height'" in said(groups), timeout=60_000)
    assert groups.table.rowCount() == 0


def test_the_gallery_s_own_threshold_is_offered(
    empty: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    folder = make_crops(tmp_path / "many", dict.fromkeys(("ann", "bob", "dan", "eve"), 3))
    empty.session.open_gallery(folder)
    qtbot.waitUntil(
        lambda: empty.session.matrix is not None and not empty.session.busy, timeout=60_000
    )
    tool = next(tool for tool in GALLERY_TOOLS if tool.place[1] == "EvidenceWindow")
    evidence = empty.show_tool(tool)
    assert isinstance(evidence, EvidenceWindow)
    evidence.tabs.setCurrentWidget(evidence.threshold)
    qtbot.waitUntil(lambda: evidence.threshold.found is not None, timeout=60_000)
    assert "of pairs of two people are called the same here" in evidence.threshold.words.text()
    own = evidence.threshold.found.found.own
    evidence.threshold.use.click()
    assert empty.session.threshold == own


def test_why_the_first_person_and_not_the_second(
    evidence: EvidenceWindow, window: MainWindow, qtbot: QtBot
) -> None:
    evidence.tabs.setCurrentWidget(evidence.identification)
    tab = evidence.identification
    qtbot.waitUntil(lambda: tab.found is not None, timeout=60_000)
    assert "6 probes, 3 people" in tab.words.text() and tab.table.rowCount() == 6
    area = evidence.findChild(Scrolled)
    assert area is not None and not area.verticalScrollBar().maximum()  # all of it is in sight
    assert tab.cmc.getAxis("bottom")._tickLevels == [[(1, "1"), (2, "2"), (3, "3")]]
    ranks = [tab.table.item(row, 1).text() for row in range(6)]
    assert ranks[-1] == "\N{EN DASH}"  # Cem has one photo, which is no probe of his own
    assert ranks[:5] == sorted(ranks[:5], reverse=True)
    tab.table.row_asked.emit(0)
    assert tab.why.values is not None
    first, second = (float(tab.table.item(0, column).text()) for column in (3, 5))
    assert tab.why.values.sum() == pytest.approx(first - second, abs=2e-4)
    assert tab.table.item(0, 2).text() in tab.why.title.text()
    first_score = tab.table.item(0, 3).text()
    tab.table.horizontalHeader().setSortIndicator(3, Qt.SortOrder.DescendingOrder)
    scores = [float(tab.table.item(row, 3).text()) for row in range(6)]
    assert scores == sorted(scores, reverse=True)
    row = next(row for row in range(6) if tab.table.item(row, 3).text() == first_score)
    tab.table.cellClicked.emit(row, 0)  # the probe that the row shows now
    assert tab.why.values.sum() == pytest.approx(first - second, abs=2e-4)


def test_the_window_says_by_itself_where_the_threshold_does_not_hold(
    empty: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where the threshold was set, next to nothing was above it.
    kept = {
        "impostor_scores": {"learned": np.linspace(-1, 0, len(IMPOSTOR_QUANTILES)).tolist()},
        "conditions": {},
    }
    monkeypatch.setattr("core.analysis.threshold_fit.shipped_figures", lambda card: kept)
    monkeypatch.setattr(type(empty.session.card), "threshold", lambda card, kind: 0.05)
    told: list[str] = []
    empty.session.message.connect(told.append)
    folder = make_crops(tmp_path / "many", dict.fromkeys(("ann", "bob", "dan", "eve"), 3))
    empty.session.open_gallery(folder)
    qtbot.waitUntil(lambda: any("does not hold" in one for one in told), timeout=60_000)
    said = next(one for one in told if "does not hold" in one)
    assert "0.0 % where it was set" in said
    count = len([one for one in told if "does not hold" in one])
    empty.session.set_threshold(0.4)  # the user's own is the user's affair
    assert len([one for one in told if "does not hold" in one]) == count
