"""What a pair's score becomes when its faces are edited, and what the explanation said it would."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from core.explain.editing.editable import EditableFace, editable_face
from core.explain.editing.edits import Edit, EditedFace
from core.explain.explain import explain_pair
from core.explain.explanation import PairExplanation
from core.explain.report import PairReport
from core.faces.face import SIDE, Face
from core.faces.regions import face_regions
from core.gallery.cache import Cache
from core.gallery.gallery import LoadedGallery
from core.gallery.pipeline import Features
from core.model.kinds import Order
from core.progress import QUIET, Task
from core.scoring.kernels.prepared import PreparedPairs
from core.scoring.matrix import Outcome, outcome_of
from core.scoring.scored import ScoredGallery, one_pair

Side = Literal["left", "right"]
SIDES: tuple[Side, ...] = ("left", "right")
AT_ONCE = 4  # crops between two looks at the stop, some hundredths of a second
PROBE_SIDE, PROBE_STEP = 32, 16  # pixels: patches of 2x2 cells at every cell
LEAST_PROBES = 3  # of which a correlation says something
ROUNDING = 1e-6  # of scores, which are single precision: smaller changes are none
TURNED: dict[Order, Order] = {
    "both": "both",
    "left-right": "right-left",
    "right-left": "left-right",
}


@dataclass(frozen=True)
class Question:
    """What is done to a pair: the edits of each face, and whether the order is swapped."""

    left: tuple[Edit, ...] = ()
    right: tuple[Edit, ...] = ()
    swapped: bool = False

    def of(self, side: Side) -> tuple[Edit, ...]:
        """One face's edits."""
        return self.left if side == "left" else self.right


@dataclass(frozen=True, eq=False)
class WhatIf:
    """A pair before and after its edits.

    left, right:   the edited faces
    before, after: explanations; `after` with the swapped order where that was asked
    people:        identities of the left and the right face, None where unknown
    threshold:     that decides; None where there is none
    """

    question: Question
    left: EditedFace
    right: EditedFace
    before: PairExplanation
    after: PairExplanation
    people: tuple[str | None, str | None]
    threshold: float | None

    @property
    def outcome_before(self) -> Outcome:
        """The outcome of the pair as it was."""
        return self._outcome(self.before)

    @property
    def outcome_after(self) -> Outcome:
        """The outcome of the edited pair."""
        return self._outcome(self.after)

    def _outcome(self, explanation: PairExplanation) -> Outcome:
        if self.threshold is None:
            return "unknown"
        return outcome_of(*self.people, explanation.score > self.threshold)

    @property
    def covered(self) -> np.ndarray:
        """(7, 7) in [0, 1]: the share of each cell that is covered on either face."""
        covered: np.ndarray = np.maximum(self.left.covered, self.right.covered)
        return covered

    @property
    def real_change(self) -> float:
        """The change of the score."""
        return self.after.score - self.before.score

    @property
    def predicted_change(self) -> float:
        """The change that the explanation before predicts, by the weights' law of hidden cells."""
        return self.before.predicted_change(self.covered)

    @property
    def agreement(self) -> float | None:
        """Of this one edit; None where nothing is covered, so that nothing was predicted."""
        return agreement(self.real_change, self.predicted_change) if self.covered.any() else None

    def report(self) -> PairReport:
        """The edited pair, as an explained pair is saved."""
        regions = face_regions((self.left.landmarks + self.right.landmarks) / 2)
        return PairReport(self.after, self.threshold, self.left.crop, self.right.crop, regions)


@dataclass(frozen=True, eq=False)
class Faithfulness:
    """How well one pair's explanation predicts what covering does.

    real, predicted: (k,) changes of the score, one a probe: a grey patch of 2x2 cells on one face
    total:           probes there are; k < total where it was stopped
    """

    real: np.ndarray
    predicted: np.ndarray
    total: int

    @property
    def correlation(self) -> float | None:
        """Pearson's r of both changes (faithfulness correlation; Bhatt et al., 2020), in [-1, 1].

        None while there are too few probes, or where one of them never changes.
        """
        if len(self.real) < LEAST_PROBES:
            return None
        if min(self.real.std(), self.predicted.std()) < ROUNDING:
            return None
        return float(np.corrcoef(self.real, self.predicted)[0, 1])


def agreement(real: float, predicted: float) -> float:
    """How well a predicted change fits the real one: 1 the same, 0 nothing or the other direction."""
    size = abs(real) + abs(predicted)
    return 1.0 if size == 0 else max(0.0, 1 - abs(real - predicted) / size)


class PairEditor:
    """Edits one pair of loaded faces; computes only the features of faces that were edited.

    Of each face the features of the last edits asked are kept.
    """

    def __init__(
        self,
        verifier: Features,
        pair: ScoredGallery,
        cache: Cache,
        names: tuple[str, str] | None = None,
    ) -> None:
        """pair: a gallery of one pair; names: what to call the faces.

        Raises XCosError when a face has neither photo nor crop.
        """
        self._verifier, self._model, self._names = verifier, pair.model, names
        self.kind, self.order = pair.kind, pair.order
        self._alone = dict(zip(SIDES, (pair.rows, pair.columns), strict=True))
        self.faces: dict[Side, EditableFace] = {
            side: editable_face(one.gallery.faces[0], one.gallery.root, cache)
            for side, one in self._alone.items()
        }
        self._last: dict[Side, tuple[tuple[Edit, ...], LoadedGallery]] = {}
        self.before = self._explain(self._alone["left"], self._alone["right"])

    def face(self, side: Side) -> Face:
        """One face, as the gallery knows it."""
        return self._alone[side].gallery.faces[0]

    def warm_up(self) -> None:
        """Load the network, so that the first answer is as quick as the others."""
        self._verifier.features(self.faces["left"].crop[None])

    def ask(self, question: Question, threshold: float | None = None) -> WhatIf:
        """Explain the pair as it is after the question's edits, decided by a threshold, if any.

        Raises XCosError.
        """
        edited = {side: self.faces[side].edited(question.of(side)) for side in SIDES}
        loaded = {side: self._edited(side, question.of(side), edited[side]) for side in SIDES}
        after = self._explain(loaded["left"], loaded["right"], question.swapped)
        return WhatIf(
            question,
            edited["left"],
            edited["right"],
            self.before,
            after,
            (self.face("left").identity, self.face("right").identity),
            threshold,
        )

    def scores(self, side: Side, crops: np.ndarray) -> np.ndarray:
        """Scores (k,) float64 of the pair with each of the crops (k, 112, 112, 3) as one face."""
        grid = self._verifier.features(crops).grid
        edited, other = (
            self._model.engine.prepare(grid),
            self._model.engine.prepare(self._grid(_other(side))),
        )
        every, same = np.arange(len(crops)), np.zeros(len(crops), np.int64)
        if side == "left":
            scores = self._model.engine.scores_of(
                PreparedPairs(edited, every, other, same), self.kind, self.order
            )
        else:
            scores = self._model.engine.scores_of(
                PreparedPairs(other, same, edited, every), self.kind, self.order
            )
        return scores

    def _grid(self, side: Side) -> np.ndarray:
        return self._alone[side].features.grid

    def _edited(self, side: Side, edits: tuple[Edit, ...], face: EditedFace) -> LoadedGallery:
        """One face's features after its edits, as a gallery of its own."""
        original = self._alone[side]
        if not edits:
            return original
        last = self._last.get(side)
        if last is None or last[0] != edits:
            features = self._verifier.features(face.crop[None])
            last = (edits, LoadedGallery(original.gallery, features))
            self._last[side] = last
        return last[1]

    def _explain(
        self, left: LoadedGallery, right: LoadedGallery, swapped: bool = False
    ) -> PairExplanation:
        order = TURNED[self.order] if swapped else self.order
        pair = one_pair(self._model, (left, 0), (right, 0), self.kind, order)
        explanation = explain_pair(pair, 0, 0)
        return (
            explanation
            if self._names is None
            else replace(explanation, left=self._names[0], right=self._names[1])
        )

    def regions(self) -> np.ndarray:
        """Names of the cells' regions, (7, 7), of the faces as they are."""
        return face_regions((self.faces["left"].landmarks + self.faces["right"].landmarks) / 2)


def probes() -> list[tuple[Side, Edit]]:
    """The patches whose real and predicted changes make a pair's faithfulness."""
    corners = np.arange(0, SIDE - PROBE_SIDE + 1, PROBE_STEP)
    size = float(PROBE_SIDE)
    patches = [Edit("patch", float(x), float(y), size, size) for y in corners for x in corners]
    # Both faces in turn, so that a part of them already tells of both.
    return [(side, patch) for patch in patches for side in SIDES]


def faithfulness(
    editor: PairEditor,
    known: Faithfulness | None = None,
    task: Task = QUIET,
    most: int | None = None,
) -> Faithfulness:
    """Cover a pair's faces patch by patch. Stopped, it returns what it has.

    known: what an earlier call had; it is gone on with
    most:  patches at most, spread over both faces; None: all of them
    """
    every = _spread(probes())
    real = [] if known is None else known.real.tolist()
    predicted = [] if known is None else known.predicted.tolist()
    wanted = len(every) if most is None else min(most, len(every))
    while len(real) < wanted and not task.stopped():
        task.report("Measuring faithfulness", len(real), len(every))
        for side, edits in _by_side(every[len(real) : min(len(real) + AT_ONCE, wanted)]):
            faces = [editor.faces[side].edited([edit]) for edit in edits]
            scores = editor.scores(side, np.stack([face.crop for face in faces]))
            real += (scores - editor.before.score).tolist()
            predicted += [editor.before.predicted_change(face.covered) for face in faces]
    return Faithfulness(np.array(real), np.array(predicted), len(every))


def _spread(every: list[tuple[Side, Edit]]) -> list[tuple[Side, Edit]]:
    """In an order that visits all of the face early on, the same every time."""
    order = np.random.default_rng(0).permutation(len(every))
    return [every[place] for place in order]


def _by_side(some: Sequence[tuple[Side, Edit]]) -> list[tuple[Side, list[Edit]]]:
    edits = {side: [edit for own, edit in some if own == side] for side in SIDES}
    return [(side, own) for side, own in edits.items() if own]


def _other(side: Side) -> Side:
    return "right" if side == "left" else "left"
