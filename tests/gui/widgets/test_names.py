"""Names are shown as they are: none becomes markup, none pushes numbers out of sight."""

import ast
from pathlib import Path

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QInputDialog,
    QLabel,
    QMessageBox,
    QTabBar,
    QToolTip,
    QWidget,
)
from pytestqt.qtbot import QtBot

import xcos_gui
from tests.living import make_crops
from xcos_gui.shell.tool_menu import ALL_TOOLS
from xcos_gui.shell.window import MainWindow

ODD = "<b>Ann</b> & the very long name of a person that no panel has room for " * 2
# Colours are said in markup of their own there; no name is.
RICH = {"panels/matrix/bar.py", "tools/people/window.py", "widgets/elided.py"}
HOSTILE = ("<b>R&D<i>", "R&D\nnew line", "שלום R&D", "R&D 😀", f"R&D {'long ' * 40}".strip())
TOOLS = ("photos.window", "what_if.window", "labels.window", "people.window", "report")


def test_words_are_plain() -> None:
    """A QLabel guesses whether its text is markup; PlainLabel does not."""
    root = Path(xcos_gui.__file__).parent
    found = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "QLabel"
    }
    assert found <= RICH


def test_an_odd_name_is_no_markup_and_leaves_the_numbers_in_sight(
    empty: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    name = ODD.replace("/", "|")[:110]
    folder = make_crops(tmp_path / "odd", {name: 2, "bob": 2})
    session = empty.session
    session.open_gallery(folder)
    qtbot.waitUntil(lambda: session.matrix is not None and not session.busy, timeout=60_000)
    session.select_pair(0, 2)
    windows = [empty, *(empty.show_tool(t) for t in ALL_TOOLS if t.place[0] in TOOLS)]
    labels = [label for window in windows for label in window.findChildren(QLabel)]
    with_name = [label for label in labels if "<b>" in label.text()]
    assert len(with_name) > 3
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in with_name)
    readout = empty.matrix.readout
    first, second = readout.text().split("\n")
    assert readout.fontMetrics().horizontalAdvance(first) <= readout.width()
    assert "…" in first and second.startswith("score ") and name in readout.toolTip()


def test_tooltips_and_boxes_take_no_name_for_markup(window: MainWindow) -> None:
    name = "<b>Ann</b> &amp; co"
    QToolTip.showText(QPoint(5, 5), name, window)
    tips = [w for w in QApplication.topLevelWidgets() if w.objectName() == "qtooltip_label"]
    assert [(tip.text(), tip.textFormat()) for tip in tips if isinstance(tip, QLabel)] == [
        (name, Qt.TextFormat.PlainText)
    ]
    QToolTip.hideText()
    box, asking = QMessageBox(window), QInputDialog(window)
    box.setText(name)
    box.setInformativeText(name)
    asking.setLabelText(name)
    for shown in (box, asking):
        shown.open()
        labels = [label for label in shown.findChildren(QLabel) if label.text() == name]
        assert labels and all(x.textFormat() == Qt.TextFormat.PlainText for x in labels)
        shown.close()
        shown.deleteLater()


def keyed(window: QWidget) -> list[str]:
    """The texts in which an & marks a key: of buttons, of menus' entries, and of tabs."""
    bars = window.findChildren(QTabBar)
    return [
        *(button.text() for button in window.findChildren(QAbstractButton)),
        *(action.text() for action in window.findChildren(QAction)),
        *(bar.tabText(place) for bar in bars for place in range(bar.count())),
    ]


def test_no_name_marks_a_key_breaks_a_line_or_stops_a_tool(
    empty: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    folder = make_crops(tmp_path / "R&D", dict.fromkeys(HOSTILE, 2))
    session, told = empty.session, list[str]()
    session.message.connect(told.append)
    session.open_gallery(folder)
    qtbot.waitUntil(lambda: session.matrix is not None and not session.busy, timeout=60_000)
    broken = next(n for n, f in enumerate(session.loaded.gallery.faces) if "\n" in f.key)  # type: ignore[union-attr]
    session.select_pair(broken, broken - 1)
    second = empty.matrix.readout.text().split("\n")[1]  # the names' line is the first
    assert second.startswith("score ")
    assert (
        empty.inspector._names[0].text()
        == f"R&D new line\n{session.loaded.gallery.faces[broken].key[-5:]}"
    )  # type: ignore[union-attr]
    session.settings.remember_path("folder", folder)
    windows = [
        empty,
        *(empty.show_tool(tool) for tool in ALL_TOOLS if tool.place[0] != "compare.window"),
    ]
    empty.show_training()
    assert empty.training is not None
    empty._menus._fill_recents()
    texts = [text for window in (*windows, empty.training) for text in keyed(window)]
    with_name = [text for text in texts if "R&D" in text.replace("&&", "&")]
    assert with_name and all("R&&D" in text and "\n" not in text for text in with_name), with_name
    empty.show_message(f"{HOSTILE[1]} gave no face.")
    assert "\n" not in empty._note.text() and HOSTILE[1] in empty._note.toolTip()
    qtbot.waitUntil(
        lambda: not session.busy and not any(w.job.running for w in windows[1:]), timeout=60_000
    )  # type: ignore[attr-defined]
    assert not told
