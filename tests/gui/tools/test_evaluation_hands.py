"""The evaluation dialog by hand: a click on a bar, photos that are gone, places that refuse."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import pickle
import shutil
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.gui.tools.test_evaluation import evaluated
from tests.weights import other_weights
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.evaluation.plots import EvaluationPlots


def test_a_click_on_a_bar_tells_its_range(qtbot: QtBot) -> None:
    plots = EvaluationPlots()
    qtbot.addWidget(plots)
    plots.resize(700, 400)
    plots.show()
    scores = np.linspace(-0.2, 1.0, 30)
    metrics = SimpleNamespace(threshold=0.5)
    plots.show_kind(SimpleNamespace(scores=scores, metrics=metrics), np.arange(30) > 14)  # type: ignore[arg-type]
    plots.grab()
    found: list[tuple[float, float]] = []
    plots.bin_chosen.connect(lambda *ends: found.append(ends))
    wide = 1.2 / 60
    for number in (3, 41, 58):
        middle = -0.2 + (number + 0.5) * wide
        plot = plots.histogram
        at = plot.mapFromScene(plot.plotItem.vb.mapViewToScene(QPointF(middle, 0.4)))
        QTest.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=at)
        assert found[-1] == pytest.approx((middle - wide / 2, middle + wide / 2), abs=1e-6)
    assert len(found) == 3


def test_a_pair_whose_photo_is_gone_is_told(
    empty: MainWindow, qtbot: QtBot, crops: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = evaluated(empty, qtbot, crops)
    assert dialog.view.shown.filled
    monkeypatch.setattr(type(empty.session.cache), "crop", lambda *_: None)
    shutil.rmtree(crops)
    dialog.listed.table.selectRow(dialog.listed.model.rowCount() - 1)
    assert str(crops) in dialog.note.text() and not dialog.view.shown.filled
    # A folder that cannot be made is told, and nothing is opened.
    (empty.session.cache.folder / "protocols").write_bytes(b"no folder")
    dialog.tell("")
    dialog.listed.open.click()
    assert "protocols" in dialog.note.text() and "opened in the window" not in dialog.note.text()
    assert empty.session.loaded is None


def test_of_several_evaluations_the_last_one_s_images_are_kept(
    empty: MainWindow, qtbot: QtBot, crops: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(unpacked))
    images = [photo.read_bytes() for photo in sorted(crops.rglob("*.png"))[:4]]
    protocol = tmp_path / "little.bin"
    with protocol.open("wb") as file:
        pickle.dump((images * 10, [True, False] * 10), file)
    kept = []
    for _ in range(2):
        dialog = evaluated(empty, qtbot, protocol)
        assert dialog.found is not None and dialog.view.shown.filled
        (folder,) = unpacked.glob("xcos-*")
        kept.append(folder)
    assert kept[0] != kept[1]


def test_results_name_their_weights_also_once_others_are_in_use(
    empty: MainWindow, qtbot: QtBot, crops: Path, tmp_path: Path, tiny_weights: Path
) -> None:
    dialog = evaluated(empty, qtbot, crops)
    assert dialog.note.text() == "crops: 8 pairs, by tiny."
    empty.session.set_model(other_weights(tmp_path / "other.safetensors"))
    qtbot.waitUntil(lambda: dialog.note.text() != "crops: 8 pairs, by tiny.", timeout=60_000)
    assert dialog.note.text() == "These results are of tiny; Evaluate measures other."
    empty.session.set_model(tiny_weights)
    qtbot.waitUntil(lambda: dialog.note.text() == "crops: 8 pairs, by tiny.", timeout=60_000)
    empty.session.set_model(tmp_path / "other.safetensors")
    qtbot.waitUntil(lambda: "Evaluate measures other" in dialog.note.text(), timeout=60_000)
    dialog.start.click()
    qtbot.waitUntil(lambda: not dialog.job.running, timeout=60_000)
    assert dialog.note.text() == "crops: 8 pairs, by other."
