"""Typing tags: a line with commas between them, which completes those in use."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QStringListModel, Qt
from PySide6.QtWidgets import (
    QCompleter,
    QDialog,
    QDialogButtonBox,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from core.project.edits import tags_from, tags_text
from xcos_gui.state.session import Session
from xcos_gui.widgets.elided import PlainLabel

TIP = 'Commas between tags; "a, b" in quotation marks is one tag with a comma'


class _LastTagCompleter(QCompleter):
    """Completes the tag after the last comma."""

    def __init__(self, line: QLineEdit) -> None:
        super().__init__(line)
        self._line = line
        self.words = QStringListModel(self)
        self.setModel(self.words)
        self.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)

    def splitPath(self, path: str) -> list[str]:
        return [path.rpartition(",")[2].strip() or "\0"]

    def pathFromIndex(self, index: QModelIndex | QPersistentModelIndex) -> str:
        before, comma, _ = self._line.text().rpartition(",")
        return f"{before}{comma}{' ' if comma else ''}{index.data()}"


class TagsLine(QLineEdit):
    """Tags of a face, a pair or an identity."""

    def __init__(self, session: Session) -> None:
        super().__init__(placeholderText="Tags", toolTip=TIP)
        self._session = session
        self._completer = _LastTagCompleter(self)
        self.setCompleter(self._completer)
        self.textEdited.connect(self._fill)

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags that the line says."""
        return tags_from(self.text())

    def _fill(self, _: str) -> None:
        project = self._session.project
        if project is not None and not self._completer.words.rowCount():
            self._completer.words.setStringList(
                [tags_text([tag]) for tag in project.edits.all_tags()]
            )

    def show_tags(self, tags: Sequence[str]) -> None:
        """Say other tags."""
        self.setText(tags_text(tags))
        self._completer.words.setStringList([])


def ask_tags(parent: QWidget, session: Session, subjects: Sequence[str], what: str) -> None:
    """Ask for the tags that all of some subjects share; others that they have stay."""
    if session.project is None or not subjects:
        session.message.emit("Select faces or a pair first.")
        return
    project, edits = session.project, session.project.edits
    shared = [
        tag
        for tag in edits.tags.get(subjects[0], ())
        if all(tag in edits.tags.get(s, ()) for s in subjects)
    ]
    dialog = QDialog(parent)
    dialog.setWindowTitle("Tags")
    line = TagsLine(session)
    line.show_tags(shared)
    line.setAccessibleName("Tags")
    line.setMinimumWidth(30 * line.fontMetrics().averageCharWidth() * 2)
    buttons = QDialogButtonBox(
        QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
    )
    buttons.accepted.connect(dialog.accept)
    buttons.rejected.connect(dialog.reject)
    column = QVBoxLayout(dialog)
    column.addWidget(PlainLabel(f"Tags of {what}, with commas between them:"))
    column.addWidget(line)
    column.addWidget(buttons)
    if dialog.exec():
        wanted = line.tags
        gone = [tag for tag in shared if tag not in wanted]
        session.edit(lambda project: project.retag(subjects, wanted, gone), project)
    dialog.deleteLater()  # its parent would keep it


def ask_tags_of_pairs(
    parent: QWidget, session: Session, cells: Sequence[tuple[int, int]], what: str
) -> None:
    """Ask for the tags of some pairs; told where one cannot be told from a pair of the gallery's own."""
    if cells and not session.shows_open:
        session.message.emit("The gallery that was opened is not scored yet; tag pairs once it is.")
        return
    subjects = [session.pair_subject_of(cell) for cell in cells]
    known = [subject for subject in subjects if subject is not None]
    if len(known) < len(subjects):
        session.message.emit(
            "A probe that is called as a photo of the gallery has no tags of its pairs here; give "
            "the probes' folder other names."
        )
        return
    ask_tags(parent, session, known, what)
