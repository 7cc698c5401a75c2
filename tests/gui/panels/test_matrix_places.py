"""The frame around the chosen cell, and where a typed name leads."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from pathlib import Path

import numpy as np
from pytestqt.qtbot import QtBot

from tests.living import make_crops
from xcos_gui.panels.matrix.keys import TypedName
from xcos_gui.shell.window import MainWindow


def test_the_frame_is_a_square_around_the_cell(window: MainWindow) -> None:
    window.session.select_pair(1, 4)
    for line in window.matrix.frames._marker:
        x, y = line.getData()
        corners = {*zip(x.tolist(), y.tolist(), strict=True)}
        (left, right), (top, bottom) = np.unique(x), np.unique(y)
        assert corners == {(left, top), (right, top), (right, bottom), (left, bottom)}
        assert right - left == pytest.approx(bottom - top) and right - left >= 1
        assert (left + right, top + bottom) == pytest.approx((2 * 4.5, 2 * 1.5))


def test_a_typed_name_leads_to_two_photos_of_a_person_or_to_the_only_one(
    empty: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    session, panel = empty.session, empty.matrix
    session.open_gallery(make_crops(tmp_path / "people", {"ann": 2, "bob": 1, "cem": 3}))
    qtbot.waitUntil(lambda: session.matrix is not None and not session.busy, timeout=60_000)
    qtbot.waitUntil(lambda: panel.item.image is not None and not panel.arranger.running)
    for name, cell in (("cem", (3, 4)), ("bob", (2, 2)), ("ann", (0, 1))):
        panel._typed = TypedName()  # as after a pause
        qtbot.keyClicks(panel, name)
        assert panel._cell == cell
