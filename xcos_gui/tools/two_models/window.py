"""Two models on one gallery: who is right where the other is wrong, and whether that is chance."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from core.analysis.two_models import (
    Comparison,
    JudgedGallery,
    Point,
    Scatter,
    TwoModels,
    compare_models,
)
from core.errors import Stopped, XCosError, counted
from core.model.card import shipped_weights
from core.scoring.matrix import ScoreMatrix
from core.scoring.scored import ScoringModel, score_gallery
from core.scoring.statistics import WANTED_FARS
from core.training.watch import look, runs_in
from xcos_gui.state.jobs import Running
from xcos_gui.state.session import Session
from xcos_gui.tools.two_models.views import (
    AgreementTable,
    FiguresTable,
    PairMapsView,
    RocView,
    ScatterView,
)
from xcos_gui.widgets.elided import GivingBox, PlainLabel
from xcos_gui.widgets.empty import EmptyState
from xcos_gui.widgets.following import FollowingWindow
from xcos_gui.widgets.placing import WideEnough

CHOOSE = "choose"
MOST_OFFERED = 4  # models with a button each; all are in the list above
POINTS: tuple[tuple[str, Point], ...] = (
    ("Each model's own threshold", "own"),
    ("A as set in the window, B at its own", "set"),
    ("Equal error rate of each", "eer"),
    *((f"FAR {far:g} of each", far) for far in WANTED_FARS),
)
EMPTY = (
    "Choose a second model above: shipped weights, those of a finished training run, or a file. "
    "Both then judge the gallery that is open."
)


@dataclass(frozen=True, eq=False)
class _Found:
    comparison: Comparison
    scatter: Scatter
    matrix: ScoreMatrix  # whose places the pairs are


class TwoModelsWindow(FollowingWindow):
    """The session's model (A) and another one (B) on the gallery that is open."""

    title = "Two models on one gallery"
    empty_words = EMPTY
    size_in_lines = (76, 60)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.weights: Path | None = None  # of model B
        self.found: _Found | None = None
        self._models: TwoModels | None = None  # kept while only the operating point moves
        self._scored: tuple[object, ...] = ()  # what they were scored from
        self._make_choices()
        self.words.setText(EMPTY)
        self.body.addWidget(self.words)
        self.figures, self.agreement = FiguresTable(), AgreementTable()
        self.agreement.asked.connect(self._list)
        self.intervals = PlainLabel(wordWrap=True)
        self.intervals.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        for widget in (self.figures, self.agreement, self.intervals):
            column.addWidget(widget)
        column.addStretch(1)
        self.side = WideEnough(inside)
        self.scatter, self.roc = ScatterView(), RocView()
        self.scatter.chosen.connect(self._on_point)
        self.plots += [self.scatter.plot, self.roc.plot]
        self.tabs = QTabWidget(documentMode=True)
        self.tabs.addTab(self.scatter, "Scores")
        self.tabs.addTab(self.roc, "ROC")
        upper = QSplitter(Qt.Orientation.Horizontal)
        upper.addWidget(self.tabs)
        upper.addWidget(self.side)
        upper.setSizes([620, 380])
        self.maps = PairMapsView()
        self._splitter = QSplitter(Qt.Orientation.Vertical)
        self._splitter.addWidget(upper)
        self._splitter.addWidget(self.maps)
        self._splitter.setSizes([560, 300])
        self.body.addWidget(self._splitter, 1)
        self._blank = EmptyState("models")
        self.body.addWidget(self._blank, 1)
        session.pair_changed.connect(self._show_pair)
        session.attention_changed.connect(self.ask_refresh)
        session.model_changed.connect(self.ask_refresh)
        self._fill_choice()
        self._show_nothing(EMPTY)

    def _make_choices(self) -> None:
        row = QHBoxLayout()
        self.choice = QComboBox()
        self.choice.setAccessibleName("Model B, compared with the one in use")
        self.choice.setToolTip("The model that the one in use is compared with")
        self.choice.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.choice.setMinimumContentsLength(30)
        self.choice.activated.connect(self._on_choice)
        self.point = GivingBox()
        self.point.setAccessibleName("Thresholds at which the models decide")
        self.point.setToolTip("Where each model's threshold is for counts, lists and intervals")
        for text, point in POINTS:
            self.point.addItem(text, point)
        self.point.activated.connect(self.ask_refresh)
        for text, box in (("Compare &with", self.choice), ("&At", self.point)):
            label = PlainLabel(text)
            label.setBuddy(box)
            row.addWidget(label)
            row.addWidget(box, 1 if box is self.choice else 0)
        self.in_matrix = QPushButton("Show in the &matrix", autoDefault=False, enabled=False)
        self.in_matrix.setToolTip(
            "How far A's scores are above B's, pair by pair, and who changed side"
        )
        self.in_matrix.clicked.connect(self.show_in_matrix)
        row.addWidget(self.in_matrix)
        self.body.addLayout(row)

    # Choosing.

    def compare_with(self, weights: Path) -> None:
        """Compare the session's model with these weights on the gallery that is open."""
        self.weights = Path(weights)
        self._fill_choice()
        self.ask_refresh()

    def _fill_choice(self) -> None:
        """Offer shipped weights and finished runs, without those in use."""
        card = self.session.card
        offered = [(path.stem, path) for path in shipped_weights()]
        for run in runs_in(self.session.settings.runs):
            finished = look(run).weights
            if finished is not None:
                offered.append((f"run {run.name}", finished))
        if self.weights is not None and self.weights not in [path for _, path in offered]:
            offered.append((self.weights.name, self.weights))
        self.choice.clear()
        self.choice.addItem("Choose a model…", None)
        for text, path in offered:
            in_use = card is not None and path.resolve() == card.path.resolve()
            if not in_use or path == self.weights:
                self.choice.addItem(text, path)
                self.choice.setItemData(
                    self.choice.count() - 1, str(path), Qt.ItemDataRole.ToolTipRole
                )
        self.choice.addItem("From a file…", CHOOSE)
        paths = [self.choice.itemData(place) for place in range(self.choice.count())]
        self.choice.setCurrentIndex(paths.index(self.weights) if self.weights in paths else 0)

    def _on_choice(self, place: int) -> None:
        chosen = self.choice.itemData(place)
        if chosen == CHOOSE:
            name, _ = QFileDialog.getOpenFileName(
                self, "Choose the second model", "", "Weights (*.safetensors)"
            )
            if not name:
                self._fill_choice()
                return
            chosen = Path(name)
        if chosen is None:
            self.weights = None
            self._fill_choice()
            self.job.drop()
            self.progress.hide()
            self._show_nothing(EMPTY)
            return
        self.compare_with(chosen)

    # Computing.

    @property
    def current(self) -> bool:
        """Whether what is shown is of the matrix that the session has now."""
        return self.found is not None and self.found.matrix is self.session.matrix

    def refresh(self) -> None:
        """Score the gallery with model B, unless it is scored already, and compare."""
        self._fill_choice()
        session = self.session
        if self.weights is None:
            self._show_nothing(EMPTY)
            return
        if session.scored is None or session.source is None:
            self.drop_work()
        if session.scored is None or session.source is None:
            self._show_nothing("Open a gallery first; both models then judge it.")
            return
        scored = (session.matrix, self.weights)
        known = self._models if scored == self._scored else None
        models_in_use, weights, settings = session.models, self.weights, session.gallery_settings
        source, project = session.source, session.project
        probes = None if session.probes is None else session.probes.gallery.source
        (_, kind, order), point = session.judged, self.point.currentData()
        session_card = session.scored.card
        own = session_card.threshold(kind)
        first = JudgedGallery(session.scored, own, session.own_threshold)

        def work(running: Running) -> _Found:
            loader = models_in_use.loader_with(weights, settings)
            engine = models_in_use.engine_of(loader.verifier)
            engine.weights(kind)
            if loader.verifier.card.fingerprint == session_card.fingerprint:
                raise XCosError(
                    f"{session_card.name} is the model in use; choose another one above."
                )
            if known is None:
                quiet = Running(running.report, running.stopped, lambda _: None)
                gallery, others, _ = loader.load_both(source, project, probes, quiet)
                model = ScoringModel(loader.verifier.card, engine)
                second = score_gallery(model, gallery, others, kind, order, running)
                own = loader.verifier.card.threshold(kind)
                models = compare_models(first, JudgedGallery(second, own))
            else:
                models = known.with_threshold(first.set)
            comparison = models.at(point, running)
            return _Found(comparison, models.scatter(), first.scored.matrix)

        if self.found is None:
            self.words.setText(f"{self.weights.stem} judges the gallery…")
        self._scored = scored
        self._models = None
        self.compute("Comparing models", work, self._show)

    def _on_failed(self, error: BaseException) -> None:
        super()._on_failed(error)
        again = " Choose the model again to start anew." if isinstance(error, Stopped) else ""
        self._show_nothing(self.note.text() + again)
        self.tell("")

    # Showing.

    def _show_nothing(self, sentence: str) -> None:
        self.found, self._models, self._scored = None, None, ()
        self.words.setText(sentence)
        self.in_matrix.setEnabled(False)
        self._splitter.setVisible(False)
        self._blank.setVisible(True)
        self._offer()
        self.maps.show_pair(None, None)

    def _offer(self) -> None:
        """A button for each model that could be the second one."""
        offered = [
            (self.choice.itemText(place), self.choice.itemData(place))
            for place in range(1, self.choice.count() - 1)
        ]
        chosen = self.weights is not None
        if self.job.running or (chosen and self.session.scored is None):
            self._blank.say("")
            return
        model = "the model in use" if self.session.card is None else self.session.card.name
        buttons: list[tuple[str, Callable[[], object]]] = [
            (f"Compare {model} with {text}", partial(self.compare_with, path))
            for text, path in offered[:MOST_OFFERED]
            if path != self.weights
        ]
        buttons.append(("Choose a file…", lambda: self._on_choice(self.choice.count() - 1)))
        self._blank.say(
            "Choose another model" if chosen else "Two models judge the gallery that is open",
            "See who is right where the other is wrong, and whether that is chance. A run of "
            "Model, Train and a file of Model, Import foreign weights can be the second one, too.",
            buttons,
        )

    def _show(self, compared: _Found) -> None:
        self.found, self._models = compared, compared.comparison.models
        comparison, models = compared.comparison, compared.comparison.models
        self._blank.setVisible(False)
        self.in_matrix.setEnabled(True)
        self._splitter.setVisible(True)
        self.words.setText(comparison.words)
        self.figures.show_comparison(comparison)
        self.agreement.show_comparison(comparison)
        self.intervals.setText("\n".join(comparison.interval_words))
        self.scatter.show_scatter(compared.scatter, comparison)
        self.roc.show_comparison(comparison)
        left_out = models.only_a + models.only_b
        if left_out:
            self.tell(f"Left out: {counted(len(left_out), 'face')} that only one model has.")
        self._show_pair(self.session.pair)

    def _show_pair(self, pair: tuple[int, int] | None) -> None:
        if self.found is None or not self.isVisible():
            return
        models = self.found.comparison.models
        places = None if pair is None else models.place_of(*pair)
        if places is None or not self.current:
            self.maps.show_pair(None, None)
            self.scatter.mark(None)
            return
        one, other = self.found.comparison.explain(*places)
        self.maps.show_pair((one, other), self.found.comparison)
        self.scatter.mark((one.explanation.score, other.explanation.score))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_pair(self.session.pair)  # another one may have been chosen meanwhile

    def _on_point(self, row: int, column: int) -> None:
        if self.current:
            self.session.select_pair(row, column)

    def show_in_matrix(self) -> None:
        """Compare both models' scores in the main window's matrix."""
        if self.found is None or not self.current or self.session.matrix is None:
            self.tell("The gallery has changed since; wait until it is counted anew.")
            return
        comparison = self.found.comparison
        models = comparison.models
        scores = np.full(self.session.matrix.scores.shape, np.nan, np.float32)
        scores[np.ix_(models.rows, models.columns)] = models.b.scored.matrix.scores
        name = models.b.scored.card.name
        self.session.other_scores_shown.emit(name, scores, comparison.second[0])
        self.tell(f"The matrix shows the scores less those of {name}.")

    def _list(self, a_right: bool, b_right: bool, genuine: bool | None) -> None:
        """Show the pairs behind a count in the main window's list."""
        if self.found is None:
            return
        comparison = self.found.comparison
        pairs = comparison.pairs(a_right, b_right, genuine)
        title, at = (
            comparison.title(a_right, b_right, genuine),
            (comparison.first, comparison.second),
        )
        if not self.list_pairs(title, pairs, *(threshold for threshold, _ in at)):
            return
        total = comparison.count(a_right, b_right, genuine)
        more = f"; the clearest {len(pairs):,} of them" if len(pairs) < total else ""
        self.tell(f"Listed in the main window: {counted(total, 'pair')}{more}.")
