"""Sentences on a run's settings; the setting that one names is a link to its field."""

from collections.abc import Callable, Sequence
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QWidget

SHOWN = 4  # sentences
Places = list[tuple[str, int, int]]


class ProblemsLabel(QLabel):
    """Shows what is wrong, or else what may harm; a click on a setting's name asks for its field.

    find: the settings that a sentence names, each with where its name begins and ends
    """

    setting_asked = Signal(str)

    def __init__(self, find: Callable[[str], Places], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._find = find
        self.sentences: tuple[str, ...] = ()
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        self.linkActivated.connect(self.setting_asked)

    def show_sentences(self, sentences: Sequence[str]) -> None:
        """Show a line a sentence, the first ones where there are many."""
        self.sentences = tuple(sentences)
        lines = [self._linked(sentence) for sentence in self.sentences[:SHOWN]]
        if len(self.sentences) > SHOWN:
            lines.append(f"and {len(self.sentences) - SHOWN} more.")
        self.setText("<br>".join(lines))
        self.setVisible(bool(lines))

    def _linked(self, sentence: str) -> str:
        parts, end = [], 0
        for name, start, stop in self._find(sentence):
            parts += [escape(sentence[end:start]), f'<a href="{name}">{name}</a>']
            end = stop
        return "".join([*parts, escape(sentence[end:])])
