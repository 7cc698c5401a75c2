"""The main window: the workspace with menus, messages and what runs."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QDialog, QDockWidget, QMessageBox, QWidget

from core.errors import counted, one_line
from core.video.frames import VIDEO_SUFFIXES
from xcos_gui.shell.file_actions import FileActions
from xcos_gui.shell.last_view import keep_view
from xcos_gui.shell.menus import Menus
from xcos_gui.shell.projects import Projects
from xcos_gui.shell.toolbar import Toolbar
from xcos_gui.shell.workspace import Workspace
from xcos_gui.state.session import Session
from xcos_gui.widgets.dropping import accept_copy, dropped_paths, leave_drops_to_window
from xcos_gui.widgets.elided import PlainLabel
from xcos_gui.widgets.progress import ProgressRow

MESSAGE_SECONDS = 12
# Icon and word; None is a line between groups.
TOOLBAR: tuple[tuple[str | None, str], ...] = (
    ("open", "Open"),
    ("back", "Back"),
    ("forward", "Forward"),
    (None, ""),
    ("outcome", "Outcomes"),
    ("photos", "Photos"),
    ("what-if", "What if"),
    ("flip", "Flip"),
    (None, ""),
    ("patterns", "Patterns"),
    ("people", "People"),
    ("map", "Map"),
    ("train", "Train"),
    ("report", "Report"),
)


class MainWindow(Workspace):
    """The workspace with its menus, its project and what runs."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.projects = Projects(self)
        self.commands = FileActions(session, self, self.projects)
        self.setWindowTitle("xCos Studio")
        self.setAcceptDrops(True)
        leave_drops_to_window(self)
        self._make_status()
        self._menus = Menus(self, self.commands, self.projects)
        self.toolbar = Toolbar(self)
        for name, word in TOOLBAR:
            if name is None:
                self.toolbar.addSeparator()
            else:
                self.toolbar.take(name, word, self._menus.actions[name])
        self.addToolBar(self.toolbar)
        self.addToolBarBreak()
        self.addToolBar(self.story)
        self._connect()
        self.reset_layout()
        self.restoreGeometry(session.settings.layout("window"))
        self.restoreState(session.settings.layout("docks"))
        self.story.hide()  # it begins by itself where it is wanted
        self._show_state()

    def _make_status(self) -> None:
        self._note = PlainLabel()
        self._note.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._state = PlainLabel()
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
        session.idle.connect(self._show_state)
        session.message.connect(self.show_message)
        for changed in (
            session.gallery_changed,
            session.model_changed,
            session.matrix_changed,
            session.attention_changed,
            session.threshold_changed,
            session.filter_changed,
            session.edits_changed,
        ):
            changed.connect(self._show_state)
        self.gallery.edit_alignment.connect(self.commands.edit_alignment)
        self.gallery.open_asked.connect(self.commands.open_as_asked)
        self.history.changed.connect(self._show_state)

    # Showing.

    def show_message(self, text: str) -> None:
        """A sentence in the status bar; it stays long enough to be read, and as its tooltip."""
        self._note.setText(
            self.fontMetrics().elidedText(
                one_line(text), Qt.TextElideMode.ElideRight, max(300, self._note.width())
            )
        )
        self._note.setToolTip(text)
        self._fading.start()

    def _show_state(self, *_: object) -> None:
        session = self.session
        card, kind, order = session.judged
        self._state.setText(
            "no weights"
            if card is None
            else f"{card.name} · {kind} attention · order {order} · threshold {session.threshold:.4f}"
            f"{' · filtered' if session.filter.text else ''}"
        )
        self._state.setToolTip(session.filter.text)
        source = session.source
        so_far = "" if session.faces_so_far is None else " so far"
        so_far = ", loading ended early" if session.cut_short else so_far
        count = (
            "" if session.loaded is None else f" ({counted(len(session.loaded), 'face')}{so_far})"
        )
        file = session.project_file
        name = "" if source is None else source.name if file is None else file.name
        self.setWindowTitle(f"{name}{count} – xCos Studio" if name else "xCos Studio")
        self._menus.show_state()

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

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab passes over what lies behind another panel's tab, where Qt would stop unseen."""
        covered = [
            dock for dock in self.findChildren(QDockWidget) if dock.visibleRegion().isEmpty()
        ]
        for _ in self.findChildren(QWidget):
            if not super().focusNextPrevChild(forward):
                return False
            focused = self.focusWidget()
            if focused is None or not any(dock.isAncestorOf(focused) for dock in covered):
                break
        return True

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            accept_copy(event)

    def dropEvent(self, event: QDropEvent) -> None:
        accept_copy(event)
        paths = dropped_paths(event)
        if not paths:
            self.session.message.emit(
                "An address cannot be opened, only files and folders of this computer; save the "
                "photo to a folder, and drop that."
            )
        elif len(paths) == 1 and paths[0].suffix.lower() in VIDEO_SUFFIXES:
            self.show_video(paths[0])
        else:
            self.commands.open_paths(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._may_close():
            event.ignore()
            return
        self.keep_typed()
        self.projects.close()
        keep_view(self)
        settings = self.session.settings
        settings.remember_layout("window", self.saveGeometry())
        settings.remember_layout("docks", self.saveState())
        for shown in (self, *self.findChildren(QDialog)):
            shown.hide()  # what still runs may take seconds to end
        self.commands.close()
        self.close_tools()
        self.session.close()
        super().closeEvent(event)
