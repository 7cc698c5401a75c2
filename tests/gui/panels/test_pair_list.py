"""The list of pairs: columns that are kept, and what it counts and shows."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import shutil
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import numpy as np
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QTableView
from pytestqt.qtbot import QtBot

from core.analysis.fragile import FragilePairs
from core.project.edits import face_subject, pair_subject
from core.query import evaluate
from core.scoring.lists import PairList
from tests.gui.resting import settled
from xcos_gui.panels.pairs.columns import NAMES, ColumnsButton
from xcos_gui.panels.pairs.model import (
    FIRST_CONDITION,
    FRAGILE,
    LR,
    TAGS,
)
from xcos_gui.shell.window import MainWindow
from xcos_gui.state.settings import Settings

Role = Qt.ItemDataRole
DOWN, UP = Qt.SortOrder.DescendingOrder, Qt.SortOrder.AscendingOrder


def test_chosen_columns_are_kept(qtbot: QtBot, tmp_path: Path) -> None:
    store = QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat)
    asks: list[None] = []
    session = SimpleNamespace(
        settings=Settings(store), conditions=SimpleNamespace(ask=lambda: asks.append(None))
    )

    def made() -> ColumnsButton:
        table = QTableView()
        qtbot.addWidget(table)
        button = ColumnsButton(table, session)  # type: ignore[arg-type]
        qtbot.addWidget(button)
        return button

    def on(button: ColumnsButton) -> list[str]:
        return [name for name, action in button.actions_by_name.items() if action.isChecked()]

    button = made()
    assert on(button) == ["lr"] and not asks
    assert button.shown[LR] and not button.shown[FIRST_CONDITION + 1]
    button.actions_by_name["pitch"].trigger()
    button.actions_by_name["lr"].trigger()
    assert len(asks) == 2 and on(made()) == ["pitch"] and len(asks) == 3
    for said, wanted in (
        ('["yaw", "nothing", 3]', ["yaw"]), ("{", ["lr"]), ('"yaw"', ["lr"]), ("[]", [])
    ):  # fmt: skip
        store.setValue("table/pairs/columns", said)
        assert on(made()) == wanted


def test_the_list_counts_follows_and_says_what_it_shows(window: MainWindow, qtbot: QtBot) -> None:
    session, pairs = window.session, window.pairs
    matrix = session.matrix
    assert matrix is not None
    session.set_threshold(-1.0)
    qtbot.waitUntil(lambda: pairs._count.text() == "11 pairs, worst first")
    session.set_threshold(1.0)
    qtbot.waitUntil(lambda: pairs._count.text() == "no such pair")
    pairs.choice.setCurrentIndex(2)  # false rejects
    qtbot.waitUntil(lambda: pairs._count.text() == "4 pairs, worst first")
    listed = [float(matrix.scores[pairs.model.cell(row)]) for row in range(4)]
    assert listed == sorted(listed)
    session.set_filter("identity = ann and photo ~ *1.png")
    qtbot.waitUntil(lambda: "that pass" in pairs._count.text())
    assert (
        pairs._count.text() == "2 pairs that pass, worst first" and pairs.choice.currentIndex() == 2
    )
    pairs.choice.setCurrentIndex(3)
    qtbot.waitUntil(lambda: pairs._count.text() == "no such pair passes")
    one = PairList(np.array([0]), np.array([1]), matrix.scores[[0], [1]])
    session.list_pairs("Mine", one)
    assert pairs._count.text() == "1 of 1 pair" and pairs.choice.currentText() == "Mine"
    session.set_filter("identity = bob")
    qtbot.waitUntil(lambda: pairs._count.text() == "0 of 1 pair")
    session.set_filter("")
    qtbot.waitUntil(lambda: pairs._count.text() == "1 pair")
    # A filter that is typed lists all that pass it, and without it the outcome is back.
    pairs.choice.setCurrentIndex(1)
    pairs.filter.edit.setText("score > -1")
    pairs.filter.apply()
    assert pairs.choice.currentIndex() == 0
    qtbot.waitUntil(lambda: pairs._count.text() == "15 pairs that pass, worst first")
    pairs.filter.edit.clear()
    qtbot.waitUntil(lambda: pairs.choice.currentIndex() == 1)
    # Columns are there while they have something to say.
    hidden = pairs.table.isColumnHidden
    assert hidden(FRAGILE) and hidden(TAGS)
    session.edit(lambda project: project.tag(face_subject("ann/1.png"), "hat"))
    assert not hidden(TAGS)
    found = np.zeros((6, 6), bool)
    session.set_fragile(SimpleNamespace(fragile=found, threshold=session.threshold))  # type: ignore[arg-type]
    assert not hidden(FRAGILE)
    session.set_threshold(0.1)
    assert hidden(FRAGILE)


def test_the_list_scrolls_to_the_pair_looked_at_and_marks_it(
    window: MainWindow, qtbot: QtBot
) -> None:
    session, pairs = window.session, window.pairs
    table = pairs.table
    window.docks["pairs"].raise_()
    pairs.choice.setCurrentIndex(0)
    qtbot.waitUntil(lambda: pairs.model.rowCount() == 15)
    table.setFixedHeight(140)
    qtbot.waitUntil(lambda: table.viewport().height() < 140)

    def seen(row: int) -> bool:
        line = table.visualRect(pairs.model.index(row, 0))
        return line.top() >= 0 and line.bottom() <= table.viewport().height()

    def marked() -> list[int]:
        return [index.row() for index in table.selectionModel().selectedRows()]

    last = pairs.model.cell(14)
    session.select_pair(*last)
    qtbot.waitUntil(lambda: seen(14) and not seen(0))
    assert marked() == [14] and session.pair == last
    first = pairs.model.cell(0)
    session.select_pair(*reversed(first))  # the same pair, in the matrix's other half
    qtbot.waitUntil(lambda: seen(0) and not seen(14))
    assert marked() == [0] and session.pair == (first[1], first[0])
    session.select_pair(2, 2)  # of no list
    assert marked() == []


def test_another_gallery_has_no_list_of_the_former_one(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    session, pairs = window.session, window.pairs
    assert session.matrix is not None and session.source is not None
    one = PairList(np.array([0]), np.array([1]), session.matrix.scores[[0], [1]])
    session.list_pairs("Chosen: 1 pair", one)
    session.reload()
    settled(window, qtbot)
    assert pairs.choice.currentText() == "Chosen: 1 pair" and pairs.model.rowCount() == 1
    copy = shutil.copytree(session.source, tmp_path / "copy")  # the same photos elsewhere
    session.open_gallery(copy)
    qtbot.waitUntil(lambda: session.source == copy, timeout=60_000)
    settled(window, qtbot)
    assert pairs.choice.currentText() == "All pairs"
    assert pairs.choice.findText("Chosen: 1 pair") == -1
    qtbot.waitUntil(lambda: pairs.model.rowCount() == 15)


def test_while_a_filter_runs_no_pair_of_the_former_matrix_is_listed(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, pairs, go_on = window.session, window.pairs, Event()
    pairs.choice.setCurrentIndex(0)
    session.set_filter("score > -1")
    settled(window, qtbot)
    qtbot.waitUntil(lambda: pairs.model.rowCount() == 15)
    passing = evaluate.passing

    def slow(*given: Any) -> np.ndarray:
        go_on.wait(20)
        return passing(*given)

    monkeypatch.setattr(evaluate, "passing", slow)
    session.set_kind("uniform")
    qtbot.waitUntil(lambda: session.matrix is not None and session.matrix.kind == "uniform")
    assert (
        pairs.model.rowCount() == 0
        and pairs._count.text() == "Filtering pairs\N{HORIZONTAL ELLIPSIS}"
    )
    assert session.listed is None  # what a report, What if and F3 take
    go_on.set()
    qtbot.waitUntil(lambda: pairs.model.rowCount() == 15)


def test_pairs_kept_in_a_list_outlive_a_face_while_fragile_ones_are_known(
    window: MainWindow, qtbot: QtBot
) -> None:
    session, pairs = window.session, window.pairs
    session.set_fragile(FragilePairs(np.zeros((6, 6), bool), session.threshold))
    places = np.array([0, 0]), np.array([5, 1])
    session.list_pairs("Kept", PairList(*places, np.zeros(2, np.float32)))
    assert not pairs.table.isColumnHidden(FRAGILE)
    session.edit(lambda project: project.set_aside(["cem/1.png"]))  # the last one
    settled(window, qtbot)
    assert pairs.model.rowCount() == 1 and pairs.table.isColumnHidden(FRAGILE)
    assert pairs._count.text() == "2 pairs, 1 of them not in this gallery any more"


def test_pairs_stay_sorted_by_what_changes(window: MainWindow, qtbot: QtBot) -> None:
    session, pairs = window.session, window.pairs
    column = NAMES["sharpness"]
    pairs.choice.setCurrentIndex(0)
    pairs.columns.actions_by_name["sharpness"].trigger()

    def measured() -> list[float]:
        qtbot.waitUntil(
            lambda: (
                not session.busy
                and session.conditions.table(session.scored) is not None
                and pairs.model.rowCount() == 15
            )
        )
        return [float(pairs.model.index(row, column).data()) for row in range(15)]

    measured()
    pairs.table.sortByColumn(column, UP)
    rising = measured()
    assert rising == sorted(rising) and rising[0] < rising[-1]
    session.set_kind("uniform")
    qtbot.waitUntil(lambda: session.matrix is not None and session.matrix.kind == "uniform")
    assert measured() == rising
    pairs.table.sortByColumn(TAGS, DOWN)
    session.select_pair(*pairs.model.cell(14))
    subject = pair_subject(*(face.key for face in session.faces_of(pairs.model.cell(14))))
    session.edit(lambda project: project.tag(subject, "odd"))
    assert pairs.model.index(0, TAGS).data() == "odd"
    assert pairs.table.currentIndex().row() == 0  # the pair looked at stays chosen
