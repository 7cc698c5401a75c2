"""S, W and evidence of many pairs at once: what patterns, filters and mean maps are made of."""

from dataclasses import dataclass

import numpy as np

from core.errors import Stopped
from core.explain import formula
from core.model.features import CELLS
from core.model.kinds import AttentionKind, Order
from core.progress import QUIET, Task
from core.scoring.engine import PairEngine
from core.scoring.kernels.prepared import PreparedPairs
from core.scoring.lists import PairList
from core.scoring.scored import ScoredGallery

PAIRS_A_TURN = 2048


@dataclass(frozen=True, eq=False)
class PairMaps:
    """Maps of k pairs. Row 0 is the top of the face.

    cosine, attention: (k, 7, 7) float64, S and W as in PairExplanation
    """

    cosine: np.ndarray
    attention: np.ndarray

    def __len__(self) -> int:
        return len(self.cosine)

    @property
    def contribution(self) -> np.ndarray:
        """(k, 7, 7): W*S; sums to the scores."""
        return formula.contribution(self.cosine, self.attention)

    def evidence(self, threshold: float) -> np.ndarray:
        """(k, 7, 7): W*S - t*W/sum(W); sums to score - threshold."""
        return formula.evidence(self.cosine, self.attention, threshold)

    @property
    def scores(self) -> np.ndarray:
        """(k,): the sums of W*S."""
        return formula.score(self.cosine, self.attention)


def maps_of(scored: ScoredGallery, pairs: PairList, task: Task = QUIET) -> PairMaps:
    """Maps of some pairs of a scored gallery. Raises XCosError, Stopped."""
    kind, order = scored.kind, scored.order
    return maps_of_pairs(scored.engine, scored.prepared(pairs), kind, order, task)


def maps_of_pairs(
    engine: PairEngine,
    pairs: PreparedPairs,
    kind: AttentionKind,
    order: Order,
    task: Task = QUIET,
) -> PairMaps:
    """Maps of prepared pairs. Raises XCosError, Stopped."""
    rows, i, columns, j = pairs
    shared = engine.weights(kind)
    cosine = np.empty((len(i), CELLS, CELLS))
    attention = np.empty((len(i), CELLS, CELLS))
    for start in range(0, len(i), PAIRS_A_TURN):
        if task.stopped():
            raise Stopped("Computing maps")
        task.report("Computing maps", start, len(i))
        part = slice(start, start + PAIRS_A_TURN)
        a, b = i[part], j[part]
        cosines = np.einsum("pkc,pkc->pk", rows.cells[a].astype(np.float64), columns.cells[b])
        cosine[part] = cosines.clip(-1, 1).reshape(-1, CELLS, CELLS)
        attention[part] = (
            engine.attention(PreparedPairs(rows, a, columns, b), order)
            if shared is None
            else shared[None]
        )
    task.report("Computing maps", len(i), len(i))
    return PairMaps(cosine, attention)
