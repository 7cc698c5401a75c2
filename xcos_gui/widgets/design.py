"""The look that docs/design.md describes: sizes, spacing and colours that every view takes from here."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QLabel

from core.explain.colours import outcome_colours
from xcos_gui.widgets.elided import PlainLabel

# Pixels on a grid of 4: inside a control, between controls, inside a panel, between groups.
TIGHT, GAP, PANEL, GROUP = 4, 8, 12, 16
READABLE = 4.5  # least contrast of text, as WCAG 2 asks for
SMALLEST = QSize(900, 520)  # logical pixels that every window must fit into: 1920x1080 at 200 %
MARK = QColor("#ff00c8")  # a cell or a landmark on a picture; no outcome and no map has this hue

# Sizes of type, as shares of the system's font: captions, titles of panels, verdict and score.
CAPTION, TITLE, VERDICT = 0.85, 1.0, 1.2


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


def sized(font: QFont, share: float, bold: bool = False) -> QFont:
    """A font scaled by one of the sizes of type."""
    sized_font = QFont(font)
    sized_font.setPointSizeF(font.pointSizeF() * share)
    sized_font.setWeight(QFont.Weight.DemiBold if bold else font.weight())
    return sized_font


def title_label(text: str) -> QLabel:
    """The title of a part of a panel."""
    label = PlainLabel(text)
    label.setFont(sized(label.font(), TITLE, bold=True))
    return label


def readable(colour: QColor, ground: QColor) -> QColor:
    """A colour for text on a ground: as it is, or so much darker or lighter that its contrast is READABLE."""
    hue, saturation, lightness = colour.hslHue(), colour.hslSaturation(), colour.lightness()
    away = -1 if _luminance(ground) > 0.18 else 1
    while contrast(colour, ground) < READABLE and 0 <= lightness + away <= 255:
        lightness += away
        colour = QColor.fromHsl(max(hue, 0), saturation, lightness)
    return colour


def contrast(one: QColor, other: QColor) -> float:
    """The contrast ratio of WCAG 2, from 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: QColor) -> float:
    linear = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (colour.redF(), colour.greenF(), colour.blueF())
    )
    return sum(share * c for share, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
