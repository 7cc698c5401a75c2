"""What the View menu does to the matrix."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from PySide6.QtGui import QAction

from xcos_gui.shell.window import MainWindow


def test_menu_zooms_and_colours_there_and_back(window: MainWindow) -> None:
    panel = window.matrix
    entries = {action.text().replace("&", ""): action for action in window.findChildren(QAction)}

    def across() -> float:
        low, high = panel._view.viewRange()[0]
        return float(high - low)

    panel.fit()
    whole = across()
    entries["Zoom matrix in"].trigger()
    assert across() == pytest.approx(whole / 2)
    entries["Zoom matrix out"].trigger()
    assert across() == pytest.approx(whole)
    colour = next(action for text, action in entries.items() if "Colour matrix by outcome" in text)
    for wanted in (1, 0, 1):
        colour.trigger()
        assert panel.colouring.currentIndex() == wanted
