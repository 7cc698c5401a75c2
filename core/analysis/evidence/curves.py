"""Tippett, PAV and ECE curves of held-out likelihood ratios, and their picture."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.analysis.evidence.ratios import HeldOut, LikelihoodRatios
from core.errors import XCosError

PRIORS = np.linspace(-3, 3, 121)  # log10 odds


@dataclass(frozen=True, eq=False)
class EvidenceCurves:
    """What likelihood ratios of known pairs are worth; all x are log10.

    tippett:  LRs (g,), and the share of genuine and of impostor pairs whose LR is at least that
    pav:      LRs (k,) ascending, and the LRs (k,) that monotone regression makes of them, within
              the range of the finite ones
    ece:      prior odds (121,), and the empirical cross-entropy of these LRs, after PAV, and of
              LRs that are all 1
    """

    tippett: tuple[np.ndarray, np.ndarray, np.ndarray]
    pav: tuple[np.ndarray, np.ndarray]
    ece: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def evidence_curves(held_out: HeldOut) -> EvidenceCurves:
    """The three curves. The LRs must be finite, as bounded ones are."""
    from lir.algorithms.isotonic_regression import IsotonicCalibrator
    from lir.plotting.expected_calibration_error import calculate_ece
    from lir.util import odds_to_probability

    log10_lr, labels = held_out.log10_lr, held_out.same.astype(np.int64)
    at = np.linspace(log10_lr.min(), log10_lr.max(), 200)
    genuine, impostor = (np.sort(log10_lr[held_out.same == same]) for same in (True, False))
    shares = [1 - np.searchsorted(part, at) / len(part) for part in (genuine, impostor)]
    order = np.argsort(log10_lr, kind="stable")
    after = IsotonicCalibrator().fit_transform(log10_lr, labels)
    finite = np.isfinite(after)
    limit = float(np.abs(after[finite]).max(initial=1.0))
    priors = odds_to_probability(10**PRIORS)
    entropies = [
        calculate_ece(10**log10, labels, priors)
        for log10 in (log10_lr, after, np.zeros(len(log10_lr)))
    ]
    return EvidenceCurves(
        (at, shares[0], shares[1]),
        (log10_lr[order], after[order].clip(-limit, limit)),
        (PRIORS, *entropies),
    )


def evidence_figure(ratios: LikelihoodRatios) -> Any:
    """The three curves as a matplotlib figure. Raises XCosError without held-out pairs."""
    from core.explain.drawing import new_figure

    if ratios.held_out is None:
        raise XCosError(
            f"The reference {ratios.reference} has too few people to hold any out, which the "
            "curves need; choose a larger one."
        )
    curves = evidence_curves(ratios.held_out)
    figure = new_figure((12, 4), layout="constrained")
    tippett, pav, ece = figure.subplots(1, 3)
    at, genuine, impostor = curves.tippett
    tippett.plot(at, 100 * genuine, label="same person")
    tippett.plot(at, 100 * impostor, label="different people")
    tippett.axvline(0, color="grey", linewidth=0.8)
    tippett.set(title="Tippett", xlabel="log10 LR", ylabel="pairs with at least this LR (%)")
    pav.plot(*curves.pav, label="after PAV")
    ends = [ratios.floor, ratios.ceiling]
    pav.plot(ends, ends, color="grey", linewidth=0.8, label="calibrated")
    pav.set(title="PAV", xlabel="log10 LR", ylabel="log10 LR after PAV")
    priors, own, after, neutral = curves.ece
    for values, label in ((own, "LRs"), (after, "after PAV"), (neutral, "no evidence")):
        ece.plot(priors, values, label=label)
    ece.set(
        title="ECE", xlabel="log10 prior odds", ylabel="empirical cross-entropy (bits)", ylim=(0, 1)
    )
    for axes in (tippett, pav, ece):
        axes.legend()
    figure.suptitle(
        f"Cllr {ratios.cllr:.3f}, least {ratios.cllr_min:.3f}; {ratios.method}, people held out"
    )
    return figure
