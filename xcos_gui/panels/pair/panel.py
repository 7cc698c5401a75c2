"""One pair: both faces, the maps, the cells, and the decision in words."""

import numpy as np
from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QSlider,
    QTableView,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.analysis.evidence.words import worth_words
from core.explain.colours import MapName, faded, map_rgba
from core.explain.explanation import PairExplanation
from core.explain.report import LEAST_SCORE, NO_DECISION, PairReport
from core.model.kinds import ATTENTION_KINDS, ORDERS
from core.project.edits import DECISIONS, Decision
from xcos_gui.panels.pair.maps import MAPS, TITLES, PairMapsView
from xcos_gui.panels.pair.saving import PairSaver
from xcos_gui.state.session import Session
from xcos_gui.widgets.cell_view import Cell, CellView
from xcos_gui.widgets.cells_table import CellsModel
from xcos_gui.widgets.design import TIGHT
from xcos_gui.widgets.elided import ElidedLabel, GivingBox, PlainLabel, name_and_file
from xcos_gui.widgets.icons import icon
from xcos_gui.widgets.readout import Readout
from xcos_gui.widgets.subject_edit import SubjectEdit
from xcos_gui.widgets.tables import RememberedTable, mark_row
from xcos_gui.widgets.verdict import VerdictView

EMPTY = "Click a cell of the matrix to see where the two faces agree."
DECIDES: dict[str, Decision] = {decision[0]: decision for decision in DECISIONS}
ORDER_TEXTS = {
    "both": "Order: both",
    "left-right": "Order: left \N{RIGHTWARDS ARROW} right",
    "right-left": "Order: right \N{RIGHTWARDS ARROW} left",
}


class InspectorPanel(QWidget):
    """The pair that the session looks at."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.saver = PairSaver(session, self)
        self._plain = False
        self.verdict = VerdictView()
        self._report: PairReport | None = None
        self._cell: Cell | None = None
        self.words = PlainLabel(EMPTY, wordWrap=True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.numbers = PlainLabel(wordWrap=True)
        self.numbers.setToolTip(
            "Score: the sum of W\N{MIDDLE DOT}S over the 49 cells. Target cosine: what the target model says "
            "of the pair. FC cosine: what the weights' fully connected head says of it."
        )
        self.judging = SubjectEdit(session, short=True)
        self.judging.setToolTip(
            "A accepts, R rejects, U is unsure, while the keys go to this panel"
        )
        self.cell_text = Readout()
        self.faces = CellView("Left face"), CellView("Right face")
        self._maps = PairMapsView()
        self.maps = self._maps.views
        for view in (*self.faces, *self.maps.values()):
            view.cell_changed.connect(self._mark)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addLayout(self._make_switches())
        layout.addWidget(self.verdict)
        layout.addWidget(self.judging)
        layout.addWidget(self.words)
        layout.addLayout(self._make_faces(), 2)
        tabs = QTabWidget(documentMode=True)
        tabs.addTab(self._maps, "Maps")
        cells = QWidget()
        column = QVBoxLayout(cells)
        column.setContentsMargins(0, 4, 0, 0)
        column.addWidget(self.numbers)
        column.addWidget(self._make_table(), 1)
        tabs.addTab(cells, "49 cells")
        tabs.setCornerWidget(self._make_overlay())
        layout.addWidget(self.cell_text)  # above the maps: in a low window they end below its edge
        layout.addWidget(tabs, 3)
        session.explanation_changed.connect(self._on_explanation_changed)
        session.threshold_changed.connect(self._on_threshold)
        session.attention_changed.connect(self._show_switches)
        session.reference_changed.connect(self._show_report)
        session.model_changed.connect(self._show_switches)
        session.matrix_changed.connect(self._paint_maps)
        session.edits_changed.connect(self._show_judging)
        for keen in (*self.findChildren(QComboBox), self.table):
            keen.installEventFilter(self)  # they would take a letter for the start of an entry
        self._show_switches()
        self._photos.setIcon(icon("photos", self.palette()))

    # Making.

    def _make_switches(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.kind = QComboBox(
            toolTip="How cells are weighed: learned, equal, or by correlation with the target"
        )
        for kind in ATTENTION_KINDS:
            self.kind.addItem(f"{kind.capitalize()} attention", kind)
        self.kind.setAccessibleName("Attention kind")
        self.kind.activated.connect(lambda _: self._session.set_kind(self.kind.currentData()))
        self.order = QComboBox(
            toolTip="Learned attention depends on which face comes first; both is the mean"
        )
        for order in ORDERS:
            self.order.addItem(ORDER_TEXTS[order], order)
        self.order.setAccessibleName("Order of the two faces")
        self.order.activated.connect(lambda _: self._session.set_order(self.order.currentData()))
        swap = QToolButton(
            text="\N{LEFT RIGHT ARROW}",
            toolTip="Swap left and right",
            accessibleName="Swap left and right",
        )
        swap.clicked.connect(self._session.swap_pair)
        save = QToolButton(text="Save…", popupMode=QToolButton.ToolButtonPopupMode.InstantPopup)
        save.setMenu(self.saver.menu)
        photos = self._photos = QToolButton(toolTip="Both photos at full size (Ctrl+D)")
        photos.setAccessibleName("Both photos at full size")
        photos.clicked.connect(lambda: self._session.tool_asked.emit("photos"))
        for box in (self.kind, self.order):
            box.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            box.setMinimumContentsLength(4)
            row.addWidget(box, 3 if box is self.kind else 2)
        for widget in (swap, photos, save):
            row.addWidget(widget)
        return row

    def _make_faces(self) -> QVBoxLayout:
        column = QVBoxLayout()
        row = QHBoxLayout()
        middle = Qt.AlignmentFlag.AlignHCenter
        self._names = ElidedLabel(align=middle), ElidedLabel(align=middle)
        for view, label in zip(self.faces, self._names, strict=True):
            below = QVBoxLayout()
            below.addWidget(view, 1)
            below.addWidget(label)
            row.addLayout(below)
        column.addLayout(row, 1)
        return column

    def _make_overlay(self) -> QWidget:
        """What is laid over the faces, in the corner of the tabs: the maps have the room of a row."""
        corner = QWidget()
        line = QHBoxLayout(corner)
        line.setContentsMargins(0, 0, 0, TIGHT)
        self.overlay = GivingBox(
            toolTip="What is laid over the faces; hold Space to see them plain"
        )
        self.overlay.setAccessibleName("Overlay on the faces")
        self.overlay.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.overlay.setMinimumContentsLength(12)
        self.overlay.addItem("No overlay", None)
        for name in MAPS:
            self.overlay.addItem(f"Overlay: {TITLES[name]}", name)
        self.overlay.setCurrentIndex(self.overlay.findData("evidence"))
        self.overlay.currentIndexChanged.connect(self._paint_faces)
        self.opacity = QSlider(Qt.Orientation.Horizontal, minimum=0, maximum=100, value=45)
        self.opacity.setAccessibleName("Opacity of the overlay")
        self.opacity.setToolTip("Opacity of the overlay")
        self.opacity.valueChanged.connect(self._paint_faces)
        self.opacity.setMinimumWidth(4 * self.fontMetrics().height())
        line.addWidget(self.overlay)
        line.addWidget(self.opacity, 1)
        return corner

    def _make_table(self) -> QTableView:
        self.cells = CellsModel(self)
        self.table = QTableView(sortingEnabled=True, showGrid=False)
        self.table.setModel(self.cells)
        self.table.setAccessibleName("Contributions of the 49 cells")
        self.table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 4)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        by_contribution = 4, Qt.SortOrder.DescendingOrder
        RememberedTable(self.table, self._session.settings, "cells", by_contribution)
        self.table.selectionModel().currentRowChanged.connect(self._on_table_row)
        return self.table

    # Showing.

    def _show_switches(self) -> None:
        session = self._session
        self.kind.setCurrentIndex(self.kind.findData(session.kind))
        self.order.setCurrentIndex(self.order.findData(session.order))
        self.order.setEnabled(session.kind == "learned")
        known = ATTENTION_KINDS if session.card is None else session.card.kinds
        model = self.kind.model()
        for place, kind in enumerate(ATTENTION_KINDS):
            item = model.item(place)  # type: ignore[attr-defined]
            item.setEnabled(kind in known)

    def _on_explanation_changed(self, explanation: PairExplanation | None) -> None:
        self._show_report()
        if explanation is None or self._report is None:
            for view in (*self.faces, *self.maps.values()):
                view.set_crop(None)
            for label in self._names:
                label.clear()
                label.setToolTip("")
            self._paint_maps()
            self._mark(None)
            return
        crops = (self._report.left_crop, self._report.right_crop)
        assert self._session.pair is not None
        faces = self._session.faces_of(self._session.pair)
        for view, label, crop, face in zip(self.faces, self._names, crops, faces, strict=True):
            view.set_crop(crop)
            label.setText(name_and_file(face))
            label.setToolTip(face.key)
        self._paint_maps()
        self._mark(self._cell)

    def _show_judging(self) -> None:
        """Tags and decision of the pair looked at."""
        session = self._session
        if self._report is None or session.pair is None or session.project is None:
            self.judging.leave()
            self.judging.hide()
            return
        subject = session.pair_subject_of(session.pair)
        if subject is None:
            self.judging.leave()
        else:
            self.judging.show_subject(subject, session.project.edits)
        left, right = session.faces_of(session.pair)
        self.judging.setHidden(subject is None or left.key == right.key)

    def _on_threshold(self, _: float) -> None:
        if self._report is not None:
            self._show_report()
            self._paint_maps()

    def _show_report(self) -> None:
        """The decision in words and numbers, and the table of cells."""
        session, self._report = self._session, self._session.report()
        self._show_judging()
        report = self._report
        self.cells.show(report)
        if report is None or session.pair is None:
            self.verdict.show_pair(None, None)
            self.words.setText(self._why_none())
            self.numbers.setText("")
            return
        words, e = report.words or NO_DECISION, report.explanation
        ratios = session.ratios
        worth = "" if ratios is None else worth_words(ratios, e.score)
        self.words.setText(f"{words}\n{worth}".rstrip())
        self.numbers.setText(_numbers(report))
        self.verdict.show_pair(report, session.faces_of(session.pair))

    def _why_none(self) -> str:
        loaded = self._session.loaded
        if loaded is not None and len(loaded) == 1 and self._session.probes is None:
            return "There is one face; open a second photo with it to get a pair."
        return EMPTY

    def _values(self, name: MapName) -> np.ndarray | None:
        return None if self._report is None else self._report.map_of(name)

    def _limit(self, name: MapName) -> float:
        """Upper end of a map's colours: fixed for the gallery, so that pairs can be compared."""
        limits = self._session.colour_limits
        return {"cosine": 1.0, "attention": limits.attention}.get(name, limits.contribution)

    def _paint_maps(self) -> None:
        self._maps.show_report(self._report, self._limit)
        self._paint_faces()

    def _paint_faces(self, *_: object) -> None:
        name: MapName | None = None if self._plain else self.overlay.currentData()
        values = None if name is None else self._values(name)
        report = self._report
        rgba = None
        if name is not None and values is not None and report is not None:
            rgba = map_rgba(
                name,
                values,
                threshold=report.threshold,
                limit=self._limit(name),
                opacity=self.opacity.value() / 100,
            )
            if name in ("contribution", "evidence"):  # what says nothing hides nothing
                rgba = faded(rgba, values, self._limit(name))
        for view in self.faces:
            view.set_overlay(rgba)

    def _mark(self, cell: Cell | None) -> None:
        self._cell = cell
        for view in (*self.faces, *self.maps.values()):
            view.set_cell(cell)
        report = self._report
        if cell is None or report is None:
            self.cell_text.setText("")
            return
        explanation = report.explanation
        s, w = explanation.cosine[cell], explanation.attention[cell]
        self.cell_text.setText(
            f"Row {cell[0] + 1}, column {cell[1] + 1}, {report.regions[cell]}: S {s:z.3f}, W {w:z.4f}, "
            f"W\N{MIDDLE DOT}S {s * w:z.4f}{_share(s * w, explanation.score)}".replace(
                "-", "\N{MINUS SIGN}"
            )
        )
        row = self.cells.row_of(cell)
        if row is not None and row != self.table.currentIndex().row():
            mark_row(self.table, row)

    def _on_table_row(self, current: QModelIndex, previous: QModelIndex) -> None:
        if current.isValid():
            self._mark(self.cells.cell(current.row()))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_photos"):
            self._photos.setIcon(icon("photos", self.palette()))

    # Keys.

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self._show_plain(True)
        elif not self._judge(event):
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        pressed = event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent)
        return pressed and self._judge(event)  # type: ignore[arg-type]

    def _judge(self, event: QKeyEvent) -> bool:
        """Decide on the pair by a letter; whether it was one that decides."""
        decides = event.text() in DECIDES and not self.judging.isHidden()
        if decides:
            self.judging.decide(DECIDES[event.text()])
        return decides

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._show_plain(False)
        else:
            super().keyReleaseEvent(event)

    def _show_plain(self, plain: bool) -> None:
        """The faces without their overlay, while Space is held."""
        if plain != self._plain:
            self._plain = plain
            self._paint_faces()

    def close_job(self) -> None:
        """End the background work, once what is saved is written."""
        self.saver.close()


def _share(contribution: float, score: float) -> str:
    if abs(score) < LEAST_SCORE:
        return ""
    return f", {100 * contribution / score:z.1f} % of the score"


def _numbers(report: PairReport) -> str:
    e, threshold = report.explanation, report.threshold
    limit = "no threshold" if threshold is None else f"threshold {threshold:.4f}"
    parts = [f"score {e.score:z.4f}, {limit}, {e.kind} attention, order {e.order}, {e.model}"]
    if e.target_cosine is not None:
        parts.append(f"target cosine c\N{PRIME} {e.target_cosine:z.4f}")
    if e.fc_cosine is not None:
        parts.append(f"FC cosine {e.fc_cosine:z.4f}")
    return "  \N{MIDDLE DOT}  ".join(parts).replace("-0.", "\N{MINUS SIGN}0.")
