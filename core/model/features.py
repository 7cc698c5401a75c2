"""What a model computes once per face."""

from dataclasses import dataclass

import numpy as np

from core.faces.face import CELLS as CELLS

CHANNELS = 32  # of the grid features, where weights do not say otherwise
MOST_CHANNELS = 512


@dataclass(frozen=True, eq=False)
class FaceFeatures:
    """Features of n faces, in the faces' order.

    grid:      (n, 32, 7, 7) float32, grid features F, not normalised; some weights give more channels
    embedding: (n, d) float32 unit vectors of the fully connected head, or None without one
    target:    (n, t) float32 unit vectors of the target model, or None without one
    """

    grid: np.ndarray
    embedding: np.ndarray | None = None
    target: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.grid)

    def part(self, places: np.ndarray) -> "FaceFeatures":
        """Those of some faces, by their places (k,), in the order given."""
        rest = (None if one is None else one[places] for one in (self.embedding, self.target))
        return FaceFeatures(self.grid[places], *rest)
