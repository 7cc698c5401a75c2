"""Inputs of settings each alone, and the page of a new run: its ways, its changes, its files."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from core.training.config import TrainConfig, write_config
from tests.gui.widgets.test_single_widgets import settings  # noqa: F401
from xcos_gui.shell.window import MainWindow
from xcos_gui.state.settings import Settings
from xcos_gui.tools.training import inputs
from xcos_gui.tools.training.inputs import (
    Choice,
    Number,
    OnePath,
    SeveralPaths,
    Switch,
    Text,
    input_for,
)
from xcos_gui.tools.training.new_run import NewRunPage


def value_of(found: inputs.SettingInput) -> Any:
    return tomllib.loads(f"x = {found.toml()}")["x"]


@pytest.mark.parametrize(
    ("name", "hint", "metadata", "kind", "buttons"),
    [
        ("a.b", bool, {}, Switch, []), ("a.b", Literal["x", "y"], {}, Choice, []), ("a.b", int, {"low": 2}, Number, []),
        ("a.b", float, {}, Number, []), ("a.b", str, {}, Text, []), ("a.b", list[int], {}, Text, []),
        ("a.b", dict[str, int], {}, Text, []), ("model.file", Path | None, {}, OnePath, ["Browse…"]),
        ("data.exclude", Path | None, {"folder": True}, OnePath, ["Browse…"]),
        ("data.gallery", Path | None, {"folder": True}, OnePath, ["Folder…", "File…"]),
        ("data.labelled", list[Path], {"folder": True}, SeveralPaths, []),
    ],
)  # fmt: skip
def test_a_setting_has_the_input_of_its_type(
    qtbot: QtBot, settings: Settings, name: str, hint: Any, metadata: dict[str, Any], kind: type, buttons: list[str]  # noqa: F811
) -> None:  # fmt: skip
    found = input_for(name, hint, metadata, settings)
    qtbot.addWidget(found.widget)
    assert type(found) is kind
    if isinstance(found, OnePath):
        assert [button.text() for button in found.field.buttons] == buttons
    if isinstance(found, Choice):
        assert [found.box.itemText(k) for k in range(found.box.count())] == ["x", "y"]
    if isinstance(found, Number):
        assert (found.box._whole, found.box._low) == (hint is int, metadata.get("low"))


def test_what_is_shown_is_what_is_read(qtbot: QtBot, settings: Settings) -> None:  # noqa: F811
    for hint, values in (
        (bool, (True, False)), (Literal["x", "y"], ("y", "x")), (int, (7, -3)), (float, (0.25, 1e-7)),
        (str, ("plain", 'with "marks"', "")), (list[int], ([1, 2], [], [3])), (dict[str, int], ({"a": 1}, {})),
        (Path | None, ("/a/b", "")), (list[Path], (["/a", "/b"], [])),
    ):  # fmt: skip
        found = input_for("data.gallery", hint, {"folder": True}, settings)
        qtbot.addWidget(found.widget)
        told: list[Any] = []
        found.changed.connect(lambda f=found, t=told: t.append(value_of(f)))
        for value in values:
            found.show(value)
            assert value_of(found) == value
        assert told and told[-1] == values[-1]
    box = Switch()
    qtbot.addWidget(box.widget)
    assert box.box.text() == "off"
    box.box.setChecked(True)
    assert box.box.text() == "on"


def test_what_is_typed_is_read_as_it_is_meant(qtbot: QtBot) -> None:
    number, text, items = Number(False, None, None), Text(str), Text(list)
    for found in (number, text, items):
        qtbot.addWidget(found.widget)
    for typed, read in (
        ("3,5e-7", 3.5e-7),
        (" 12 ", 12),
        ("1_000", 1000),
        ("many", "many"),
        ("1,2,3", "1,2,3"),
        ("", ""),
    ):
        number.show(typed)
        assert value_of(number) == read, typed
    for typed, meant in (("3", "3"), (" a ", "a"), ("true", "true")):
        text.line.setText(typed)
        assert value_of(text) == meant
    for typed, several in (("1, 2", [1, 2]), ("[1, 2]", [1, 2]), ("", []), ("a b", "[a b]")):
        items.line.setText(typed)
        assert value_of(items) == several, typed


@pytest.fixture
def page(window: MainWindow, qtbot: QtBot) -> NewRunPage:
    window.show_training()
    assert window.training is not None
    found = window.training.findChild(NewRunPage)
    assert found is not None
    window.training.resize(1300, 800)
    return found


def lines(page: NewRunPage, name: str) -> Any:
    found = page.form.input(name)
    assert isinstance(found, Number)
    return found.box.lineEdit()


def test_each_way_keeps_its_own_changes(window: MainWindow, page: NewRunPage) -> None:
    ways = page.ways
    assert (
        ways.chosen == "adapt"
        and page.unfold.text() == "All settings"
        and not page.reset.isEnabled()
    )
    steps = lines(page, "optimisation.steps").text()
    lines(page, "optimisation.steps").setText("7")
    assert page.unfold.text() == "All settings (1 changed)" and page.reset.isEnabled()
    ways.choose("from nothing")
    assert lines(page, "optimisation.steps").text() != "7" and page.unfold.text() == "All settings"
    lines(page, "optimisation.batch").setText("32")
    lines(page, "hardware.seed").setText("5")
    assert page.unfold.text() == "All settings (2 changed)"
    ways.choose("adapt")
    assert lines(page, "optimisation.steps").text() == "7" and page.form.changed_names == [
        "optimisation.steps"
    ]
    shown = [name for name, button in ways.buttons.items() if button.isChecked()]
    assert shown == ["adapt"]
    for name, questions in ways.questions.items():
        assert questions.isVisibleTo(ways) == (name == "adapt")
    page.keep()
    again = NewRunPage(window.session, window.session.settings.runs, page._compute)
    try:
        assert again.ways.chosen == "adapt" and lines(again, "optimisation.steps").text() == "7"
        again.ways.choose("from nothing")
        assert sorted(again.form.changed_names) == ["hardware.seed", "optimisation.batch"]
    finally:
        again.close_job()
        again.deleteLater()
    page.reset.click()
    assert lines(page, "optimisation.steps").text() == steps and not page.reset.isEnabled()


def test_a_file_s_settings_are_a_way_of_their_own(
    page: NewRunPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "kept run.toml"

    def write(steps: int) -> None:
        config = TrainConfig()
        config = replace(config, optimisation=replace(config.optimisation, steps=steps))
        path.write_text(write_config(config), encoding="utf-8")

    write(11)
    ways = page.ways
    assert ways.file.isHidden()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    page._ask_load()
    assert ways.file.isHidden()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    page._ask_load()
    assert (
        ways.file.text() == "The settings of kept run"
        and ways.file.isChecked()
        and not ways.file.isHidden()
    )
    assert lines(page, "optimisation.steps").text() == "11" and page.form.changed_names == []
    assert ways.chosen not in ways.buttons
    lines(page, "optimisation.steps").setText("12")
    ways.choose("adapt")
    ways.file.setChecked(True)
    assert lines(page, "optimisation.steps").text() == "11"  # a file is shown as it is
    lines(page, "optimisation.steps").setText("12")
    write(13)
    page._ask_load()  # the same file once more
    assert lines(page, "optimisation.steps").text() == "13" and page.form.changed_names == []
    saved = tmp_path / "saved.toml"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(saved), ""))
    page._ask_save()
    assert tomllib.loads(saved.read_text())["optimisation"]["steps"] == 13
    told: list[str] = []
    page.told.connect(told.append)
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "no" / "x.toml"), "")
    )
    page._ask_save()
    assert len(told) == 1 and "x.toml" in told[0]
    bad = tmp_path / "bad.toml"
    bad.write_text("x =")
    page.load(bad)
    assert (
        "bad.toml" in page.problem.text()
        and not page.start.isEnabled()
        and not page.timing.isEnabled()
    )
    presets = [page.presets.itemText(k) for k in range(page.presets.count())]
    assert presets == sorted(presets) and len(presets) > 1 and page.presets.currentIndex() == -1
    page.presets.setCurrentIndex(1)
    page.presets.activated.emit(1)
    assert ways.file.text() == f"The settings of {presets[1]}"


def test_all_settings_unfold_and_a_setting_is_found_where_it_is_asked(page: NewRunPage) -> None:
    assert page.settings.isHidden() and page.unfold.arrowType() == Qt.ArrowType.RightArrow
    page.unfold.click()
    assert not page.settings.isHidden() and page.unfold.arrowType() == Qt.ArrowType.DownArrow
    page.unfold.click()
    assert page.settings.isHidden()
    asked = next(name for name in page.ways.questions["adapt"].asked)
    page.go_to(asked)  # beside the way
    assert page.settings.isHidden()
    page.go_to("hardware.seed")  # in the form alone
    assert not page.settings.isHidden() and page.unfold.isChecked()
    assert page.form.groups.currentItem().text().startswith("Hardware")


def test_a_run_starts_with_what_the_form_says(page: NewRunPage) -> None:
    started: list[tuple[str, str]] = []
    page.start_asked.disconnect()
    page.start_asked.connect(lambda *given: started.append(given))
    lines(page, "optimisation.steps").setText("7")
    page._on_start()
    ((name, toml),) = started
    assert tomllib.loads(toml)["optimisation"]["steps"] == 7 and name == page.config().name
    assert page.time.text() == "How long it takes here is not measured."
