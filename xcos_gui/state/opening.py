"""Which gallery and which models are in use, and how others take their place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal

from core.errors import Stopped, XCosError, counted
from core.faces.choose import GallerySettings
from core.gallery.cache import Cache
from core.gallery.gallery import LoadedGallery
from core.gallery.pipeline import Pipeline, make_here
from core.model.card import ModelCard
from core.model.kinds import AttentionKind, Order
from core.model.target import Target
from core.model.target_choice import TargetChoice
from core.model.verifier import Verifier
from core.project.edits import Edits
from core.project.kept_settings import keep_settings, settings_of
from core.project.project import Project
from core.project.state import SUFFIX, ProjectState
from core.scoring.scored import ScoringModel
from xcos_gui.state.activity import Activity
from xcos_gui.state.after_hashing import AfterHashing
from xcos_gui.state.chosen_models import Models
from xcos_gui.state.loading import Loaded, Loader
from xcos_gui.state.opened import FIRST_SETTINGS, Asked, Opened, TakeOver
from xcos_gui.state.settings import Settings
from xcos_gui.state.thresholds import Judged, Thresholds


class Opening(Thresholds):
    """Loads the gallery that was asked for with the models that were chosen.

    What is open stays until the first faces of what was asked for are there.
    """

    gallery_changed = Signal()
    model_changed = Signal()
    attention_changed = Signal()
    edits_changed = Signal()  # tags, notes, decisions, or what makes the gallery load anew
    busy_changed = Signal(str, int, int)
    idle = Signal()
    loaded_changed = Signal()  # faces came or went: pairs are to be scored
    project_taken = Signal(str)  # a project's choices were taken over; its filter
    _engine_told = Signal(str)  # from the thread that scores, so queued

    def __init__(
        self, settings: Settings, cache: Cache, device: str = "auto", make: Pipeline = make_here
    ) -> None:
        super().__init__()
        self.settings, self.cache = settings, cache
        self.models = Models(cache, device, make, self._engine_told.emit)
        self.activity = Activity(self)
        self.activity.progress.connect(self.busy_changed)
        self.activity.idle.connect(self.idle)
        self.loaded: LoadedGallery | None = None
        self.probes: LoadedGallery | None = None
        self._probe_edits = Edits()
        self.kind: AttentionKind = settings.kind
        self.order: Order = settings.order
        self._opened: Opened | None = None
        self._asked: Asked | None = None  # until its first faces are there
        self._last_asked: Project | None = None
        self._chosen: Models | None = None  # models to take its place with, unless it has its own
        self._some = False  # whether more faces of what is open were to come
        self._stale = False  # what is open is to be loaded anew should what was asked for fail
        self.wanted_pair: tuple[str, str] | None = None  # keys, until its faces are loaded
        self._choosing = AfterHashing(self)  # of weights
        self.activity.count(self._choosing)
        self._loading = self.activity.job(self)
        self._loading.partial.connect(self._on_some)
        self._loading.finished.connect(self._on_opened)
        self._loading.failed.connect(self._on_not_loaded)
        self._engine_told.connect(self.tell_once, Qt.ConnectionType.QueuedConnection)

    # What is in use.

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
    def chosen_models(self) -> Models:
        """Those that the user chose last, by themselves or with a project; they may not be in use yet."""
        return self._models_asked() or self._chosen or self.models

    @property
    def model(self) -> ScoringModel | None:
        """Scores pairs by the weights' attention; None before weights."""
        card, engine = self.card, self.models.engine
        return None if card is None or engine is None else ScoringModel(card, engine)

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
    def changing_settings(self) -> GallerySettings | None:
        """Those that `set_gallery_settings` changes: of what was asked for, else of what is open."""
        changed = self._opened if self._asked is None else self._asked.opened
        return None if changed is None else changed.settings

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
    def in_use(self) -> Judged:
        """What scores are computed by from now on; those of it may not be shown yet."""
        return Judged(self.card, self.kind, self.order)

    @property
    def busy(self) -> bool:
        """Whether anything runs in the background."""
        return self.activity.busy

    @property
    def opening(self) -> Path | None:
        """What was asked to be opened and has shown no face yet."""
        return None if self._asked is None else self._asked.opened.source

    @property
    def opens_another(self) -> bool:
        """Whether what was asked for is another project than the open one's."""
        asked = None if self._asked is None else self._asked.opened.project
        return asked is not None and asked is not self.project

    @property
    def faces_so_far(self) -> int | None:
        """How many faces there are while more are being loaded; None once all are there."""
        grows = self._loading.running and (self._asked is None or self._stale)
        return len(self.loaded) if grows and self.loaded is not None else None

    @property
    def cut_short(self) -> bool:
        """Whether the open gallery lacks faces, since its loading was stopped or failed."""
        return self._some and not self._loading.running

    def loader(self) -> Loader:
        """What loads further galleries as this one was. Raises XCosError without weights."""
        return self.models.loader(self.gallery_settings)

    # Requests.

    def set_model(self, path: Path | None) -> None:
        """Use weights, once they are hashed; None: those that ship. The features follow."""
        self._after_hashing([path], lambda: self._use_model(path))

    def set_target(self, choice: TargetChoice | None) -> None:
        """Show another verification model's cosine beside the score; None: no other."""
        use = partial(self._change_models, lambda models: models.use_target(choice))
        self._after_hashing([choice.path] if choice else [], use)

    def after_weights(self, then: Callable[[], None]) -> None:
        """Call `then` when the weights chosen so far are in use."""

        def later() -> None:
            if self._asked is None or self._chosen is None:
                then()
            else:
                self._asked = self._asked.and_then(then)

        self._after_hashing([], later)

    def _after_hashing(self, weights: Sequence[Path | None], then: Callable[[], object]) -> None:
        self._choosing.after(weights, then, self.tell)

    def _use_model(self, path: Path | None) -> None:
        taken = self._change_models(lambda models: models.use(path))
        if not taken and self.verifier is None and path is not None:
            self.set_model(None)  # those that ship are better than none

    def _change_models(self, change: Callable[[Models], object]) -> bool:
        """Choose other models, for what was asked for and else for what is open; whether that began.

        What is open keeps those that its features are of until its first faces by the others are there.
        """
        models = self.chosen_models.copy()
        try:
            change(models)
        except XCosError as error:
            self.message.emit(str(error))
            return False
        base = self._asked and replace(self._asked, models=None)
        if self._opened is None:
            self._asked = base
            self._take_models(models)
            self.reload()
        else:
            self._chosen = models
            self._ask(base or Asked(self._opened))
        return True

    def _take_models(self, models: Models) -> None:
        other_weights = models.verifier is not self.verifier
        self.models, self._chosen = models, None
        if models.lost_target is None:  # else what the user chose for other galleries stays
            self.settings.target = None if models.target is None else models.target.choice
        if not other_weights:
            self.model_changed.emit()
            return
        card = self.card
        assert card is not None
        self.settings.model = models.weights
        if self.kind not in card.kinds:
            self.kind = "learned"
        if not card.thresholds:
            self.message.emit(f"{card.name} has no threshold of its own; set one, 0 is used.")
        self.model_changed.emit()
        self.threshold_changed.emit(self.threshold)

    def open_gallery(self, source: Path, settings: GallerySettings | None = None) -> None:
        """Load a gallery in the background; it takes the open one's place with its first faces.

        settings: how its photos become faces, kept for the next time; None: as they were kept
        """
        source = Path(source).absolute()  # wherever the program is started next
        project = self._last_asked = Project.open(source, self.cache.folder)
        if project.warning:
            self.message.emit(project.warning)
        kept = settings or settings_of(project) or FIRST_SETTINGS
        self._ask(Asked(Opened(source, project, kept)))

    def open_project(
        self, project: Project, state: ProjectState, model: Path | None, take: TakeOver
    ) -> None:
        """Open a project file's gallery in the background; its choices come with its first faces.

        model: weights to use, None for those that ship
        take:  called with what it was loaded with, when it takes its place
        """

        def ask() -> None:
            if self._last_asked is not project:  # another gallery, while weights were hashed
                return
            models = self.models.copy()
            if state.target is not None:
                models.lose_target(state.target)  # unless it can be used
            for use in (lambda: models.use(model), lambda: models.use_target(state.target)):
                try:
                    use()
                except XCosError as error:
                    self.message.emit(str(error))
            opened = Opened(state.gallery, project, state.settings, state.probes)
            asked = Asked(opened, models, own_settings=True)
            self._ask(asked.and_then(lambda: self._take_state(state, models, take)))

        self._last_asked = project
        self._after_hashing([model, *([state.target.path] if state.target else [])], ask)

    def _take_state(self, state: ProjectState, models: Models, take: TakeOver) -> None:
        """Take a project's choices over, less the models where others were chosen since."""
        if self.models.verifier is models.verifier and models.weights == state.model:
            self.moved_thresholds.replace(self.card, state.thresholds)
        kinds = () if self.card is None else self.card.kinds
        self.kind, self.order = state.kind if state.kind in kinds else "learned", state.order
        self.attention_changed.emit()
        self.threshold_changed.emit(self.threshold)
        self.wanted_pair = state.pair
        self.project_taken.emit(state.filter)
        take(models)

    def open_probes(self, source: Path | None) -> None:
        """Load a second gallery whose faces are the rows; None: the gallery with itself again."""
        base = self._asked or (None if self._opened is None else Asked(self._opened))
        if base is not None:
            probes = None if source is None else Path(source).absolute()
            self._ask(replace(base, opened=replace(base.opened, probes=probes)))

    def set_gallery_settings(self, settings: GallerySettings) -> None:
        """Change how photos become faces, and load anew; those of before hold until then."""
        if self._asked is not None:
            self._asked = self._asked.with_settings(settings)
            self.reload()
        elif self._opened is not None and settings != self._opened.settings:
            self._ask(Asked(replace(self._opened, settings=settings)))

    def reload(self) -> None:
        """Load the gallery again; only what is not cached is computed."""
        self._stale = self._asked is not None and self._opened is not None
        self._load()

    def _ask(self, asked: Asked) -> None:
        self._stale |= self._asked is None and self._opened is not None and self._loading.running
        self._asked = asked
        self._load()

    def _load(self) -> None:
        wanted = self._opened if self._asked is None else self._asked.opened
        if wanted is None or self.chosen_models.verifier is None:
            return
        loader = self.chosen_models.loader(wanted.settings)
        self.busy_changed.emit("Loading photos", 0, 0)
        self._loading.start(
            lambda running: loader.load_both(wanted.source, wanted.project, wanted.probes, running)
        )

    def _models_asked(self) -> Models | None:
        """What is asked for is to be loaded with, where that is not what is in use."""
        return None if self._asked is None else self._asked.models or self._chosen

    def _take_asked(self) -> bool:
        """Let what was asked for take the place of what is open; whether it did."""
        models = self._models_asked()
        asked, self._asked, self._stale = self._asked, None, False
        if asked is None:
            return False
        self._opened = asked.opened
        self.enter_gallery(asked.opened.project.path)
        if models is not None:
            self._take_models(models)
        if not asked.own_settings:
            self._keep_settings(asked.opened)
        for take in asked.take:
            take()
        return True

    def _keep_settings(self, opened: Opened) -> None:
        if opened.settings == (settings_of(opened.project) or FIRST_SETTINGS):
            return
        try:
            keep_settings(opened.project, opened.settings)
        except XCosError as error:
            self.tell_once(str(error))

    # Answers.

    def _on_some(self, loaded: LoadedGallery) -> None:
        self._some = True
        self._show(loaded)

    def _on_opened(self, answer: Loaded) -> None:
        loaded, probes, self._probe_edits = answer
        self._some = False
        self._show(loaded, probes)
        assert self._opened is not None
        self.settings.remember_gallery(self.project_file or self._opened.source)
        for warning in (*self.cache.warnings, *(self.verifier.warnings if self.verifier else ())):
            self.tell_once(warning)
        if not loaded.gallery.faces:
            self.message.emit(f"{self.source} gave no face; see the problems listed.")

    def _show(self, loaded: LoadedGallery, probes: LoadedGallery | None = None) -> None:
        taken = self._take_asked()
        self.loaded, self.probes = loaded, probes
        self.gallery_changed.emit()
        if taken:
            self.edits_changed.emit()
        self.loaded_changed.emit()

    def _on_not_loaded(self, error: BaseException) -> None:
        chosen, asked, opened = self._chosen, self._asked, self._opened
        self._asked = self._chosen = None  # what is open stays
        self.tell(error)
        if chosen is not None and isinstance(error, Stopped):
            self.message.emit("Loading was stopped, so the models chosen before stay in use.")
        elif asked and opened and isinstance(error, Stopped):
            if opened.project is asked.opened.project and opened.settings != asked.opened.settings:
                self.message.emit("Loading was stopped, so faces stay chosen as before.")
        elif self._some and asked is None and not self._stale and self.loaded is not None:
            self.message.emit(
                f"Loading ended early, so {counted(len(self.loaded), 'face')} of {self.source} can be "
                "seen; open it again to load the rest."
            )
        if self._stale:
            self.reload()
