"""What single widgets take, complete, keep and choose, each alone."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from PySide6.QtCore import QRect, QRectF, QSettings, QSize, Qt
from PySide6.QtWidgets import QDialog, QHeaderView, QTableWidget, QWidget
from pytestqt.qtbot import QtBot

from core.faces.face import Face
from core.project.edits import Edits, face_subject
from core.scoring.lists import PairList
from xcos_gui.state.settings import Settings
from xcos_gui.widgets.filter_line import FilterEdit, WordCompleter
from xcos_gui.widgets.placing import Scrolled, fit_to_screen, room
from xcos_gui.widgets.selector import LISTED, PASSING, Selector
from xcos_gui.widgets.tables import RememberedTable
from xcos_gui.widgets.tags import TagsLine
from xcos_gui.widgets.verdict import VerdictView

MINUS = "\N{MINUS SIGN}"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))


def verdict(same: bool | None, score: float, threshold: float | None) -> SimpleNamespace:
    return SimpleNamespace(same=same, explanation=SimpleNamespace(score=score), threshold=threshold)


def test_a_face_with_itself_is_no_pair(qtbot: QtBot) -> None:
    view = VerdictView()
    qtbot.addWidget(view)
    face, copy = Face("a/1.png", 1, "ann", None, "d1"), Face("a/2.png", 1, "ann", None, "d1")
    same_place = Face("a/1.png", 1, "ann", None, "d2")
    view.show_pair(verdict(True, 1.0, 0.5), (face, face))  # type: ignore[arg-type]
    assert view.headline.text() == "One face with itself" and view.sign.outcome is None
    for other in (copy, same_place):  # the same picture twice, or another in its place, is a pair
        view.show_pair(verdict(True, 0.9, 0.5), (face, other))  # type: ignore[arg-type]
        assert view.headline.text() == "True accept" and view.sign.outcome == "TP"
    view.show_pair(verdict(None, 0.9, None), (face, copy))  # type: ignore[arg-type]
    assert view.sign.outcome is None and view.score.text() == "0.900"
    view.show_pair(None, None)
    assert view.isHidden()


def completer_session(tags: dict[str, tuple[str, ...]]) -> SimpleNamespace:
    return SimpleNamespace(project=SimpleNamespace(edits=dataclasses.replace(Edits(), tags=tags)))


def test_the_last_tag_is_completed(qtbot: QtBot) -> None:
    tags = {face_subject("a"): ("glasses", "a, b"), face_subject("b"): ("glow",)}
    line = TagsLine(completer_session(tags))  # type: ignore[arg-type]
    qtbot.addWidget(line)
    found = line._completer
    assert found.splitPath("") == ["\0"] and found.splitPath("gl") == ["gl"]
    assert found.splitPath("one,  Gl ") == ["Gl"] and found.splitPath("one, ") == ["\0"]
    qtbot.keyClicks(line, "x, gl")
    assert sorted(found.words.stringList()) == ['"a, b"', "glasses", "glow"]
    index = found.words.index(found.words.stringList().index("glow"))
    assert found.pathFromIndex(index) == "x, glow"
    line.setText("gl")
    assert found.pathFromIndex(index) == "glow"
    line.show_tags(("one", "a, b"))
    assert line.text() == 'one, "a, b"' and line.tags == ("one", "a, b")


def test_the_word_before_the_cursor_is_completed(qtbot: QtBot, settings: Settings) -> None:
    edit = FilterEdit(SimpleNamespace(settings=settings))  # type: ignore[arg-type]
    qtbot.addWidget(edit)
    completer = WordCompleter(edit)
    completer.words.setStringList(["outcome", "score"])
    edit.setText("sco > 1 and out")
    for cursor, word, whole in ((3, "sco", "score > 1 and out"), (15, "out", "sco > 1 and score"), (4, "\0", "sco score> 1 and out")):  # fmt: skip
        edit.setCursorPosition(cursor)
        assert completer.splitPath(edit.text()) == [word]
        assert completer.pathFromIndex(completer.words.index(1)) == whole
    for text in ("first", "second"):
        settings.remember_filter(text)
    edit.setText("typed")
    for key, text in (
        (Qt.Key.Key_Up, "second"), (Qt.Key.Key_Up, "first"), (Qt.Key.Key_Up, "first"), (Qt.Key.Key_Down, "second"),
        (Qt.Key.Key_Down, "typed"), (Qt.Key.Key_Down, "typed"), (Qt.Key.Key_Up, "second"),
    ):  # fmt: skip
        qtbot.keyClick(edit, key)
        assert edit.text() == text
    edit.forget_place()
    qtbot.keyClick(edit, Qt.Key.Key_Up)
    assert edit.text() == "second"


def test_listed_pairs_are_those_listed_when_they_were_chosen(qtbot: QtBot) -> None:
    faces = tuple(Face(f"{name}/1.png", 1, name, None, name) for name in ("bob", "ann"))
    loaded = SimpleNamespace(gallery=SimpleNamespace(faces=faces))
    one, other = (PairList(np.array([k]), np.array([1]), np.array([0.5])) for k in (0, 1))
    edits = dataclasses.replace(Edits(), tags={face_subject("bob/1.png"): ("hat",)})
    session = SimpleNamespace(
        listed=one, rows=loaded, columns=loaded, edits=(edits, edits),
        filter=SimpleNamespace(mask=None, text=""), threshold=0.5,
    )  # fmt: skip
    changes: list[None] = []
    selector = Selector("Of", session, lambda: changes.append(None))  # type: ignore[arg-type]
    qtbot.addWidget(selector)
    selector.fill()
    assert [selector.whose.itemText(k) for k in range(selector.whose.count())] == [
        "of everyone", "of ann", "of bob", "of tag: hat",
    ]  # fmt: skip
    selector.choose_listed()
    assert (
        selector.outcome.currentData() == LISTED
        and not selector.whose.isEnabled()
        and len(changes) == 1
    )
    session.listed = other
    assert selector.maker(None)(None).pairs is one  # type: ignore[arg-type]
    selector.fill()
    assert selector.maker(None)(None).pairs is other  # type: ignore[arg-type]
    selector.choose("FP")
    session.listed = one
    selector.fill()
    selector.choose(LISTED)
    assert selector.maker(None)(None).pairs is other  # type: ignore[arg-type]
    selector.choose(PASSING)
    assert selector.filtered
    with pytest.raises(Exception, match="There is no filter now"):
        selector.maker(None)  # type: ignore[arg-type]
    selector.whose.setCurrentIndex(2)
    selector.fill()
    assert selector.whose.currentData() == ("identity", "bob")
    session.rows = session.columns = SimpleNamespace(gallery=SimpleNamespace(faces=faces[1:]))
    selector.fill()
    assert selector.whose.currentIndex() == 0


def test_a_table_s_widths_and_order_come_back(qtbot: QtBot, settings: Settings) -> None:
    def made(first: tuple[int, Qt.SortOrder] | None = None) -> QTableWidget:
        widget = QTableWidget(2, 4)
        qtbot.addWidget(widget)
        widget.horizontalHeader().setSectionResizeMode(3, QHeaderView.ResizeMode.Fixed)
        for column in range(4):
            widget.setColumnWidth(column, 50)
        RememberedTable(widget, settings, "x", first)
        return widget

    def look(widget: QTableWidget) -> tuple[list[int], int, str]:
        header = widget.horizontalHeader()
        return (
            [widget.columnWidth(k) for k in range(4)],
            header.sortIndicatorSection(),
            header.sortIndicatorOrder().name,
        )

    assert look(made()) == ([50] * 4, -1, "AscendingOrder")
    assert look(made((2, Qt.SortOrder.DescendingOrder))) == ([50] * 4, 2, "DescendingOrder")
    widget = made()
    widget.setColumnWidth(1, 123)
    widget.horizontalHeader().setSortIndicator(0, Qt.SortOrder.DescendingOrder)
    qtbot.waitUntil(lambda: settings.store.value("table/x") is not None)
    said = json.loads(str(settings.store.value("table/x")))
    assert said == {"widths": {"0": 50, "1": 123, "2": 50}, "sort": [0, 1]}
    assert look(made()) == ([50, 123, 50, 50], 0, "DescendingOrder")
    for kept, wanted in (
        (
            {"widths": {"0": 4000, "1": 4001, "2": 1}, "sort": [4, 0]},
            ([4000, 50, 50, 50], -1, "AscendingOrder"),
        ),
        ({"widths": {"3": 90}, "sort": [3, 2]}, ([50] * 4, -1, "AscendingOrder")),
        ({"widths": [], "sort": [0, 0]}, ([50] * 4, -1, "AscendingOrder")),
        ({"widths": {}, "sort": [-1, 1]}, ([50] * 4, -1, "DescendingOrder")),
    ):
        settings.store.setValue("table/x", json.dumps(kept))
        assert look(made()) == wanted, kept
    settings.store.setValue("table/x", json.dumps({"widths": {}, "sort": [-1, 0]}))
    assert (
        look(made((2, Qt.SortOrder.DescendingOrder)))[1] == 2
    )  # one that is always sorted stays so


def test_the_column_that_fills_the_window_is_not_taken_for_the_user_s(
    qtbot: QtBot, settings: Settings
) -> None:
    widget = QTableWidget(2, 3)
    qtbot.addWidget(widget)
    kept = RememberedTable(widget, settings, "y")
    header = widget.horizontalHeader()
    header.setStretchLastSection(True)
    header.moveSection(2, 0)  # now column 1 stands last
    kept._timer.stop()
    header.sectionResized.emit(1, 50, 70)
    assert not kept._timer.isActive()
    header.sectionResized.emit(2, 50, 70)
    assert kept._timer.isActive()
    kept._timer.stop()
    header.hideSection(1)  # and now column 0
    kept._timer.stop()
    header.sectionResized.emit(0, 50, 70)
    assert not kept._timer.isActive()


def test_what_is_larger_than_its_place_scrolls(qtbot: QtBot) -> None:
    class Inside(QWidget):
        def minimumSizeHint(self) -> QSize:
            return QSize(300, 500)

    inside = Inside()
    area = Scrolled(inside)
    qtbot.addWidget(area)
    area.show()
    for size, wanted in (((400, 600), (400, 600)), ((200, 600), (300, 600))):
        area.resize(*size)
        assert (inside.width(), inside.height()) == wanted
    area.resize(400, 200)
    bar = area.verticalScrollBar().sizeHint().width()
    assert (inside.width(), inside.height()) == (400 - bar, 500)
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    allowed = room(window)
    window.setGeometry(allowed.right() - 50, allowed.bottom() - 40, 200, 100)
    fit_to_screen(window)
    assert allowed.contains(window.geometry()) and window.width() == 200
    window.resize(allowed.width() + 500, 50)
    fit_to_screen(window)
    assert window.width() == allowed.width() and QRectF(allowed).contains(QRectF(window.geometry()))


def test_a_window_comes_back_on_the_screen_it_was_moved_to(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.show()
    tool = QDialog(parent)
    tool.resize(200, 100)
    fit_to_screen(tool)  # not shown yet: where its parent is
    tool.show()
    second = SimpleNamespace(availableGeometry=lambda: QRect(5000, 0, 1000, 800))
    monkeypatch.setattr(tool, "screen", lambda: second)
    tool.move(5100, 200)
    tool.close()
    tool.show()
    fit_to_screen(tool)
    assert (tool.x(), tool.y()) == (5100, 200)
