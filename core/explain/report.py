"""One explained pair as data: JSON, CSV and a page of HTML."""

import html
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.csv_files import csv_text
from core.explain.pair import PairExplanation
from core.explain.words import distinct, verdict
from core.json_text import json_text
from core.model.features import CELLS


@dataclass(frozen=True, eq=False)
class PairReport:
    """A pair, its two crops (112, 112, 3) uint8, and the regions (7, 7) of its cells."""

    explanation: PairExplanation
    left_crop: np.ndarray
    right_crop: np.ndarray
    regions: np.ndarray

    @property
    def words(self) -> str | None:
        """The decision in words; None for weights without a threshold."""
        return verdict(self.explanation, self.regions)

    @property
    def caption(self) -> str:
        """The score with its threshold, attention kind, order and model."""
        e = self.explanation
        score, limit = f"{e.score:.3f}", "no threshold"
        if e.threshold is not None:
            score, threshold = distinct(e.score, e.threshold)
            limit = f"threshold {threshold}"
        return f"score {score}, {limit}, {e.kind} attention, order {e.order}, {e.model}"


def as_dict(report: PairReport) -> dict[str, Any]:
    """The keys that scripts rely on; what does not exist is None."""
    e = report.explanation
    same = e.same
    return {
        "left": e.left,
        "right": e.right,
        "model": e.model,
        "attention": e.kind,
        "order": e.order,
        "score": e.score,
        "threshold": e.threshold,
        "verdict": None if same is None else "same" if same else "different",
        "target_cosine": e.target_cosine,
        "fc_cosine": e.fc_cosine,
        "cosine": e.cosine.tolist(),
        "attention_map": e.attention.tolist(),
        "contribution": e.contribution.tolist(),
        "evidence": None if e.evidence is None else e.evidence.tolist(),
        "regions": report.regions.tolist(),
        "words": report.words,
    }


def to_json(report: PairReport) -> str:
    """The report as JSON."""
    return json_text(as_dict(report))


def cell_rows(report: PairReport) -> list[dict[str, Any]]:
    """A row a cell, the largest contribution first, with the running sum: it ends in the score."""
    e = report.explanation
    contribution = e.contribution.ravel()
    total, evidence = e.score, e.evidence
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
                "share": float(contribution[place] / total) if total else 0.0,
                "evidence": None if evidence is None else float(evidence[row, column]),
                "running_sum": running,
            }
        )
    return rows


def to_csv(report: PairReport) -> str:
    """The 49 cells as CSV, the largest contribution first."""
    rows = cell_rows(report)
    return csv_text([list(rows[0]), *(list(row.values()) for row in rows)])


def to_html(report: PairReport) -> str:
    """A page that needs no other file: the figure, the words and the table of cells."""
    from core.explain.figure import figure_bytes

    e = report.explanation
    picture = figure_bytes(report, "svg").decode()
    picture = picture[picture.index("<svg") :]
    head = "".join(f"<th>{html.escape(name)}</th>" for name in cell_rows(report)[0])
    body = "".join(
        "<tr>" + "".join(f"<td>{_shown(value)}</td>" for value in row.values()) + "</tr>"
        for row in cell_rows(report)
    )
    title = html.escape(f"{e.left} and {e.right}")
    others = [
        f"{name} {value:.3f}"
        for name, value in (
            ("Target cosine", e.target_cosine),
            ("FC cosine", e.fc_cosine),
        )
        if value is not None
    ]
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 75em; padding: 0 1em; }}
svg {{ max-width: 100%; height: auto; }} table {{ border-collapse: collapse; }}
td, th {{ padding: 0.1em 0.8em; text-align: right; border-bottom: 1px solid #ccc; }}
</style></head><body>
<h1>{title}</h1>
<p>{html.escape(report.words or "These weights have no threshold, so there is no decision.")}</p>
<p>{html.escape(report.caption)}. {html.escape(". ".join(others))}</p>
{picture}
<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>
</body></html>
"""


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4f}"
    return "" if value is None else html.escape(str(value))
