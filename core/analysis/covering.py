"""Many pairs before and after the same edit of their faces: how scores and outcomes change."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from core.errors import Stopped, XCosError, counted
from core.explain.editing.editable import EditableFace, editable_face
from core.explain.editing.edits import Edit
from core.faces.face import CELLS, SIDE
from core.faces.regions import REGIONS, face_regions
from core.gallery.cache import Cache
from core.gallery.gallery import LoadedGallery
from core.gallery.pipeline import Features
from core.progress import QUIET, Task
from core.scoring.kernels.prepared import PreparedPairs
from core.scoring.lists import PairList
from core.scoring.matrix import OUTCOMES, Outcome, at_most, outcome_codes
from core.scoring.scored import ScoredGallery

MOST_FACES = 1000  # edited at once: half a minute
AT_ONCE = 8  # crops between two looks at the stop
CELL = SIDE // CELLS  # pixels
COVERED = REGIONS[:-1]  # regions of the face itself
Which = Literal["both", "left", "right"]
WHICH: tuple[Which, ...] = get_args(Which)


@dataclass(frozen=True)
class Treatment:
    """What is done to each face: a region covered in grey, by its own landmarks, or edits."""

    region: str | None = None
    edits: tuple[Edit, ...] = ()

    def of(self, face: EditableFace) -> tuple[Edit, ...]:
        """The edits of one face."""
        if self.region is None:
            return self.edits
        cells = np.argwhere(face_regions(face.landmarks) == self.region)
        patches = (Edit("patch", float(CELL * x), float(CELL * y), CELL, CELL) for y, x in cells)
        return (*patches, *self.edits)


@dataclass(frozen=True, eq=False)
class TreatedPairs:
    """Pairs before and after, those whose score changed most first.

    pairs:  with their scores before, exact ones
    after:  (k,) float32 scores
    before_codes, after_codes: (k,) outcomes by place in OUTCOMES
    """

    pairs: PairList
    after: np.ndarray
    before_codes: np.ndarray
    after_codes: np.ndarray
    threshold: float

    @property
    def changed(self) -> np.ndarray:
        """Which pairs changed side of the threshold, (k,) bool, whoever they show."""
        limit = at_most(self.threshold)
        changed: np.ndarray = (self.pairs.scores > limit) != (self.after > limit)
        return changed

    def moves(self) -> dict[tuple[Outcome, Outcome], int]:
        """How many pairs went from one outcome to another; those of unknown identities stay so."""
        both = zip(
            self.before_codes[self.changed].tolist(),
            self.after_codes[self.changed].tolist(),
            strict=True,
        )
        moves: dict[tuple[Outcome, Outcome], int] = {}
        for before, after in both:
            key = OUTCOMES[before], OUTCOMES[after]
            moves[key] = moves.get(key, 0) + 1
        return moves


def treat_pairs(
    model: tuple[Features, Cache],
    scored: ScoredGallery,
    threshold: float,
    pairs: PairList,
    done: tuple[Treatment, Which],
    task: Task = QUIET,
) -> TreatedPairs:
    """Edit the faces of some pairs alike, and score these pairs anew.

    model: what computes features, and where crops are cached; done: what, and to which faces.
    Raises XCosError for more than 1,000 faces or one without photo and crop, and Stopped.
    """
    treatment, which = done
    sides = (
        (scored.rows, pairs.rows, which != "right"),
        (scored.columns, pairs.columns, which != "left"),
    )
    places = [np.unique(side, return_inverse=True) for _, side, _ in sides]
    once = scored.square and which == "both"  # a face is edited alike on either side
    if once:
        faces, at_both = np.unique(np.concatenate([pairs.rows, pairs.columns]), return_inverse=True)
        places = [(faces, part) for part in np.split(at_both, 2)]
    count = sum(
        len(faces) for (faces, _), (_, _, edited) in zip(places, sides, strict=True) if edited
    ) // (1 + once)
    if count > MOST_FACES:
        raise XCosError(
            f"At most {MOST_FACES:,} faces are edited at once, and these pairs have {count:,}; "
            "choose fewer pairs."
        )
    prepare, at, grids = scored.engine.prepare, 0, []
    for (faces, _), (loaded, _, edited) in zip(places, sides, strict=True):
        if not edited:
            grids.append(loaded.features.grid[faces])
            continue
        if once and grids:
            grids.append(grids[0])
            continue
        grids.append(_edited(model, loaded, faces, treatment, _From(task, at, count)))
        at += len(faces)
    lefts, rights = prepare(grids[0]), prepare(grids[1])
    new = PreparedPairs(lefts, places[0][1], rights, places[1][1])
    score = scored.engine.scores_of
    after = score(new, scored.kind, scored.order).astype(np.float32)
    before = score(scored.prepared(pairs), scored.kind, scored.order).astype(np.float32)
    own, other = scored.matrix.rows[pairs.rows], scored.matrix.columns[pairs.columns]
    known, genuine = (own >= 0) & (other >= 0), own == other
    codes = [outcome_codes(scores, genuine, known, threshold) for scores in (before, after)]
    most = np.argsort(-np.abs(after - before), kind="stable")
    listed = PairList(pairs.rows[most], pairs.columns[most], before[most])
    return TreatedPairs(listed, after[most], codes[0][most], codes[1][most], threshold)


@dataclass(frozen=True)
class _From:
    """A task of which a part is done."""

    task: Task
    done: int
    total: int


def _edited(
    model: tuple[Features, Cache],
    loaded: LoadedGallery,
    places: np.ndarray,
    treatment: Treatment,
    progress: _From,
) -> np.ndarray:
    """Grid features (k, 32, 7, 7) of some faces once they are edited."""
    verifier, cache = model
    grids = [loaded.features.grid[:0]]
    for start in range(0, len(places), AT_ONCE):
        if progress.task.stopped():
            raise Stopped("Editing faces")
        progress.task.report("Editing faces", progress.done + start, progress.total)
        crops = []
        for place in places[start : start + AT_ONCE].tolist():
            face = editable_face(loaded.gallery.faces[place], loaded.gallery.root, cache)
            crops.append(face.edited(treatment.of(face)).crop)
        grids.append(verifier.features(np.stack(crops)).grid)
    return np.concatenate(grids)


def moved_words(treated: TreatedPairs) -> str:
    """How many changed side and how the scores moved, in a sentence or two."""
    total = len(treated.pairs)
    change = float((treated.after - treated.pairs.scores).mean()) if total else 0.0
    moves = ", ".join(
        f"{count:,} of unknown identities" if before == after else f"{count:,} {before} to {after}"
        for (before, after), count in sorted(treated.moves().items())
    )
    verb = "changes" if total == 1 else "change"
    sided = f"{int(treated.changed.sum()):,} of {counted(total, 'pair')} {verb} side"
    text = f"{sided}{f': {moves}' if moves else ''}. The mean score changes by {change:+z.3f}."
    return text.replace("-", "\N{MINUS SIGN}")
