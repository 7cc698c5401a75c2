"""Parts of the window's frame, each alone: pages of help, keys of photos, the target's dialog, exports, menus."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from pathlib import Path
from types import SimpleNamespace

import numpy as np
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from core.errors import XCosError
from core.gallery.moved import FoundAgain
from core.model.target_choice import TargetChoice
from xcos_gui.shell import help as pages
from xcos_gui.shell.file_actions import FileActions, _listed, _nearest
from xcos_gui.shell.target_dialog import AS_FILE, TargetDialog
from xcos_gui.shell.tool_menu import ALL_TOOLS
from xcos_gui.shell.window import MainWindow


def test_help_works_a_pair_through(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        {"row": 2, "column": 4, "region": "nose", "cosine": 0.8, "attention": 0.25, "contribution": 0.2},
        {"row": 0, "column": 6, "region": "left eye", "cosine": -0.5, "attention": 0.1, "contribution": -0.05},
        {"row": 1, "column": 1, "region": "chin", "cosine": 0.4, "attention": 0.1, "contribution": 0.04},
    ]  # fmt: skip
    monkeypatch.setattr(pages, "cell_rows", lambda _: rows)
    evidence = np.full((7, 7), -0.01)
    evidence[:2] = 0.02
    report = SimpleNamespace(
        explanation=SimpleNamespace(score=0.5, left="a & b.png", right="c.png"), threshold=0.3,
        evidence=evidence, words="Same <person>.",
    )  # fmt: skip
    page = " ".join(pages.reading_page(report).split())  # type: ignore[arg-type]
    assert "Worked through: a &amp; b.png and c.png" in page
    assert (
        "row 3, column 5 (nose) has S = 0.800 and W = 0.2500: it gives 0.2500 × 0.800 = 0.2000"
        in page
    )
    assert "The least, -0.0500, comes from row 1, column 7 (left eye)." in page
    assert "The other 48 cells give 0.3000" in page and "0.2000 + 0.3000 = <b>0.5000</b>" in page
    assert "14 cells speak for the same person and 35 do not" in page
    assert "sums to -0.0700 = 0.5000 − 0.3000" in page
    assert "Same &lt;person&gt;." in page
    report.evidence = report.threshold = None
    assert "threshold is" not in pages.reading_page(report)  # type: ignore[arg-type]
    assert "Open a gallery and choose a pair" in pages.reading_page(None)
    for tool in ALL_TOOLS:
        said = pages.tool_page(tool)
        assert f"{tool.key} opens it." in said and "&amp;" not in said.split("</h2>")[0]
    keys = pages.shortcuts_page([("Ctrl+<", "Do & be")])
    assert "<b>Ctrl+&lt;</b>" in keys and "Do &amp; be" in keys and "<b>Return</b>" in keys
    card = SimpleNamespace(
        name="m", thresholds={"learned": 0.25}, path=Path("m.pt"), backbone="thin", options={}, training="",
        licence="MIT", fingerprint="0123456789abcdef0123", measured={"lfw": 0.99}, law_words="robust: so",
    )  # fmt: skip
    told = pages.model_page(card)  # type: ignore[arg-type]
    assert (
        "learned 0.2500" in told and "<td>0123456789abcdef</td>" in told and "<td>0.99</td>" in told
    )
    assert "<td>robust: so</td>" in told
    assert "not said" in told and "No weights" in pages.model_page(None)


def test_photos_that_moved_keep_the_numbers_of_their_faces() -> None:
    renamed = {"a.png": "b/a.png", "odd#2": "odd/2"}
    for key, wanted in (
        ("a.png", "b/a.png"), ("a.png#3", "b/a.png#3"), ("c.png", "c.png"), ("c.png#2", "c.png#2"), ("odd#2", "odd/2")
    ):  # fmt: skip
        assert FoundAgain(Path("g"), renamed, ()).key(key) == wanted


def test_the_nearest_face_and_photos_opened_together(tmp_path: Path) -> None:
    faces = tuple(SimpleNamespace(landmarks=np.full((5, 2), value)) for value in (0.0, 10.0, 20.0))
    assert _nearest((), None) == -1 and _nearest(faces, None) == 0
    assert [_nearest(faces, np.full((5, 2), value)) for value in (4.0, 14.0, 16.0)] == [0, 1, 2]
    one, two = (tmp_path / name for name in ("b.png", "a, c.png"))
    listed = _listed([one, two], tmp_path)
    assert listed == _listed([two, one], tmp_path) != _listed([one], tmp_path)
    lines = listed.read_text(encoding="utf-8").splitlines()
    assert lines == ["path,identity", f'"{two}",', f"{one},"]
    with pytest.raises(XCosError, match="is a folder among photos"):
        _listed([one, tmp_path], tmp_path)


def test_a_target_is_chosen_as_it_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = TargetDialog(None)
    qtbot.addWidget(dialog)
    dialog.file.setText(str(tmp_path / "t.onnx"))
    assert dialog.channels.currentText() == dialog.normalisation.currentText() == AS_FILE
    assert dialog._chosen() == TargetChoice(tmp_path / "t.onnx")
    dialog.channels.setCurrentText("BGR")
    assert dialog._chosen().channels == "BGR" and dialog._chosen().normalisation is None
    dialog.channels.setCurrentText(AS_FILE)
    dialog.normalisation.setCurrentText("127.5,128")
    assert dialog._chosen().channels is None and str(dialog._chosen().normalisation) == "127.5,128"


def test_an_export_of_scores_can_be_stopped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[object] = []
    told: list[str] = []

    def rows(scored: object, threshold: float, task: object = None) -> list[object]:
        asked.append((scored, threshold, task))
        return []

    monkeypatch.setattr("core.scoring.tables.table_rows", rows)
    monkeypatch.setattr("core.scoring.tables.write_table", lambda path, rows: asked.append(path))
    running = SimpleNamespace(report=lambda *_: None)
    message = SimpleNamespace(emit=told.append)
    scored = SimpleNamespace(refinement=None)
    session = SimpleNamespace(scored=scored, threshold=0.25, message=message)
    job = SimpleNamespace(start=lambda work: work(running)())
    actions = SimpleNamespace(session=session, _exporting=job)
    FileActions.export(actions, tmp_path / "s.csv")  # type: ignore[arg-type]
    assert asked == [(scored, 0.25, running), tmp_path / "s.csv"]
    assert told == [f"All scores were written to {tmp_path / 's.csv'}."]


def test_no_two_entries_of_a_menu_have_one_letter(window: MainWindow) -> None:
    for menu in window.menuBar().findChildren(QMenu):
        texts = [action.text().replace("&&", "") for action in menu.actions()]
        letters = [text[text.index("&") + 1].lower() for text in texts if "&" in text]
        assert len(letters) == len(set(letters)), texts
