"""What a view shows while it has nothing to show: what is so, what to do, and a button for it."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QStackedWidget, QVBoxLayout, QWidget

from xcos_gui.widgets.design import GAP, GROUP, VERDICT, sized
from xcos_gui.widgets.elided import PlainLabel
from xcos_gui.widgets.icons import IconLabel

Button = tuple[str, Callable[[], object]]  # its text and what it does


def parted(sentence: str) -> tuple[str, str]:
    """The halves of a sentence such as those of XCosError: what is so, and what to do."""
    head, mark, rest = sentence.partition("; ")
    if not mark:
        head, mark, rest = sentence.partition(". ")
    return head.rstrip("."), rest[:1].upper() + rest[1:]


class EmptyState(QWidget):
    """An icon, one line of what is so, one of what to do, and buttons that do it."""

    def __init__(self, icon: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = IconLabel(icon, 48)
        self.title, self.advice = (
            PlainLabel(wordWrap=True, alignment=Qt.AlignmentFlag.AlignCenter) for _ in range(2)
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

    def say(self, title: str, advice: str = "", buttons: Sequence[Button] = ()) -> None:
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


class OrEmpty(QStackedWidget):
    """What a view shows; while it has nothing to show, what is so instead, never empty tables or axes."""

    def __init__(self, icon: str, inside: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.inside, self.empty = inside, EmptyState(icon)
        self.addWidget(inside)
        self.addWidget(self.empty)
        self.setCurrentWidget(self.empty)  # until there is something to show
        self._said: tuple[str, str, Sequence[Button]] = ("", "", ())
        self._page: tuple[str, str, list[str]] | None = None

    def say(self, title: str, advice: str = "", buttons: Sequence[Button] = ()) -> None:
        """Show what is so and what to do instead; arguments as EmptyState.say has them."""
        self._said = title, advice, buttons
        self.say_again()
        self.setCurrentWidget(self.empty)

    def say_working(self, what: str) -> None:
        """Where nothing is shown, say what is being done instead of what to do: that is done already."""
        if not self.filled:
            self._tell(what, "", ())

    def say_again(self) -> None:
        """Say once more what was said before the work."""
        self._tell(*self._said)

    def _tell(self, title: str, advice: str, buttons: Sequence[Button]) -> None:
        page = title, advice, [text for text, _ in buttons]
        if page != self._page:  # a button that is being pressed stays
            self._page = page
            self.empty.say(title, advice, buttons)

    def fill(self) -> None:
        """Show what is there."""
        self.setCurrentWidget(self.inside)

    @property
    def filled(self) -> bool:
        """Whether there is something to show."""
        return self.currentWidget() is self.inside
