"""Tags, decision and note of a face, a pair or an identity, wherever they are typed."""

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QSizePolicy,
    QVBoxLayout,
)

from core.errors import XCosError
from core.project.edits import DECISIONS, Decision, Edits, subject_parts
from core.project.project import Project
from xcos_gui.state.session import Session
from xcos_gui.widgets.design import TITLE, sized
from xcos_gui.widgets.elided import ElidedLabel
from xcos_gui.widgets.tags import TagsLine

KEPT_AFTER = 1500  # milliseconds after the last key; a crash loses no more
DECISION_TIP = (
    "What you make of it: accept, reject, or unsure. It changes no score and no name; it is kept in "
    "the project, and filters know it: decision = unsure"
)


class NoteEdit(QPlainTextEdit):
    """A few lines of text that tells when the user leaves it."""

    def __init__(self) -> None:
        super().__init__(placeholderText="Note", tabChangesFocus=True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.leave: Callable[[], None] = lambda: None
        self.document().contentsChanged.connect(self._grow)
        self._grow()

    def _grow(self) -> None:
        lines = min(6, max(1, self.document().blockCount()))
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + 14)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.leave()


class SubjectEdit(QFrame):
    """Tags, note and decision of one subject; what the user types is kept as a change each."""

    def __init__(self, session: Session, short: bool = False) -> None:
        """short: one line of tags and decision, without title and note"""
        super().__init__()
        self._session, self.subject = session, ""
        self._project: Project | None = None  # that the subject is of
        self.title = ElidedLabel()
        self.title.setFont(sized(self.title.font(), TITLE, bold=True))
        self.tags = TagsLine(session)
        self.note = NoteEdit()
        self.decision = QComboBox(toolTip=DECISION_TIP)
        for text in ("No decision", *DECISIONS):
            self.decision.addItem(text.capitalize(), text if text in DECISIONS else None)
        self._timer = QTimer(self, singleShot=True, interval=KEPT_AFTER)
        self._timer.timeout.connect(self.keep)
        row = QHBoxLayout()
        row.addWidget(self.tags, 1)
        row.addWidget(self.decision)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0 if short else 6)
        column.setSpacing(3)
        column.addWidget(self.title)
        column.addLayout(row)
        column.addWidget(self.note)
        self.title.setHidden(short)
        self.note.setHidden(short)
        self.tags.editingFinished.connect(self.keep)
        self.note.textChanged.connect(self._on_typed)
        self.note.leave = self.keep
        self.decision.activated.connect(lambda _: self.decide(self.decision.currentData()))

    def show_subject(self, subject: str, edits: Edits) -> None:
        """Show another subject, or what another window or undo changed of this one."""
        # The same photos of another project are another subject: what was typed is the first one's.
        new = subject != self.subject or self._session.project is not self._project
        if new:
            self.keep()
        self.subject, self._project = subject, self._session.project
        tags, note = edits.tags.get(subject, ()), edits.notes.get(subject, "")
        if new or (not self.tags.isModified() and self.tags.tags != tags):
            self.tags.show_tags(tags)
        if new or (not self.note.document().isModified() and self.note.toPlainText() != note):
            self.note.setPlainText(note)
            self.note.document().setModified(False)
        self.decision.setCurrentIndex(self.decision.findData(edits.decisions.get(subject)))
        kind, names = subject_parts(subject)
        self.title.setText("Pair" if kind == "pair" else f"{kind.capitalize()} {names[0]}")
        self.title.setToolTip("\n".join(names))
        for widget, what in (
            (self.tags, "Tags"),
            (self.note, "Note"),
            (self.decision, "Decision"),
        ):
            widget.setAccessibleName(f"{what} of {kind} {' and '.join(names)}")

    def decide(self, decision: Decision | None) -> None:
        """Decide on the subject; None: no decision."""
        self.keep()
        project, subject = self._project, self.subject
        if project is None or not subject:
            return
        self.decision.setCurrentIndex(self.decision.findData(decision))
        if decision != project.edits.decisions.get(subject):
            self._edit(project, lambda p: p.decide(subject, decision))

    def leave(self) -> None:
        """Save what was typed, and be of no subject any more."""
        self.keep()
        self.subject = ""

    def keep(self) -> None:
        """Save what was typed; a decision is saved when it is made."""
        self._timer.stop()
        project, subject = self._project, self.subject
        if project is None or not subject:
            return
        edits = project.edits
        if self.tags.isModified():
            self.tags.setModified(False)
            had, wanted = edits.tags.get(subject, ()), self.tags.tags
            gone = [tag for tag in had if tag not in wanted]
            self._edit(project, lambda p: p.retag([subject], wanted, gone))
        if self.note.document().isModified():
            self.note.document().setModified(False)
            text = self.note.toPlainText()
            self._edit(project, lambda p: p.note(subject, text))

    def _edit(self, project: Project, change: Callable[[Project], None]) -> None:
        if project is self._session.project:
            self._session.edit(change)
            return
        try:  # another gallery is open by now
            change(project)
        except XCosError as error:
            self._session.message.emit(str(error))

    def _on_typed(self) -> None:
        if self.note.document().isModified():
            self._timer.start()
