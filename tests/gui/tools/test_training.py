"""The training dialog: a form from the config, and a run as a process of its own."""

from dataclasses import replace
from pathlib import Path

from pytestqt.qtbot import QtBot

from core.resources import resource_path
from core.training.config import read_config, write_config
from core.training.watch import look, runs_in
from tests.training.test_training import config_for
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.training.window import TrainingDialog


def dialog_of(window: MainWindow) -> TrainingDialog:
    window.show_training()
    assert window.training is not None
    return window.training


def test_presets_fill_the_form_and_survive_it(empty: MainWindow, tmp_path: Path) -> None:
    dialog = dialog_of(empty)
    for path in resource_path("presets").glob("*.toml"):
        dialog.load(path)
        config = dialog.form.config(tmp_path / "config.toml")
        assert write_config(config) == write_config(read_config(path)), path.name


def test_mistakes_are_told_as_one_types(empty: MainWindow) -> None:
    dialog = dialog_of(empty)
    assert not dialog.start.isEnabled() and "name no folder" in dialog.problem.text()
    dialog.form.field("optimisation.batch").setText("1")  # type: ignore[attr-defined]
    assert dialog.problem.text() == "optimisation.batch is 1; give at least 4."
    dialog.form.field("optimisation.batch").setText("many")  # type: ignore[attr-defined]
    assert "optimisation.batch" in dialog.problem.text() and not dialog.start.isEnabled()


def test_a_run_is_started_watched_and_used(
    empty: MainWindow, qtbot: QtBot, crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    dialog = dialog_of(empty)
    config = config_for(crops, tiny_weights, tmp_path)
    config = replace(config, hardware=replace(config.hardware, validate_every=2))
    dialog.form.set_config(config)
    assert dialog.start.isEnabled(), dialog.problem.text()
    dialog.start.click()
    runs = empty.session.settings.runs
    qtbot.waitUntil(lambda: look(runs_in(runs)[0]).state == "finished", timeout=120_000)
    dialog.refresh()
    assert dialog.runs.state.text().startswith("Finished") and dialog.runs.use.isEnabled()
    assert not dialog.runs.stop.isEnabled() and not dialog.runs.resume.isEnabled()
    view = look(runs_in(runs)[0])
    assert view.log["step"][-1] == 6 and view.weights is not None
    dialog.runs.use.click()
    qtbot.waitUntil(lambda: empty.session.card is not None and empty.session.card.name == "little")


def test_a_run_is_stopped_and_resumed(
    empty: MainWindow, qtbot: QtBot, crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    dialog = dialog_of(empty)
    config = config_for(crops, tiny_weights, tmp_path)
    long = replace(config, optimisation=replace(config.optimisation, steps=100_000))
    dialog.form.set_config(long)
    dialog.start.click()
    runs = empty.session.settings.runs
    qtbot.waitUntil(lambda: len(look(runs_in(runs)[0]).log) > 0, timeout=120_000)
    dialog.refresh()
    assert dialog.runs.stop.isEnabled() and "photos/s" in dialog.runs.state.text()
    dialog.runs.stop.click()
    qtbot.waitUntil(lambda: look(runs_in(runs)[0]).state == "stopped", timeout=60_000)
    dialog.refresh()
    before = look(runs_in(runs)[0]).log["step"][-1]
    assert dialog.runs.resume.isEnabled()
    dialog.runs.resume.click()
    qtbot.waitUntil(lambda: look(runs_in(runs)[0]).log["step"][-1] > before, timeout=120_000)
    dialog.runs.stop_runs()
    qtbot.waitUntil(lambda: look(runs_in(runs)[0]).state == "stopped", timeout=60_000)


def test_people_are_counted_and_the_time_is_estimated(
    empty: MainWindow, qtbot: QtBot, crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    dialog = dialog_of(empty)
    (crops / "dan").mkdir()
    config = config_for(crops, tiny_weights, tmp_path)
    dialog.form.set_config(config)
    qtbot.waitUntil(lambda: bool(dialog.faces.text()), timeout=30_000)
    assert dialog.faces.text() == "9 faces, 6 of them of 3 people"
    assert "no photo and will be left out: dan" in dialog.problem.text()
    assert dialog.start.isEnabled()
    dialog.timing.click()
    qtbot.waitUntil(lambda: not dialog.job.running, timeout=120_000)
    assert dialog.note.text().startswith("An epoch of 9 faces takes about")
    dialog.timing.click()
    dialog.progress.stop.click()
    qtbot.waitUntil(lambda: not dialog.job.running, timeout=30_000)
    assert dialog.progress.isHidden() and "An epoch" not in dialog.note.text()
    alone = replace(config, data=replace(config.data, labelled=[tmp_path / "one"], unlabelled=[]))
    (tmp_path / "one").mkdir()
    (crops / "ann").rename(tmp_path / "one" / "ann")
    dialog.form.set_config(alone)
    qtbot.waitUntil(lambda: "has one identity" in dialog.problem.text(), timeout=30_000)
    assert not dialog.start.isEnabled() and not dialog.timing.isEnabled()


def test_finished_weights_are_handed_to_the_comparison(
    window: MainWindow, qtbot: QtBot, tiny_weights: Path
) -> None:
    from xcos_gui.shell.tool_menu import TWO_MODELS
    from xcos_gui.tools.two_models.window import TwoModelsWindow

    dialog_of(window).runs.compare_asked.emit(tiny_weights)
    opened = window.tools[TWO_MODELS]
    assert isinstance(opened, TwoModelsWindow) and opened.isVisible()
    assert opened.weights == tiny_weights
