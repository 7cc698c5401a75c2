"""The form of a training run's settings, made from the config's own fields."""

import re
import tomllib
from dataclasses import Field, dataclass, fields, is_dataclass
from functools import partial
from pathlib import Path
from typing import Any, get_type_hints

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QSizePolicy,
    QSpacerItem,
    QStackedWidget,
    QToolButton,
    QWidget,
)

from core.training.config import TrainConfig, parse_config
from xcos_gui.state.settings import Settings
from xcos_gui.tools.training.inputs import SettingInput, input_for
from xcos_gui.widgets.elided import PlainLabel
from xcos_gui.widgets.quiet_wheel import QuietWheel

GENERAL = "general"
MARK = "\N{BULLET}"


@dataclass(eq=False)
class _Row:
    """A setting in the form, and the value that it is reset to, as TOML."""

    input: SettingInput
    name: QLabel
    reset: QToolButton
    base: Any = None
    base_toml: str = ""

    @property
    def changed(self) -> bool:
        return _value(self.input.toml()) != _value(self.base_toml)


class TrainingForm(QWidget):
    """A page a group of settings; every field has its meaning and default from the config.

    What differs from the config that was shown last is marked, and can be set back.
    """

    changed = Signal()

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._rows: dict[str, _Row] = {}
        self._quiet = QuietWheel(self)
        self._filling = False
        self.groups, self.pages = QListWidget(), QStackedWidget()
        self.groups.setAccessibleName("Groups of settings")
        self.groups.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.groups.currentRowChanged.connect(self.pages.setCurrentIndex)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.groups)
        row.addWidget(self.pages, 1)
        hints = get_type_hints(TrainConfig)
        names = [f.name for f in fields(TrainConfig) if is_dataclass(hints[f.name])]
        self._add_group(GENERAL, TrainConfig, "", skip=names)
        for name in names:
            self._add_group(name, hints[name], f"{name}.")
        self.groups.setFixedWidth(
            self.groups.sizeHintForColumn(0) + 2 * self.fontMetrics().height()
        )
        self.groups.setCurrentRow(0)
        self.set_config(TrainConfig())

    # Values.

    def input(self, name: str) -> SettingInput:
        """The input of a setting such as optimisation.batch."""
        return self._rows[name].input

    def toml(self) -> str:
        """The settings as a TOML text, also where a field is not valid."""
        return self._toml(list(self._rows))

    def changes(self) -> str:
        """The marked settings alone, as TOML; empty where none is."""
        return self._toml(self.changed_names)

    @property
    def changed_names(self) -> list[str]:
        """The settings whose values differ from those that they are reset to."""
        return [name for name, row in self._rows.items() if row.changed]

    def config(self, base: Path) -> TrainConfig:
        """The settings; relative paths are relative to base's folder. Raises XCosError."""
        return parse_config(self.toml(), base)

    def set_config(self, config: TrainConfig) -> None:
        """Show a config's values, and reset to them from now on."""
        self._show(config, keep=[])

    def set_base(self, config: TrainConfig) -> None:
        """Reset to another config's values from now on; what the user changed stays changed."""
        self._show(config, keep=self.changed_names)

    def apply(self, toml: str) -> None:
        """Show the values that a text of `changes` has; a part that does not fit is left out."""
        try:
            tables = tomllib.loads(toml)
        except (tomllib.TOMLDecodeError, ValueError, RecursionError):
            return
        self._filling = True
        for name, row in self._rows.items():
            table, _, key = name.rpartition(".")
            inside = tables.get(table, {}) if table else tables
            if isinstance(inside, dict) and key in inside:
                # A kept value may be of another kind than the setting has by now.
                try:
                    row.input.show(inside[key])
                except (TypeError, ValueError):
                    row.input.show(row.base)
        self._filling = False
        self._on_changed()

    def reset(self, name: str) -> None:
        """Set a setting back."""
        self._rows[name].input.show(self._rows[name].base)

    def reset_all(self) -> None:
        """Set every setting back."""
        for name in self.changed_names:
            self.reset(name)

    def keep(self) -> None:
        """Remember the paths for later choices."""
        for row in self._rows.values():
            row.input.keep()

    # Finding.

    def link(self, sentence: str) -> list[tuple[str, int, int]]:
        """The settings that a sentence names, with the place where each name begins and ends."""
        names = "|".join(
            re.escape(name) for name in sorted(self._rows, key=len, reverse=True) if "." in name
        )
        return [(m.group(), *m.span()) for m in re.finditer(rf"\b(?:{names})\b", sentence)]

    def go_to(self, name: str) -> None:
        """Show a setting's group with the setting in sight, and let the user change it."""
        table = name.rpartition(".")[0] or GENERAL
        titles = [
            self.groups.item(i).data(Qt.ItemDataRole.UserRole) for i in range(self.groups.count())
        ]
        self.groups.setCurrentRow(titles.index(table))
        area = self.pages.currentWidget()
        assert isinstance(area, QScrollArea)
        widget = self._rows[name].input.widget
        area.ensureWidgetVisible(widget)
        area.horizontalScrollBar().setValue(0)
        widget.setFocus(Qt.FocusReason.OtherFocusReason)

    # Making.

    def _add_group(
        self, title: str, kind: type[Any], prefix: str, skip: list[str] | None = None
    ) -> None:
        page = QWidget()
        grid = QGridLayout(page)
        grid.setColumnStretch(1, 1)
        grid.setVerticalSpacing(2)
        hints = get_type_hints(kind)
        for f in fields(kind):
            if f.name not in (skip or []):
                self._add_row(grid, prefix + f.name, hints[f.name], f)
        grid.setRowStretch(grid.rowCount(), 1)
        area = QScrollArea(widgetResizable=True, frameShape=QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(page)
        self.pages.addWidget(area)
        item = QListWidgetItem(title.capitalize())
        item.setData(Qt.ItemDataRole.UserRole, title)
        self.groups.addItem(item)

    def _add_row(self, grid: QGridLayout, name: str, hint: Any, of: "Field[Any]") -> None:
        field = input_for(name, hint, of.metadata, self._settings)
        words = of.name.replace("_", " ")
        label = PlainLabel(words.capitalize())
        label.setBuddy(field.widget)
        reset = QToolButton(text="\N{ANTICLOCKWISE OPEN CIRCLE ARROW}", autoRaise=True)
        reset.setAccessibleName(f"Set {words} back")
        reset.clicked.connect(partial(self.reset, name))
        kept = reset.sizePolicy()
        kept.setRetainSizeWhenHidden(True)
        reset.setSizePolicy(kept)
        unit = PlainLabel(of.metadata.get("unit", ""))
        meaning = PlainLabel(_meaning(of.metadata), wordWrap=True)
        policy = meaning.sizePolicy()  # which knows that its height depends on its width
        policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)
        meaning.setSizePolicy(policy)
        meaning.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        field.widget.setToolTip(f"{name}: {_meaning(of.metadata)}")
        field.widget.setAccessibleName(words)
        for widget in (field.widget, *field.widget.findChildren(QWidget)):
            self._quiet.take(widget)
        self._rows[name] = _Row(field, label, reset)
        field.changed.connect(self._on_changed)
        line = grid.rowCount()
        grid.addWidget(label, line, 0)
        grid.addWidget(field.widget, line, 1)
        grid.addWidget(unit, line, 2)
        grid.addWidget(reset, line, 3)
        grid.addWidget(meaning, line + 1, 1, 1, 2)
        grid.setRowMinimumHeight(line + 2, self.fontMetrics().height() // 2)
        grid.addItem(QSpacerItem(0, 0), line + 2, 0)

    # Showing.

    def _show(self, config: TrainConfig, keep: list[str]) -> None:
        self._filling = True
        for name, row in self._rows.items():
            table, _, key = name.rpartition(".")
            row.base = getattr(getattr(config, table) if table else config, key)
            kept = row.input.toml()
            row.input.show(row.base)
            row.base_toml = row.input.toml()
            if name in keep:
                self._show_toml(row, kept)
        self._filling = False
        self._on_changed()

    def _show_toml(self, row: _Row, kept: str) -> None:
        row.input.show(tomllib.loads(f"x = {kept}")["x"])

    def _on_changed(self) -> None:
        if self._filling:
            return
        counts: dict[str, int] = {}
        for name, row in self._rows.items():
            changed = row.changed
            table = name.rpartition(".")[0] or GENERAL
            counts[table] = counts.get(table, 0) + changed
            font = row.name.font()
            font.setBold(changed)
            row.name.setFont(font)
            row.reset.setVisible(changed)
            row.reset.setToolTip(f"Changed; set back to {_brief(row.base_toml)}")
        for place in range(self.groups.count()):
            item = self.groups.item(place)
            title = item.data(Qt.ItemDataRole.UserRole)
            item.setText(title.capitalize() + (f" {MARK}" if counts[title] else ""))
            item.setToolTip(f"{counts[title]} changed" if counts[title] else "")
        self.changed.emit()

    def _toml(self, names: list[str]) -> str:
        tables: dict[str, list[str]] = {}
        for name in names:
            table, _, key = name.rpartition(".")
            tables.setdefault(table, []).append(f"{key} = {self._rows[name].input.toml()}")
        return "\n\n".join(
            "\n".join([f"[{table}]", *lines] if table else lines) for table, lines in tables.items()
        )


def _value(toml: str) -> Any:
    try:
        return tomllib.loads(f"x = {toml}")["x"]
    except ValueError:  # a number of too many digits
        return toml


def _brief(toml: str) -> str:
    value = _value(toml)
    text = "nothing" if value in ("", [], {}) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _meaning(metadata: Any) -> str:
    low, high = metadata.get("low"), metadata.get("high")
    parts = [
        f"at least {low:g}" if low is not None else "",
        f"at most {high:g}" if high is not None else "",
    ]
    limits = ", ".join(part for part in parts if part)
    return f"{metadata['meaning']} ({limits})" if limits else str(metadata["meaning"])
