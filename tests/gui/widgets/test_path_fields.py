"""Fields for paths: what is typed, browsed, dropped and taken out, and the last ones that are offered."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from pathlib import Path

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.widgets.test_single_widgets import settings  # noqa: F401
from xcos_gui.state.settings import Settings
from xcos_gui.widgets.path_fields import PathField, PathKind, PathsField

BOTH = PathKind("both", folder=True)


def drop(field: QWidget, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    action, button, key = (
        Qt.DropAction.CopyAction,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    field.dropEvent(QDropEvent(QPointF(1, 1), action, data, button, key))


@pytest.mark.parametrize(
    ("kind", "buttons", "words"),
    [
        (BOTH, ["Folder…", "File…"], "a folder or a file"), (PathKind("a"), ["Browse…"], "a file"),
        (PathKind("b", folder=True, file=False), ["Browse…"], "a folder"),
    ],
)  # fmt: skip
def test_a_button_for_each_sort_of_path(
    qtbot: QtBot, settings: Settings, kind: PathKind, buttons: list[str], words: str, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    field = PathField(settings, kind)
    qtbot.addWidget(field)
    assert [button.text() for button in field.buttons] == buttons
    line = field.box.lineEdit()
    assert line is not None and line.placeholderText() == f"none; {words} can be dropped here"
    asked: list[tuple[str, str]] = []

    def folder(_: object, __: str, start: str) -> str:
        asked.append(("folder", start))
        return "/a/folder"

    def file(_: object, __: str, start: str, ___: str) -> tuple[str, str]:
        asked.append(("file", start))
        return "/a/file.txt", ""

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", folder)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", file)
    changes: list[str] = []
    field.changed.connect(lambda: changes.append(field.text()))
    field.set_text(" /old ")
    assert field.text() == "/old" and line.cursorPosition() == 6
    sorts = [name for name, there in (("folder", kind.folder), ("file", kind.file)) if there]
    for button, name in zip(field.buttons, sorts, strict=True):
        before = field.text()
        button.click()
        assert asked[-1] == (name, before)
        assert field.text() == ("/a/folder" if name == "folder" else "/a/file.txt") == changes[-1]
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    before = field.text()
    for button in field.buttons:
        button.click()
    assert field.text() == before


def test_the_last_paths_are_offered_the_newest_first(qtbot: QtBot, settings: Settings) -> None:  # noqa: F811
    field = PathField(settings, BOTH, "the shipped ones")
    qtbot.addWidget(field)
    line = field.box.lineEdit()
    assert (
        line is not None and line.placeholderText() == "the shipped ones" and field.box.count() == 0
    )
    drop(field, Path("/a"), Path("/b"))  # the first alone
    assert field.text() == "/a"
    changes: list[str] = []
    field.changed.connect(lambda: changes.append(field.text()))
    field.set_text("/c")
    field.keep()
    assert [field.box.itemText(k) for k in range(field.box.count())] == ["/c", "/a"]
    assert field.text() == "/c" and changes == ["/c"]  # to fill the list is no change
    field.set_text("")
    field.keep()
    assert field.box.count() == 2 and field.text() == ""
    again = PathField(settings, BOTH)
    qtbot.addWidget(again)
    assert [again.box.itemText(k) for k in range(again.box.count())] == [
        "/c",
        "/a",
    ] and again.text() == ""
    other = PathField(settings, PathKind("other"))
    qtbot.addWidget(other)
    assert other.box.count() == 0


def test_several_paths_are_added_and_taken_out(
    qtbot: QtBot, settings: Settings, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    field = PathsField(settings, BOTH)
    qtbot.addWidget(field)
    changes: list[list[str]] = []
    field.changed.connect(lambda: changes.append(field.texts()))
    assert field.texts() == [] and not field.remove.isEnabled()
    drop(field, Path("/x/a"), Path("/b"), Path("/x/a"))
    drop(field, Path("/b"))  # there already: no change
    drop(field, Path("/y/c"), Path("/b"))
    assert changes == [["/x/a", "/b"], ["/x/a", "/b", "/y/c"]]
    starts: list[str] = []

    def folder(_: object, __: str, start: str) -> str:
        starts.append(start)
        return "/d"

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", folder)
    field.add.click()
    assert starts == ["/y"] and field.texts() == ["/x/a", "/b", "/y/c", "/d"]  # beside the last one
    field.list.item(1).setSelected(True)
    field.list.item(3).setSelected(True)
    assert field.remove.isEnabled()
    field.remove.click()
    assert field.texts() == ["/x/a", "/y/c"] and not field.remove.isEnabled()
    assert changes[-1] == ["/x/a", "/y/c"]
    field.list.item(0).setText("  ")  # an emptied line is none
    assert changes[-1] == field.texts() == ["/y/c"]
    assert (
        field.list.item(1).toolTip() == "/y/c"
        and field.list.item(1).flags() & Qt.ItemFlag.ItemIsEditable
    )
    field.recent.aboutToShow.emit()
    offered = field.recent.actions()
    assert [action.text() for action in offered] == ["/d", "/b", "/x/a"]
    offered[1].trigger()
    assert field.texts() == ["/y/c", "/b"]
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    field.add.click()
    assert field.texts() == ["/y/c", "/b"]
    field.set_texts([])
    field.add.click()
    assert starts == ["/y"]
    nothing = PathsField(settings, PathKind("none yet"))
    qtbot.addWidget(nothing)
    nothing.recent.aboutToShow.emit()
    assert [(a.text(), a.isEnabled()) for a in nothing.recent.actions()] == [
        ("None chosen lately", False)
    ]


def test_kept_paths_are_offered_in_their_order(qtbot: QtBot, settings: Settings) -> None:  # noqa: F811
    field = PathsField(settings, BOTH)
    qtbot.addWidget(field)
    field.set_texts(["/1", "/2", "/3"])
    field.keep()
    assert [str(path) for path in settings.recent_paths("both")] == ["/1", "/2", "/3"]


def test_four_paths_are_seen_at_once(qtbot: QtBot, settings: Settings) -> None:  # noqa: F811
    field = PathsField(settings, BOTH)
    qtbot.addWidget(field)
    field.set_texts(["/a", "/b", "/c", "/d"])
    field.show()
    bar = field.list.verticalScrollBar()
    assert bar.maximum() == 0
    field.set_texts([f"/{number}" for number in range(9)])
    QApplication.processEvents()
    assert bar.maximum() > 0


def test_an_empty_list_says_what_to_do(qtbot: QtBot, settings: Settings) -> None:  # noqa: F811
    field = PathsField(settings, PathKind("f", folder=True, file=False))
    qtbot.addWidget(field)
    field.resize(400, 120)
    field.show()

    def inked() -> int:
        image = field.list.viewport().grab().toImage()
        ground = image.pixelColor(image.width() - 3, image.height() - 3)
        rows = range(2, min(30, image.height() - 2))
        return sum(
            image.pixelColor(x, y) != ground for x in range(2, image.width() - 2, 2) for y in rows
        )

    assert inked() > 20 and field.add.toolTip().startswith("Add folders")
    field.set_texts([" "])
    field.list.clearFocus()
    assert inked() < 20
