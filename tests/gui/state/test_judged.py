"""Whose threshold, ratios and explanations are told while scores are still of other weights."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import shutil
from pathlib import Path
from typing import Any

import numpy as np
from pytestqt.qtbot import QtBot

from core.errors import Stopped
from core.scoring.lists import PairList
from tests.gui.resting import settled
from tests.living import living_weights, make_crops
from tests.weights import raw_weights
from xcos_gui.shell.window import MainWindow
from xcos_gui.state.thresholds import Judged
from xcos_gui.tools.labels import window as labels

OTHERS = {"learned": 0.8, "uniform": 0.9}


def use(window: MainWindow, qtbot: QtBot, path: Path) -> None:
    """Choose other weights, and wait until they are in use."""
    other = living_weights(path, "other", seed=9, thresholds=OTHERS)
    window.session.set_model(other)
    session = window.session
    qtbot.waitUntil(lambda: session.card is not None and session.card.name == "other")
    settled(window, qtbot)


@pytest.fixture
def behind(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> MainWindow:
    """A window whose matrix is of tiny's scores, learned, while other weights are in use."""

    def stopped(*_: object) -> None:
        raise Stopped("Scoring")

    session = window.session
    for kind, threshold in (("learned", 0.11), ("uniform", 0.22)):
        session.moved_thresholds.move(Judged(session.card, kind, "both"), threshold)  # type: ignore[arg-type]
    session.threshold_changed.emit(session.threshold)
    with monkeypatch.context() as patch:
        patch.setattr("xcos_gui.state.session.score", stopped)
        use(window, qtbot, tmp_path / "other.safetensors")
    assert session.scored is not None and session.scored.card.name == "tiny"
    return window


def test_scores_of_other_weights_are_not_held_against_the_threshold_of_those_chosen(
    window: MainWindow,
    tiny_weights: Path,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stopped(*_: object) -> None:
        raise Stopped("Scoring")

    session, told = window.session, list[str]()
    session.message.connect(told.append)
    thresholds = dict.fromkeys(("learned", "uniform", "correlation", "fc"), 0.9)
    other = living_weights(tmp_path / "o.safetensors", "other", seed=9, thresholds=thresholds)
    session.set_threshold(0.43)
    with monkeypatch.context() as patch:
        patch.setattr("xcos_gui.state.session.score", stopped)
        session.set_model(other)
        qtbot.waitUntil(lambda: bool(told))
        settled(window, qtbot)
    assert told == ["Scoring was stopped, so the matrix shows the scores of before."]
    assert session.card is not None and session.card.name == "other"
    assert session.scored is not None and session.scored.card.name == "tiny"
    assert session.threshold == window.curves.spin.value() == 0.43
    assert "tiny" in window._state.text() and "0.4300" in window._state.text()
    session.set_threshold(0.44)  # is of what is shown as well
    session.reload()
    qtbot.waitUntil(
        lambda: session.scored is not None and session.scored.card is session.card, timeout=60_000
    )
    settled(window, qtbot)
    assert session.threshold == window.curves.spin.value() == 0.9
    assert "other" in window._state.text() and "0.9000" in window._state.text()
    session.set_model(tiny_weights)
    qtbot.waitUntil(lambda: session.scored is not None and session.scored.card.name == "tiny")
    settled(window, qtbot)
    assert session.threshold == window.curves.spin.value() == 0.44  # as it was left


def test_the_pair_is_explained_and_judged_by_what_the_matrix_is_of(
    behind: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = behind.session

    def stopped(*_: object) -> None:
        raise Stopped("Scoring")

    with monkeypatch.context() as patch:
        patch.setattr("xcos_gui.state.session.score", stopped)
        session.set_order("left-right")
        session.set_kind("uniform")
        settled(behind, qtbot)
    report = session.report()
    assert report is not None
    told = report.explanation
    assert (told.model, told.kind, told.order, report.threshold) == (
        "tiny",
        "learned",
        "both",
        0.11,
    )
    assert behind._state.text() == "tiny · learned attention · order both · threshold 0.1100"
    session.reload()
    qtbot.waitUntil(lambda: session.scored is not None and session.scored.card.name == "other")
    settled(behind, qtbot)
    report = session.report()
    assert report is not None
    told = report.explanation
    assert (told.model, told.kind, told.order) == ("other", "uniform", "left-right")
    assert report.threshold == behind.curves.spin.value() == 0.9


def test_likelihood_ratios_are_of_the_scores_that_are_shown(
    behind: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(
        "xcos_gui.state.reference.shipped_or_none", lambda card, *_: asked.append(card.name)
    )
    behind.session._shipped_ratios = (None, None)
    assert behind.session.ratios is None and asked == ["tiny"]


def test_labels_are_searched_by_the_threshold_of_the_weights_in_use(
    behind: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, float]] = []

    def request(*given: Any) -> "Nothing":
        asked.append((given[6].card.name, given[9]))
        return Nothing()

    monkeypatch.setattr(labels, "LabelsRequest", request)
    shown = labels.LabelsWindow(behind.session)
    qtbot.addWidget(shown)
    asked.clear()
    shown.search()
    assert asked == [("other", 0.8)]
    shown.close_job()


class Nothing:
    """A search that finds nothing."""

    def run(self, *_: object) -> None:
        raise Stopped("The search")


def test_a_gallery_without_a_face_leaves_no_former_threshold_in_the_box(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, crops: Path
) -> None:
    session = window.session
    nobody = tmp_path / "nobody"
    nobody.mkdir()
    (nobody / "x.png").write_bytes(b"no picture")
    session.set_threshold(0.2)
    session.open_gallery(nobody)
    other = living_weights(tmp_path / "other.safetensors", "other", seed=9, thresholds=OTHERS)
    session.set_model(other)
    qtbot.waitUntil(lambda: session.source == nobody and not session.busy)
    assert session.matrix is None
    assert session.threshold == window.curves.spin.value() == 0.8
    session.open_gallery(crops)
    settled(window, qtbot)
    assert (
        session.threshold == window.curves.spin.value() == window.curves.plots.line.value() == 0.8
    )
    qtbot.waitUntil(lambda: not window.curves.before.moving)
    session.set_threshold(0.7)
    assert window.curves.before.value == 0.8  # one can go back


def test_forgetting_the_gallery_leaves_no_former_threshold(behind: MainWindow) -> None:
    assert behind.curves.spin.value() == 0.11
    behind.session.forget_gallery()
    assert behind.session.threshold == behind.curves.spin.value() == 0.8


def test_a_list_of_former_pairs_stands_a_smaller_gallery_of_other_weights(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    session = window.session
    assert session.matrix is not None
    rows, columns = np.triu_indices(6, 1)
    session.list_pairs("Mine", PairList(rows, columns, session.matrix.scores[rows, columns]))
    session.open_gallery(make_crops(tmp_path / "small", {"dan": 2, "eve": 1}))
    use(window, qtbot, tmp_path / "other.safetensors")
    qtbot.waitUntil(lambda: session.matrix is not None and session.matrix.scores.shape == (3, 3))
    settled(window, qtbot)
    assert session.threshold == window.curves.spin.value() == 0.8


def test_a_threshold_beyond_1_is_shown_and_lies_within_the_colours(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, tiny_weights: Path
) -> None:
    session, spin = window.session, window.curves.spin
    session.set_model(raw_weights(tmp_path / "raw.safetensors", tiny_weights))
    session.set_kind("correlation")
    qtbot.waitUntil(
        lambda: (
            session.scored is not None
            and session.scored.card.name == "raw"
            and session.scored.kind == "correlation"
        )
    )
    settled(window, qtbot)
    session.set_threshold(2.5)
    assert session.image is not None
    low, high = session.image.scale(2.5)
    assert low < 2.5 < high
    for kind, threshold in (("uniform", 0.44), ("correlation", 2.5)):
        session.set_kind(kind)  # type: ignore[arg-type]
        settled(window, qtbot)
        assert session.threshold == spin.value() == threshold


def test_a_threshold_is_moved_for_the_gallery_that_is_open(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    session = window.session
    first = session.source
    assert first is not None and session.card is not None
    own = session.card.threshold("learned")
    other = shutil.copytree(first, tmp_path / "another")

    def go(source: Path) -> None:
        session.open_gallery(source)
        qtbot.waitUntil(lambda: session.source == source, timeout=60_000)
        settled(window, qtbot)

    session.set_threshold(0.36)
    session.reload()
    settled(window, qtbot)
    assert session.threshold == 0.36
    go(other)
    assert session.threshold == own and window.curves.spin.value() == pytest.approx(own, abs=5e-5)
    session.set_threshold(0.2)
    project = tmp_path / "case.xcos"
    window.projects.save_as(project)
    assert session.threshold == 0.2
    session.set_threshold(0.25)
    window.projects.keep()
    go(first)
    assert session.threshold == 0.36
    assert window.projects.open(project)
    qtbot.waitUntil(lambda: session.project_file == project, timeout=60_000)
    settled(window, qtbot)
    assert session.threshold == 0.25
    go(first)
    assert session.threshold == 0.36  # the project's took nothing's place
    go(other)
    assert session.threshold == 0.2  # as it was moved there before the project was saved
