"""The only home of what the user looks at; panels talk to it, never to each other."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal

from core.digests import digest_is_known, file_digest
from core.errors import Stopped, XCosError
from core.explain.colours import ColourLimits
from core.explain.explain import explain_pair, pair_regions
from core.explain.explanation import PairExplanation
from core.explain.report import PairReport
from core.faces.choose import GallerySettings
from core.faces.face import SIDE, Face
from core.gallery.cache import Cache
from core.gallery.gallery import LoadedGallery
from core.gallery.opening import forget_gallery
from core.gallery.pipeline import Making, make_here
from core.log import unexpected
from core.model.card import ModelCard, find_weights
from core.model.kinds import AttentionKind, Order
from core.model.target import Target
from core.model.target_choice import TargetChoice
from core.model.verifier import Verifier
from core.project.edits import Edits
from core.project.kept_settings import keep_settings, settings_of
from core.project.project import Project
from core.project.state import SUFFIX, ProjectState
from core.scoring.lists import PairList
from core.scoring.matrix import Outcome, ScoreMatrix
from core.scoring.refine import Region
from core.scoring.scored import ScoredGallery, ScoringModel, one_pair
from core.scoring.statistics import PairStatistics
from xcos_gui.state.activity import Activity
from xcos_gui.state.chosen_models import Models
from xcos_gui.state.crops import Crops
from xcos_gui.state.filter import EDITED, THRESHOLD, PairFilter
from xcos_gui.state.in_order import InOrder
from xcos_gui.state.loading import Loaded, Loader
from xcos_gui.state.matrix_image import MatrixImage
from xcos_gui.state.opened import FIRST_SETTINGS, Asked, Opened
from xcos_gui.state.scoring import Scored, ScoreRequest, first_pair, score
from xcos_gui.state.settings import Settings

if TYPE_CHECKING:
    from core.analysis.fragile import FragilePairs
    from core.query.evaluate import FilterInput

GROWN_TO = 2500  # faces of a matrix that is still made anew while photos are being loaded
Pair = tuple[int, int]


class Session(QObject):
    """Gallery, model, scores, threshold and the pair looked at, with a signal for each change."""

    gallery_changed = Signal()
    model_changed = Signal()
    matrix_changed = Signal()
    matrix_refined = Signal(object)  # list of regions whose scores were estimates and are exact now
    threshold_changed = Signal(float)
    attention_changed = Signal()
    pair_changed = Signal(object)
    explanation_changed = Signal(object)
    listed_outcome_changed = Signal(object)
    fragile_changed = Signal()
    filter_changed = Signal(object)  # which pairs pass, (n, m) bool; None: all of them
    edits_changed = Signal()  # tags, notes, decisions, or what makes the gallery load anew
    other_scores_shown = Signal(
        str, object, float
    )  # a model's name, its (n, m) scores, its threshold
    pairs_listed = Signal(str, object)  # a title, and a PairList of the matrix's places
    busy_changed = Signal(str, int, int)
    idle = Signal()
    message = Signal(str)
    _engine_told = Signal(str)  # from the thread that scores, so queued

    def __init__(
        self, settings: Settings, cache: Cache, device: str = "auto", make: Making = make_here
    ) -> None:
        super().__init__()
        self.settings, self.cache = settings, cache
        self.models = Models(cache, device, make, self._engine_told.emit)
        self.activity = Activity(self)
        self.activity.progress.connect(self.busy_changed)
        self.activity.idle.connect(self.idle)
        self.loaded: LoadedGallery | None = None
        self.probes: LoadedGallery | None = None
        self.scored: ScoredGallery | None = None  # what the matrix shows
        self.image: MatrixImage | None = None
        self.seen: Region | None = None  # rows and columns of the matrix that are on screen
        self.pair: Pair | None = None
        self.explanation: PairExplanation | None = None
        self.listed_outcome: Outcome | None = None
        self.listed: PairList | None = None  # what the list of pairs shows now
        self.fragile: FragilePairs | None = None  # of the matrix, once it was looked for
        self.kind: AttentionKind = settings.kind
        self.order: Order = settings.order
        self.colour_limits = ColourLimits(1.0, 1.0)
        self._thresholds: dict[AttentionKind, float] = {}
        self._opened: Opened | None = None
        self._asked: Asked | None = None  # until its first faces are there
        self._stale = False  # what is open is to be loaded anew should what was asked for fail
        self.wanted_pair: tuple[str, str] | None = None  # keys, until its faces are loaded
        self._crops = Crops(cache)
        self._told: set[str] = set()
        self._choosing = InOrder(self)  # of weights, which are hashed first
        self.activity.count(self._choosing)
        self._loading, self._scoring = self.activity.job(self), self.activity.job(self)
        self._loading.partial.connect(self._show)
        self._loading.finished.connect(self._on_opened)
        self._scoring.partial.connect(self._on_partly_scored)
        self._scoring.finished.connect(self._take)
        self._loading.failed.connect(self._on_not_loaded)
        self._scoring.failed.connect(self.tell)
        self._engine_told.connect(self.tell_once, Qt.ConnectionType.QueuedConnection)
        self.filter = PairFilter(self, self.activity, self._filter_input)
        self.filter.changed.connect(self.filter_changed)
        self.filter.broke.connect(self.tell_unexpected)
        self.matrix_changed.connect(self.filter.look_anew)
        self.threshold_changed.connect(lambda _: self.filter.look_later(THRESHOLD))
        self.edits_changed.connect(lambda: self.filter.look_later(EDITED))
        self.fragile_changed.connect(lambda: self.filter.look_later({"fragile"}))

    # What is looked at.

    @property
    def card(self) -> ModelCard | None:
        """The weights' card; None before weights could be read."""
        return None if self.verifier is None else self.verifier.card

    @property
    def verifier(self) -> Verifier | None:
        """Computes features of crops with the session's weights; None before weights."""
        return self.models.verifier

    @property
    def target(self) -> Target | None:
        """The target model beside the weights, or None."""
        return self.models.target

    @property
    def model(self) -> ScoringModel | None:
        """Scores pairs by the weights' attention; None before weights."""
        card, engine = self.card, self.models.engine
        return None if card is None or engine is None else ScoringModel(card, engine)

    @property
    def matrix(self) -> ScoreMatrix | None:
        """The scores that are shown."""
        return None if self.scored is None else self.scored.matrix

    @property
    def rows(self) -> LoadedGallery | None:
        """The faces of the matrix's rows."""
        return None if self.scored is None else self.scored.rows

    @property
    def columns(self) -> LoadedGallery | None:
        """The faces of the matrix's columns; the rows' object where both are one gallery."""
        return None if self.scored is None else self.scored.columns

    @property
    def statistics(self) -> PairStatistics | None:
        """Counts, rates and curves of the matrix."""
        return None if self.scored is None else self.scored.statistics

    @property
    def source(self) -> Path | None:
        """What was opened as the gallery; None until its first faces are there."""
        return None if self._opened is None else self._opened.source

    @property
    def probe_source(self) -> Path | None:
        """What was opened as the probes, or None."""
        return None if self._opened is None else self._opened.probes

    @property
    def gallery_settings(self) -> GallerySettings:
        """How the open gallery's photos become faces."""
        return FIRST_SETTINGS if self._opened is None else self._opened.settings

    @property
    def project(self) -> Project | None:
        """The edits of the open gallery."""
        return None if self._opened is None else self._opened.project

    @property
    def project_file(self) -> Path | None:
        """The project that the user saved or opened; None while there is the automatic one only."""
        named = self.project is not None and self.project.path.suffix.lower() == SUFFIX
        return self.project.path if self.project is not None and named else None

    @property
    def own_thresholds(self) -> dict[AttentionKind, float]:
        """The thresholds that the user moved, by attention kind."""
        return dict(self._thresholds)

    @property
    def own_threshold(self) -> float | None:
        """The user's threshold for the attention kind, else the weights' own; None without either."""
        if self.kind in self._thresholds:
            return self._thresholds[self.kind]
        return None if self.card is None else self.card.threshold(self.kind)

    @property
    def threshold(self) -> float:
        """The user's threshold for the attention kind, else the weights' own, else 0."""
        return 0.0 if self.own_threshold is None else self.own_threshold

    @property
    def busy(self) -> bool:
        """Whether anything runs in the background."""
        return self.activity.busy

    @property
    def estimated(self) -> bool:
        """Whether scores of the matrix are estimates yet."""
        return self.scored is not None and self.scored.refinement is not None

    def is_estimate(self, row: int, column: int) -> bool:
        """Whether a score of the matrix is estimated from the uniform one yet."""
        return self.scored is not None and self.scored.is_estimate(row, column)

    def loader(self) -> Loader:
        """What loads further galleries as this one was. Raises XCosError without weights."""
        return self.models.loader(self.gallery_settings)

    def faces_of(self, pair: Pair) -> tuple[Face, Face]:
        """The row's and the column's face of a cell."""
        assert self.scored is not None
        return self.scored.faces(*pair)

    def crop(self, face: Face, probe: bool = False) -> np.ndarray:
        """A face's crop (112, 112, 3) uint8; grey when its photo is gone, which is told once."""
        holder = self.rows if probe else self.columns
        try:
            assert holder is not None
            return self._crops.get(face, holder.gallery.root)
        except XCosError as error:
            self.tell_once(str(error))
            return np.full((SIDE, SIDE, 3), 128, np.uint8)

    def report(self) -> PairReport | None:
        """The pair looked at with its crops and regions, as it is saved; None without a pair."""
        if self.explanation is None or self.pair is None or self.scored is None:
            return None
        one, other = self.faces_of(self.pair)
        return PairReport(
            self.explanation,
            self.crop(one, True),
            self.crop(other),
            pair_regions(self.scored, *self.pair),
        )

    # Requests.

    def set_model(self, path: Path | None) -> None:
        """Use weights, once they are hashed; None: those that ship. The features follow."""
        self._after_hashing([path], lambda: self._use_model(path))

    def set_target(self, choice: TargetChoice | None) -> None:
        """Show another verification model's cosine beside the score; None: no other."""
        files = [choice.path] if choice else []
        self._after_hashing(files, lambda: self._use_target(choice))

    def after_weights(self, then: Callable[[], None]) -> None:
        """Call `then` when the weights chosen so far are in use."""
        self._after_hashing([], then)

    def _after_hashing(self, weights: Sequence[Path | None], then: Callable[[], None]) -> None:
        files: list[Path] = []
        for path in weights:
            with suppress(XCosError):  # told when they are to be used
                files.append(find_weights(path))
        unknown = [file for file in files if not digest_is_known(file)]
        if not unknown and not self._choosing.running:
            then()
            return

        def work() -> None:
            for file in unknown:
                with suppress(OSError):  # the same
                    file_digest(file)

        self._choosing.do(work, lambda _: then(), self.tell)

    def _use_model(self, path: Path | None) -> None:
        try:
            self.models.use(path)
        except XCosError as error:
            self.message.emit(str(error))
            if self.verifier is None and path is not None:
                self.set_model(None)  # those that ship are better than none
            return
        self._forget_asked_models()
        self._on_model_used()
        self.reload()

    def _on_model_used(self) -> None:
        card = self.card
        assert card is not None
        self.settings.model = self.models.weights
        if self.kind not in card.kinds:
            self.kind = "learned"
        self._thresholds.clear()
        if not card.thresholds:
            self.message.emit(f"{card.name} has no threshold of its own; set one, 0 is used.")
        self.model_changed.emit()
        self.threshold_changed.emit(self.threshold)

    def _use_target(self, choice: TargetChoice | None) -> None:
        try:
            self.models.use_target(choice)
        except XCosError as error:
            self.message.emit(str(error))
            return
        self._forget_asked_models()
        self.settings.target = choice
        self.model_changed.emit()
        self.reload()

    def _forget_asked_models(self) -> None:
        """Load what was asked for with the models that the user chose since."""
        if self._asked is not None:
            self._asked = replace(self._asked, models=None)

    def open_gallery(self, source: Path, settings: GallerySettings | None = None) -> None:
        """Load a gallery in the background; it takes the open one's place with its first faces.

        settings: how its photos become faces, kept for the next time; None: as they were kept
        """
        source = Path(source)
        project = Project.open(source, self.cache.folder)
        if project.warning:
            self.message.emit(project.warning)
        kept = settings or settings_of(project) or FIRST_SETTINGS
        self._ask(Asked(Opened(source, project, kept)))

    def open_project(
        self,
        project: Project,
        state: ProjectState,
        model: Path | None,
        take: Callable[[], None],
    ) -> None:
        """Open a project file's gallery in the background; its choices come with its first faces.

        model: weights to use, None for those that ship; take: called when it takes its place
        """

        def ask() -> None:
            models = self.models.copy()
            for use in (lambda: models.use(model), lambda: models.use_target(state.target)):
                try:
                    use()
                except XCosError as error:
                    self.message.emit(str(error))
            opened = Opened(state.gallery, project, state.settings, state.probes)
            self._ask(Asked(opened, models, lambda: self._take_state(state, models, take)))

        self._after_hashing([model, *([state.target.path] if state.target else [])], ask)

    def _take_state(self, state: ProjectState, models: Models, take: Callable[[], None]) -> None:
        """Take a project's choices over, less the models where others were chosen since."""
        if self.models is models:
            self._on_model_used()
            self.settings.target = None if self.target is None else self.target.choice
            self._thresholds = dict(state.thresholds)
        kinds = () if self.card is None else self.card.kinds
        self.kind, self.order = state.kind if state.kind in kinds else "learned", state.order
        self.attention_changed.emit()
        self.threshold_changed.emit(self.threshold)
        self.wanted_pair = state.pair
        self.filter.use(state.filter)
        take()

    def open_probes(self, source: Path | None) -> None:
        """Load a second gallery whose faces are the rows; None: the gallery with itself again."""
        base = self._asked or (None if self._opened is None else Asked(self._opened))
        if base is not None:
            probes = None if source is None else Path(source)
            self._ask(replace(base, opened=replace(base.opened, probes=probes)))

    def set_gallery_settings(self, settings: GallerySettings) -> None:
        """Change how photos become faces, and load anew."""
        if self._asked is not None:
            self._asked = self._asked.with_settings(settings)
        elif self._opened is not None and settings != self._opened.settings:
            self._opened = replace(self._opened, settings=settings)
            self._keep_settings(self._opened)
        else:
            return
        self.reload()

    def use_project(self, project: Project) -> None:
        """Keep the open gallery's edits in another file from now on."""
        if self._opened is not None:
            self._opened = replace(self._opened, project=project)
            self.edits_changed.emit()

    def reload(self) -> None:
        """Load the gallery again; only what is not cached is computed."""
        self._stale = self._asked is not None and self._opened is not None
        self._load()

    def _ask(self, asked: Asked) -> None:
        half = self._asked is None and self._opened is not None and self._loading.running
        self._stale = self._stale or half
        self._asked = asked
        self._load()

    def _load(self) -> None:
        wanted = self._opened if self._asked is None else self._asked.opened
        models = self.models
        if self._asked is not None and self._asked.models is not None:
            models = self._asked.models
        if wanted is None or models.verifier is None:
            return
        loader = models.loader(wanted.settings)
        self.busy_changed.emit("Loading photos", 0, 0)
        self._loading.start(
            lambda running: loader.load_both(wanted.source, wanted.project, wanted.probes, running)
        )

    def _take_asked(self) -> bool:
        """Let what was asked for take the place of what is open; whether it did."""
        asked, self._asked, self._stale = self._asked, None, False
        if asked is None:
            return False
        self._opened = asked.opened
        if asked.models is not None:
            self.models = asked.models
        if asked.take is None:
            self._keep_settings(asked.opened)
        else:
            asked.take()
        return True

    def _keep_settings(self, opened: Opened) -> None:
        if opened.settings == (settings_of(opened.project) or FIRST_SETTINGS):
            return
        try:
            keep_settings(opened.project, opened.settings)
        except XCosError as error:
            self.tell_once(str(error))

    def cancel(self) -> None:
        """End what runs in the background; what is ready stays."""
        self._loading.stop()
        self._scoring.stop()
        self.filter.stop()

    def set_threshold(self, threshold: float | None) -> None:
        """Move the threshold; None: back to the weights' own. No model is run."""
        if threshold is None:
            self._thresholds.pop(self.kind, None)
        else:
            self._thresholds[self.kind] = float(threshold)
        self.threshold_changed.emit(self.threshold)
        if self.explanation is not None:  # its maps stay
            self.explanation = replace(self.explanation, threshold=self.threshold)
            self.explanation_changed.emit(self.explanation)

    def set_kind(self, kind: AttentionKind) -> None:
        """Choose the attention kind; everything is scored anew, in the background."""
        if kind != self.kind and self.card is not None and kind in self.card.kinds:
            self.kind = kind
            self.settings.kind = kind
            self._attention_moved()

    def set_order(self, order: Order) -> None:
        """Choose which face learned attention sees first."""
        if order != self.order:
            self.order = order
            self.settings.order = order
            self._attention_moved()

    def select_pair(self, row: int, column: int) -> None:
        """Look at a pair; places outside the matrix are ignored."""
        if self.rows is None or self.columns is None:
            return
        inside = 0 <= row < len(self.rows) and 0 <= column < len(self.columns)
        self.wanted_pair = None
        if inside and (row, column) != self.pair:
            self.pair = (row, column)
            self.pair_changed.emit(self.pair)
            self._explain()

    def swap_pair(self) -> None:
        """Look at the same pair with left and right exchanged; only within one gallery."""
        if self.pair is not None and self.rows is self.columns:
            self.select_pair(self.pair[1], self.pair[0])

    def list_outcome(self, outcome: Outcome | None) -> None:
        """Ask for the list of an outcome's pairs."""
        self.listed_outcome = outcome
        self.listed_outcome_changed.emit(outcome)

    def set_filter(self, text: str) -> None:
        """Show the pairs that pass a filter only; blank: all. See core/query/language.py."""
        self.filter.use(text)

    def set_fragile(self, found: FragilePairs | None) -> None:
        """Tell which pairs of the matrix are fragile; None: not known."""
        if found is not self.fragile:
            self.fragile = found
            self.fragile_changed.emit()

    def list_pairs(self, title: str, pairs: PairList) -> None:
        """Show some pairs of the matrix in the list of pairs, under a title."""
        self.pairs_listed.emit(title, pairs)

    def edit(self, change: Callable[[Project], None]) -> None:
        """Change the gallery's project, and load the gallery anew where faces are concerned.

        Told when the project cannot be saved.
        """
        if self.project is None:
            return
        before = self.project.edits
        try:
            change(self.project)
        except XCosError as error:
            self.message.emit(str(error))
        self.take_edits(before)

    def take_edits(self, before: Edits) -> None:
        """Show the project's edits where they differ from those before."""
        if self.project is not None and self.project.edits != before:
            self.edits_changed.emit()
            if not self.project.edits.same_faces(before):
                self.reload()

    def rename(self, faces: Iterable[Face], identity: str | None) -> None:
        """Say who faces show; several identities given one name are merged."""
        named = {face.key: face.identity for face in faces}
        gallery = None if self.loaded is None else self.loaded.gallery
        others = () if gallery is None else (*gallery.faces, *gallery.aside)
        left = {face.identity for face in others if face.key not in named}
        gone = [name for name in {*named.values()} - left if name is not None]
        self.edit(lambda project: project.set_identity(named, identity, gone))

    def forget_gallery(self) -> None:
        """Delete the gallery's cached features and its project file; the photos stay."""
        if self._opened is None:
            return
        source = self._opened.source
        self._loading.drop()
        self._scoring.drop()
        try:
            forget_gallery(source, self.cache)
        except (XCosError, OSError) as error:
            self.message.emit(str(error))
            return
        self.settings.forget_recent(source)
        self._opened = self._asked = None
        self.loaded = self.probes = self.scored = self.image = None
        self.pair = self.explanation = None
        self._crops.clear()
        for changed in (self.gallery_changed, self.matrix_changed):
            changed.emit()
        self.pair_changed.emit(None)
        self.explanation_changed.emit(None)
        self.message.emit(f"{source} was forgotten; its photos are untouched.")

    def tell_once(self, sentence: str) -> None:
        """A message that is not repeated."""
        if sentence not in self._told:
            self._told.add(sentence)
            self.message.emit(sentence)

    def tell(self, error: BaseException) -> None:
        """Say why work failed; nothing where the user stopped it."""
        if isinstance(error, XCosError) and not isinstance(error, Stopped):
            self.message.emit(str(error))
        elif isinstance(error, MemoryError):
            self.message.emit("The memory is full; close other programs or open a smaller gallery.")
        elif not isinstance(error, Stopped):
            self.tell_unexpected(error)

    def tell_unexpected(self, error: BaseException) -> None:
        """Keep the details of an error that nobody foresaw, and say where."""
        self.message.emit(unexpected("".join(traceback.format_exception(error))))

    def close(self) -> None:
        """End the background work; returns when its threads are gone."""
        self._choosing.close()
        self._loading.close()
        self._scoring.close()
        self.filter.close()
        self.cache.close()

    # Answers.

    def _on_opened(self, answer: Loaded) -> None:
        loaded, probes = answer
        self._show(loaded, probes)
        assert self._opened is not None
        self.settings.remember_gallery(self.project_file or self._opened.source)
        for warning in (
            *self.cache.warnings,
            *(self.verifier.warnings if self.verifier else ()),
        ):
            self.tell_once(warning)
        if not loaded.gallery.faces:
            self.message.emit(f"{self.source} gave no face; see the problems listed.")

    def _show(self, loaded: LoadedGallery, probes: LoadedGallery | None = None) -> None:
        taken = self._take_asked()
        self.loaded, self.probes = loaded, probes
        self.gallery_changed.emit()
        if taken:
            self.edits_changed.emit()
        # Each look at many pairs costs time and memory; the next one is of all of them.
        growing = self._loading.running and len(loaded) > GROWN_TO
        if not (growing and self._shows(loaded)):
            self._score()

    def _shows(self, loaded: LoadedGallery) -> bool:
        """Whether there are scores of an earlier state of a gallery."""
        return self.columns is not None and self.columns.gallery.source == loaded.gallery.source

    def _score(self) -> None:
        loaded, probes, model = self.loaded, self.probes, self.model
        if loaded is None or model is None or not len(loaded):
            self._scoring.drop()
            self.scored = self.image = self.pair = None
            self.matrix_changed.emit()
            self.pair_changed.emit(None)
            self._explain()
            return
        asked = ScoreRequest(
            model,
            loaded,
            probes,
            self.kind,
            self.order,
            self.threshold,
            lambda: self.seen,
            self._loading.running,
        )
        self._scoring.start(lambda running: score(asked, running))

    def _on_partly_scored(self, found: Scored | list[Region]) -> None:
        if isinstance(found, Scored):
            self._take(found)
        else:
            self.matrix_refined.emit(found)

    def _take(self, shown: Scored) -> None:
        kept = self.wanted_pair
        if kept is None and self.pair is not None:
            one, other = self.faces_of(self.pair)
            kept = one.key, other.key
        scored = self.scored = shown.scored
        self.image, self.colour_limits = shown.image, shown.limits
        self.set_fragile(None)
        n, m = scored.matrix.scores.shape
        self.pair = None
        if kept is not None:
            row = scored.rows.gallery.index().get(kept[0])
            column = scored.columns.gallery.index().get(kept[1])
            self.pair = None if row is None or column is None else (row, column)
        if self.pair is not None or not self._loading.running:
            self.wanted_pair = None
        self.matrix_changed.emit()
        if self.pair is None and n and m:
            self.pair = first_pair(scored.matrix)
        self.pair_changed.emit(self.pair)
        self._explain()

    def _on_not_loaded(self, error: BaseException) -> None:
        self._asked = None  # and what is open stays
        self.tell(error)
        if self._stale:
            self.reload()

    def _filter_input(self) -> FilterInput | None:
        from core.query.evaluate import FilterInput

        if self.scored is None:
            return None
        edits = Edits() if self.project is None else self.project.edits
        return FilterInput(self.scored, self.threshold, edits, self.fragile)

    def _attention_moved(self) -> None:
        self.attention_changed.emit()
        self.threshold_changed.emit(self.threshold)
        self._explain()
        self._score()

    def _explain(self) -> None:
        self.explanation = None
        if self.pair is not None and self.scored is not None and self.model is not None:
            # By the kind and the order of now: the matrix may still be of others.
            left, right = (self.scored.rows, self.pair[0]), (self.scored.columns, self.pair[1])
            pair = one_pair(self.model, left, right, self.kind, self.order)
            self.explanation = explain_pair(pair, 0, 0, self.threshold)
        self.explanation_changed.emit(self.explanation)
