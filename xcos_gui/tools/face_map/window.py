"""The window of the map: what colours it, the face looked at, and what is done with a selection."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from core.analysis.face_map import (
    FaceMap,
    Layout,
    face_map,
    hardest_partner,
    hardness,
    hues,
    pairs_among,
)
from core.errors import XCosError, counted, these
from core.explain.colours import around, overlay_rgba, table
from core.faces.conditions import CONDITIONS, Condition
from core.faces.face import Face
from core.project.edits import face_subject
from core.scoring.scored import ScoredGallery
from xcos_gui.state.jobs import Running
from xcos_gui.state.session import Session
from xcos_gui.tools.face_map.plot import MapPlot, coloured
from xcos_gui.widgets.cell_view import CellView
from xcos_gui.widgets.design import GAP, is_dark, title_label
from xcos_gui.widgets.elided import ElidedLabel, PlainLabel
from xcos_gui.widgets.following import FollowingWindow
from xcos_gui.widgets.tags import ask_tags
from xcos_gui.widgets.thumbnails import Thumbnails

CHANGED = "The gallery has changed since; wait until it is laid out anew."
EMPTY = "Open a gallery with at least two faces; each is a point here."
LAYOUT_TEXTS: tuple[tuple[str, Layout], ...] = (
    ("Layout: PCA", "pca"),
    ("Layout: neighbours (openTSNE)", "neighbours"),
)
COLOURS: tuple[tuple[str, object], ...] = (
    ("Colour by identity", "identity"),
    ("Colour by hardness", "hardness"),
    *((f"Colour by {c.title.lower()}", c) for c in CONDITIONS),
)
MOST_NAMED = 12  # people whose names stand in the map
HARDNESS_WORDS = (
    "Red: its worst pair is wrong; blue: all its pairs are right; grey: it has no identity."
)
UNKNOWN = QColor(128, 128, 128, 220)
SPAN = (2, 98)  # per cent of the values between which colours go from blue to red
HELP = (
    "Drag around faces to select them; the wheel zooms, dragging with Ctrl or the right button "
    "moves, 0 shows all. Alike faces lie near each other."
)


@dataclass(frozen=True, eq=False)
class _Found:
    """hardness: (n,) how far each face's worst pair is on the wrong side; scored: whose faces."""

    map: FaceMap
    hardness: np.ndarray
    scored: ScoredGallery


class FaceMapWindow(FollowingWindow):
    """All faces of the gallery as points; follows gallery, scores and threshold."""

    title = "Map of faces"
    size_in_lines = (74, 48)
    empty_words = EMPTY

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.found: _Found | None = None
        self._faces: tuple[Face, ...] = ()
        self._laid: tuple[object, Layout] | None = None  # what the points are of
        self._looked: int | None = None
        self._said = EMPTY  # of the faces, before what the colours say
        self._thumbnails = Thumbnails(session, self)
        self.plot = MapPlot(self._pixmap)
        self._thumbnails.ready.connect(self.plot.show_pictures)
        self.plots.append(self.plot)
        self.plot.chosen.connect(self.look_at)
        self.plot.lassoed.connect(self.select)
        self.words.setText(EMPTY)
        self.body.addLayout(self._make_choices())
        self.body.addWidget(self.words)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.plot)
        split.addWidget(self._make_side())
        split.setStretchFactor(0, 1)
        unit = self.fontMetrics().height()
        split.setSizes([56 * unit, 16 * unit])
        self.body.addWidget(split, 1)
        session.edits_changed.connect(self._on_edits)
        session.conditions.changed.connect(self._paint)
        self._fill_colours()
        self._show_side()

    def close_job(self) -> None:
        """End the background work."""
        self._thumbnails.close()
        super().close_job()

    def _make_choices(self) -> QHBoxLayout:
        self.layout_choice = QComboBox(
            toolTip="How faces become points; both are the same each time"
        )
        self.layout_choice.setAccessibleName("Layout of the map")
        for text, layout in LAYOUT_TEXTS:
            self.layout_choice.addItem(text, layout)
        self.layout_choice.activated.connect(self.ask_refresh)
        self.colour = QComboBox(toolTip="What the points' colours say")
        self.colour.setAccessibleName("Colour of the points")
        self.colour.activated.connect(self._paint)
        row = QHBoxLayout()
        row.addWidget(self.layout_choice)
        row.addWidget(self.colour)
        row.addStretch(1)
        return row

    def _make_side(self) -> QWidget:
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(GAP, 0, 0, 0)
        self.face = CellView("The face looked at", grid=False)
        self.name, self.hard = ElidedLabel(), PlainLabel(wordWrap=True)
        self.pair = QPushButton("Look at its hardest pair", autoDefault=False)
        self.pair.clicked.connect(self.choose_pair)
        self.selection = PlainLabel(wordWrap=True)
        self.list, self.tag, self.aside = (
            QPushButton(text, autoDefault=False)
            for text in ("List their pairs", "Tags…", "Set aside")
        )
        self.list.clicked.connect(self.list_selected)
        self.tag.clicked.connect(self._tag)
        self.aside.clicked.connect(self._set_aside)
        column.addWidget(title_label("Face"))
        column.addWidget(self.face, 1)
        for widget in (self.name, self.hard, self.pair):
            column.addWidget(widget)
        column.addSpacing(GAP)
        column.addWidget(title_label("Selection"))
        for widget in (self.selection, self.list, self.tag, self.aside):
            column.addWidget(widget)
        return side

    # Computing.

    @property
    def current(self) -> bool:
        """Whether the points are of the matrix that the session has now."""
        return self.found is not None and self.found.scored.matrix is self.session.matrix

    def refresh(self) -> None:
        """Lay the faces out, where they are others than those shown; hardness each time."""
        session = self.session
        scored = session.scored
        if scored is None or len(scored.columns) < 2:
            self._clear()
            return
        layout: Layout = self.layout_choice.currentData()
        columns, threshold, matrix = scored.columns, session.threshold, scored.matrix
        laid = columns, layout
        known = self.found.map if self.found is not None and self._laid == laid else None

        def work(running: Running) -> _Found:
            layout_map = known or face_map(columns.features.grid, layout, running)
            return _Found(layout_map, hardness(matrix, threshold, running), scored)

        def then(mapped: _Found) -> None:
            self._laid, self._faces = laid, columns.gallery.faces
            self._show(mapped, known is None)

        self.compute("Laying out the faces", work, then)

    def _clear(self) -> None:
        self.job.drop()
        self.progress.hide()
        self.found, self._laid, self._faces, self._looked = None, None, (), None
        self.words.setText(EMPTY)
        self.plot.show_points(np.empty((0, 2)))
        self._show_side()

    def _show(self, mapped: _Found, anew: bool) -> None:
        self.found = mapped
        share = mapped.map.share
        shown = "" if share is None else f" The plane shows {100 * share:.0f} % of their variance."
        self._said = f"{counted(len(self._faces), 'face')}.{shown}"
        self.tell(HELP)
        self._fill_colours()
        if anew:
            self._looked = None
            self.plot.show_points(mapped.map.places)
        self._paint()
        self._show_side()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "plot"):
            self._paint()

    # Colours.

    def _fill_colours(self) -> None:
        project, kept = self.session.project, self.colour.currentData()
        tags = [] if project is None else project.edits.all_tags()
        self.colour.clear()
        for text, what in (*COLOURS, *((f"Tag: {tag}", ("tag", tag)) for tag in tags)):
            self.colour.addItem(text, what)
        data = [self.colour.itemData(place) for place in range(self.colour.count())]
        self.colour.setCurrentIndex(data.index(kept) if kept in data else 0)

    def _paint(self, *_: object) -> None:
        if self.found is None:
            return
        what, dark = self.colour.currentData(), is_dark(self.palette())
        self.words.setText(self._said)
        names: dict[str, np.ndarray] = {}
        if isinstance(what, Condition):
            self._paint_condition(what)
        elif what == "hardness":
            self.plot.colour(_by_hardness(self.found.hardness))
            self.words.setText(f"{self._said} {HARDNESS_WORDS}")
        elif what == "identity":
            known = hues(f.identity for f in self._faces if f.identity is not None)
            self.plot.colour(
                coloured(np.array([known.get(f.identity or "", np.nan) for f in self._faces]), dark)
            )
            names = _named(self._faces)
        elif self.session.project is not None:
            edits, tag = self.session.project.edits, what[1]
            faces, people = edits.faces_tagged(tag), edits.identities_tagged(tag)
            tagged = [f.key in faces or f.identity in people for f in self._faces]
            self.plot.colour(coloured(np.where(tagged, 0.58, np.nan), dark))
            self.words.setText(f"{self._said} Blue: tagged {tag}; grey: not.")
        self.plot.name(names)

    def _paint_condition(self, condition: Condition) -> None:
        """From blue to red, the worst; measured once it is asked for."""
        conditions = self.session.conditions
        conditions.ask()
        table = conditions.table(None if self.found is None else self.found.scored)
        values = None if table is None else table.columns[condition.name]
        if values is None or len(values) != len(self._faces):
            self.words.setText(f"{self._said} {condition.title} is being measured.")
            self.plot.colour(_by_badness(np.full(len(self._faces), np.nan)))
            return
        self.words.setText(f"{self._said} {_scale_words(condition, values)}")
        self.plot.colour(_by_badness(condition.badness(values)))

    def _on_edits(self) -> None:
        self._fill_colours()
        self._paint()

    # One face, and several.

    def _pixmap(self, place: int) -> QPixmap | None:
        return self._thumbnails.get(self._faces[place])

    def look_at(self, place: int) -> None:
        """Show a face at the side."""
        self._looked = place
        self.plot.mark(place)
        self._show_side()

    def select(self, places: np.ndarray) -> None:
        """Select faces by their places (k,)."""
        self.plot.pick(places)
        self._show_side()

    def _show_side(self) -> None:
        place, mapped = self._looked, self.found
        looked = place is not None and mapped is not None and place < len(self._faces)
        self.pair.setEnabled(looked)
        self.face.set_crop(None)
        if not looked or place is None or mapped is None:
            self.name.setText("")
            self.hard.setText("Click a point to see its photo.")
        else:
            face, hard = self._faces[place], mapped.hardness[place]
            self.face.set_crop(self.session.crop(face))
            self.name.setText(f"{face.identity or 'unknown'}\n{face.key}")
            self.hard.setText(_hard_words(float(hard)))
        picked = self.plot.picked
        people = {self._faces[k].identity for k in picked.tolist() if k < len(self._faces)}
        self.selection.setText(
            f"{counted(len(picked), 'face')} of {counted(len(people), 'identity', 'identities')}"
            if len(picked)
            else "Drag around points to select faces."
        )
        self.list.setEnabled(len(picked) > 1)
        for button in (self.tag, self.aside):
            button.setEnabled(len(picked) > 0)

    def choose_pair(self) -> None:
        """Look at the face's hardest pair in the main window."""
        scored, place = self.session.scored, self._looked
        if not self.current or scored is None or place is None:
            self.tell(CHANGED)
            return
        row = hardest_partner(scored.matrix, place, self.session.threshold)
        if row is None:
            self.tell("This face is of no known identity, so none of its pairs is right or wrong.")
        else:
            self.session.select_pair(*(sorted((row, place)) if scored.square else (row, place)))

    def list_selected(self) -> None:
        """List the selected faces' pairs in the main window, worst first."""
        scored, picked = self.session.scored, self.plot.picked
        if scored is None or not self.current:
            self.tell(CHANGED)
            return
        try:
            pairs = pairs_among(scored, picked.tolist(), self.session.threshold)
        except XCosError as error:
            self.tell(str(error))
            return
        if self.list_pairs(f"Among {counted(len(picked), 'face')} of the map", pairs):
            self.tell(f"{counted(len(pairs), 'pair')} in the main window's list, worst first.")

    def _picked(self) -> list[str]:
        """The selected faces' keys; none, and told, where they are not of the project that is edited."""
        found, loaded = self.found, self.session.loaded
        shown = None if found is None else found.scored.columns.gallery.source
        if loaded is None or shown != loaded.gallery.source:
            self.tell(CHANGED)
            return []
        return [self._faces[k].key for k in self.plot.picked.tolist()]

    def _tag(self) -> None:
        keys = [face_subject(key) for key in self._picked()]
        if keys:
            ask_tags(self, self.session, keys, these(len(keys), "face"))

    def _set_aside(self) -> None:
        keys = self._picked()
        if keys:
            self.session.edit(lambda project: project.set_aside(keys))


def _named(faces: Sequence[Face]) -> dict[str, np.ndarray]:
    """The people with the most faces, and the places of those."""
    counts = Counter(face.identity for face in faces if face.identity is not None)
    most = sorted(counts, key=lambda name: (-counts[name], name))[:MOST_NAMED]
    return {
        name: np.array([k for k, face in enumerate(faces) if face.identity == name])
        for name in most
    }


def _by_hardness(values: np.ndarray) -> np.ndarray:
    """Red where a face's worst pair is wrong, blue where all are right, (n, 4) uint8."""
    top = float(np.nanmax(np.abs(values), initial=1e-6)) if np.isfinite(values).any() else 1.0
    colours = overlay_rgba(-around(values, 0.0, -top, top)[None], table("diverging"), -1, 1, 0.9)
    rgba: np.ndarray = colours[0]
    rgba[~np.isfinite(values)] = UNKNOWN.getRgb()
    return rgba


def _by_badness(values: np.ndarray) -> np.ndarray:
    """Blue for the best value and red for the worst, grey where it is not known, (n, 4) uint8."""
    known = np.isfinite(values)
    low, high = np.percentile(values[known], SPAN) if known.any() else (0.0, 1.0)
    centred = 1 - 2 * (np.nan_to_num(values) - low) / max(high - low, 1e-9)
    rgba: np.ndarray = overlay_rgba(centred[None], table("diverging"), -1, 1, 0.9)[0]
    rgba[~known] = UNKNOWN.getRgb()
    return rgba


def _scale_words(condition: Condition, values: np.ndarray) -> str:
    """What the colours say."""
    known = values[np.isfinite(values)]
    if not len(known):
        return f"{condition.title} is known of no face here; it needs {condition.source}."
    order = known[np.argsort(condition.badness(known))]
    best, worst = (condition.text(float(end)) for end in (order[0], order[-1]))
    grey = "; grey: not known" if len(known) < len(values) else ""
    return f"{condition.title}: blue {best}, red {worst} ({condition.unit}{grey})."


def _hard_words(hard: float) -> str:
    if not np.isfinite(hard):
        return "Its identity is not known."
    if abs(hard) < 0.0005:  # told with three decimals, on which side of it would be no number
        return "Its worst pair lies at the threshold."
    if hard > 0:
        return f"Its worst pair is wrong by {hard:.3f}."
    return f"All its pairs are right, the nearest by {-hard:.3f}."
