"""The three ways to train on one page; the chosen one shows what it asks."""

import json
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QPalette, QShowEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QLabel, QRadioButton, QVBoxLayout, QWidget

from core.training.config import TrainConfig
from core.training.ways import Way, WayName
from xcos_gui.state.session import Session
from xcos_gui.tools.training.questions import (
    AdaptQuestions,
    NothingQuestions,
    PlugInQuestions,
    Questions,
)
from xcos_gui.widgets.elided import PlainLabel

KEPT = "training/answers"
FILE = "file"


class WaysPanel(QWidget):
    """Three choices, one open, and a fourth once a file was loaded."""

    changed = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._behind = False
        self._answered: dict[WayName, Way] = {}  # as they were told of last
        self.questions: dict[WayName, Questions] = {
            "adapt": AdaptQuestions(session),
            "plug-in": PlugInQuestions(session),
            "from nothing": NothingQuestions(session),
        }
        self.buttons: dict[WayName, QRadioButton] = {}
        self._group = QButtonGroup(self)
        self._does: dict[WayName, QLabel] = {}
        self._fails: dict[WayName, QLabel] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for name, questions in self.questions.items():
            column.addWidget(self._section(name, questions))
        self.loaded: TrainConfig | None = None  # of a file
        self.file = QRadioButton(visible=False)
        self._group.addButton(self.file)
        self.file.toggled.connect(lambda on: self.changed.emit() if on else None)
        column.addWidget(self.file)
        self._restore()
        for changed in (session.gallery_changed, session.model_changed):
            changed.connect(self.refill)

    @property
    def chosen(self) -> str:
        """The name of the chosen way, or FILE."""
        return next((name for name, button in self.buttons.items() if button.isChecked()), FILE)

    def config(self) -> TrainConfig:
        """The settings of the chosen way as it is answered, or of the file."""
        for name, button in self.buttons.items():
            if button.isChecked():
                return self.questions[name].way().config
        assert self.loaded is not None
        return self.loaded

    def choose(self, name: WayName) -> None:
        """Choose a way."""
        self.buttons[name].setChecked(True)

    def input(self, setting: str) -> QWidget | None:
        """The chosen way's input of a setting, where it asks for that."""
        way = next((name for name, button in self.buttons.items() if button.isChecked()), None)
        return None if way is None else self.questions[way].asked.get(setting)

    def choose_file(self, name: str, config: TrainConfig) -> None:
        """Choose a file's settings instead of a way's."""
        self.loaded = config
        self.file.setText(f"The settings of {name}")
        self.file.show()
        if self.file.isChecked():
            self.changed.emit()
        self.file.setChecked(True)

    def refill(self) -> None:
        """Follow what is open, as soon as this can be seen."""
        self._behind = not self.isVisible()
        if self._behind:
            return
        for name, questions in self.questions.items():
            questions.refill()
            # How photos become faces may have changed, and no answer with it.
            if name in self._answered and questions.way() != self._answered[name]:
                self._on_answered(name)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._behind:
            self.refill()

    def keep(self) -> None:
        """Remember the choice and the answers for the next time."""
        answers = {name: questions.answers() for name, questions in self.questions.items()}
        text = json.dumps({"chosen": self.chosen, "answers": answers})
        self._session.settings.keep_note(KEPT, text)

    def _restore(self) -> None:
        try:
            kept = json.loads(self._session.settings.note(KEPT) or "{}")
            answers = kept.get("answers", {})
            for name, questions in self.questions.items():
                if isinstance(answers.get(name), dict):
                    questions.restore(answers[name])
            chosen = kept.get("chosen")
        except (ValueError, AttributeError, TypeError):  # a kept text that is none of ours
            chosen = None
        self.choose(next((name for name in self.buttons if name == chosen), "adapt"))

    def _section(self, name: WayName, questions: Questions) -> QWidget:
        frame = QFrame(frameShape=QFrame.Shape.StyledPanel)
        button = self.buttons[name] = QRadioButton(questions.title)
        self._group.addButton(button)
        font = button.font()
        font.setBold(True)
        button.setFont(font)
        about = PlainLabel(questions.about, wordWrap=True)
        about.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        does = self._does[name] = PlainLabel(wordWrap=True)
        fails = self._fails[name] = PlainLabel(wordWrap=True)
        inside = QWidget()
        within = QVBoxLayout(inside)
        within.setContentsMargins(0, 0, 0, 0)
        within.addWidget(questions)
        within.addWidget(does)
        within.addWidget(fails)
        inside.setVisible(False)
        column = QVBoxLayout(frame)
        for widget in (button, about, inside):
            column.addWidget(widget)
        button.toggled.connect(inside.setVisible)
        button.toggled.connect(lambda on: self._on_answered(name) if on else None)
        questions.changed.connect(partial(self._on_answered, name))
        return frame

    def _on_answered(self, name: WayName) -> None:
        if self.buttons[name].isChecked():
            way = self._answered[name] = self.questions[name].way()
            self._does[name].setText(way.does)
            self._fails[name].setText(way.fails)
            self.changed.emit()
