"""Saliency methods over many pairs: mean areas and rank correlations with their uncertainty."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.csv_files import csv_text
from core.errors import counted
from core.explain.saliency.compare import Comparison, title

RESAMPLES, LEVEL = 2000, 95  # of the bootstrap over pairs

HEAD = (
    "map",
    "deletion area (low is good)",
    "insertion area (high is good)",
    "rank correlation with xCos evidence",
    "with occlusion",
    "seconds a pair",
)


@dataclass(frozen=True)
class Interval:
    """A mean over pairs with its 95 % percentile bootstrap interval; None where no pair has one."""

    mean: float | None
    low: float | None
    high: float | None

    def as_json(self) -> dict[str, float | None]:
        """The three numbers."""
        return {"mean": self.mean, "low": self.low, "high": self.high}

    def text(self) -> str:
        """As a cell of a table."""
        if self.mean is None:
            return ""
        return f"{self.mean:z.3f} ({self.low:z.3f} to {self.high:z.3f})"


@dataclass(frozen=True)
class Row:
    """One method or control over all pairs; correlations are of the methods' maps only."""

    name: str
    deletion: Interval
    insertion: Interval
    with_xcos: Interval
    with_occlusion: Interval
    seconds: Interval


@dataclass(frozen=True)
class ComparisonTable:
    """pairs: how many; rows: methods, then controls."""

    model: str
    attention: str
    order: str
    pairs: int
    rows: tuple[Row, ...]

    def as_json(self) -> dict[str, Any]:
        """The table for scripts: by method, each number with its interval."""
        return {
            "model": self.model,
            "attention": self.attention,
            "order": self.order,
            "pairs": self.pairs,
            "methods": {
                row.name: {
                    "deletion": row.deletion.as_json(),
                    "insertion": row.insertion.as_json(),
                    "rank_correlation_with_xcos": row.with_xcos.as_json(),
                    "rank_correlation_with_occlusion": row.with_occlusion.as_json(),
                    "seconds": row.seconds.as_json(),
                }
                for row in self.rows
            },
        }

    def texts(self) -> list[list[str]]:
        """A head, and a row for each method and control."""
        rows = [list(HEAD)]
        for row in self.rows:
            seconds = "" if not row.seconds.mean else f"{row.seconds.mean:.2f}"
            numbers = (row.deletion, row.insertion, row.with_xcos, row.with_occlusion)
            rows.append([title(row.name), *(n.text() for n in numbers), seconds])
        return rows

    def to_markdown(self) -> str:
        """The table with what it was measured on above it."""
        head, *rows = self.texts()
        lines = [head, ["---"] * len(head), *rows]
        summary = (
            f"{counted(self.pairs, 'pair')}, {self.model}, {self.attention} attention, order {self.order}; "
            f"means with {LEVEL} % bootstrap intervals over pairs"
        )
        return summary + "\n\n" + "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"

    def to_csv(self) -> str:
        """The table as CSV, a number a column."""
        names = ("deletion", "insertion", "with_xcos", "with_occlusion", "seconds")
        ends = ("", "_low", "_high")
        rows: list[list[object]] = [["name", *(n + end for n in names for end in ends)]]
        for row in self.rows:
            numbers = [getattr(row, name) for name in names]
            rows.append([row.name, *(v for n in numbers for v in (n.mean, n.low, n.high))])
        return csv_text(rows)


def tabulate(comparisons: Sequence[Comparison]) -> ComparisonTable:
    """The table of n >= 1 pairs that were compared by the same methods."""
    first = comparisons[0]
    rows = []
    for control in (False, True):
        for name in first.controls if control else first.methods:
            each = [(c.controls if control else c.methods)[name] for c in comparisons]
            correlations = (
                [[], []]
                if control
                else [_ranks(comparisons, name, other) for other in ("xcos", "occlusion")]
            )
            rows.append(
                Row(
                    name,
                    interval([e.curves.deletion.area for e in each]),
                    interval([e.curves.insertion.area for e in each]),
                    interval(correlations[0]),
                    interval(correlations[1]),
                    interval([e.map.seconds for e in each]),
                )
            )
    e = first.explanation
    return ComparisonTable(e.model, e.kind, e.order, len(comparisons), tuple(rows))


def interval(values: Sequence[float], seed: int = 0) -> Interval:
    """Mean and 95 % percentile bootstrap interval (Efron, 1979) of values; NaN are left out."""
    known = np.array([v for v in values if not np.isnan(v)], np.float64)
    if not len(known):
        return Interval(None, None, None)
    drawn = np.random.default_rng(seed).integers(0, len(known), (RESAMPLES, len(known)))
    ends = ((100 - LEVEL) / 2, (100 + LEVEL) / 2)
    low, high = np.percentile(known[drawn].mean(axis=1), ends)
    return Interval(float(known.mean()), float(low), float(high))


def _ranks(comparisons: Sequence[Comparison], name: str, other: str) -> list[float]:
    names = list(comparisons[0].methods)
    if other not in names or other == name:
        return []
    place = names.index(name), names.index(other)
    return [float(c.ranks[place]) for c in comparisons]
