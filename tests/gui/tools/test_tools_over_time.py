"""Tools over time: galleries that go, scoring that is stopped, keys that are held, thresholds that move."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QShortcut
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.errors import Stopped, XCosError
from core.explain.editing.edits import usual
from core.explain.editing.what_if import PairEditor, Question
from core.model.verifier import Verifier
from core.scoring.lists import PairList
from tests.gui.resting import settled, tool_rests
from tests.gui.tools.test_video_hands import scored
from tests.living import living_weights, make_crops
from xcos_gui.shell.tool_menu import GALLERY_TOOLS, PAIR_TOOLS
from xcos_gui.shell.window import MainWindow
from xcos_gui.state.jobs import Running
from xcos_gui.state.pair_editor import editor_work
from xcos_gui.tools.evaluation.pairs import ListedPairs
from xcos_gui.tools.evaluation.plots import EvaluationPlots
from xcos_gui.tools.evidence.threshold import ThresholdTab
from xcos_gui.tools.video.plot import VideoPlot

QUIET = Running(lambda *_: None, lambda: False, lambda _: None)


def opened(window: MainWindow, name: str) -> Any:
    tools = (*GALLERY_TOOLS, *PAIR_TOOLS)
    return window.show_tool(next(tool for tool in tools if tool.place[1] == name))


@pytest.mark.parametrize("name", ["PatternsWindow", "WorthWindow"])
def test_an_answer_on_a_gallery_that_was_forgotten_is_not_shown(
    window: MainWindow, qtbot: QtBot, name: str
) -> None:
    window.session.set_threshold(-1.0)
    shown = opened(window, name)
    qtbot.waitUntil(lambda: shown.found is not None, timeout=60_000)
    shown.refresh()
    assert shown.job.running
    window.session.forget_gallery()
    shown.refresh()
    shown._settling.stop()  # which comes before an answer that takes longer
    qtbot.waitUntil(lambda: tool_rests(shown), timeout=60_000)
    assert shown.found is None and shown.words.text().startswith("Open a gallery first")
    assert shown.progress.isHidden()


def test_an_answer_on_pairs_chosen_before_is_not_shown_as_of_others(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.session.set_threshold(-1.0)
    shown = opened(window, "PatternsWindow")
    qtbot.waitUntil(lambda: shown.found is not None, timeout=60_000)
    shown.refresh()

    def refuse(_: object) -> None:
        raise XCosError("The list is empty.")

    monkeypatch.setattr(shown.of, "maker", refuse)
    shown.refresh()
    qtbot.waitUntil(lambda: tool_rests(shown), timeout=60_000)
    assert shown.found is None and shown.words.text() == "The list is empty."


def test_a_face_is_edited_by_the_weights_that_the_matrix_is_of(
    window: MainWindow,
    qtbot: QtBot,
    tmp_path: Path,
    tiny_weights: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = window.session
    other = living_weights(tmp_path / "other.safetensors", seed=3)

    def stopped(*_: object) -> None:
        raise Stopped("Scoring")

    monkeypatch.setattr("xcos_gui.state.session.score", stopped)
    session.set_model(other)
    qtbot.waitUntil(lambda: session.card is not None and session.card.path == other)
    settled(window, qtbot)
    session.select_pair(0, 4)
    assert session.scored is not None and session.scored.card.path == tiny_weights
    work, question = editor_work(session), Question((usual("dark"),))
    assert work is not None
    both = session.scored.part(np.array([0]), np.array([4]))
    right = PairEditor(Verifier(tiny_weights, "cpu"), both, session.cache).ask(question, 0.4)
    assert work(QUIET).ask(question, 0.4).after.score == pytest.approx(right.after.score, abs=1e-6)


def test_weights_without_a_threshold_are_judged_anew_when_the_user_s_is_taken_back(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    session = window.session
    session.set_model(living_weights(tmp_path / "bare.safetensors", "bare", thresholds={}))
    qtbot.waitUntil(lambda: session.card is not None and session.card.name == "bare")
    settled(window, qtbot)
    shown = opened(window, "WorthWindow")
    qtbot.waitUntil(lambda: shown.found is not None, timeout=60_000)
    first = shown.table.item(0, 0).text()
    shown.thresholds.setCurrentIndex(shown.thresholds.findData("set"))
    session.set_threshold(0.9)
    qtbot.waitUntil(lambda: shown.table.item(0, 0).text() == "0.9000", timeout=60_000)
    session.set_threshold(None)
    qtbot.waitUntil(lambda: shown.table.item(0, 0).text() == first, timeout=60_000)


def test_one_pair_is_listed_and_not_one_pairs(window: MainWindow, qtbot: QtBot) -> None:
    shown = opened(window, "WorthWindow")
    qtbot.waitUntil(lambda: shown.found is not None, timeout=60_000)
    shown.list_pairs = lambda *_: True
    shown.table.item(1, 6).setText("1")
    shown._list(1, 6)
    assert shown.note.text().startswith("1 pair is listed")


def test_the_last_bar_lists_the_pair_of_the_highest_score(qtbot: QtBot, window: MainWindow) -> None:
    plots, listed = EvaluationPlots(), ListedPairs(window.session.settings)
    for widget in (plots, listed):
        qtbot.addWidget(widget)
    scores = np.linspace(-0.31, 0.83, 120, dtype=np.float32)
    same = np.arange(120) > 60
    plots.show_kind(SimpleNamespace(scores=scores, metrics=SimpleNamespace(threshold=0.5)), same)  # type: ignore[arg-type]
    names = [f"{number}.png" for number in range(120)]
    listed.show_pairs(SimpleNamespace(left=names, right=names, same=same), scores, same, 0.5)  # type: ignore[arg-type]
    plots.bin_chosen.connect(listed.choose_range)
    plots.choose_bin(float(scores.max()))
    assert 119 in listed.model.places()
    whole = 0
    for edge in plots._edges[:-1]:
        plots.choose_bin(float(edge) + 1e-6)
        whole += listed.model.count()
    assert whole == 120  # each pair in one bar


def test_evidence_of_a_former_threshold_is_told_whenever_it_is_shown(
    window: MainWindow, qtbot: QtBot
) -> None:
    shown = opened(window, "CompareWindow")
    qtbot.waitUntil(lambda: shown.found is not None and tool_rests(shown), timeout=120_000)
    before = window.session.threshold
    window.session.set_threshold(0.1)
    assert "The threshold moved" in shown.note.text()
    shown.ask_refresh()  # as an edit of the gallery asks for
    qtbot.waitUntil(lambda: tool_rests(shown), timeout=60_000)
    assert "The threshold moved" in shown.note.text()
    window.session.set_threshold(before)
    assert shown.note.text() == ""


def test_a_threshold_of_scores_that_are_being_replaced_is_not_used(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = ThresholdTab(window.session)
    qtbot.addWidget(tab)
    told: list[str] = []
    tab.told.connect(told.append)
    tab.matrix = window.session.matrix
    tab.found = SimpleNamespace(found=SimpleNamespace(own=0.123))  # type: ignore[assignment]
    window.session.set_kind("uniform")
    tab.use.setEnabled(True)
    tab.use.click()
    assert window.session.threshold != 0.123 and "changed since" in told[0]
    settled(window, qtbot)
    tab.matrix = window.session.matrix
    tab.use.click()
    assert window.session.threshold == 0.123


def held(window: Any, key: Qt.Key) -> None:
    for repeated in (False, True, True, True):
        event = QKeyEvent(
            QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier, autorep=repeated
        )
        QApplication.sendEvent(window, event)


def test_a_key_that_is_held_rates_one_pair(window: MainWindow, qtbot: QtBot) -> None:
    shown = opened(window, "ReadersWindow")
    rows, columns = np.array([0, 0, 3]), np.array([1, 3, 4])
    scores = window.session.matrix.scores  # type: ignore[union-attr]
    window.session.list_pairs("Three", PairList(rows, columns, scores[rows, columns]))
    shown.reader.setText("Eve")
    shown.begin()
    held(shown, Qt.Key.Key_7)
    assert shown.place.text() == "Pair 2 of 3" and len(shown.given) == 1


def test_an_answer_that_was_not_kept_is_asked_again(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = opened(window, "ReadersWindow")
    rows, columns = np.array([0, 0]), np.array([1, 3])
    scores = window.session.matrix.scores  # type: ignore[union-attr]
    window.session.list_pairs("Two", PairList(rows, columns, scores[rows, columns]))
    shown.reader.setText("Eve")
    shown.begin()
    first = shown.sheet[0]
    monkeypatch.setattr(type(window.session), "edit", lambda *_: None)
    shown.rate(3)
    assert shown.sheet[0] == first and not shown.given and "could not be kept" in shown.note.text()


def test_decisions_on_labels_do_not_repeat_while_a_key_is_held(window: MainWindow) -> None:
    shown = opened(window, "LabelsWindow")
    keys = {
        shortcut.key().toString(): shortcut.autoRepeat()
        for shortcut in shown.findChildren(QShortcut)
    }
    assert not any(keys[key] for key in ("A", "R", "U", "Del")) and keys["Ctrl+Z"]


def test_a_gallery_chosen_beside_another_one_is_not_searched_with_this_one(
    window: MainWindow, qtbot: QtBot, probes: Path, tmp_path: Path
) -> None:
    shown, session = opened(window, "LabelsWindow"), window.session
    qtbot.waitUntil(lambda: tool_rests(shown), timeout=60_000)
    shown.compare_with(probes)
    qtbot.waitUntil(lambda: tool_rests(shown), timeout=60_000)
    assert shown.found.probes is not None
    shown.search()
    qtbot.waitUntil(lambda: tool_rests(shown), timeout=60_000)
    assert shown.found.probes is not None
    other = make_crops(tmp_path / "another")
    session.open_gallery(other)
    qtbot.waitUntil(
        lambda: session.source == other and tool_rests(shown) and shown.found is not None,
        timeout=60_000,
    )
    assert shown.found.gallery.gallery.source == other and shown.found.probes is None


def test_points_have_the_conditions_of_their_own_faces(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = opened(window, "FaceMapWindow")
    qtbot.waitUntil(lambda: shown.found is not None and tool_rests(shown), timeout=60_000)
    asked: list[object] = []
    conditions = window.session.conditions
    monkeypatch.setattr(conditions, "table", lambda scored: asked.append(scored))
    monkeypatch.setattr(conditions, "ask", lambda: None)
    of = shown.found.scored
    window.session.scored = None  # as where another gallery of as many faces is scored already
    shown.colour.setCurrentIndex(shown.colour.findText("Colour by sharpness"))
    shown._paint()
    window.session.scored = of
    assert asked == [of]


def test_labels_are_not_exported_while_photos_are_being_loaded(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    shown = opened(window, "LabelsWindow")
    qtbot.waitUntil(lambda: tool_rests(shown), timeout=60_000)
    window.session.reload()
    shown.exports.write_csv(tmp_path / "labels.csv")
    assert "being loaded" in shown.note.text() and not shown.exports.job.running
    settled(window, qtbot)
    shown.exports.write_csv(tmp_path / "labels.csv")
    qtbot.waitUntil(lambda: (tmp_path / "labels.csv").exists(), timeout=60_000)


def test_scores_of_another_face_go_where_a_photo_cannot_be_read(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    shown = opened(window, "VideoWindow")
    shown.scores, shown.against = [scored(0.2, 1)], object()
    shown.plot.show_scores(shown.scores, 0.3)
    shown._show_state()
    assert shown.save_button.isEnabled()
    shown._scoring.failed.emit(XCosError("No face is in no.jpg."))
    assert shown.scores == [] and not shown.save_button.isEnabled()
    assert shown.note.text() == "No face is in no.jpg."


def test_a_threshold_that_comes_and_goes_is_drawn_so(qtbot: QtBot) -> None:
    plot = VideoPlot()
    qtbot.addWidget(plot)
    plot.show_scores([scored(0.2, 1)], None)  # type: ignore[list-item]
    assert plot.line not in plot.plotItem.items
    plot.show_threshold(0.3)
    assert plot.line in plot.plotItem.items and plot.line.value() == 0.3
    plot.show_threshold(0.4)
    plot.show_threshold(None)
    assert plot.line not in plot.plotItem.items
