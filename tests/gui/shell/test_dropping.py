"""Dropping on the window: what opens, what is told, and that nothing of the user's is moved."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from pathlib import Path

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from xcos_gui.shell.window import MainWindow

BOTH = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
NO_KEY, LEFT = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton


def drop(on: QWidget, *dropped: Path | str) -> QDropEvent:
    """Drop files, or addresses, on a widget as a file manager or a browser does."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(p) if isinstance(p, Path) else QUrl(p) for p in dropped])  # type: ignore[arg-type]
    enter = QDragEnterEvent(QPointF(5, 5).toPoint(), BOTH, data, LEFT, NO_KEY)
    on.dragEnterEvent(enter)
    assert enter.isAccepted()
    event = QDropEvent(QPointF(5, 5), BOTH, data, LEFT, NO_KEY)
    on.dropEvent(event)
    return event


def opens(qtbot: QtBot, window: MainWindow, faces: int) -> None:
    session = window.session
    qtbot.waitUntil(lambda: not session.busy and len(session.loaded or ()) == faces, timeout=60_000)


def test_what_is_dropped_opens_as_a_copy(
    empty: MainWindow, qtbot: QtBot, tmp_path: Path, crops: Path
) -> None:
    photos = sorted(crops.rglob("*.png"))
    listed = tmp_path / "listed.csv"
    listed.write_text("path,identity\n" + "".join(f"{p},x\n" for p in photos[:2]))
    for dropped, faces in (((crops,), 6), (photos[:1], 1), (photos[:4], 4), ((listed,), 2)):
        event = drop(empty, *dropped)
        # Where a move is taken, the file manager may delete what it gave.
        assert event.dropAction() == Qt.DropAction.CopyAction and event.isAccepted()
        opens(qtbot, empty, faces)
    empty.projects.save_as(tmp_path / "kept.xcos")
    qtbot.waitUntil(lambda: not empty.session.busy)
    drop(empty, crops)
    opens(qtbot, empty, 6)
    drop(empty, tmp_path / "kept.xcos")
    opens(qtbot, empty, 2)
    assert empty.session.project_file == tmp_path / "kept.xcos"


def test_what_cannot_be_opened_is_told(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    told: list[str] = []
    window.session.message.connect(told.append)
    (tmp_path / "text.txt").write_text("words")
    before = window.session.source
    for dropped, said in (
        ("https://example.org/face.jpg", "An address cannot be opened"),
        (tmp_path / "text.txt", "is no folder, photo or CSV"),
        (tmp_path / "gone", "does not exist"),
    ):
        told.clear()
        drop(window, dropped)
        qtbot.waitUntil(lambda: not window.session.busy and bool(told), timeout=60_000)
        assert len(told) == 1 and said in told[0]
    told.clear()
    drop(window, *(tmp_path / "crops" / name for name in ("ann", "bob")))
    assert "is a folder among photos" in told[0] and window.session.source == before


def test_no_field_takes_a_dropped_file_as_text(window: MainWindow) -> None:
    window.session.select_pair(0, 3)
    fields = [*window.findChildren(QLineEdit), *window.findChildren(QPlainTextEdit)]
    typed = [f for f in fields if not isinstance(f.parent(), QComboBox | QAbstractSpinBox)]
    assert len(typed) > 8 and not any(field.acceptDrops() for field in fields)
    views = [f.viewport() for f in fields if isinstance(f, QPlainTextEdit)]
    assert views and not any(view.acceptDrops() for view in views)


def test_the_story_of_the_sample_ends_with_another_gallery(
    window: MainWindow, qtbot: QtBot, probes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = window.session.source
    monkeypatch.setattr("xcos_gui.shell.story.resource_path", lambda _: sample)
    window.story.begin()
    assert window.story.step == 0
    drop(window, probes)
    opens(qtbot, window, 4)
    assert window.story.step is None and window.story.isHidden()
    window.story.begin()  # opens the sample again
    opens(qtbot, window, 6)
    qtbot.waitUntil(lambda: window.story.step == 0)
    assert window.story.isVisible()
