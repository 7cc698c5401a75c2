"""Tables of rows, and what their models have in common: heads with tips, numbers that stand right."""

from collections.abc import Collection, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QTableView

Index = QModelIndex | QPersistentModelIndex


class RowsModel(QAbstractTableModel):
    """A table of so many rows; a model of one says its heads, and what its cells show."""

    HEADS: Sequence[tuple[str, str]]  # names and tips of the columns
    NUMBERS: Collection[int] = ()  # columns whose cells stand right

    def heads(self) -> Sequence[tuple[str, str]]:
        """The heads as they are now."""
        return self.HEADS

    def count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def shown(self, row: int, column: int, role: int) -> Any:
        """What a cell shows in a role other than the alignment, or None."""
        raise NotImplementedError

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else self.count()

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.heads())

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        roles = Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole
        if orientation != Qt.Orientation.Horizontal or role not in roles:
            return None
        return self.heads()[section][roles.index(role)]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            right = index.column() in self.NUMBERS
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter if right else None
        return self.shown(index.row(), index.column(), role)


def rows_table(model: RowsModel, name: str) -> QTableView:
    """A table of a model's rows, of which one is chosen at a time; name: for who cannot see it."""
    table = QTableView(
        selectionBehavior=QAbstractItemView.SelectionBehavior.SelectRows,
        selectionMode=QAbstractItemView.SelectionMode.SingleSelection,
        showGrid=False,
        wordWrap=False,
    )
    table.setModel(model)
    table.setAccessibleName(name)
    table.verticalHeader().hide()
    return table
