"""A spin box that reads a decimal comma as it reads a point, in every locale."""

from PySide6.QtCore import QLocale
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QDoubleSpinBox


class DecimalBox(QDoubleSpinBox):
    """Shows a point, as all numbers of the program; 0,35 is 0.35."""

    def __init__(self, **properties: object) -> None:
        super().__init__()
        locale = QLocale.c()
        locale.setNumberOptions(QLocale.NumberOption.RejectGroupSeparator)
        self.setLocale(locale)
        for name, value in properties.items():
            self.setProperty(name, value)

    # Qt's own.

    def validate(self, text: str, place: int) -> tuple[QValidator.State, str, int]:
        validation = super().validate(text.replace(",", "."), place)
        state, _, where = validation
        return state, text, where

    def valueFromText(self, text: str) -> float:
        return super().valueFromText(text.replace(",", "."))

    def fixup(self, text: str) -> str:
        return text.replace(",", ".")
