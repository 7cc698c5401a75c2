"""People as a table that sorts by any column."""

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from core.evaluation.people import Animal, Person

SORT_ROLE = Qt.ItemDataRole.UserRole
# Okabe and Ito's palette, and grey for those who do not stand out.
ANIMAL_COLOURS: dict[Animal, QColor] = {
    "worm": QColor(213, 94, 0),
    "goat": QColor(230, 159, 0),
    "phantom": QColor(204, 121, 167),
    "lamb": QColor(86, 180, 233),
    "wolf": QColor(0, 114, 178),
    "chameleon": QColor(240, 228, 66),
    "dove": QColor(0, 158, 115),
    "sheep": QColor(150, 150, 150),
}
NONE_COLOUR = QColor(200, 200, 200)
HEADERS: tuple[tuple[str, str], ...] = (
    ("person", ""),
    ("class", "By quarters of all people's mean genuine and impostor scores"),
    ("faces", ""),
    ("genuine", "Mean score of the person's genuine pairs"),
    ("worst", "Lowest score of a genuine pair"),
    ("impostor", "Mean score with all strangers"),
    ("highest", "Mean over the faces of each face's highest impostor score"),
    ("FN", "Genuine pairs called different at the threshold"),
    ("FP", "Pairs with strangers called the same at the threshold"),
)
Index = QModelIndex | QPersistentModelIndex


class PeopleModel(QAbstractTableModel):
    """One row a person, in the order of their identities; a proxy sorts."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.persons: tuple[Person, ...] = ()

    def show(self, persons: tuple[Person, ...]) -> None:
        """Show other people."""
        self.beginResetModel()
        self.persons = persons
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.persons)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(HEADERS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return HEADERS[section][0]
        if role == Qt.ItemDataRole.ToolTipRole:
            return HEADERS[section][1]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        person = self.persons[index.row()]
        value = _values(person)[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            if value is None:
                return "\N{EN DASH}"
            return f"{value:.3f}" if isinstance(value, float) else str(value)
        if role == SORT_ROLE:
            # People without such a score come last when the lowest come first.
            return 2.0 if value is None else value
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 1:
            return ANIMAL_COLOURS[person.animal] if person.animal else NONE_COLOUR
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() > 1:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ToolTipRole:
            return person.identity
        return None


def _values(person: Person) -> tuple[Any, ...]:
    return (
        person.identity,
        person.animal or "",
        person.faces,
        person.genuine_mean,
        person.genuine_worst,
        person.impostor_mean,
        person.impostor_highest,
        person.false_rejects,
        person.false_accepts,
    )
