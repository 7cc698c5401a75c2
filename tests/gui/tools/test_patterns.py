"""The window of patterns: selections, differences, groups and their pairs."""

from pathlib import Path

import numpy as np
import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import json

from pytestqt.qtbot import QtBot

from core.project.edits import face_subject
from core.scoring.lists import PairList
from core.scoring.matrix import OUTCOMES
from xcos_gui.shell.tool_menu import GALLERY_TOOLS
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.patterns import PatternsWindow
from xcos_gui.widgets.selector import LISTED, PASSING


def refreshed(found: PatternsWindow, qtbot: QtBot) -> PatternsWindow:
    """Once what was asked for has been computed."""
    found.ask_refresh()
    before = found.found
    qtbot.waitUntil(
        lambda: found.found is not before and not found.job.running and not found._stale,
        timeout=60_000,
    )
    return found


@pytest.fixture
def patterns(window: MainWindow, qtbot: QtBot) -> PatternsWindow:
    window.session.set_threshold(-1.0)  # every impostor pair is a false accept
    tool = next(tool for tool in GALLERY_TOOLS if tool.place[1] == "PatternsWindow")
    found = window.show_tool(tool)
    assert isinstance(found, PatternsWindow)
    qtbot.waitUntil(lambda: found.found is not None, timeout=60_000)
    return found


def test_false_accepts_come_first_and_their_groups_list_pairs(
    window: MainWindow, patterns: PatternsWindow, qtbot: QtBot
) -> None:
    assert patterns.words.text().startswith("11 false accepts: mean score")
    patterns.count.setCurrentIndex(2)  # two groups
    refreshed(patterns, qtbot)
    assert patterns.groups.count() == 3
    report = patterns.found.report  # type: ignore[union-attr]
    assert report.groups is not None
    for row, group in enumerate(report.groups.groups, start=1):
        assert patterns.groups.item(row).text() == group.sentence
        patterns.groups.clicked.emit(patterns.groups.model().index(row, 0))
        assert window.pairs.model.rowCount() == len(group.pairs)
        assert window.pairs.choice.currentText().startswith(
            f"False accepts, group {row}, at threshold"
        )
        assert window.session.matrix is not None
        assert all(
            window.session.matrix.outcome(*window.pairs.model.cell(k), -1.0) == "FP"
            for k in range(len(group.pairs))
        )
        patterns.groups.setCurrentRow(row)
        np.testing.assert_array_equal(patterns.maps["evidence"].values, group.mean.evidence)


def test_the_difference_of_two_selections(
    window: MainWindow, patterns: PatternsWindow, qtbot: QtBot
) -> None:
    mean = patterns.maps["cosine"].values
    assert mean is not None and not patterns.less.isEnabled()
    patterns.with_less.setChecked(True)
    assert patterns.less.outcome.currentData() == "TP"
    refreshed(patterns, qtbot)
    report = patterns.found.report  # type: ignore[union-attr]
    assert report.less is not None and report.base is not None and report.less.total == 4
    np.testing.assert_allclose(patterns.maps["cosine"].values, mean - report.base.cosine)
    assert patterns.maps["cosine"].title.text().startswith("Difference: S")
    assert "Less 4 true accepts" in patterns.words.text()


def test_people_tags_lists_and_filters_are_selections(
    window: MainWindow, patterns: PatternsWindow, qtbot: QtBot
) -> None:
    session = window.session
    whose = [patterns.of.whose.itemText(k) for k in range(patterns.of.whose.count())]
    assert whose == ["of everyone", "of ann", "of bob", "of cem"]
    patterns.of.whose.setCurrentIndex(3)
    assert "5 false accepts of cem" in refreshed(patterns, qtbot).words.text()
    session.edit(lambda project: project.tag(face_subject("bob/1.png"), "hat"))
    qtbot.waitUntil(lambda: patterns.of.whose.findText("of tag: hat") > 0)
    patterns.of.whose.setCurrentIndex(patterns.of.whose.findText("of tag: hat"))
    assert "4 false accepts of tag hat" in refreshed(patterns, qtbot).words.text()
    patterns.of.whose.setCurrentIndex(0)

    assert session.matrix is not None
    listed = PairList(np.array([0, 1]), np.array([4, 5]), session.matrix.scores[[0, 1], [4, 5]])
    session.list_pairs("two", listed)
    patterns.of.choose(LISTED)
    assert "2 listed pairs" in refreshed(patterns, qtbot).words.text()

    patterns.of.choose(PASSING)
    patterns.ask_refresh()
    qtbot.waitUntil(lambda: "There is no filter now" in patterns.words.text())
    session.set_filter("genuine")
    qtbot.waitUntil(lambda: "4 pairs that pass 'genuine'" in patterns.words.text(), timeout=60_000)


def test_an_outcome_without_pairs_says_so(
    window: MainWindow, patterns: PatternsWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    saved = tmp_path / "patterns.json"
    patterns.save_to(saved)
    assert json.loads(saved.read_text())["of"]["title"] == "false accepts"
    assert f"saved as {saved}" in patterns.note.text()
    window.session.set_threshold(1.0)
    qtbot.waitUntil(lambda: patterns.words.text().startswith("There are no false accepts"))
    assert patterns.groups.count() == 0 and not patterns.save_button.isEnabled()
    assert patterns.maps["evidence"].values is None
    assert "FN" in OUTCOMES
    patterns.of.choose("FN")
    refreshed(patterns, qtbot)
    assert 'against "same"' in patterns.groups.item(0).text()
