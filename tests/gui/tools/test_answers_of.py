"""What a window shows is of the gallery that it was computed from, also while another is counted."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import json
from pathlib import Path
from threading import Event

import numpy as np
from pytestqt.qtbot import QtBot

from core.errors import Stopped
from core.scoring.lists import PairList
from tests.gui.resting import settled, tool_rests
from tests.gui.tools.test_what_if import opened
from tests.living import make_crops
from tests.weights import other_weights
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.evidence.window import EvidenceWindow
from xcos_gui.tools.patterns import PatternsWindow
from xcos_gui.tools.score_kinds import FIRST_COUNT, WorthWindow
from xcos_gui.tools.two_models.window import TwoModelsWindow
from xcos_gui.widgets.following import FollowingWindow
from xcos_gui.widgets.tool_window import ToolWindow

CHANGED = "The gallery has changed since; wait until it is counted anew."


def held(tool: ToolWindow, monkeypatch: pytest.MonkeyPatch) -> Event:
    """What the window computes from now on waits for the event."""
    may, start = Event(), tool.job.start
    monkeypatch.setattr(
        tool.job, "start", lambda work: start(lambda running: may.wait(10) and work(running))
    )
    return may


@pytest.mark.parametrize("name", ["evidence", "face_map", "patterns", "score_kinds", "two_models"])
def test_pairs_of_former_scores_are_not_listed_while_new_ones_are_looked_at(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    if name == "evidence":
        pytest.importorskip("lir", reason="the extra evidence is not installed")
    session = window.session
    session.set_threshold(-1.0)  # every impostor pair is a false accept
    tool = opened(window, name)
    assert isinstance(tool, FollowingWindow)
    if isinstance(tool, EvidenceWindow):
        tool.tabs.setCurrentWidget(tool.conditions)
    if isinstance(tool, TwoModelsWindow):
        tool.compare_with(other_weights(tmp_path / "other.safetensors"))
    qtbot.waitUntil(lambda: not tool._stale and tool_rests(tool), timeout=60_000)
    some = np.array([0]), np.array([1])
    assert session.matrix is not None
    assert tool.list_pairs("Some", PairList(*some, session.matrix.scores[some]))
    may, before = held(tool, monkeypatch), session.matrix
    session.set_order("left-right")
    qtbot.waitUntil(lambda: session.matrix is not before and tool.job.running, timeout=60_000)
    assert not tool.list_pairs("Former", PairList(*some, before.scores[some]))
    assert tool.note.text() == CHANGED and window.pairs.choice.currentText() != "Former"
    may.set()
    qtbot.waitUntil(lambda: tool_rests(tool), timeout=60_000)
    assert session.matrix is not None
    assert tool.list_pairs("Now", PairList(*some, session.matrix.scores[some]))
    tool.close()


def test_what_attention_is_worth_is_counted_anew_for_another_gallery(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, tool = window.session, opened(window, "score_kinds")
    assert isinstance(tool, WorthWindow)
    qtbot.waitUntil(lambda: tool.found is not None and tool_rests(tool), timeout=60_000)
    assert tool.words.text().startswith("15 pairs")
    may = held(tool, monkeypatch)
    session.open_gallery(make_crops(tmp_path / "few", {"ann": 3, "bob": 2}))
    settled(window, qtbot)
    qtbot.waitUntil(lambda: tool.job.running)
    listed = window.pairs.choice.currentText()
    row, column = next(
        (row, column)
        for row in range(1, tool.table.rowCount())
        for column in range(FIRST_COUNT, FIRST_COUNT + 4)
        if (item := tool.table.item(row, column)) is not None and item.text() != "0"
    )
    tool.table.cellClicked.emit(row, column)
    assert tool.note.text() == CHANGED and window.pairs.choice.currentText() == listed
    session.set_threshold(0.4)  # of which the decisions of before would be moved
    qtbot.waitUntil(lambda: not tool._stale)
    may.set()
    qtbot.waitUntil(lambda: tool_rests(tool), timeout=60_000)
    assert tool.words.text().startswith("10 pairs")


def test_patterns_are_saved_with_the_photos_that_they_are_of(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = window.session
    session.set_threshold(-1.0)
    tool = opened(window, "patterns")
    assert isinstance(tool, PatternsWindow)
    qtbot.waitUntil(lambda: tool.found is not None and tool_rests(tool), timeout=60_000)
    tool.save_to(tmp_path / "before.json")
    may = held(tool, monkeypatch)
    session.open_gallery(make_crops(tmp_path / "few", {"dan": 3, "eve": 3}))
    settled(window, qtbot)
    session.set_threshold(-1.0)
    qtbot.waitUntil(lambda: tool.job.running)
    tool.save_to(tmp_path / "meanwhile.json")
    one, other = (json.loads((tmp_path / f"{n}.json").read_text()) for n in ("before", "meanwhile"))
    assert one == other and "ann/1.png" in str(one)
    may.set()
    qtbot.waitUntil(lambda: tool_rests(tool), timeout=60_000)
    tool.save_to(tmp_path / "after.json")
    assert "dan/1.png" in (tmp_path / "after.json").read_text()


@pytest.mark.parametrize("name", ["evidence", "face_map", "patterns", "score_kinds"])
def test_what_was_stopped_is_begun_anew_by_a_button(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    if name == "evidence":
        pytest.importorskip("lir", reason="the extra evidence is not installed")

    def stopped(_: object) -> None:
        raise Stopped("Counting")

    window.session.set_threshold(-1.0)  # every impostor pair is a false accept
    tool = opened(window, name)
    assert isinstance(tool, FollowingWindow)
    if isinstance(tool, EvidenceWindow):
        tool.tabs.setCurrentWidget(tool.conditions)
    qtbot.waitUntil(lambda: tool_rests(tool), timeout=60_000)
    assert tool.again.isHidden()
    with monkeypatch.context() as patch:
        start = tool.job.start
        patch.setattr(tool.job, "start", lambda _: start(stopped))
        tool.ask_refresh()
        qtbot.waitUntil(tool.again.isVisible, timeout=60_000)
    tool.again.click()
    qtbot.waitUntil(lambda: tool.again.isHidden() and tool_rests(tool), timeout=60_000)
    assert "was stopped" not in tool.note.text()
    tool.compute("Something else", stopped, lambda _: None)  # which is not begun anew so
    qtbot.waitUntil(lambda: tool_rests(tool))
    assert tool.again.isHidden()
