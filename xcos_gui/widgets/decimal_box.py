"""A spin box that reads a decimal comma as it reads a point, in every locale."""

import re
from math import isfinite

from PySide6.QtCore import QLocale
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QDoubleSpinBox, QToolTip

NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(%?)", re.IGNORECASE)


class DecimalBox(QDoubleSpinBox):
    """Shows a point, as all numbers of the program; 0,35 and 35 % and 3.5e-1 are 0.35.

    What is typed counts once it is whole, by Return or on leaving; what is no number of its range is
    told beside it, and the value stays.
    """

    def __init__(self, **properties: object) -> None:
        super().__init__()
        locale = QLocale.c()
        locale.setNumberOptions(QLocale.NumberOption.RejectGroupSeparator)
        self.setLocale(locale)
        self.setKeyboardTracking(False)
        for name, value in properties.items():
            self.setProperty(name, value)

    def read(self, text: str) -> float | None:
        """The number of a text with or without the unit; None where it is none."""
        bare = self._bare(text).replace(",", ".").replace("\N{MINUS SIGN}", "-")
        found = NUMBER.fullmatch(bare)
        if found is None:
            return None
        number, percent = float(found[1]), bool(found[2])
        if not isfinite(number) or (percent and self.suffix() not in ("", " share")):
            return None
        return number / 100 if percent else number

    def _bare(self, text: str) -> str:
        unit = self.suffix().strip()  # Qt adds it to what is typed, which may have it already
        return (text.replace(unit, "") if unit else text).strip()

    def _refusal(self, text: str, number: float | None) -> str:
        low, high = map(self.textFromValue, (self.minimum(), self.maximum()))
        stays = f"so {self.textFromValue(self.value())} stays"
        if number is None:
            return f"'{text}' is no number, {stays}; type one from {low} to {high}."
        return f"{text} is not from {low} to {high}, {stays}."

    # Qt's own.

    def validate(self, text: str, place: int) -> tuple[QValidator.State, str, int]:
        validation = super().validate(text.replace(",", "."), place)
        state, _, where = validation
        if state == QValidator.State.Invalid:  # else Qt drops the character and takes the rest
            state, where = QValidator.State.Intermediate, place
        return state, text, where

    def valueFromText(self, text: str) -> float:
        return super().valueFromText(text.replace(",", "."))

    def fixup(self, text: str) -> str:
        number = self.read(text)
        if number is not None and self.minimum() <= number <= self.maximum():
            return self.textFromValue(number) + self.suffix()
        if bare := self._bare(text):
            below = self.mapToGlobal(self.rect().bottomLeft())
            QToolTip.showText(below, self._refusal(bare, number), self)
        return text
