"""All pairs as an image: pan, zoom, cross-hair, click and walk, in any order and of any groups."""

import time
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPalette
from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.explain.difference_image import DifferenceImage
from core.scoring.against import comparisons
from core.scoring.difference import changed_side
from core.scoring.orders import csv_columns
from xcos_gui.panels.matrix.arranging import Arranger, matrix_region
from xcos_gui.panels.matrix.bar import MatrixBar
from xcos_gui.panels.matrix.frames import Frames
from xcos_gui.panels.matrix.hints import hint_of
from xcos_gui.panels.matrix.item import MatrixItem
from xcos_gui.panels.matrix.kept_view import KeptView
from xcos_gui.panels.matrix.keys import TypedName, walk
from xcos_gui.panels.matrix.margins import Margins
from xcos_gui.panels.matrix.readout import Readout
from xcos_gui.panels.matrix.selecting import ChosenBar, Selecting, SelectingView
from xcos_gui.panels.matrix.side_axes import SideAxes
from xcos_gui.state.session import Session
from xcos_gui.widgets.elided import PlainLabel
from xcos_gui.widgets.thumbnails import Thumbnails

NEAR = 12.0  # cells across after a double-click on a pair
Cell = tuple[int, int]


class MatrixPanel(QWidget):
    """The image of all pairs, its legend, and what is under the cursor."""

    view_changed = Signal()  # zoom, place, order or colours
    tool_asked = Signal(str)  # "patterns" or "report", of the listed pairs

    def __init__(
        self, session: Session, thumbnails: Thumbnails, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._hover: Cell | None = None
        self._cell: Cell | None = None  # the cursor: where the pair looked at is shown
        self._before_opened: QRectF | None = None
        self._typed = TypedName()
        self.arranger = Arranger(session)
        self.bar = MatrixBar()
        self.colouring = self.bar.colouring
        self.margins = Margins(session)
        self.sides = SideAxes(session, self.arranger, self.margins)
        self._axes = self.sides.axes
        self._view = SelectingView()
        axes = {"left": self._axes[0], "top": self._axes[1]}
        self._plot = pg.PlotWidget(viewBox=self._view, axisItems=axes, enableMenu=False)
        self._plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._plot.hideAxis("bottom")
        self._plot.showAxis("top")
        self._plot.hideButtons()
        self._view.invertY(True)
        self._view.setAspectLocked(True)
        self.item = MatrixItem()
        self._plot.addItem(self.item)
        self.frames = Frames(self._plot, self.item)
        self.selecting = Selecting(session)
        self.chosen_bar = ChosenBar(session, self.selecting)
        self._kept = KeptView(session, self._view, self.item, self.bar, self.arranger)
        self.fit = self._kept.fit
        self._hint = PlainLabel(alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self._read = Readout(session, thumbnails, self.arranger)
        self.readout = self._read.text
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.setSpacing(4)
        layout.addWidget(self.bar)
        layout.addWidget(self._hint, 1)
        layout.addWidget(self._plot, 1)
        layout.addWidget(self.chosen_bar)
        layout.addWidget(self._read)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Matrix of all pairs; arrow keys walk, a typed name jumps there")
        self._connect(thumbnails)
        self._on_image()

    def _connect(self, thumbnails: Thumbnails) -> None:
        session, bar, arranger = self._session, self.bar, self.arranger
        self._plot.scene().sigMouseMoved.connect(self._on_mouse)
        self._plot.scene().sigMouseClicked.connect(self._on_click)
        self._view.sigRangeChanged.connect(self._on_range)
        for signal in (bar.colours_chosen, bar.arrangement_chosen):
            signal.connect(self.view_changed)
        bar.colours_chosen.connect(self._show_colours)
        bar.arrangement_chosen.connect(lambda: arranger.ask(bar.asked))
        bar.selects.toggled.connect(lambda on: setattr(self._view, "selects", on))
        bar.rates.toggled.connect(self.sides.show_rates)
        self._view.chosen.connect(self._on_band)
        self.selecting.changed.connect(self._show_chosen)
        self.chosen_bar.tool_asked.connect(self.tool_asked)
        bar.changed_asked.connect(self._list_changed)
        bar.outcome_asked.connect(lambda outcome: session.filter.toggle(f"outcome = {outcome}"))
        bar.zoom_asked.connect(self.zoom)
        bar.fit_asked.connect(self.fit)
        bar.back_asked.connect(self.go_back)
        arranger.changed.connect(self._on_image)
        arranger.made.connect(self._kept.take)
        arranger.recoloured.connect(self._on_recoloured)
        session.gallery_changed.connect(self._show_hint)
        session.busy_changed.connect(self._show_hint)
        session.filter_changed.connect(self._show_passing)
        session.threshold_changed.connect(self._show_colours)
        session.pair_changed.connect(self._on_pair_changed)
        session.pair_changed.connect(self._kept.take)  # after it, which pans to the pair
        thumbnails.ready.connect(self._show_readout)

    def close_job(self) -> None:
        """End the background work."""
        self.arranger.close()
        self.selecting.close()
        self.margins.close()

    # What is shown.

    def _on_image(self) -> None:
        session, image = self._session, self.arranger.image
        self._show_hint()
        self._plot.setVisible(image is not None)
        before = self.item.boundingRect()
        self.item.show(image, self.bar.look(session.threshold))
        self._hover = self._cell = None
        if session.scored is not None:
            renamed = session.project is not None and bool(session.project.edits.identities)
            others = comparisons(session.scored, self.arranger.given, renamed)
            columns, square = tuple(csv_columns(session.scored)), session.scored.square
            self.bar.fill(columns, square, self.arranger.asked, others)
        opened = self.arranger.opened
        self.bar.show_place("" if opened is None else opened.title)
        self.frames.show_labels(*self.sides.renew())
        if image is not None and self.item.boundingRect() != before:
            self._kept.fit()
        self._show_passing()
        self._show_colours()
        self._on_pair_changed(session.pair)

    def _show_hint(self, *_: object) -> None:
        self._hint.setText(hint_of(self._session.loaded, self._session.opening is not None))
        self._hint.setVisible(self._session.matrix is None)

    def view_state(self) -> dict[str, Any] | None:
        """What is seen of the matrix and how, as JSON values; None without a matrix."""
        return self._kept.state()

    def restore_view(self, view: object) -> None:
        """Show a part again, as soon as there is a matrix of its size; else all of it."""
        self._kept.restore(view)

    def _show_passing(self, *_: object) -> None:
        # Grey, not the background: a pair at the threshold is white itself.
        base = self.palette().color(QPalette.ColorRole.Base).lightness()
        text = self.palette().color(QPalette.ColorRole.Text).lightness()
        grey = round(0.75 * base + 0.25 * text)
        self.arranger.show_passing((grey, grey, grey))

    def _show_chosen(self) -> None:
        paper = self.palette().color(QPalette.ColorRole.Base)
        self.item.show_chosen(self.selecting.chosen, paper)

    def _on_band(self, band: QRectF, how: str) -> None:
        if self.arranger.image is not None:
            self.setFocus()
            self.selecting.choose(self.arranger.image.shown, band, how)

    def _on_recoloured(self) -> None:
        self.item.forget()
        self._show_readout()

    def _show_colours(self, *_: object) -> None:
        threshold = self._session.threshold
        self.item.show(self.arranger.image, self.bar.look(threshold))
        self.bar.show_legend(self.arranger.image, threshold)
        self._show_readout()

    def _on_range(self, *_: object) -> None:
        seen, image = self.item.seen(), self.arranger.image
        self._session.seen = (
            None if seen is None or image is None else matrix_region(image.shown, seen)
        )
        self.frames.renew(self._cell)
        self.bar.show_zoom(self.item.pixels())
        self.view_changed.emit()

    def _on_pair_changed(self, pair: tuple[int, int] | None) -> None:
        self._leave()  # what is under the mouse may be another cell now
        image = self.arranger.image
        if pair is None or image is None:
            self._cell = None
        elif self._cell is None or not self._holds(self._cell, pair):
            self._cell = image.shown.cell_of(pair)
        self.frames.renew(self._cell)
        if self._cell is not None:
            self._look_at(self._cell)
        self._show_readout()

    def _holds(self, cell: Cell, pair: tuple[int, int]) -> bool:
        image = self.arranger.image
        assert image is not None
        rows, columns = image.shown.rows, image.shown.columns
        return bool(
            (rows.faces(cell[0]) == pair[0]).any() and (columns.faces(cell[1]) == pair[1]).any()
        )

    def _look_at(self, cell: Cell) -> None:
        """Move what is seen so that a cell is."""
        (left, right), (top, bottom) = self._view.viewRange()
        if not (left <= cell[1] + 0.5 <= right and top <= cell[0] + 0.5 <= bottom):
            self._view.translateBy(
                x=cell[1] + 0.5 - (left + right) / 2, y=cell[0] + 0.5 - (top + bottom) / 2
            )

    def _show_readout(self) -> None:
        cell, image, pair = self._hover or self._cell, self.arranger.image, self._session.pair
        if image is None or self._session.scored is None:
            self._read.clear()
            return
        self.sides.mark(self._hover)
        self._read.point(self._hover not in (None, self._cell))
        if cell is None:
            self._read.clear() if pair is None else self._read.show_pair(pair)
        elif image.shown.cells_are_pairs:
            self._read.show_pair(image.shown.pair_at(*cell))
        else:
            self._read.show_groups(cell)

    # What the user does.

    def _cell_at(self, scene: QPointF) -> Cell | None:
        if self.item.image is None or not self._view.sceneBoundingRect().contains(scene):
            return None
        point = self._view.mapSceneToView(scene)
        row, column = int(np.floor(point.y())), int(np.floor(point.x()))
        n, m = self.item.image.shown.shape
        return (row, column) if 0 <= row < n and 0 <= column < m else None

    def _on_mouse(self, scene: QPointF) -> None:
        self._hover = self._cell_at(scene)
        self.frames.show_cross(self._hover)
        self._show_readout()

    def _on_click(self, event: Any) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        cell = self._cell_at(event.scenePos())
        if cell is None:
            self.sides.click(event.scenePos())
            return
        self.setFocus()
        self.go_to(cell)
        if event.double():
            self._open(cell)

    def _list_changed(self) -> None:
        """List the pairs on which the scorings compared do not agree."""
        image = self.arranger.image
        if isinstance(image, DifferenceImage):
            pairs = changed_side(image.scored, image.found)
            what = "outcome" if image.found.outcomes is not None else "side"
            title, at = f"Changed {what}: less {image.found.name}", image.found.thresholds
            self._session.list_pairs(title, pairs, *dict.fromkeys(at))

    def go_to(self, cell: Cell) -> None:
        """Look at a cell's pair, of groups at the worst one."""
        image = self.arranger.image
        if image is None:
            return
        self._cell = cell
        if image.shown.cells_are_pairs:
            pair: tuple[int, int] | None = image.shown.pair_at(*cell)
        else:
            pair = self.arranger.worst(cell)
        if pair is None or pair == self._session.pair:
            self.frames.renew(cell)
            self._look_at(cell)
            self._show_readout()
        else:
            self._session.select_pair(*pair)

    def _open(self, cell: Cell) -> None:
        before = None if self._kept.fitted else self._view.viewRect()
        if self.arranger.open_cell(*cell):
            self._before_opened = before
        elif self.arranger.image is not None and self.arranger.image.shown.cells_are_pairs:
            half = NEAR / 2
            where = QRectF(cell[1] + 0.5 - half, cell[0] + 0.5 - half, NEAR, NEAR)
            self._view.setRange(where, padding=0)

    def go_back(self) -> bool:
        """Leave the cell of groups that is open, else choose nothing; False where there was neither."""
        if not self.arranger.back():
            return self.selecting.clear()
        if self._before_opened is not None:
            self._view.setRange(self._before_opened, padding=0)
        return True

    def _leave(self) -> None:
        self._hover = None
        self.frames.show_cross(None)

    def leaveEvent(self, event: QEvent) -> None:
        self._leave()
        self._show_readout()
        super().leaveEvent(event)

    def event(self, event: QEvent) -> bool:
        # Escape goes back from an opened cell, or chooses nothing; only then does it stop what runs.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            escapes = event.key() == Qt.Key.Key_Escape
            if escapes and (self.arranger.opened or self.selecting.chosen):
                event.accept()
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, image = Qt.Key(event.key()), self.arranger.image
        zooms = {Qt.Key.Key_Plus: 0.5, Qt.Key.Key_Equal: 0.5, Qt.Key.Key_Minus: 2.0}
        back = key in (Qt.Key.Key_Escape, Qt.Key.Key_Backspace)
        if image is None or (back and not self.go_back()):
            super().keyPressEvent(event)
        elif back:
            pass
        elif key in zooms:
            self.zoom(zooms[key])
        elif key == Qt.Key.Key_0 and not self._typed.going_on:
            self._kept.fit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._cell is not None:
            self._open(self._cell)
        elif self._cell is not None and (moved := self._walked(key)) is not None:
            self.go_to(moved)
        elif not self._jump(event):
            super().keyPressEvent(event)

    def _walked(self, key: Qt.Key) -> Cell | None:
        assert self._cell is not None
        codes = [self.arranger.labels(which)[0] for which in (0, 1)]
        return walk(key, self._cell, codes[0], codes[1])

    def _jump(self, event: QKeyEvent) -> bool:
        """Go where a name is that is being typed; False for a key that writes nothing."""
        text = event.text()
        held = event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier
        if held or not text or not text.isprintable():
            return False
        wanted = self._typed.add(text, time.monotonic())
        blocks = [wanted.first_of(self.arranger.labels(which)[1]) for which in (0, 1)]
        if blocks[0] is None and blocks[1] is None:
            return True
        row, column = self._cell or (0, 0)
        if blocks[0] is not None:
            row = blocks[0].start
        if blocks[1] is not None:
            itself = self._session.matrix is not None and self._session.matrix.square
            both = itself and blocks[0] is not None and blocks[1].stop - blocks[1].start > 1
            column = blocks[1].start + int(both)  # not the face with itself
        self.go_to((row, column))
        return True

    def zoom(self, factor: float) -> None:
        """Show factor times as much, around the pair looked at."""
        cell = self._cell
        centre = None if cell is None else QPointF(cell[1] + 0.5, cell[0] + 0.5)
        self._view.scaleBy((factor, factor), centre)

    # Looks.

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.frames.show_focus(True)
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.frames.show_focus(False)
        super().focusOutEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "frames"):
            self._take_palette()
        super().changeEvent(event)

    def showEvent(self, event: Any) -> None:
        self._take_palette()
        super().showEvent(event)

    def _take_palette(self) -> None:
        palette = self.palette()
        self._plot.setBackground(palette.color(QPalette.ColorRole.Base))
        self._show_passing()
        self._show_chosen()
        self.sides.take_palette(palette)
        self._show_colours()
        self.frames.take_palette(palette)
