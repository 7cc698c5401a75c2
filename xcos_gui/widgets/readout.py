"""A line or two about what is under the mouse, which never moves what is around it."""

from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget


class Readout(QLabel):
    """Text in a fixed number of lines: hovering changes neither its height nor its width."""

    def __init__(self, lines: int = 2, parent: QWidget | None = None) -> None:
        super().__init__(parent, wordWrap=True)
        self._lines = lines
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._fix()

    def _fix(self) -> None:
        self.setFixedHeight(self._lines * QFontMetrics(self.font()).lineSpacing() + 2)
