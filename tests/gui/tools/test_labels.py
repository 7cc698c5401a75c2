"""The window on labels: findings, decisions by keys, undo, counts before and after, exports."""

import shutil
from pathlib import Path
from threading import Event

import pytest
from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from core.analysis.labels.findings import FINDING_KINDS
from core.project.project import Project
from tests.gui.resting import tool_rests
from xcos_gui.shell.tool_menu import GALLERY_TOOLS
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.labels import search
from xcos_gui.tools.labels.model import FindingsModel
from xcos_gui.tools.labels.window import LabelsWindow

TOOL = next(tool for tool in GALLERY_TOOLS if tool.place[0] == "labels.window")


def opened(empty: MainWindow, qtbot: QtBot, crops: Path) -> LabelsWindow:
    shutil.copy(crops / "ann" / "1.png", crops / "ann" / "twice.png")
    empty.session.open_gallery(crops)
    tool = empty.show_tool(TOOL)
    assert isinstance(tool, LabelsWindow)
    qtbot.waitUntil(lambda: tool.found is not None and tool.quality is not None, timeout=60_000)
    return tool


def choose(tool: LabelsWindow, names: tuple[str, ...]) -> None:
    tool.kinds.setCurrentIndex(FINDING_KINDS.index("near-duplicate"))
    row = next(k for k, f in enumerate(tool.model.findings) if f.names == names)
    tool.table.selectRow(row)


def test_keys_decide_and_undo_takes_back(empty: MainWindow, qtbot: QtBot, crops: Path) -> None:
    tool = opened(empty, qtbot, crops)
    before = {p: p.read_bytes() for p in crops.rglob("*.png")}
    names = ("ann/1.png", "ann/twice.png")
    choose(tool, names)
    finding = tool.listed()
    session = empty.session
    assert finding is not None and session.loaded is not None and session.project is not None
    assert "show one picture" in tool.view.says.text()
    tool.activateWindow()
    qtbot.keyClick(tool.table, Qt.Key.Key_A)
    qtbot.waitUntil(
        lambda: session.loaded is not None and len(session.loaded) == 6 and not session.busy,
        timeout=60_000,
    )
    assert session.project.edits.decisions[finding.key] == "accept"
    place = next(k for k, f in enumerate(tool.model.findings) if f.names == names)
    assert tool.model.decision(place) == "accept"  # still listed
    qtbot.waitUntil(
        lambda: tool.quality is not None and tool.quality[1].counts.genuine == 3 + 1,
        timeout=60_000,
    )
    assert tool.quality is not None and tool.quality[0].counts.genuine == 6 + 1
    assert "1 decided" in tool.kinds.tabText(FINDING_KINDS.index("near-duplicate"))
    kept = Project.open(crops, session.cache.folder)
    assert kept.edits.decisions == {finding.key: "accept"} and kept.edits.aside == (names[1],)
    session.edit(Project.undo)
    qtbot.waitUntil(
        lambda: session.loaded is not None and len(session.loaded) == 7 and not session.busy,
        timeout=60_000,
    )
    assert tool.model.decision(place) is None
    assert {p: p.read_bytes() for p in crops.rglob("*.png")} == before


def test_people_of_another_gallery_and_exports(
    empty: MainWindow, qtbot: QtBot, crops: Path, tmp_path: Path
) -> None:
    tool = opened(empty, qtbot, crops)
    tool.kinds.setCurrentIndex(FINDING_KINDS.index("shared-person"))
    assert not tool.shown.filled and tool.shown.empty.buttons[0].text() == "Other gallery…"
    other = tmp_path / "other"
    shutil.copytree(crops / "bob", other / "robert")
    tool.compare_with(other)
    qtbot.waitUntil(
        lambda: any(f.names == ("robert", "bob") for f in tool.model.findings), timeout=60_000
    )
    table = tmp_path / "corrected.csv"
    tool.exports.write_csv(table)
    qtbot.waitUntil(lambda: "7 photos to" in tool.note.text(), timeout=20_000)
    assert len(table.read_text().splitlines()) == 8
    tool.exports.copy_to(crops / "inside")
    qtbot.waitUntil(lambda: "outside of it" in tool.note.text(), timeout=20_000)


def test_without_identities_it_says_what_to_do(
    empty: MainWindow, qtbot: QtBot, crops: Path
) -> None:
    empty.session.open_gallery(crops / "ann")
    tool = empty.show_tool(TOOL)
    assert isinstance(tool, LabelsWindow)
    qtbot.waitUntil(lambda: tool.quality is not None, timeout=60_000)
    tool.kinds.setCurrentIndex(FINDING_KINDS.index("wrong-identity"))
    assert (
        "F2" in tool.shown.empty.advice.text() and "no errors to count" in tool.before_after.text()
    )


def test_the_model(
    empty: MainWindow, qtbot: QtBot, crops: Path, qtmodeltester: ModelTester
) -> None:
    tool = opened(empty, qtbot, crops)
    assert tool.found is not None
    model = FindingsModel()
    model.show(tool.found.findings)
    qtmodeltester.check(model)


def test_a_search_and_a_copy_of_the_photos_do_not_end_each_other(
    empty: MainWindow, qtbot: QtBot, crops: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = opened(empty, qtbot, crops)
    copied, may = shutil.copyfile, Event()

    def copy_slowly(source: Path, target: Path) -> None:
        assert may.wait(10)
        copied(source, target)

    monkeypatch.setattr("core.analysis.labels.export.shutil.copyfile", copy_slowly)
    tool.exports.copy_to(tmp_path / "copies")
    former = tool.found
    empty.session.set_threshold(0.3)
    qtbot.waitUntil(lambda: tool.found is not former, timeout=60_000)
    assert tool.exports.progress.isVisible() and not tool.progress.isVisible()
    tool.exports.write_csv(tmp_path / "labels.csv")
    assert "wait until that has ended" in tool.note.text()
    tool.search()
    may.set()
    qtbot.waitUntil(lambda: not tool.exports.job.running and not tool.job.running, timeout=60_000)
    assert len(list((tmp_path / "copies").rglob("*.png"))) == 7
    assert not (tmp_path / "labels.csv").exists() and not tool.exports.progress.isVisible()


def test_escape_stops_a_copy(
    empty: MainWindow, qtbot: QtBot, crops: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = opened(empty, qtbot, crops)
    qtbot.waitUntil(lambda: tool_rests(tool), timeout=60_000)
    may = Event()
    monkeypatch.setattr("core.analysis.labels.export.shutil.copyfile", lambda *_: may.wait(10))
    tool.exports.copy_to(tmp_path / "copies")
    qtbot.keyClick(tool, Qt.Key.Key_Escape)
    may.set()
    qtbot.waitUntil(lambda: not tool.exports.job.running)
    assert tool.note.text() == "Copying photos was stopped." and tool.isVisible()


def test_findings_of_a_former_gallery_are_gone_and_nothing_is_decided_on_them(
    empty: MainWindow, qtbot: QtBot, crops: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool, session = opened(empty, qtbot, crops), empty.session
    qtbot.waitUntil(lambda: tool_rests(tool), timeout=60_000)
    choose(tool, ("ann/1.png", "ann/twice.png"))
    again, may = shutil.copytree(crops, tmp_path / "again"), Event()
    find = search.find_in_labels
    monkeypatch.setattr(search, "find_in_labels", lambda *a: may.wait(10) and find(*a))
    session.open_gallery(again)
    qtbot.waitUntil(lambda: session.source == again and tool.job.running, timeout=60_000)
    assert not tool.model.findings and tool.before_after.text() == ""
    assert tool.shown.empty.title.text() == "Searching the labels…"
    tool.activateWindow()
    qtbot.keyClick(tool, Qt.Key.Key_A)
    qtbot.keyClick(tool, Qt.Key.Key_Escape)
    monkeypatch.setattr(search, "find_in_labels", find)
    may.set()
    qtbot.waitUntil(lambda: not tool.job.running)
    qtbot.keyClick(tool, Qt.Key.Key_A)
    assert not session.project.edits.decisions and not session.project.edits.aside
    tool.again.click()
    qtbot.waitUntil(lambda: tool.found is not None and tool_rests(tool), timeout=60_000)
    choose(tool, ("ann/1.png", "ann/twice.png"))
    qtbot.keyClick(tool, Qt.Key.Key_A)
    assert list(session.project.edits.aside) == ["ann/twice.png"]


def test_a_forgotten_gallery_leaves_no_count_of_errors(
    empty: MainWindow, qtbot: QtBot, crops: Path
) -> None:
    tool = opened(empty, qtbot, crops)
    assert tool.before_after.text().startswith("Before: ")
    empty.session.forget_gallery()
    assert tool.before_after.text() == "" and tool.found is None
    assert tool.shown.empty.title.text() == "Open a gallery"
