"""Both photos of the session's pair at full size, the grid and any map drawn in place on them."""

from pathlib import PurePosixPath

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QSlider,
    QWidget,
)

from core.explain.colours import MapName, faded, map_rgba
from core.explain.explanation import PairExplanation
from core.explain.report import PairReport
from core.faces.face import CELLS, SIDE
from core.faces.full_photo import FullPhoto, full_photo
from core.gallery.gallery import LoadedGallery
from xcos_gui.state.jobs import Running
from xcos_gui.state.session import Session
from xcos_gui.tools.photos.canvas import Mode, PhotoCanvas
from xcos_gui.widgets.cell_view import Cell
from xcos_gui.widgets.checked import CheckedLook
from xcos_gui.widgets.elided import ElidedLabel
from xcos_gui.widgets.readout import Readout
from xcos_gui.widgets.tool_window import ToolWindow
from xcos_gui.widgets.verdict import VerdictView

EMPTY = "Choose a pair in the main window to see its photos at full size."
MODES: tuple[tuple[Mode, str, str, str], ...] = (
    ("side", "Side by side", "1", "The photos beside each other (1)"),
    ("wipe", "Wipe", "2", "One photo over the other, with a line to drag between them (2)"),
    ("blink", "Blink", "3", "One photo after the other, in one place (3)"),
)
OVERLAYS: tuple[tuple[str, MapName | None], ...] = (
    ("No overlay", None),
    ("Evidence", "evidence"),
    ("Cosine map S", "cosine"),
    ("Attention map W", "attention"),
    ("Contribution W\N{MIDDLE DOT}S", "contribution"),
)
HELP = (
    "Drag or arrows move both photos, the wheel or + and \N{MINUS SIGN} zoom, 0 fits; "
    "1, 2, 3 side by side, wipe, blink; G grid, O overlay, Space without both."
)


class PhotosWindow(ToolWindow):
    """Follows the session's pair; both photos share zoom and place by their landmarks."""

    title = "Both photos"
    size_in_lines = (72, 46)
    empty_words = EMPTY

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.photos: tuple[FullPhoto, FullPhoto] | None = None
        self._shown: tuple[str, str] | None = None
        self._report: PairReport | None = None
        self.verdict, self.canvas, self.cell_text = VerdictView(), PhotoCanvas(), Readout()
        middle = Qt.AlignmentFlag.AlignHCenter
        self.names = ElidedLabel(align=middle), ElidedLabel(align=middle)
        self.words.setText(EMPTY)
        self.body.addWidget(self.verdict)
        self.body.addWidget(self.words)
        self.body.addLayout(self._make_bar())
        names = QHBoxLayout()
        for label in self.names:
            names.addWidget(label, 1)
        self.body.addLayout(names)
        self.body.addWidget(self.canvas, 1)
        self.body.addWidget(self.cell_text)
        self.canvas.cell_changed.connect(self._mark)
        for key, slot in (
            ("G", self.grid.toggle),
            ("O", lambda: self._next_overlay(1)),
            ("Shift+O", lambda: self._next_overlay(-1)),
        ):
            QShortcut(QKeySequence(key), self).activated.connect(slot)
        session.explanation_changed.connect(self._on_explanation)
        session.threshold_changed.connect(lambda _: self._on_explanation(session.explanation))

    def _make_bar(self) -> QHBoxLayout:
        row = QHBoxLayout()
        group = QButtonGroup(self)
        self.modes: dict[Mode, QPushButton] = {}
        for mode, text, key, tip in MODES:
            button = QPushButton(text, checkable=True, checked=mode == "side", toolTip=tip)
            button.setAutoDefault(False)
            button.clicked.connect(lambda _=False, m=mode: self.show_mode(m))
            QShortcut(QKeySequence(key), self).activated.connect(lambda m=mode: self.show_mode(m))
            group.addButton(button)
            row.addWidget(button)
            CheckedLook(button)
            self.modes[mode] = button
        self.grid = QCheckBox(
            "&Grid", checked=True, toolTip="The 7\N{MULTIPLICATION SIGN}7 cells (G)"
        )
        self.grid.toggled.connect(self._on_grid)
        self.overlay = QComboBox(toolTip="What is laid over the faces (O, Shift+O)")
        self.overlay.setAccessibleName("Overlay on the photos")
        for text, name in OVERLAYS:
            self.overlay.addItem(text, name)
        self.overlay.setCurrentIndex(1)
        self.overlay.currentIndexChanged.connect(self._show_overlay)
        self.opacity = QSlider(Qt.Orientation.Horizontal, minimum=0, maximum=100, value=50)
        self.opacity.setToolTip("Opacity of the overlay")
        self.opacity.setAccessibleName("Opacity of the overlay")
        self.opacity.valueChanged.connect(self._show_overlay)
        fit = QPushButton("Fit", toolTip="Show the whole faces (0)", autoDefault=False)
        fit.clicked.connect(self.canvas.fit)
        for widget in (self.grid, self.overlay):
            row.addWidget(widget)
        row.addWidget(self.opacity, 1)
        row.addWidget(fit)
        return row

    # Following.

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.canvas.setFocus()
        self._on_explanation(self.session.explanation)
        self.show_mode(self.canvas.mode)

    def hideEvent(self, event: QHideEvent) -> None:
        self.canvas.set_mode(self.canvas.mode if self.canvas.mode != "blink" else "side")
        super().hideEvent(event)

    def _on_explanation(self, explanation: PairExplanation | None) -> None:
        if not self.isVisible():
            return
        session = self.session
        self._report = session.report()
        pair, scored = session.pair, session.scored
        if explanation is None or pair is None or scored is None:
            self._clear()
            return
        faces = session.faces_of(pair)
        self.verdict.show_pair(self._report, faces)
        for label, face in zip(self.names, faces, strict=True):
            label.setText(
                f"{face.identity or 'unknown'}  \N{MIDDLE DOT}  {PurePosixPath(face.key).name}"
            )
            label.setToolTip(face.key)
        self.words.hide()
        self._show_overlay()
        keys = faces[0].digest, faces[1].digest
        if keys == self._shown:
            return
        self._shown, self.photos = keys, None
        self.canvas.show_photos(None)
        holders: tuple[LoadedGallery, LoadedGallery] = scored.rows, scored.columns

        def work(running: Running) -> tuple[FullPhoto, FullPhoto]:
            left, right = (
                full_photo(holder.gallery.photo_path(face), face)
                for holder, face in zip(holders, faces, strict=True)
            )
            return left, right

        self.compute("Reading the photos", work, self._take)

    def _take(self, photos: tuple[FullPhoto, FullPhoto]) -> None:
        self.photos = photos
        self.canvas.show_photos(photos)
        self.tell(HELP)

    def _on_failed(self, error: BaseException) -> None:
        super()._on_failed(error)
        self._shown = None

    def _clear(self) -> None:
        self.job.drop()
        self.progress.hide()
        self._shown, self.photos = None, None
        self.canvas.show_photos(None)
        self.verdict.show_pair(None, None)
        self.words.setText(EMPTY)
        self.words.show()
        for label in self.names:
            label.setText("")

    # Showing.

    def show_mode(self, mode: Mode) -> None:
        """Side by side, wipe, or blink."""
        self.modes[mode].setChecked(True)
        self.canvas.set_mode(mode)

    def _on_grid(self, on: bool) -> None:
        self.canvas.grid = on
        self.canvas.update()

    def _next_overlay(self, step: int) -> None:
        count = self.overlay.count()
        self.overlay.setCurrentIndex((self.overlay.currentIndex() + step) % count)

    def _show_overlay(self, *_: object) -> None:
        name: MapName | None = self.overlay.currentData()
        report = self._report
        values = None if name is None or report is None else report.map_of(name)
        if name is None or report is None or values is None:
            self.canvas.set_overlay(None)
            return
        limits = self.session.colour_limits
        limit = {"cosine": 1.0, "attention": limits.attention}.get(name, limits.contribution)
        opacity = self.opacity.value() / 100
        rgba = map_rgba(name, values, threshold=report.threshold, limit=limit, opacity=opacity)
        if name in ("contribution", "evidence"):
            rgba = faded(rgba, values, limit)
        self.canvas.set_overlay(rgba)

    def _mark(self, cell: Cell | None) -> None:
        self.canvas.set_cell(cell)
        explanation, report = self.session.explanation, self._report
        if cell is None or explanation is None or report is None or self.photos is None:
            self.cell_text.clear()
            return
        s, w = explanation.cosine[cell], explanation.attention[cell]
        sides = " and ".join(f"{SIDE / CELLS / photo.scale:.0f}" for photo in self.photos)
        text = (
            f"Row {cell[0] + 1}, column {cell[1] + 1}, {report.regions[cell]}: S {s:.3f}, W {w:.4f}, "
            f"W\N{MIDDLE DOT}S {s * w:.4f}; a cell is {sides} pixels wide in the two photos"
        )
        self.cell_text.setText(text.replace("-", "\N{MINUS SIGN}"))
