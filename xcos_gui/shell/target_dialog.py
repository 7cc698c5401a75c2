"""Choosing a target model, and how it is given faces."""

from pathlib import Path

from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.errors import XCosError
from core.files import named_path
from core.log import unexpected
from core.model.kinds import CHANNELS
from core.model.normalisation import CENTRED, UNCHANGED, UNIT, same_for_all
from core.model.target_choice import AUTO, TargetChoice
from xcos_gui.state.jobs import LatestJob, Running
from xcos_gui.widgets.elided import PlainLabel

WEIGHTS = "Weights (*.safetensors *.pth *.pt *.ckpt *.onnx)"
AS_FILE = "as the file says"
USUAL = tuple(str(norm) for norm in (UNCHANGED, UNIT, CENTRED, same_for_all(127.5, 128)))


class TargetDialog(QDialog):
    """A file, its channel order and its normalisation, with what the file itself says of them.

    choice: what was accepted, or None
    """

    def __init__(self, kept: TargetChoice | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Target model")
        self.choice: TargetChoice | None = None
        self._job = LatestJob(self)
        self._job.finished.connect(self._show_found)
        self._job.failed.connect(self._show_failure)
        self.file = QLineEdit("" if kept is None else str(kept.path), accessibleName="File")
        self.file.setMinimumWidth(360)
        self.channels = QComboBox(accessibleName="Colour channels")
        self.channels.addItems([AS_FILE, *CHANNELS])
        self.normalisation = QComboBox(accessibleName="Normalisation", editable=True)
        self.normalisation.addItems([AS_FILE, *USUAL])
        self.normalisation.setToolTip(
            "MEAN,STD of (x \N{MINUS SIGN} MEAN) / STD with x from 0 to 255; six numbers give each "
            "channel its own; none: x itself"
        )
        if kept is not None and kept.channels is not None:
            self.channels.setCurrentText(kept.channels)
        if kept is not None and kept.normalisation is not None:
            self.normalisation.setCurrentText(str(kept.normalisation))
        self.found = PlainLabel(wordWrap=True)
        self._arrange()
        self._look()

    def done(self, result: int) -> None:
        """Close, once nothing reads the file any more."""
        self._job.close()
        super().done(result)

    def accept(self) -> None:
        """Take the choice, unless a part of it cannot be read: then say so."""
        try:
            self.choice = self._chosen()
        except XCosError as error:
            self.found.setText(str(error))
            return
        super().accept()

    def _arrange(self) -> None:
        browse = QPushButton("&Browse…")
        browse.clicked.connect(self._browse)
        self.file.editingFinished.connect(self._look)
        line = QHBoxLayout()
        line.addWidget(self.file, 1)
        line.addWidget(browse)
        form = QFormLayout()
        name = PlainLabel("&File")
        name.setBuddy(self.file)
        form.addRow(name, line)
        form.addRow("Colour &channels", self.channels)
        form.addRow("&Normalisation", self.normalisation)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addWidget(self.found)
        column.addWidget(buttons)

    def _browse(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Target model", self.file.text(), WEIGHTS)
        if name:
            self.use_file(Path(name))

    def use_file(self, path: Path) -> None:
        """Choose a file; what was said of another one's input is forgotten."""
        self.file.setText(str(path))
        self.channels.setCurrentIndex(0)
        self.normalisation.setCurrentIndex(0)
        self._look()

    def _chosen(self) -> TargetChoice:
        text = self.file.text().strip()
        if not text:
            raise XCosError("There is no file yet; choose one.")
        chosen = [box.currentText() for box in (self.channels, self.normalisation)]
        channels, norm = (AUTO if words == AS_FILE else words for words in chosen)
        return TargetChoice(named_path(text)).with_said(channels, norm)

    def _look(self) -> None:
        text = self.file.text().strip()
        if not text:
            return
        self.found.setText("Reading the file…")

        def work(_running: Running) -> str:
            from core.model.target import read_target

            card, _ = read_target(named_path(text))
            return f"The file says {card.input_words}."

        self._job.start(work)

    def _show_failure(self, error: BaseException) -> None:
        self.found.setText(str(error) if isinstance(error, XCosError) else unexpected(repr(error)))

    def _show_found(self, words: str) -> None:
        self.found.setText(words)
