"""Saliency methods on the pair looked at, side by side: maps, times, curves, controls, ranks."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from core.errors import Stopped, XCosError
from core.explain.colours import overlay_rgba, table
from core.explain.crop_scorer import CropScorer
from core.explain.saliency.compare import SHUFFLED, Compared, Comparison, compare, title
from core.explain.saliency.methods import TITLES, Subject, methods_for, on_one_scale
from core.faces.regions import face_regions
from core.files import write_whole
from core.gallery.opening import landmarks_in_crop
from core.json_text import json_text
from core.model.kinds import AttentionKind, Order
from core.model.target_choice import TargetChoice
from xcos_gui.state.jobs import Running
from xcos_gui.state.session import Session
from xcos_gui.tools.compare.tables import AreasTable, CurvePlots, RanksTable
from xcos_gui.widgets.cell_view import Cell, CellView
from xcos_gui.widgets.colour_bar import ColourBar
from xcos_gui.widgets.elided import ElidedLabel, PlainLabel
from xcos_gui.widgets.following import FollowingWindow
from xcos_gui.widgets.readout import Readout

OPACITY = 0.62
SUFFIXES = (".png", ".svg", ".pdf", ".json")
MOVED = "The threshold moved: xCos's evidence is of the former one; press F5."
EMPTY = "Choose a pair in the main window; the methods are computed for it here."
SCALE = (
    "Each map divided by its largest size, so all share these colours: blue speaks for same "
    "(hiding it should lower the score), red against"
)
SHORT = {
    "xcos": "xCos",
    "grad-cam": "CAM backbone",
    "grad-cam-target": "CAM target",
    "occlusion": "occlusion",
    "rise": "RISE",
}
TIPS = {
    "xcos": "W*S less the threshold's share: what xCos says itself, from two passes",
    "grad-cam": "The package grad-cam on the backbone's last map, of the xCos score; never negative",
    "grad-cam-target": "The package grad-cam on the target's last map, of the target's own cosine; "
    "never negative",
    "occlusion": "How much the score falls when one cell of one face is grey: 100 passes",
    "rise": "Correlation of the score with each place's being visible under random masks: 256 passes",
}


@dataclass(frozen=True)
class _Asked:
    """What a comparison is of; equal ones need not be computed twice."""

    faces: tuple[str, str]
    weights: Path
    fingerprint: str
    kind: AttentionKind
    order: Order
    target: TargetChoice | None


class _Column:
    """One method: its name and time above its map over both faces."""

    def __init__(self, name: str, heading: str) -> None:
        self.label = PlainLabel(heading, alignment=Qt.AlignmentFlag.AlignCenter)
        self.label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.views = [CellView(f"{heading}, {side} face") for side in ("left", "right")]
        self._heading = heading
        for widget in (self.label, *self.views):
            widget.setToolTip(TIPS.get(name, ""))

    def clear(self) -> None:
        self.label.setText(f"{self._heading}\n")
        for view in self.views:
            view.set_overlay(None)

    def show_map(self, compared: Compared) -> None:
        seconds = compared.map.seconds
        time = f"{1000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
        self.label.setText(f"{self._heading}\n{time}")
        for view, values in zip(self.views, (compared.map.left, compared.map.right), strict=True):
            colours = table("diverging")
            view.set_overlay(overlay_rgba(on_one_scale(values), colours, -1, 1, OPACITY))


class CompareWindow(FollowingWindow):
    """Holds xCos's evidence against Grad-CAM, occlusion and CorrRISE on one pair."""

    follows_threshold = False

    title = "Compare saliency methods"
    empty_words = EMPTY
    size_in_lines = (76, 56)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        # Only xCos's evidence hangs on the threshold; the others are too dear to follow a drag.
        session.threshold_changed.connect(self._on_threshold)
        session.pair_changed.connect(self.ask_refresh)
        session.model_changed.connect(self.ask_refresh)
        self.methods: dict[str, Compared] = {}
        self.controls: dict[str, Compared] = {}
        self.found: Comparison | None = None
        self._subject: Subject | None = None
        self._asked: _Asked | None = None
        self._threshold = session.threshold  # of the evidence that is shown
        self._scorer: tuple[_Asked, float, CropScorer] | None = None
        self._crops: tuple[np.ndarray, np.ndarray] | None = None
        self.columns: dict[str, _Column] = {}
        self.job.partial.connect(self._on_method)
        self.body.addLayout(self._make_head())
        self.words.setText(EMPTY)
        self._maps = QWidget()
        self._grid = QGridLayout(self._maps)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self.cell_text = Readout()
        upper = QWidget()
        column = QVBoxLayout(upper)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._maps, 1)
        column.addWidget(self.cell_text)
        column.addWidget(self.words)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(upper)
        split.addWidget(self._make_numbers())
        split.setSizes([30 * self.fontMetrics().height(), 20 * self.fontMetrics().height()])
        self.body.addWidget(split, 1)
        self._lay_out(("xcos", "grad-cam", "occlusion", "rise"))

    # Parts.

    def _make_head(self) -> QHBoxLayout:
        self.about = ElidedLabel()
        self.with_controls = QCheckBox("&Controls")
        self.with_controls.setChecked(True)
        self.with_controls.setToolTip(
            "Also a random order, and each method on the same network with shuffled weights: "
            "a method that does no better there tells little of what was learned. Takes as long again."
        )
        self.again = QPushButton("Compare &again")
        self.again.setToolTip("Compute all methods anew (F5)")
        self.again.setShortcut("F5")
        self.again.clicked.connect(self.compare_again)
        self.save = QPushButton("&Save…")
        self.save.setToolTip("Save maps and curves as a picture, or all numbers as JSON")
        self.save.clicked.connect(self._ask_save)
        self.scale = ColourBar()
        self.scale.show_table(table("diverging"), -1, 1, None, SCALE)
        row = QHBoxLayout()
        row.addWidget(self.about, 1)
        row.addWidget(PlainLabel("against"))
        row.addWidget(self.scale)
        row.addWidget(PlainLabel("for same"))
        row.addSpacing(2 * self.fontMetrics().height())
        for widget in (self.with_controls, self.again, self.save):
            row.addWidget(widget)
        for button in (self.again, self.save):
            button.setAutoDefault(False)
            button.setEnabled(False)
        return row

    def _make_numbers(self) -> QWidget:
        self.curves, self.areas, self.ranks = CurvePlots(), AreasTable(), RanksTable()
        self.plots = list(self.curves.plots)
        self.areas.chosen.connect(lambda _: self._draw())
        tabs = QTabWidget(documentMode=True)
        tabs.addTab(self.areas, "&Areas")
        tabs.addTab(self.ranks, "&Rank correlation")
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.curves)
        split.addWidget(tabs)
        split.setSizes([42 * self.fontMetrics().height(), 32 * self.fontMetrics().height()])
        return split

    def _lay_out(self, names: tuple[str, ...]) -> None:
        """A column for the faces, and one for each method."""
        if tuple(self.columns) == ("face", *names):
            for column in self.columns.values():
                column.clear()
            return
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        self.columns = {"face": _Column("face", "Faces")}
        self.columns |= {name: _Column(name, TITLES[name]) for name in names}
        for place, column in enumerate(self.columns.values()):
            column.clear()
            self._grid.addWidget(column.label, 0, place)
            for row, view in enumerate(column.views):
                self._grid.addWidget(view, row + 1, place)
                view.cell_changed.connect(self._on_cell)
                if self._crops is not None:
                    view.set_crop(self._crops[row])

    # Computing.

    def compare_again(self) -> None:
        """Compute all methods anew, as when the threshold or the controls have changed."""
        self._asked = None
        self.refresh()

    def refresh(self) -> None:
        session = self.session
        verifier = session.scored_verifier
        if session.pair is None or verifier is None or session.explanation is None:
            self._asked = None
            self.job.drop()
            self.progress.hide()
            self._forget(None)
            return
        one, other = session.faces_of(session.pair)
        asked = _Asked(
            (one.digest, other.digest),
            verifier.card.path,
            verifier.fingerprint,
            session.kind,
            session.order,
            None if session.target is None else session.target.choice,
        )
        if asked == self._asked:
            self._on_threshold()
            return
        self._asked = asked
        self._forget((session.crop(one, True), session.crop(other)))
        regions = face_regions((landmarks_in_crop(one) + landmarks_in_crop(other)) / 2)
        e = session.explanation
        names = " \N{MULTIPLICATION SIGN} ".join(Path(face.photo).stem for face in (one, other))
        self.about.setText(f"{names}\nscore {e.score:z.3f}, {e.kind} attention, order {e.order}")
        self.about.setToolTip(f"{one.key}\n{other.key}")
        controls, threshold = self.with_controls.isChecked(), session.threshold
        self._threshold = threshold
        crops, device = self._crops, verifier.device
        assert crops is not None

        def work(running: Running) -> Comparison:
            running.report("Loading the networks", 0, 0)
            scorer = self._scorer_for(asked, threshold, device)
            subject = Subject(*crops, scorer)
            running.partial((subject, methods_for(scorer)))
            return compare(
                subject,
                regions,
                shuffled=scorer.shuffled() if controls else None,
                task=running,
                announce=lambda name, compared: running.partial((name, compared)),
            )

        self.again.setEnabled(True)
        self.compute("Comparing", work, self._on_compared)

    def _scorer_for(self, asked: _Asked, threshold: float, device: str) -> CropScorer:
        """The networks, loaded again only when the model has changed; for the worker alone."""
        model = replace(asked, faces=("", ""))
        if self._scorer is None or self._scorer[:2] != (model, threshold):
            scorer = CropScorer(
                asked.weights, asked.kind, asked.order, threshold, asked.target, device
            )
            self._scorer = (model, threshold, scorer)
        return self._scorer[2]

    def _forget(self, crops: tuple[np.ndarray, np.ndarray] | None) -> None:
        self.methods, self.controls, self.found, self._subject = {}, {}, None, None
        self._crops = crops
        for column in self.columns.values():
            column.clear()
            for row, view in enumerate(column.views):
                view.set_crop(None if crops is None else crops[row])
        self.words.setText("" if crops is not None else EMPTY)
        self.about.setText("")
        self.again.setEnabled(crops is not None)
        self.save.setEnabled(False)
        self._draw()

    # Answers.

    def _on_method(self, answer: tuple[object, object]) -> None:
        name, compared = answer
        if isinstance(name, Subject):
            assert isinstance(compared, tuple)
            self._subject = name
            self._lay_out(compared)
            return
        assert isinstance(name, str) and isinstance(compared, Compared)
        if name in self.columns:
            self.methods[name] = compared
            self.columns[name].show_map(compared)
        else:
            self.controls[name] = compared
        self._draw()

    def _on_compared(self, comparison: Comparison) -> None:
        self.found = comparison
        self.words.setText(comparison.words or "")
        self.save.setEnabled(True)
        if self.session.target is None:
            self.tell("Choose a target model under Model to see Grad-CAM on it as well.")
        elif "grad-cam-target" not in comparison.methods:
            self.tell(
                f"{self.session.target.name} has no 7\N{MULTIPLICATION SIGN}7 map for Grad-CAM."
            )
        self._on_threshold()

    def _on_failed(self, error: BaseException) -> None:
        super()._on_failed(error)
        if isinstance(error, Stopped):
            self.tell("Stopped; what is shown stays. F5 computes all methods anew.")

    def _on_threshold(self, _: float = 0.0) -> None:
        if self.methods and self._threshold != self.session.threshold:
            self.tell(MOVED)
        elif self.note.text() == MOVED:
            self.tell("")

    def _on_cell(self, cell: Cell | None) -> None:
        for column in self.columns.values():
            for view in column.views:
                view.set_cell(cell)
        if cell is None or not self.methods:
            self.cell_text.clear()
            return
        parts = [
            f"{SHORT[name]} {one.map.left[cell]:+z.3f}/{one.map.right[cell]:+z.3f}"
            for name, one in self.methods.items()
        ]
        text = f"row {cell[0] + 1}, column {cell[1] + 1}, left/right:  " + "  ".join(parts)
        self.cell_text.setText(text.replace("-0.", "\N{MINUS SIGN}0."))

    def _draw(self) -> None:
        self.areas.show_rows(self.methods, self.controls)
        chosen = self.areas.current() or "xcos"
        method = chosen.removeprefix(SHUFFLED)
        shown = dict(self.methods)
        for name in ("random", SHUFFLED + method):
            if name in self.controls:
                shown[name] = self.controls[name]
        self.curves.show_curves(shown, method, title)
        self.ranks.show_ranks(self.methods)

    # Saving.

    def _ask_save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self,
            "Save the comparison",
            "comparison.png",
            "Picture or JSON (*.png *.svg *.pdf *.json)",
        )
        if name:
            self.save_to(Path(name))

    def save_to(self, path: Path) -> None:
        """Write the comparison by the name's ending; a mistake is told at the foot."""
        if self.found is None or self._subject is None:
            return
        suffix = path.suffix.lower()
        if suffix not in SUFFIXES:
            self.tell(f"{path} must end in one of {', '.join(SUFFIXES)}; choose another name.")
            return
        comparison, subject = self.found, self._subject
        try:
            if suffix == ".json":
                content = json_text(comparison.as_json()).encode()
            else:
                from core.explain.drawing import figure_bytes
                from core.explain.saliency.compare_figure import comparison_figure

                content = figure_bytes(comparison_figure(comparison, subject), suffix[1:])
            write_whole(path, content)
        except XCosError as error:
            self.tell(str(error))
            return
        self.tell(f"Saved {path}.")
