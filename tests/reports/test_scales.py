"""The scales beside a report's maps: their ends, and the colours between them."""

from types import SimpleNamespace

import numpy as np
import pytest

from core.explain.colours import ColourLimits, centred_table, table
from core.reports import page


@pytest.mark.parametrize("threshold", [0.3, None])
def test_scales_run_from_their_least_to_their_most(
    monkeypatch: pytest.MonkeyPatch, threshold: float | None
) -> None:
    monkeypatch.setattr(page, "_bar", lambda colours: colours)
    limits = ColourLimits(attention=0.125, contribution=0.0625)
    report = SimpleNamespace(limits=limits, threshold=threshold)
    bars = page._bars(report)  # type: ignore[arg-type]
    ends = [(low.replace("\N{MINUS SIGN}", "-"), high) for _, low, high, _ in bars]
    found = [(float(low), float(high)) for low, high in ends]
    np.testing.assert_allclose(found, [(-1, 1), (0, 0.125), (-0.0625, 0.0625)], atol=6e-4)
    wanted = centred_table(threshold or 0.0), table("sequential"), table("diverging")
    for (*_, colours), mine in zip(bars, wanted, strict=True):
        np.testing.assert_array_equal(colours, mine)
