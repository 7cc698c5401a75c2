"""The training window: three ways filled in from what is open, and runs as processes of their own."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFormLayout
from pytestqt.qtbot import QtBot

from core.training.config import TrainConfig, read_config
from core.training.run_files import CONFIG
from core.training.watch import look, runs_in
from tests.training.test_training import config_for
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.training.new_run import NewRunPage
from xcos_gui.tools.training.questions import AdaptQuestions
from xcos_gui.tools.training.window import TrainingDialog

LONG = 300_000  # milliseconds; a run loads torch first


@pytest.fixture(autouse=True)
def no_estimate_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """An estimate would take the processor from what a test waits for."""
    monkeypatch.setattr(NewRunPage, "_measure_by_itself", lambda _: None)


def dialog_of(window: MainWindow) -> TrainingDialog:
    window.show_training()
    assert window.training is not None
    return window.training


def fill(dialog: TrainingDialog, config: TrainConfig) -> None:
    dialog.new.ways.choose_file("little", config)


def text(dialog: TrainingDialog, name: str, value: str) -> None:
    dialog.new.form.input(name).widget.lineEdit().setText(value)  # type: ignore[attr-defined]


def test_two_clicks_from_the_window_to_a_run_on_the_open_gallery(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Path] = []
    monkeypatch.setattr(TrainingDialog, "_launch", lambda _, path: started.append(path))
    action = next(a for a in window.toolbar.actions() if a.iconText() == "Train")
    qtbot.mouseClick(window.toolbar.widgetForAction(action), Qt.MouseButton.LeftButton)
    assert window.training is not None and window.training.isVisible()
    start = window.training.new.start
    assert start.isVisible() and start.isEnabled(), window.training.new.problem.text()
    qtbot.mouseClick(start, Qt.MouseButton.LeftButton)
    config = read_config(started[0] / CONFIG)
    session = window.session
    assert session.card is not None and config.model.start == session.card.path
    assert config.data.gallery == session.source
    assert config.data.gallery_cache == session.cache.path
    assert config.data.aligned is True and config.data.faces == "central"
    assert config.name == "adapted" and started[0].name == "adapted-1"


def test_each_way_asks_at_most_four_things_and_says_what_it_does(window: MainWindow) -> None:
    ways = dialog_of(window).new.ways
    for name, questions in ways.questions.items():
        ways.choose(name)
        assert questions.isVisible() and ways.chosen == name
        layout = questions.layout()
        assert isinstance(layout, QFormLayout) and 1 <= layout.rowCount() <= 4
        assert ways._does[name].text().endswith(".") and ways._fails[name].text().endswith(".")
        others = [other for other in ways.questions.values() if other is not questions]
        assert not any(other.isVisible() for other in others)


def test_answers_follow_what_is_open_until_the_user_answers_otherwise(
    window: MainWindow, qtbot: QtBot, probes: Path, tmp_path: Path
) -> None:
    dialog = dialog_of(window)
    adapt = dialog.new.ways.questions["adapt"]
    assert isinstance(adapt, AdaptQuestions)
    window.session.open_gallery(probes)
    qtbot.waitUntil(lambda: adapt.gallery.text() == str(probes), timeout=60_000)
    assert dialog.new.config().data.gallery == probes
    own = tmp_path / "mine"
    adapt.gallery.set_text(str(own))
    adapt.refill()
    assert dialog.new.config().data.gallery == own
    assert dialog.new.config().data.gallery_cache is None  # the window knows nothing of that one
    assert dialog.new.problem.sentences[0].startswith(f"data.gallery names {own}")
    assert not dialog.new.start.isEnabled()


def test_a_page_that_is_not_seen_follows_once_it_is(
    window: MainWindow, qtbot: QtBot, probes: Path
) -> None:
    dialog = dialog_of(window)
    adapt = dialog.new.ways.questions["adapt"]
    assert isinstance(adapt, AdaptQuestions)
    before = adapt.gallery.text()
    dialog.hide()
    window.session.open_gallery(probes)
    qtbot.waitUntil(
        lambda: window.session.source == probes and not window.session.busy, timeout=60_000
    )
    assert adapt.gallery.text() == before != str(probes)
    window.show_training()
    assert adapt.gallery.text() == str(probes)
    assert dialog.new.config().data.gallery == probes


def test_a_message_leads_to_the_question_or_to_the_form(window: MainWindow) -> None:
    dialog = dialog_of(window)
    page = dialog.new
    page.ways.choose("plug-in")
    assert "data" in page.problem.text() or page.problem.sentences
    page.go_to("model.frozen")
    focused = page.focusWidget()
    assert isinstance(focused, QComboBox) and focused.accessibleName() == "Model"
    assert not page.settings.isVisible()
    page.problem.linkActivated.emit("optimisation.batch")
    assert page.settings.isVisible() and page.unfold.isChecked()
    assert page.focusWidget() is page.form.input("optimisation.batch").widget


def test_mistakes_are_told_as_one_types(window: MainWindow) -> None:
    dialog = dialog_of(window)
    text(dialog, "optimisation.batch", "1")
    assert dialog.new.problem.sentences == ("optimisation.batch is 1; give at least 4.",)
    assert not dialog.new.start.isEnabled() and not dialog.new.timing.isEnabled()
    text(dialog, "optimisation.batch", "many")
    assert "optimisation.batch" in dialog.new.problem.text() and not dialog.new.start.isEnabled()
    assert dialog.new.unfold.text() == "All settings (1 changed)"
    dialog.new.reset.click()
    assert dialog.new.unfold.text() == "All settings" and dialog.new.start.isEnabled()


def test_each_way_keeps_its_own_changes_until_the_next_start(window: MainWindow) -> None:
    dialog = dialog_of(window)
    text(dialog, "optimisation.steps", "7")
    dialog.new.ways.choose("from nothing")
    assert dialog.new.form.changed_names == []
    text(dialog, "optimisation.batch", "16")
    dialog.new.ways.choose("adapt")
    assert dialog.new.form.changed_names == ["optimisation.steps"]
    adapt = dialog.new.ways.questions["adapt"]
    assert isinstance(adapt, AdaptQuestions)
    adapt.trained.setCurrentIndex(adapt.trained.findData("head"))
    assert dialog.new.config().optimisation.steps == 7
    assert dialog.new.config().model.trained == "head"
    dialog.new.keep()
    again = TrainingDialog(window.session, window.session.settings.runs, window)
    try:
        assert again.new.ways.chosen == "adapt"
        assert again.new.config().model.trained == "head"
        assert again.new.form.changed_names == ["optimisation.steps"]
        again.new.ways.choose("from nothing")
        assert again.new.form.changed_names == ["optimisation.batch"]
    finally:
        again.close_job()
        again.deleteLater()


def test_an_empty_page_of_runs_says_what_to_do_first(empty: MainWindow, qtbot: QtBot) -> None:
    dialog = dialog_of(empty)
    dialog.tabs.setCurrentWidget(dialog.runs)
    empty_page = dialog.runs.shown.empty
    assert empty_page.isVisible() and "Start" in empty_page.advice.text()
    assert not dialog.runs.list.isVisible() and not dialog.runs._graphics.isVisible()
    dialog.runs.new_asked.emit()
    assert dialog.new.isVisible()
    assert dialog.new.problem.sentences and not dialog.new.start.isEnabled()


def test_a_run_is_started_watched_and_used(
    empty: MainWindow, qtbot: QtBot, crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    dialog = dialog_of(empty)
    config = config_for(crops, tiny_weights, tmp_path)
    config = replace(config, hardware=replace(config.hardware, validate_every=2))
    fill(dialog, config)
    assert dialog.new.start.isEnabled(), dialog.new.problem.text()
    dialog.new.start.click()
    assert dialog.runs.isVisible() and dialog.runs.state.text() == "Starting…"
    assert dialog.runs.waiting.isVisible() and not dialog.runs._graphics.isVisible()
    runs = empty.session.settings.runs
    qtbot.waitUntil(lambda: look(runs_in(runs)[0]).state == "finished", timeout=LONG)
    dialog.refresh()
    assert dialog.verdict_page.isVisible() and dialog.verdict_page.run == runs_in(runs)[0]
    dialog.tabs.setCurrentWidget(dialog.runs)
    assert dialog.runs.state.text().startswith("Finished") and dialog.runs.use.isEnabled()
    assert not dialog.runs.stop.isEnabled() and not dialog.runs.resume.isEnabled()
    assert dialog.runs._graphics.isVisible() and not dialog.runs.waiting.isVisible()
    view = look(runs_in(runs)[0])
    assert view.log["step"][-1] == 6 and view.weights is not None
    dialog.runs.use.click()
    qtbot.waitUntil(lambda: empty.session.card is not None and empty.session.card.name == "little")
    dialog.verdict_page.keep.click()
    qtbot.waitUntil(lambda: empty.session.card is not None and empty.session.card.name != "little")


def test_two_runs_at_once_are_stopped_and_one_is_resumed(
    empty: MainWindow, qtbot: QtBot, crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    dialog = dialog_of(empty)
    config = config_for(crops, tiny_weights, tmp_path)
    fill(dialog, replace(config, optimisation=replace(config.optimisation, steps=100_000)))
    dialog.new.start.click()
    dialog.new.start.click()
    runs = empty.session.settings.runs
    first, second = sorted(runs_in(runs))
    assert (first.name, second.name) == ("little-1", "little-2") and len(dialog.running) == 2
    dialog.runs.choose(second)
    dialog.runs.stop.click()  # while it starts
    qtbot.waitUntil(lambda: len(look(first).log) > 0, timeout=LONG)
    qtbot.waitUntil(lambda: look(second).state == "stopped", timeout=LONG)
    dialog.runs.choose(first)
    assert dialog.runs.stop.isEnabled() and "photos/s" in dialog.runs.state.text()
    dialog.runs.stop.click()
    qtbot.waitUntil(lambda: look(first).state == "stopped", timeout=LONG)
    dialog.refresh()
    before = look(first).log["step"][-1]
    assert dialog.runs.resume.isEnabled() and not dialog.runs.result.isEnabled()
    dialog.runs.resume.click()
    qtbot.waitUntil(lambda: look(first).log["step"][-1] > before, timeout=LONG)
    dialog.runs.stop_runs()
    qtbot.waitUntil(lambda: look(first).state == "stopped", timeout=LONG)


def test_a_run_that_fails_says_why_in_one_sentence(
    empty: MainWindow, qtbot: QtBot, crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    dialog = dialog_of(empty)
    told: list[str] = []
    empty.session.message.connect(told.append)
    target = shutil.copy(tiny_weights, tmp_path / "target.safetensors")
    fill(dialog, config_for(crops, Path(target), tmp_path))
    dialog.new.start.click()
    Path(target).unlink()  # before the process has loaded
    runs = empty.session.settings.runs
    qtbot.waitUntil(lambda: look(runs_in(runs)[0]).state == "failed", timeout=LONG)
    dialog.refresh()
    assert dialog.runs.state.text() == f"target.weights names {target}, which does not exist."
    assert told[-1] == f"little-1: target.weights names {target}, which does not exist."
    assert dialog.runs.resume.isEnabled() and not dialog.runs.use.isEnabled()


def test_a_run_that_ends_without_a_word_shows_its_last_sentence(
    empty: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    path = empty.session.settings.runs / "broken-1"
    path.mkdir(parents=True)
    (path / CONFIG).write_text("[optimisation]\nbatch = 1\n")
    dialog = dialog_of(empty)
    dialog._launch(path)
    qtbot.waitUntil(lambda: look(path).state == "ended", timeout=LONG)
    dialog.refresh()
    assert dialog.runs.state.text() == (
        f"{path / CONFIG}: optimisation.batch is 1; give at least 4. "
        "Its process is gone; it can be resumed."
    )


def test_people_are_counted_and_the_time_is_measured(
    empty: MainWindow, qtbot: QtBot, crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    dialog = dialog_of(empty)
    page = dialog.new
    (crops / "dan").mkdir()
    config = config_for(crops, tiny_weights, tmp_path)
    fill(dialog, config)
    qtbot.waitUntil(lambda: page.faces.isVisible(), timeout=30_000)
    assert page.faces.text() == "9 photos, 6 of them of 3 people"
    assert "no photo and will be left out: dan" in page.problem.text()
    assert page.start.isEnabled()
    told: list[str] = []
    dialog.job.progress.connect(lambda what, *_: told.append(what))
    page.timing.click()
    qtbot.waitUntil(lambda: not dialog.job.running, timeout=LONG)
    assert told[0] == "Starting a process" and all(told)
    assert page.time.text().startswith("Takes about ") and "as measured" in page.time.text()
    assert page.time.toolTip().startswith("An epoch of 9 faces takes about")
    page.timing.click()
    dialog.progress.stop.click()
    qtbot.waitUntil(lambda: not dialog.job.running, timeout=30_000)
    assert dialog.progress.isHidden() and page.time.text().endswith("is not measured.")
    alone = replace(config, data=replace(config.data, labelled=[tmp_path / "one"], unlabelled=[]))
    (tmp_path / "one").mkdir()
    (crops / "ann").rename(tmp_path / "one" / "ann")
    fill(dialog, alone)
    qtbot.waitUntil(lambda: "has one identity" in page.problem.text(), timeout=30_000)
    assert not page.start.isEnabled() and not page.timing.isEnabled()


def test_finished_weights_are_handed_to_the_comparison(
    window: MainWindow, qtbot: QtBot, tiny_weights: Path
) -> None:
    from xcos_gui.shell.tool_menu import TWO_MODELS
    from xcos_gui.tools.two_models.window import TwoModelsWindow

    dialog_of(window).runs.compare_asked.emit(tiny_weights)
    opened = window.tools[TWO_MODELS]
    assert isinstance(opened, TwoModelsWindow) and opened.isVisible()
    assert opened.weights == tiny_weights
