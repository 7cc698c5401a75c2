"""The window of saliency methods: maps, curves and words of the pair, as they are finished."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import json
from pathlib import Path

from PySide6.QtWidgets import QLabel, QSplitter
from pytestqt.qtbot import QtBot

from core.explain.saliency.compare import Comparison
from xcos_gui.shell.tool_menu import PAIR_TOOLS
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.compare.window import CompareWindow
from xcos_gui.widgets.theme import dark_palette, paint_axes

METHODS = ["xcos", "grad-cam", "occlusion", "rise"]
TOOL = next(tool for tool in PAIR_TOOLS if tool.place[0] == "compare.window")


def opened(window: MainWindow, qtbot: QtBot, controls: bool = False) -> CompareWindow:
    shown = window.show_tool(TOOL)
    assert isinstance(shown, CompareWindow)
    shown.with_controls.setChecked(controls)
    qtbot.waitUntil(lambda: shown.found is not None, timeout=120_000)
    return shown


def test_the_pair_is_compared(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.session.select_pair(0, 1)
    shown = opened(window, qtbot)
    assert list(shown.methods) == METHODS and not shown.controls
    explanation = window.session.explanation
    assert explanation is not None
    assert shown.methods["xcos"].map.map == pytest.approx(
        explanation.evidence(window.session.threshold), abs=1e-5
    )
    assert f"score {explanation.score:.3f}" in shown.about.text()
    assert "Attention and occlusion" in shown.words.text()
    assert "target" in shown.note.text()
    assert [shown.areas.item(row, 0).text() for row in range(shown.areas.rowCount())] == [
        "xCos evidence",
        "Grad-CAM, backbone",
        "Occlusion",
        "CorrRISE",
    ]
    area = shown.methods["rise"].curves.deletion.area
    assert shown.areas.item(3, 2).text().replace("\N{MINUS SIGN}", "-") == f"{area:.3f}"
    assert shown.ranks.item(2, 2).text() == "1.00"
    for plot in shown.curves.plots:
        assert len(plot.listDataItems()) == 4
    line = shown.fontMetrics().height()
    scale_ends = max(
        w.geometry().right() for w in shown.findChildren(QLabel) if w.text() == "for same"
    )
    assert (
        shown.with_controls.x() - scale_ends > 2 * line
    )  # what explains stands apart from what asks
    for split in shown.findChildren(QSplitter):
        first, second = split.sizes()  # maps above numbers, curves beside tables
        assert 0.25 < second / (first + second) < 0.5
    shown.columns["occlusion"].views[0].cell_changed.emit((3, 4))
    value = shown.methods["occlusion"].map.left[3, 4]
    told = shown.cell_text.text()
    assert told.startswith("row 4, column 5")
    assert f"occlusion {value:+.3f}".replace("-", "\N{MINUS SIGN}") in told
    for name in ("out.json", "out.png"):
        shown.save_to(tmp_path / name)
    said = json.loads((tmp_path / "out.json").read_text())
    assert list(said["methods"]) == METHODS and (tmp_path / "out.png").stat().st_size > 10_000
    shown.save_to(tmp_path / "out.docx")
    assert "must end in" in shown.note.text()


def test_controls_and_their_curves(window: MainWindow, qtbot: QtBot) -> None:
    shown = opened(window, qtbot, controls=True)
    assert list(shown.controls) == ["random", *(f"shuffled-{name}" for name in METHODS)]
    assert shown.areas.rowCount() == 9
    shown.areas.selectRow(2)
    # Four methods, the random order, and the chosen method's shuffled weights.
    names = [item.name() for item in shown.curves.plots[0].listDataItems()]
    assert names[4:] == ["Random order", "Occlusion, shuffled weights"]


def test_another_pair_is_compared_anew(window: MainWindow, qtbot: QtBot) -> None:
    shown = opened(window, qtbot)
    former = shown.found
    window.session.set_threshold(0.5)
    assert "press F5" in shown.note.text() and shown.found is former
    window.session.select_pair(3, 0)
    qtbot.waitUntil(
        lambda: isinstance(shown.found, Comparison) and shown.found is not former, timeout=120_000
    )
    explanation = window.session.explanation
    assert explanation is not None
    assert shown.methods["xcos"].map.map == pytest.approx(
        explanation.evidence(window.session.threshold), abs=1e-5
    )


def test_it_can_be_stopped_and_asked_again(window: MainWindow, qtbot: QtBot) -> None:
    shown = window.show_tool(TOOL)
    assert isinstance(shown, CompareWindow)
    shown.with_controls.setChecked(False)
    qtbot.waitUntil(lambda: bool(shown.methods), timeout=60_000)
    if shown.job.running:
        shown.job.stop()
        qtbot.waitUntil(lambda: not shown.job.running, timeout=60_000)
        assert "Stopped" in shown.note.text() or shown.found is not None
    assert shown.again.isEnabled()
    shown.again.click()
    qtbot.waitUntil(lambda: shown.found is not None, timeout=120_000)


def test_axes_keep_their_numbers_when_the_theme_changes(window: MainWindow, qtbot: QtBot) -> None:
    shown = opened(window, qtbot)
    for plot in shown.plots:
        paint_axes(plot, dark_palette())
        assert plot.getAxis("left").label.isVisible()
        assert plot.getAxis("left").autoSIPrefixScale == 1


def test_without_a_pair_it_says_what_to_do(empty: MainWindow, qtbot: QtBot) -> None:
    shown = empty.show_tool(TOOL)
    assert isinstance(shown, CompareWindow)
    qtbot.wait(400)
    assert "Choose a pair" in shown.words.text()
    assert not shown.again.isEnabled() and not shown.save.isEnabled()
