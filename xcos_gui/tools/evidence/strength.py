"""The tab on the strength of evidence: the pair's likelihood ratio, curves, and Bayes' threshold."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from core.analysis.evidence.curves import EvidenceCurves, evidence_curves
from core.analysis.evidence.decision import BayesDecision, bayes_decision
from core.analysis.evidence.pair_strength import FittedReference, fit_for
from core.analysis.evidence.ratios import METHODS, LikelihoodRatios, Strength
from core.analysis.evidence.shipped import shipped_ratios
from core.analysis.evidence.words import interval_words, reference_words, strength_words
from core.errors import XCosError, counted
from core.faces.face import Face
from core.project.kept_settings import settings_of
from core.project.project import Project
from core.scoring.scored import ScoredGallery, score_gallery
from xcos_gui.state.jobs import Running, Work
from xcos_gui.state.session import Session
from xcos_gui.tools.evidence.tab import Tab
from xcos_gui.widgets.decimal_box import DecimalBox
from xcos_gui.widgets.elided import PlainLabel
from xcos_gui.widgets.empty import OrEmpty
from xcos_gui.widgets.outcomes import GENUINE, IMPOSTOR

SHIPPED, OPEN, CHOOSE = "shipped", "open", "choose"
NAMES = {"logistic": "Logistic regression", "kde": "Kernel densities", "isotonic": "Isotonic"}
LINE = "#2c7bb6"
NO_CURVES = (
    "No curves of this reference",
    "Tippett, PAV and ECE are drawn of pairs of people held out: choose a gallery of more people as the reference.",
)


@dataclass(frozen=True, eq=False)
class _Found:
    reference: FittedReference
    strength: Strength | None
    curves: EvidenceCurves | None
    for_all: LikelihoodRatios | None = None  # without the people of the open gallery


class StrengthTab(Tab):
    """The pair that is looked at, by the reference that is chosen."""

    title = "&Strength of evidence"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.found: _Found | None = None
        self.decision: BayesDecision | None = None
        self.other: Path | None = None  # a gallery chosen as the reference
        self._chosen: object = OPEN  # the reference that was chosen last
        self._scored: tuple[object, ScoredGallery] | None = None  # of the other gallery
        self._wanted_for_all = False
        self._make_choices()
        self.bayes = PlainLabel(wordWrap=True)
        self.bayes.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._make_decision())
        column.addWidget(self.bayes)
        self._make_curves()
        self.curves = OrEmpty(self.icon, self.tabs)
        column.addWidget(self.curves, 1)
        self.hold(inside)

    def _make_choices(self) -> None:
        row = QHBoxLayout()
        self.reference, self.method = QComboBox(), QComboBox()
        self.reference.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.reference.setMinimumContentsLength(24)
        self._fill_references()
        for name in METHODS:
            self.method.addItem(NAMES[name], name)
        self.reference.setAccessibleName("Reference")
        self.reference.setToolTip("Known people from whose pairs scores become likelihood ratios")
        self.method.setAccessibleName("Method")
        self.method.setToolTip("How scores become likelihood ratios")
        for text, box in (("&Reference", self.reference), ("&Method", self.method)):
            label = PlainLabel(text)
            label.setBuddy(box)
            row.addWidget(label)
            row.addWidget(box, int(box is self.reference))
        self.for_all = QPushButton("Use for a&ll pairs")
        self.for_all.setAutoDefault(False)
        self.for_all.clicked.connect(self._on_for_all)
        row.addWidget(self.for_all)
        self.reference.activated.connect(self._on_reference)
        self.method.activated.connect(self.again)
        self.column.addLayout(row)

    def _fill_references(self) -> None:
        self.reference.clear()
        self.reference.addItem("The open gallery", OPEN)
        self.reference.addItem("What ships with the model", SHIPPED)
        if self.other is not None:
            self.reference.addItem(self.other.name, self.other)
        self.reference.addItem("Another gallery…", CHOOSE)

    def _make_decision(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.prior = DecimalBox(decimals=6, minimum=0.000001, maximum=0.999999, singleStep=0.05)
        self.prior.setValue(0.5)
        self.cost = DecimalBox(decimals=2, minimum=0.01, maximum=1_000_000, singleStep=1)
        self.cost.setValue(1)
        self.prior.setToolTip("Probability, before the score, that a pair shows one person")
        self.cost.setToolTip("What a false accept costs when a false reject costs 1")
        for text, box in (("&Prior", self.prior), ("&Cost of a false accept", self.cost)):
            label = PlainLabel(text)
            label.setBuddy(box)
            box.setAccessibleName(text.replace("&", ""))
            row.addWidget(label)
            row.addWidget(box)
            box.valueChanged.connect(self._decide)
        self.use = QPushButton("&Use as threshold")
        self.use.setAutoDefault(False)
        self.use.setToolTip("Move the threshold of the main window to where errors cost least")
        self.use.clicked.connect(self._on_use)
        row.addWidget(self.use)
        row.addStretch(1)
        return row

    def _make_curves(self) -> None:
        self.tabs = QTabWidget(documentMode=True)
        self.tippett = self._plot("log10 LR", "pairs with at least this LR (%)", "Tippett")
        self.pav = self._plot("log10 LR", "log10 LR after PAV", "PAV")
        self.ece = self._plot("log10 prior odds", "empirical cross-entropy (bits)", "ECE")
        self.plots = [self.tippett, self.pav, self.ece]

    def _plot(self, x: str, y: str, title: str) -> pg.PlotWidget:
        plot = pg.PlotWidget()
        plot.setMinimumHeight(8 * self.fontMetrics().height())
        plot.setMenuEnabled(False)
        plot.setLabel("bottom", x)
        plot.setLabel("left", y)
        plot.showGrid(x=True, y=True, alpha=0.2)
        # Where no curve comes: Tippett's fall from the upper left, the others rise from the lower.
        plot.addLegend(offset=(5, -5) if title == "Tippett" else (5, 5))
        plot.setAccessibleName(f"{title} curves of likelihood ratios whose people were held out")
        self.tabs.addTab(plot, title)
        return plot

    # Computing.

    def _on_reference(self, place: int) -> None:
        chosen = self.reference.itemData(place)
        if chosen == CHOOSE:
            name = QFileDialog.getExistingDirectory(self, "Choose a gallery of known people")
            if name:
                self.use_reference(Path(name))
            else:
                self._choose(self._chosen)
            return
        self._chosen = chosen
        self.again.emit()

    def use_reference(self, source: Path) -> None:
        """Take another gallery as the reference."""
        self.other = self._chosen = Path(source)
        self._fill_references()
        self._choose(self.other)
        self.again.emit()

    def _choose(self, chosen: object) -> None:
        every = [self.reference.itemData(place) for place in range(self.reference.count())]
        self.reference.setCurrentIndex(every.index(chosen))

    def _on_for_all(self) -> None:
        if self.reference.currentData() == SHIPPED:
            self.session.use_reference(None)
            self._show_for_all()
        else:
            self._wanted_for_all = True
            self.again.emit()

    def _show_for_all(self) -> None:
        """Whether this reference can be, and is not yet, that of the list and the panel Pair."""
        chosen = self.reference.currentData()
        self.for_all.setEnabled(self.found is not None and chosen != OPEN)
        self.for_all.setToolTip(
            "The list would weigh pairs by their own people; choose another reference"
            if chosen == OPEN
            else "Tell likelihood ratios by this reference in the list and the panel Pair too"
        )

    def work(self) -> Work:
        session, chosen, method = self.session, self.reference.currentData(), self.method.currentData()  # fmt: skip
        scored, model, kind, order = session.scored, session.model, session.kind, session.order
        if scored is None or model is None:
            raise XCosError("Open a gallery first; the pair that is looked at is then weighed.")
        faces: tuple[Face, ...] = () if session.pair is None else session.faces_of(session.pair)
        score = None if session.explanation is None else session.explanation.score
        if chosen == SHIPPED:
            shipped = FittedReference(shipped_ratios(model.card, kind, order))
            return lambda running: _strength_of(shipped, score)
        loader, wanted = session.loader(), self._wanted_for_all and isinstance(chosen, Path)
        self._wanted_for_all = False
        everyone = tuple(face for loaded in scored.galleries for face in loaded.gallery.faces)
        project, edits = None, None
        if isinstance(chosen, Path):  # with the names that the user corrected in it
            project = Project.open(chosen, session.cache.folder)
            edits = project.edits
            loader = replace(loader, settings=settings_of(project) or loader.settings)
        made_from = (chosen, model.card.fingerprint, kind, order, loader.settings, edits)
        known = self._scored[1] if self._scored and self._scored[0] == made_from else None

        def work(running: Running) -> _Found:
            reference = scored
            if isinstance(chosen, Path):
                reference = known or score_gallery(
                    model, loader.load(chosen, running, project), None, kind, order, running
                )
                self._scored = (made_from, reference)
            for_all = fit_for(everyone, reference, method, running).ratios if wanted else None
            return _strength_of(fit_for(faces, reference, method, running), score, for_all)

        return work

    # Showing.

    def show_answer(self, answer: _Found) -> None:
        """Show a reference's LRs, and what the pair's score is worth."""
        self.found = answer
        self.shown.fill()
        ratios, strength = answer.reference.ratios, answer.strength
        lines = []
        if strength is None:
            lines.append("No pair is looked at; click one in the main window.")
        else:
            lines.append(
                f"Score {strength.score:z.4f}: {strength_words(strength)} {reference_words(ratios)}"
            )
            lines.append(f"{interval_words(strength)}.")
        lines.append(
            f"{counted(ratios.people, 'person', 'people')}, {ratios.genuine:,} genuine and "
            f"{counted(ratios.impostor, 'impostor pair')} of {ratios.reference}. "
            + (
                "Too few people to hold any out, so Cllr is not known."
                if ratios.cllr is None
                else f"Cllr {ratios.cllr:.3f}; the best calibration would leave {ratios.cllr_min:.3f} "
                "(0 is perfect, 1 is no evidence)."
            )
        )
        if answer.reference.told:
            lines.append(answer.reference.told)
        if answer.for_all is not None:
            self.session.use_reference(answer.for_all)
            lines.append(
                f"The list and the panel Pair tell likelihood ratios by {ratios.reference} now."
            )
        self._show_for_all()
        self.words.setText("\n".join(lines))
        self._show_curves(answer.curves)
        self._decide()

    def show_nothing(self, sentence: str) -> None:
        """Show why there are no LRs."""
        super().show_nothing(sentence)
        self.found = None
        self._show_for_all()
        self._show_curves(None)
        self._decide()

    def _show_curves(self, curves: EvidenceCurves | None) -> None:
        for plot in self.plots:
            plot.clear()
        if curves is None:
            self.curves.say(*NO_CURVES)
            return
        self.curves.fill()
        at, genuine, impostor = curves.tippett
        for values, colour, name in (
            (genuine, GENUINE, "same person"),
            (impostor, IMPOSTOR, "different people"),
        ):
            self.tippett.plot(at, 100 * values, pen=pg.mkPen(colour, width=2), name=name)
        self.pav.plot(*curves.pav, pen=pg.mkPen(LINE, width=2), name="after PAV")
        ends = np.array([curves.pav[0][0], curves.pav[0][-1]])
        self.pav.plot(ends, ends, pen=pg.mkPen("#888888", width=1), name="calibrated")
        priors, own, after, neutral = curves.ece
        for values, colour, line, name in (
            (own, QColor(LINE), Qt.PenStyle.SolidLine, "LRs"),
            (after, QColor(LINE), Qt.PenStyle.DashLine, "after PAV"),
            (neutral, QColor("#888888"), Qt.PenStyle.SolidLine, "no evidence"),
        ):
            self.ece.plot(priors, values, pen=pg.mkPen(colour, width=2, style=line), name=name)
        self.ece.setYRange(0, 1)

    def _decide(self) -> None:
        self.decision = None
        if self.found is None:
            self.bayes.clear()
        else:
            self.decision = bayes_decision(
                self.found.reference.ratios, self.prior.value(), self.cost.value()
            )
            self.bayes.setText(self.decision.words)
        self.use.setEnabled(self.decision is not None and self.decision.threshold is not None)

    def _on_use(self) -> None:
        if self.decision is not None and self.decision.threshold is not None:
            self.use_threshold(self.decision.threshold)


def _strength_of(
    reference: FittedReference, score: float | None, for_all: LikelihoodRatios | None = None
) -> _Found:
    held_out = reference.ratios.held_out
    return _Found(
        reference,
        None if score is None else reference.strength(score),
        None if held_out is None else evidence_curves(held_out),
        for_all,
    )
