"""What the menus ask the user for, and what then happens."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from core.csv_files import csv_bytes
from core.errors import Stopped, XCosError
from core.faces.choose import GallerySettings
from core.faces.face import Face
from core.faces.photo import PHOTO_SUFFIXES, read_photo
from core.files import refuse_form, write_whole
from core.gallery.cache import PhotoRecord
from core.gallery.face_selection import FaceRules, keys_after
from core.gallery.opening import known_record
from core.log import unexpected
from core.model.target_choice import TargetChoice
from core.project.edits import Edits
from core.project.project import Project
from core.project.state import SUFFIX
from core.resources import resource_path
from xcos_gui.shell.projects import Projects
from xcos_gui.shell.target_dialog import WEIGHTS, TargetDialog
from xcos_gui.state.jobs import Running
from xcos_gui.state.session import Session
from xcos_gui.tools.alignment import AlignmentDialog
from xcos_gui.widgets.escape import clear_field


class FileActions(QObject):
    """File dialogs, and the work that follows them in the background."""

    def __init__(self, session: Session, window: QWidget, projects: Projects) -> None:
        super().__init__(window)
        self.session, self._window, self._projects = session, window, projects
        self._exporting, self._importing = (session.activity.job(self) for _ in range(2))
        self._jobs = self._exporting, self._importing
        for job in self._jobs:
            job.finished.connect(self._on_finished)
            job.failed.connect(self._on_failed)

    def cancel(self) -> None:
        """Stop what runs, here and in the session."""
        for job in self._jobs:
            job.stop()
        self._projects.cancel()
        self.session.cancel()

    def escape(self) -> None:
        """Clear the field that is typed in, else stop what runs."""
        if not clear_field(self._window):
            self.cancel()

    def close(self) -> None:
        """End the background work."""
        for job in self._jobs:
            job.close()

    def ask_gallery(self) -> None:
        """Ask for a folder and open it."""
        name = QFileDialog.getExistingDirectory(self._window, "Open a gallery folder")
        if name:
            self.session.open_gallery(Path(name))

    def ask_photos(self) -> None:
        """Ask for photos or a CSV and open them."""
        suffixes = " ".join(f"*{suffix}" for suffix in sorted(PHOTO_SUFFIXES))
        names, _ = QFileDialog.getOpenFileNames(
            self._window, "Open photos or a CSV", "", f"Photos and CSV ({suffixes} *.csv)"
        )
        self.open_paths([Path(name) for name in names])

    def open_paths(self, paths: list[Path]) -> None:
        """Open a project, a folder, a CSV, or several photos as one gallery."""
        if len(paths) == 1 and paths[0].suffix.lower() == SUFFIX:
            self._projects.open(paths[0])
        elif len(paths) == 1:
            self.session.open_gallery(paths[0])
        elif paths:
            try:
                self.session.open_gallery(_listed(paths, self.session.cache.folder))
            except XCosError as error:
                self.session.message.emit(str(error))

    def open_as_asked(self, what: str) -> None:
        """Open what an empty gallery offers: a folder, the sample, or the open one as crops."""
        if what == "aligned":
            settings = self.session.changing_settings or GallerySettings()
            self.session.set_gallery_settings(replace(settings, aligned=True))
        else:
            {"folder": self.ask_gallery, "sample": self.open_sample}[what]()

    def open_sample(self) -> None:
        """Open the gallery that comes with the program."""
        self.session.open_gallery(resource_path("sample"))

    def ask_probes(self) -> None:
        """Ask for a folder whose faces are compared with the gallery."""
        name = QFileDialog.getExistingDirectory(self._window, "Open a folder of probes")
        if name:
            self.session.open_probes(Path(name))

    def ask_model(self) -> None:
        """Ask for a weights file."""
        name, _ = QFileDialog.getOpenFileName(
            self._window, "Use weights", "", "Weights (*.safetensors)"
        )
        if name:
            self.session.set_model(Path(name))

    def ask_import(self) -> None:
        """Ask for a foreign checkpoint and where to write it; the result is used if it can be."""
        name, _ = QFileDialog.getOpenFileName(self._window, "Import foreign weights", "", WEIGHTS)
        if not name:
            return
        output, _ = QFileDialog.getSaveFileName(
            self._window, "Write the weights", f"{Path(name).stem}.safetensors"
        )
        if output:
            self.import_weights(Path(name), Path(output))

    def import_weights(self, source: Path, output: Path) -> None:
        """Import a checkpoint in the background, then use it."""

        def work(running: Running) -> Callable[[], None]:
            from core.model.importers import import_weights

            running.report("Importing weights", 0, 0)
            card = import_weights(source, output)
            if card.kind == "xcos":
                return lambda: self.session.set_model(card.path)
            return lambda: self.session.set_target(TargetChoice(card.path))

        self._importing.start(work)

    def ask_target(self) -> None:
        """Ask for a target model and how it is given faces."""
        kept = self.session.settings.target
        dialog = TargetDialog(kept, self._window)
        if dialog.exec() and dialog.choice is not None:
            self.session.set_target(dialog.choice)
        dialog.deleteLater()  # the window would keep it

    def ask_export(self) -> None:
        """Ask for a file and write all scores there, as the command line does."""
        if self.session.matrix is None:
            self.session.message.emit("Open a gallery first.")
            return
        name, _ = QFileDialog.getSaveFileName(
            self._window,
            "Export all scores",
            "scores.csv",
            "Tables (*.csv *.parquet *.jsonl *.json)",
        )
        if name:
            self.export(Path(name))

    def export(self, path: Path) -> None:
        """Write all scores in the background."""
        from core.scoring.tables import SUFFIXES, table_rows, write_table

        session = self.session
        try:
            refuse_form(path, SUFFIXES)  # before estimates are scored exactly
        except XCosError as error:
            session.message.emit(str(error))
            return
        scored, threshold = session.scored, session.threshold
        if scored is None:  # another gallery was opened while the file was being named
            session.message.emit(
                "There are no scores to export any more; open a gallery with two faces."
            )
            return

        def work(running: Running) -> Callable[[], None]:
            from core.scoring.scored import score_gallery

            running.report("Exporting scores", 0, 0)
            exact = scored
            if scored.refinement is not None:  # estimates are for the eye
                of = scored.model, scored.columns, scored.probes, scored.kind, scored.order
                exact = score_gallery(*of, running)
            write_table(path, table_rows(exact, threshold, task=running))
            return lambda: self.session.message.emit(f"All scores were written to {path}.")

        self._exporting.start(work)

    def _on_failed(self, error: BaseException) -> None:
        if not isinstance(error, Stopped):
            text = str(error) if isinstance(error, XCosError) else unexpected(repr(error))
            self.session.message.emit(text)

    def _on_finished(self, then: Callable[[], None]) -> None:
        then()

    def forget(self) -> None:
        """Ask, then delete what is kept of the gallery."""
        source = self.session.source
        if source is None:
            return
        what, stays = ", and its project file with names, landmarks and photos set aside", ""
        file = self.session.project_file
        if file is not None:  # an earlier one may be beside the cache
            what, stays = " and what was changed before it had a project", f" and {file}"
        answer = QMessageBox.question(
            self._window,
            "Forget this gallery",
            f"Delete the crops and features kept of {source}{what}?\n\n"
            f"The photos themselves{stays} stay untouched.",
        )
        if answer == QMessageBox.StandardButton.Yes:
            self.session.forget_gallery()

    def edit_alignment(self, face: Face) -> None:
        """Show a face's alignment and take over what the user changes."""
        session = self.session
        project = session.project
        if session.loaded is None or project is None:
            return
        path = session.loaded.gallery.photo_path(face)
        if session.gallery_settings.aligned:
            self.session.message.emit(
                "The gallery's photos are aligned crops; there is nothing to align."
            )
            return
        try:
            photo, record = read_photo(path), known_record(path, session.cache)
        except XCosError as error:
            self.session.message.emit(str(error))
            return
        found = None if face.detection is None else face.detection.landmarks
        detections = () if record is None else record.detections
        dialog = AlignmentDialog(
            face.photo,
            photo,
            detections,
            _nearest(detections, found),
            found if face.key in project.edits.landmarks else None,
            self._window,
        )
        if dialog.exec() and dialog.choice is not None:
            what, value = dialog.choice
            marks = value if isinstance(value, np.ndarray) else None
            picked = value if what == "pick" else dialog.picked
            if record is not None and isinstance(picked, int):
                self._pick(project, face.photo, picked, record, marks)
            else:
                self.take_landmarks(face.key, marks, project)
        dialog.deleteLater()  # the window would keep it, and the photo

    def _pick(
        self,
        project: Project,
        photo: str,
        detection: int,
        record: PhotoRecord,
        marks: np.ndarray | None,
    ) -> None:
        """Let another detected face stand for its photo, by landmarks (5, 2) where those were moved."""
        session, settings = self.session, self.session.gallery_settings

        def keys(edits: Edits) -> dict[str, str]:
            return keys_after(photo, record, FaceRules(settings, edits), detection)

        session.wanted_pair = self._pair_by(keys(project.edits))
        session.edit(lambda p: p.pick_face(photo, detection, keys, marks), project)

    def _pair_by(self, keys: dict[str, str]) -> tuple[str, str] | None:
        """The keys that the faces looked at will have; those of probes stay."""
        session = self.session
        if session.pair is None:
            return None
        left, right = (face.key for face in session.faces_of(session.pair))
        return left if session.probes is not None else keys.get(left, left), keys.get(right, right)

    def take_landmarks(self, key: str, marks: np.ndarray | None, of: Project | None = None) -> None:
        """Set a face's landmarks (5, 2), or with None take the detected ones again, undoably.

        of: the project that they were chosen for
        """
        self.session.edit(lambda project: project.correct_landmarks(key, marks), of)


def _listed(paths: list[Path], folder: Path) -> Path:
    """A CSV of photos that were opened together, kept beside the cache; its name tells the photos."""
    lines = sorted(str(path.resolve()) for path in paths)
    digest = hashlib.sha256(os.fsencode("\n".join(lines))).hexdigest()[:8]
    path = folder / f"photos-{digest}.csv"
    for line in lines:
        if Path(line).is_dir():
            raise XCosError(f"{line} is a folder among photos; open one folder, or only photos.")
    write_whole(path, csv_bytes([("path", "identity"), *((line, "") for line in lines)]))
    return path


def _nearest(detections: tuple[object, ...], marks: np.ndarray | None) -> int:
    if not detections:
        return -1
    if marks is None:
        return 0
    far = [float(np.abs(d.landmarks - marks).sum()) for d in detections]  # type: ignore[attr-defined]
    return int(np.argmin(far))
