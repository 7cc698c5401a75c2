"""Orders and levels in the window: clicks, keys, names and what is kept all lead to the same pairs."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)


from pathlib import Path

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from core.project.edits import face_subject
from core.scoring.orders import Asked
from tests.gui.resting import settled
from xcos_gui.shell.window import MainWindow


def choose(window: MainWindow, qtbot: QtBot, box: QComboBox, key: str) -> None:
    box.setCurrentIndex(box.findData(key))
    box.activated.emit(box.currentIndex())
    rest(window, qtbot)


def rest(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not window.session.busy, timeout=60_000)


def click(window: MainWindow, qtbot: QtBot, row: float, column: float) -> None:
    panel = window.matrix
    at = panel._plot.mapFromScene(panel._view.mapViewToScene(QPointF(column + 0.5, row + 0.5)))
    qtbot.mouseMove(panel._plot.viewport(), at)
    qtbot.mouseClick(panel._plot.viewport(), Qt.MouseButton.LeftButton, pos=at)


def test_by_age_a_click_and_the_keys_reach_the_pairs_shown(
    empty: MainWindow, qtbot: QtBot, crops: Path
) -> None:
    ages = {"ann/1": 50, "ann/2": 9, "ann/3": 30, "bob/1": 41, "bob/2": 100, "cem/1": 20}
    text = "path,identity,age\n" + "".join(f"{p}.png,{p[:3]},{a}\n" for p, a in ages.items())
    listed = crops / "list.csv"
    listed.write_text(text, encoding="utf-8")
    session, panel = empty.session, empty.matrix
    session.open_gallery(listed)
    qtbot.waitUntil(lambda: session.matrix is not None and not session.busy, timeout=60_000)
    chosen = session.pair
    choose(empty, qtbot, panel.bar.rows, "column:age")
    order = sorted(ages, key=ages.__getitem__)
    assert [panel.arranger.name(0, k) for k in range(6)] == [f"{name}.png" for name in order]
    assert session.pair == chosen  # what is looked at stays
    click(empty, qtbot, 0, 5)
    left, right = session.faces_of(session.pair or (0, 0))
    assert (left.key, right.key) == ("ann/2.png", "bob/2.png")
    assert "ann/2.png" in panel.readout.text() and "age 9 / 100" in panel.readout.toolTip()
    qtbot.keyClick(panel, Qt.Key.Key_Down)
    assert session.faces_of(session.pair or (0, 0))[0].key == "cem/1.png"
    qtbot.keyClicks(panel, "bo")  # jumps to the first row of bob, beside himself
    assert session.faces_of(session.pair or (0, 0))[0].key == "bob/1.png"
    session.set_filter("column(age) >= 41 and column(age) != 100")
    qtbot.waitUntil(lambda: session.filter.mask is not None)
    assert session.filter.mask is not None and session.filter.mask.sum() == 2 * (4 + 3)


def test_people_open_into_their_pairs_and_back(window: MainWindow, qtbot: QtBot) -> None:
    session, panel = window.session, window.matrix
    assert session.matrix is not None
    choose(window, qtbot, panel.bar.level, "people")
    assert panel.item.image is not None and panel.item.image.shown.shape == (3, 3)
    click(window, qtbot, 0, 1)  # ann and bob: the worst of their six pairs
    scores = session.matrix.scores[:3, 3:5]
    row, column = np.unravel_index(int(scores.argmax()), scores.shape)
    assert session.pair == (row, 3 + column)
    assert "ann  \N{MULTIPLICATION SIGN}  bob" in panel.readout.text()
    assert (
        "6 pairs" in panel.readout.text()
        and f"worst impostor {scores.max():.3f}" in panel.readout.text()
    )
    qtbot.keyClick(panel, Qt.Key.Key_Return)
    assert panel.item.image.shown.shape == (3, 2) and "ann" in panel.bar.place.text()
    click(window, qtbot, 2, 1)
    assert session.pair == (2, 4)
    qtbot.keyClick(panel, Qt.Key.Key_Escape)
    assert panel.item.image.shown.shape == (3, 3)
    (left, right), (top, bottom) = panel._view.viewRange()
    assert abs(left) < 0.1 and right >= 3 and abs(top) < 0.1 and abs(bottom - 3) < 0.1
    assert session.pair == (2, 4) and panel._cell == (0, 1)
    click(window, qtbot, 2, 2)  # cem with himself has but one photo
    qtbot.keyClick(panel, Qt.Key.Key_Return)
    assert panel.item.image.shown.shape == (3, 3) and "no pair" in panel.readout.text()


def test_the_chosen_pair_stays_in_sight_when_the_order_changes(
    window: MainWindow, qtbot: QtBot
) -> None:
    panel, session = window.matrix, window.session
    session.select_pair(0, 5)
    panel._view.setRange(xRange=(4, 6), yRange=(0, 2), padding=0)
    for order in ("hardness", "similarity", "score", "name"):
        choose(window, qtbot, panel.bar.rows, order)
        cell = panel._cell
        assert cell is not None and panel.item.image is not None
        assert panel.item.image.shown.pair_at(*cell) == session.pair == (0, 5)
        (left, right), (top, bottom) = panel._view.viewRange()
        assert left <= cell[1] + 0.5 <= right and top <= cell[0] + 0.5 <= bottom


def test_an_order_by_score_keeps_the_face_it_was_asked_for(
    window: MainWindow, qtbot: QtBot
) -> None:
    panel, session = window.matrix, window.session
    assert session.matrix is not None and session.rows is not None
    session.select_pair(0, 5)
    choose(window, qtbot, panel.bar.rows, "score")

    def order() -> list[int]:
        assert panel.item.image is not None
        return [int(place) for place in panel.item.image.shown.rows.places]

    first = order()
    scores = session.matrix.scores[:, 5] if first[0] == 5 else session.matrix.scores[:, 0]
    others = first[1:]
    assert [*scores[others]] == sorted(scores[others], reverse=True)
    session.select_pair(3, 4)
    rest(window, qtbot)
    panel.arranger.ask(panel.arranger.asked)  # as another level or another column order does
    rest(window, qtbot)
    assert order() == first

    assert panel.arranger.asked.faces == ("ann/1.png", "cem/1.png")


def test_probes_have_an_order_of_their_own(window: MainWindow, qtbot: QtBot, probes: Path) -> None:
    panel, session = window.matrix, window.session
    assert panel.bar.columns.isHidden()
    session.open_probes(probes)
    qtbot.waitUntil(lambda: session.probes is not None and not session.busy, timeout=60_000)
    assert not panel.bar.columns.isHidden()
    choose(window, qtbot, panel.bar.columns, "hardness")
    assert panel.arranger.asked == Asked("faces", "name", "hardness")
    assert panel.item.image is not None
    shown = panel.item.image.shown
    assert shown.rows.places.tolist() == [0, 1, 2, 3]
    assert sorted(shown.columns.places) == list(range(6))


def test_a_view_is_restored_with_its_level_and_order(window: MainWindow, qtbot: QtBot) -> None:
    panel = window.matrix
    choose(window, qtbot, panel.bar.level, "people")
    choose(window, qtbot, panel.bar.rows, "hardness")
    panel._view.setRange(xRange=(1, 2), yRange=(1, 2), padding=0)
    said = panel.view_state()
    seen = panel._view.viewRange()
    assert said is not None
    panel.restore_view({"of": [6, 6], "rows": [0, 6], "columns": [0, 6]})
    rest(window, qtbot)
    assert panel.arranger.asked.plain and panel.item.image is window.session.image
    panel.restore_view(said)
    rest(window, qtbot)
    assert panel.arranger.asked == Asked("people", "hardness", "hardness")
    assert np.allclose(panel._view.viewRange(), seen, atol=0.05)
    panel.restore_view({"level": "column:gone", "orders": ["column:gone", 7], "of": "x"})
    rest(window, qtbot)  # what is not understood shows all, plainly
    assert panel.arranger.asked.plain


def test_a_click_on_a_name_chooses_no_pair(window: MainWindow, qtbot: QtBot) -> None:
    panel, session = window.matrix, window.session
    session.select_pair(0, 1)
    axis = panel._axes[0]
    scene = axis.mapToScene(QPointF(axis.size().width() - 8, axis.size().height() / 2))
    at = panel._plot.mapFromScene(scene)
    qtbot.mouseClick(panel._plot.viewport(), Qt.MouseButton.LeftButton, pos=at)
    qtbot.mouseClick(panel._plot.viewport(), Qt.MouseButton.RightButton, pos=at)
    assert session.pair == (0, 1)


def test_tags_given_meanwhile_are_groups_at_once(window: MainWindow, qtbot: QtBot) -> None:
    panel, session = window.matrix, window.session
    choose(window, qtbot, panel.bar.level, "tags")
    assert panel.item.image is not None and panel.item.image.shown.shape == (1, 1)
    session.edit(lambda project: project.tag(face_subject("cem/1.png"), "odd"))
    rest(window, qtbot)
    assert panel.item.image.shown.rows.names == ("odd", "untagged")
    click(window, qtbot, 0, 1)
    assert session.pair is not None and session.pair[0] == 5


def test_the_hardest_come_first_by_the_threshold_of_now(window: MainWindow, qtbot: QtBot) -> None:
    panel, session = window.matrix, window.session
    choose(window, qtbot, panel.bar.rows, "hardness")
    for threshold, hardest in ((1.0, "ann/"), (-1.0, "cem/1.png")):
        session.set_threshold(threshold)  # of ann most pairs are genuine, of cem none
        settled(window, qtbot)
        assert panel.arranger.name(0, 0).startswith(hardest)


def test_a_view_saved_of_other_photos_is_not_saved_again(window: MainWindow, qtbot: QtBot) -> None:
    panel = window.matrix
    state = panel.view_state()
    assert state is not None
    panel.restore_view(state | {"of": [9, 9]})
    window.session.select_pair(2, 4)
    panel._view.setRange(xRange=(1, 2), yRange=(1, 2), padding=0)
    kept = panel.view_state()
    assert kept is not None and kept["of"] == [6, 6] and kept["rows"] != state["rows"]
    panel.restore_view(state | {"of": [9, 9]})
    choose(window, qtbot, panel.bar.level, "people")
    assert (panel.view_state() or {})["level"] == "people"
