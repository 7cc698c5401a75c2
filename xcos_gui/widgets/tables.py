"""Tables as docs/design.md has them: every column has a name, fits, sorts, and is remembered."""

import json
from collections.abc import Iterable

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QHeaderView, QTableView, QTableWidgetItem

from xcos_gui.state.settings import Settings

SETTLE = 400  # milliseconds without a change until it is kept
MOST_FIT = 12  # lines of text that a column is wide at most, until the user makes it wider
WIDEST = 4000  # pixels of a remembered column that are believed


class ValueItem(QTableWidgetItem):
    """A cell that sorts by its value, not by its text; numbers stand right."""

    def __init__(self, text: str, value: str | float) -> None:
        super().__init__(text)
        self.setToolTip(text)
        self.value = value
        if not isinstance(value, str):
            self.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def __lt__(self, other: QTableWidgetItem) -> bool:
        return isinstance(other, ValueItem) and bool(self.value < other.value)  # type: ignore[operator]


class RememberedTable(QObject):
    """Keeps a table's column widths and its sorting in the settings, by the table's name."""

    def __init__(
        self,
        table: QTableView,
        settings: Settings,
        name: str,
        first: tuple[int, Qt.SortOrder] | None = None,
        sorts: bool = True,
    ) -> None:
        """first: what it is sorted by at first, None: its rows come in an order of their own, to which
        a third click leads back; sorts: whether a click on a head sorts it at all
        """
        super().__init__(table)
        self._table, self._settings = table, settings
        self._key = f"table/{name}"
        self._timer = QTimer(self, singleShot=True, interval=SETTLE)
        self._timer.timeout.connect(self._keep)
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        header = table.horizontalHeader()
        header.setTextElideMode(Qt.TextElideMode.ElideRight)
        header.setHighlightSections(False)
        header.setSortIndicatorClearable(first is None)
        header.setSortIndicator(*(first or (-1, Qt.SortOrder.AscendingOrder)))
        self._restore(-1 if first is None else 0)
        table.setSortingEnabled(sorts)
        header.sectionResized.connect(self._on_resized)
        header.sortIndicatorChanged.connect(lambda *_: self._timer.start())

    def fit(self, columns: Iterable[int]) -> None:
        """Make columns as wide as what they hold, unless the user has given the table widths."""
        if self._settings.store.contains(self._key) or self._timer.isActive():
            return
        most = MOST_FIT * self._table.fontMetrics().height()
        for column in columns:
            self._table.resizeColumnToContents(column)
            if self._table.columnWidth(column) > most:
                self._table.setColumnWidth(column, most)
        self._timer.stop()  # that was not the user

    def _on_resized(self, section: int, *_: object) -> None:
        header = self._table.horizontalHeader()
        last = max(
            (k for k in range(header.count()) if not header.isSectionHidden(k)),
            key=header.visualIndex,
            default=-1,
        )
        # A last column that takes what room is left follows the window, not the user.
        if section in self._movable() and not (header.stretchLastSection() and section == last):
            self._timer.start()

    def _movable(self) -> list[int]:
        header = self._table.horizontalHeader()
        free = QHeaderView.ResizeMode.Interactive
        return [
            column for column in range(header.count()) if header.sectionResizeMode(column) == free
        ]

    def _keep(self) -> None:
        header = self._table.horizontalHeader()
        layout = {
            "widths": {
                str(column): header.sectionSize(column)
                for column in self._movable()
                if not header.isSectionHidden(column)
            },
            "sort": [header.sortIndicatorSection(), header.sortIndicatorOrder().value],
        }
        self._settings.store.setValue(self._key, json.dumps(layout))

    def _restore(self, least: int) -> None:
        header = self._table.horizontalHeader()
        try:
            layout = json.loads(str(self._settings.store.value(self._key, "{}")))
            widths = {int(column): int(width) for column, width in layout["widths"].items()}
            column, order = (int(number) for number in layout["sort"])
        except (ValueError, TypeError, KeyError, AttributeError):
            return  # a first start, or what cannot be read
        for place in self._movable():
            if header.minimumSectionSize() <= widths.get(place, 0) <= WIDEST:
                header.resizeSection(place, widths[place])
        if least <= column < header.count() and order in (0, 1):
            header.setSortIndicator(column, Qt.SortOrder(order))
