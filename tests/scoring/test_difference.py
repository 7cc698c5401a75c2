"""The same scores under other names: which outcomes change, and how far a score is from the threshold."""

from dataclasses import replace

import numpy as np
import pytest

from core.scoring.difference import relabelled
from core.scoring.matrix import OUTCOMES
from tests.scoring.test_scored import NAMES, scored_gallery

BEFORE = ("ann", "bob", "bob", None, "cem")


def outcome(one: str | None, other: str | None, above: bool) -> str:
    if one is None or other is None:
        return "unknown"
    return {(True, True): "TP", (True, False): "FN", (False, True): "FP", (False, False): "TN"}[
        one == other, above
    ]


@pytest.mark.parametrize("square", [True, False])
def test_other_names_give_other_outcomes(square: bool) -> None:
    scored = scored_gallery(square)
    threshold = 0.15
    found = relabelled(scored, threshold, (BEFORE, BEFORE), "the names as found")
    assert found.outcomes is not None and found.name == "the names as found"
    for i in range(5):
        for j in range(5):
            score = float(scored.matrix.scores[i, j])
            was = outcome(BEFORE[i], BEFORE[j], score > threshold)
            now = outcome(NAMES[i], NAMES[j], score > threshold)
            if square and i == j:
                assert not found.changed[i, j]
                continue
            assert OUTCOMES[found.outcomes[i, j]] == was
            assert found.changed[i, j] == (was != now)
            assert found.values[i, j] == pytest.approx(score - threshold, abs=1e-6)
    assert np.ptp(found.outcomes) > 0 and found.changed.any() and not found.changed.all()


def test_names_called_otherwise_change_nothing() -> None:
    scored = scored_gallery(True)
    renamed = tuple(name and f"{name} 2" for name in NAMES)
    found = relabelled(scored, 0.15, (renamed, renamed), "x")
    assert not found.changed.any()
    assert not relabelled(replace(scored), 0.15, (NAMES, NAMES), "x").changed.any()
