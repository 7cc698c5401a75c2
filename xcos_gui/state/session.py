"""The only home of what the user looks at; panels talk to it, never to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from core.analysis.conditions.measured import Measurer
from core.errors import Stopped, XCosError
from core.explain.explain import explain_pair, pair_regions
from core.explain.explanation import PairExplanation
from core.explain.report import PairReport
from core.gallery.cache import Cache
from core.gallery.gallery import LoadedGallery
from core.gallery.opening import forget_gallery
from core.gallery.pipeline import Pipeline, make_here
from core.model.kinds import AttentionKind, Order
from core.project.edits import face_subject, pair_subject, pair_subjects
from core.scoring.lists import PairList
from core.scoring.matrix import Outcome
from core.scoring.refine import Region
from core.scoring.scored import one_pair
from xcos_gui.state.conditions import FaceConditions
from xcos_gui.state.filter import EDITED, THRESHOLD, PairFilter
from xcos_gui.state.reference import WithReference
from xcos_gui.state.scoring import Scored, ScoreRequest, first_pair, score
from xcos_gui.state.settings import Settings
from xcos_gui.state.shown import Pair

if TYPE_CHECKING:
    from core.analysis.fragile import FragilePairs
    from core.model.card import ModelCard
    from core.model.verifier import Verifier
    from core.query.given import FilterInput

GROWN_TO = 2500  # faces of a matrix that is still made anew while photos are being loaded


class Session(WithReference):
    """Gallery, model, scores, threshold and the pair looked at, with a signal for each change."""

    matrix_changed = Signal()
    matrix_refined = Signal(object)  # list of regions whose scores were estimates and are exact now
    pair_changed = Signal(object)
    explanation_changed = Signal(object)
    listed_outcome_changed = Signal(object)
    fragile_changed = Signal()
    filter_changed = Signal(object)  # which pairs pass, (n, m) bool; None: all of them
    other_scores_shown = Signal(
        str, object, float
    )  # a model's name, its (n, m) scores, its threshold
    pairs_listed = Signal(str, object)  # a title, and a PairList of the matrix's places
    stopping = Signal()  # Escape was pressed, or Stop, where all work is shown
    tool_asked = Signal(str)  # a tool by its name, for what is looked at

    def __init__(
        self, settings: Settings, cache: Cache, device: str = "auto", make: Pipeline = make_here
    ) -> None:
        super().__init__(settings, cache, device, make)
        self.measurer = Measurer(cache)  # of conditions of faces
        self.scored_verifier: Verifier | None = None  # what the matrix's features were computed by
        self.pair: Pair | None = None
        self._told_card: ModelCard | None = None  # whose threshold was told last
        self._ambiguous: frozenset[str] = frozenset()  # keys that a probe shares with the gallery
        self.explanation: PairExplanation | None = None
        self.listed: PairList | None = None  # what the list of pairs shows now
        self.fragile: FragilePairs | None = None  # of the matrix, once it was looked for
        self._scoring = self.activity.job(self)
        self._scoring.partial.connect(self._on_partly_scored)
        self._scoring.finished.connect(self._take)
        self._scoring.failed.connect(self._on_not_scored)
        self.filter = PairFilter(self, self.activity, self._filter_input)
        self.filter.changed.connect(self.filter_changed)
        self.filter.broke.connect(self.tell_unexpected)
        self.conditions = FaceConditions(
            self,
            self.activity,
            self.measurer,
            lambda: (self.scored, self.own_threshold),
            self.tell,
        )
        self.matrix_changed.connect(self._leave_reference)
        self.matrix_changed.connect(self.conditions.look_later)
        self.threshold_changed.connect(lambda _: self.conditions.look_later())
        self.loaded_changed.connect(self._on_loaded)
        self.project_taken.connect(self.filter.take)
        self.matrix_changed.connect(self.filter.look_anew)
        self.threshold_changed.connect(lambda _: self.filter.look_later(THRESHOLD))
        self.edits_changed.connect(lambda: self.filter.look_later(EDITED))
        self.fragile_changed.connect(lambda: self.filter.look_later({"fragile"}))

    # What is looked at.

    def report(self) -> PairReport | None:
        """The pair looked at with its crops and regions, as it is saved; None without a pair."""
        if self.explanation is None or self.pair is None or self.scored is None:
            return None
        one, other = self.faces_of(self.pair)
        return PairReport(
            self.explanation,
            self.threshold,
            self.crop(one, True),
            self.crop(other),
            pair_regions(self.scored, *self.pair),
        )

    @property
    def scores_follow(self) -> bool:
        """Whether another matrix takes the place of the one that is shown as soon as it is scored."""
        return self._loading.running or self._scoring.running

    # Requests.

    def cancel(self) -> None:
        """End what runs in the background; what is ready stays."""
        self._loading.stop()
        self._scoring.stop()
        self.filter.stop()
        self.stopping.emit()

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
        self.listed_outcome_changed.emit(outcome)

    def set_filter(self, text: str) -> None:
        """Show the pairs that pass a filter only; blank: all. See core/query/language.py."""
        self.filter.use(text)

    def set_fragile(self, fragile: FragilePairs | None) -> None:
        """Tell which pairs of the matrix are fragile; None: not known."""
        if fragile is not self.fragile:
            self.fragile = fragile
            self.fragile_changed.emit()

    def list_pairs(self, title: str, pairs: PairList, *thresholds: float) -> None:
        """Show some pairs of the matrix in the list of pairs, under a title.

        thresholds: that they were chosen at, where others would be at other ones: the title tells
        """
        self.pairs_listed.emit(_titled(title, thresholds), pairs)

    def forget_gallery(self) -> None:
        """Delete the gallery's cached features and its project file; the photos stay."""
        if self._opened is None:
            return
        source, project, asked = self._opened.source, self._opened.project, self._asked
        if asked is None or asked.opened.source == source:
            self._loading.drop()
            asked = self._asked = None
        self._scoring.drop()
        try:
            forget_gallery(source, self.cache)
            if self.project_file is None:
                project.forget()  # what is half typed of it is not written any more either
        except (XCosError, OSError) as error:
            self.message.emit(str(error))
            return
        self.settings.forget_recent(source)
        self._opened, self._asked, self._stale = None, asked, False  # another one may be coming
        self.moved_thresholds.enter(None)
        self.loaded = self.probes = self.scored = self.image = None
        self.pair = self.explanation = None
        self._crops.clear()
        for changed in (self.gallery_changed, self.matrix_changed):
            changed.emit()
        self._tell_other_weights()
        self.pair_changed.emit(None)
        self.explanation_changed.emit(None)
        self.message.emit(f"{source} was forgotten; its photos are untouched.")

    def close(self) -> None:
        """End the background work; returns when its threads are gone."""
        self._choosing.close()
        self._loading.close()
        self._scoring.close()
        self.filter.close()
        self.conditions.close()
        self.cache.close()

    # Answers.

    def _on_loaded(self) -> None:
        # Each look at many pairs costs time and memory; the next one is of all of them.
        loaded = self.loaded
        growing = loaded is not None and self._loading.running and len(loaded) > GROWN_TO
        if loaded is None or not (growing and self._shows(loaded)):
            self._score()

    def _shows(self, loaded: LoadedGallery) -> bool:
        """Whether there are scores of an earlier state of a gallery, by the weights in use."""
        if self.scored is None or self.scored.card is not self.card:
            return False
        return self.scored.columns.gallery.source == loaded.gallery.source

    def _score(self) -> None:
        loaded, probes, model = self.loaded, self.probes, self.model
        nobody = loaded is None or not len(loaded) or (probes is not None and not len(probes))
        if loaded is None or model is None or nobody:
            self._scoring.drop()
            self.scored = self.image = self.pair = None
            self.matrix_changed.emit()
            self._tell_other_weights()
            self.pair_changed.emit(None)
            self._explain()
            return
        asked = ScoreRequest(
            model,
            loaded,
            probes,
            self.kind,
            self.order,
            self.moved_thresholds.threshold(self.in_use) or 0.0,
            lambda: self.seen,
            self._loading.running,
        )
        self._scoring.start(lambda running: score(asked, running))

    def _on_partly_scored(self, part: Scored | list[Region]) -> None:
        if isinstance(part, Scored):
            self._take(part)
        else:
            self.matrix_refined.emit(part)

    def _take(self, shown: Scored) -> None:
        kept = self.wanted_pair
        if kept is None and self.pair is not None:
            one, other = self.faces_of(self.pair)
            kept = one.key, other.key
        scored = self.scored = shown.scored
        if scored.card is self.card:
            self.scored_verifier = self.verifier
        self.image, self.colour_limits = shown.image, shown.limits
        known, self.fragile = self.fragile, None
        probes = () if scored.square else scored.rows.gallery.index()
        self._ambiguous = frozenset(scored.columns.gallery.index()).intersection(probes)
        n, m = scored.matrix.scores.shape
        self.pair = None
        if kept is not None:
            row = scored.rows.gallery.index().get(kept[0])
            column = scored.columns.gallery.index().get(kept[1])
            self.pair = None if row is None or column is None else (row, column)
        if self.pair is not None or not self._loading.running:
            self.wanted_pair = None
        self.matrix_changed.emit()
        self._tell_other_weights()
        if known is not None:  # told after it: what lists pairs knows by now that they are others
            self.fragile_changed.emit()
        if self.pair is None and n and m:
            self.pair = first_pair(scored.matrix)
        self.pair_changed.emit(self.pair)
        self._explain()

    def _tell_other_weights(self) -> None:
        if self.judged.card is not self._told_card:
            self._told_card = self.judged.card
            self.threshold_changed.emit(self.threshold)

    def _on_not_scored(self, error: BaseException) -> None:
        self.tell(error)
        shown, why = self.scored, ""
        if shown is None:
            return
        others = shown.card is not self.card or shown.columns is not self.loaded
        if others or shown.probes is not self.probes:
            why = "the matrix shows the scores of before"
        elif (shown.kind, shown.order) != (self.kind, self.order):
            # Its scores are not held against the threshold of another kind.
            self.kind = self.settings.kind = shown.kind
            self.order = self.settings.order = shown.order
            self.attention_changed.emit()
            self.threshold_changed.emit(self.threshold)
            self._explain()
            why = f"it stays {shown.kind} attention, order {shown.order}"
        if why and isinstance(error, Stopped):
            self.message.emit(f"Scoring was stopped, so {why}.")

    def _on_not_loaded(self, error: BaseException) -> None:
        super()._on_not_loaded(error)
        # What is there by now of a gallery that grew is shown whole, and not as an estimate.
        scored, waits = self.scored, self._scoring.running and not self._scoring.stopping
        behind = (
            scored is None or scored.columns is not self.loaded or scored.refinement is not None
        )
        if self.loaded is not None and behind and not waits and not self._loading.running:
            self._score()

    def pair_subject_of(self, cell: tuple[int, int]) -> str | None:
        """What hangs on a cell's pair; None for a probe that is called as a face of the gallery.

        As all that follows, it is of the open gallery: there is nothing while another's matrix is shown.
        """
        left, right = self.faces_of(cell)
        told = self.shows_open and left.key not in self._ambiguous
        return pair_subject(left.key, right.key) if told else None

    def subjects_of(self, cell: tuple[int, int]) -> list[str]:
        """What the gallery's project tells of a cell: the pair, its faces but no probe, identities."""
        left, right = self.faces_of(cell)
        subjects = pair_subjects(left, right) if self.shows_open else []
        if self.probes is None or not subjects:
            return subjects
        others = {subjects[0], face_subject(left.key)}
        others -= {self.pair_subject_of(cell), face_subject(right.key)}
        return [subject for subject in subjects if subject not in others]

    def tags_of(self, cell: tuple[int, int]) -> list[str]:
        """Tags of a cell's pair, of its faces and of their identities."""
        if not self.shows_open:
            return []
        of_rows, of_columns = self.edits
        probe = of_rows.tags_among([face_subject(self.faces_of(cell)[0].key)])
        return list(dict.fromkeys((*of_columns.tags_among(self.subjects_of(cell)), *probe)))

    def _filter_input(self) -> FilterInput | None:
        from core.query.given import FilterInput

        if self.scored is None:
            return None
        scored, threshold, measurer = self.scored, self.own_threshold, self.measurer
        return FilterInput(
            scored,
            self.threshold,
            self.edits,
            self.fragile,
            lambda task: measurer.table(scored, threshold, task),
        )

    def _attention_moved(self) -> None:
        self.attention_changed.emit()
        self.threshold_changed.emit(self.threshold)
        self._explain()
        self._score()

    def _explain(self) -> None:
        self.explanation = None
        scored = self.scored
        if self.pair is not None and scored is not None:
            # By the kind and the order of now, of which the matrix may not be yet; while it is of other
            # weights, by what it is of: so is the threshold.
            left, right = (scored.rows, self.pair[0]), (scored.columns, self.pair[1])
            _, kind, order = self.judged
            pair = one_pair(scored.model, left, right, kind, order)
            self.explanation = explain_pair(pair, 0, 0)
        self.explanation_changed.emit(self.explanation)


def _titled(title: str, thresholds: tuple[float, ...]) -> str:
    if not thresholds:
        return title
    at = " and ".join(f"{threshold:z.4f}" for threshold in thresholds)
    number = "threshold" if len(thresholds) == 1 else "thresholds"
    return f"{title}, at {number} {at}".replace(" -", " \N{MINUS SIGN}")
