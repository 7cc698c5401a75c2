"""The look that docs/design.md describes: sizes, spacing and colours that every view takes from here."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QLabel, QLayout, QWidget

from core.explain.colours import outcome_colours

# Pixels on a grid of 4: inside a control, between controls, inside a panel, between groups.
TIGHT, GAP, PANEL, GROUP = 4, 8, 12, 16
SMALLEST = QSize(900, 520)  # logical pixels that every window must fit into: 1920x1080 at 200 %
MARK = QColor("#ff00c8")  # a cell or a landmark on a picture; no outcome and no map has this hue

# Sizes of type, as shares of the system's font: captions, titles of panels, the verdict, the score.
CAPTION, TITLE, VERDICT, SCORE = 0.85, 1.0, 1.2, 1.6


def is_dark(palette: QPalette) -> bool:
    """Whether a palette's ground is dark."""
    return palette.color(QPalette.ColorRole.Base).lightness() < 128


def outcome_colour(outcome: str, palette: QPalette) -> QColor:
    """An outcome's colour on the palette's ground."""
    return QColor(*outcome_colours(is_dark(palette))[outcome])


def secondary(palette: QPalette) -> QColor:
    """Text that says less than the rest: captions, hints; still 4.5:1 on the ground."""
    ground, text = (palette.color(r) for r in (QPalette.ColorRole.Base, QPalette.ColorRole.Text))
    return mixed(text, ground, 0.35)


def mixed(one: QColor, other: QColor, share: float) -> QColor:
    """A colour between two, with a share in [0, 1] of the other."""
    parts = zip(one.getRgb()[:3], other.getRgb()[:3], strict=True)  # type: ignore[index]
    return QColor(*(round(a + (b - a) * share) for a, b in parts))


def contrast(one: QColor, other: QColor) -> float:
    """WCAG's contrast of two colours, from 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: QColor) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (colour.redF(), colour.greenF(), colour.blueF())
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def sized(font: QFont, share: float, bold: bool = False) -> QFont:
    """A font scaled by one of the sizes of type."""
    made = QFont(font)
    made.setPointSizeF(font.pointSizeF() * share)
    made.setWeight(QFont.Weight.DemiBold if bold else font.weight())
    return made


def title_label(text: str) -> QLabel:
    """The title of a part of a panel."""
    label = QLabel(text)
    label.setFont(sized(label.font(), TITLE, bold=True))
    return label


def spaced(layout: QLayout, holder: QWidget | None = None) -> QLayout:
    """Give a panel's layout the margins and gaps of the design."""
    layout.setContentsMargins(GAP, GAP, GAP, GAP)
    layout.setSpacing(GAP)
    if holder is not None:
        holder.setLayout(layout)
    return layout


def counted(count: int, one: str, more: str = "") -> str:
    """A number with its noun: 1 face, 2 faces; more: the plural, where it is not one + s."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"
