"""The form of a run's settings: fields by kind, what is changed, and messages that lead to a field."""

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QDropEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QScrollArea
from pytestqt.qtbot import QtBot

from core.resources import resource_path
from core.training.config import TrainConfig, read_config, write_config
from xcos_gui.state.settings import Settings
from xcos_gui.tools.training.form import TrainingForm
from xcos_gui.tools.training.inputs import Choice, Number, OnePath, SeveralPaths, Switch, Text
from xcos_gui.tools.training.problems import ProblemsLabel


@pytest.fixture
def kept(tmp_path: Path) -> Settings:
    return Settings(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))


@pytest.fixture
def form(qtbot: QtBot, kept: Settings) -> TrainingForm:
    made = TrainingForm(kept)
    qtbot.addWidget(made)
    made.resize(720, 600)
    made.show()
    return made


def number(form: TrainingForm, name: str) -> Any:
    found = form.input(name)
    assert isinstance(found, Number)
    return found.box.lineEdit()


def names_of(config: TrainConfig) -> list[str]:
    names = []
    for f in fields(config):
        value = getattr(config, f.name)
        inside = [f"{f.name}.{g.name}" for g in fields(value)] if is_dataclass(value) else [f.name]
        names += inside
    return names


def test_each_kind_of_setting_has_its_input(form: TrainingForm) -> None:
    kinds = {
        "data.aligned": Switch,
        "data.labelled": SeveralPaths,
        "data.exclude": OnePath,
        "model.options": Text,
        "losses.identification": Choice,
        "optimisation.batch": Number,
        "optimisation.milestones": Text,
        "hardware.seed": Number,
    }
    for name, kind in kinds.items():
        assert type(form.input(name)) is kind, name
    for name in names_of(TrainConfig()):
        assert form.input(name).widget.accessibleName(), name


def test_presets_fill_the_form_and_survive_it(form: TrainingForm, tmp_path: Path) -> None:
    for path in resource_path("presets").glob("*.toml"):
        config = read_config(path)
        form.set_config(config)
        assert write_config(form.config(tmp_path / "config.toml")) == write_config(config), path
        assert form.changed_names == [] and form.changes() == ""


def test_a_number_beyond_32_bits_is_kept(form: TrainingForm, tmp_path: Path) -> None:
    number(form, "hardware.seed").setText(str(2**53))
    number(form, "optimisation.learning_rate").setText("3,5e-7")
    config = form.config(tmp_path / "config.toml")
    assert config.hardware.seed == 2**53
    assert config.optimisation.learning_rate == 3.5e-7


def test_a_changed_value_is_marked_and_set_back(form: TrainingForm) -> None:
    form.go_to("optimisation.batch")
    number(form, "optimisation.batch").setText("32")
    assert form.changed_names == ["optimisation.batch"]
    group = form.groups.currentItem()
    assert group.text() == "Optimisation •" and group.toolTip() == "1 changed"
    row = form._rows["optimisation.batch"]
    assert row.name.font().bold() and row.reset.isVisible()
    assert row.reset.toolTip() == "Changed; set back to 96"
    row.reset.click()
    assert number(form, "optimisation.batch").text() == "96"
    assert form.changed_names == [] and group.text() == "Optimisation" and not row.reset.isVisible()
    number(form, "optimisation.batch").setText(" 96")
    assert form.changed_names == []  # the same number written otherwise


def test_another_base_keeps_what_the_user_changed(form: TrainingForm) -> None:
    number(form, "optimisation.batch").setText("many")
    number(form, "optimisation.steps").setText("7")
    form.set_base(read_config(resource_path("presets", "laptop.toml")))
    laptop = read_config(resource_path("presets", "laptop.toml"))
    assert number(form, "optimisation.batch").text() == "many"
    assert number(form, "optimisation.steps").text() == "7"
    assert sorted(form.changed_names) == ["optimisation.batch", "optimisation.steps"]
    form.reset_all()
    assert number(form, "optimisation.steps").text() == str(laptop.optimisation.steps)


def test_changes_are_applied_again_as_far_as_they_fit(form: TrainingForm) -> None:
    number(form, "optimisation.steps").setText("7")
    form.input("data.labelled").show([Path("/one"), Path("/two")])
    kept = form.changes()
    form.set_config(TrainConfig())
    form.apply(kept)
    assert form.changes() == kept
    for damaged in ("data = 3", "[data]\nlabelled = 4", "[optimisation]\nmilestones = 4", "x ="):
        form.set_config(TrainConfig())
        form.apply(damaged)
        assert form.changed_names == [], damaged


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    text=st.text(st.characters(exclude_characters="\r\n\0"), max_size=12),
    name=st.sampled_from(
        ["optimisation.batch", "model.options", "optimisation.milestones", "name"]
    ),
)
def test_whatever_is_typed_stays_its_own_setting(form: TrainingForm, text: str, name: str) -> None:
    """A field's text never becomes another setting's, nor breaks the whole."""
    import tomllib

    found = form.input(name)
    (found.line if isinstance(found, Text) else found.box.lineEdit()).setText(text)  # type: ignore[attr-defined]
    said = tomllib.loads(form.toml())
    expected = tomllib.loads(write_config(TrainConfig()))
    assert {*said} == {*expected}
    for table in expected:
        if isinstance(expected[table], dict):
            assert {*said[table]} == {*expected[table]}


def test_arrows_change_the_second_digit_within_the_range(form: TrainingForm) -> None:
    for name, text, steps, expected in (
        ("optimisation.steps", "3000", 1, "3100"),
        ("optimisation.batch", "5", -3, "4"),
        ("optimisation.learning_rate", "0.002", -1, "0.0019"),
        ("augmentation.grey", "0.99", 5, "1.0"),
        ("augmentation.grey", "0.0", 1, "0.01"),
        ("optimisation.batch", "many", 1, "many"),
    ):
        number(form, name).setText(text)
        form.input(name).widget.stepBy(steps)  # type: ignore[attr-defined]
        assert number(form, name).text() == expected, (name, text)


def test_the_wheel_scrolls_and_changes_nothing(form: TrainingForm) -> None:
    form.go_to("hardware.seed")
    form.setFocus()
    form.groups.setFocus()
    box = form.input("losses.identification").widget
    turn = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(0, -120), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(box, turn)
    assert form.changed_names == []


def test_no_group_scrolls_sideways(form: TrainingForm, qtbot: QtBot) -> None:
    """Beside the ways in a window of 1366x768 the form has some 720 pixels."""
    for place in range(form.pages.count()):
        form.groups.setCurrentRow(place)
        area = form.pages.currentWidget()
        assert isinstance(area, QScrollArea)
        qtbot.waitUntil(lambda a=area: a.widget().width() <= a.viewport().width() + 1)  # type: ignore[misc]
        assert area.widget().minimumSizeHint().width() <= area.viewport().width()
        for label in area.widget().findChildren(QLabel):
            assert label.geometry().right() <= area.viewport().width(), label.text()


def test_a_message_names_its_field_and_a_click_goes_there(form: TrainingForm, qtbot: QtBot) -> None:
    label = ProblemsLabel(form.link)
    qtbot.addWidget(label)
    label.setting_asked.connect(form.go_to)
    label.show_sentences(["hardware.seed is <b>, and data.labelled names no folder."])
    assert '<a href="hardware.seed">hardware.seed</a> is &lt;b&gt;, and <a href=' in label.text()
    label.linkActivated.emit("hardware.seed")
    assert form.groups.currentItem().text() == "Hardware"
    assert form.focusWidget() is form.input("hardware.seed").widget
    label.linkActivated.emit("data.labelled")
    assert form.focusWidget() is form.input("data.labelled").field.list  # type: ignore[attr-defined]


def drop(widget: Any, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    widget.dropEvent(
        QDropEvent(
            QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )  # fmt: skip


def test_folders_are_added_dropped_and_taken_out(
    form: TrainingForm, kept: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = form.input("data.labelled")
    assert isinstance(found, SeveralPaths)
    one, two, three = (tmp_path / name for name in ("one", "two", "three"))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(one))
    found.field.add.click()
    drop(found.field, two, one, three)
    assert form.config(tmp_path / "c.toml").data.labelled == [one, two, three]
    assert not found.field.remove.isEnabled()
    found.field.list.item(1).setSelected(True)
    found.field.remove.click()
    assert form.config(tmp_path / "c.toml").data.labelled == [one, three]
    found.field.recent.aboutToShow.emit()
    assert [Path(a.text()).name for a in found.field.recent.actions()] == ["two"]
    found.field.recent.actions()[0].trigger()
    assert form.config(tmp_path / "c.toml").data.labelled == [one, three, two]
    assert kept.recent_paths("data.labelled")[0] == two


def test_a_path_is_browsed_dropped_or_one_of_the_last(
    form: TrainingForm, kept: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = form.input("data.exclude")
    assert isinstance(found, OnePath)
    listed = tmp_path / "left out.txt"
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(listed), ""))
    found.field.buttons[0].click()
    assert form.config(tmp_path / "c.toml").data.exclude == listed
    drop(found.field, tmp_path / "other.txt")
    assert form.config(tmp_path / "c.toml").data.exclude == tmp_path / "other.txt"
    assert [found.field.box.itemText(i) for i in range(2)] == [
        str(tmp_path / "other.txt"),
        str(listed),
    ]
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    found.field.buttons[0].click()  # cancelled
    assert form.config(tmp_path / "c.toml").data.exclude == tmp_path / "other.txt"
    gallery = form.input("data.gallery")
    assert isinstance(gallery, OnePath)
    assert [button.text() for button in gallery.field.buttons] == ["Folder…", "File…"]
