"""What the user sees and does in the window, with the real core behind it."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from core.faces.face import Face, Problem
from core.gallery.gallery import Gallery
from core.project.project import Project
from core.scoring.lists import PairList
from tests.gui.resting import settled
from xcos_gui.panels.gallery.model import ProblemsModel
from xcos_gui.panels.pairs.model import SCORE
from xcos_gui.shell.tool_menu import ALL_TOOLS
from xcos_gui.shell.window import MainWindow

SCORED = 60_000


def test_the_matrix_of_the_gallery_is_shown(window: MainWindow) -> None:
    session = window.session
    assert session.matrix is not None and session.matrix.scores.shape == (6, 6)
    assert window.gallery.model.rowCount() == 6
    assert "6 faces" in window.windowTitle()
    assert "tiny · learned attention · order both · threshold 0.4600" in window._state.text()
    assert not window.matrix.item.boundingRect().isEmpty()


def test_the_inspector_shows_cores_numbers(window: MainWindow) -> None:
    session = window.session
    session.select_pair(0, 3)
    assert session.matrix is not None and session.explanation is not None
    score = float(session.matrix.scores[0, 3])
    assert session.explanation.score == pytest.approx(score, abs=1e-5)
    assert f"score {session.explanation.score:.4f}" in window.inspector.numbers.text()
    assert "threshold 0.4600" in window.inspector.numbers.text()
    assert "FC cosine" in window.inspector.numbers.text()
    model = window.inspector.cells
    assert model.rowCount() == 49
    assert model.index(48, 7).data() == f"{session.explanation.score:.4f}"
    model.sort(2, Qt.SortOrder.AscendingOrder)  # another order, the same end
    assert model.index(48, 7).data() == f"{session.explanation.score:.4f}"


def test_the_threshold_moves_everything_without_the_model(window: MainWindow, qtbot: QtBot) -> None:
    session, before = window.session, window.session.matrix
    for threshold in (-1.0, 1.0):
        window.curves.spin.setValue(threshold)
        assert session.threshold == threshold
        same = threshold < 0
        assert window.curves.counts["TP"].text().startswith(f"TP  {4 if same else 0}\n")
        assert window.curves.counts["FP"].text().startswith(f"FP  {11 if same else 0}\n")
        assert window.curves.counts["FN"].text().startswith(f"FN  {0 if same else 4}\n")
        assert window.inspector.words.text().startswith("Same" if same else "Different")
        assert window.curves.plots.line.value() == threshold
    assert session.matrix is before
    window.curves.plots.line.setValue(0.25)  # dragging the line in the histogram
    assert session.threshold == 0.25 and window.curves.spin.value() == 0.25
    session.set_threshold(None)
    assert session.threshold == 0.46


def test_a_count_lists_its_pairs_and_a_row_selects(window: MainWindow, qtbot: QtBot) -> None:
    window.session.set_threshold(-1.0)
    window.curves.counts["FP"].click()
    qtbot.waitUntil(lambda: window.pairs.model.rowCount() == 11)
    scores = [
        float(window.pairs.model.index(row, SCORE).data().split()[0].replace("\N{MINUS SIGN}", "-"))
        for row in range(11)
    ]
    assert scores == sorted(scores, reverse=True)
    window.pairs.table.selectRow(4)
    assert window.session.pair == window.pairs.model.cell(4)


def test_attention_and_order_switch(window: MainWindow, qtbot: QtBot) -> None:
    session = window.session
    session.select_pair(0, 4)
    for kind in ("uniform", "correlation", "learned"):
        session.set_kind(kind)  # type: ignore[arg-type]
        settled(window, qtbot)
        assert session.matrix is not None and session.matrix.kind == kind
        assert session.explanation is not None
        assert session.explanation.score == pytest.approx(
            float(session.matrix.scores[0, 4]), abs=1e-5
        )
    session.set_order("left-right")
    settled(window, qtbot)
    forward = session.explanation
    session.set_order("right-left")
    settled(window, qtbot)
    session.swap_pair()
    assert forward is not None and session.explanation is not None
    np.testing.assert_allclose(session.explanation.attention, forward.attention, atol=1e-9)


def test_renaming_is_of_all_faces_of_an_identity(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answer(_: QWidget, title: str, question: str, text: str) -> tuple[str, bool]:
        asked.append(f"{title}: {question} [{text}]")
        return " Bobby ", True

    monkeypatch.setattr("xcos_gui.panels.gallery.panel.QInputDialog.getText", answer)
    row = window.gallery.model.row_of("bob/2.png")
    assert row is not None
    choose = window.gallery.view.selectionModel()
    choose.select(window.gallery.grouped.place_of(row), choose.SelectionFlag.Select)
    window.gallery.rename()
    settled(window, qtbot)
    assert asked == ["Rename identity: Who do these 2 faces show? (empty: unknown) [bob]"]
    assert window.session.loaded is not None
    found = [face.identity for face in window.session.loaded.gallery.faces]
    assert sorted(map(str, found)) == ["Bobby"] * 2 + ["ann"] * 3 + ["cem"]


def test_rename_merge_aside_and_undo(window: MainWindow, qtbot: QtBot) -> None:
    session = window.session
    assert session.loaded is not None
    bobs = [f for f in session.loaded.gallery.faces if f.identity == "bob"]
    session.rename(bobs, "ann")
    settled(window, qtbot)
    assert session.statistics is not None
    assert len(session.statistics.genuine) == 10  # five faces of one person
    assert session.matrix is not None
    rows, columns = np.triu_indices(6, 1)
    session.list_pairs("all", PairList(rows, columns, session.matrix.scores[rows, columns]))
    assert window.pairs._count.text() == "15 pairs"
    session.edit(lambda project: project.set_aside(["cem/1.png"]))
    settled(window, qtbot)
    assert window.pairs._count.text() == "15 pairs, 5 of them not in this gallery any more"
    assert {window.pairs.model.cell(k) for k in range(10)} == {
        *zip(*np.triu_indices(5, 1), strict=True)
    }
    assert window.gallery.model.rowCount() == 5 and window.gallery.aside_model.rowCount() == 1
    session.edit(Project.undo)
    session.edit(Project.undo)
    settled(window, qtbot)
    assert window.gallery.model.rowCount() == 6
    assert session.statistics is not None and len(session.statistics.genuine) == 4
    assert window._menus._redo.isEnabled() and not window._menus._undo.isEnabled()


def test_search(window: MainWindow) -> None:
    window.gallery._search.setText("BOB")
    assert window.gallery.model.rowCount() == 2
    window.gallery._search.setText("")
    assert window.gallery.model.rowCount() == 6


def test_dropping_a_folder_opens_it(empty: MainWindow, qtbot: QtBot, crops: Path) -> None:
    drop(empty, [crops])
    settled(empty, qtbot)
    assert empty.session.source == crops
    empty.gallery._search.setText("cem")
    empty.session.edit(lambda project: project.undo())
    assert empty.gallery._search.text() == "cem"  # the same gallery still
    drop(empty, [crops / "ann" / "1.png", crops / "bob" / "2.png"])
    qtbot.waitUntil(
        lambda: empty.gallery._search.text() == "" and empty.gallery.model.rowCount() == 2,
        timeout=SCORED,
    )
    assert empty.session.loaded is not None and len(empty.session.loaded) == 2


def drop(window: MainWindow, paths: list[Path]) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    action, button = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    event = QDropEvent(QPointF(5, 5), action, data, button, Qt.KeyboardModifier.NoModifier)
    window.dropEvent(event)


def test_probes_make_the_rows(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, crops: Path
) -> None:
    probes = tmp_path / "probes" / "bob"
    probes.mkdir(parents=True)
    for name in ("1.png", "2.png"):
        (probes / name).write_bytes((crops / "bob" / name).read_bytes())
    window.session.open_probes(tmp_path / "probes")
    qtbot.waitUntil(
        lambda: window.session.matrix is not None and window.session.matrix.scores.shape == (2, 6),
        timeout=SCORED,
    )
    assert window.session.statistics is not None
    assert len(window.session.statistics.genuine) == 4
    window.session.open_probes(None)
    qtbot.waitUntil(
        lambda: window.session.matrix is not None and window.session.matrix.scores.shape == (6, 6),
        timeout=SCORED,
    )


def test_doubtful_faces_stand_below_the_problems(qapp: QApplication) -> None:
    doubtful = Face("small.png", 1, None, None, "d", "has 12 pixels between the eyes")
    problem = Problem("bad.png", "bad.png is damaged")
    gallery = Gallery(Path("g"), Path("g"), (doubtful,), (problem,))
    session = SimpleNamespace(loaded=SimpleNamespace(gallery=gallery), probes=None)
    problems = ProblemsModel(session)  # type: ignore[arg-type]
    problems.refresh()
    assert problems.rowCount() == 2 and problems.index(0, 0).data() == "bad.png is damaged"
    assert "small.png" in problems.index(1, 0).data()
    assert "12 pixels between the eyes" in problems.index(1, 0).data()


def test_problems_and_messages(empty: MainWindow, qtbot: QtBot, crops: Path) -> None:
    (crops / "ann" / "bad.png").write_bytes(b"x")
    messages: list[str] = []
    empty.session.message.connect(messages.append)
    empty.session.open_gallery(crops)
    settled(empty, qtbot)
    problems = empty.gallery.problems.model()
    assert problems.rowCount() == 1
    assert "bad.png" in problems.index(0, 0).data()
    asked: list[str] = []
    empty.gallery.edit_alignment.connect(lambda face: asked.append(face.photo))
    empty.gallery._tabs.setCurrentWidget(empty.gallery.problems)
    empty.gallery.problems.setCurrentIndex(problems.index(0, 0))
    empty.gallery.align_selected()
    assert asked == ["ann/bad.png"]
    empty.session.open_gallery(crops / "nowhere")
    qtbot.waitUntil(lambda: any("does not exist" in text for text in messages), timeout=SCORED)
    assert empty.session.matrix is not None  # what was shown stays
    empty.session.set_model(crops / "ann" / "1.png")
    qtbot.waitUntil(lambda: not empty.session.busy)
    assert (
        "1.png" in messages[-1]
        and empty.session.card is not None
        and empty.session.card.name == "tiny"
    )


def test_one_photo_and_unknown_identities(
    empty: MainWindow, qtbot: QtBot, crops: Path, tmp_path: Path
) -> None:
    empty.session.open_gallery(crops / "cem")
    settled(empty, qtbot)
    assert empty.session.matrix is not None and empty.session.matrix.pairs == 0
    flat = tmp_path / "flat"
    flat.mkdir()
    for number, name in enumerate(("ann/1.png", "bob/1.png", "cem/1.png")):
        (flat / f"photo{number}.png").write_bytes((crops / name).read_bytes())
    empty.session.open_gallery(flat)
    qtbot.waitUntil(
        lambda: empty.session.statistics is not None and empty.session.statistics.unknown == 3,
        timeout=SCORED,
    )
    assert "No identities are known" in empty.curves.summary.text()


def test_newest_gallery_wins(empty: MainWindow, qtbot: QtBot, crops: Path) -> None:
    for name in ("ann", "bob", "ann"):
        empty.session.open_gallery(crops / name)
    qtbot.waitUntil(
        lambda: not empty.session.busy and empty.session.loaded is not None, timeout=SCORED
    )
    assert empty.session.loaded is not None and len(empty.session.loaded) == 3


def test_closing_while_loading(empty: MainWindow, crops: Path) -> None:
    empty.session.open_gallery(crops)
    empty.close()  # returns, and the threads are gone
    assert not empty.session.busy


def test_forgetting(window: MainWindow, qtbot: QtBot, crops: Path) -> None:
    window.session.edit(lambda project: project.set_aside(["cem/1.png"]))
    settled(window, qtbot)
    window.session.forget_gallery()
    assert window.session.loaded is None and window.gallery.model.rowCount() == 0
    assert not list(window.session.cache.folder.glob("project-*.json"))
    assert (crops / "cem" / "1.png").exists()


def test_models_keep_qts_rules(window: MainWindow, qtmodeltester: ModelTester) -> None:
    for model in (window.gallery.model, window.inspector.cells, window.pairs.model):
        qtmodeltester.check(model)


def test_a_window_that_closes_is_gone_before_its_work_has_ended(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = window.show_tool(ALL_TOOLS[0])
    seen: list[bool] = []
    end = window.commands.close
    monkeypatch.setattr(
        window.commands,
        "close",
        lambda: (seen.extend((window.isVisible(), tool.isVisible())), end()),
    )
    window.close()
    assert seen == [False, False]


def walked(first: QWidget, key: Qt.Key = Qt.Key.Key_Tab) -> list[QWidget]:
    """What the Tab key comes by in a window until it is back where it was."""
    first.setFocus()
    passed = [first]
    for _ in range(200):
        QTest.keyClick(passed[-1], key)
        now = QApplication.focusWidget()
        assert now is not None and now is not passed[-1], passed[-1]
        if now is first:
            return passed
        passed.append(now)
    raise AssertionError("Tab does not come round")


def test_tab_comes_round_and_stops_at_nothing_unseen(window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    notes, pair = window.docks["notes"], window.docks["inspector"]
    for shown, hidden in ((pair, notes), (notes, pair)):
        shown.raise_()
        qtbot.waitUntil(lambda d=hidden: d.visibleRegion().isEmpty())  # type: ignore[misc]
        passed = walked(window.matrix)
        assert any(shown.isAncestorOf(widget) for widget in passed)
        assert not any(hidden.isAncestorOf(widget) for widget in passed)
        # The same stops the other way round.
        assert walked(window.matrix, Qt.Key.Key_Backtab)[1:] == passed[:0:-1]
    assert {window.pairs.table, window.gallery.view} <= {*passed}


def test_tab_comes_round_in_every_tool(empty: MainWindow, qtbot: QtBot) -> None:
    for tool in ALL_TOOLS:
        shown = empty.show_tool(tool)
        shown.activateWindow()
        qtbot.waitUntil(shown.isActiveWindow)
        QTest.keyClick(shown, Qt.Key.Key_Tab)
        first = QApplication.focusWidget()
        if first is None:  # all waits for a gallery
            assert tool.place == ("fragile", "FragileWindow")
        else:
            assert first is not shown and walked(first), tool.place
        shown.close()


def test_that_a_filter_is_on_is_told_also_in_another_gallery(
    window: MainWindow, qtbot: QtBot, crops: Path, tmp_path: Path
) -> None:
    session, told = window.session, window._state
    assert "filtered" not in told.text() and told.toolTip() == ""
    session.set_filter("score > 0.2")
    settled(window, qtbot)
    assert told.text().endswith(" · filtered") and told.toolTip() == "score > 0.2"
    shutil.copytree(crops, tmp_path / "copy")
    session.open_gallery(tmp_path / "copy")
    settled(window, qtbot)
    assert told.text().endswith(" · filtered")
    session.set_filter("")
    settled(window, qtbot)
    assert "filtered" not in told.text() and told.toolTip() == ""
