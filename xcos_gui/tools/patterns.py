"""Patterns of failure: mean maps of a selection, the difference of two, and groups of like evidence."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QModelIndex, QSize, Qt
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.analysis.patterns.groups import MOST_GROUPS, MeanMaps
from core.analysis.patterns.output import PATTERN_SUFFIXES, write_patterns
from core.analysis.patterns.report import (
    PatternReport,
    look_for_patterns,
)
from core.errors import Stopped, XCosError
from core.explain.colours import MapName, map_rgba
from core.explain.mean_face import mean_face
from core.faces.align import TEMPLATE
from core.faces.regions import face_regions
from core.scoring.lists import PairList
from core.scoring.scored import ScoredGallery
from xcos_gui.state.jobs import Running
from xcos_gui.state.session import Session
from xcos_gui.widgets.cell_view import Cell, CellView
from xcos_gui.widgets.elided import PlainLabel
from xcos_gui.widgets.following import FollowingWindow
from xcos_gui.widgets.map_view import MapView
from xcos_gui.widgets.readout import Readout
from xcos_gui.widgets.selector import Selector
from xcos_gui.widgets.thumbnails import to_image

TIPS: dict[MapName, str] = {
    "cosine": "Mean likeness of each cell: blue similar, red dissimilar, white at the threshold",
    "attention": "Mean weight of each cell",
    "evidence": 'Mean evidence of each cell: blue speaks for "same", red against',
}
EMPTY = "Open a gallery first; its pairs are looked at here once they are scored."


@dataclass(frozen=True, eq=False)
class _Found:
    """The report, a mean face for all its pairs and for each group, and whose pairs they are."""

    report: PatternReport
    faces: list[np.ndarray | None]
    scored: ScoredGallery


class PatternsWindow(FollowingWindow):
    """What many pairs have in common."""

    title = "Patterns of failure"
    empty_words = EMPTY
    size_in_lines = (68, 50)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.found: _Found | None = None
        self.of = Selector("Of", session, self.ask_refresh)
        self.less = Selector("Less", session, self.ask_refresh)
        self.of.choose("FP")
        self._make_choices()
        self.words.setText(EMPTY)
        self.body.addWidget(self.words)
        self.body.addLayout(self._make_maps(), 4)
        self.cell_text = Readout()
        self.body.addWidget(self.cell_text)
        self.about_groups = PlainLabel(wordWrap=True)
        self.body.addWidget(self.about_groups)
        self.groups = QListWidget(wordWrap=True)
        self.groups.setAccessibleName("Groups of pairs with like evidence")
        self.groups.setToolTip("Click a group to see its mean maps and list its pairs")
        side = round(2.6 * self.fontMetrics().height())
        self.groups.setIconSize(QSize(side, side))
        self.groups.setSpacing(2)
        self.groups.currentRowChanged.connect(self._show_row)
        self.groups.clicked.connect(self._list_row)
        self.groups.activated.connect(self._list_row)
        self.body.addWidget(self.groups, 3)
        session.attention_changed.connect(self.ask_refresh)
        session.edits_changed.connect(self.ask_refresh)
        session.filter_changed.connect(self._on_filter)

    def _make_choices(self) -> None:
        grid = QGridLayout()
        self.with_less = QCheckBox("&less")
        self.with_less.setToolTip("Show the difference from a second selection's means")
        self.with_less.toggled.connect(self._on_less)
        self.less.setEnabled(False)
        label = PlainLabel("&Of")
        label.setBuddy(self.of.outcome)
        self.count = QComboBox()
        self.count.addItem("Groups: automatic", None)
        for number in range(1, MOST_GROUPS + 1):
            self.count.addItem(f"Groups: {number}" if number > 1 else "One group", number)
        self.count.setToolTip("How many groups the pairs are parted into by their evidence")
        self.count.setAccessibleName("Number of groups")
        self.count.activated.connect(self.ask_refresh)
        self.save_button = QPushButton("&Save…", autoDefault=False, enabled=False)
        self.save_button.setToolTip(
            "Save the maps and groups: .png, .svg, .pdf, .json, or .csv of the 49 cells"
        )
        self.save_button.clicked.connect(self.save)
        for place, widget in enumerate(
            (label, self.of, self.with_less, self.less, self.count, self.save_button)
        ):
            grid.addWidget(widget, 0, place)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        self.body.addLayout(grid)

    def _make_maps(self) -> QHBoxLayout:
        row = QHBoxLayout()
        line = self.fontMetrics().height()
        faces = QVBoxLayout()
        faces.addWidget(PlainLabel("Mean face", alignment=Qt.AlignmentFlag.AlignCenter))
        self.face = CellView("Mean face")
        self.face.setToolTip("The mean of the selection's faces under its evidence")
        faces.addWidget(self.face, 1)
        faces.addSpacing(line + 6)
        row.addLayout(faces, 1)
        self.maps: dict[MapName, MapView] = {
            "cosine": MapView("cosine", "Mean S"),
            "attention": MapView("attention", "Mean W"),
            "evidence": MapView("evidence", "Mean evidence"),
        }
        for name, view in self.maps.items():
            view.title.setToolTip(TIPS[name])
            row.addWidget(view, 1)
        for cells in (self.face, *(m.view for m in self.maps.values())):
            cells.cell_changed.connect(self._mark)
        return row

    def use_listed(self) -> None:
        """Look at the pairs that the main window lists."""
        self.of.choose_listed()

    # Computing.

    @property
    def current(self) -> bool:
        """Whether what is shown is of the matrix that the session has now."""
        return self.found is not None and self.found.scored.matrix is self.session.matrix

    def refresh(self) -> None:
        """Look at the chosen pairs, in the background."""
        session = self.session
        for selector in (self.of, self.less):
            selector.fill()
        scored, cache, threshold = session.scored, session.cache, session.threshold
        if scored is None:
            self.drop_work()
            self._clear(EMPTY)
            return
        rows, columns = scored.rows, scored.columns
        count: int | None = self.count.currentData()
        try:
            make = self.of.maker(scored.matrix)
            other = self.less.maker(scored.matrix) if self.with_less.isChecked() else None
        except XCosError as error:
            self.drop_work()
            self._clear(str(error))
            return

        def face_of(pairs: PairList) -> np.ndarray | None:
            faces = [(rows.gallery.faces[i], rows.gallery.root) for i in pairs.rows]
            faces += [(columns.gallery.faces[j], columns.gallery.root) for j in pairs.columns]
            return mean_face(faces, cache)

        def work(running: Running) -> _Found:
            of = make(running)
            less = None if other is None else other(running)
            report = look_for_patterns(scored, threshold, of, less, count or 0, running)
            assert report.groups is not None
            lists = [of.pairs, *(group.pairs for group in report.groups.groups)]
            return _Found(report, [face_of(pairs) for pairs in lists], scored)

        self.compute("Looking for patterns", work, self._show)

    def _on_filter(self, _: object) -> None:
        if self.of.filtered or self.less.filtered:
            self.ask_refresh()

    def _on_less(self, on: bool) -> None:
        self.less.setEnabled(on)
        if on and self.less.outcome.currentData() is None:
            self.less.choose("TP")
        self.ask_refresh()

    def _on_failed(self, error: BaseException) -> None:
        super()._on_failed(error)
        if isinstance(error, XCosError):
            again = " Choose again above to start anew." if isinstance(error, Stopped) else ""
            self._clear(str(error) + again)

    # Showing.

    def _clear(self, sentence: str) -> None:
        self.found = None
        self.words.setText(sentence)
        self.tell("")
        self.groups.clear()
        for text in (self.about_groups, self.cell_text):
            text.clear()
        self.face.set_crop(None)
        self.face.set_overlay(None)
        for view in self.maps.values():
            view.show_map(None, 0, 1)
        self.save_button.setEnabled(False)

    def _show(self, shown: _Found) -> None:
        self.found = shown
        report = shown.report
        self.words.setText(report.words)
        self.save_button.setEnabled(True)
        assert report.groups is not None
        self.about_groups.setText(report.groups.words)
        self.groups.blockSignals(True)
        self.groups.clear()
        whole = f"All together: {report.of.counted}"
        limit = max(float(np.abs(m.evidence).max()) for m in self._rows()) or 1.0
        groups = report.groups.groups
        sentences = [f"{whole}. {groups[0].sentence}"] if len(groups) == 1 else [whole]
        sentences += [g.sentence for g in groups] if len(groups) > 1 else []
        for mean, sentence in zip(self._rows(), sentences, strict=True):
            item = QListWidgetItem(_icon(mean, limit, self.groups.iconSize()), sentence)
            item.setToolTip(sentence)
            self.groups.addItem(item)
        self.groups.setCurrentRow(0)
        self.groups.blockSignals(False)
        self._show_row(0)

    def _rows(self) -> list[MeanMaps]:
        """The mean maps behind each line of the list."""
        assert self.found is not None and self.found.report.groups is not None
        groups = self.found.report.groups.groups
        return [self.found.report.mean, *(g.mean for g in groups if len(groups) > 1)]

    def _show_row(self, row: int) -> None:
        if self.found is None or not 0 <= row < len(self._rows()):
            return
        report = self.found.report
        difference = report.base is not None
        shown = [m if report.base is None else m.less(report.base) for m in self._rows()]
        mean = shown[row]
        what = "Difference:" if difference else "Mean"
        for name, view in self.maps.items():
            values: np.ndarray = getattr(mean, name)
            limit = max(float(np.abs(getattr(m, name)).max()) for m in shown) or 1.0
            view.set_title(
                f"{what} {'S' if name == 'cosine' else 'W' if name == 'attention' else name}"
            )
            view.show_map(values, report.threshold, limit, difference, TIPS[name])
        limit = max(float(np.abs(m.evidence).max()) for m in shown) or 1.0
        self.face.set_crop(self.found.faces[row])
        self.face.set_overlay(map_rgba("evidence", mean.evidence, limit=limit, opacity=0.35))
        self._mark(None)

    def _list_row(self, index: QModelIndex) -> None:
        """Show the pairs behind a line in the main window's list."""
        if self.found is None or self.found.report.groups is None:
            return
        report, groups = self.found.report, self.found.report.groups.groups
        row, title = index.row(), self.found.report.of.title
        if row == 0:
            self.list_pairs(_upper(title), report.of.pairs, report.threshold)
        else:
            pairs = groups[row - 1].pairs
            self.list_pairs(f"{_upper(title)}, group {row}", pairs, report.threshold)

    def _mark(self, cell: Cell | None) -> None:
        for view in (self.face, *(m.view for m in self.maps.values())):
            view.set_cell(cell)
        values = [view.values for view in self.maps.values()]
        s, w, e = values
        if cell is None or s is None or w is None or e is None:
            self.cell_text.setText("")
            return
        region = face_regions(TEMPLATE)[cell]
        self.cell_text.setText(
            f"Row {cell[0] + 1}, column {cell[1] + 1}, {region}: S {s[cell]:z.3f}, W {w[cell]:z.4f}, "
            f"evidence {e[cell]:z.4f}".replace("-", "\N{MINUS SIGN}")
        )

    # Saving.

    def save(self) -> None:
        """Ask for a file and write what was found; the ending tells the form."""
        forms = " ".join(f"*{suffix}" for suffix in PATTERN_SUFFIXES)
        name, _ = QFileDialog.getSaveFileName(
            self, "Save the patterns", "patterns.png", f"Patterns ({forms})"
        )
        if name:
            self.save_to(Path(name))

    def save_to(self, path: Path) -> None:
        """Write what was found to a file."""
        if self.found is None:
            return
        faces = tuple(
            one.gallery.faces for one in (self.found.scored.rows, self.found.scored.columns)
        )
        try:
            write_patterns(path, self.found.report, *faces)
        except XCosError as error:
            self.tell(str(error))
        else:
            self.tell(f"The patterns were saved as {path}.")


def _icon(mean: MeanMaps, limit: float, size: QSize) -> QIcon:
    image = to_image(map_rgba("evidence", mean.evidence, limit=limit))
    pixmap, icon = QPixmap.fromImage(image.scaled(size)), QIcon()
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):  # its colours are numbers: no tint
        icon.addPixmap(pixmap, mode)
    return icon


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
