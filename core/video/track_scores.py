"""The score of a track against a photo over time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.gallery.gallery import LoadedGallery
from core.model.kinds import AttentionKind, Order
from core.scoring.engine import PairEngine
from core.scoring.kernels.prepared import PreparedPairs
from core.video.tracks import Track


@dataclass(frozen=True, eq=False)
class TrackScores:
    """Scores of a track's n faces (left) with one face (right).

    scores:  (n,) float64 in [-1, 1], each frame's face by itself
    running: (n,) float64, of the mean features of the first faces up to this one; the last one
             is the track's score, as on YouTube Faces
    """

    track: Track
    scores: np.ndarray
    running: np.ndarray

    @property
    def score(self) -> float:
        """The track's score: of the mean features of all its faces."""
        return float(self.running[-1])


def score_tracks(
    engine: PairEngine,
    tracks: Sequence[Track],
    photo: LoadedGallery,
    place: int,
    kind: AttentionKind,
    order: Order,
) -> list[TrackScores]:
    """Score each track's faces with a photo's face. Raises XCosError for a kind that lacks."""
    right = engine.prepare(photo.features.grid[place : place + 1])
    scores = []
    for track in tracks:
        grid = track.features.grid
        n, first = np.arange(len(grid)), np.zeros(len(grid), int)
        sums = np.cumsum(grid, axis=0, dtype=np.float64)
        means = (sums / (n + 1).reshape(-1, 1, 1, 1)).astype(np.float32)
        single, running = (
            engine.scores_of(PreparedPairs(engine.prepare(some), n, right, first), kind, order)
            for some in (grid, means)
        )
        scores.append(TrackScores(track, single, running))
    return scores
