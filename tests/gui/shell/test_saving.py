"""What is saved, exported and remembered, dialogs, and what is told once."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import csv
import json
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
from PIL import Image
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, QStandardPaths, Qt
from PySide6.QtWidgets import QApplication, QDialog, QMenu
from pytestqt.qtbot import QtBot

from core.errors import XCosError
from core.project.edits import face_subject
from core.scoring.tables import write_table
from tests.gui.resting import settled
from tests.gui.shell.test_window import SCORED
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.alignment import AlignmentDialog
from xcos_gui.widgets.tags import ask_tags


def test_saving_and_copying_the_pair(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    told: list[str] = []
    window.session.message.connect(told.append)
    suffixes = (".png", ".svg", ".json", ".csv", ".odd")
    for suffix in suffixes:
        window.inspector.saver.save_to(tmp_path / f"pair{suffix}")
    QApplication.clipboard().clear()
    window.inspector.saver.copy_picture()
    assert window.session.busy and not told  # it is drawn beside the window's thread
    qtbot.waitUntil(lambda: not window.session.busy, timeout=SCORED)
    assert ["saved as" in text for text in told[:5]] == [True] * 4 + [False]
    assert ".odd" in told[4] and "clipboard" in told[5]
    said = json.loads((tmp_path / "pair.json").read_text())
    assert window.session.explanation is not None
    assert said["score"] == pytest.approx(window.session.explanation.score)
    assert Image.open(tmp_path / "pair.png").width > 1000
    assert QApplication.clipboard().image().width() > 1000


def test_what_is_saved_while_the_window_closes_is_written(
    window: MainWindow, tmp_path: Path
) -> None:
    for number in range(3):
        window.inspector.saver.save_to(tmp_path / f"{number}.png")
    window.close()
    assert [Image.open(tmp_path / f"{n}.png").width > 1000 for n in range(3)] == [True] * 3


def test_dialogs_that_are_closed_are_gone(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QDialog, "exec", lambda self: 0)

    def use() -> int:
        window._menus._help_reading()
        window.gallery._menu(window.gallery.problems, QPoint(1, 1))
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        menu.close()
        assert window.session.loaded is not None
        ask_tags(window, window.session, [face_subject("ann/1.png")], "ann")
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        return len(QApplication.allWidgets())

    before = use()
    assert [use() for _ in range(3)] == [before] * 3


def test_exported_scores_are_the_commands(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.commands.export(tmp_path / "scores.csv")
    qtbot.waitUntil(lambda: (tmp_path / "scores.csv").exists(), timeout=SCORED)
    rows = list(csv.DictReader((tmp_path / "scores.csv").open()))
    assert len(rows) == 15 and window.session.matrix is not None
    assert float(rows[0]["score"]) == pytest.approx(
        float(window.session.matrix.scores[0, 1]), abs=1e-6
    )


@pytest.mark.parametrize("name", ["scores.xlsx", "scores"])
def test_scores_of_an_unknown_form_are_refused_as_the_command_does(
    window: MainWindow, tmp_path: Path, name: str
) -> None:
    told: list[str] = []
    window.session.message.connect(told.append)
    window.commands.export(tmp_path / name)
    assert told == [
        f"{tmp_path / name} must end in one of .csv, .parquet, .jsonl, .json; choose another name."
    ]
    with pytest.raises(XCosError, match="must end in one of"):
        write_table(tmp_path / name, [])
    assert not [*tmp_path.glob("scores*")]


def test_alignment_dialog(qtbot: QtBot) -> None:
    from core.faces.face import Detection

    photo = np.random.default_rng(0).integers(0, 256, (200, 300, 3)).astype(np.uint8)
    marks = np.array([[80, 80], [120, 80], [100, 100], [85, 125], [115, 125]], np.float32)
    found = (
        Detection(np.array([60, 50, 140, 150], np.float32), marks, 0.99),
        Detection(np.array([200, 50, 280, 150], np.float32), marks + [140, 0], 0.98),
    )
    dialog = AlignmentDialog("p.jpg", photo, found, 0, None)
    qtbot.addWidget(dialog)
    dialog.show()
    view = dialog.view
    scale, origin = view._frame()
    start = (origin + QPointF(100, 100) * scale).toPoint()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(view, (origin + QPointF(110, 104) * scale).toPoint())
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton)
    dialog._accept()
    assert dialog.choice is not None and dialog.choice[0] == "landmarks"
    moved = dialog.choice[1]
    assert isinstance(moved, np.ndarray)
    np.testing.assert_allclose(moved[2], [110, 104], atol=2)
    np.testing.assert_allclose(moved[[0, 1, 3, 4]], marks[[0, 1, 3, 4]])
    other = AlignmentDialog("p.jpg", photo, found, 0, None)
    qtbot.addWidget(other)
    other.show()
    scale, origin = other.view._frame()
    qtbot.mouseClick(
        other.view, Qt.MouseButton.LeftButton, pos=(origin + QPointF(270, 60) * scale).toPoint()
    )
    other._accept()
    assert other.choice == ("pick", 1)


def test_layout_and_theme_are_remembered_and_bad_settings_survived(window: MainWindow) -> None:
    window.docks["pairs"].hide()
    window.set_theme("dark")
    window.close()
    settings = window.session.settings
    assert settings.theme == "dark" and settings.layout("docks").size() > 0
    settings.store.setValue("theme", 42)
    settings.store.setValue("attention", ["x"])
    settings.store.setValue("layout/docks", "nonsense")
    assert (
        settings.theme == "system"
        and settings.kind == "learned"
        and settings.layout("docks").isEmpty()
    )
    window.set_theme("system")


def test_a_full_gpu_is_told_once_in_the_window(
    empty: MainWindow,
    qtbot: QtBot,
    crops: Path,
    tiny_weights: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import torch

    from core.scoring.engine import PairEngine
    from core.scoring.kernels.gpu import GpuScorer

    def find(self: PairEngine) -> GpuScorer | None:
        if not self._looked or self._gpu is not None:
            self._looked = True
            self._gpu = GpuScorer(self._head, torch.device("cpu"), self._tell)
        return self._gpu

    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("full")

    monkeypatch.setattr(PairEngine, "_find_gpu", find)
    monkeypatch.setattr(GpuScorer, "_tile", full)
    session, told = empty.session, list[str]()
    session.message.connect(told.append)
    session.models.device = "auto"
    session.set_model(tiny_weights)
    session.open_gallery(crops)
    settled(empty, qtbot)
    session.set_model(tiny_weights)  # a new engine, which finds the same
    settled(empty, qtbot)
    sentence = "The memory of cpu is full; the CPU scores pairs instead."
    qtbot.waitUntil(lambda: sentence in told)
    assert told.count(sentence) == 1
    assert session.matrix is not None and np.isfinite(session.matrix.scores).all()


def test_without_a_folder_of_pictures_a_pair_is_saved_at_home(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QStandardPaths, "writableLocation", lambda _: "")
    assert window.inspector.saver.proposed().parent == Path.home()


def test_without_a_pair_saving_and_copying_say_what_to_do_first(empty: MainWindow) -> None:
    told: list[str] = []
    empty.session.message.connect(told.append)
    for action in empty.inspector.saver.menu.actions():
        action.trigger()
        assert told.pop() == "Click a pair in the matrix first."


def test_an_import_meanwhile_leaves_the_export_of_all_scores_alone(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, go_on = list[str](), Event()
    window.session.message.connect(told.append)

    def slow(path: Path, *rows: Any) -> None:
        go_on.wait(20)
        write_table(path, *rows)

    monkeypatch.setattr("core.scoring.tables.write_table", slow)
    window.commands.export(tmp_path / "scores.csv")
    window.commands.import_weights(tmp_path / "gone.pth", tmp_path / "new.safetensors")
    qtbot.waitUntil(lambda: any("gone.pth" in text for text in told))
    go_on.set()
    qtbot.waitUntil(lambda: f"All scores were written to {tmp_path / 'scores.csv'}." in told)
    assert len((tmp_path / "scores.csv").read_text().splitlines()) == 16  # a head and 15 pairs
