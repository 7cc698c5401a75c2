"""The numbers of one edit as spin boxes."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QWidget

from core.explain.editing.edits import SETTINGS, Edit, EditKind
from xcos_gui.tools.what_if.edit_steps import limited
from xcos_gui.widgets.decimal_box import DecimalBox
from xcos_gui.widgets.elided import PlainLabel

HINTS: dict[EditKind, str] = {
    "patch": "Press on a face and drag; the wheel changes its size.",
    "sunglasses": "Press on a face; drag moves them, the wheel changes their size.",
    "scarf": "Press on a face; drag moves it, the wheel changes its size.",
    "blur": "Press on a face; drag sideways for more or less.",
    "dark": "Press on a face; drag sideways for more or less light.",
    "mask": "Paint with the mouse; each stroke is one edit.",
    "shift": "Drag the face.",
    "turn": "Press on a face and drag sideways to turn it.",
    "scale": "Press on a face and drag sideways to make it larger or smaller.",
    "mirror": "Press on a face to mirror it, again to mirror it back.",
}


class EditSettings(QWidget):
    """A spin box a number of the edit's kind; `changed` with its name and the new edit."""

    changed = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._edit: Edit | None = None
        self._boxes: dict[str, DecimalBox] = {}
        self._hint = PlainLabel(wordWrap=True)
        self._hint.setMinimumHeight(2 * self.fontMetrics().height())
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.addRow(self._hint)

    def show_edit(self, kind: EditKind, edit: Edit | None) -> None:
        """Show an edit's numbers; None: only how the tool is used."""
        self._hint.setText(HINTS[kind])
        known = None if self._edit is None else self._edit.kind
        if edit is None or edit.kind != known:
            while self._form.rowCount() > 1:
                self._form.removeRow(1)
            self._boxes.clear()
        self._edit = edit
        if edit is None:
            return
        for setting in SETTINGS[edit.kind]:
            box = self._boxes.get(setting.name)
            if box is None:
                box = DecimalBox(minimum=setting.low, maximum=setting.high)
                fine = setting.unit in ("times", "share")
                box.setDecimals(2 if fine else 1)
                box.setSingleStep(0.05 if fine else 1)
                box.setSuffix(f" {setting.unit}")
                box.setAccessibleName(setting.text)
                box.valueChanged.connect(
                    lambda value, name=setting.name: self._on_value(name, value)
                )
                self._boxes[setting.name] = box
                self._form.addRow(setting.text.capitalize(), box)
            box.blockSignals(True)
            box.setValue(getattr(edit, setting.name))
            box.blockSignals(False)

    def _on_value(self, name: str, value: float) -> None:
        if self._edit is not None:
            self._edit = limited(self._edit, **{name: value})
            self.changed.emit(name, self._edit)
