"""The window on fragile pairs: what its tables count and list, of moves made up here."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from itertools import combinations
from pathlib import Path
from threading import Event

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTableWidget
from pytestqt.qtbot import QtBot

from core.analysis.fragile import VARIANTS, FragilePairs
from core.scoring.lists import PairList
from tests.gui.resting import score_probes
from tests.gui.tools.test_what_if import opened
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.fragile import NAMES, FragileWindow

PEOPLE = [0, 0, 0, 1, 1, 2]  # of the gallery's faces: ann, bob, cem


def cells(table: QTableWidget) -> list[list[str]]:
    return [
        [table.item(row, column).text() for column in range(table.columnCount())]
        for row in range(table.rowCount())
    ]


def listed(window: MainWindow) -> set[tuple[int, int]]:
    pairs = window.session.listed
    assert pairs is not None
    return {(min(p), max(p)) for p in zip(pairs.rows.tolist(), pairs.columns.tolist(), strict=True)}


def made_up(window: MainWindow, threshold: float) -> FragilePairs:
    """Pairs 0-1 (by moves 0 and 5), 0-3 (by move 2), 3-4 (by move 5), 2-5 (by all)."""
    flips = np.zeros((6, 6), np.uint8)
    for (i, j), bits in {
        (0, 1): 0b100001,
        (0, 3): 0b100,
        (3, 4): 0b100000,
        (2, 5): 0b111111,
    }.items():
        flips[i, j] = flips[j, i] = bits
    numbers = np.array([2, 1, 0, 2, 1, 7])
    return FragilePairs(flips > 0, threshold, flips, numbers, numbers)


@pytest.fixture
def tool(window: MainWindow) -> FragileWindow:
    window.session.set_threshold(0.5)
    made = opened(window, "fragile")
    assert isinstance(made, FragileWindow)
    return made


def test_tables_count_what_is_fragile(window: MainWindow, tool: FragileWindow) -> None:
    session = window.session
    assert tool.start.isEnabled() and not tool.list_all.isEnabled() and tool.words.text() == ""
    assert len(VARIANTS) == 6 and session.matrix is not None
    scores = session.matrix.scores
    for threshold in (0.5, float(np.median(scores[np.triu_indices(6, 1)]))):
        session.set_threshold(threshold)
        session.set_fragile(made_up(window, threshold))
        outcomes: dict[str, list[tuple[int, int]]] = {}
        for i, j in combinations(range(6), 2):
            same, accepted = PEOPLE[i] == PEOPLE[j], scores[i, j] > threshold
            name = ("TN", "FP", "FN", "TP")[2 * same + accepted]
            outcomes.setdefault(name, []).append((i, j))
        fragile = {(0, 1), (0, 3), (3, 4), (2, 5)}
        wanted = []
        for name, pairs in outcomes.items():
            some = len(fragile & {*pairs})
            share = f"{100 * some / len(pairs):.1f} %"
            wanted.append([NAMES[name], str(some), str(len(pairs)), share])  # type: ignore[index]
        assert sorted(cells(tool.outcomes)) == sorted(wanted)
        errors = [p for name in ("FP", "FN") for p in outcomes.get(name, [])]
        said = f"4 of 15 pairs are fragile at the threshold {threshold:.4f}"
        if errors:
            said += f", {len(fragile & {*errors})} of the {len(errors)} errors among them"
        assert tool.words.text() == f"{said}."
        # A row lists the fragile pairs of its outcome.
        for row in range(tool.outcomes.rowCount()):
            name = next(k for k, v in NAMES.items() if v == tool.outcomes.item(row, 0).text())
            tool.outcomes.itemDoubleClicked.emit(tool.outcomes.item(row, 1))
            assert listed(window) == fragile & {*outcomes[name]}
        tool.outcomes.itemActivated.emit(tool.outcomes.item(0, 3))
        assert window.pairs.model.rowCount() == int(tool.outcomes.item(0, 1).text())
    numbers = (2, 1, 2, 1, 1, 3)  # pairs that each move flips
    assert cells(tool.moves) == [
        [name, str(n)] for (name, _), n in zip(VARIANTS, numbers, strict=True)
    ]
    assert session.loaded is not None
    keys = [face.key for face in session.loaded.gallery.faces]
    ranked = [[keys[k], str(n)] for k, n in ((5, 7), (0, 2), (3, 2), (1, 1), (4, 1))]
    assert cells(tool.faces) == ranked  # the face of no flip is left out
    for row, (face, wanted_pairs) in enumerate(
        ((5, {(2, 5)}), (0, {(0, 1), (0, 3)}), (3, {(0, 3), (3, 4)}))
    ):
        assert tool.faces.item(row, 0).text() == keys[face]
        tool.faces.itemDoubleClicked.emit(tool.faces.item(row, 0))
        assert listed(window) == wanted_pairs
    assert session.listed is not None
    tool.list_all.click()
    assert listed(window) == {(0, 1), (0, 3), (3, 4), (2, 5)}
    far = np.abs(session.listed.scores - threshold)
    assert (np.diff(far) >= 0).all()  # nearest to the threshold first


@pytest.mark.parametrize(
    ("move", "pairs"), [(0, {(0, 1), (2, 5)}), (2, {(0, 3), (2, 5)}), (5, {(0, 1), (3, 4), (2, 5)})]
)
def test_a_move_s_row_lists_the_pairs_that_it_flips(
    window: MainWindow, tool: FragileWindow, move: int, pairs: set[tuple[int, int]]
) -> None:
    titles = list[str]()
    window.session.pairs_listed.connect(lambda title, _: titles.append(title))
    window.session.set_fragile(made_up(window, 0.5))
    tool.moves.sortItems(1)  # by number: the rows are in another order than the moves
    names = [row[0] for row in cells(tool.moves)]
    item = tool.moves.item(names.index(VARIANTS[move][0]), 0)
    tool.moves.itemActivated.emit(item)
    assert listed(window) == pairs and titles == [f"Fragile pairs, {VARIANTS[move][0]}"]


def test_tables_sort_by_number_and_stay_sorted(window: MainWindow, tool: FragileWindow) -> None:
    window.session.set_fragile(made_up(window, 0.5))
    header = tool.moves.horizontalHeader()
    header.setSortIndicator(1, Qt.SortOrder.DescendingOrder)
    assert [row[1] for row in cells(tool.moves)] == ["3", "2", "2", "1", "1", "1"]
    header = tool.outcomes.horizontalHeader()
    header.setSortIndicator(2, Qt.SortOrder.AscendingOrder)
    pairs = [int(row[2]) for row in cells(tool.outcomes)]
    assert pairs == sorted(pairs)
    window.session.set_fragile(made_up(window, 0.5))
    assert [row[1] for row in cells(tool.moves)] == ["3", "2", "2", "1", "1", "1"]
    window.session.set_fragile(None)
    assert not tool.shown.filled and not tool.list_all.isEnabled()
    assert tool.words.text() == "" and tool.moves.rowCount() == 0


def test_probes_are_told_apart_from_the_gallery(
    window: MainWindow, qtbot: QtBot, probes: Path
) -> None:
    session = window.session
    score_probes(window, qtbot, probes)
    tool = opened(window, "fragile")
    assert isinstance(tool, FragileWindow)
    flips = np.zeros((4, 6), np.uint8)
    flips[1, 2] = flips[1, 4] = flips[3, 2] = 1
    session.set_fragile(
        FragilePairs(flips > 0, session.threshold, flips, np.array([0, 5, 0, 1]), np.array([0, 0, 3, 0, 4, 0]))
    )  # fmt: skip
    assert session.rows is not None and session.columns is not None
    rows, columns = session.rows.gallery.faces, session.columns.gallery.faces
    assert cells(tool.faces) == [
        [f"{rows[1].key} (probe)", "5"], [columns[4].key, "4"], [columns[2].key, "3"], [f"{rows[3].key} (probe)", "1"],
    ]  # fmt: skip
    assert tool.words.text().startswith("3 of 24 pairs are fragile")
    for row, wanted in enumerate(({(1, 2), (1, 4)}, {(1, 4)}, {(1, 2), (3, 2)}, {(3, 2)})):
        tool.faces.itemActivated.emit(tool.faces.item(row, 1))
        assert session.listed is not None
        pairs = zip(session.listed.rows.tolist(), session.listed.columns.tolist(), strict=True)
        assert {*pairs} == wanted, row


def test_it_looks_anew_only_where_the_threshold_is_another(
    window: MainWindow, qtbot: QtBot, tool: FragileWindow
) -> None:
    session = window.session
    looked: list[float] = []
    tool.look = lambda: looked.append(session.threshold)  # type: ignore[method-assign]
    session.set_threshold(0.4)
    assert not tool._settle.isActive()  # nobody has asked yet
    session.set_fragile(made_up(window, 0.5))
    session.set_threshold(0.5)
    assert not tool._settle.isActive()
    session.set_threshold(0.4)
    assert tool._settle.isActive()
    tool._settle.stop()  # it is asked below
    qtbot.waitUntil(lambda: not session.busy)
    tool._look_again()
    assert looked == [0.4]
    session.set_threshold(0.5)  # back where it is known
    qtbot.waitUntil(lambda: not session.busy)
    tool._look_again()
    assert looked == [0.4]
    session.set_threshold(0.4)
    tool.close_job()
    assert not tool._settle.isActive()


def test_it_looks_anew_once_the_gallery_rests(
    window: MainWindow, qtbot: QtBot, tool: FragileWindow
) -> None:
    session, may = window.session, Event()
    looked: list[float] = []
    tool.look = lambda: looked.append(session.threshold)  # type: ignore[method-assign]
    session.set_fragile(made_up(window, 0.5))
    job = session.activity.job(window)
    job.start(lambda _: may.wait(60))
    tool._settle.setInterval(1)
    fired: list[bool] = []
    tool._settle.timeout.connect(lambda: fired.append(session.busy))
    session.set_threshold(0.4)
    qtbot.waitUntil(lambda: True in fired)
    assert looked == []
    may.set()
    qtbot.waitUntil(lambda: looked == [0.4])
    job.close()


def test_without_a_gallery_it_says_so(empty: MainWindow) -> None:
    tool = opened(empty, "fragile")
    assert isinstance(tool, FragileWindow)
    assert not tool.start.isEnabled() and not tool.list_all.isEnabled()
    assert (
        tool.shown.empty.title.text().startswith("Open a gallery") and not tool.shown.empty.buttons
    )
    tool.look()
    assert tool.note.text() == "Open a gallery first." and not tool.job.running


def test_the_list_follows_the_threshold_while_it_is_of_fragile_pairs(
    window: MainWindow, tool: FragileWindow
) -> None:
    session = window.session
    scores = session.matrix.scores  # type: ignore[union-attr]
    session.set_fragile(made_up(window, 0.5))
    tool.list_outcome("FN")
    before = listed(window)
    assert before and {scores[p] <= 0.5 for p in before} == {True}
    low = float(scores.min()) - 0.01
    session.set_threshold(low)
    session.set_fragile(made_up(window, low))  # looked for again, of whom none is a false reject
    assert window.pairs.choice.currentText() == "Fragile pairs, FN" and listed(window) == set()
    session.set_threshold(0.5)
    session.set_fragile(made_up(window, 0.5))
    assert listed(window) == before
    # What the user lists meanwhile stays.
    mine = np.array([0]), np.array([4])
    session.list_pairs("Mine", PairList(*mine, scores[mine]))
    session.set_fragile(made_up(window, low))
    assert listed(window) == {(0, 4)} and window.pairs.choice.currentText() == "Mine"
