"""A gallery whose pairs a model has scored: what commands, window, notebook and analyses take."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from core.faces.face import Face
from core.gallery.gallery import LoadedGallery, identity_codes
from core.model.card import ModelCard
from core.model.kinds import AttentionKind, Order
from core.progress import QUIET, Task
from core.scoring.engine import PairEngine
from core.scoring.kernels.prepared import PreparedFaces, PreparedPairs
from core.scoring.lists import PairList
from core.scoring.matrix import ScoreMatrix, score_matrix
from core.scoring.refine import Refinement
from core.scoring.statistics import PairStatistics


class ScoringModel(NamedTuple):
    """What scores pairs of faces: a model's card, and the engine over its attention."""

    card: ModelCard
    engine: PairEngine


@dataclass(frozen=True, eq=False)
class ScoredGallery:
    """Faces, the scores of all their pairs, and the model that gave them.

    The threshold is no part of it, but an argument of what depends on it.
    rows, columns: left and right faces of the matrix: probes and gallery, or one object twice
    refinement:    says which scores are estimates yet; None when all are exact
    ready:         left and right faces as they are paired, where they were prepared already
    """

    model: ScoringModel
    rows: LoadedGallery
    columns: LoadedGallery
    matrix: ScoreMatrix
    refinement: Refinement | None = None
    ready: tuple[PreparedFaces, PreparedFaces] | None = None

    @property
    def card(self) -> ModelCard:
        """Of the model."""
        return self.model.card

    @property
    def engine(self) -> PairEngine:
        """Of the model."""
        return self.model.engine

    @property
    def kind(self) -> AttentionKind:
        """The attention that the scores are by."""
        return self.matrix.kind

    @property
    def order(self) -> Order:
        """Which face of a pair learned attention saw first."""
        return self.matrix.order

    @property
    def square(self) -> bool:
        """Whether rows and columns are one gallery."""
        return self.matrix.square

    @property
    def galleries(self) -> tuple[LoadedGallery, ...]:
        """The gallery, and the probes where there are any."""
        return (self.columns,) if self.square else (self.columns, self.rows)

    @property
    def probes(self) -> LoadedGallery | None:
        """The rows where they are not the gallery itself."""
        return None if self.square else self.rows

    @cached_property
    def statistics(self) -> PairStatistics:
        """Counts, rates and curves over all pairs, at any threshold."""
        return PairStatistics.of(self.matrix)

    @cached_property
    def identities(self) -> dict[int, str]:
        """Names of the identities by the matrix's numbers."""
        return {
            int(code): face.identity
            for codes, loaded in (
                (self.matrix.rows, self.rows),
                (self.matrix.columns, self.columns),
            )
            for code, face in zip(codes, loaded.gallery.faces, strict=True)
            if face.identity is not None
        }

    def faces(self, row: int, column: int) -> tuple[Face, Face]:
        """The left and the right face of a cell."""
        return self.rows.gallery.faces[row], self.columns.gallery.faces[column]

    def is_estimate(self, row: int, column: int) -> bool:
        """Whether a score is an estimate yet."""
        return self.refinement is not None and not self.refinement.is_exact(row, column)

    def prepared(self, pairs: PairList) -> PreparedPairs:
        """Some pairs with what their faces bring; of a large gallery only these faces are prepared."""
        if self.ready is not None:
            return PreparedPairs(self.ready[0], pairs.rows, self.ready[1], pairs.columns)
        left, i = np.unique(pairs.rows, return_inverse=True)
        right, j = np.unique(pairs.columns, return_inverse=True)
        prepare = self.engine.prepare
        return PreparedPairs(
            prepare(self.rows.features.grid[left]),
            i,
            prepare(self.columns.features.grid[right]),
            j,
        )

    def part(self, rows: np.ndarray, columns: np.ndarray) -> "ScoredGallery":
        """The pairs of some faces, by their places (k,) and (l,), in the order given.

        It is square where this one is and both are the same places.
        """
        n, m = self.matrix.scores.shape
        if np.array_equal(rows, np.arange(n)) and np.array_equal(columns, np.arange(m)):
            return self
        square = self.square and np.array_equal(rows, columns)
        matrix = replace(
            self.matrix,
            scores=self.matrix.scores[np.ix_(rows, columns)],
            square=square,
            rows=self.matrix.rows[rows],
            columns=self.matrix.columns[columns],
        )
        right = self.columns.part(columns)
        left = right if square else self.rows.part(rows)
        return ScoredGallery(self.model, left, right, matrix)


def score_gallery(
    model: ScoringModel,
    gallery: LoadedGallery,
    probes: LoadedGallery | None = None,
    kind: AttentionKind = "learned",
    order: Order = "both",
    task: Task = QUIET,
) -> ScoredGallery:
    """Score all pairs of a gallery, or all probes (rows) with it. Raises XCosError, Stopped."""
    matrix = score_matrix(model.engine, gallery, probes, kind, order, task)
    return ScoredGallery(model, probes or gallery, gallery, matrix)


def one_pair(
    model: ScoringModel,
    left: tuple[LoadedGallery, int],
    right: tuple[LoadedGallery, int],
    kind: AttentionKind = "learned",
    order: Order = "both",
) -> ScoredGallery:
    """Two faces, each by its gallery and its place there, as a gallery of one pair. Raises XCosError."""
    rows, columns = (loaded.part(np.array([place])) for loaded, place in (left, right))
    first, second = (model.engine.prepare(one.features.grid) for one in (rows, columns))
    only = np.zeros(1, np.int64)
    # Not by the kernel: a matrix that is being scored would hold it for a quarter of a second.
    score = model.engine.scores_of(PreparedPairs(first, only, second, only), kind, order)
    own, other = identity_codes(rows.gallery, columns.gallery)
    matrix = ScoreMatrix(score.astype(np.float32)[None], False, own, other, kind, order)
    return ScoredGallery(model, rows, columns, matrix, ready=(first, second))
