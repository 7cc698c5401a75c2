"""A button that stays pressed can be told from one that does not, in both themes."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import (
    QCheckBox,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from xcos_gui.shell.build import make_application
from xcos_gui.widgets.checked import CheckedLook
from xcos_gui.widgets.theme import apply_theme


def luminance(colour: QColor) -> float:
    """Of WCAG 2, from 0 to 1."""
    parts = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (colour.redF(), colour.greenF(), colour.blueF())
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: QColor, other: QColor) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_a_checked_button_stands_out_and_can_be_read_after_each_change_of_theme(
    qapp: object,
) -> None:
    app = make_application()
    button, other = QPushButton("Rates", checkable=True, checked=True), QPushButton("Choose")
    CheckedLook(button)
    button.show()
    other.show()
    seen = set()
    for theme in ("dark", "light", "dark"):
        apply_theme(app, theme)  # type: ignore[arg-type]
        app.processEvents()
        ground = button.palette().color(QPalette.ColorRole.Button)
        assert contrast(ground, other.palette().color(QPalette.ColorRole.Button)) > 1.3
        assert contrast(ground, button.palette().color(QPalette.ColorRole.ButtonText)) > 4.5
        seen.add(ground.name())
    assert len(seen) == 2
    button.setChecked(False)
    assert button.palette().color(QPalette.ColorRole.Button) == other.palette().color(
        QPalette.ColorRole.Button
    )
    apply_theme(app, "system")


def test_a_box_that_is_not_checked_is_seen_in_both_themes(qapp: object, qtbot: QtBot) -> None:
    app = make_application()
    window, boxes = QWidget(), [QCheckBox("box"), QRadioButton("radio")]
    layout = QVBoxLayout(window)
    for box in boxes:
        layout.addWidget(box)
    qtbot.addWidget(window)
    window.show()
    for theme, least in (("dark", 1.9), ("light", 1.1), ("dark", 1.9)):
        apply_theme(app, theme)  # type: ignore[arg-type]
        app.processEvents()
        picture = window.grab().toImage()
        ground = window.palette().color(QPalette.ColorRole.Window)
        for box in boxes:
            middle = box.mapTo(window, QPoint(8, box.height() // 2))
            assert contrast(picture.pixelColor(middle), ground) > least, (theme, box)
    apply_theme(app, "system")
