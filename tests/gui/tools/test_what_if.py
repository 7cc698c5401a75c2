"""The windows on one pair and on fragile pairs: what-if, flip, fragile."""

import json
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.explain.editing.edits import Edit, apply_edits
from core.explain.editing.flip import deciding_cells
from core.explain.editing.what_if import PairEditor, Question, WhatIf
from tests.gui.resting import tool_rests
from xcos_gui.shell.tool_menu import GALLERY_TOOLS, PAIR_TOOLS
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.flip import FlipWindow
from xcos_gui.tools.fragile import FragileWindow
from xcos_gui.tools.what_if.edit_view import EditView
from xcos_gui.tools.what_if.window import WhatIfWindow


def opened(window: MainWindow, name: str) -> object:
    tool = next(
        tool for tool in (*PAIR_TOOLS, *GALLERY_TOOLS) if tool.place[0].split(".")[0] == name
    )
    return window.show_tool(tool)


@pytest.fixture
def tool(window: MainWindow, qtbot: QtBot) -> WhatIfWindow:
    window.session.select_pair(0, 3)
    made = opened(window, "what_if")
    assert isinstance(made, WhatIfWindow)
    qtbot.waitUntil(lambda: made.answer is not None, timeout=30_000)
    return made


def at(view: EditView, x: float, y: float) -> QPoint:
    square = view._square()
    unit = square.width() / 112
    return QPoint(round(square.x() + x * unit), round(square.y() + y * unit))


def drag(view: EditView, start: tuple[float, float], end: tuple[float, float]) -> None:
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=at(view, *start))
    for part in np.linspace(0, 1, 4):
        x, y = np.array(start) + part * (np.array(end) - start)
        QTest.mouseMove(view, at(view, x, y))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=at(view, *end))


def answered(tool: WhatIfWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(
        lambda: (
            tool.answer is not None
            and tool.answer.question == tool.history.question
            and not tool.live.running
        ),
        timeout=30_000,
    )


def test_a_dragged_patch_moves_score_and_maps(tool: WhatIfWindow, qtbot: QtBot) -> None:
    assert tool.answer is not None
    before = tool.answer.before.score
    drag(tool.faces["left"], (30, 30), (60, 70))
    answered(tool, qtbot)
    (edit,) = tool.history.question.left
    assert edit.kind == "patch"
    assert (edit.x + 16, edit.y + 16) == pytest.approx((60, 70), abs=1)
    assert tool.answer.after.score != before and tool.answer.covered.sum() == pytest.approx(4, 0.2)
    assert np.array_equal(tool.maps[0].values, tool.answer.after.cosine)  # type: ignore[arg-type]
    evidence = tool.answer.before.evidence(tool.session.threshold)
    assert np.array_equal(tool.maps[2].values, evidence)  # type: ignore[arg-type]
    assert "predicted" in tool.words.text() and "agreement" in tool.words.text()
    # One drag is one step, and the way back is exact.
    QTest.keyClick(tool, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    answered(tool, qtbot)
    assert tool.history.question == Question() and tool.answer.after.score == before
    tool.panel.redo.click()
    answered(tool, qtbot)
    assert tool.history.question.left == (edit,)


def test_keys_numbers_and_the_list_change_an_edit(tool: WhatIfWindow, qtbot: QtBot) -> None:
    view = tool.faces["right"]
    QTest.keyClick(tool, Qt.Key.Key_8)
    assert tool.panel.tool == "turn"
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Space)
    assert tool.history.question.right == (Edit("turn", strength=10),)
    QTest.keyClick(view, Qt.Key.Key_Plus)
    assert tool.history.question.right == (Edit("turn", strength=11),)
    box = tool.panel.settings._boxes["strength"]
    box.setValue(-4)
    assert tool.history.question.right == (Edit("turn", strength=-4),)
    answered(tool, qtbot)
    assert tool.answer is not None and tool.answer.agreement is None  # nothing is covered
    QTest.keyClick(tool, Qt.Key.Key_Delete)
    assert tool.history.question.right == () and tool.panel.list.count() == 0


def test_a_painted_mask_is_one_stroke(tool: WhatIfWindow, qtbot: QtBot) -> None:
    tool.panel.set_tool("mask")
    drag(tool.faces["left"], (10, 50), (100, 50))
    answered(tool, qtbot)
    (stroke,) = tool.history.question.left
    assert len(stroke.points) > 2 and tool.answer is not None
    assert (tool.answer.left.crop[50, 15:95] == 127).all()


def test_each_pair_keeps_its_edits(window: MainWindow, tool: WhatIfWindow, qtbot: QtBot) -> None:
    drag(tool.faces["left"], (30, 30), (40, 40))
    kept = tool.history.question
    window.session.select_pair(0, 4)
    qtbot.waitUntil(lambda: tool.history.question == Question(), timeout=30_000)
    window.session.select_pair(0, 3)
    qtbot.waitUntil(lambda: tool.history.question == kept, timeout=30_000)
    answered(tool, qtbot)


def test_a_threshold_moves_the_verdict_without_features(
    window: MainWindow, tool: WhatIfWindow, qtbot: QtBot
) -> None:
    drag(tool.faces["left"], (30, 30), (40, 40))
    answered(tool, qtbot)
    editor, question = tool.editor, tool.history.question
    assert tool.answer is not None
    after = tool.answer.after
    for threshold, said in ((after.score - 0.001, "same person"), (0.99999, "different people")):
        window.session.set_threshold(threshold)
        assert said in tool.words.text()
        for view, one in zip(tool.maps[2:], (tool.answer.before, after), strict=True):
            assert view.values is not None
            assert view.values.sum() == pytest.approx(one.score - threshold, abs=1e-6)
    assert tool.editor is editor and tool.answer.after is after
    assert tool.history.question == question


def test_faithfulness_is_measured_when_nobody_edits(tool: WhatIfWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(
        lambda: tool.faithfulness is not None and len(tool.faithfulness.real) == 72, timeout=30_000
    )
    assert "72 patches" in tool.trust.text()


def unmeasured(tool: WhatIfWindow, qtbot: QtBot) -> None:
    tool.hide()
    qtbot.waitUntil(lambda: tool_rests(tool))
    tool.faithfulness = None  # where it was quicker than the test


def test_faithfulness_follows_an_answer_that_takes_longer_than_the_rest(
    tool: WhatIfWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, known, may = PairEditor.ask, Event(), Event()

    def slow(editor: PairEditor, question: Question) -> WhatIf:
        known.set()
        assert may.wait(60)
        return asked(editor, question)

    unmeasured(tool, qtbot)
    monkeypatch.setattr(PairEditor, "ask", slow)
    tool._rest.setInterval(1)
    tool.show()
    drag(tool.faces["left"], (30, 30), (40, 40))
    qtbot.waitUntil(known.is_set)
    qtbot.waitUntil(lambda: not tool._rest.isActive())
    assert tool.faithfulness is None
    may.set()
    qtbot.waitUntil(
        lambda: tool.faithfulness is not None and len(tool.faithfulness.real) == 72, timeout=30_000
    )


def test_faithfulness_goes_on_where_the_window_was_hidden(tool: WhatIfWindow, qtbot: QtBot) -> None:
    unmeasured(tool, qtbot)
    tool.show()
    qtbot.waitUntil(
        lambda: tool.faithfulness is not None and len(tool.faithfulness.real) == 72, timeout=30_000
    )


def test_saving_writes_the_edited_face_and_its_numbers(
    window: MainWindow, tool: WhatIfWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    drag(tool.faces["left"], (30, 30), (40, 40))
    answered(tool, qtbot)
    tool.save_to(tmp_path / "w.json")
    said = json.loads((tmp_path / "w.json").read_text(encoding="utf-8"))
    assert said["edits"]["left"] == [tool.history.question.left[0].text]
    assert said["real_change"] == pytest.approx(said["score"] - said["before"]["score"])
    saved = np.asarray(Image.open(tmp_path / "w-left.png"))
    crop = window.session.crop(window.session.faces_of((0, 3))[0], True)
    assert np.array_equal(saved, apply_edits(crop, tool.history.question.left).crop)
    assert not (tmp_path / "w-right.png").exists()
    tool.save_to(tmp_path / "w.doc")
    assert "must end in one of" in tool.note.text()


def test_the_flip_window_names_cells_and_finds_an_edit(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = window.session
    session.select_pair(0, 1)
    assert session.explanation is not None
    session.set_threshold(session.explanation.score - 1e-6)
    flip = opened(window, "flip")
    assert isinstance(flip, FlipWindow)
    assert "of 49" in flip.cells_text.text() and not flip.save.isEnabled()
    lost = flip.maps[2].values
    assert lost is not None and lost.sum() <= 0  # the verdict is "same", and flips without them
    shown, law = session.explanation, session.explanation.law
    assert law == "additive" and flip.maps[2].title.text().startswith("If they gave nothing")
    report = session.report()
    assert report is not None and report.evidence is not None
    gone = deciding_cells(report.evidence, shown.contribution, "strict").without
    left = shown.attention.copy()
    left[tuple(np.array(gone).T)] = 0  # attention leaves them, and the rest weighs as much as all
    with monkeypatch.context() as only:
        only.setattr(session, "explanation", replace(shown, law="strict"))
        flip._show_cells()
    margin = np.average(shown.cosine, weights=left) - session.threshold
    assert flip.maps[2].title.text() == f"If they were hidden  (sum {margin:z.3f})".replace(
        "-", "\N{MINUS SIGN}"
    )
    flip._show_cells()
    flip.kind.setCurrentIndex(flip.kind.findData("patch"))
    flip.start.click()
    qtbot.waitUntil(lambda: flip.search is not None and not flip.job.running, timeout=60_000)
    assert flip.search is not None and flip.search.found is not None
    assert flip.answer is not None and flip.answer.after.score <= window.session.threshold
    assert flip.search.words in flip.search_text.text()
    found, before = flip.search, window.session.threshold
    window.session.set_threshold(before + 0.001)  # a drag is no other pair
    assert flip.search is found and flip.save.isEnabled()
    assert f"at the threshold {before:.3f}; search again for" in flip.search_text.text()
    window.session.set_threshold(before)
    assert "search again" not in flip.search_text.text()
    editor = flip._editor
    flip.kind.setCurrentIndex(flip.kind.findData("dark"))
    flip.start.click()
    qtbot.waitUntil(lambda: not flip.job.running and flip.search is not found, timeout=60_000)
    assert flip._editor is editor is not None  # the pair is read once
    flip.kind.setCurrentIndex(flip.kind.findData("patch"))
    flip.start.click()
    qtbot.waitUntil(lambda: not flip.job.running and flip.search == found, timeout=60_000)
    flip.save_to(tmp_path / "flip.json")
    said = json.loads((tmp_path / "flip.json").read_text(encoding="utf-8"))
    assert said["verdict"] == "different" and said["before"]["verdict"] == "same"
    session.select_pair(0, 4)
    assert flip.search is None and not flip.save.isEnabled()


def test_fragile_pairs_reach_the_list_and_follow_the_threshold(
    window: MainWindow, qtbot: QtBot
) -> None:
    session = window.session
    assert session.matrix is not None
    scores = np.sort(session.matrix.scores[np.triu_indices(6, 1)].astype(np.float64))
    session.set_threshold(float(scores[7:9].mean()))
    fragile = opened(window, "fragile")
    assert isinstance(fragile, FragileWindow)
    assert not fragile.shown.filled and not fragile.faces.isVisible()
    fragile.shown.empty.buttons[0].click()
    assert fragile.shown.empty.title.text() == "Moving faces…" and not fragile.shown.empty.buttons
    qtbot.waitUntil(lambda: session.fragile is not None, timeout=60_000)
    assert fragile.shown.filled
    found = session.fragile
    assert found is not None
    count = int(np.triu(found.fragile, 1).sum())
    assert count > 0 and fragile.words.text().startswith(
        f"{count} of 15 pairs {'is' if count == 1 else 'are'} fragile"
    )
    fragile.faces.horizontalHeader().setSortIndicator(1, Qt.SortOrder.AscendingOrder)
    flips = [int(fragile.faces.item(row, 1).text()) for row in range(fragile.faces.rowCount())]
    assert flips == sorted(flips) and len(flips) > 1
    name = fragile.faces.item(0, 0).text()
    fragile.faces.itemActivated.emit(fragile.faces.item(0, 1))  # the face that the row shows now
    assert session.listed is not None and len(session.listed)
    for pair in zip(session.listed.rows.tolist(), session.listed.columns.tolist(), strict=True):
        assert name in [face.key for face in session.faces_of(pair)]
    fragile.list_all.click()
    qtbot.waitUntil(lambda: session.listed is not None and len(session.listed) == count)
    assert session.listed is not None
    assert found.fragile[session.listed.rows, session.listed.columns].all()
    session.set_threshold(-1.0)
    qtbot.waitUntil(
        lambda: session.fragile is not None and session.fragile.threshold == -1, timeout=30_000
    )
    assert fragile.words.text().startswith("0 of 15 pairs")
