"""What is dropped on a window from elsewhere: files and folders, which stay where they are."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget


def accept_copy(event: QDropEvent) -> None:
    """Take what is dragged as a copy: where a move is taken, some file managers delete the files."""
    event.setDropAction(Qt.DropAction.CopyAction)
    event.accept()


def dropped_paths(event: QDropEvent) -> list[Path]:
    """The files and folders that are dragged; none where they are addresses or text."""
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]


def leave_drops_to_window(widget: QWidget) -> None:
    """Let no field of a widget take a dropped file as text: its window opens it."""
    for field in (*widget.findChildren(QLineEdit), *widget.findChildren(QPlainTextEdit)):
        field.setAcceptDrops(False)
