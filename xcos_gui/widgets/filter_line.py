"""The line where a filter on pairs is typed: completion, history, and what is wrong beneath."""

import re

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QStringListModel, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QInputMethodEvent, QKeyEvent, QTextCharFormat
from PySide6.QtWidgets import (
    QApplication,
    QCompleter,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from core.errors import XCosError
from core.project.sides import all_tags
from core.query.language import FilterError, completions, parse, quoted
from xcos_gui.state.session import Session
from xcos_gui.widgets.elided import PlainLabel

CHECKED_AFTER = 700  # milliseconds without a key
MOST_NAMES = 2000  # that completion offers
WORD = re.compile(r'[^\s()=!<>~%"]*$')
PLACEHOLDER = "Filter: outcome = FP and score > 0.3 and region(nose) > 30 %"
TIP = (
    "Return filters; Up and Down bring back earlier filters.\n"
    "Numbers: score, margin, target, fc, region(mouth) in % of the score.\n"
    "Texts: outcome, kind, identity, photo, tag, note, decision; = is the same, ~ contains (* and ?).\n"
    "Alone: doubtful, fragile, genuine, impostor. Joined by and, or, not and brackets."
)


class WordCompleter(QCompleter):
    """Completes the last word before the cursor, not the whole line."""

    def __init__(self, line: QLineEdit) -> None:
        super().__init__(line)
        self._line = line
        self.words = QStringListModel(self)
        self.setModel(self.words)
        self.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)

    def splitPath(self, path: str) -> list[str]:
        before = path[: self._line.cursorPosition()]
        match = WORD.search(before)
        word = match.group() if match else ""
        return [word or "\0"]  # nothing is offered before the first letter

    def pathFromIndex(self, index: QModelIndex | QPersistentModelIndex) -> str:
        text, cursor = self._line.text(), self._line.cursorPosition()
        start = cursor - len(self.splitPath(text)[0].strip("\0"))
        return text[:start] + str(index.data()) + text[cursor:]


class FilterEdit(QLineEdit):
    """A line with a history under Up and Down, that underlines what is not understood."""

    def __init__(self, session: Session) -> None:
        super().__init__(placeholderText=PLACEHOLDER, toolTip=TIP, clearButtonEnabled=True)
        self.setAccessibleName("Filter of pairs")
        self._settings = session.settings
        self._place = -1  # in the history; -1 for what is being typed
        self._typed = ""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()), 0)
        history = self._settings.filters
        if not step or not -1 <= self._place + step < len(history):
            super().keyPressEvent(event)
            return
        if self._place < 0:
            self._typed = self.text()
        self._place += step
        self.setText(self._typed if self._place < 0 else history[self._place])

    def forget_place(self) -> None:
        """Start the history from its last entry again."""
        self._place = -1

    def underline(self, start: int, end: int) -> None:
        """Mark a part of the text; an empty one: nothing."""
        wave = QTextCharFormat()
        wave.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        wave.setUnderlineColor(QColor("#d0312d"))
        formats = []
        if end > start:
            kind = QInputMethodEvent.AttributeType.TextFormat
            at = start - self.cursorPosition()
            formats.append(QInputMethodEvent.Attribute(kind, at, end - start, wave))
        QApplication.sendEvent(self, QInputMethodEvent("", formats))


class FilterLine(QWidget):
    """The filter of the session's pairs."""

    applied = Signal()  # by the user, and understood

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._typing = False  # whether the line differs from the filter in use by the user's doing
        self.edit = FilterEdit(session)
        self._completer = WordCompleter(self.edit)
        self.edit.setCompleter(self._completer)
        self.error = PlainLabel(wordWrap=True)
        self.error.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.error.setAccessibleName("What is wrong with the filter")
        self.error.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.edit)
        column.addWidget(self.error)
        self._timer = QTimer(self, singleShot=True, interval=CHECKED_AFTER)
        self._timer.timeout.connect(self._check)
        self.edit.textEdited.connect(self._on_edited)
        self.edit.textChanged.connect(self._on_changed)
        self.edit.returnPressed.connect(self.apply)
        session.filter.failed.connect(self._show_error)
        session.filter_changed.connect(self._on_filtered)
        session.project_taken.connect(self._take)
        session.edits_changed.connect(self._fill_words)
        session.gallery_changed.connect(self._fill_words)
        self._fill_words()

    def focus(self) -> None:
        """Let the user type."""
        self.edit.setFocus()
        self.edit.selectAll()

    def apply(self) -> None:
        """Filter by what the line says."""
        self._timer.stop()
        self._clear_error()
        self.edit.forget_place()
        text = self.edit.text().strip()
        self._session.set_filter(text)
        self._typing = text != self._session.filter.text
        if text and self._session.filter.text == text:
            self._session.settings.remember_filter(text)
            self.applied.emit()

    def _on_edited(self, _: str) -> None:
        self.edit.forget_place()
        self._clear_error()
        self._timer.start()

    def _on_changed(self, text: str) -> None:
        self._typing = text.strip() != self._session.filter.text
        if not text and self._session.filter.text:  # the clear button, too
            self.apply()

    def _check(self) -> None:
        """Tell of an error before Return, but not of a filter that only has not ended yet."""
        text = self.edit.text()
        if text.strip():
            self._tell_errors(text, unended=False)

    def _tell_errors(self, text: str, unended: bool = True) -> None:
        try:
            parse(text)
        except FilterError as error:
            if unended or error.end < len(text.rstrip()):
                self._show_error(error)

    def _on_filtered(self, _: object) -> None:
        if not (self._typing and self.edit.hasFocus()):
            self._sync()
        self._clear_error()

    def _sync(self) -> None:
        """Say the filter that is in use."""
        if self._session.filter.text != self.edit.text().strip():
            self.edit.setText(self._session.filter.text)

    def _take(self, text: str) -> None:
        """Say a project's filter, also one that is not understood, so that it can be mended."""
        self._sync()
        if text.strip() != self._session.filter.text:
            self.edit.setText(text)
            self._tell_errors(text)

    def _show_error(self, error: XCosError) -> None:
        if isinstance(error, FilterError):
            self.edit.underline(error.start, error.end)
            if error.start == error.end:
                self.edit.setCursorPosition(error.start)
        self.error.setText(str(error))
        self.error.show()

    def _clear_error(self) -> None:
        self.edit.underline(0, 0)
        self.error.clear()
        self.error.hide()

    def _fill_words(self) -> None:
        session = self._session
        loaded = session.loaded
        faces = () if loaded is None else loaded.gallery.faces
        words = completions(dict.fromkeys(name for face in faces for name in face.columns))
        words += [quoted(tag) for tag in all_tags(session.edits)]
        if session.loaded is not None:
            names = {f.identity for f in session.loaded.gallery.faces if f.identity is not None}
            words += [quoted(name) for name in sorted(names)[:MOST_NAMES]]
        self._completer.words.setStringList(list(dict.fromkeys(words)))
