"""All pairs tile by tile: exact counts, histograms and the hardest pairs; nothing of size pairs².

A tile's numbers depend on the tile alone, counts are integers, and the pairs kept are the first
of a total order, so that processes which share the tiles give together what one gives, bit for bit.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.errors import Stopped
from core.model.kinds import AttentionKind, Order
from core.progress import QUIET, Task
from core.scoring.engine import PairEngine
from core.scoring.histograms import ScoreHistograms
from core.scoring.kernels.prepared import PreparedFaces
from core.scoring.lists import HardestPairs
from core.scoring.matrix import CODE, outcome_codes

TILE = 1024  # faces a side: scores of 4 MB, prepared faces of 12 MB


@dataclass(eq=False)
class StreamedScores:
    """What is kept of all pairs.

    pairs:      how many there are
    outcomes:   (5,) int64, pairs by place in OUTCOMES; all unknown without a threshold
    histograms: of genuine and impostor scores
    hardest:    closest impostors and farthest genuine pairs
    """

    pairs: int
    outcomes: np.ndarray
    histograms: ScoreHistograms
    hardest: HardestPairs

    def merge(self, other: "StreamedScores") -> None:
        """Take in what another process kept of its tiles."""
        self.pairs += other.pairs
        self.outcomes += other.outcomes
        self.histograms.merge(other.histograms)
        self.hardest.merge(other.hardest)


def stream_scores(
    engine: PairEngine,
    rows: PreparedFaces,
    columns: PreparedFaces,
    identities: tuple[np.ndarray, np.ndarray],
    kind: AttentionKind,
    order: Order,
    threshold: float | None,
    keep: int,
    share: tuple[int, int] = (0, 1),
    task: Task = QUIET,
) -> StreamedScores:
    """Score every pair of rows with columns, or of one gallery where both are the same object.

    identities: codes of rows and columns, -1 unknown; keep: pairs of each sort to remember
    share:      which of how many processes this is; it takes every N-th tile, N their number
    Raises Stopped, and XCosError for an attention kind that the model lacks.
    """
    if engine.weights(kind) is None:
        engine.wait()  # the plain path rounds otherwise
    square = rows is columns
    stream = StreamedScores(
        0, np.zeros(len(CODE), np.int64), ScoreHistograms(engine.reach(kind)), HardestPairs(keep)
    )
    tiles = list(_tiles(len(rows), len(columns), square))[share[0] :: share[1]]
    for number, (top, left) in enumerate(tiles):
        task.report("Scoring tiles", number, len(tiles))
        if task.stopped():
            raise Stopped("Scoring")
        here = rows.part(slice(top, top + TILE))
        there = here if square and top == left else columns.part(slice(left, left + TILE))
        scores = engine.scores(here, there, kind, order, task=task)
        own, other = identities[0][top : top + TILE], identities[1][left : left + TILE]
        _take_in(stream, scores, own, other, (top, left), square and top == left, threshold)
    task.report("Scoring tiles", len(tiles), len(tiles))
    return stream


def _take_in(
    stream: StreamedScores,
    scores: np.ndarray,
    own: np.ndarray,
    other: np.ndarray,
    place: tuple[int, int],
    diagonal: bool,
    threshold: float | None,
) -> None:
    counted = np.ones(scores.shape, bool)
    if diagonal:
        counted = np.triu(counted, 1)
    known = (own[:, None] >= 0) & (other[None] >= 0)
    genuine = (own[:, None] == other[None]) & known
    limit = np.inf if threshold is None else threshold
    codes = outcome_codes(scores, genuine, known & (threshold is not None), limit)
    stream.pairs += int(counted.sum())
    stream.outcomes += np.bincount(codes[counted], minlength=len(CODE))
    for same in (True, False):
        wanted = counted & known & (genuine == same)
        stream.histograms.add(scores[wanted], same)
        stream.hardest.add(scores, wanted, same, place)


def _tiles(rows: int, columns: int, square: bool) -> Iterator[tuple[int, int]]:
    for top in range(0, rows, TILE):
        for left in range(top if square else 0, columns, TILE):
            yield top, left
