"""What a filter may ask about, and whether it may ask for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.errors import XCosError
from core.progress import Task
from core.project.sides import EditsOfSides
from core.query.language import OF_CONDITIONS, Expression, columns_of, fields_of
from core.scoring.scored import ScoredGallery


class KnownFragile(Protocol):
    """Which pairs are fragile, (n, m) bool, and at which threshold."""

    @property
    def fragile(self) -> np.ndarray: ...

    @property
    def threshold(self) -> float: ...


class KnownConditions(Protocol):
    """Values of a condition of the faces of rows (n,) and of columns (m,), NaN where not known."""

    def of(self, name: str) -> tuple[np.ndarray, np.ndarray]: ...


@dataclass(frozen=True, eq=False)
class FilterInput:
    """What a filter may ask about.

    threshold:  None for weights without one
    edits:      of the rows' faces and of the columns'
    conditions: measures those of the faces, once a filter asks for one
    """

    scored: ScoredGallery
    threshold: float | None
    edits: EditsOfSides
    fragile: KnownFragile | None = None
    conditions: Callable[[Task], KnownConditions] | None = None

    @property
    def fragile_known(self) -> bool:
        """Whether fragile pairs were looked for at this threshold."""
        return self.fragile is not None and self.fragile.threshold == self.threshold


def check(expression: Expression, given: FilterInput) -> None:
    """Raise XCosError where a filter asks for what is not known here."""
    asked = fields_of(expression)
    if asked & {"outcome", "margin"} and given.threshold is None:
        raise XCosError(
            "The filter asks for an outcome or a margin, which need a threshold; set one."
        )
    for name, values, remedy in (
        ("target", "target", "choose a target model"),
        ("fc", "embedding", "choose weights with a fully connected head"),
    ):
        known = [
            getattr(g.features, values) is not None
            for g in (given.scored.rows, given.scored.columns)
        ]
        if name in asked and not all(known):
            raise XCosError(
                f"The filter asks for {name}, which these faces do not have; {remedy}.",
                "target" if name == "target" else "model",
            )
    if asked & {*OF_CONDITIONS} and given.conditions is None:
        raise XCosError(
            "The filter asks for conditions of faces, which are not measured here; leave them out."
        )
    heads = {name for g in given.scored.galleries for f in g.gallery.faces for name in f.columns}
    for name in sorted(columns_of(expression) - heads):
        there = f"those there are {', '.join(sorted(heads))}" if heads else "it has none"
        raise XCosError(f"The filter asks for column({name}), which the gallery lacks; {there}.")
    if "fragile" in asked and given.fragile is None:
        raise XCosError(
            "The filter asks for fragile pairs, which were not looked for yet; "
            "do so first (Analyse, Fragile pairs)."
        )
    if "fragile" in asked and given.fragile is not None and not given.fragile_known:
        raise XCosError(
            f"The filter asks for fragile pairs, which were looked for at the threshold "
            f"{given.fragile.threshold:.4f}; do so again at this one (Analyse, Fragile pairs)."
        )
