"""The window on people: who is hard to match, and who is matched by strangers."""

from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QModelIndex, Qt, QTimer
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from core.analysis.patterns.groups import MeanMaps
from core.analysis.people import (
    LEAST_PEOPLE,
    People,
    Person,
    PersonMaps,
    classified,
    people,
    person_maps,
)
from core.errors import counted
from core.explain.colours import map_rgba
from core.explain.maps import PairMaps
from core.faces.face import Face
from xcos_gui.state.jobs import Running
from xcos_gui.state.session import Session
from xcos_gui.tools.people.model import HEADERS, PeopleModel
from xcos_gui.tools.people.plot import PeoplePlot
from xcos_gui.tools.people.words import legend, person_words
from xcos_gui.widgets.cell_view import CellView
from xcos_gui.widgets.elided import PlainLabel
from xcos_gui.widgets.empty import OrEmpty
from xcos_gui.widgets.rows_model import rows_table
from xcos_gui.widgets.tables import RememberedTable, mark_row
from xcos_gui.widgets.thumbnails import Thumbnails
from xcos_gui.widgets.tool_window import ToolWindow

SETTLE = 300  # milliseconds that a dragged threshold must rest
MEASURES = (
    ("Mean of all", "mean"),
    ("Mean of each face's highest", "highest"),
)
ASK = (
    "Click a person in the plot or in the table",
    "Their worst pairs come into the main window's list, and their mean maps here.",
)
MAPS = ("cosine", "attention", "evidence")
TIPS = {
    "cosine": "The mean cosine map: blue where the pairs are alike, white at the threshold",
    "attention": "The mean attention map: dark where the model looks",
    "evidence": "The mean evidence: blue speaks for the same person, red against",
}


class PeopleWindow(ToolWindow):
    """A scatter, a table, and what is seen in the pairs of the person chosen."""

    title = "People"
    size_in_lines = (86, 48)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.found: People | None = None
        self.looked_at: PersonMaps | None = None
        self._chosen: str | None = None
        self._to_list = False  # whether the chosen person's pairs are yet to be listed
        self._stale, self._measuring = True, False
        self._source: Path | None = None  # of the gallery that is measured
        self._faces: dict[str, tuple[Face, bool]] = {}
        self.thumbnails = Thumbnails(session, self)
        self.thumbnails.ready.connect(self._on_pictures)
        self.plot = PeoplePlot()
        self.plots.append(self.plot)
        self.plot.chosen.connect(self.choose)
        self.measure = QComboBox()
        for text, measure in MEASURES:
            self.measure.addItem(text, measure)
        self.measure.setToolTip(
            "Which impostor score a person has: the mean over all pairs with strangers, as the "
            "classes were published, or the mean over the faces of each face's closest stranger"
        )
        self.measure.setAccessibleName("Impostor score")
        self.measure.currentIndexChanged.connect(self._on_measure)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self._make_left())
        split.addWidget(self._make_right())
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 1)
        unit = self.fontMetrics().height()
        split.setSizes([36 * unit, 48 * unit])
        self.body.addWidget(split)
        self._timer = QTimer(self, singleShot=True, interval=SETTLE)
        self._timer.timeout.connect(self._on_changed)
        session.matrix_changed.connect(self._on_changed)
        session.threshold_changed.connect(lambda _: self._timer.start())

    def close_job(self) -> None:
        """End the background work."""
        self.thumbnails.close()
        super().close_job()

    # Making.

    def _make_left(self) -> QWidget:
        label = PlainLabel("&Impostor score")
        label.setBuddy(self.measure)
        self.summary = PlainLabel(wordWrap=True)
        row = QHBoxLayout()
        row.addWidget(label)
        row.addWidget(self.measure)
        self.legend = QLabel(textFormat=Qt.TextFormat.RichText)
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.legend.setWordWrap(True)
        row.addWidget(self.legend, 1)
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.plot, 1)
        column.addWidget(self.summary)
        left = QWidget()
        left.setLayout(column)
        return left

    def _make_right(self) -> QWidget:
        self.search = QLineEdit(placeholderText="Find a person", clearButtonEnabled=True)
        self.search.setAccessibleName("Find a person")
        self.model = PeopleModel(self)
        self.search.textChanged.connect(self.model.set_filter)
        name = "People and their scores; a row lists that person's pairs"
        self.table = rows_table(self.model, name)
        unit = self.fontMetrics().height()
        self.table.verticalHeader().setDefaultSectionSize(round(1.5 * unit))
        header = self.table.horizontalHeader()
        header.resizeSection(0, 9 * unit)
        header.setMinimumSectionSize(2 * unit)
        header.setResizeContentsPrecision(50)  # rows looked at; all of thousands would take seconds
        for column in range(1, len(HEADERS)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        by_mean = 3, Qt.SortOrder.AscendingOrder
        RememberedTable(self.table, self.session.settings, "people", by_mean)
        self.table.selectionModel().currentRowChanged.connect(self._on_row)
        self.model.modelReset.connect(self._mark_row)
        self.who = PlainLabel(wordWrap=True)
        layout = QVBoxLayout()
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.search)
        layout.addWidget(self.table, 1)
        inside = QWidget()
        below = QVBoxLayout(inside)
        below.setContentsMargins(0, 0, 0, 0)
        below.addWidget(self.who)
        below.addLayout(self._make_maps(), 1)
        self.shown = OrEmpty("people", inside)
        layout.addWidget(self.shown, 1)
        right = QWidget()
        right.setLayout(layout)
        return right

    def _make_maps(self) -> QGridLayout:
        grid = QGridLayout()
        self.maps: dict[tuple[str, str], CellView] = {}
        self.counts: dict[str, QLabel] = {}
        for column, name in enumerate(MAPS, start=1):
            title = {"cosine": "mean S", "attention": "mean W", "evidence": "mean evidence"}[name]
            label = PlainLabel(title, alignment=Qt.AlignmentFlag.AlignCenter)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            label.setToolTip(TIPS[name])
            grid.addWidget(label, 0, column)
            grid.setColumnStretch(column, 1)
        for row, sort in enumerate(("genuine", "impostor"), start=1):
            self.counts[sort] = PlainLabel(
                "with\nthemselves" if sort == "genuine" else "with\nstrangers"
            )
            grid.addWidget(self.counts[sort], row, 0)
            for column, name in enumerate(MAPS, start=1):
                view = CellView(f"Mean {name} of the person's {sort} pairs", grid=False)
                self.maps[sort, name] = view
                grid.addWidget(view, row, column)
        return grid

    # Computing.

    def _on_changed(self) -> None:
        self._stale = True
        if self.isVisible():
            self._measure()

    def _measure(self) -> None:
        session = self.session
        self._stale = False
        scored = session.scored
        source = None if scored is None else scored.columns.gallery.source
        if self._source not in (None, source):  # a search and a person are of one gallery
            self._chosen = None
            self.search.clear()
        self._source = source
        if scored is None:
            self._show_none("Open a gallery with a folder for each person; people appear here.")
            return
        if not scored.identities:
            self._show_none(
                "No face has an identity. Put each person's photos in a folder of their own, or "
                "name faces with F2 in the gallery."
            )
            return
        threshold, measure = session.threshold, self.measure.currentData()

        def work(running: Running) -> People:
            return people(scored, threshold, measure, running)

        self._measuring = True
        self.compute("Measuring people", work, self._on_measured)

    def _on_measured(self, everyone: People) -> None:
        self._measuring = False
        self.found = classified(everyone, self.measure.currentData())
        self._faces = {}
        session = self.session
        for loaded, probe in ((session.rows, True), (session.columns, False)):
            for face in () if loaded is None else loaded.gallery.faces:
                if face.identity is not None:
                    self._faces[face.identity] = (face, probe)
        self._show()
        self._look()

    def _on_failed(self, error: BaseException) -> None:
        self._measuring = False
        super()._on_failed(error)

    def _on_measure(self) -> None:
        if self.found is not None:
            self.found = classified(self.found, self.measure.currentData())
            self._show()

    def _show(self) -> None:
        assert self.found is not None
        self.table.selectionModel().blockSignals(True)
        self.model.show(self.found.persons)
        self.table.selectionModel().blockSignals(False)
        self.plot.show_people(self.found, self._pixmap)
        self._paint_plots()
        self.legend.setText(legend(self.found))
        self.summary.setText(self._summary(self.found))
        person = self._person(self._chosen)
        if person is not None:
            self._mark()
            self.who.setText(person_words(person))
        else:
            self._chosen = None
            self._show_maps(None)

    def _summary(self, everyone: People) -> str:
        lone = sum(p.genuine_mean is None for p in everyone.persons)
        parts = [f"{counted(len(everyone.persons), 'person', 'people')}"]
        if lone:
            parts.append(f"{lone:,} with one photo, so without a genuine pair, stand apart")
        if everyone.unknown:
            parts.append(f"{counted(everyone.unknown, 'face')} without an identity not counted")
        if everyone.genuine_quarters is None:
            parts.append(f"classes need {LEAST_PEOPLE} people with two photos each")
        if self.session.matrix is not None and self.session.matrix.square:
            parts.append("in one gallery lambs and wolves are the same people")
        if self.session.estimated:
            parts.append("by estimated scores yet")
        return "; ".join(parts) + "."

    def _show_none(self, sentence: str) -> None:
        self.job.drop()
        self.progress.hide()
        self._measuring = False
        self.found, self._chosen = None, None
        self.model.show(())
        self.plot.show_people(People((), 0.0, "mean", None, None, 0), self._pixmap)
        self.legend.clear()
        self.summary.setText(sentence)
        self._show_maps(None)

    # One person.

    def choose(self, identity: str) -> None:
        """Look at a person: their pairs are listed, and their mean maps shown."""
        person = self._person(identity)
        if self.session.scored is None or person is None:
            return
        self._chosen, self._to_list = identity, True
        self._mark()
        self.who.setText(person_words(person))
        if not self._measuring:  # else once all are measured
            self._look()

    def _look(self) -> None:
        """Look at the chosen person's pairs, and list them where that was asked for."""
        session, identity = self.session, self._chosen
        scored, threshold = session.scored, session.threshold
        if scored is None or identity is None:
            return

        def work(running: Running) -> PersonMaps:
            return person_maps(scored, identity, threshold, running)

        def then(maps: PersonMaps) -> None:
            if self._to_list and session.matrix is scored.matrix:
                session.list_pairs(f"Worst pairs of {identity}", maps.pairs)
            self._to_list = False
            self._show_maps(maps)

        self.compute("Looking at pairs", work, then)

    def _person(self, identity: str | None) -> Person | None:
        persons = () if self.found is None else self.found.persons
        return next((p for p in persons if p.identity == identity), None)

    def _mark(self) -> None:
        self.plot.mark(self._chosen)
        self._mark_row()

    def _mark_row(self) -> None:
        row = None if self._chosen is None else self.model.row_of(self._chosen)
        if row is not None:
            mark_row(self.table, row)

    def _on_row(self, current: QModelIndex, previous: QModelIndex) -> None:
        if current.isValid():
            person = self.model.person(current.row())
            if person.identity != self._chosen:
                self.choose(person.identity)

    def _show_maps(self, looked_at: PersonMaps | None) -> None:
        self.looked_at = looked_at
        self.shown.say(*ASK) if looked_at is None else self.shown.fill()
        sorts: dict[str, PairMaps | None] = {
            "genuine": None if looked_at is None else looked_at.genuine,
            "impostor": None if looked_at is None else looked_at.impostor,
        }
        means = {
            (sort, name): getattr(mean, name)
            for sort, maps in sorts.items()
            if maps is not None and (mean := MeanMaps.of(maps, self.session.threshold)) is not None
            for name in MAPS
        }
        # One limit for both rows, so that they can be compared.
        limits = {
            name: max(
                (float(np.abs(m).max()) for (_, n), m in means.items() if n == name), default=1
            )
            for name in MAPS
        }
        for sort, maps in sorts.items():
            of = "with\nthemselves" if sort == "genuine" else "with closest\nstrangers"
            self.counts[sort].setText(of if maps is None else f"{of}\n{counted(len(maps), 'pair')}")
        for (sort, name), view in self.maps.items():
            mean = means.get((sort, name))
            if mean is None:
                view.set_overlay(None)
                continue
            rgba = map_rgba(
                name,  # type: ignore[arg-type]
                mean,
                threshold=self.session.threshold,
                limit=limits[name] or 1,
            )
            view.set_overlay(rgba, mean)

    # Pictures.

    def _pixmap(self, person: Person) -> QPixmap | None:
        face = self._faces.get(person.identity)
        return None if face is None else self.thumbnails.get(*face)

    def _on_pictures(self) -> None:
        self.plot.fill_pictures(self._pixmap)

    # Qt's own.

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        if self._stale:
            self._measure()
