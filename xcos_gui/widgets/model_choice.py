"""Choosing a model: one of those that are known by name, or a file."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QComboBox, QFileDialog, QSizePolicy, QWidget

from xcos_gui.state.settings import Settings

MODELS = "Models (*.safetensors *.pth *.pt *.ckpt *.onnx);;All files (*)"
FILE = "From a file…"


class ModelChoice(QComboBox):
    """Known models, files chosen lately under `name`, and the way to another file.

    empty: what to call no model; "" where there must be one
    """

    changed = Signal()

    def __init__(
        self, settings: Settings, name: str, empty: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._settings, self._name, self._empty = settings, name, empty
        self._offered: list[tuple[str, Path]] = []
        self._chosen: Path | None = None
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(16)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAcceptDrops(True)
        self.activated.connect(self._on_activated)

    @property
    def path(self) -> Path | None:
        """The chosen model's file; None: no model."""
        return self._chosen

    def offer(self, models: Sequence[tuple[str, Path]]) -> None:
        """The models that are known by name."""
        self._offered = list(models)
        self._fill()

    def choose(self, path: Path | None) -> None:
        """Choose a model, which need not be among those that are known."""
        changed = path != self._chosen
        self._chosen = path
        self._fill()
        if changed:
            self.changed.emit()

    def use_file(self, path: Path) -> None:
        """Choose a file and offer it from now on."""
        self._settings.remember_path(self._name, path)
        self.choose(path)

    def _fill(self) -> None:
        known = {path for _, path in self._offered}
        recent = [p for p in self._settings.recent_paths(self._name) if p not in known]
        if self._chosen is not None and self._chosen not in {*known, *recent}:
            recent.insert(0, self._chosen)
        self.clear()
        if self._empty or self._chosen is None:
            self.addItem(self._empty or "Choose a model…", None)
        for text, path in [*self._offered, *((path.name, path) for path in recent)]:
            self.addItem(text, path)
            self.setItemData(self.count() - 1, str(path), Qt.ItemDataRole.ToolTipRole)
        self.addItem(FILE, FILE)
        paths = [self.itemData(place) for place in range(self.count())]
        self.setCurrentIndex(paths.index(self._chosen))
        self.setToolTip("" if self._chosen is None else str(self._chosen))

    def _on_activated(self, place: int) -> None:
        chosen = self.itemData(place)
        if chosen != FILE:
            self.choose(chosen)
            return
        name, _ = QFileDialog.getOpenFileName(self, "Choose a model", "", MODELS)
        if name:
            self.use_file(Path(name))
        else:
            self._fill()

    # Qt's own.

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        local = [url for url in event.mimeData().urls() if url.isLocalFile()]
        for url in local[:1]:
            self.use_file(Path(url.toLocalFile()))
