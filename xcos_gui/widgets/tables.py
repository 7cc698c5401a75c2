"""Tables as docs/design.md has them: every column has a name, fits, sorts, and is remembered."""

import json
from collections.abc import Iterable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
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


class SharedRoom(QObject):
    """Columns of a table that share the room which the others leave, but stay readable.

    Each is at least so many lines of text wide; below that the table scrolls sideways.
    """

    def __init__(self, table: QTableView, columns: Sequence[int], least: float) -> None:
        super().__init__(table)
        self._table, self._columns = table, columns
        self._least = round(least * table.fontMetrics().height())
        self._sharing = self._changed = False
        for column in columns:
            table.horizontalHeader().setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
        table.horizontalHeader().sectionResized.connect(self._share)  # hidden and shown, too
        table.viewport().installEventFilter(self)
        self._share()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self._share()
        return False

    def _share(self, *_: object) -> None:
        self._changed = True
        if self._sharing:
            return
        self._sharing = True
        header = self._table.horizontalHeader()
        while self._changed:  # sections and the viewport may change meanwhile, then settle
            self._changed = False
            others = sum(
                header.sectionSize(k) for k in range(header.count()) if k not in self._columns
            )
            room = self._table.viewport().width() - others
            for place, column in enumerate(self._columns):
                share = (room + place) // len(self._columns)  # to the last pixel
                header.resizeSection(column, max(self._least, share))
        self._sharing = False


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


def mark_row(table: QTableView, row: int) -> None:
    """Choose a row and scroll to it, as something else than the user's hand chose it: nobody is told."""
    chosen = table.selectionModel()
    chosen.blockSignals(True)
    table.selectRow(row)
    chosen.blockSignals(False)
    table.scrollTo(table.currentIndex())
    table.viewport().update()
