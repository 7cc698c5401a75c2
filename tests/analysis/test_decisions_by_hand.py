"""The decision of least cost by ratios whose every number is known."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.analysis.evidence.decision import bayes_decision
from core.analysis.evidence.ratios import FINE
from core.errors import XCosError


def ratios(slope: float = 2.0, floor: float = -1.5, ceiling: float = 1.25) -> SimpleNamespace:
    """Ratios that rise by a slope with the score, within bounds."""

    def log10(scores: np.ndarray) -> np.ndarray:
        return np.clip(slope * scores, floor, ceiling)

    return SimpleNamespace(floor=floor, ceiling=ceiling, log10=log10, table=log10(FINE))


@pytest.mark.parametrize(
    ("prior", "cost", "needed"),
    [(0.5, 1.0, 0.0), (0.2, 1.0, np.log10(4)), (0.5, 0.1, -1.0), (0.25, 0.5, np.log10(1.5))],
)
def test_the_threshold_is_where_the_ratio_is_what_prior_and_cost_need(
    prior: float, cost: float, needed: float
) -> None:
    found = bayes_decision(ratios(), prior, cost)  # type: ignore[arg-type]
    assert found.log10_needed == pytest.approx(needed) and found.threshold is not None
    assert found.threshold == pytest.approx(needed / 2, abs=1e-9)
    assert (found.prior, found.cost) == (prior, cost)
    assert found.words == (
        f"With the prior {prior:g} and false accepts {cost:g} times as costly as false rejects, call "
        f"a pair the same above the score {found.threshold:.4f}."
    )


def test_what_the_reference_cannot_support_is_never_called_the_same() -> None:
    for cost, called in ((10**1.25, "call no pair the same."), (10**1.2, "above the score 0.6")):
        found = bayes_decision(ratios(), 0.5, cost)  # type: ignore[arg-type]
        assert called in found.words and (found.threshold is None) == ("no pair" in called)
    found = bayes_decision(ratios(), 0.5, 100)  # type: ignore[arg-type]
    assert found.words.startswith(
        "With the prior 0.5 and false accepts 100 times as costly as false rejects, a pair must be "
        "100 times likelier if same person"
    )


def test_scores_whose_ratio_is_just_what_is_needed_do_not_reach_more() -> None:
    end = 0.20007  # between two scores of the table

    def log10(scores: np.ndarray) -> np.ndarray:
        return np.where(scores > end, 1.0, np.where(scores < 0.1, -1.0, 0.0))

    steps = SimpleNamespace(floor=-1.0, ceiling=1.0, log10=log10, table=log10(FINE))
    found = bayes_decision(steps, 0.5, 1.0)  # type: ignore[arg-type]
    assert found.threshold == pytest.approx(end, abs=1e-9)


def test_what_every_pair_supports_is_always_called_the_same() -> None:
    found = bayes_decision(ratios(), 0.5, 0.01)  # type: ignore[arg-type]
    assert found.threshold is None and found.words.endswith("call every pair the same.")
    # At the floor itself pairs at it do not reach more, and those above it do.
    at_it = bayes_decision(ratios(floor=-1.0), 0.5, 0.1)  # type: ignore[arg-type]
    assert at_it.threshold == pytest.approx(-0.5, abs=1e-3)
    never = bayes_decision(ratios(0.0, -1.0, 1.0), 0.5, 0.5)  # type: ignore[arg-type]
    always = bayes_decision(ratios(0.0, -1.0, 1.0), 0.5, 2.0)  # type: ignore[arg-type]
    assert (never.threshold, always.threshold) == (-1.0, 1.0)


@pytest.mark.parametrize(
    ("prior", "cost", "told"),
    [
        (0.0, 1.0, "between 0 and 1, not 0"),
        (1.0, 1.0, "between 0 and 1, not 1"),
        (float("nan"), 1.0, "between 0 and 1, not nan"),
        (0.5, 0.0, "above 0, not 0"),
        (0.5, -1.0, "above 0, not -1"),
        (0.5, float("inf"), "above 0, not inf"),
        (0.5, float("nan"), "above 0, not nan"),
    ],
)
def test_a_prior_or_cost_that_is_none_is_refused(prior: float, cost: float, told: str) -> None:
    with pytest.raises(XCosError, match=told):
        bayes_decision(ratios(), prior, cost)  # type: ignore[arg-type]


@settings(max_examples=40)
@given(st.floats(-0.9, -0.1), st.floats(0.0, 0.9))
def test_where_ratios_fall_again_the_last_crossing_counts(first: float, last: float) -> None:
    """Much evidence between a first score and 0, none from there to a last one, much above it."""
    asked = []

    def log10(scores: np.ndarray) -> np.ndarray:
        asked.append(len(scores))
        much = (scores > first) & (scores < 0) | (scores > last)
        return np.where(much, 1.0, -1.0)

    wavy = SimpleNamespace(floor=-1.0, ceiling=1.0, log10=log10, table=log10(FINE))
    found = bayes_decision(wavy, 0.5, 1.0).threshold  # type: ignore[arg-type]
    assert found == pytest.approx(last, abs=1e-9)
    # Beside the tabled scores few are asked for: kernel densities would stand a window still.
    assert sum(asked[1:]) < 100
