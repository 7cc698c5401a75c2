"""A report's numbers as rows, for pages and tables alike."""

from dataclasses import asdict
from typing import Any

from core.faces.regions import REGIONS
from core.model.features import CELLS
from core.reports.report import GalleryReport, ReportedPair
from core.scoring.statistics import WANTED_FARS

FIRST: tuple[tuple[str, type], ...] = (
    ("left", str),
    ("right", str),
    ("left_identity", str),
    ("right_identity", str),
    ("score", float),
    ("outcome", str),
    ("threshold", float),
    ("target_cosine", float),
    ("fc_cosine", float),
)


def table_columns(cells: bool) -> tuple[tuple[str, type], ...]:
    """Names and kinds of the columns of a report's table, those of `score` first.

    Then each region's evidence; with cells, S and W of each cell, S_0_0 at the top left.
    """
    places = [(row, column) for row in range(CELLS) for column in range(CELLS)]
    maps = [(f"{name}_{r}_{c}", float) for name in "SW" for r, c in places] if cells else []
    regions = [(f"evidence {region}", float) for region in REGIONS]
    return (*FIRST, *regions, *maps)


def table_row(pair: ReportedPair, cells: bool) -> tuple[Any, ...]:
    """A pair's row in the order of table_columns; None for what there is not."""
    e, evidence = pair.explanation, pair.region_evidence
    row = (
        e.left,
        e.right,
        *pair.people,
        e.score,
        pair.outcome,
        pair.threshold,
        e.target_cosine,
        e.fc_cosine,
        *(evidence.get(region, 0.0 if evidence else None) for region in REGIONS),
    )
    return (*row, *e.cosine.ravel().tolist(), *e.attention.ravel().tolist()) if cells else row


def figures(report: GalleryReport) -> list[tuple[str, str]]:
    """What was counted and measured, by name; only what there is."""
    rows: list[tuple[str, str]] = []
    statistics = report.statistics
    if report.threshold is not None:
        counts = statistics.counts(report.threshold)
        names = {
            "tp": "true accepts (TP)",
            "fp": "false accepts (FP)",
            "fn": "false rejects (FN)",
            "tn": "true rejects (TN)",
            "unknown": "of unknown identities",
        }
        rows += [(names[name], f"{number:,}") for name, number in asdict(counts).items()]
        rates = {"accuracy": counts.accuracy, "TAR": counts.tar, "FAR": counts.far}
        rows += [(name, percent(v)) for name, v in rates.items() if v is not None]
    else:
        rows += [
            ("genuine pairs", f"{len(statistics.genuine):,}"),
            ("impostor pairs", f"{len(statistics.impostor):,}"),
            ("of unknown identities", f"{statistics.unknown:,}"),
        ]
    if not report.whole:
        return rows  # curves of chosen pairs would say nothing of the model
    auc, eer = statistics.auc(), statistics.eer()
    if auc is not None:
        rows.append(("AUC", f"{auc:.4f}"))
    if eer is not None:
        rows.append(("EER", percent(eer[0])))
    for far in WANTED_FARS:
        threshold = statistics.threshold_at_far(far)
        if threshold is not None and (tar := statistics.counts(threshold).tar) is not None:
            rows.append((f"TAR at FAR {far:g}", percent(tar)))
    return rows


def strongest(pair: ReportedPair) -> tuple[str, str]:
    """The regions that spoke most for and most against "same"; empty where none did."""
    ranked = sorted(pair.region_evidence.items(), key=lambda item: item[1])
    if not ranked:
        return "", ""
    (worst, low), (best, high) = ranked[0], ranked[-1]
    return best if high > 0 else "", worst if low < 0 else ""


def percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def signed(value: float, digits: int = 4) -> str:
    """A number with a true minus sign; none before 0."""
    return f"{value:z.{digits}f}".replace("-", "\N{MINUS SIGN}")
