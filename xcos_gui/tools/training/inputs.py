"""Inputs of a setting by its kind: a switch, a choice, a number, a text, a path, several paths."""

import re
import tomllib
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QAbstractSpinBox, QCheckBox, QComboBox, QLineEdit, QWidget

from core.training.toml import toml_value
from xcos_gui.state.settings import Settings
from xcos_gui.widgets.model_choice import MODELS
from xcos_gui.widgets.path_fields import PathField, PathKind, PathsField

DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+(e[+-]?[0-9]+)?", re.IGNORECASE)

GALLERY = "data.gallery"  # a folder, or a file that lists photos
PLAIN = 40  # digits of a number that stepping still writes out


class SettingInput(QObject):
    """What a user changes a setting's value in; its `widget` goes into a form."""

    changed = Signal()
    widget: QWidget

    def show(self, value: Any) -> None:
        """Show a value of the setting."""
        raise NotImplementedError

    def toml(self) -> str:
        """What stands in it as TOML, also where it is no value of the setting."""
        raise NotImplementedError

    def keep(self) -> None:
        """Remember the value for later choices."""


class Switch(SettingInput):
    """On or off."""

    def __init__(self) -> None:
        super().__init__()
        self.widget = self.box = QCheckBox("off")
        self.box.toggled.connect(self._on_toggled)

    def show(self, value: Any) -> None:
        self.box.setChecked(bool(value))

    def toml(self) -> str:
        return toml_value(self.box.isChecked())

    def _on_toggled(self, on: bool) -> None:
        self.box.setText("on" if on else "off")
        self.changed.emit()


class Choice(SettingInput):
    """One of a few."""

    def __init__(self, choices: tuple[str, ...]) -> None:
        super().__init__()
        self.widget = self.box = QComboBox()
        self.box.addItems(choices)
        self.box.currentTextChanged.connect(self.changed)

    def show(self, value: Any) -> None:
        self.box.setCurrentText(str(value))

    def toml(self) -> str:
        return _quoted(self.box.currentText())


class Number(SettingInput):
    """A whole or a decimal number, whose arrows keep to its range; what is typed is told if wrong."""

    def __init__(self, whole: bool, low: float | None, high: float | None) -> None:
        super().__init__()
        self.widget = self.box = _NumberBox(whole, low, high)
        self.box.lineEdit().textChanged.connect(self.changed)

    def show(self, value: Any) -> None:
        self.box.lineEdit().setText(value if isinstance(value, str) else toml_value(value))

    def toml(self) -> str:
        return _typed(self.box.text().strip())


class Text(SettingInput):
    """A text; or, written as TOML without the outer brackets of a list, what has no other input.

    kind: str, list or dict
    """

    def __init__(self, kind: type) -> None:
        super().__init__()
        self._kind = kind
        self.widget = self.line = QLineEdit()
        self.line.textChanged.connect(self.changed)

    def show(self, value: Any) -> None:
        if self._kind is str or isinstance(value, str):
            text = str(value)
        elif self._kind is list:
            text = ", ".join(toml_value(item) for item in value)
        else:
            text = toml_value(value) if value else ""
        self.line.setText(text)

    def toml(self) -> str:
        text = self.line.text().strip()
        if self._kind is str:
            return _quoted(text)
        if self._kind is list and not text.startswith("["):
            text = f"[{text}]"
        return _typed(text or "{}")


class OnePath(SettingInput):
    """A file or a folder, or none."""

    def __init__(self, settings: Settings, kind: PathKind) -> None:
        super().__init__()
        self.widget = self.field = PathField(settings, kind)
        self.field.changed.connect(self.changed)

    def show(self, value: Any) -> None:
        self.field.set_text("" if value is None else str(value))

    def toml(self) -> str:
        return _quoted(self.field.text())

    def keep(self) -> None:
        self.field.keep()


class SeveralPaths(SettingInput):
    """Files or folders."""

    def __init__(self, settings: Settings, kind: PathKind) -> None:
        super().__init__()
        self.widget = self.field = PathsField(settings, kind)
        self.field.changed.connect(self.changed)

    def show(self, value: Any) -> None:
        self.field.set_texts([str(path) for path in value])

    def toml(self) -> str:
        return toml_value([_sound(text) for text in self.field.texts()])

    def keep(self) -> None:
        self.field.keep()


def input_for(name: str, hint: Any, metadata: Any, settings: Settings) -> SettingInput:
    """The input of a config's field, such as optimisation.batch, by its type."""
    if hint is bool:
        return Switch()
    if get_origin(hint) is Literal:
        return Choice(tuple(str(choice) for choice in get_args(hint)))
    if hint in (int, float):
        return Number(hint is int, metadata.get("low"), metadata.get("high"))
    if hint is Path or Path in get_args(hint):
        files = "All files (*)" if name.startswith("data.") else MODELS
        folder = metadata.get("folder", False)
        kind = PathKind(name, folder, not folder or name == GALLERY, files)
        several = get_origin(hint) is list
        return SeveralPaths(settings, kind) if several else OnePath(settings, kind)
    return Text(get_origin(hint) or hint)


class _NumberBox(QAbstractSpinBox):
    """A line for a number of any size, with arrows that change its second digit."""

    def __init__(self, whole: bool, low: float | None, high: float | None) -> None:
        super().__init__()
        self._whole, self._low, self._high = whole, low, high

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        value = _number(self.text())
        steps = QAbstractSpinBox.StepEnabledFlag.StepNone
        if value is None:
            return steps
        if self._high is None or value < Decimal(str(self._high)):
            steps |= QAbstractSpinBox.StepEnabledFlag.StepUpEnabled
        if self._low is None or value > Decimal(str(self._low)):
            steps |= QAbstractSpinBox.StepEnabledFlag.StepDownEnabled
        return steps

    def stepBy(self, steps: int) -> None:
        value = _number(self.text())
        if value is None:
            return
        place = value.adjusted() - 1 if value else -2
        moved = value + steps * Decimal(1).scaleb(max(place, 0) if self._whole else place)
        if self._low is not None:
            moved = max(moved, Decimal(str(self._low)))
        if self._high is not None:
            moved = min(moved, Decimal(str(self._high)))
        text = f"{moved.normalize():f}"
        self.lineEdit().setText(text if self._whole or "." in text else f"{text}.0")


def _number(text: str) -> Decimal | None:
    try:
        value = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value.adjusted()) < PLAIN else None


def _typed(text: str) -> str:
    """A number or another TOML value as typed; what is none, as a text that the config refuses."""
    if DECIMAL_COMMA.fullmatch(text):
        return text.replace(",", ".")
    return text if _is_toml(text) else _quoted(text)


def _quoted(text: str) -> str:
    return toml_value(_sound(text))


def _sound(text: str) -> str:
    """The text with a question mark for what is no text, which no file can keep."""
    return text.encode("utf-8", "replace").decode()


def _is_toml(text: str) -> bool:
    try:
        return list(tomllib.loads(f"x = {text}")) == ["x"]
    except (tomllib.TOMLDecodeError, ValueError, RecursionError):
        return False
