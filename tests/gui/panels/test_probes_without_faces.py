"""Probes in which no face is found are told, and leave the window without a matrix."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)


from pathlib import Path

import numpy as np
from PIL import Image
from pytestqt.qtbot import QtBot

from tests.gui.resting import score_probes, settled, window_rests
from xcos_gui.shell.window import MainWindow


def test_probes_without_a_face(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, probes: Path
) -> None:
    blank = tmp_path / "blank"
    blank.mkdir()
    Image.fromarray(np.zeros((50, 60, 3), np.uint8)).save(blank / "a.png")
    session, told = window.session, list[str]()
    settled(window, qtbot)
    session.message.connect(told.append)
    session.set_filter("score > 0.1")
    session.open_probes(blank)
    qtbot.waitUntil(lambda: session.probes is not None and window_rests(window), timeout=60_000)
    assert told == [f"{blank} gave no face; choose other probes."]
    assert session.matrix is None and session.pair is None
    score_probes(window, qtbot, probes)
    session.open_probes(None)
    qtbot.waitUntil(lambda: session.probes is None and window_rests(window), timeout=60_000)
    assert session.matrix is not None and session.matrix.square
