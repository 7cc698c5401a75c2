"""Colours, words and buttons of outcomes and rates, the same in every view."""

from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QWidget

from core.analysis.rates import RateInterval
from core.scoring.matrix import Outcome
from xcos_gui.widgets.design import outcome_colour

# Of curves and bars, which need a stronger line than a cell of the matrix; on both grounds.
GENUINE, IMPOSTOR = QColor("#1f7fc0"), QColor("#d55e00")
# What the colours mean stands in the axis, where it covers no bar.
SCORES = (
    f'score: <span style="color: {GENUINE.name()}">\N{BLACK SQUARE} genuine</span>, '
    f'<span style="color: {IMPOSTOR.name()}">\N{BLACK SQUARE} impostor</span>'
)
BAND = 6  # pixels of a button's edge that has its outcome's colour
MEANINGS: dict[Outcome, tuple[str, str, str]] = {
    "TP": (
        "tar",
        "TAR",
        "genuine pairs called the same: TP of the genuine pairs is the true accept rate",
    ),
    "FN": (
        "frr",
        "FRR",
        "genuine pairs called different: FN of the genuine pairs is the false reject rate",
    ),
    "FP": (
        "far",
        "FAR",
        "impostor pairs called the same: FP of the impostor pairs is the false accept rate",
    ),
    "TN": (
        "trr",
        "TRR",
        "impostor pairs called different: TN of the impostor pairs is the true reject rate",
    ),
}


class OutcomeButton(QPushButton):
    """A button of an outcome's pairs, with its colour at the left edge, in any theme.

    Painted, not styled: a style sheet keeps the colours of the theme that it was made under.
    """

    def __init__(self, outcome: Outcome, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._outcome = outcome
        self.setToolTip(f"{MEANINGS[outcome][2]}. Click lists them, worst first.")

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        edge = self.rect().adjusted(2, 2, -2, -2)
        edge.setWidth(BAND)
        painter.fillRect(edge, outcome_colour(self._outcome, self.palette()))


def percent(share: float | None) -> str:
    if share is None:
        return "\N{EN DASH}"
    return f"{100 * share:.2f} %" if share >= 0.001 or share == 0 else f"{100 * share:.4f} %"


def interval_words(rate: RateInterval) -> str:
    """A rate and its interval in percent; none is told where drawing people changes nothing."""
    if rate.low is None or rate.high is None:
        return f"{percent(rate.rate)} [too few people]"
    low, high = (percent(value).removesuffix(" %") for value in (rate.low, rate.high))
    return f"{percent(rate.rate)} [{low} to {high}]"
