"""The main window: panels in docks, and what runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QLabel,
    QMainWindow,
    QMessageBox,
    QWidget,
)

from core.video.frames import VIDEO_SUFFIXES
from xcos_gui.panels.curves import CurvesPanel
from xcos_gui.panels.gallery.panel import GalleryPanel
from xcos_gui.panels.matrix.panel import MatrixPanel
from xcos_gui.panels.notes import NotesPanel
from xcos_gui.panels.pair import InspectorPanel
from xcos_gui.panels.pairs import PairsPanel
from xcos_gui.shell.file_actions import Commands
from xcos_gui.shell.menus import Menus
from xcos_gui.shell.projects import Projects
from xcos_gui.shell.theme import apply_theme
from xcos_gui.state.session import Session
from xcos_gui.widgets.progress import ProgressRow
from xcos_gui.widgets.thumbnails import Thumbnails

if TYPE_CHECKING:
    from xcos_gui.shell.tool_menu import Tool
    from xcos_gui.tools.evaluation.window import EvaluationDialog
    from xcos_gui.tools.training.window import TrainingDialog
    from xcos_gui.widgets.tool_window import ToolWindow

MESSAGE_SECONDS = 12


class MainWindow(QMainWindow):
    """Holds the panels; what they share is in the session."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.thumbnails = Thumbnails(session, self)
        self.training: TrainingDialog | None = None
        self.evaluation: EvaluationDialog | None = None
        self.tools: dict[Tool, ToolWindow] = {}
        self.commands = Commands(session, self)
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
        self.notes = NotesPanel(session)
        self.curves = CurvesPanel(session)
        self.pairs = PairsPanel(session, self.thumbnails)
        self.setCentralWidget(self.matrix)
        self.docks = {
            "gallery": self._dock("Gallery", "gallery", self.gallery),
            "inspector": self._dock("Pair", "inspector", self.inspector),
            "notes": self._dock("Notes", "notes", self.notes),
            "curves": self._dock("Threshold and curves", "curves", self.curves),
            "pairs": self._dock("Pairs", "pairs", self.pairs),
        }
        self.projects = Projects(self)
        self._make_status()
        self._menus = Menus(self)
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
            (right, "notes"),
            (bottom, "curves"),
            (bottom, "pairs"),
        ):
            dock = self.docks[name]
            dock.setFloating(False)
            self.addDockWidget(area, dock)
            dock.show()
        self.splitDockWidget(self.docks["curves"], self.docks["pairs"], Qt.Orientation.Horizontal)
        self.tabifyDockWidget(self.docks["inspector"], self.docks["notes"])
        self.docks["inspector"].raise_()
        unit = self.fontMetrics().height()
        self.resizeDocks(
            [self.docks["gallery"], self.docks["inspector"]],
            [21 * unit, 30 * unit],
            Qt.Orientation.Horizontal,
        )
        self.resizeDocks([self.docks["curves"]], [17 * unit], Qt.Orientation.Vertical)
        self.resizeDocks(
            [self.docks["curves"], self.docks["pairs"]],
            [36 * unit, 22 * unit],
            Qt.Orientation.Horizontal,
        )

    def restore_first_layout(self) -> None:
        """Put every dock back, as at the first start."""
        self.restoreState(self._first_layout)

    def _make_status(self) -> None:
        self._note = QLabel()
        self._note.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._state = QLabel()
        self._progress = ProgressRow()
        self._progress.stop_asked.connect(self.commands.cancel)
        self.statusBar().addWidget(self._note, 1)
        for widget in (self._progress, self._state):
            self.statusBar().addPermanentWidget(widget)
        self._fading = QTimer(self, singleShot=True, interval=MESSAGE_SECONDS * 1000)
        self._fading.timeout.connect(self._note.clear)

    def _connect(self) -> None:
        session = self.session
        session.busy_changed.connect(self._progress.show_progress)
        session.idle.connect(self._progress.hide)
        session.message.connect(self.show_message)
        for changed in (
            session.gallery_changed,
            session.model_changed,
            session.matrix_changed,
            session.attention_changed,
            session.threshold_changed,
            session.edits_changed,
        ):
            changed.connect(self._show_state)
        self.gallery.edit_alignment.connect(self.commands.edit_alignment)

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
        file = session.project_file
        name = "" if source is None else source.name if file is None else file.name
        self.setWindowTitle(f"{name}{count} – xCos Studio" if name else "xCos Studio")
        self._menus.show_state()

    def show_notes(self) -> None:
        """Let the user tag the pair looked at."""
        self.docks["notes"].show()
        self.docks["notes"].raise_()
        self.notes.focus()

    def focus_filter(self) -> None:
        """Let the user type a filter of pairs."""
        self.docks["pairs"].show()
        self.docks["pairs"].raise_()
        self.pairs.filter.focus()

    def set_theme(self, theme: str) -> None:
        """Switch and remember the theme."""
        self.session.settings.theme = theme  # type: ignore[assignment]
        app = QGuiApplication.instance()
        if isinstance(app, QApplication):
            apply_theme(app, self.session.settings.theme)

    def show_training(self) -> None:
        """The training dialog, beside the window."""
        from xcos_gui.tools.training.window import TrainingDialog

        if self.training is None:
            self.training = TrainingDialog(self.session, self.session.settings.runs, self)
        self.training.show()
        self.training.raise_()

    def compare_with(self, weights: Path) -> None:
        """Hold other weights against the session's on the open gallery."""
        from xcos_gui.shell.tool_menu import TWO_MODELS
        from xcos_gui.tools.two_models.window import TwoModelsWindow

        window = self.show_tool(TWO_MODELS)
        assert isinstance(window, TwoModelsWindow)
        window.compare_with(weights)

    def show_evaluation(self) -> None:
        """The evaluation dialog, beside the window."""
        from xcos_gui.tools.evaluation.window import EvaluationDialog

        if self.evaluation is None:
            self.evaluation = EvaluationDialog(self.session, self)
        self.evaluation.show()
        self.evaluation.raise_()

    def show_video(self, path: Path) -> None:
        """The window on videos, which finds the tracks of this one."""
        from xcos_gui.shell.tool_menu import VIDEO
        from xcos_gui.tools.video.window import VideoWindow

        window = self.show_tool(VIDEO)
        assert isinstance(window, VideoWindow)
        window.open_video(path)

    def show_tool(self, tool: Tool) -> ToolWindow:
        """A window of the Analyse menu, made when first asked for."""
        if tool not in self.tools:
            self.tools[tool] = tool.load()(self.session, self)
        window = self.tools[tool]
        window.show()
        window.raise_()
        window.activateWindow()
        return window

    def _may_close(self) -> bool:
        from core.training.watch import ask_to_stop, look, runs_in

        running = [path for path in runs_in(self.session.settings.runs) if look(path).running]
        if not running:
            return True
        names = ", ".join(path.name for path in running)
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Question)
        box.setText(f"{names} is still training.")
        box.setInformativeText("Left running, it is found again at the next start.")
        leave = box.addButton("Leave it running", QMessageBox.ButtonRole.AcceptRole)
        stop = box.addButton("Stop it with a checkpoint", QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(leave)
        box.exec()
        box.deleteLater()
        if box.clickedButton() is stop:
            for path in running:
                ask_to_stop(path)
        return box.clickedButton() in (leave, stop)

    # Qt's own.

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.projects.refresh()
        super().changeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        if len(paths) == 1 and paths[0].suffix.lower() in VIDEO_SUFFIXES:
            self.show_video(paths[0])
        else:
            self.commands.open_paths(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._may_close():
            event.ignore()
            return
        self.notes.keep()
        self.projects.close()
        settings = self.session.settings
        settings.remember_layout("window", self.saveGeometry())
        settings.remember_layout("docks", self.saveState())
        self.commands.close()
        for dialog in (self.evaluation, self.training):
            if dialog is not None:
                dialog.close_job()
        for tool in self.tools.values():
            tool.close_job()
            tool.close()
        self.pairs.close_job()
        self.inspector.close_job()
        self.thumbnails.close()
        self.session.close()
        super().closeEvent(event)
