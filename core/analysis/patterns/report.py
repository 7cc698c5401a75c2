"""Patterns of a selection, all in one, and how they are written to files."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from core.analysis.patterns.groups import Groups, MeanMaps, find_groups
from core.csv_files import csv_text
from core.errors import XCosError
from core.explain.maps import maps_of
from core.faces.align import TEMPLATE
from core.faces.face import Face
from core.faces.regions import face_regions
from core.model.features import CELLS
from core.model.kinds import AttentionKind, Order
from core.progress import QUIET, Task
from core.query.selection import Selection
from core.scoring.scored import ScoredGallery

MAPS = ("cosine", "attention", "contribution", "evidence")


@dataclass(frozen=True, eq=False)
class PatternReport:
    """What the pairs of a selection have in common.

    of, mean:   the selection and its mean maps
    less, base: the selection that it is compared with, and that one's; None without one
    groups:     of the first selection; None where they were not asked for
    """

    model: str
    kind: AttentionKind
    order: Order
    threshold: float
    of: Selection
    mean: MeanMaps
    less: Selection | None = None
    base: MeanMaps | None = None
    groups: Groups | None = None

    @property
    def shown(self) -> MeanMaps:
        """The mean maps, or their difference where there are two selections."""
        return self.mean if self.base is None else self.mean.less(self.base)

    @property
    def words(self) -> str:
        """What was looked at, its mean score, and where the maps differ most."""
        text = (
            f"{_upper(self.of.counted)}: mean score {self.mean.score:z.3f}, threshold "
            f"{self.threshold:.3f} ({self.kind} attention, order {self.order}, {self.model})."
        )
        if self.base is not None and self.less is not None:
            text += f" Less {self.less.counted}: mean score {self.base.score:z.3f}."
        return text.replace("-0.", "\N{MINUS SIGN}0.")


def look_for_patterns(
    scored: ScoredGallery,
    threshold: float,
    of: Selection,
    less: Selection | None = None,
    groups: int | None = None,
    task: Task = QUIET,
) -> PatternReport:
    """Mean maps of a selection, of another one, and the first one's groups.

    groups: how many; 0: as many as part the pairs best; None: none are looked for.
    Raises XCosError for a selection without pairs, and Stopped.
    """
    means = []
    stacks = []
    for selection in (of, less):
        if selection is None:
            continue
        maps = maps_of(scored, selection.pairs, task)
        mean = MeanMaps.of(maps, threshold)
        if mean is None:
            raise XCosError(
                f"There are no {selection.title} at the threshold {threshold:.4f}; choose others."
            )
        stacks.append(maps)
        means.append(mean)
    split = None if groups is None else find_groups(of, stacks[0], threshold, groups or None, task)
    base = means[1] if less is not None else None
    name, kind, order = scored.card.name, scored.kind, scored.order
    return PatternReport(name, kind, order, threshold, of, means[0], less, base, split)


def as_dict(report: PatternReport, rows: Sequence[Face], columns: Sequence[Face]) -> dict[str, Any]:
    """The report as JSON's types; rows and columns are the matrix's faces."""
    fields: dict[str, Any] = {
        "model": report.model,
        "attention": report.kind,
        "order": report.order,
        "threshold": report.threshold,
        "words": report.words,
        "regions": face_regions(TEMPLATE).tolist(),
        "of": _selection(report.of, report.mean),
        "less": None,
        "difference": None,
        "groups": None,
    }
    if report.less is not None and report.base is not None:
        fields["less"] = _selection(report.less, report.base)
        fields["difference"] = _maps(report.shown)
    if report.groups is not None:
        fields["silhouette"] = report.groups.silhouette
        fields["groups"] = [
            {
                "sentence": group.sentence,
                "pairs": len(group.pairs),
                "shares": group.shares,
                "others": group.others,
                **_maps(group.mean),
                "members": [
                    {"left": rows[i].key, "right": columns[j].key, "score": float(score)}
                    for i, j, score in zip(
                        group.pairs.rows.tolist(),
                        group.pairs.columns.tolist(),
                        group.pairs.scores.tolist(),
                        strict=True,
                    )
                ],
            }
            for group in report.groups.groups
        ]
    return fields


def _selection(selection: Selection, mean: MeanMaps) -> dict[str, Any]:
    return {
        "title": selection.title,
        "total": selection.total,
        "sampled": len(selection.pairs),
        "mean_score": mean.score,
        **_maps(mean),
    }


def _maps(mean: MeanMaps) -> dict[str, Any]:
    return {name: values.tolist() for name, values in asdict(mean).items() if name in MAPS}


def to_csv(report: PatternReport) -> str:
    """The 49 cells as CSV: mean maps, and the other selection's and the difference's."""
    sets = {"": report.mean}
    if report.base is not None:
        sets |= {"less_": report.base, "difference_": report.shown}
    rows: list[list[object]] = [
        ["row", "column", "region", *(f"{prefix}{name}" for prefix in sets for name in MAPS)]
    ]
    regions = face_regions(TEMPLATE)
    for row, column in np.ndindex(CELLS, CELLS):
        values = [getattr(mean, name)[row, column] for mean in sets.values() for name in MAPS]
        rows.append([row, column, regions[row, column], *(f"{v:.6g}" for v in values)])
    return csv_text(rows)


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
