"""What windows save where a dialog says, what they refuse, and that a closed dialog writes nothing."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import csv
import json
import shutil
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from core.analysis.labels.findings import FINDING_KINDS
from tests.gui.resting import score_probes, tool_rests
from tests.gui.tools.test_labels import choose
from tests.gui.tools.test_labels import opened as labels_of
from tests.gui.tools.test_patterns import patterns  # noqa: F401
from tests.gui.tools.test_what_if import opened
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.flip import FlipWindow
from xcos_gui.tools.patterns import PatternsWindow
from xcos_gui.tools.what_if.window import WhatIfWindow


class Dialogs:
    """Dialogs answered with `answer`; what each was asked with is kept."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answer = ""
        self.asked: list[tuple[str, ...]] = []
        monkeypatch.setattr(QFileDialog, "getSaveFileName", self._name)
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", self._folder)

    def _name(self, parent: object, *words: str) -> tuple[str, str]:
        self.asked.append(words)
        return self.answer, ""

    def _folder(self, parent: object, *words: str) -> str:
        self.asked.append(words)
        return self.answer


@pytest.fixture
def dialogs(monkeypatch: pytest.MonkeyPatch) -> Dialogs:
    return Dialogs(monkeypatch)


def save_by_key(window: FlipWindow | WhatIfWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)


def test_a_flip_is_saved_once_it_was_searched(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, dialogs: Dialogs
) -> None:
    session = window.session
    session.select_pair(0, 1)
    assert session.explanation is not None
    session.set_threshold(session.explanation.score - 1e-6)
    flip = opened(window, "flip")
    assert isinstance(flip, FlipWindow)
    save_by_key(flip, qtbot)
    assert flip.note.text() == "Search first; what flips the verdict can then be saved."
    assert not dialogs.asked
    flip.kind.setCurrentIndex(flip.kind.findData("patch"))
    flip.start.click()
    qtbot.waitUntil(lambda: flip.answer is not None and not flip.job.running, timeout=60_000)
    flip.save.click()  # closed without a name
    assert flip.note.text() == "" and not list(tmp_path.glob("f.*"))
    assert dialogs.asked[0][1] == "flip.json" and "*.json" in dialogs.asked[0][2]
    dialogs.answer = str(tmp_path / "f.json")
    save_by_key(flip, qtbot)
    assert json.loads((tmp_path / "f.json").read_text())["verdict"] == "different"
    (face,) = tmp_path.glob("f-*.png")
    assert flip.note.text() == f"Saved f.json, {face.name} in {tmp_path}."
    dialogs.answer = str(tmp_path / "f.doc")
    flip.save.click()
    assert "f.doc must end in one of" in flip.note.text() and not (tmp_path / "f.doc").exists()
    # No patch takes a score below the least there is.
    session.set_threshold(-1.0)
    flip.start.click()
    qtbot.waitUntil(lambda: flip.answer is None and not flip.job.running, timeout=60_000)
    assert flip.search is not None and flip.search.found is None
    assert flip.search_text.text() == f"{flip.search.words} {flip.search.tried} tried."
    assert not flip.save.isEnabled()
    for side, view in flip.faces.items():
        report = session.report()
        assert report is not None and view._crop is not None
        crop: np.ndarray = getattr(report, f"{side}_crop")
        assert view._crop.pixelColor(60, 90) == QColor(*crop[90, 60].tolist())


def test_edited_faces_are_saved_where_asked(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, dialogs: Dialogs
) -> None:
    window.session.select_pair(0, 3)
    tool = opened(window, "what_if")
    assert isinstance(tool, WhatIfWindow)
    qtbot.waitUntil(lambda: tool.answer is not None, timeout=30_000)
    tool.tell("")
    save_by_key(tool, qtbot)
    assert tool.note.text() == "" and not list(tmp_path.glob("w*"))
    assert dialogs.asked[0][1] == "what-if.json" and "(*.json " in dialogs.asked[0][2]
    dialogs.answer = str(tmp_path / "w.json")
    tool.panel.save.click()
    said = json.loads((tmp_path / "w.json").read_text())
    assert window.session.explanation is not None
    assert said["score"] == pytest.approx(window.session.explanation.score, abs=1e-5)
    assert tool.note.text().startswith("Saved w.json")


def test_patterns_are_saved_where_asked(
    patterns: PatternsWindow, tmp_path: Path, dialogs: Dialogs  # noqa: F811
) -> None:  # fmt: skip
    patterns.tell("")
    patterns.save_button.click()
    assert patterns.note.text() == ""
    assert dialogs.asked[0][1] == "patterns.png" and "*.json" in dialogs.asked[0][2]
    dialogs.answer = str(tmp_path / "p.json")
    patterns.save_button.click()
    assert patterns.note.text() == f"The patterns were saved as {tmp_path / 'p.json'}."
    assert json.loads((tmp_path / "p.json").read_text())
    dialogs.answer = str(tmp_path / "p.doc")
    patterns.save_button.click()
    assert "p.doc must end in one of" in patterns.note.text()


def test_labels_are_exported_and_compared_where_asked(
    empty: MainWindow, qtbot: QtBot, crops: Path, tmp_path: Path, dialogs: Dialogs
) -> None:
    tool = labels_of(empty, qtbot, crops)
    table, copies = tool.exports.menu().actions()
    for action in (table, copies):
        action.trigger()
    tool.other.click()
    assert (
        len(dialogs.asked) == 3 and not tool.job.running and dialogs.asked[0][1] == "corrected.csv"
    )
    dialogs.answer = str(tmp_path / "corrected.csv")
    table.trigger()
    qtbot.waitUntil(lambda: "7 photos to" in tool.note.text(), timeout=20_000)
    rows = list(csv.DictReader((tmp_path / "corrected.csv").open()))
    assert {(Path(row["path"]).name, row["identity"]) for row in rows} == {
        ("1.png", "ann"), ("2.png", "ann"), ("3.png", "ann"), ("twice.png", "ann"), ("1.png", "bob"), ("2.png", "bob"),
        ("1.png", "cem"),
    }  # fmt: skip
    dialogs.answer = str(tmp_path / "copies")
    copies.trigger()
    qtbot.waitUntil(lambda: "Copied 7 photos to" in tool.note.text(), timeout=20_000)
    assert len(list((tmp_path / "copies").rglob("*.png"))) == 7
    shutil.copytree(crops / "bob", tmp_path / "other" / "robert")
    dialogs.answer = str(tmp_path / "other")
    tool.other.click()
    qtbot.waitUntil(
        lambda: any(f.names == ("robert", "bob") for f in tool.model.findings), timeout=60_000
    )
    assert tool.kind == "shared-person"


def test_labels_searched_again_keep_what_was_accepted(
    empty: MainWindow,
    qtbot: QtBot,
    crops: Path,
    probes: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tool, session = labels_of(empty, qtbot, crops), empty.session
    names = ("ann/1.png", "ann/twice.png")
    choose(tool, names)
    tool.activateWindow()
    QTest.keyClick(tool.table, Qt.Key.Key_A)
    qtbot.waitUntil(
        lambda: session.loaded is not None and len(session.loaded) == 6 and not session.busy,
        timeout=60_000,
    )
    first = tool.found
    assert first is not None
    tool.again.click()
    qtbot.waitUntil(lambda: tool.found is not first and tool_rests(tool), timeout=60_000)
    # On the labels before: the face that was set aside, and its pairs, are still there.
    assert tool.found is not None and len(tool.found.gallery) == 7
    assert {f.key for f in tool.found.findings} == {f.key for f in first.findings}
    place = next(k for k, f in enumerate(tool.model.findings) if f.names == names)
    assert tool.model.decision(place) == "accept"
    assert tool.quality is not None
    assert [q.counts.genuine for q in tool.quality] == [6 + 1, 3 + 1]
    # With probes, whose scores are not of the gallery with itself, the same is found in it.
    mine = {f.key for f in tool.found.findings}
    score_probes(empty, qtbot, probes)
    before = tool.found
    tool.again.click()
    qtbot.waitUntil(lambda: tool.found is not before and tool_rests(tool), timeout=60_000)
    assert tool.found is not None
    assert {f.key for f in tool.found.findings if f.kind != "shared-person"} == mine
    # A photo that is gone is told.
    monkeypatch.setattr(type(session.cache), "crop", lambda *_: None)
    (crops / "ann" / "twice.png").unlink()
    tool.kinds.setCurrentIndex(FINDING_KINDS.index("wrong-identity"))
    tool.tell("")
    choose(tool, names)
    assert str(crops / "ann" / "twice.png") in tool.note.text()
