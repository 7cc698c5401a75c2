"""Text that gives way: elided in the middle where there is no room, whole in the tooltip."""

from pathlib import PurePosixPath

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QComboBox, QLabel, QSizePolicy, QWidget

from core.errors import one_line
from core.faces.face import Face

LONGEST = 90  # characters of a name in a menu
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


def literal(name: str) -> str:
    """A name or path as a menu or a button takes it: on one line, cut in the middle, its & no key."""
    line = one_line(name)
    if len(line) > LONGEST:
        line = f"{line[: LONGEST // 3]}…{line[-2 * LONGEST // 3 :]}"
    return line.replace("&", "&&")


def name_and_file(face: Face, ending: bool = True) -> str:
    """Who a face shows, over its photo's name, where room is scarce without its ending: two lines."""
    file = PurePosixPath(face.key).name if ending else short_file(face.key)
    return f"{one_line(face.identity or 'unknown')}\n{one_line(file)}"


def short_file(key: str) -> str:
    """A face's file without folder and ending; the number of a photo's further face stays."""
    path = PurePosixPath(key)
    _, mark, number = path.suffix.rpartition("#")
    return path.stem + mark + number if mark else path.stem


class GivingBox(QComboBox):
    """Gives way where the window is small; its list, and a tooltip where there is one, have the whole text."""

    def minimumSizeHint(self) -> QSize:
        return super().minimumSizeHint().boundedTo(QSize(4 * self.fontMetrics().height(), 10_000))


class PlainLabel(QLabel):
    """Words as they are: a name may hold <b> or &amp; and must not become markup."""

    def __init__(
        self,
        text: str = "",
        alignment: Qt.AlignmentFlag = LEFT,
        wordWrap: bool = False,
        toolTip: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent, alignment=alignment, wordWrap=wordWrap, toolTip=toolTip)
        self.setTextFormat(Qt.TextFormat.PlainText)


class ElidedLabel(QLabel):
    """One or several lines of plain text, each elided in the middle, for any script."""

    def __init__(
        self,
        text: str = "",
        align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAlignment(align | Qt.AlignmentFlag.AlignVCenter)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setText(text)

    def setText(self, text: str) -> None:
        super().setText(text)
        self.setToolTip(text)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        lines = self.text().split("\n")
        wide = max(self.fontMetrics().horizontalAdvance(line) for line in lines)
        return QSize(wide, len(lines) * self.fontMetrics().lineSpacing())

    def minimumSizeHint(self) -> QSize:
        return QSize(1, self.sizeHint().height())

    def shown(self) -> str:
        """The text as there is room for it."""
        metrics, middle = self.fontMetrics(), Qt.TextElideMode.ElideMiddle
        return "\n".join(
            metrics.elidedText(line, middle, self.width()) for line in self.text().split("\n")
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), int(self.alignment()), self.shown())
