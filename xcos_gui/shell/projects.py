"""Project files: saving what the window shows, opening it again, sharing it with other windows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QFileSystemWatcher, QObject, Qt, QTimer
from PySide6.QtWidgets import QFileDialog, QMessageBox

from core.errors import XCosError
from core.gallery.moved import FoundAgain, find_again, missing_photos, photo_prints
from core.model.kinds import AttentionKind
from core.project.photo_print import PhotoPrint
from core.project.project import Project
from core.project.state import SUFFIX, ProjectState, state_of
from xcos_gui.shell.lost_parts import LostParts
from xcos_gui.shell.workspace import Workspace
from xcos_gui.state.chosen_models import Models
from xcos_gui.state.jobs import LatestJob, Running

SAVED_AFTER = 800  # milliseconds after the last change; a crash loses no more of the view
SEEN_AFTER = 150  # milliseconds after another window has written
FILES = f"Projects (*{SUFFIX})"
_Found = tuple[Project, ProjectState, FoundAgain]


class Projects(QObject):
    """Keeps the session's project file up to date, and brings a project back."""

    def __init__(self, window: Workspace) -> None:
        super().__init__(window)
        self._window, self._session = window, window.session
        self._written: dict[str, Any] = {}  # what this window last wrote of its state
        self._prints: dict[str, PhotoPrint] = {}
        self._lost_parts = LostParts(self._session, self)
        self._known: Project | None = None  # which prints and lost things are of
        # Whose photos are looked for instead of those of what is open, until another gallery is.
        self._lost: tuple[Project, ProjectState] | None = None
        self._lost_first = False  # whether what was being opened by then has yet to come
        self._seen = QTimer(self, singleShot=True, interval=SEEN_AFTER)
        self._seen.timeout.connect(self.refresh)
        self._watch = QFileSystemWatcher(self)
        self._watch.fileChanged.connect(lambda _: self._seen.start())
        self._timer = QTimer(self, singleShot=True, interval=SAVED_AFTER)
        self._timer.timeout.connect(self.keep)
        self._printing = LatestJob(self)
        self._finding = self._session.activity.job(self)
        self._printing.finished.connect(self._on_prints)
        self._finding.finished.connect(self._on_found)
        self._finding.failed.connect(self._session.tell)
        self._connect()

    def _connect(self) -> None:
        session, window = self._session, self._window
        for changed in (
            session.gallery_changed,
            session.matrix_changed,
            session.model_changed,
            session.threshold_changed,
            session.attention_changed,
            session.pair_changed,
            session.filter_changed,
            window.matrix.view_changed,
            window.pairs.choice.currentIndexChanged,
        ):
            changed.connect(self._touch)
        for dock in window.docks.values():
            dock.visibilityChanged.connect(self._touch)
            dock.dockLocationChanged.connect(self._touch)
        session.gallery_changed.connect(self._forget_former)
        session.gallery_changed.connect(self._watch_file)
        session.edits_changed.connect(self._watch_file)
        session.idle.connect(self._take_prints)

    # What the menus ask.

    def ask_open(self) -> None:
        """Ask for a project and open it."""
        name, _ = QFileDialog.getOpenFileName(self._window, "Open a project", "", FILES)
        if name:
            self.open(Path(name))

    def ask_save(self) -> None:
        """Ask for a name and save the session as a project there."""
        source = self._session.source
        if source is None:
            self._session.message.emit("Open a gallery first.")
            return
        proposed = str(self._session.project_file or f"{source.stem}{SUFFIX}")
        name, _ = QFileDialog.getSaveFileName(self._window, "Save the project as", proposed, FILES)
        if name:
            self.save_as(Path(name))

    def ask_find(self) -> None:
        """Ask under which folder the photos of the project lie now."""
        if self._lost is None and self._session.project_file is None:
            self._session.message.emit("Open a project first; it knows its photos by content.")
            return
        name = QFileDialog.getExistingDirectory(self._window, "Where are the project's photos now?")
        if name:
            self.find_in(Path(name))

    def save_as(self, path: Path) -> None:
        """Save edits, choices and view as a project file, which is kept up to date from now on."""
        session = self._session
        if session.project is None:
            return
        self._window.keep_typed()
        if path.suffix.lower() != SUFFIX:
            path = path.with_name(path.name + SUFFIX)
        path = path.absolute()
        if path == session.project_file:
            self.keep()
            return
        try:
            state = self._state().to_json(path)
            session.use_project(session.project.saved_as(path, state))
        except XCosError as error:
            session.message.emit(str(error))
            return
        self._written, self._known = state, session.project
        session.settings.remember_gallery(path)
        self._watch_file()
        self._take_prints()
        session.message.emit(f"The project was saved as {path}; it is kept up to date from now on.")

    def open(
        self, path: Path, kind: AttentionKind | None = None, threshold: float | None = None
    ) -> bool:
        """Open a project where it was left; whether that began. Told in one sentence if not.

        kind, threshold: in place of the project's own
        """
        self.keep()
        try:
            project = Project.read(path.absolute())
            state = state_of(project)
        except XCosError as error:
            self._session.message.emit(str(error))
            return False
        state = replace(state, kind=kind or state.kind)
        if threshold is not None:
            state = replace(state, thresholds={**state.thresholds, state.kind: threshold})
        gone = missing_photos(state.gallery, state.photos)
        if not state.gallery.exists() or (gone and len(gone) == len(state.photos)):
            self._tell_lost(project, state)
            return False
        self._restore(project, state)
        if gone:
            moved = "is not where it was" if len(gone) == 1 else "are not where they were"
            self._session.message.emit(
                f"{len(gone):,} of the project's {len(state.photos):,} photos {moved}; "
                "File, Find moved photos looks for them by content."
            )
        return True

    def find_in(self, folder: Path) -> None:
        """Look for the project's missing photos under a folder, and open it with them."""
        project = self._session.project
        if self._lost is not None:
            project, state = self._lost
        elif project is not None and self._session.project_file is not None:
            state = self._state()
        else:
            return
        file, number = project.path.with_name(f"{project.path.stem}-photos.csv"), 2
        while file.exists():
            file = project.path.with_name(f"{project.path.stem}-photos-{number}.csv")
            number += 1

        def work(running: Running) -> _Found:
            return project, state, find_again(state.gallery, state.photos, folder, file, running)

        self._finding.start(work)

    # Keeping.

    def keep(self) -> None:
        """Save what this window changed of the project's state."""
        self._timer.stop()
        project = self._session.project
        if project is None or self._session.project_file is None or self._session.source is None:
            return
        state = self._state().to_json(project.path)
        new = {
            name: value for name, value in state.items() if self._written.get(name, ...) != value
        }
        self._written = state
        try:
            project.remember(new)
            project.save()
        except XCosError as error:
            self._session.tell_once(str(error))

    def refresh(self) -> None:
        """Take in what another window changed of the project."""
        project = self._session.project
        if project is None:
            return
        before = project.edits
        try:
            project.refresh()
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            self._session.tell_once(
                f"The project file {project.path} was damaged by another program ({error}); "
                "what this window knows of it is saved with the next File, Save project as."
            )
            return
        self._watch_file()
        if project.edits != before:
            self._session.tell_once(
                "Another window changed this project; both windows keep their changes."
            )
            self._session.take_edits(before)

    def close(self) -> None:
        """Save what is not saved yet, and end the background work."""
        self.keep()
        self._printing.close()
        self._finding.close()

    def cancel(self) -> None:
        """Stop looking for photos."""
        self._finding.stop()

    # Parts.

    def _touch(self, *_: object) -> None:
        if self._session.project_file is not None:
            self._timer.start()

    def _forget_former(self) -> None:
        """Know nothing of the photos and models of a project that is not open any more."""
        if self._session.project is not self._known:
            self._known = self._session.project
            self._printing.drop()
            self._prints = {}
            self._lost_parts.forget()
            self._lost = self._lost if self._lost_first else None
            self._lost_first = False

    def _watch_file(self) -> None:
        project = self._session.project
        wanted = [] if project is None or not project.path.exists() else [str(project.path)]
        if self._watch.files() != wanted:
            if self._watch.files():
                self._watch.removePaths(self._watch.files())
            if wanted:
                self._watch.addPaths(wanted)

    def _state(self) -> ProjectState:
        session, window = self._session, self._window
        assert session.source is not None
        pair = session.wanted_pair
        if pair is None and session.pair is not None:
            one, other = session.faces_of(session.pair)
            pair = one.key, other.key
        # Not those in the settings, which another window may have chosen.
        card, model, target = session.card, session.models.weights, session.target
        state = ProjectState(
            session.source,
            session.probe_source,
            session.gallery_settings,
            model,
            "" if card is None else card.fingerprint,
            None if target is None else target.choice,
            session.kind,
            session.order,
            session.moved_thresholds.of(card),
            session.filter.text,
            pair,
            self._prints,
            {
                "matrix": window.matrix.view_state(),
                "outcomes": window.matrix.colouring.currentIndex() == 1,
                "list": window.pairs.own_list,
                "docks": bytes(window.saveState().toBase64().data()).decode(),
            },
        )
        return self._lost_parts.kept(state)

    def _restore(self, project: Project, state: ProjectState) -> None:
        session = self._session
        self._lost = None
        model = state.model
        if model is not None and not model.exists():
            session.message.emit(
                f"The weights {model} of the project are not there, so others are used; "
                "choose them under Model."
            )
            used = session.settings.model
            model = used if used is not None and used.exists() else None
        session.open_project(project, state, model, lambda used: self._take(project, state, used))

    def _take(self, project: Project, state: ProjectState, models: Models) -> None:
        """Show what a project shows, now that its gallery takes the place of the open one.

        models: what it was loaded with, which are not its own where those could not be used
        """
        session, window = self._session, self._window
        self._prints, self._known = state.photos, project
        others = self._lost_parts.take(state, models)
        view, docks = state.view, state.view.get("docks")
        if isinstance(docks, str) and docks.isascii():
            window.restoreState(QByteArray.fromBase64(docks.encode()))
        window.matrix.colouring.setCurrentIndex(1 if view.get("outcomes") is True else 0)
        window.matrix.restore_view(view.get("matrix"))
        listed = view.get("list")
        if isinstance(listed, int) and 0 <= listed < window.pairs.own_lists:
            window.pairs.choice.setCurrentIndex(listed)
        card = session.card
        other = None if card is None else state.other_weights(card.fingerprint)
        if other is not None and not others:
            session.message.emit(other)
        if project.warning:
            session.message.emit(project.warning)
        session.settings.remember_gallery(project.path)
        self._written = dict(project.state)

    def _take_prints(self) -> None:
        session = self._session
        source, file = session.source, session.project_file
        if file is None or source is None or session.loaded is None:
            return
        known = self._prints

        def work(_: Running) -> dict[str, PhotoPrint]:
            # Photos that are not there may have moved, and be found at the next opening.
            return known | photo_prints(source, session.cache)

        self._printing.start(work)

    def _on_prints(self, prints: dict[str, PhotoPrint]) -> None:
        if prints != self._prints:
            self._prints = prints
            self._touch()

    # Photos that moved.

    def _tell_lost(self, project: Project, state: ProjectState) -> None:
        session = self._session
        self._lost = project, state
        self._lost_first = session.opens_another or session.source is None
        sentence = (
            f"The photos of {project.path.name} are not at {state.gallery} any more. "
            "Name a folder to look for them by content?"
        )
        session.message.emit(
            f"The photos of {project.path} are not at {state.gallery} any more; "
            "File, Find moved photos looks for them by content."
        )
        if not state.photos:
            return
        box = QMessageBox(self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle("Photos that moved")
        box.setText(sentence)
        find = box.addButton("Find them…", QMessageBox.ButtonRole.AcceptRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(find)
        find.clicked.connect(self.ask_find)
        box.open()  # the window stays usable

    def _on_found(self, found: _Found) -> None:
        session, (project, state, moves) = self._session, found
        own = project is session.project  # what was changed while it was looked for stays
        state = self._state() if own else state
        wanted = own or (self._lost is not None and self._lost[0] is project)
        try:
            if moves.renamed:
                project.rename_photos(moves.renamed)
            moved = state.to_json(project.path) | {
                "gallery": str(moves.source),
                "photos": {moves.key(p): known.to_json() for p, known in state.photos.items()},
                "pair": state.pair and [moves.key(key) for key in state.pair],
            }
            project.remember(moved)
            project.save()
            if wanted:
                self._restore(project, state_of(project))
        except XCosError as error:
            session.message.emit(str(error))
            return
        rest = "" if not moves.missing else f"; {moves.missing[0]} is still missing"
        rest += "" if wanted else f"; open {project.path} to see them"
        count = len(state.photos) - len(moves.missing)
        session.message.emit(f"{count} of {len(state.photos)} photos were found{rest}.")
