"""Colours and words of outcomes and rates, the same in every view."""

from PySide6.QtGui import QColor, QPalette

from core.analysis.bootstrap import RateInterval
from core.explain.colours import OUTCOME_COLOURS
from core.scoring.matrix import Outcome

GENUINE, IMPOSTOR = QColor(*OUTCOME_COLOURS["TP"]), QColor(*OUTCOME_COLOURS["FP"])
LEAST_RATE = 1e-5  # left end of logarithmic axes
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


def percent(share: float | None) -> str:
    if share is None:
        return "\N{EN DASH}"
    return f"{100 * share:.2f} %" if share >= 0.001 or share == 0 else f"{100 * share:.4f} %"


def interval_words(rate: RateInterval) -> str:
    """A rate and its interval in percent."""
    low, high = (percent(value).removesuffix(" %") for value in (rate.low, rate.high))
    return f"{percent(rate.rate)} [{low} to {high}]"


def count_style(outcome: Outcome, palette: QPalette) -> str:
    """A count's button in the theme of now: a style sheet keeps the colours it was set with."""
    red, green, blue = OUTCOME_COLOURS[outcome]
    roles = QPalette.ColorRole.WindowText, QPalette.ColorRole.Mid, QPalette.ColorRole.AlternateBase
    text, edge, lit = (palette.color(role).name() for role in roles)
    return (
        f"QPushButton {{ color: {text}; border: 1px solid {edge}; "
        f"border-left: 6px solid rgb({red}, {green}, {blue}); padding: 4px 8px; text-align: left; }}"
        f"QPushButton:focus, QPushButton:hover {{ background: {lit}; }}"
    )
