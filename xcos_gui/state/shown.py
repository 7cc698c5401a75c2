"""The scored gallery that is shown, and what is read from it."""

from __future__ import annotations

import numpy as np

from core.errors import XCosError
from core.explain.colours import ColourLimits
from core.explain.matrix_image import MatrixImage
from core.faces.face import SIDE, Face
from core.gallery.cache import Cache
from core.gallery.gallery import LoadedGallery
from core.gallery.pipeline import Pipeline, make_here
from core.scoring.matrix import ScoreMatrix
from core.scoring.refine import Region
from core.scoring.scored import ScoredGallery
from core.scoring.statistics import PairStatistics
from xcos_gui.state.crops import Crops
from xcos_gui.state.editing import Editing
from xcos_gui.state.settings import Settings
from xcos_gui.state.thresholds import Judged

Pair = tuple[int, int]


class Shown(Editing):
    """Holds one scored gallery, which is replaced whole."""

    def __init__(
        self, settings: Settings, cache: Cache, device: str = "auto", make: Pipeline = make_here
    ) -> None:
        super().__init__(settings, cache, device, make)
        self.scored: ScoredGallery | None = None  # what the matrix shows
        self.image: MatrixImage | None = None
        self.seen: Region | None = None  # rows and columns of the matrix that are on screen
        self.colour_limits = ColourLimits(1.0, 1.0)
        self._crops = Crops(cache)

    @property
    def judged(self) -> Judged:
        """That of the scores that are shown, where those are still of other weights."""
        scored, card = self.scored, self.card
        if scored is None or (card is not None and scored.card.fingerprint == card.fingerprint):
            return self.in_use
        return Judged(scored.card, scored.kind, scored.order)

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
    def shows_open(self) -> bool:
        """Whether the matrix is of the open gallery, and not of the one before, until that is scored."""
        return self.scored is not None and self.scored.columns.gallery.source == self.source

    @property
    def statistics(self) -> PairStatistics | None:
        """Counts, rates and curves of the matrix."""
        return None if self.scored is None else self.scored.statistics

    @property
    def estimated(self) -> bool:
        """Whether scores of the matrix are estimates yet."""
        return self.scored is not None and self.scored.refinement is not None

    def is_estimate(self, row: int, column: int) -> bool:
        """Whether a score of the matrix is estimated from the uniform one yet."""
        return self.scored is not None and self.scored.is_estimate(row, column)

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
