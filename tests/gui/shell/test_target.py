"""Choosing a target model in the window."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from pathlib import Path

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from core.model.normalisation import same_for_all
from core.model.target_choice import TargetChoice
from tests.onnx_models import expected, face_model
from xcos_gui.shell.target_dialog import AS_FILE, TargetDialog
from xcos_gui.shell.window import MainWindow

LOADED = 60_000


def test_the_dialog_shows_what_the_file_says(qtbot: QtBot, tmp_path: Path) -> None:
    path = face_model(tmp_path / "face.onnx")
    dialog = TargetDialog(None)
    qtbot.addWidget(dialog)
    dialog.accept()
    assert dialog.choice is None and "choose one" in dialog.found.text()
    dialog.use_file(path)
    told = "The file says RGB, (x \N{MINUS SIGN} 127.5) / 127.5."
    qtbot.waitUntil(lambda: dialog.found.text() == told, timeout=LOADED)
    dialog.accept()
    assert dialog.choice == TargetChoice(path)


def test_what_is_said_otherwise_is_kept_and_shown_again(qtbot: QtBot, tmp_path: Path) -> None:
    path = face_model(tmp_path / "face.onnx")
    kept = TargetChoice(path, "BGR", same_for_all(127.5, 128))
    dialog = TargetDialog(kept)
    qtbot.addWidget(dialog)
    assert dialog.channels.currentText() == "BGR"
    assert dialog.normalisation.currentText() == "127.5,128"
    dialog.accept()
    assert dialog.choice == kept
    again = TargetDialog(kept)
    qtbot.addWidget(again)
    again.normalisation.setCurrentText("127.5,0")
    again.accept()
    assert again.choice is None and "divides by 0" in again.found.text()
    again.use_file(tmp_path / "other.onnx")
    assert again.channels.currentText() == again.normalisation.currentText() == AS_FILE
    again.reject()


def test_a_targets_channels_stay_with_it(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    session = window.session
    choice = TargetChoice(face_model(tmp_path / "face.onnx"), "BGR")
    session.set_target(choice)
    qtbot.waitUntil(
        lambda: (
            not session.busy
            and session.columns is not None
            and session.columns.features.target is not None
        ),
        timeout=LOADED,
    )
    assert session.settings.target == choice
    assert session.columns is not None and session.columns.features.target is not None
    crops = np.stack([session.crop(face) for face in session.columns.gallery.faces])
    found = session.columns.features.target
    np.testing.assert_allclose(found, expected(crops[..., ::-1]), atol=1e-4)
    session.settings.target = None
    assert session.settings.target is None


def test_the_window_keeps_no_dialog_that_was_closed(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TargetDialog, "exec", lambda self: 0)
    for _ in range(3):
        next(a for a in window.findChildren(QAction) if a.text() == "Tar&get model…").trigger()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not window.findChildren(TargetDialog)
