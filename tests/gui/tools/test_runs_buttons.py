"""The buttons of the runs: each asks for its own of the first chosen run, and no other."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from pathlib import Path

import numpy as np
from PySide6.QtGui import QDesktopServices, QPalette
from pytestqt.qtbot import QtBot

from tests.gui.tools.test_shown import curves, panel, view_of  # noqa: F401
from xcos_gui.tools.training import runs
from xcos_gui.tools.training.runs import RunsPanel
from xcos_gui.widgets.theme import dark_palette

STATES = {"c": "finished", "b": "running", "a": "failed"}


@pytest.fixture
def three(panel: RunsPanel, monkeypatch: pytest.MonkeyPatch) -> RunsPanel:  # noqa: F811
    """Three runs, the newest finished."""

    def look(path: Path) -> object:
        weights = path / "w.safetensors" if STATES[path.name] == "finished" else None
        return view_of(path.name, state=STATES[path.name], what="Odd.", weights=weights, total=7)

    monkeypatch.setattr(runs, "runs_in", lambda _: [Path("/runs") / name for name in STATES])
    monkeypatch.setattr(runs, "look", look)
    panel.refresh()
    return panel


def test_a_button_asks_for_its_own(three: RunsPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[tuple[str, Path]] = []
    for name in ("resume_asked", "use_asked", "compare_asked", "result_asked"):
        getattr(three, name).connect(lambda path, name=name: said.append((name, path)))
    stopped: list[Path] = []
    monkeypatch.setattr(runs, "ask_to_stop", stopped.append)
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    folder, weights = Path("/runs/c"), Path("/runs/c/w.safetensors")
    for button in (three.stop, three.resume, three.folder, three.result, three.compare, three.use):
        button.click()
    assert opened == [str(folder)] and stopped == []
    assert said == [("result_asked", folder), ("compare_asked", weights), ("use_asked", weights)]
    said.clear()
    three.choose(Path("/runs/b"))
    enabled = [
        b.isEnabled()
        for b in (three.stop, three.resume, three.folder, three.result, three.compare, three.use)
    ]
    assert enabled == [True, False, True, False, False, False]
    three.stop.click()
    assert stopped == [Path("/runs/b")]
    three.choose(Path("/runs/a"))
    three.resume.click()
    assert said == [("resume_asked", Path("/runs/a"))]
    three.list.selectAll()
    three.stop_runs()  # of all that are chosen, those that run
    assert stopped == [Path("/runs/b")] * 2


def test_what_the_stopping_of_a_run_says_is_told(
    three: RunsPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.errors import XCosError

    def refuse(_: Path) -> None:
        raise XCosError("It cannot be written.")

    monkeypatch.setattr(runs, "ask_to_stop", refuse)
    told: list[str] = []
    three.told.connect(told.append)
    three.choose(Path("/runs/b"))
    three.stop.click()
    assert told == ["It cannot be written."]


def test_several_runs_lie_over_each_other_in_hues_of_their_own(three: RunsPanel) -> None:
    three.list.selectAll()
    loss, rate, accuracy = (curves(plot) for plot in three.plots)
    assert list(loss) == ["c: total", "b: total", "a: total"]
    assert list(accuracy) == [f"{n}: {k}" for n in "cba" for k in ("learned", "fc")]
    for shown in (loss, accuracy):
        hues = [item.opts["pen"].color().name() for item in shown.values()]
        assert len({*hues}) == len(hues)
    assert [round(float(item.yData[-1]), 3) for item in rate.values()] == [0.3] * 3
    assert three.plots[0].getAxis("left").logMode and not three.plots[1].getAxis("left").logMode
    assert not three.plots[2].getAxis("left").logMode


def test_without_a_run_it_offers_one_and_curves_come_with_more_steps(
    three: RunsPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert three.shown.filled and len(curves(three.plots[0])["total"].xData) == 3
    longer = view_of("c", state="running", total=10)
    longer.log["step"] = np.arange(1.0, 5.0)
    longer.log["total"] = np.array([10.0, 5.0, 2.0, 1.5])
    longer.log["identification"] = longer.log["rate"] = longer.log["cosine"] = longer.log["total"]
    monkeypatch.setattr(runs, "look", lambda _: longer)
    three.refresh()
    assert (
        curves(three.plots[0])["total"].yData[-1] == pytest.approx(np.log10(1.5))
        or curves(three.plots[0])["total"].getOriginalDataset()[1][-1] == 1.5
    )
    monkeypatch.setattr(runs, "runs_in", lambda _: [])
    asked: list[None] = []
    three.new_asked.connect(lambda: asked.append(None))
    three.refresh()
    assert not three.shown.filled and three.shown.empty.title.text() == "No run yet"
    three.shown.empty.buttons[0].click()
    assert asked == [None] and three.list.count() == 0


def test_curves_lie_on_the_theme_s_ground(three: RunsPanel, qtbot: QtBot) -> None:
    three.show()
    light = three._graphics.backgroundBrush().color()
    assert light == three.palette().color(QPalette.ColorRole.Base)
    three.setPalette(dark_palette())
    assert (
        three._graphics.backgroundBrush().color()
        == dark_palette().color(QPalette.ColorRole.Base)
        != light
    )
