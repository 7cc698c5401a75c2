"""What tools draw and choose of what was computed, from answers made up here."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QTableWidget
from pytestqt.qtbot import QtBot

from core.explain.colours import map_rgba
from core.scoring.lists import PairList
from core.scoring.matrix import OUTCOMES
from core.training.watch import RunView
from xcos_gui.state.session import GROWN_TO, Session
from xcos_gui.tools.labels.window import LabelsWindow
from xcos_gui.tools.training import changed_pairs, runs
from xcos_gui.tools.training.changed_pairs import PairRequest
from xcos_gui.tools.training.runs import RunsPanel
from xcos_gui.tools.what_if.many import WhatIfManyWindow
from xcos_gui.tools.what_if.window import WhatIfWindow

MINUS = "\N{MINUS SIGN}"
NAN = float("nan")


def view_of(name: str, **more: Any) -> RunView:
    log = {
        "step": np.array([1.0, 2.0, 3.0]), "identification": np.array([9.0, 4.0, 1.0]),
        "cosine": np.full(3, NAN), "total": np.array([10.0, 5.0, 2.0]), "rate": np.array([0.1, 0.2, 0.3]),
        "photos_per_second": np.array([99.0, 12.4]), "seconds_per_step": np.array([50.0, 2.0, 2.0, 2.0, 2.0, 2.0]),
    }  # fmt: skip
    validation = {
        "step": np.array([2.0, 3.0]),
        "learned": np.array([0.9, 0.95]),
        "fc": np.array([NAN, 0.5]),
    }
    return RunView(Path("/runs") / name, log=log, validation=validation, **more)


@pytest.fixture
def panel(qtbot: QtBot, tmp_path: Path) -> RunsPanel:
    made = RunsPanel(tmp_path)
    qtbot.addWidget(made)
    return made


def curves(plot: pg.PlotItem) -> dict[str, pg.PlotDataItem]:
    return {item.name(): item for item in plot.listDataItems()}


def test_a_run_s_losses_rates_and_accuracies_are_drawn(panel: RunsPanel) -> None:
    panel._show_curves([view_of("a")])
    loss, rate, accuracy = (curves(plot) for plot in panel.plots)
    assert list(loss) == ["identification", "total"]  # what was never measured is left out
    np.testing.assert_allclose(loss["total"].yData, [10, 5, 2])
    np.testing.assert_allclose(rate["rate"].xData, [1, 2, 3])
    np.testing.assert_allclose(accuracy["learned"].yData, [90, 95])  # in per cent
    assert accuracy["fc"].opts["symbol"] == "o" and accuracy["learned"].opts["symbol"] is None
    hues = [item.opts["pen"].color() for item in (*loss.values(), *rate.values())]
    assert hues == [pg.intColor(k, 9) for k in range(3)]
    assert [accuracy[n].opts["pen"].color() for n in ("learned", "fc")] == [
        pg.intColor(k, 9) for k in (0, 1)
    ]
    assert "identification" in panel._loss.titleLabel.text and "rate" in panel._rate.titleLabel.text
    assert panel.waiting.isHidden() and not panel._graphics.isHidden()
    panel._show_curves([view_of("a"), view_of("b<")])
    loss, rate, _ = (curves(plot) for plot in panel.plots)
    assert list(loss) == ["a: total", "b<: total"] and list(rate) == ["a: rate", "b<: rate"]
    assert "b&lt;: total" in panel._loss.titleLabel.text
    panel._show_curves([])
    assert not panel.waiting.isHidden() and panel._graphics.isHidden()


def test_a_run_s_pair_has_its_maps(panel: RunsPanel) -> None:
    cosine = np.linspace(-1, 1, 49).reshape(7, 7)
    attention = np.arange(49.0).reshape(7, 7) / 1000
    crops = np.stack([np.full((112, 112, 3), 10 * k, np.uint8) for k in (3, 9)])
    view = view_of("a")
    view.pair.update(crops=crops, cosine=cosine, attention=attention, step=np.array(1200))
    panel._show_pair(view)
    for shown, wanted in (
        (panel._maps[2], map_rgba("cosine", cosine, limit=1.0)),
        (panel._maps[3], map_rgba("attention", attention, limit=0.048)),
    ):
        for row, column in ((0, 0), (2, 5), (6, 6)):
            found = shown._overlay.pixelColor(column, row).getRgb()[:3]
            assert found == tuple(wanted[row, column, :3].tolist())
    colours = [face._crop.pixelColor(5, 5).red() for face in panel._maps[:2]]
    assert colours == [30, 90] and "step 1,200" in panel._pair_note.text()
    assert "W (up to 0.048)" in panel._pair_note.text() and not panel.pair.isHidden()
    panel._show_pair(None)
    assert panel.pair.isHidden()


def test_a_run_s_state_is_told(panel: RunsPanel) -> None:
    for state, more, said in (
        ("running", {"what": "Training", "done": 1000, "total": 1100}, "Training: 1,000 of 1,100, 12 photos/s, 3 min left"),
        ("running", {"what": "Reading", "warning": "Odd."}, "Reading…, 12 photos/s, 0 s left Odd."),
        ("stopped", {}, "Stopped; it can be resumed."), ("failed", {"what": "No."}, "No."),
        ("ended", {"what": "Last."}, "Last. Its process is gone; it can be resumed."),
        ("ended", {"what": "Training"}, "Its process is gone; it can be resumed."),
    ):  # fmt: skip
        panel._show_state(view_of("a", state=state, **more))
        told = panel.state.text()
        assert told == said or (
            state == "running" and told.split(", ")[:2] == said.split(", ")[:2]
        ), told
        assert panel.stop.isEnabled() == (state == "running")
        assert panel.resume.isEnabled() == (state != "running")
        assert not panel.use.isEnabled()
    panel._show_state(view_of("a", state="finished", weights=Path("w")))
    assert panel.use.isEnabled() and panel.compare.isEnabled() and not panel.resume.isEnabled()
    panel._show_state(None)
    assert not any(
        b.isEnabled() for b in (panel.stop, panel.resume, panel.use, panel.result, panel.folder)
    )


def test_the_run_asked_for_is_chosen(panel: RunsPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [Path("/runs") / name for name in ("c", "b", "a")]
    monkeypatch.setattr(runs, "runs_in", lambda _: paths)
    monkeypatch.setattr(runs, "look", lambda path: view_of(path.name))
    panel.refresh()
    assert [view.path for view in panel.chosen()] == paths[:1]  # the newest at first
    panel.choose(paths[2])
    assert [view.path for view in panel.chosen()] == paths[2:]
    panel.choose(paths[1])
    asked: list[Path] = []
    panel.resume_asked.connect(asked.append)
    panel._resume()
    assert asked == [paths[1]]
    monkeypatch.setattr(runs, "runs_in", lambda _: [Path("/runs/d"), *paths])
    panel.refresh()
    assert [view.path for view in panel.chosen()] == [paths[1]]  # the choice stays


@dataclass
class Answer:
    before: SimpleNamespace
    after: SimpleNamespace
    threshold: float = 0.0


def test_maps_of_what_if_have_the_gallery_s_limits(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scored(value: float) -> SimpleNamespace:
        return SimpleNamespace(
            cosine=np.full((7, 7), value), attention=np.full((7, 7), value / 10),
            evidence=lambda threshold: np.full((7, 7), value - threshold),
        )  # fmt: skip

    shown: list[tuple[str, float, float, float]] = []

    def view(name: str) -> SimpleNamespace:
        return SimpleNamespace(
            name=name, show_map=lambda values, threshold, limit: shown.append((name, float(values[0, 0]), threshold, limit))
        )  # fmt: skip

    monkeypatch.setattr(
        "xcos_gui.tools.what_if.window.change_words", lambda answer: f"at {answer.threshold}"
    )
    limits = SimpleNamespace(attention=0.07, contribution=0.03)
    words = QLabel()
    qtbot.addWidget(words)
    window = SimpleNamespace(
        session=SimpleNamespace(colour_limits=limits, threshold=0.25), words=words, answer=None,
        maps=[view(name) for name in ("cosine", "attention", "evidence", "evidence")],
    )  # fmt: skip
    WhatIfWindow._show(window, Answer(scored(0.5), scored(1.0)))  # type: ignore[arg-type]
    assert shown == [
        ("cosine", 1.0, 0.25, 0.03), ("attention", 0.1, 0.25, 0.07), ("evidence", 0.25, 0.25, 0.03), ("evidence", 0.75, 0.25, 0.03),
    ]  # fmt: skip
    assert words.text() == "at 0.25" and window.answer.threshold == 0.25


def test_many_pairs_before_and_after(qtbot: QtBot) -> None:
    table = QTableWidget(2, 7)
    qtbot.addWidget(table)
    rows, columns = np.array([3, 0]), np.array([1, 2])
    treated = SimpleNamespace(
        pairs=PairList(rows, columns, np.array([0.5, -0.125])), after=np.array([0.25, 0.0]),
        before_codes=np.array([1, 4]), after_codes=np.array([3, 4]),
    )  # fmt: skip
    faces = lambda pair: tuple(SimpleNamespace(key=f"f{place}") for place in pair)  # noqa: E731
    window = SimpleNamespace(table=table, session=SimpleNamespace(faces_of=faces))
    WhatIfManyWindow._fill(window, treated)  # type: ignore[arg-type]
    texts = [[table.item(row, column).text() for column in range(7)] for row in range(2)]
    assert texts == [
        ["f3", "f1", "0.500", "0.250", f"{MINUS}0.250", OUTCOMES[1], OUTCOMES[3]],
        ["f0", "f2", f"{MINUS}0.125", "0.000", "+0.125", OUTCOMES[4], OUTCOMES[4]],
    ]
    assert table.item(0, 0).data(Qt.ItemDataRole.UserRole) == (3, 1)
    assert [table.item(row, 4).font().bold() for row in (0, 1)] == [True, False]
    table.sortItems(4, Qt.SortOrder.AscendingOrder)
    assert table.item(0, 0).text() == "f3"


def test_a_finding_is_looked_at_where_it_is_a_pair() -> None:
    chosen: list[tuple[int, int]] = []

    def loaded(*keys: str) -> SimpleNamespace:
        index = {key: place for place, key in enumerate(keys)}
        return SimpleNamespace(gallery=SimpleNamespace(index=lambda: index))

    one, other = loaded("a", "b", "c"), loaded("c", "d")
    session = SimpleNamespace(
        rows=one, columns=other, select_pair=lambda *cell: chosen.append(cell)
    )
    window = SimpleNamespace(session=session)
    for left, right in (("b", "d"), ("d", "c"), ("a", "a"), ("a", "c"), ("x", "y")):
        LabelsWindow._look(window, SimpleNamespace(left=left, right=right))  # type: ignore[arg-type]
    assert chosen == [(1, 1), (0, 0)]
    session.rows = session.columns = one
    for left, right in (("b", "b"), ("b", "a")):
        LabelsWindow._look(window, SimpleNamespace(left=left, right=right))  # type: ignore[arg-type]
    assert chosen[2:] == [(1, 0)]


@pytest.mark.parametrize(
    ("faces", "running", "shows", "scores"),
    [
        (None, True, True, True), (GROWN_TO + 1, True, True, False), (GROWN_TO + 1, True, False, True),
        (GROWN_TO + 1, False, True, True), (GROWN_TO, True, True, True),
    ],
)  # fmt: skip
def test_a_growing_gallery_is_scored_while_it_is_small_or_new(
    faces: int | None, running: bool, shows: bool, scores: bool
) -> None:
    scored: list[None] = []
    session = SimpleNamespace(
        loaded=None if faces is None else range(faces), _loading=SimpleNamespace(running=running),
        _shows=lambda _: shows, _score=lambda: scored.append(None),
    )  # fmt: skip
    Session._on_loaded(session)  # type: ignore[arg-type]
    assert bool(scored) == scores


@pytest.mark.parametrize("name", ["", "plugged.onnx", "start.safetensors"])
def test_each_weights_decide_by_their_own_threshold(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    start = tmp_path / name if name else None
    if start is not None:
        start.touch()
    asked: list[tuple[Path, str]] = []

    def explained(_: object, pair: str, weights: Path, figures: str, __: object) -> tuple[str, str]:
        asked.append((weights, figures))
        return f"crops {weights}", f"decision {weights}"

    monkeypatch.setattr(PairRequest, "_explained", explained)
    monkeypatch.setattr(changed_pairs, "_has_maps", lambda weights: weights.suffix != ".onnx")
    verdict = SimpleNamespace(weights=Path("w"), start=start, before="before", after="after")
    request = PairRequest(verdict, None, None, None)  # type: ignore[arg-type]
    found = request.explain("pair", None)  # type: ignore[arg-type]
    assert (found.crops, found.after) == ("crops w", "decision w")
    known = start is not None and start.suffix != ".onnx"
    assert found.before == (f"decision {start}" if known else None)
    assert asked == [(Path("w"), "after"), *([(start, "before")] if known else [])]
