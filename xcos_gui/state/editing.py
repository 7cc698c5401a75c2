"""What is told of the faces that are open, and changing it: names, tags, decisions, faces set aside."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from core.errors import XCosError
from core.faces.face import Face
from core.project.edits import Edits
from core.project.project import Project
from core.project.sides import EditsOfSides, edits_of_sides
from xcos_gui.state.opening import Opening


class Editing(Opening):
    """Edits of what is open; the gallery is loaded anew where they concern faces."""

    _beside: tuple[tuple[Edits, Edits], EditsOfSides] | None = None  # what they were made of last

    @property
    def edits(self) -> EditsOfSides:
        """Edits of the rows' faces and of the columns'; those of probes as they were when loaded."""
        own = Edits() if self.project is None else self.project.edits
        if self.probes is None:
            return edits_of_sides(own)
        told = own, self._probe_edits
        if self._beside is None or any(
            a is not b for a, b in zip(self._beside[0], told, strict=True)
        ):
            self._beside = told, edits_of_sides(*told)  # lists ask for them for every row
        return self._beside[1]

    def edit(self, change: Callable[[Project], None], of: Project | None = None) -> None:
        """Change the gallery's project, and load the gallery anew where faces are concerned.

        Told when the project cannot be saved, and when another one is open than the change is of.
        """
        if self.project is None:
            return
        if of is not None and of is not self.project:
            self.message.emit("Another gallery is open by now, so nothing was changed.")
            return
        before = self.project.edits
        try:
            change(self.project)
        except XCosError as error:
            self.message.emit(str(error))
        self.take_edits(before)

    def undo(self) -> None:
        """Take the last change back, and say which."""
        words = "" if self.project is None else self.project.undo_words
        if words:
            self.edit(Project.undo)
            self.message.emit(f"Undone: {words}.")

    def redo(self) -> None:
        """Do the change last taken back again, and say which."""
        words = "" if self.project is None else self.project.redo_words
        if words:
            self.edit(Project.redo)
            self.message.emit(f"Done again: {words}.")

    def take_edits(self, before: Edits) -> None:
        """Show the project's edits where they differ from those before."""
        if self.project is not None and self.project.edits != before:
            self.edits_changed.emit()
            if not self.project.edits.same_faces(before):
                self.reload()

    def rename(
        self, faces: Iterable[Face], identity: str | None, of: Project | None = None
    ) -> None:
        """Say who faces show; several identities given one name are merged. of: as for `edit`.

        While faces are still coming no identity is known to be gone, so its tags and notes stay.
        """
        named = {face.key: face.identity for face in faces}
        gallery = None if self.loaded is None else self.loaded.gallery
        others = () if gallery is None else (*gallery.faces, *gallery.aside)
        left = {face.identity for face in others if face.key not in named}
        gone = [name for name in {*named.values()} - left if name is not None]
        gone = [] if self.cut_short or self.faces_so_far is not None else gone
        self.edit(lambda project: project.set_identity(named, identity, gone), of)

    def use_project(self, project: Project) -> None:
        """Keep the open gallery's edits in another file from now on."""
        if self._opened is not None:
            if self._asked is not None and self._asked.opened.project is self.project:
                self._asked = replace(
                    self._asked, opened=replace(self._asked.opened, project=project)
                )
            self._opened = replace(self._opened, project=project)
            self.moved_thresholds.enter(project.path, same=True)
            self.edits_changed.emit()
