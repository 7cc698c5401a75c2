"""The 49 contributions as a sortable table with a running sum that ends in the score."""

from typing import Any

from PySide6.QtCore import (
    QObject,
    Qt,
)

from core.explain.report import PairReport, cell_rows
from xcos_gui.widgets.rows_model import RowsModel

COLUMNS = (
    ("cell", "row and column of the cell, counted from 1 at the top left"),
    ("region", "part of the face, from the landmarks"),
    ("S", "cosine of the two faces' grid features in this cell"),
    ("W", "attention: the weight of this cell"),
    ("W\N{MIDDLE DOT}S", "contribution: what this cell gave to the score"),
    ("share", "contribution as a share of the score"),
    (
        "evidence",
        "contribution less the threshold's part: positive speaks for the same person",
    ),
    (
        "sum",
        "running sum of contributions in the order shown; the last row is the score",
    ),
)
KEYS = (
    "row",
    "region",
    "cosine",
    "attention",
    "contribution",
    "share",
    "evidence",
    "running_sum",
)


class CellsModel(RowsModel):
    """One row a cell, sorted by any column; the sum follows the order shown."""

    HEADS = COLUMNS
    NUMBERS = 0, *range(2, len(COLUMNS))

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[dict[str, Any]] = []
        self._column, self._order = 4, Qt.SortOrder.DescendingOrder

    def show(self, report: PairReport | None) -> None:
        """Show a pair's cells."""
        self.beginResetModel()
        self._rows = [] if report is None else cell_rows(report)
        self._arrange()
        self.endResetModel()

    def cell(self, row: int) -> tuple[int, int]:
        """Row and column in the grid of a table row."""
        return int(self._rows[row]["row"]), int(self._rows[row]["column"])

    def row_of(self, cell: tuple[int, int]) -> int | None:
        """The table row of a cell."""
        rows = (i for i, row in enumerate(self._rows) if (row["row"], row["column"]) == cell)
        return next(rows, None)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.layoutAboutToBeChanged.emit()
        self._column, self._order = column, order
        self._arrange()
        self.layoutChanged.emit()

    def _arrange(self) -> None:
        key = KEYS[self._column]
        falling = self._order == Qt.SortOrder.DescendingOrder
        if key not in ("running_sum",):
            self._rows.sort(
                key=lambda row: (
                    row[key] is None,
                    row[key],
                    row["column"] if key == "row" else 0,
                ),
                reverse=falling,
            )
        total = 0.0
        for row in self._rows:
            total += row["contribution"]
            row["running_sum"] = total

    def count(self) -> int:
        return len(self._rows)

    def shown(self, row: int, column: int, role: int) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        cell, key = self._rows[row], KEYS[column]
        value = cell[key]
        if key == "row":
            return f"{cell['row'] + 1}, {cell['column'] + 1}"
        if value is None:
            return "\N{EN DASH}"
        if key == "share":
            return f"{100 * value:z.1f} %".replace("-", "\N{MINUS SIGN}")
        if isinstance(value, float):
            return f"{value:z.4f}".replace("-", "\N{MINUS SIGN}")
        return str(value)
