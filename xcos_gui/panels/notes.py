"""Notes, tags and decisions of the pair looked at, its faces and their identities."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from xcos_gui.state.session import Session
from xcos_gui.widgets.elided import PlainLabel
from xcos_gui.widgets.subject_edit import SubjectEdit

EMPTY = "Choose a pair to tag it, or to write notes on it, its faces and its identities."
SECTIONS = 5  # the pair, two faces, two identities


class NotesPanel(QWidget):
    """One section each for the pair, its faces and their identities."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._hint = PlainLabel(EMPTY, wordWrap=True, alignment=Qt.AlignmentFlag.AlignCenter)
        self.sections = [SubjectEdit(session) for _ in range(SECTIONS)]
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(2, 2, 8, 2)
        for section in self.sections:
            column.addWidget(section)
        column.addStretch(1)
        self._area = QScrollArea(widgetResizable=True, frameShape=QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self._hint)
        layout.addWidget(self._area)
        session.pair_changed.connect(self._on_pair_changed)
        session.edits_changed.connect(self._show)
        session.gallery_changed.connect(self._show)
        self._show()

    def focus(self) -> None:
        """Let the user type the pair's tags."""
        self.sections[0].tags.setFocus()

    def keep(self) -> None:
        """Save what was typed and not left yet."""
        for section in self.sections:
            section.keep()

    def showEvent(self, event: QShowEvent) -> None:
        self._show()
        super().showEvent(event)

    def _on_pair_changed(self, _: object) -> None:
        self.keep()
        if self.isVisible():
            self._show()

    def _show(self) -> None:
        session = self._session
        subjects: list[str] = []
        if session.pair is not None and session.project is not None:
            subjects = session.subjects_of(session.pair)
        self._hint.setVisible(not subjects)
        self._area.setVisible(bool(subjects))
        for place, section in enumerate(self.sections):
            section.setVisible(place < len(subjects))
            if place < len(subjects) and session.project is not None:
                section.show_subject(subjects[place], session.project.edits)
            else:
                section.leave()
