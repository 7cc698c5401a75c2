"""What the model decided on a pair beside who the faces are: right or wrong, at a glance."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from core.explain.report import PairReport
from core.explain.words import distinct, judgement
from core.faces.face import Face
from core.scoring.matrix import Outcome, outcome_of
from xcos_gui.widgets.design import GAP, VERDICT, outcome_colour, sized
from xcos_gui.widgets.elided import PlainLabel

SIGN = 14  # pixels of a sign in a list
SELF = "One face with itself", "A face is always like itself; choose another cell for a pair."


class OutcomeSign(QWidget):
    """An outcome by shape and colour: triangle FP, ring FN, square TP, dot TN."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.outcome: Outcome | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_outcome(self, outcome: Outcome | None) -> None:
        """Show another outcome; None: none."""
        self.outcome = outcome
        self.setAccessibleName(outcome or "")
        self.update()

    def sizeHint(self) -> QSize:
        side = self.fontMetrics().height()
        return QSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.outcome is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_sign(
            painter, QRectF(self.rect()).adjusted(2, 2, -2, -2), self.outcome, self.palette()
        )


def sign_pixmap(outcome: Outcome, palette: QPalette) -> QPixmap:
    """An outcome's sign for a list, in a palette's theme."""
    pixmap = QPixmap(2 * SIGN, 2 * SIGN)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint_sign(painter, QRectF(1, 1, SIGN - 2, SIGN - 2), outcome, palette)
    painter.end()
    return pixmap


def paint_sign(painter: QPainter, place: QRectF, outcome: Outcome, palette: QPalette) -> None:
    """Paint an outcome's sign into a place, in a palette's theme."""
    colour = outcome_colour(outcome, palette)
    text = palette.color(QPalette.ColorRole.Text)
    painter.setPen(QPen(text if outcome == "TN" else colour, 1))
    painter.setBrush(colour)
    if outcome == "FP":
        corners = place.bottomLeft(), place.bottomRight(), QPointF(place.center().x(), place.top())
        painter.drawPolygon(QPolygonF(corners))
    elif outcome == "FN":
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, 3))
        painter.drawEllipse(place.adjusted(1, 1, -1, -1))
    elif outcome == "TN":
        painter.drawEllipse(place.adjusted(2, 2, -2, -2))
    else:
        painter.drawRect(place)


class VerdictView(QWidget):
    """Sign, headline and sentence on whether the decision is right, and the score."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sign = OutcomeSign()
        self.headline, self.score, self.says = PlainLabel(), PlainLabel(), PlainLabel(wordWrap=True)
        for label in (self.headline, self.score):
            label.setFont(sized(label.font(), VERDICT, bold=True))
        self.score.setToolTip("The score of the pair, and how far it is from the threshold")
        for label in (self.headline, self.score, self.says):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.sign.setFont(self.headline.font())
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self.sign)
        row.addWidget(self.headline, 1)
        row.addWidget(self.score)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.says)

    def show_pair(self, report: PairReport | None, faces: tuple[Face, Face] | None) -> None:
        """Judge a pair's decision; None: no pair."""
        self.setVisible(report is not None)
        if report is None or faces is None:
            self.sign.show_outcome(None)
            return
        left, right = (face.identity for face in faces)
        same = report.same
        if faces[0].key == faces[1].key and faces[0].digest == faces[1].digest:
            self.sign.show_outcome(None)
            headline, says = SELF
        else:
            self.sign.show_outcome(None if same is None else outcome_of(left, right, same))
            headline, says = judgement(same, left, right)
        self.headline.setText(headline)
        self.says.setText(says)
        self.score.setText(told_score(report.explanation.score, report.threshold))


def told_score(score: float, threshold: float | None) -> str:
    """The score and its margin over the threshold, such as 0.562 (+0.294)."""
    if threshold is None:
        text = f"{score:z.3f}"
    else:
        text = f"{distinct(score, threshold)[0]}  ({score - threshold:+z.3f})"
    return text.replace("-", "\N{MINUS SIGN}")
