"""A 7x7 map with its title and colour bar."""

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from core.explain.colours import MapName, centred_table, map_rgba, table
from xcos_gui.widgets.cell_view import Cell, CellView
from xcos_gui.widgets.colour_bar import ColourBar
from xcos_gui.widgets.elided import PlainLabel

LONGEST = 8  # heights of a line that a title may ask for


class MapView(QWidget):
    """Shows one map; `view` tells the cell under the cursor."""

    def __init__(self, name: MapName, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name, self._title = name, title
        self.values: np.ndarray | None = None
        self.title = PlainLabel(title, alignment=Qt.AlignmentFlag.AlignCenter)
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        metrics = self.fontMetrics()  # a short title is never cut
        self.title.setMinimumWidth(
            min(metrics.horizontalAdvance(title), LONGEST * metrics.height())
        )
        self.view, self.bar = CellView(title), ColourBar()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.title)
        column.addWidget(self.view, 1)
        column.addWidget(self.bar)

    def show_map(
        self,
        values: np.ndarray | None,
        threshold: float,
        limit: float,
        difference: bool = False,
        tip: str = "",
    ) -> None:
        """Show values (7, 7) with colours up to a limit; a difference is white at 0. None: nothing."""
        self.values = values
        if values is None:
            self.view.set_overlay(None)
            self.title.setText(self._title)
            return
        name: MapName = "evidence" if difference else self.name
        top = 1.0 if name == "cosine" else limit
        self.view.set_overlay(map_rgba(name, values, threshold=threshold, limit=top), values)
        total = "" if self.name == "cosine" else f"  (sum {values.sum():z.3f})"
        self.title.setText((self._title + total).replace("-", "\N{MINUS SIGN}"))
        if name == "cosine":
            self.bar.show_table(centred_table(threshold), -1, 1, threshold, tip)
        elif name == "attention":
            self.bar.show_table(table("sequential"), 0, top, None, tip)
        else:
            self.bar.show_table(table("diverging"), -top, top, None, tip)

    def set_title(self, title: str) -> None:
        """Another title, shown with the next map."""
        self._title = title
        self.view.setAccessibleName(f"{title}; arrow keys move over the cells")

    def mark(self, cell: Cell | None) -> None:
        """Mark a cell; None: none."""
        self.view.set_cell(cell)
