"""The button that writes corrected labels, and what it writes in the background."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QMenu, QToolButton, QWidget

from core.analysis.labels.export import copy_photos, write_labels
from core.errors import counted
from core.gallery.gallery import Gallery
from xcos_gui.state.jobs import LatestJob, Running
from xcos_gui.state.session import Session
from xcos_gui.widgets.progress import ProgressRow


class LabelExports(QToolButton):
    """Writes in a job of its own, so that no search ends it, and one after the other."""

    told = Signal(str)  # what was written, or why nothing is
    failed = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(
            parent, text="&Export…", popupMode=QToolButton.ToolButtonPopupMode.InstantPopup
        )
        self._session = session
        self._then: Callable[[int], str] | None = None
        self.job = LatestJob(self)
        self.progress = ProgressRow()
        self.progress.stop_asked.connect(self.job.stop)
        self.job.progress.connect(self.progress.show_progress)
        self.job.finished.connect(self._on_written)
        self.job.failed.connect(self._on_failed)
        menu = QMenu(self)
        menu.addAction("Corrected labels as a &CSV…").triggered.connect(self._ask_csv)
        menu.addAction("&Photos copied to a folder a person…").triggered.connect(self._ask_folder)
        self.setMenu(menu)

    def write_csv(self, path: Path) -> None:
        """Write the labels of now."""
        self._start(
            "Writing labels",
            lambda gallery, _: write_labels(path, gallery),
            lambda count: f"Wrote the labels of {counted(count, 'photo')} to {path}.",
        )

    def copy_to(self, folder: Path) -> None:
        """Copy the photos by the identities of now."""
        self._start(
            "Copying photos",
            lambda gallery, running: copy_photos(folder, gallery, running),
            lambda count: f"Copied {counted(count, 'photo')} to {folder}.",
        )

    def _start(
        self, what: str, write: Callable[[Gallery, Running], int], then: Callable[[int], str]
    ) -> None:
        loaded = self._session.loaded
        if loaded is None:
            self.told.emit("Open a gallery first.")
            return
        if self._session.faces_so_far is not None:
            self.told.emit("Photos are being loaded; export their labels once all are there.")
            return
        if self._session.cut_short:
            self.told.emit(
                "Loading ended early; open the gallery again, and export all its labels."
            )
            return
        if self.job.running:
            self.told.emit("Something is being written; wait until that has ended, or stop it.")
            return
        gallery = loaded.gallery
        self._then = then
        self.told.emit("")
        self.progress.show_progress(what, 0, 0)
        self.job.start(lambda running: write(gallery, running))

    def _on_written(self, count: int) -> None:
        self.progress.hide()
        if self._then is not None:
            self.told.emit(self._then(count))

    def _on_failed(self, error: BaseException) -> None:
        self.progress.hide()
        self.failed.emit(error)

    def _ask_csv(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, "Export corrected labels", "corrected.csv", "Tables (*.csv)"
        )
        if name:
            self.write_csv(Path(name))

    def _ask_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "A new, empty folder for the copies")
        if name:
            self.copy_to(Path(name))
