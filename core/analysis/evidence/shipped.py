"""The reference that ships with a model, as summary figures: no score of any pair is kept."""

import json
from typing import Any

import numpy as np

from core.analysis.evidence.ratios import GRID, LikelihoodRatios
from core.errors import XCosError
from core.model.card import ModelCard
from core.model.kinds import AttentionKind, Order
from core.resources import resource_path

NUMBERS = ("floor", "ceiling", "cllr", "cllr_min")
COUNTS = ("people", "genuine", "impostor")


def summary(ratios: LikelihoodRatios) -> dict[str, Any]:
    """The figures of a logistic fit, from which `shipped_ratios` makes the same LRs."""
    # Logistic LRs are a line in log10: two points tell it.
    intercept, upper = ratios.unbounded(np.array([0.0, 1.0]))
    return {
        "reference": ratios.reference,
        "method": ratios.method,
        "intercept": float(intercept),
        "slope": float(upper - intercept),
        **{name: getattr(ratios, name) for name in (*NUMBERS, *COUNTS)},
        "low": ratios.low.round(4).tolist(),
        "high": ratios.high.round(4).tolist(),
    }


def shipped_ratios(card: ModelCard, kind: AttentionKind, order: Order) -> LikelihoodRatios:
    """LRs of the reference that ships with a model. Raises XCosError where there is none."""
    other = "name a gallery of known people as the reference"
    if order != "both":
        raise XCosError(f"The reference that ships is for order both, not {order}; {other}.")
    figures = shipped_figures(card)
    if figures is None or kind not in figures["ratios"]:
        raise XCosError(f"No reference ships with {card.name} for {kind} attention; {other}.")
    return ratios_from(figures["ratios"][kind])


def shipped_figures(card: ModelCard) -> dict[str, Any] | None:
    """What ships beside these very weights; None where nothing does."""
    path = resource_path("evidence", f"{card.name}.json")
    if not path.is_file():
        return None
    figures: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return figures if figures["fingerprint"] == card.fingerprint else None


def ratios_from(figures: dict[str, Any]) -> LikelihoodRatios:
    """The LRs of such figures."""
    intercept, slope = figures["intercept"], figures["slope"]
    assert len(figures["low"]) == len(GRID)
    return LikelihoodRatios(
        method=figures["method"],
        reference=figures["reference"],
        **{name: figures[name] for name in (*NUMBERS, *COUNTS)},
        low=np.array(figures["low"]),
        high=np.array(figures["high"]),
        held_out=None,
        unbounded=lambda scores: intercept + slope * scores,
    )
