"""All pairs as an image: pan, zoom, cross-hair, click and walk."""

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPalette
from PySide6.QtWidgets import (
    QComboBox,
    QGraphicsSceneMouseEvent,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.explain.colours import OUTCOME_COLOURS, centred_table
from core.scoring.matrix import OUTCOMES
from core.scoring.refine import Region
from xcos_gui.panels.matrix.item import IdentityAxis, MatrixItem, identity_blocks
from xcos_gui.panels.matrix.keys import walk
from xcos_gui.state.session import Session
from xcos_gui.widgets.colour_bar import ColourBar
from xcos_gui.widgets.thumbnails import Thumbnails

EMPTY = "The matrix of all pairs appears here.\nOpen a gallery with at least two faces (Ctrl+O)."
COMING = "{:,} faces; the matrix of all their pairs appears here in a moment."
LEAST_MARKER = 9.0  # pixels of the frame around the pair, however small its cell is
LEAST_BLOCK = 3.0  # pixels below which identity borders would cover the image


class MatrixPanel(QWidget):
    """The image of all pairs, its legend, and what is under the cursor."""

    view_changed = Signal()  # zoom, place or colours

    def __init__(
        self, session: Session, thumbnails: Thumbnails, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._thumbnails = session, thumbnails
        self._wanted_view: dict[str, Any] | None = None  # until the matrix has its size
        self._hover: tuple[int, int] | None = None
        self._axis = IdentityAxis()
        self._plot = pg.PlotWidget(axisItems={"left": self._axis})
        self._plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._plot.hideAxis("bottom")
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._view = self._plot.getViewBox()
        self._view.invertY(True)
        self._view.setAspectLocked(True)
        self.item = MatrixItem()
        self._plot.addItem(self.item)
        self._borders = pg.PlotDataItem(connect="pairs", antialias=False)
        self._plot.addItem(self._borders)
        self._marker = pg.PlotDataItem()
        self._plot.addItem(self._marker, ignoreBounds=True)
        self._cross = pg.InfiniteLine(angle=90), pg.InfiniteLine(angle=0)
        for line in self._cross:
            line.setVisible(False)
            self._plot.addItem(line, ignoreBounds=True)
        self._hint = QLabel(EMPTY, alignment=Qt.AlignmentFlag.AlignCenter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addLayout(self._make_bar())
        layout.addWidget(self._hint, 1)
        layout.addWidget(self._plot, 1)
        layout.addLayout(self._make_readout())
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Matrix of all pairs; arrow keys walk")
        self._plot.scene().sigMouseMoved.connect(self._on_mouse)
        self._plot.scene().sigMouseClicked.connect(self._on_click)
        self._view.sigRangeChanged.connect(self._show_borders)
        self._view.sigRangeChanged.connect(self._show_marker)
        self._view.sigRangeChanged.connect(self._tell_seen)
        self._view.sigRangeChanged.connect(lambda *_: self.view_changed.emit())
        self.colouring.currentIndexChanged.connect(lambda _: self.view_changed.emit())
        session.gallery_changed.connect(self._show_hint)
        session.matrix_refined.connect(self._on_matrix_refined)
        session.matrix_changed.connect(self._on_matrix_changed)
        session.filter_changed.connect(self._show_passing)
        session.threshold_changed.connect(self._show_colours)
        session.pair_changed.connect(self._on_pair_changed)
        session.pair_changed.connect(self._take_view)  # after it, which pans to the pair
        thumbnails.ready.connect(self._show_readout)
        self._on_matrix_changed()

    def _make_bar(self) -> QHBoxLayout:
        bar = QHBoxLayout()
        self.colouring = QComboBox()
        self.colouring.addItems(["Colour by score", "Colour by outcome"])
        self.colouring.setAccessibleName("Colour of the matrix")
        self.colouring.setToolTip(
            "By score: white at the threshold, blue above. By outcome: four colours."
        )
        self.colouring.currentIndexChanged.connect(self._show_colours)
        bar.addWidget(self.colouring)
        self._legend = QLabel()
        self._legend.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._bar = ColourBar()
        bar.addWidget(self._bar, 1)
        bar.addWidget(self._legend, 1)
        for text, tip, slot in (
            ("+", "Zoom in (+)", lambda: self._zoom(0.5)),
            ("\N{MINUS SIGN}", "Zoom out (-)", lambda: self._zoom(2.0)),
            ("Fit", "Show all (0)", self._fit),
        ):
            button = QToolButton(text=text, toolTip=tip, accessibleName=tip)
            button.clicked.connect(slot)
            bar.addWidget(button)
        return bar

    def _make_readout(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self._faces = QLabel(), QLabel()
        side = 3 * self.fontMetrics().height()
        self.readout = QLabel(wordWrap=True)
        self.readout.setMinimumHeight(side)
        self.readout.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        for label in self._faces:
            label.setFixedSize(side, side)
            label.setScaledContents(True)
            row.addWidget(label)
        row.addWidget(self.readout, 1)
        return row

    # What the session says.

    def _on_matrix_changed(self) -> None:
        matrix = self._session.matrix
        self._show_hint()
        self._plot.setVisible(matrix is not None)
        before = self.item.boundingRect()
        image = self._session.image
        if matrix is None or image is None:
            self.item.show(None, 0.0, False)
            self._axis.show_blocks([])
        else:
            self.item.show(image, self._session.threshold, self._by_outcome)
            assert self._session.rows is not None
            names = [face.identity or "unknown" for face in self._session.rows.gallery.faces]
            self._axis.show_blocks(identity_blocks(matrix.rows, names))
            if self.item.boundingRect() != before:
                self._fit()
        self._show_borders()
        self._show_colours()
        self._on_pair_changed(self._session.pair)

    def _show_hint(self) -> None:
        loaded = self._session.loaded
        faces = 0 if loaded is None else len(loaded)
        self._hint.setText(COMING.format(faces) if faces > 1 else EMPTY)
        self._hint.setVisible(self._session.matrix is None)

    def view_state(self) -> dict[str, Any] | None:
        """What part of the matrix is seen, as JSON values; None without a matrix."""
        matrix = self._session.matrix
        if self._wanted_view is not None or matrix is None:
            return self._wanted_view
        columns, rows = self._view.viewRange()
        return {"rows": rows, "columns": columns, "of": list(matrix.scores.shape)}

    def restore_view(self, said: object) -> None:
        """Show a part again, as soon as there is a matrix of its size; else all of it."""
        self._wanted_view = said if isinstance(said, dict) else None

    def _take_view(self, *_: object) -> None:
        said, matrix = self._wanted_view, self._session.matrix
        if said is None or matrix is None or said.get("of") != list(matrix.scores.shape):
            return
        self._wanted_view = None
        try:
            (left, right), (top, bottom) = said["columns"], said["rows"]
            self._view.setRange(
                QRectF(float(left), float(top), float(right - left), float(bottom - top)), padding=0
            )
        except (KeyError, TypeError, ValueError):
            return  # a view that cannot be read: all is shown

    def _show_passing(self, *_: object) -> None:
        if self.item.image is not None:
            # Grey, not the background: a pair at the threshold is white itself.
            base = self.palette().color(QPalette.ColorRole.Base).lightness()
            text = self.palette().color(QPalette.ColorRole.Text).lightness()
            grey = round(0.75 * base + 0.25 * text)
            self.item.image.set_passing(self._session.filter.mask, (grey, grey, grey))
            self.item.forget()

    def _on_matrix_refined(self, regions: list[Region]) -> None:
        if self.item.image is not None:
            for rows, columns in regions:
                self.item.image.refresh(rows, columns)
            self.item.forget()
            self._show_readout()

    def _tell_seen(self, *_: object) -> None:
        (left, right), (top, bottom) = self._view.viewRange()
        self._session.seen = (
            slice(max(0, int(top)), max(0, int(bottom) + 1)),
            slice(max(0, int(left)), max(0, int(right) + 1)),
        )

    @property
    def _by_outcome(self) -> bool:
        return self.colouring.currentIndex() == 1

    def _show_colours(self, *_: object) -> None:
        self.item.show(self.item.image, self._session.threshold, self._by_outcome)
        self._show_legend()
        self._show_readout()

    def _on_pair_changed(self, pair: tuple[int, int] | None) -> None:
        self._leave()  # what is under the mouse may be another cell now
        self._show_marker()
        if pair is not None and self._session.matrix is not None:
            row, column = pair
            (left, right), (top, bottom) = self._view.viewRange()
            if not (left <= column <= right and top <= row <= bottom):
                self._view.translateBy(
                    x=column + 0.5 - (left + right) / 2,
                    y=row + 0.5 - (top + bottom) / 2,
                )
        self._show_readout()

    # Drawing.

    def _show_borders(self, *_: object) -> None:
        matrix = self._session.matrix
        if matrix is None:
            return
        (left, right), (top, bottom) = self._view.viewRange()
        pixels = self._view.width() / max(right - left, 1e-9)
        n, m = matrix.scores.shape
        across = np.flatnonzero(np.diff(matrix.rows)) + 1
        down = np.flatnonzero(np.diff(matrix.columns)) + 1
        across = across[(across >= top) & (across <= bottom)]
        down = down[(down >= left) & (down <= right)]
        room = LEAST_BLOCK * (len(across) + len(down) + 1)
        if (bottom - top + right - left) * pixels < 2 * room or pixels * min(n, m) < 10:
            self._borders.setData([], [])
            return
        x = np.concatenate([np.tile([0, m], len(across)), np.repeat(down, 2)])
        y = np.concatenate([np.repeat(across, 2), np.tile([0, n], len(down))])
        self._borders.setData(x, y)

    def _show_marker(self, *_: object) -> None:
        if self._session.pair is None or self._session.matrix is None:
            self._marker.setData([], [])
            return
        row, column = self._session.pair
        (left, right), _range = self._view.viewRange()
        half = max(0.5, LEAST_MARKER / 2 * (right - left) / max(self._view.width(), 1.0))
        x, y = column + 0.5, row + 0.5
        self._marker.setData(
            [x - half, x + half, x + half, x - half, x - half],
            [y - half, y - half, y + half, y + half, y - half],
        )

    def _show_legend(self) -> None:
        image = self.item.image
        self._bar.setVisible(image is not None and not self._by_outcome)
        self._legend.setVisible(image is None or self._by_outcome)
        if image is None:
            self._legend.clear()
            return
        if self._by_outcome:
            parts = [
                f'<span style="color:{QColor(*OUTCOME_COLOURS[o]).name()}">\N{BLACK SQUARE}</span> {o}'
                for o in OUTCOMES
            ]
            self._legend.setText(" &nbsp; ".join(parts))
            return
        low, high = image.limits
        threshold = self._session.threshold
        at = min(max(threshold, low), high)
        tip = f"Score from {low:.2f} to {high:.2f}; white and the mark are the threshold {threshold:.3f}"
        self._bar.show_table(centred_table(at, low, high), low, high, threshold, tip)

    def _show_readout(self) -> None:
        cell = self._hover or self._session.pair
        matrix = self._session.matrix
        if cell is None or matrix is None or self._session.rows is None:
            self.readout.setText("")
            for label in self._faces:
                label.clear()
            return
        one, other = self._session.faces_of(cell)
        for label, face, probe in (
            (self._faces[0], one, True),
            (self._faces[1], other, False),
        ):
            pixmap = self._thumbnails.get(face, probe)
            if pixmap is not None:
                label.setPixmap(pixmap)
        threshold = self._session.threshold
        score = float(matrix.scores[cell])
        outcome = matrix.outcome(*cell, threshold) if matrix.is_pair(*cell) else "the same face"
        model = self._session.card.name if self._session.card else ""
        estimated = (
            "; an estimate from the uniform score yet" if self._session.is_estimate(*cell) else ""
        )
        self.readout.setText(
            f"{one.key}  \N{MULTIPLICATION SIGN}  {other.key}\n"
            f"score {score:.3f}, threshold {threshold:.3f}: {outcome} "
            f"({matrix.kind} attention, order {matrix.order}, {model}{estimated})"
        )

    # What the user does.

    def _cell_at(self, scene: QPointF) -> tuple[int, int] | None:
        if self.item.image is None or not self._plot.sceneBoundingRect().contains(scene):
            return None
        point = self._view.mapSceneToView(scene)
        row, column = int(np.floor(point.y())), int(np.floor(point.x()))
        n, m = self.item.image.matrix.scores.shape
        return (row, column) if 0 <= row < n and 0 <= column < m else None

    def _on_mouse(self, scene: QPointF) -> None:
        self._hover = self._cell_at(scene)
        for line, place in zip(self._cross, (1, 0), strict=True):
            line.setVisible(self._hover is not None)
            if self._hover is not None:
                line.setValue(self._hover[place] + 0.5)
        self._show_readout()

    def _on_click(self, event: QGraphicsSceneMouseEvent) -> None:
        cell = self._cell_at(event.scenePos())
        if cell is not None:
            self.setFocus()
            self._session.select_pair(*cell)

    def _leave(self) -> None:
        self._hover = None
        for line in self._cross:
            line.setVisible(False)

    def leaveEvent(self, event: QEvent) -> None:
        self._leave()
        self._show_readout()
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        pair, matrix = self._session.pair, self._session.matrix
        key = Qt.Key(event.key())
        zooms = {Qt.Key.Key_Plus: 0.5, Qt.Key.Key_Equal: 0.5, Qt.Key.Key_Minus: 2.0}
        if matrix is None or pair is None:
            super().keyPressEvent(event)
        elif key in zooms:
            self._zoom(zooms[key])
        elif key == Qt.Key.Key_0:
            self._fit()
        else:
            moved = walk(key, pair, matrix.rows, matrix.columns)
            if moved is None:
                super().keyPressEvent(event)
            else:
                self._session.select_pair(*moved)

    def _zoom(self, factor: float) -> None:
        pair = self._session.pair
        centre = None if pair is None else QPointF(pair[1] + 0.5, pair[0] + 0.5)
        self._view.scaleBy((factor, factor), centre)

    def _fit(self) -> None:
        bounds = self.item.boundingRect()
        if not bounds.isEmpty():
            self._view.setRange(bounds, padding=0.01)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_marker"):
            self._take_palette()
        super().changeEvent(event)

    def showEvent(self, event: Any) -> None:
        self._take_palette()
        super().showEvent(event)

    def _take_palette(self) -> None:
        palette = self.palette()
        text = palette.color(QPalette.ColorRole.WindowText)
        self._plot.setBackground(palette.color(QPalette.ColorRole.Base))
        self._show_passing()
        self._axis.setTextPen(text)
        self._axis.setPen(None)
        border = QColor(40, 40, 40, 120)
        self._borders.setPen(pg.mkPen(border, width=1))
        self._marker.setPen(pg.mkPen(QColor("#ff00c8"), width=3))
        for line in self._cross:
            line.setPen(pg.mkPen(QColor(90, 90, 90, 160), width=1))
