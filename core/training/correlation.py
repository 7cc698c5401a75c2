"""The correlation attention P, streamed over training pairs (paper, equations 5 to 7)."""

from collections.abc import Callable

import numpy as np

from core.errors import Stopped
from core.model.features import CELLS
from core.progress import QUIET, Task
from core.scoring.kernels.prepared import prepare
from core.training.data import BatchSampler

BATCHES = 100  # of training faces whose pairs the P that ships is computed over
WATCHED = 10  # at each validation: without gradients they cost about as much as four steps


class CellCorrelation:
    """Pearson correlation, cell by cell, of S with the target's cosine; constant memory.

    Means and co-moments are merged chunk by chunk (Chan et al., 1983), so that neither the
    number of pairs nor their offset costs precision.
    """

    def __init__(self) -> None:
        self._count = 0
        self._mean_s, self._mean_c = np.zeros((CELLS, CELLS)), 0.0
        self._ss, self._cc = np.zeros((CELLS, CELLS)), 0.0
        self._sc = np.zeros((CELLS, CELLS))

    def add(self, cosine: np.ndarray, target: np.ndarray) -> None:
        """Take in pairs: cosine (p, 7, 7) of their cells, target (p,) cosines."""
        s, c = cosine.astype(np.float64), target.astype(np.float64)
        if len(s) == 0:
            return
        count = self._count + len(s)
        mean_s, mean_c = s.mean(axis=0), float(c.mean())
        step_s, step_c = mean_s - self._mean_s, mean_c - self._mean_c
        merge = self._count * len(s) / count
        self._ss += ((s - mean_s) ** 2).sum(axis=0) + merge * step_s**2
        self._cc += float(((c - mean_c) ** 2).sum()) + merge * step_c**2
        self._sc += np.tensordot(c - mean_c, s - mean_s, axes=1) + merge * step_s * step_c
        self._mean_s += step_s * len(s) / count
        self._mean_c += step_c * len(s) / count
        self._count = count

    def raw(self) -> np.ndarray:
        """P (7, 7) in [-1, 1]; 0 where a cell or the target never varied."""
        scale = np.sqrt(self._ss * self._cc)
        return np.divide(self._sc, scale, out=np.zeros_like(scale), where=scale > 0)

    def normalised(self) -> np.ndarray:
        """P with negative cells set to 0, divided by its sum; uniform where no cell is positive."""
        positive = self.raw().clip(min=0)
        total = positive.sum()
        return positive / total if total > 0 else np.full((CELLS, CELLS), 1 / CELLS**2)


def correlation_attention(
    cosines: Callable[[np.ndarray], np.ndarray],
    sampler: BatchSampler,
    grids: Callable[[np.ndarray], np.ndarray],
    batches: int = BATCHES,
    task: Task = QUIET,
) -> CellCorrelation:
    """Stream S and the target's cosines of the first batches' pairs, as they are, into P.

    The same pairs at every call, so that a resumed run has nothing to remember. Raises Stopped.
    cosines: the target's (k, k), and grids: grid features (k, 32, 7, 7), of some training faces
    """
    correlation = CellCorrelation()
    for number in range(batches):
        if task.stopped():
            raise Stopped("Correlating cells")
        task.report("Correlating cells", number, batches)
        chosen = np.unique(sampler.batch(number).faces)
        cells = prepare(grids(chosen), None).cells.transpose(1, 0, 2)
        rows, columns = np.triu_indices(len(chosen), 1)
        cosine = np.stack([(cell @ cell.T)[rows, columns] for cell in cells], axis=1)
        correlation.add(cosine.reshape(-1, CELLS, CELLS), cosines(chosen)[rows, columns])
    return correlation
