"""Sentences of a report on what was found: how many slices, and what stands where there is none."""

from types import SimpleNamespace

import pytest

from core.progress import QUIET
from core.reports import findings


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (5, ["slice 0", "slice 1", "slice 2"]),
        (3, ["slice 0", "slice 1", "slice 2"]),
        (1, ["slice 0"]),
        (0, ["No slice has more errors than all pairs of its sort."]),
    ],
)
def test_the_three_worst_slices_are_told(
    monkeypatch: pytest.MonkeyPatch, found: int, said: list[str]
) -> None:
    slices = tuple(SimpleNamespace(words=f"slice {k}") for k in range(found))
    monkeypatch.setattr(findings, "worst_slices", lambda *_: slices)
    monkeypatch.setattr(findings, "traits_of", lambda *_: None)
    assert list(findings._worst(None, 0.5, None, None, QUIET)) == said  # type: ignore[arg-type]
