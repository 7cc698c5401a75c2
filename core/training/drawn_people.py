"""Figures of held-out pairs with intervals: a bootstrap over people, not over pairs.

Whole people are drawn with replacement, as in core.analysis.bootstrap: drawn w times, a person's
genuine pairs count w times, and the impostor pairs with one drawn v times w*v times. All kinds of
scores see the same draws, so that their differences have intervals too.
"""

from dataclasses import dataclass

import numpy as np

from core.analysis.bootstrap import DRAWS, LEVEL, told_ends
from core.errors import Stopped
from core.evaluation.verification import balanced_threshold
from core.progress import QUIET, Task
from core.scoring.statistics import PAIRS_PER_FAR
from core.training.held_out import HeldOutFaces
from core.training.verdict import FARS, Difference, Figure, Figures

NAMES = ("accuracy", "auc", *(f"TAR at FAR {far}" for far in FARS))


@dataclass(frozen=True, eq=False)
class _Sorted:
    """One kind's scores, sorted once: genuine (g,) and impostor (i,), and their order."""

    genuine: np.ndarray
    impostor: np.ndarray
    genuine_order: np.ndarray
    impostor_order: np.ndarray
    threshold: float

    @staticmethod
    def of(scores: np.ndarray, same: np.ndarray) -> "_Sorted":
        genuine, impostor = scores[same], scores[~same]
        one, other = np.argsort(genuine, kind="stable"), np.argsort(impostor, kind="stable")
        threshold = balanced_threshold(scores, same)[0]
        return _Sorted(genuine[one], impostor[other], one, other, threshold)

    def figures(self, genuine: np.ndarray, impostor: np.ndarray) -> np.ndarray:
        """Accuracy, AUC and TARs (4,) where pairs count so much; NaN where a kind counts nothing."""
        below_genuine = np.concatenate([[0.0], np.cumsum(genuine[self.genuine_order])])
        below = np.concatenate([[0.0], np.cumsum(impostor[self.impostor_order])])
        of_genuine, of_impostor = below_genuine[-1], below[-1]
        if not of_genuine or not of_impostor:
            return np.full(len(NAMES), np.nan)

        def tar(threshold: float) -> float:
            place = np.searchsorted(self.genuine, threshold, "right")
            return float(1 - below_genuine[place] / of_genuine)

        rejected = below[np.searchsorted(self.impostor, self.threshold, "right")] / of_impostor
        lower = below[np.searchsorted(self.impostor, self.genuine, "left")]
        upper = below[np.searchsorted(self.impostor, self.genuine, "right")]
        auc = (genuine[self.genuine_order] * (lower + upper) / 2).sum() / of_genuine / of_impostor
        figures = [(tar(self.threshold) + rejected) / 2, auc]
        for far in FARS:
            # The smallest threshold above which at most the wanted share of impostors lies.
            least = of_impostor * (1 - float(far)) - 1e-9 * of_impostor
            place = min(int(np.searchsorted(below[1:], least, "left")), len(self.impostor) - 1)
            figures.append(tar(float(self.impostor[place])))
        return np.array(figures)


def measured(
    faces: HeldOutFaces, scores: dict[str, np.ndarray], draws: int = DRAWS, task: Task = QUIET
) -> tuple[dict[str, Figures], dict[str, np.ndarray]]:
    """Figures of each kind of scores (p,), and their tables (1 + draws, 4), by kind.

    The first row of a table is of the people as they are; the columns are NAMES. Raises Stopped.
    """
    same, people = faces.same, len(np.unique(faces.people))
    p, q = faces.people[faces.left], faces.people[faces.right]
    kinds = {kind: _Sorted.of(values, same) for kind, values in scores.items()}
    rows: dict[str, list[np.ndarray]] = {kind: [] for kind in kinds}
    rng = np.random.default_rng(0)
    most = int(faces.people.max()) + 1
    for draw in range(1 + draws):
        if task.stopped():
            raise Stopped("Judging")
        if draw % 100 == 0:
            task.report("Drawing people", draw, draws)
        chosen = rng.integers(0, people, people) if draw else np.arange(people)
        weights = np.bincount(np.unique(faces.people)[chosen], minlength=most).astype(np.float64)
        genuine, impostor = weights[p[same]], weights[p[~same]] * weights[q[~same]]
        for kind, values in kinds.items():
            rows[kind].append(values.figures(genuine, impostor))
    tables = {kind: np.stack(values) for kind, values in rows.items()}
    impostors = int((~same).sum())
    return {
        kind: _figures(table, kinds[kind].threshold, impostors) for kind, table in tables.items()
    }, tables


def differences(before: np.ndarray, after: np.ndarray, impostors: int) -> dict[str, Difference]:
    """After less before, by name, of two kinds' tables as `measured` gives them."""
    table = after - before
    changes = {}
    for column, name in enumerate(NAMES):
        if name.startswith("TAR") and impostors < PAIRS_PER_FAR / float(FARS[column - 2]):
            continue
        low, high = _interval(table[1:, column])
        changes[name] = Difference(float(table[0, column]), low, high)
    return changes


def _figures(table: np.ndarray, threshold: float, impostors: int) -> Figures:
    every = [
        Figure(float(value), *_interval(drawn))
        for value, drawn in zip(table[0], table[1:].T, strict=True)
    ]
    tars = {
        far: figure if impostors >= PAIRS_PER_FAR / float(far) else Figure(None)
        for far, figure in zip(FARS, every[2:], strict=True)
    }
    return Figures(every[0], every[1], tars, threshold)


def _interval(drawn: np.ndarray) -> tuple[float, float] | tuple[None, None]:
    """None where all draws agree: so few people err that drawing them anew tells nothing."""
    low, high = np.nanpercentile(drawn, [(100 - LEVEL) / 2, (100 + LEVEL) / 2])
    return told_ends(float(low), float(high)) or (None, None)
