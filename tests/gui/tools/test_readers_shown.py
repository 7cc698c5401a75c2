"""What a second reader sees of each pair, and what each key and each field of the form gives."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.project.readings import LIKENESSES, RATING_WORDS, RATINGS, readings_of
from core.scoring.lists import PairList
from tests.gui.resting import score_probes
from tests.gui.tools.test_readers import readers  # noqa: F401
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.readers.window import ReadersWindow
from xcos_gui.widgets.cell_view import CellView

Key = Qt.Key


def shows(view: CellView, crop: np.ndarray) -> bool:
    assert view._crop is not None
    places = ((3, 5), (60, 90), (100, 20))
    return all(
        view._crop.pixelColor(x, y).getRgb()[:3] == tuple(crop[y, x].tolist()) for x, y in places
    )


def kept(window: MainWindow) -> dict[tuple[str, str], int]:
    assert window.session.project is not None
    return {(r.left, r.right): r.rating for r in readings_of(window.session.project.edits.readings)}


def test_each_pair_is_shown_with_its_own_faces(window: MainWindow, readers: ReadersWindow) -> None:  # noqa: F811
    readers.reader.setText(" Eve ")
    readers.start.click()
    session = window.session
    assert session.loaded is not None
    faces = {face.key: face for face in session.loaded.gallery.faces}
    order = list(readers.sheet)
    assert len(order) == 3 and readers.note.text() == ""
    for number, pair in enumerate(order, 1):
        assert readers.place.text() == f"Pair {number} of 3"
        for view, key in zip(readers.faces, (pair.left, pair.right), strict=True):
            assert shows(view, session.crop(faces[key]))
        QTest.keyClick(readers, Key.Key_8)  # no rating
        QTest.keyClick(readers, Key.Key_0)
        assert len(kept(window)) == number - 1
        QTest.keyClick(readers, Key(Key.Key_0 + 2 * number + 1))
    ratings = [kept(window)[tuple(sorted((p.left, p.right)))] for p in order]  # type: ignore[index]
    assert ratings == [RATINGS[2], RATINGS[4], RATINGS[6]]
    readers.rate(RATINGS[0])  # nothing is shown any more
    QTest.keyClick(readers, Key.Key_1)  # a digit on the first page is none
    assert ratings == [kept(window)[tuple(sorted((p.left, p.right)))] for p in order]  # type: ignore[index]


def test_buttons_say_and_give_their_rating(window: MainWindow, readers: ReadersWindow) -> None:  # noqa: F811
    readers.reader.setText("Eve")
    readers.begin()
    pair = readers.sheet[0]
    key = tuple(sorted((pair.left, pair.right)))
    readers.back()  # there is none before the first
    assert readers.place.text() == "Pair 1 of 3"
    for number, (button, rating) in enumerate(zip(readers.buttons, RATINGS, strict=True), 1):
        assert button.text() == f"{number}\n{RATING_WORDS[rating]}"
        button.click()
        assert kept(window)[key] == rating and readers.place.text() == "Pair 2 of 3"  # type: ignore[index]
        QTest.keyClick(readers, Key.Key_Backspace)
        assert readers.sheet[0] == pair
        assert readers.place.text() == f"Pair 1 of 3; you answered: {RATING_WORDS[rating]}"
    assert list(RATINGS) == sorted(RATINGS) and len(readers.given) == 0


def test_the_form_is_kept_only_where_it_is_open(window: MainWindow, readers: ReadersWindow) -> None:  # noqa: F811
    readers.reader.setText("Eve")
    readers.begin()
    assert not readers.form.isChecked()
    readers.form.setChecked(True)
    first, second = list(readers.regions)[:2]
    boxes = [readers.regions[first], readers.regions[second]]
    assert [boxes[0].itemText(k) for k in range(boxes[0].count())] == ["", *LIKENESSES]
    boxes[0].setCurrentText(LIKENESSES[0])
    boxes[1].setCurrentText(LIKENESSES[-1])
    readers.rate(RATINGS[1])
    assert [box.currentText() for box in boxes] == ["", ""]
    readers.form.setChecked(False)
    readers.back()
    assert readers.form.isChecked()
    assert [box.currentText() for box in boxes] == [LIKENESSES[0], LIKENESSES[-1]]
    readers.rate(RATINGS[1])
    boxes[0].setCurrentText(LIKENESSES[0])
    readers.form.setChecked(False)
    readers.rate(RATINGS[2])
    assert window.session.project is not None
    forms = {r.rating: dict(r.form) for r in readings_of(window.session.project.edits.readings)}
    assert forms == {
        RATINGS[1]: {first: LIKENESSES[0], second: LIKENESSES[-1]}, RATINGS[2]: {},
    }  # fmt: skip


def test_another_seed_is_another_order(window: MainWindow, readers: ReadersWindow) -> None:  # noqa: F811
    session = window.session
    assert session.matrix is not None
    rows, columns = np.triu_indices(6, 1)
    session.list_pairs("all", PairList(rows, columns, session.matrix.scores[rows, columns]))
    readers.reader.setText("Eve")
    orders = []
    for seed in (0, 0, 7):
        readers.seed.setValue(seed)
        readers.begin()
        orders.append(list(readers.sheet))
        assert readers.place.text() == "Pair 1 of 15"
        readers._leave()
    assert orders[0] == orders[1] != orders[2]
    turned = {(min(p.left, p.right), max(p.left, p.right)) for p in orders[0]}
    assert len(turned) == 15 and {p.left < p.right for p in orders[0]} == {True, False}


def test_an_empty_list_and_no_gallery_are_told(
    window: MainWindow, readers: ReadersWindow  # noqa: F811
) -> None:  # fmt: skip
    readers.reader.setText("Eve")
    none = np.empty(0, np.int64)
    window.session.list_pairs("none", PairList(none, none, np.empty(0, np.float32)))
    readers.begin()
    assert "lists no pairs" in readers.note.text() and readers.pages.currentIndex() == 0


def test_probes_are_read_from_their_own_folder(
    window: MainWindow, qtbot: QtBot, probes: Path
) -> None:
    from xcos_gui.shell.tool_menu import GALLERY_TOOLS

    session = window.session
    score_probes(window, qtbot, probes)
    tool = window.show_tool(next(t for t in GALLERY_TOOLS if t.place[1] == "ReadersWindow"))
    assert (
        isinstance(tool, ReadersWindow) and session.rows is not None and session.columns is not None
    )
    row, column = session.rows.gallery.faces[2], session.columns.gallery.faces[4]
    assert session.matrix is not None
    session.list_pairs(
        "one", PairList(np.array([2]), np.array([4]), session.matrix.scores[[2], [4]])
    )
    tool.reader.setText("Eve")
    tool.begin()
    pair = tool.sheet[0]
    crops = {row.key: session.crop(row, probe=True), column.key: session.crop(column)}
    for view, key in zip(tool.faces, (pair.left, pair.right), strict=True):
        assert shows(view, crops[key])
