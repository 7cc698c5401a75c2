"""One explained pair as data: JSON and CSV."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.csv_files import csv_text
from core.explain.explanation import PairDecision
from core.explain.words import distinct, verdict
from core.json_text import json_text
from core.model.features import CELLS

NO_DECISION = "These weights have no threshold, so there is no decision."
LEAST_SCORE = 0.05  # nearer to 0, shares of the score would be of hundreds of percent


@dataclass(frozen=True, eq=False)
class PairReport(PairDecision):
    """A decided pair, its two crops (112, 112, 3) uint8, and the regions (7, 7) of its cells."""

    left_crop: np.ndarray
    right_crop: np.ndarray
    regions: np.ndarray

    @property
    def words(self) -> str | None:
        """The decision in words; None for weights without a threshold."""
        return verdict(self.explanation, self.threshold, self.regions)

    @property
    def caption(self) -> str:
        """The score with its threshold, attention kind, order and model."""
        e = self.explanation
        score, limit = f"{e.score:z.3f}", "no threshold"
        if self.threshold is not None:
            score, threshold = distinct(e.score, self.threshold)
            limit = f"threshold {threshold}"
        return f"score {score}, {limit}, {e.kind} attention, order {e.order}, {e.model}"


def as_dict(report: PairReport) -> dict[str, Any]:
    """The keys that scripts rely on; what does not exist is None."""
    e = report.explanation
    same, evidence = report.same, report.evidence
    return {
        "left": e.left,
        "right": e.right,
        "model": e.model,
        "attention": e.kind,
        "order": e.order,
        "score": e.score,
        "threshold": report.threshold,
        "verdict": None if same is None else "same" if same else "different",
        "target_cosine": e.target_cosine,
        "fc_cosine": e.fc_cosine,
        "cosine": e.cosine.tolist(),
        "attention_map": e.attention.tolist(),
        "contribution": e.contribution.tolist(),
        "evidence": None if evidence is None else evidence.tolist(),
        "regions": report.regions.tolist(),
        "words": report.words,
    }


def to_json(report: PairReport) -> str:
    """The report as JSON."""
    return json_text(as_dict(report))


def cell_rows(report: PairReport) -> list[dict[str, Any]]:
    """A row a cell, the largest contribution first, with the running sum: it ends in the score.

    share: of the score, None where it is too near to 0 for that
    """
    e = report.explanation
    contribution = e.contribution.ravel()
    total, evidence = e.score, report.evidence
    order = np.argsort(-contribution, kind="stable")
    sums = np.cumsum(contribution[order])
    rows = []
    for place, running in zip(order.tolist(), sums.tolist(), strict=True):
        row, column = divmod(place, CELLS)
        rows.append(
            {
                "row": row,
                "column": column,
                "region": str(report.regions[row, column]),
                "cosine": float(e.cosine[row, column]),
                "attention": float(e.attention[row, column]),
                "contribution": float(contribution[place]),
                "share": None if abs(total) < LEAST_SCORE else float(contribution[place] / total),
                "evidence": None if evidence is None else float(evidence[row, column]),
                "running_sum": running,
            }
        )
    return rows


def to_csv(report: PairReport) -> str:
    """The 49 cells as CSV, the largest contribution first."""
    rows = cell_rows(report)
    return csv_text([list(rows[0]), *(list(row.values()) for row in rows)])
