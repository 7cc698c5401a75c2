"""The main window: panels in docks, menus, and what runs."""

import csv
import hashlib
import io
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QKeySequence,
)
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QFileDialog,
    QLabel,
    QMainWindow,
    QMenu,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QWidget,
)

from core.errors import XCosError
from core.explain.output import write_whole
from core.faces.choose import FACE_POLICIES
from core.faces.detect import Detector
from core.faces.face import Face
from core.faces.photo import PHOTO_SUFFIXES, read_photo
from core.gallery.gallery import GallerySettings
from core.gallery.project import Project
from core.model.card import shipped_weights
from core.model.kinds import ATTENTION_KINDS
from core.resources import resource_path
from xcos_gui.alignment import AlignmentDialog
from xcos_gui.curves_panel import CurvesPanel
from xcos_gui.gallery_panel import GalleryPanel
from xcos_gui.help import (
    TextDialog,
    about_page,
    model_page,
    reading_page,
    shortcuts_page,
)
from xcos_gui.inspector import InspectorPanel
from xcos_gui.job import LatestJob, Running
from xcos_gui.matrix_panel import MatrixPanel
from xcos_gui.pairs_panel import PairsPanel
from xcos_gui.session import Session
from xcos_gui.settings import THEMES
from xcos_gui.theme import apply_theme
from xcos_gui.thumbnails import Thumbnails

MESSAGE_SECONDS = 12
WEIGHTS = "Weights (*.safetensors *.pth *.pt *.onnx)"
POLICY_TEXTS = {
    "central": "The most central face",
    "largest": "The largest face",
    "all": "All faces",
}


class MainWindow(QMainWindow):
    """Holds the panels; what they share is in the session."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.thumbnails = Thumbnails(session, self)
        self._started = 0.0
        self._export = LatestJob(self)
        self.setWindowTitle("xCos Studio")
        self.setAcceptDrops(True)
        self.setDockOptions(
            QMainWindow.DockOption.AnimatedDocks
            | QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.AllowNestedDocks
        )
        self.matrix = MatrixPanel(session, self.thumbnails)
        self.gallery = GalleryPanel(session, self.thumbnails)
        self.inspector = InspectorPanel(session)
        self.curves = CurvesPanel(session)
        self.pairs = PairsPanel(session, self.thumbnails)
        self.setCentralWidget(self.matrix)
        self.docks = {
            "gallery": self._dock("Gallery", "gallery", self.gallery),
            "inspector": self._dock("Pair", "inspector", self.inspector),
            "curves": self._dock("Threshold and curves", "curves", self.curves),
            "pairs": self._dock("Pairs", "pairs", self.pairs),
        }
        self._make_status()
        self._make_menus()
        self._connect()
        self.reset_layout()
        self._first_layout = self.saveState()
        self.restoreGeometry(session.settings.layout("window"))
        self.restoreState(session.settings.layout("docks"))
        self._show_state()

    # Making.

    def _dock(self, title: str, name: str, widget: QWidget) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        dock.setWidget(widget)
        return dock

    def reset_layout(self) -> None:
        """Put every dock where it was at first."""
        left, right = (
            Qt.DockWidgetArea.LeftDockWidgetArea,
            Qt.DockWidgetArea.RightDockWidgetArea,
        )
        bottom = Qt.DockWidgetArea.BottomDockWidgetArea
        self.setCorner(Qt.Corner.BottomRightCorner, right)
        self.setCorner(Qt.Corner.BottomLeftCorner, bottom)
        for area, name in (
            (left, "gallery"),
            (right, "inspector"),
            (bottom, "curves"),
            (bottom, "pairs"),
        ):
            dock = self.docks[name]
            dock.setFloating(False)
            self.addDockWidget(area, dock)
            dock.show()
        self.splitDockWidget(self.docks["curves"], self.docks["pairs"], Qt.Orientation.Horizontal)
        unit = self.fontMetrics().height()
        self.resizeDocks(
            [self.docks["gallery"], self.docks["inspector"]],
            [17 * unit, 30 * unit],
            Qt.Orientation.Horizontal,
        )
        self.resizeDocks([self.docks["curves"]], [17 * unit], Qt.Orientation.Vertical)
        self.resizeDocks(
            [self.docks["curves"], self.docks["pairs"]],
            [36 * unit, 22 * unit],
            Qt.Orientation.Horizontal,
        )

    def _make_status(self) -> None:
        self._note = QLabel()
        self._note.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._state = QLabel()
        self._progress = QProgressBar()
        self._progress.setMaximumWidth(14 * self.fontMetrics().height())
        self._what = QLabel()
        self._stop = QPushButton("Stop")
        self._stop.setToolTip("Stop what runs (Esc)")
        self._stop.clicked.connect(self.session.cancel)
        self.statusBar().addWidget(self._note, 1)
        for widget in (self._what, self._progress, self._stop, self._state):
            self.statusBar().addPermanentWidget(widget)
        self._on_idle()
        self._fading = QTimer(self, singleShot=True, interval=MESSAGE_SECONDS * 1000)
        self._fading.timeout.connect(self._note.clear)

    def _action(
        self,
        menu: QMenu,
        text: str,
        slot: Callable[[], object],
        key: str | QKeySequence.StandardKey = "",
    ) -> QAction:
        action = menu.addAction(text)
        if key:
            action.setShortcut(QKeySequence(key))
        action.triggered.connect(lambda _=False: slot())
        return action

    def _make_menus(self) -> None:
        bar = self.menuBar()
        file, edit, view = (
            bar.addMenu("&File"),
            bar.addMenu("&Edit"),
            bar.addMenu("&View"),
        )
        model, helping = bar.addMenu("&Model"), bar.addMenu("&Help")
        self._action(file, "&Open gallery folder…", self.ask_gallery, "Ctrl+O")
        self._action(file, "Open photos or &CSV…", self.ask_photos, "Ctrl+Shift+O")
        self._recents = file.addMenu("Open &recent")
        self._recents.aboutToShow.connect(self._fill_recents)
        self._action(file, "Open &sample gallery", self.open_sample)
        file.addSeparator()
        self._action(file, "Open &probes folder…", self.ask_probes, "Ctrl+P")
        self._no_probes = self._action(
            file, "Re&move probes", lambda: self.session.open_probes(None)
        )
        self._make_face_choice(file)
        file.addSeparator()
        file.addActions(self.inspector.save_menu.actions())
        self._action(file, "&Export all scores…", self.ask_export, "Ctrl+E")
        file.addSeparator()
        self._action(file, "&Forget this gallery…", self.forget)
        self._action(file, "&Quit", self.close, QKeySequence.StandardKey.Quit)
        self._undo = self._action(edit, "&Undo", lambda: self.session.edit(Project.undo), "Ctrl+Z")
        self._redo = self._action(
            edit, "&Redo", lambda: self.session.edit(Project.redo), "Ctrl+Shift+Z"
        )
        edit.addSeparator()
        edit.addActions(self.gallery.face_actions)
        edit.addSeparator()
        self._action(edit, "&Search the gallery", self.gallery.focus_search, "Ctrl+F")
        self._action(edit, "S&top what runs", self.session.cancel, "Esc")
        self._make_view_menu(view)
        self._make_model_menu(model)
        self._action(
            helping,
            "&How to read a pair",
            self._help_reading,
            QKeySequence.StandardKey.HelpContents,
        )
        self._action(helping, "&Keys", lambda: self._page("Keys", shortcuts_page()))
        self._action(
            helping,
            "&About xCos Studio",
            lambda: self._page("About", about_page(self.session.card)),
        )

    def _make_face_choice(self, file: QMenu) -> None:
        menu = file.addMenu("Faces of a ph&oto")
        group = QActionGroup(self)
        for policy in FACE_POLICIES:
            action = menu.addAction(POLICY_TEXTS[policy])
            action.setCheckable(True)
            action.setChecked(policy == self.session.gallery_settings.faces)
            action.triggered.connect(
                lambda _=False, p=policy: self.session.set_gallery_settings(
                    GallerySettings(p, self.session.gallery_settings.aligned)
                )
            )
            group.addAction(action)
        menu.addSeparator()
        aligned = menu.addAction("Photos are aligned 112×112 crops")
        aligned.setCheckable(True)
        aligned.setChecked(self.session.gallery_settings.aligned)
        aligned.toggled.connect(
            lambda on: self.session.set_gallery_settings(
                GallerySettings(self.session.gallery_settings.faces, on)
            )
        )

    def _make_view_menu(self, view: QMenu) -> None:
        for dock in self.docks.values():
            view.addAction(dock.toggleViewAction())
        self._action(view, "&Reset layout", lambda: self.restoreState(self._first_layout))
        view.addSeparator()
        self._kinds = QActionGroup(self)
        for number, kind in enumerate(ATTENTION_KINDS, start=1):
            action = self._action(
                view,
                f"{kind.capitalize()} attention",
                lambda k=kind: self.session.set_kind(k),  # type: ignore[misc]
                f"Ctrl+{number}",
            )
            action.setCheckable(True)
            action.setData(kind)
            self._kinds.addAction(action)
        self._action(view, "S&wap left and right", self.session.swap_pair, "Ctrl+R")
        colour = self._action(view, "Colour matrix by &outcome", self._toggle_colouring, "Ctrl+B")
        colour.setToolTip("Switch between colours by score and by outcome")
        view.addSeparator()
        themes = view.addMenu("&Theme")
        group = QActionGroup(self)
        for theme in THEMES:
            action = themes.addAction(theme.capitalize())
            action.setCheckable(True)
            action.setChecked(theme == self.session.settings.theme)
            action.triggered.connect(lambda _=False, t=theme: self.set_theme(t))
            group.addAction(action)

    def _make_model_menu(self, model: QMenu) -> None:
        for path in shipped_weights():
            self._action(model, f"Use {path.stem}", lambda p=path: self.session.set_model(p))  # type: ignore[misc]
        self._action(model, "Use &weights from a file…", self.ask_model)
        self._action(model, "&Import foreign weights…", self.ask_import)
        model.addSeparator()
        self._action(model, "&Target model…", self.ask_target)
        self._no_target = self._action(
            model, "&No target model", lambda: self.session.set_target(None)
        )
        model.addSeparator()
        self._action(
            model,
            "About this &model",
            lambda: self._page("Model", model_page(self.session.card)),
        )

    def _connect(self) -> None:
        session = self.session
        session.busy_changed.connect(self._on_busy)
        session.idle.connect(self._on_idle)
        session.message.connect(self.show_message)
        for changed in (
            session.gallery_changed,
            session.model_changed,
            session.matrix_changed,
            session.attention_changed,
            session.threshold_changed,
        ):
            changed.connect(self._show_state)
        self.gallery.edit_alignment.connect(self.edit_alignment)
        self._export.progress.connect(self._on_busy)
        self._export.finished.connect(self._on_exported)
        self._export.failed.connect(self._on_export_failed)

    # Showing.

    def show_message(self, text: str) -> None:
        """A sentence in the status bar; it stays long enough to be read, and as its tooltip."""
        self._note.setText(
            self.fontMetrics().elidedText(
                text, Qt.TextElideMode.ElideRight, max(300, self._note.width())
            )
        )
        self._note.setToolTip(text)
        self._fading.start()

    def _on_busy(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if not self._progress.isVisible() or what != self._what.property("what"):
            self._started = now
            self._what.setProperty("what", what)
        self._progress.setVisible(True)
        self._stop.setVisible(True)
        self._what.setVisible(True)
        self._progress.setRange(0, total)
        self._progress.setValue(done)
        left = ""
        spent = now - self._started
        if total and 0 < done < total and spent > 1:
            left = f", {_duration(spent * (total - done) / done)} left"
        self._what.setText(f"{what}{left}")

    def _on_idle(self) -> None:
        for widget in (self._progress, self._stop, self._what):
            widget.setVisible(False)

    def _show_state(self, *_: object) -> None:
        session = self.session
        card = session.card
        self._state.setText(
            "no weights"
            if card is None
            else f"{card.name} · {session.kind} attention · order {session.order} · threshold {session.threshold:.4f}"
        )
        source = session.source
        count = "" if session.loaded is None else f" ({len(session.loaded):,} faces)"
        self.setWindowTitle(
            "xCos Studio" if source is None else f"{source.name}{count} – xCos Studio"
        )
        project = session.project
        self._undo.setEnabled(project is not None and project.can_undo)
        self._redo.setEnabled(project is not None and project.can_redo)
        self._no_probes.setEnabled(session.probes is not None)
        self._no_target.setEnabled(session.target is not None)
        for action in self._kinds.actions():
            action.setChecked(action.data() == session.kind)
            action.setEnabled(card is None or action.data() in card.kinds)

    def set_theme(self, theme: str) -> None:
        """Switch and remember the theme."""
        self.session.settings.theme = theme  # type: ignore[assignment]
        app = QGuiApplication.instance()
        if isinstance(app, QApplication):
            apply_theme(app, self.session.settings.theme)

    def _toggle_colouring(self) -> None:
        self.matrix.colouring.setCurrentIndex(1 - self.matrix.colouring.currentIndex())

    def _page(self, title: str, page: str) -> None:
        TextDialog(title, page, self).exec()

    def _help_reading(self) -> None:
        self._page("How to read a pair", reading_page(self.session.report()))

    # Asking.

    def ask_gallery(self) -> None:
        """Ask for a folder and open it."""
        name = QFileDialog.getExistingDirectory(self, "Open a gallery folder")
        if name:
            self.session.open_gallery(Path(name))

    def ask_photos(self) -> None:
        """Ask for photos or a CSV and open them."""
        suffixes = " ".join(f"*{suffix}" for suffix in sorted(PHOTO_SUFFIXES))
        names, _ = QFileDialog.getOpenFileNames(
            self, "Open photos or a CSV", "", f"Photos and CSV ({suffixes} *.csv)"
        )
        self.open_paths([Path(name) for name in names])

    def open_paths(self, paths: list[Path]) -> None:
        """Open a folder, a CSV, or several photos as one gallery."""
        if len(paths) == 1:
            self.session.open_gallery(paths[0])
        elif paths:
            try:
                self.session.open_gallery(_listed(paths, self.session.cache.folder))
            except XCosError as error:
                self.show_message(str(error))

    def open_sample(self) -> None:
        """Open the gallery that comes with the program."""
        self.session.open_gallery(resource_path("sample"))

    def ask_probes(self) -> None:
        """Ask for a folder whose faces are compared with the gallery."""
        name = QFileDialog.getExistingDirectory(self, "Open a folder of probes")
        if name:
            self.session.open_probes(Path(name))

    def ask_model(self) -> None:
        """Ask for a weights file."""
        name, _ = QFileDialog.getOpenFileName(self, "Use weights", "", "Weights (*.safetensors)")
        if name:
            self.session.set_model(Path(name))

    def ask_import(self) -> None:
        """Ask for a foreign checkpoint and where to write it; the result is used if it can be."""
        from core.model.importers import import_weights

        name, _ = QFileDialog.getOpenFileName(self, "Import foreign weights", "", WEIGHTS)
        if not name:
            return
        output, _ = QFileDialog.getSaveFileName(
            self, "Write the weights", f"{Path(name).stem}.safetensors"
        )
        if not output:
            return
        try:
            card = import_weights(name, Path(output))
        except XCosError as error:
            self.show_message(str(error))
            return
        if card.kind == "xcos":
            self.session.set_model(card.path)
        else:
            self.session.set_target(card.path)

    def ask_target(self) -> None:
        """Ask for a target model."""
        name, _ = QFileDialog.getOpenFileName(self, "Target model", "", WEIGHTS)
        if name:
            self.session.set_target(Path(name))

    def ask_export(self) -> None:
        """Ask for a file and write all scores there, as the command line does."""
        if self.session.matrix is None:
            self.show_message("Open a gallery first.")
            return
        name, _ = QFileDialog.getSaveFileName(
            self, "Export all scores", "scores.csv", "Tables (*.csv *.parquet *.jsonl)"
        )
        if name:
            self.export(Path(name))

    def export(self, path: Path) -> None:
        """Write all scores in the background."""
        from core.commands.score import table_rows, write_table

        session = self.session
        matrix, threshold = session.matrix, session.threshold
        rows, columns = session.rows, session.columns
        assert matrix is not None and columns is not None
        probes = None if matrix.square else rows

        def work(running: Running) -> Path:
            running.report("Exporting scores", 0, 0)
            write_table(
                path,
                table_rows(matrix, columns, probes, threshold, None, running.stopped),
            )
            return path

        self._export.start(work)

    def _on_exported(self, path: Path) -> None:
        self._on_idle()
        self.show_message(f"All scores were written to {path}.")

    def _on_export_failed(self, error: BaseException) -> None:
        self._on_idle()
        self.show_message(
            str(error) if isinstance(error, XCosError) else f"The export failed: {error}"
        )

    def forget(self) -> None:
        """Ask, then delete what is kept of the gallery."""
        source = self.session.source
        if source is None:
            return
        answer = QMessageBox.question(
            self,
            "Forget this gallery",
            f"Delete the crops and features kept of {source}, and its project file with names, "
            "landmarks and photos set aside?\n\nThe photos themselves stay untouched.",
        )
        if answer == QMessageBox.StandardButton.Yes:
            self.session.forget_gallery()

    def edit_alignment(self, face: Face) -> None:
        """Show a face's alignment and take over what the user changes."""
        session = self.session
        if session.loaded is None or session.project is None:
            return
        path = session.loaded.gallery.photo_path(face)
        if session.gallery_settings.aligned:
            self.show_message("The gallery's photos are aligned crops; there is nothing to align.")
            return
        try:
            photo = read_photo(path)
        except XCosError as error:
            self.show_message(str(error))
            return
        detections = tuple(Detector().detect([photo])[0])
        marks = None if face.detection is None else face.detection.landmarks
        corrected = face.photo in session.project.edits.landmarks and face.number == 1
        dialog = AlignmentDialog(
            face.photo,
            photo,
            detections,
            _nearest(detections, marks),
            marks if corrected else None,
            self,
        )
        if dialog.exec() and dialog.choice is not None:
            self.take_alignment(face.photo, dialog.choice)

    def take_alignment(self, photo: str, choice: tuple[str, int | np.ndarray | None]) -> None:
        """Apply an alignment dialog's choice to a photo, undoably."""
        what, value = choice
        if what == "pick" and isinstance(value, int):
            self.session.edit(lambda project: project.pick_face(photo, value))
        elif what == "landmarks" and isinstance(value, np.ndarray):
            self.session.edit(lambda project: project.correct_landmarks(photo, value))
        else:
            self.session.edit(lambda project: project.correct_landmarks(photo, None))

    def _fill_recents(self) -> None:
        self._recents.clear()
        for path in self.session.settings.recents:
            self._action(self._recents, str(path), lambda p=path: self.session.open_gallery(p))  # type: ignore[misc]
        if self._recents.isEmpty():
            self._recents.addAction("Nothing opened yet").setEnabled(False)

    # Qt's own.

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        self.open_paths(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        settings = self.session.settings
        settings.remember_layout("window", self.saveGeometry())
        settings.remember_layout("docks", self.saveState())
        self._export.close()
        self.pairs.close_job()
        self.thumbnails.close()
        self.session.close()
        super().closeEvent(event)


def _listed(paths: list[Path], folder: Path) -> Path:
    """A CSV of photos that were opened together, kept beside the cache; its name tells the photos."""
    lines = sorted(str(path.resolve()) for path in paths)
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:8]
    path = folder / f"photos-{digest}.csv"
    text = ["path,identity"]
    for line in lines:
        if Path(line).is_dir():
            raise XCosError(f"{line} is a folder among photos; open one folder, or only photos.")
        text.append(_quoted(line))
    write_whole(path, ("\n".join(text) + "\n").encode())
    return path


def _quoted(path: str) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([path, ""])
    return out.getvalue()


def _nearest(detections: tuple[object, ...], marks: np.ndarray | None) -> int:
    if not detections:
        return -1
    if marks is None:
        return 0
    far = [float(np.abs(d.landmarks - marks).sum()) for d in detections]  # type: ignore[attr-defined]
    return int(np.argmin(far))


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
