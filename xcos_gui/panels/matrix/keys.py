"""Where the keys of the matrix lead."""

import re
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import Qt

from xcos_gui.panels.matrix.axis import Named

PAUSE = 1.2  # seconds after which a typed letter begins another name


def walk(
    key: Qt.Key, pair: tuple[int, int], rows: np.ndarray, columns: np.ndarray
) -> tuple[int, int] | None:
    """Where a key leads from a cell: arrows by one, pages by identity, home and end to the ends."""
    row, column = pair
    steps = {
        Qt.Key.Key_Left: (row, column - 1),
        Qt.Key.Key_Right: (row, column + 1),
        Qt.Key.Key_Up: (row - 1, column),
        Qt.Key.Key_Down: (row + 1, column),
        Qt.Key.Key_Home: (row, 0),
        Qt.Key.Key_End: (row, len(columns) - 1),
        Qt.Key.Key_PageUp: (_next_block(rows, row, -1), column),
        Qt.Key.Key_PageDown: (_next_block(rows, row, 1), column),
    }
    if key not in steps:
        return None
    y, x = steps[key]
    return min(max(y, 0), len(rows) - 1), min(max(x, 0), len(columns) - 1)


def _next_block(codes: np.ndarray, place: int, direction: int) -> int:
    starts = np.concatenate([[0], np.flatnonzero(np.diff(codes)) + 1])
    block = int(np.searchsorted(starts, place, "right")) - 1 + direction
    return int(starts[min(max(block, 0), len(starts) - 1)])


@dataclass(frozen=True)
class Typed:
    """What was typed of a name."""

    text: str

    def first_of(self, names: Sequence[Named]) -> Named | None:
        """The first name that begins so, else the first with a word that does."""
        wanted = _plain(self.text)
        for parts_of in (lambda name: [name], lambda name: re.split(r"[\s_.-]+", name)):
            for named in names:
                if any(part.startswith(wanted) for part in parts_of(_plain(named.name))):
                    return named
        return None


class TypedName:
    """A name as it is typed, letter by letter; after a pause another one begins."""

    def __init__(self) -> None:
        self._text, self._last = "", -PAUSE

    @property
    def going_on(self) -> bool:
        """Whether a further letter would be added to what was typed."""
        return bool(self._text) and time.monotonic() - self._last < PAUSE

    def add(self, text: str, now: float) -> Typed:
        """What is typed so far with some more text."""
        self._text = self._text + text if now - self._last < PAUSE else text.lstrip()
        self._last = now
        return Typed(self._text)


def _plain(text: str) -> str:
    """A name without case and accents, blanks for underscores."""
    parts = unicodedata.normalize("NFKD", text.casefold().replace("_", " "))
    return "".join(sign for sign in parts if not unicodedata.combining(sign))
