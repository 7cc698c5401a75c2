"""A pair that need not be of the open gallery: both faces, all maps, and the decision in words."""

from typing import get_args

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from core.explain.colours import ColourLimits, MapName
from core.explain.report import PairReport
from xcos_gui.widgets.cell_view import Cell, CellView
from xcos_gui.widgets.elided import PlainLabel
from xcos_gui.widgets.empty import OrEmpty
from xcos_gui.widgets.map_view import MapView
from xcos_gui.widgets.readout import Readout

EMPTY = "Choose a pair in the list to see its faces and maps"
TITLES: dict[MapName, str] = {
    "cosine": "Cosine map S",
    "attention": "Attention map W",
    "contribution": "Contribution W\N{MIDDLE DOT}S",
    "evidence": "Evidence",
}


class PairView(QWidget):
    """Shows a PairReport; a cell under the cursor is marked in every map."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._report: PairReport | None = None
        self.words, self.cell_text = PlainLabel(EMPTY, wordWrap=True), Readout()
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.faces = CellView("Left face"), CellView("Right face")
        names: tuple[MapName, ...] = get_args(MapName)
        self.maps = {name: MapView(name, TITLES[name]) for name in names}
        faces, maps = QHBoxLayout(), QGridLayout()
        for face in self.faces:
            face.cell_changed.connect(self._mark)
            faces.addWidget(face)
        for place, view in enumerate(self.maps.values()):
            view.view.cell_changed.connect(self._mark)
            maps.addWidget(view, place // 2, place % 2)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.words)
        column.addLayout(faces, 2)
        column.addLayout(maps, 5)
        column.addWidget(self.cell_text)
        self.shown = OrEmpty("photos", inside)
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(self.shown)
        self.show_report(None)

    def show_report(self, report: PairReport | None, limits: ColourLimits | None = None) -> None:
        """Show a pair with its own colour limits, or given ones; None: none."""
        self._report = report
        crops = (None, None) if report is None else (report.left_crop, report.right_crop)
        for face, crop in zip(self.faces, crops, strict=True):
            face.set_crop(crop)
        if report is None:
            self.shown.say(EMPTY)
        else:
            self.shown.fill()
            self.words.setText(report.words or report.caption)
        for name, view in self.maps.items():
            view.bar.setVisible(report is not None)
            if report is None:
                view.show_map(None, 0.0, 1.0)
                continue
            explanation = report.explanation
            values = report.map_of(name)
            top = limits or ColourLimits(
                float(explanation.attention.max()),
                max(float(abs(explanation.contribution).max()), 1e-6),
            )
            limit = top.attention if name == "attention" else top.contribution
            view.show_map(values, report.threshold or 0.0, limit)
        self._mark(None)

    def _mark(self, cell: Cell | None) -> None:
        for view in self.faces:
            view.set_cell(cell)
        for shown in self.maps.values():
            shown.mark(cell)
        if cell is None or self._report is None:
            self.cell_text.clear()
            return
        explanation = self._report.explanation
        s, w = explanation.cosine[cell], explanation.attention[cell]
        self.cell_text.setText(
            f"Row {cell[0] + 1}, column {cell[1] + 1}, {self._report.regions[cell]}: S {s:.3f}, "
            f"W {w:.4f}, W\N{MIDDLE DOT}S {s * w:.4f}".replace("-", "\N{MINUS SIGN}")
        )
