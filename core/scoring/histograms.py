"""Scores of any number of pairs as integer counts in fine bins, and the curves they give."""

import numpy as np

from core.scoring.statistics import PAIRS_PER_FAR, WANTED_FARS

BINS = 1 << 20  # over the scores' reach: about 2e-6 wide for scores in [-1, 1]
SHOWN_BINS = 128


class ScoreHistograms:
    """Genuine and impostor pairs by score; counts are exact, thresholds lie on bin edges.

    reach: scores lie in [-reach, reach]; what lies outside counts in the outermost bins
    """

    def __init__(self, reach: float = 1.0) -> None:
        self.reach = reach
        self.genuine, self.impostor = np.zeros(BINS, np.int64), np.zeros(BINS, np.int64)

    def add(self, scores: np.ndarray, same: bool) -> None:
        """Count (k,) scores of genuine or of impostor pairs."""
        # In double, so that a bin's edge is where it says. A score on an edge is not above it.
        places = np.ceil((scores.astype(np.float64) / self.reach + 1) * (BINS / 2)) - 1
        counts = np.bincount(places.clip(0, BINS - 1).astype(np.int64), minlength=BINS)
        (self.genuine if same else self.impostor)[:] += counts

    def merge(self, other: "ScoreHistograms") -> None:
        """Add another's counts."""
        self.genuine += other.genuine
        self.impostor += other.impostor

    def edges(self, bins: int = BINS) -> np.ndarray:
        """(bins + 1,) float64 edges, from -reach to reach."""
        return np.linspace(-self.reach, self.reach, bins + 1)

    def rates(self) -> tuple[np.ndarray, np.ndarray] | None:
        """FAR and TAR with each edge as threshold, (BINS + 1,); None without both sorts."""
        sums = [self.impostor.sum(), self.genuine.sum()]
        if not all(sums):
            return None
        above = [
            np.concatenate([[0], np.cumsum(h[::-1])])[::-1] for h in (self.impostor, self.genuine)
        ]
        return above[0] / sums[0], above[1] / sums[1]

    def figures(self) -> dict[str, object]:
        """auc, eer, tar_at_far as `evaluate` names them, and histograms of 128 bins.

        tar_at_far is None where there are fewer than 3/FAR impostor pairs; ties within a bin
        count half in auc.
        """
        rates = self.rates()
        shown = [
            h.reshape(SHOWN_BINS, -1).sum(axis=1).tolist() for h in (self.genuine, self.impostor)
        ]
        histograms = {
            "edges": self.edges(SHOWN_BINS).tolist(),
            "genuine": shown[0],
            "impostor": shown[1],
        }
        if rates is None:
            return {"auc": None, "eer": None, "tar_at_far": None, "histogram": histograms}
        far, tar = rates
        nearest = int(np.argmin(np.abs(far - (1 - tar))))
        total = int(self.impostor.sum())
        at_far: dict[str, float | None] = {}
        for wanted in WANTED_FARS:
            allowed = np.flatnonzero(far <= wanted)
            enough = total >= PAIRS_PER_FAR / wanted
            at_far[f"{wanted:g}"] = float(tar[allowed[0]]) if enough else None
        return {
            "auc": float(-np.trapezoid(tar, far)),
            "eer": float((far[nearest] + 1 - tar[nearest]) / 2),
            "tar_at_far": at_far,
            "histogram": histograms,
        }
