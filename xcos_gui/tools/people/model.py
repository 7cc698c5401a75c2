"""People as a table that sorts by any column."""

from typing import Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QColor

from core.analysis.people import Animal, Person
from xcos_gui.widgets.rows_model import RowsModel

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
    ("person", "Whose photos they are"),
    ("class", "By quarters of all people's mean genuine and impostor scores"),
    ("faces", "How many faces of the person there are"),
    ("genuine", "Mean score of the person's genuine pairs"),
    ("worst", "Lowest score of a genuine pair"),
    ("impostor", "Mean score with all strangers"),
    ("highest", "Mean over the faces of each face's highest impostor score"),
    ("FN", "Genuine pairs called different at the threshold"),
    ("FP", "Pairs with strangers called the same at the threshold"),
)


class PeopleModel(RowsModel):
    """One row a person: those whose name has a text, in the order of a column."""

    HEADS = HEADERS
    NUMBERS = range(2, len(HEADERS))

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.persons: tuple[Person, ...] = ()
        self._rows: list[Person] = []
        self._column, self._descending, self._text = 0, False, ""

    def show(self, persons: tuple[Person, ...]) -> None:
        """Show other people."""
        self.persons = persons
        self._arrange()

    def set_filter(self, text: str) -> None:
        """Show only people whose name has the text."""
        self._text = text.strip()
        self._arrange()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._column, self._descending = column, order == Qt.SortOrder.DescendingOrder
        self._arrange()

    def person(self, row: int) -> Person:
        """Who is in a row."""
        return self._rows[row]

    def row_of(self, identity: str) -> int | None:
        """The row of a person, or None where it is filtered out."""
        return next((k for k, p in enumerate(self._rows) if p.identity == identity), None)

    def _arrange(self) -> None:
        # Not by a proxy model: that one asks for every cell from C++, a second for 4,000 people.
        self.beginResetModel()
        wanted = self._text.casefold()
        valued = [
            (_values(p)[self._column], p) for p in self.persons if wanted in p.identity.casefold()
        ]
        with_value = [pair for pair in valued if pair[0] is not None]
        with_value.sort(key=lambda pair: pair[0], reverse=self._descending)
        # People without such a score come last.
        self._rows = [p for _, p in with_value] + [p for value, p in valued if value is None]
        self.endResetModel()

    def count(self) -> int:
        return len(self._rows)

    def shown(self, row: int, column: int, role: int) -> Any:
        person = self._rows[row]
        value = _values(person)[column]
        if role == Qt.ItemDataRole.DisplayRole:
            if value is None:
                return "\N{EN DASH}"
            return f"{value:z.3f}" if isinstance(value, float) else str(value)
        if role == Qt.ItemDataRole.DecorationRole and column == 1:
            return ANIMAL_COLOURS[person.animal] if person.animal else NONE_COLOUR
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
