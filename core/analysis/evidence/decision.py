"""The threshold that costs least: Bayes' decision from a prior and the costs of both errors."""

from dataclasses import dataclass

import numpy as np

from core.analysis.evidence.ratios import FINE, LikelihoodRatios
from core.analysis.evidence.words import times
from core.errors import XCosError

PARTS = 16  # into which what is left between two scores is cut
CUTS = 6  # from a thousandth to less than 1e-10


@dataclass(frozen=True)
class BayesDecision:
    """Where "same" begins to cost less than "different".

    prior:      probability, before the score, that a pair shows one person
    cost:       what a false accept costs, a false reject costing 1
    log10_needed: the log10 LR above which "same" costs less: log10 of cost x (1 - prior) / prior
    threshold:  the score from which on the LR is above that; None where the reference reaches it
                for no score, or for all
    words:      the decision in a sentence
    """

    prior: float
    cost: float
    log10_needed: float
    threshold: float | None
    words: str


def bayes_decision(ratios: LikelihoodRatios, prior: float, cost: float = 1.0) -> BayesDecision:
    """The decision of least expected cost. Raises XCosError for a prior or cost that is none."""
    if not 0 < prior < 1:
        raise XCosError(f"The prior is a probability between 0 and 1, not {prior:g}; change it.")
    if not (cost > 0 and np.isfinite(cost)):
        raise XCosError(f"The cost of a false accept is above 0, not {cost:g}; change it.")
    needed = float(np.log10(cost) + np.log10(1 - prior) - np.log10(prior))
    stakes = f"With the prior {prior:g} and false accepts {cost:g} times as costly as false rejects"
    if needed >= ratios.ceiling:
        words = (
            f"{stakes}, a pair must be {times(needed)} times likelier if same person, and this "
            f"reference can support at most {times(ratios.ceiling)}: call no pair the same."
        )
        return BayesDecision(prior, cost, needed, None, words)
    if needed < ratios.floor:
        words = (
            f"{stakes}, a likelihood ratio above {times(needed)} is enough, and this reference "
            f"supports none below {times(ratios.floor)}: call every pair the same."
        )
        return BayesDecision(prior, cost, needed, None, words)
    threshold = _crossing(ratios, needed)
    words = f"{stakes}, call a pair the same above the score {threshold:.4f}."
    return BayesDecision(prior, cost, needed, threshold, words)


def _crossing(ratios: LikelihoodRatios, needed: float) -> float:
    """The largest score that is not above the needed LR: from there on all are."""
    below = np.flatnonzero(ratios.table <= needed)
    if not len(below):
        return -1.0
    if below[-1] == len(FINE) - 1:
        return 1.0
    low, high = FINE[below[-1]], FINE[below[-1] + 1]
    for _ in range(CUTS):
        scores = np.linspace(low, high, PARTS + 1)
        below = np.flatnonzero(ratios.log10(scores[1:-1]) <= needed)
        last = below[-1] + 1 if len(below) else 0
        low, high = scores[last], scores[last + 1]
    return float(low)
