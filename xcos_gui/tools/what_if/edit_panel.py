"""Beside the faces of What if: tools, the chosen edit's numbers, all edits, and the way back."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QListWidget,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.explain.editing.edits import EDIT_KINDS, Edit, EditKind
from core.explain.editing.what_if import SIDES, Question, Side
from xcos_gui.tools.what_if.edit_settings import EditSettings
from xcos_gui.tools.what_if.edit_steps import History, described
from xcos_gui.widgets.checked import CheckedLook
from xcos_gui.widgets.elided import PlainLabel

Chosen = tuple[Side, int]


class EditPanel(QWidget):
    """Shows a history's question; tells which tool, number or edit the user chose."""

    tool_changed = Signal()
    setting_changed = Signal(str, object)
    edit_chosen = Signal(object)  # (side, place)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(17 * self.fontMetrics().height())
        self._every: list[Chosen] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 0, 0, 0)
        column.addLayout(self._make_tools())
        self.settings = EditSettings()
        self.settings.changed.connect(self.setting_changed)
        self.list = QListWidget(toolTip="The edits; Delete takes the chosen one away")
        self.list.setAccessibleName("Edits of both faces; Delete takes the chosen one away")
        self.list.setWordWrap(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.currentRowChanged.connect(self._on_row)
        column.addWidget(self.settings)
        column.addWidget(PlainLabel("Edits"))
        column.addWidget(self.list, 1)
        column.addLayout(self._make_buttons())

    def _make_tools(self) -> QGridLayout:
        grid = QGridLayout()
        self.tools = QButtonGroup(self)
        for place, kind in enumerate(EDIT_KINDS):
            button = QToolButton(text=kind.capitalize(), checkable=True)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setToolTip(f"{kind.capitalize()} (key {(place + 1) % 10})")
            self.tools.addButton(button, place)
            CheckedLook(button)
            grid.addWidget(button, place // 2, place % 2)
        self.tools.button(0).setChecked(True)
        self.tools.idClicked.connect(lambda _: self.tool_changed.emit())
        return grid

    def _make_buttons(self) -> QGridLayout:
        grid = QGridLayout()
        self.undo = QPushButton("Undo", toolTip="Take the last edit back (Ctrl+Z)")
        self.redo = QPushButton("Redo", toolTip="Do it again (Ctrl+Shift+Z)")
        self.reset = QPushButton("Reset", toolTip="Both faces as they were (Ctrl+R)")
        self.swap = QPushButton("Swap order", checkable=True)
        CheckedLook(self.swap)
        self.swap.setToolTip("Let learned attention see the right face first (Ctrl+W)")
        self.save = QPushButton("Save…", toolTip="Save the edited faces and all numbers (Ctrl+S)")
        for place, button in enumerate((self.undo, self.redo, self.reset, self.swap)):
            button.setAutoDefault(False)
            grid.addWidget(button, place // 2, place % 2)
        self.save.setAutoDefault(False)
        grid.addWidget(self.save, 2, 0, 1, 2)
        return grid

    @property
    def tool(self) -> EditKind:
        """The kind that the next press makes."""
        return EDIT_KINDS[max(0, self.tools.checkedId())]

    def set_tool(self, kind: EditKind) -> None:
        """Choose what the next press makes."""
        if kind != self.tool:
            self.tools.button(EDIT_KINDS.index(kind)).setChecked(True)
            self.tool_changed.emit()

    def show_state(self, history: History, chosen: Chosen | None, ready: bool) -> None:
        """Show where a history stands; ready: whether there is a pair to edit."""
        question = history.question
        self._every = [(side, k) for side in SIDES for k in range(len(question.of(side)))]
        edit: Edit | None = None if chosen is None else question.of(chosen[0])[chosen[1]]
        self.settings.show_edit(self.tool, edit)
        texts = [
            f"{side.capitalize()}: {described(question.of(side)[k])}" for side, k in self._every
        ]
        self.list.blockSignals(True)
        if [self.list.item(k).text() for k in range(self.list.count())] != texts:
            self.list.clear()
            self.list.addItems(texts)
        self.list.setCurrentRow(-1 if chosen is None else self._every.index(chosen))
        self.list.blockSignals(False)
        self.undo.setEnabled(ready and history.can_undo)
        self.redo.setEnabled(ready and history.can_redo)
        self.reset.setEnabled(ready and question != Question())
        self.swap.setEnabled(ready)
        self.swap.setChecked(question.swapped)
        self.save.setEnabled(ready)

    def _on_row(self, row: int) -> None:
        if 0 <= row < len(self._every):
            self.edit_chosen.emit(self._every[row])
