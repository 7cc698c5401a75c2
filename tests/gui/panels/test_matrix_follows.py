"""The matrix while threshold, tags or estimates move under it: what is open stays, and all is of now."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from pathlib import Path
from threading import Event

import numpy as np
from PySide6.QtCore import QRectF, Qt
from pytestqt.qtbot import QtBot

from core.explain.difference_image import DifferenceImage
from core.project.edits import face_subject
from core.scoring.refine import Refinement, Region, Tile
from tests.gui.panels.test_matrix_orders import choose, click, rest
from tests.gui.resting import score_probes, settled
from xcos_gui.shell.window import MainWindow

ANN_AND_BOB = "ann \N{MULTIPLICATION SIGN} bob"


@pytest.fixture
def refining(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> tuple[Event, np.ndarray]:
    """The gallery's scores are estimates until the event is set; and what they are then."""
    session, go_on = window.session, Event()
    assert session.matrix is not None
    wanted = session.matrix.scores.copy()
    refine = Refinement.refine

    def held(refinement: Refinement, tile: Tile) -> list[Region]:
        assert go_on.wait(60)
        return refine(refinement, tile)

    session.set_kind("uniform")
    settled(window, qtbot)
    monkeypatch.setattr("xcos_gui.state.scoring.ESTIMATED_FROM", 1)
    monkeypatch.setattr(Refinement, "refine", held)
    session.set_kind("learned")
    qtbot.waitUntil(lambda: session.estimated, timeout=60_000)
    return go_on, wanted


def open_cell(window: MainWindow, qtbot: QtBot, row: int, column: int) -> None:
    click(window, qtbot, row, column)
    qtbot.keyClick(window.matrix, Qt.Key.Key_Return)


def shown(window: MainWindow) -> tuple[list[str], list[str]]:
    """Names of what stands down and across."""
    image, arranger = window.matrix.item.image, window.matrix.arranger
    assert image is not None
    down, across = image.shown.shape
    return [arranger.name(0, k) for k in range(down)], [arranger.name(1, k) for k in range(across)]


def test_a_moved_threshold_leaves_the_cell_open_and_orders_what_is_behind_it(
    window: MainWindow, qtbot: QtBot
) -> None:
    panel, session = window.matrix, window.session
    choose(window, qtbot, panel.bar.level, "people")
    choose(window, qtbot, panel.bar.rows, "hardness")
    names = shown(window)[0]
    open_cell(window, qtbot, names.index("ann"), names.index("bob"))
    assert panel.bar.place.text() == ANN_AND_BOB and shown(window)[0][0].startswith("ann/")
    inside = shown(window)
    orders = []
    for threshold in (-0.99, 0.99, 0.4):
        session.set_threshold(threshold)
        settled(window, qtbot)
        assert panel.bar.place.text() == ANN_AND_BOB and shown(window) == inside
        panel.go_back()
        orders.append(shown(window)[0])
        open_cell(window, qtbot, orders[-1].index("ann"), orders[-1].index("bob"))
    choose(window, qtbot, panel.bar.rows, "name")
    choose(window, qtbot, panel.bar.rows, "hardness")
    assert shown(window)[0] == orders[-1]  # as one that is asked for at this threshold
    assert panel.bar.place.isHidden()  # another order closes it


def test_an_open_cell_of_a_difference_follows_the_threshold(
    window: MainWindow, qtbot: QtBot
) -> None:
    panel, session = window.matrix, window.session
    choose(window, qtbot, panel.bar.level, "people")
    choose(window, qtbot, panel.bar.against, "attention:uniform")
    open_cell(window, qtbot, 0, 1)
    session.set_threshold(0.37)
    settled(window, qtbot)
    image = panel.item.image
    assert panel.bar.place.text() == ANN_AND_BOB
    assert isinstance(image, DifferenceImage) and image.shown.shape == (3, 2)
    assert image.found.thresholds[0] == 0.37


def test_scores_of_another_order_have_the_threshold_of_now(
    window: MainWindow, qtbot: QtBot
) -> None:
    panel, session = window.matrix, window.session
    choose(window, qtbot, panel.bar.against, "order:left-right")
    for threshold in (0.31, 0.52):
        session.set_threshold(threshold)
        settled(window, qtbot)
        image = panel.item.image
        assert isinstance(image, DifferenceImage)
        assert image.found.thresholds == (threshold, threshold)


def test_a_tag_leaves_the_cell_open_where_its_groups_are_still_there(
    window: MainWindow, qtbot: QtBot
) -> None:
    panel, session = window.matrix, window.session
    subjects = [face_subject(f"ann/{k}.png") for k in (1, 2, 3)]
    session.edit(lambda project: project.retag(subjects[:2], ["odd"]))
    choose(window, qtbot, panel.bar.level, "tags")
    assert shown(window)[0] == ["odd", "untagged"]
    open_cell(window, qtbot, 0, 1)
    assert panel.item.image is not None and panel.item.image.shown.shape == (2, 4)
    session.edit(lambda project: project.tag(subjects[2], "odd"))
    settled(window, qtbot)
    assert panel.bar.place.text() == "odd \N{MULTIPLICATION SIGN} untagged"
    assert panel.item.image.shown.shape == (3, 3)
    session.edit(lambda project: project.retag(subjects, [], ["odd"]))
    settled(window, qtbot)
    assert panel.bar.place.isHidden() and shown(window)[0] == ["untagged"]


def test_estimates_that_become_exact_leave_the_cell_open(
    window: MainWindow, qtbot: QtBot, refining: tuple[Event, np.ndarray]
) -> None:
    panel, (go_on, wanted) = window.matrix, refining
    panel.bar.level.setCurrentIndex(panel.bar.level.findData("people"))
    panel.bar.level.activated.emit(0)
    qtbot.waitUntil(lambda: not panel.arranger.running, timeout=60_000)
    open_cell(window, qtbot, 0, 1)
    assert panel.bar.place.text() == ANN_AND_BOB
    go_on.set()
    settled(window, qtbot)
    assert not window.session.estimated and panel.bar.place.text() == ANN_AND_BOB
    assert panel.item.image is not None
    np.testing.assert_allclose(panel.item.image.matrix.scores, wanted, atol=1e-6)
    panel.go_back()
    assert panel.item.image.blocks(slice(0, 1), slice(1, 2)).mean[0, 0] == pytest.approx(
        wanted[:3, 3:5].mean(), abs=1e-6
    )


def test_pairs_that_were_chosen_among_estimates_are_counted_anew(
    window: MainWindow, qtbot: QtBot, refining: tuple[Event, np.ndarray]
) -> None:
    panel, session, (go_on, wanted) = window.matrix, window.session, refining
    session.set_threshold(float(np.median(wanted[:3, 3:5])))
    panel._on_band(QRectF(3.2, 0.2, 1.5, 2.5), "new")
    selecting = panel.selecting
    qtbot.waitUntil(lambda: selecting.report is not None, timeout=60_000)
    go_on.set()
    settled(window, qtbot)
    report = selecting.report
    assert report is not None and report.counts.fp == int(
        (wanted[:3, 3:5] > session.threshold).sum()
    )
    cells = report.pairs.rows, report.pairs.columns
    np.testing.assert_allclose(report.pairs.scores, wanted[cells], atol=1e-6)


def test_the_legend_of_errors_is_shown_where_points_are_blocks(
    window: MainWindow, qtbot: QtBot
) -> None:
    panel = window.matrix
    errors = "Share of pairs on the wrong side of the threshold; grey: none"
    choose(window, qtbot, panel.bar.far, "errors")
    assert panel.bar._bar.toolTip() != errors
    panel._view.setRange(QRectF(-3000, -3000, 6000, 6000), padding=0)
    assert panel.item.pixels() < 1 and panel.bar._bar.toolTip() == errors
    panel.fit()
    assert panel.bar._bar.toolTip() != errors
    rest(window, qtbot)


def test_without_probes_the_columns_have_the_order_of_the_rows(
    window: MainWindow, qtbot: QtBot, probes: Path
) -> None:
    panel = window.matrix
    score_probes(window, qtbot, probes)
    choose(window, qtbot, panel.bar.columns, "condition:exposure")
    window.session.open_probes(None)
    qtbot.waitUntil(lambda: window.session.probe_source is None)
    settled(window, qtbot)
    assert window.session.columns is not None
    down, across = shown(window)
    assert down == across == [face.key for face in window.session.columns.gallery.faces]
    choose(window, qtbot, panel.bar.rows, "condition:exposure")
    down, across = shown(window)
    assert down == across != sorted(down)
