"""Fields for a file or a folder, and for several: typed, browsed, dropped, or one of the last."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from xcos_gui.state.settings import Settings
from xcos_gui.widgets.dropping import accept_copy, dropped_paths
from xcos_gui.widgets.elided import literal


@dataclass(frozen=True)
class PathKind:
    """What a field's paths are.

    name:   in the settings, where the last choices are kept
    folder: whether they may be folders
    file:   whether they may be files
    files:  the file dialog's filter
    """

    name: str
    folder: bool = False
    file: bool = True
    files: str = "All files (*)"

    @property
    def words(self) -> str:
        """What to call one."""
        if self.folder:
            return "a folder or a file" if self.file else "a folder"
        return "a file"

    def ask(self, parent: QWidget, start: str, folder: bool) -> str:
        """Let the user look for a folder or a file; empty when none was chosen."""
        if folder:
            return QFileDialog.getExistingDirectory(parent, "Choose a folder", start)
        return QFileDialog.getOpenFileName(parent, "Choose a file", start, self.files)[0]


class _Droppable(QWidget):
    """Takes files and folders that are dropped on it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)

    def take(self, paths: list[str]) -> None:
        """Take what was dropped."""
        raise NotImplementedError

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_paths(event):
            accept_copy(event)

    def dropEvent(self, event: QDropEvent) -> None:
        accept_copy(event)
        self.take([str(path) for path in dropped_paths(event)])


class PathField(_Droppable):
    """One path; its list holds the last choices. empty: says what no path means."""

    changed = Signal()

    def __init__(
        self, settings: Settings, kind: PathKind, empty: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._settings, self._kind = settings, kind
        self.box = QComboBox(editable=True, insertPolicy=QComboBox.InsertPolicy.NoInsert)
        self.box.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.box.setMinimumContentsLength(12)
        self.box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.box.setAcceptDrops(False)
        line = self.box.lineEdit()
        assert line is not None
        line.setAcceptDrops(False)  # its own drop would insert a URL
        line.setPlaceholderText(empty or f"none; {kind.words} can be dropped here")
        self.box.setCompleter(None)  # type: ignore[arg-type]
        self.box.editTextChanged.connect(self.changed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.box, 1)
        self.buttons = _browse_buttons(kind, self._ask)
        for button in self.buttons:
            row.addWidget(button)
        self.setFocusProxy(self.box)
        self._fill()

    def text(self) -> str:
        """What stands in it, without spaces around."""
        return self.box.currentText().strip()

    def set_text(self, text: str) -> None:
        """Show a path, or a part of one."""
        self.box.setEditText(text)
        line = self.box.lineEdit()
        assert line is not None
        line.setCursorPosition(len(text))  # the end tells paths apart

    def take(self, paths: list[str]) -> None:
        """Choose the first of some paths."""
        for path in paths[:1]:
            self.set_text(path)
            self.keep()

    def keep(self) -> None:
        """Offer the present path the next time."""
        if self.text():
            self._settings.remember_path(self._kind.name, Path(self.text()))
            self._fill()

    def _fill(self) -> None:
        text = self.text()
        self.box.blockSignals(True)
        self.box.clear()
        self.box.addItems([str(path) for path in self._settings.recent_paths(self._kind.name)])
        self.box.setEditText(text)
        self.box.blockSignals(False)

    def _ask(self, folder: bool) -> None:
        if name := self._kind.ask(self, self.text(), folder):
            self.take([name])


class PathsField(_Droppable):
    """Several paths, a line each, which a double click changes."""

    changed = Signal()

    def __init__(self, settings: Settings, kind: PathKind, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings, self._kind = settings, kind
        what = "folders" if kind.folder else "files"
        self.list = _List(f"Drop {what} here, or press +")
        self.list.setFixedHeight(5 * self.fontMetrics().height())
        self.list.itemChanged.connect(self.changed)
        self.list.itemSelectionChanged.connect(self._show_state)
        self.add, self.remove = QToolButton(text="+"), QToolButton(text="\N{MINUS SIGN}")
        self.add.setToolTip(f"Add {what}; the arrow offers the last ones")
        self.add.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self.recent = QMenu(self.add)
        self.recent.aboutToShow.connect(self._fill_recent)
        self.add.setMenu(self.recent)
        self.add.clicked.connect(self._ask)
        self.remove.setToolTip(f"Take the chosen {what} out of the list")
        self.remove.clicked.connect(self.remove_chosen)
        buttons = QVBoxLayout()
        for button in (self.add, self.remove):
            button.setAccessibleName(button.toolTip())
            buttons.addWidget(button)
        self.remove.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        buttons.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.list, 1)
        row.addLayout(buttons)
        self.setFocusProxy(self.list)
        self._show_state()

    def texts(self) -> list[str]:
        """The paths, without empty lines."""
        lines = [self.list.item(place).text().strip() for place in range(self.list.count())]
        return [line for line in lines if line]

    def set_texts(self, texts: list[str]) -> None:
        """Show paths."""
        self.list.blockSignals(True)
        self.list.clear()
        for text in texts:
            self._append(text)
        self.list.blockSignals(False)
        self._show_state()
        self.changed.emit()

    def take(self, paths: list[str]) -> None:
        """Add paths that the list does not have."""
        known = self.texts()
        fresh = [path for path in dict.fromkeys(paths) if path not in known]
        for path in fresh:
            self._settings.remember_path(self._kind.name, Path(path))
        if fresh:
            self.set_texts(known + fresh)

    def keep(self) -> None:
        """Offer the present paths the next time."""
        for text in reversed(self.texts()):
            self._settings.remember_path(self._kind.name, Path(text))

    def remove_chosen(self) -> None:
        """Take the chosen lines out."""
        chosen = {self.list.row(item) for item in self.list.selectedItems()}
        places = [place for place in range(self.list.count()) if place not in chosen]
        self.set_texts([self.list.item(place).text() for place in places])

    def _append(self, text: str) -> None:
        item = QListWidgetItem(text)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
        item.setToolTip(text)
        self.list.addItem(item)

    def _ask(self) -> None:
        known = self.texts()
        start = str(Path(known[-1]).parent) if known else ""
        if name := self._kind.ask(self, start, self._kind.folder):
            self.take([name])

    def _fill_recent(self) -> None:
        self.recent.clear()
        known = self.texts()
        offered = [
            str(path)
            for path in self._settings.recent_paths(self._kind.name)
            if str(path) not in known
        ]
        for path in offered:
            self.recent.addAction(literal(path)).triggered.connect(partial(self.take, [path]))
        if not offered:
            self.recent.addAction("None chosen lately").setEnabled(False)

    def _show_state(self) -> None:
        self.remove.setEnabled(bool(self.list.selectedItems()))


def _browse_buttons(kind: PathKind, ask: Callable[[bool], None]) -> list[QPushButton]:
    """Browse…, or one button for folders and one for files where both fit."""
    kinds = [(True, "Folder…")] * kind.folder + [(False, "File…")] * kind.file
    buttons = []
    for folder, text in kinds:
        button = QPushButton(text if len(kinds) > 1 else "Browse…", autoDefault=False)
        button.clicked.connect(partial(ask, folder))
        buttons.append(button)
    return buttons


class _List(QListWidget):
    """A list that says what to do while it is empty."""

    def __init__(self, empty: str) -> None:
        super().__init__()
        self._empty = empty
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAcceptDrops(False)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.count():
            painter = QPainter(self.viewport())
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            place = self.viewport().rect().adjusted(6, 4, -6, -4)
            painter.drawText(
                place, Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap, self._empty
            )
