"""The training dialog: a form from the config, and a run as a process of its own."""

from dataclasses import replace
from pathlib import Path

from pytestqt.qtbot import QtBot

from core.resources import resource_path
from core.training.config import read_config, write_config
from core.training.watch import look, runs_in
from tests.training.test_training import config_for
from xcos_gui.training import TrainingDialog
from xcos_gui.window import MainWindow


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
