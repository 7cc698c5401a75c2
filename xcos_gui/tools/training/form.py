"""The form of a training run's settings, made from the config's own fields."""

import json
import re
import tomllib
from dataclasses import Field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from PySide6.QtCore import Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QSizePolicy,
    QTabWidget,
    QWidget,
)

from core.training.config import TrainConfig, parse_config
from core.training.toml import toml_value

GENERAL = "general"
DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+(e[+-]?[0-9]+)?", re.IGNORECASE)


class TrainingForm(QTabWidget):
    """A tab a group of settings; every field has its meaning and default from the config."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._inputs: dict[str, QWidget] = {}
        self._texts: dict[str, bool] = {}  # whether a field's text is a TOML string
        hints = get_type_hints(TrainConfig)
        groups = [f.name for f in fields(TrainConfig) if is_dataclass(hints[f.name])]
        self._add_tab(GENERAL, TrainConfig, "", skip=groups)
        for name in groups:
            self._add_tab(name, hints[name], f"{name}.")
        self.set_config(TrainConfig())

    def field(self, name: str) -> QWidget:
        """The input of a setting such as optimisation.batch."""
        return self._inputs[name]

    def toml(self) -> str:
        """The settings as a TOML text, also where a field is not valid."""
        tables: dict[str, list[str]] = {}
        for name, widget in self._inputs.items():
            table, _, key = name.rpartition(".")
            tables.setdefault(table, []).append(f"{key} = {self._text(name, widget)}")
        return "\n\n".join(
            "\n".join([f"[{table}]", *lines] if table else lines) for table, lines in tables.items()
        )

    def config(self, base: Path) -> TrainConfig:
        """The settings; relative paths are relative to base's folder. Raises XCosError."""
        return parse_config(self.toml(), base)

    def set_config(self, config: TrainConfig) -> None:
        """Show a config's values."""
        for name, widget in self._inputs.items():
            table, _, key = name.rpartition(".")
            value = getattr(getattr(config, table) if table else config, key)
            if isinstance(widget, QCheckBox):
                widget.setChecked(bool(value))
            elif isinstance(widget, QComboBox):
                widget.setCurrentText(str(value))
            elif isinstance(widget, QLineEdit):
                widget.setText(self._shown(name, value))
        self.changed.emit()

    def _add_tab(
        self, title: str, kind: type[Any], prefix: str, skip: list[str] | None = None
    ) -> None:
        page = QWidget()
        form = QFormLayout(page)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        hints = get_type_hints(kind)
        for f in fields(kind):
            if f.name in (skip or []):
                continue
            widget = self._input(hints[f.name], f)
            self._inputs[prefix + f.name] = widget
            self._texts[prefix + f.name] = _is_text(hints[f.name])
            form.addRow(f.name.replace("_", " "), widget)
            if not isinstance(widget, QCheckBox):  # a check box says it beside itself
                meaning = QLabel(f.metadata["meaning"])
                meaning.setWordWrap(True)
                meaning.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
                meaning.setForegroundRole(QPalette.ColorRole.PlaceholderText)
                form.addRow("", meaning)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(page)
        self.addTab(area, title.capitalize())

    def _input(self, hint: Any, of: "Field[Any]") -> QWidget:
        widget: QWidget
        if hint is bool:
            widget = QCheckBox(of.metadata["meaning"])
            widget.toggled.connect(self.changed)
        elif get_origin(hint) is Literal:
            choices = QComboBox()
            choices.addItems([str(choice) for choice in get_args(hint)])
            choices.currentTextChanged.connect(self.changed)
            widget = choices
        else:
            line = QLineEdit()
            line.setPlaceholderText(of.metadata["meaning"])
            line.textChanged.connect(self.changed)
            widget = line
        low, high = of.metadata.get("low"), of.metadata.get("high")
        limits = "" if low is None and high is None else f" ({_limits(low, high)})"
        widget.setToolTip(f"{of.metadata['meaning']}{limits}")
        widget.setAccessibleName(of.name.replace("_", " "))
        return widget

    def _shown(self, name: str, value: Any) -> str:
        if value is None:
            return ""
        return str(value) if self._texts[name] else toml_value(value)

    def _text(self, name: str, widget: QWidget) -> str:
        if isinstance(widget, QCheckBox):
            return "true" if widget.isChecked() else "false"
        if isinstance(widget, QComboBox):
            return json.dumps(widget.currentText())
        assert isinstance(widget, QLineEdit)
        text = widget.text().strip()
        if self._texts[name]:
            return json.dumps(text)
        if DECIMAL_COMMA.fullmatch(text):
            return text.replace(",", ".")
        return text if _is_toml(text) else json.dumps(text)


def _is_toml(text: str) -> bool:
    try:
        return list(tomllib.loads(f"x = {text}")) == ["x"]
    except tomllib.TOMLDecodeError:
        return False


def _is_text(hint: Any) -> bool:
    return hint in (str, Path) or (Path in get_args(hint) and get_origin(hint) is not list)


def _limits(low: float | None, high: float | None) -> str:
    parts = [
        f"at least {low:g}" if low is not None else "",
        f"at most {high:g}" if high is not None else "",
    ]
    return ", ".join(part for part in parts if part)
