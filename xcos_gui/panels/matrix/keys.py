"""Where the keys of the matrix lead."""

import numpy as np
from PySide6.QtCore import Qt


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
