"""The first start, the toolbar, help by context, and coming back to where one was."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from core.query.language import parse
from xcos_gui.shell.help import shortcuts_page, tool_page, words_page
from xcos_gui.shell.last_view import keep_view, restore_view
from xcos_gui.shell.story import STEPS
from xcos_gui.shell.tool_menu import ALL_TOOLS
from xcos_gui.shell.toolbar import WORDS_FROM
from xcos_gui.shell.window import TOOLBAR, MainWindow
from xcos_gui.widgets.filter_line import PLACEHOLDER
from xcos_gui.widgets.icons import DRAWINGS


def test_the_story_goes_through_its_steps(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    assert window.session.source is not None and window.story.isHidden()
    monkeypatch.setattr("xcos_gui.shell.story.resource_path", lambda _: window.session.source)
    window.session.set_threshold(-0.5)  # so that there are false accepts
    window.story.begin()
    qtbot.waitUntil(lambda: window.story.step == 0 and window.story.isVisible())  # once idle
    assert window.story.title.text().startswith(f"1 of {len(STEPS)}")
    window.story.next.click()
    assert window.matrix.colouring.currentIndex() == 1
    assert window.inspector.verdict.headline.text() == "False accept"
    window.story.next.click()
    window.story.back.click()
    assert window.story.step == 1
    for _ in range(3):
        window.story.next.click()
    assert window.story.isHidden() and window.session.settings.story_seen
    window.session.idle.emit()
    assert window.story.isHidden()  # not by itself a second time
    window.story.begin()
    assert window.story.isVisible()
    window.story.end()


def test_a_first_start_with_the_sample_tells_it_by_itself(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xcos_gui.shell.story.resource_path", lambda _: window.session.source)
    window.session.idle.emit()
    assert window.story.step == 0 and window.story.isVisible()


def test_the_toolbar_has_words_where_there_is_room(window: MainWindow) -> None:
    bar = window.toolbar
    names = [name for name, _ in TOOLBAR if name is not None]
    assert 10 <= len(names) <= 12
    for name, word in TOOLBAR:
        if name is not None:
            action = window._menus.actions[name]
            assert action.iconText() == word and not action.icon().isNull()
            assert action.shortcut().isEmpty() or "(" in action.toolTip(), name
    window.resize(WORDS_FROM + 100, 700)
    assert bar.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonTextBesideIcon
    window.resize(WORDS_FROM - 200, 700)
    assert bar.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonIconOnly


def test_every_tool_has_an_icon_a_key_of_its_own_and_help(window: MainWindow) -> None:
    assert len({tool.key for tool in ALL_TOOLS}) == len(ALL_TOOLS)
    for tool in ALL_TOOLS:
        assert tool.icon in DRAWINGS and tool.about.endswith(".")
        assert tool.key in tool_page(tool)
    page = shortcuts_page(window._menus._keys())
    for tool in ALL_TOOLS:
        assert tool.key in page, tool.text


def test_words_are_explained() -> None:
    page = words_page()
    for word in ("FP, false accept", "FAR", "evidence", "Cllr", "fragile", "unsure"):
        assert word in page


def test_what_is_opened_is_known_wherever_the_program_starts_next(
    empty: MainWindow, qtbot: QtBot, crops: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(crops.parent)
    empty.session.open_gallery(Path(crops.name))
    qtbot.waitUntil(lambda: empty.session.matrix is not None, timeout=60_000)
    assert empty.session.source == crops and empty.session.settings.recents[0] == crops


def test_the_example_of_a_filter_is_a_filter() -> None:
    parse(PLACEHOLDER.partition(": ")[2])


def test_a_gallery_opens_where_it_was_left(window: MainWindow, qtbot: QtBot, crops: Path) -> None:
    session = window.session
    session.select_pair(2, 4)
    window.matrix.colouring.setCurrentIndex(1)
    window.pairs.choice.setCurrentIndex(3)
    keep_view(window)
    session.select_pair(0, 1)
    window.matrix.colouring.setCurrentIndex(0)
    window.pairs.choice.setCurrentIndex(0)
    session.open_gallery(crops)
    restore_view(window, crops)
    qtbot.waitUntil(lambda: not session.busy and session.pair == (2, 4), timeout=60_000)
    assert window.matrix.colouring.currentIndex() == 1 and window.pairs.choice.currentIndex() == 3
    session.settings.store.setValue("last", "{not json")
    restore_view(window, crops)  # is passed over


def test_a_folder_without_faces_says_so_where_one_looks(
    empty: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    folder = tmp_path / "none"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(b"no picture")
    (folder / "b.jpg").write_bytes(b"no picture")
    empty.session.open_gallery(folder)
    panel = empty.gallery
    qtbot.waitUntil(lambda: panel.empty.title.text() == "2 photos, no face found", timeout=20_000)
    assert panel.empty.isVisible() and panel.problems_model.rowCount() == 2
    assert next(b.text() for b in panel.empty.buttons) == "They are aligned crops"


def test_the_gallery_has_heads_and_orders(window: MainWindow) -> None:
    panel = window.gallery
    shown = [panel.grouped.index(row).data() for row in range(panel.grouped.rowCount())]
    assert shown[0] == "ann  ·  3 faces" and len(shown) == 6 + 3
    assert shown[1] == "1.png"
    assert panel.grouped.place_of(3).row() == 5  # bob's first, below two heads
    panel.order.setCurrentIndex(1)
    panel._on_order(1)
    assert panel.grouped.rowCount() == 6
    panel.side.setValue(100)
    assert window.session.settings.thumbnail_side == 100


def test_why_a_filter_passes_nothing(window: MainWindow, qtbot: QtBot) -> None:
    window.session.set_filter("genuine and score > 5")
    qtbot.waitUntil(lambda: bool(window.session.filter.why_none), timeout=10_000)
    assert window.session.filter.why_none == "4 pairs pass genuine, of which none passes score > 5"
    qtbot.waitUntil(lambda: window.pairs._count.text() == window.session.filter.why_none)
