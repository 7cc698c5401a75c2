"""What the user is told, and told once."""

import traceback

from PySide6.QtCore import QObject, Signal

from core.errors import Stopped, XCosError
from core.log import unexpected


class Messages(QObject):
    """Sentences for the status bar."""

    message = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._told: set[str] = set()

    def tell_once(self, sentence: str) -> None:
        """A message that is not repeated."""
        if sentence not in self._told:
            self._told.add(sentence)
            self.message.emit(sentence)

    def tell(self, error: BaseException) -> None:
        """Say why work failed; nothing where the user stopped it."""
        if isinstance(error, XCosError) and not isinstance(error, Stopped):
            self.message.emit(str(error))
        elif isinstance(error, MemoryError):
            self.message.emit("The memory is full; close other programs or open a smaller gallery.")
        elif not isinstance(error, Stopped):
            self.tell_unexpected(error)

    def tell_unexpected(self, error: BaseException) -> None:
        """Keep the details of an error that nobody foresaw, and say where."""
        self.message.emit(unexpected("".join(traceback.format_exception(error))))
