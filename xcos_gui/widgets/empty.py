"""What a view shows while it has nothing to show: what is so, what to do, and a button for it."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from xcos_gui.widgets.design import GAP, GROUP, VERDICT, sized
from xcos_gui.widgets.icons import IconLabel


class EmptyState(QWidget):
    """An icon, one line of what is so, one of what to do, and buttons that do it."""

    def __init__(self, icon: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = IconLabel(icon, 48)
        self.title, self.advice = (
            QLabel(wordWrap=True, alignment=Qt.AlignmentFlag.AlignCenter) for _ in range(2)
        )
        self.title.setFont(sized(self.title.font(), VERDICT, bold=True))
        self.buttons: list[QPushButton] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(GROUP, GROUP, GROUP, GROUP)
        self._column.setSpacing(GAP)
        self._column.addStretch(1)
        for widget in (self._icon, self.title, self.advice):
            self._column.addWidget(widget)
        self._column.addStretch(1)

    def say(
        self, title: str, advice: str = "", buttons: Sequence[tuple[str, Callable[[], object]]] = ()
    ) -> None:
        """Say what is so and what to do; buttons: their texts and what they do."""
        self.title.setText(title)
        self.advice.setText(advice)
        self.advice.setVisible(bool(advice))
        for button in self.buttons:
            self._column.removeWidget(button)
            button.deleteLater()
        self.buttons = []
        for place, (text, do) in enumerate(buttons):
            button = QPushButton(text)
            button.setAutoDefault(False)
            button.clicked.connect(lambda _=False, do=do: do())
            self._column.insertWidget(4 + place, button, 0, Qt.AlignmentFlag.AlignHCenter)
            self.buttons.append(button)
