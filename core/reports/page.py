"""A report as one file of HTML: pictures inside, no address named, nothing loaded."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core.errors import Stopped
from core.explain.colours import centred_table, table
from core.explain.report import NO_DECISION, PairReport, cell_rows
from core.explain.words import verdict
from core.faces.photo_files import readable
from core.progress import QUIET, Task
from core.reports.figures import (
    STRIP,
    TITLES,
    histogram_figure,
    jpeg,
    map_colours,
    matrix_picture,
    png,
    roc_figure,
    svg,
)
from core.reports.report import GalleryReport, ReportedPair
from core.reports.rows import figures, signed, strongest
from core.resources import resource_path

COLUMNS = (
    ("#", True), ("left", False), ("right", False), ("identities", False), ("score", True),
    ("margin", True), ("outcome", False), ("target", True), ("FC cosine", True),
    ("most for", False), ("most against", False),
)  # fmt: skip
CELL_COLUMNS = ("row", "column", "region", "S", "W", "W·S", "evidence")


@dataclass(frozen=True)
class Cell:
    """A cell of the table of pairs: its text, and its value where it is sorted as a number."""

    text: str
    value: str = ""
    numeric: bool = False
    outcome: bool = False


def write_page(
    path: Path,
    report: GalleryReport,
    version: str,
    task: Task = QUIET,
) -> None:
    """Write the page piece by piece. Raises OSError and Stopped."""
    environment = Environment(
        loader=FileSystemLoader(resource_path("reports")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    matrix = matrix_picture(report)
    template = environment.get_template("gallery.html")
    pieces = template.generate(
        report=report,
        version=version,
        figures=figures(report),
        plots=_plots(report),
        matrix="" if matrix is None else _uri(png(matrix), "png"),
        columns=COLUMNS,
        cell_columns=CELL_COLUMNS,
        bars=_bars(report),
        table=(_table_cells(n, pair) for n, pair in enumerate(report.pairs, start=1)),
        rows=_rows(report, task),
        record=report.record,
    )
    with path.open("w", encoding="utf-8") as file:
        for piece in pieces:
            file.write(readable(piece))


def _rows(report: GalleryReport, task: Task) -> Iterator[dict[str, Any]]:
    """The pairs with their pictures, made when the page comes to them."""
    for number, pair in enumerate(report.pairs):
        if task.stopped():
            raise Stopped("The report")
        task.report("Writing the page", number, len(report.pairs))
        yield _row(report, pair)
    task.report("Writing the page", len(report.pairs), len(report.pairs))


def _row(report: GalleryReport, pair: ReportedPair) -> dict[str, Any]:
    e = pair.explanation
    return {
        "left": e.left,
        "right": e.right,
        "outcome": pair.outcome,
        "words": verdict(e, pair.threshold, pair.regions) or NO_DECISION,
        "faces": [
            (name, _uri(jpeg(face), "jpeg"))
            for name, face in zip(("left", "right"), pair.pictures, strict=True)
            if face is not None
        ],
        "maps": [
            (
                TITLES[name],
                _uri(png(rgba), "png"),
                "" if name == "cosine" else signed(float(values.sum()), 3),
            )
            for name in STRIP
            if (rgba := map_colours(pair, name, report.limits)) is not None
            and (values := pair.map_of(name)) is not None
        ],
        "cell_rows": _cell_rows(pair),
    }


def _table_cells(number: int, pair: ReportedPair) -> list[Cell]:
    e = pair.explanation
    margin = None if pair.threshold is None else e.score - pair.threshold
    people = [person or "unknown" for person in pair.people]
    return [
        Cell(str(number), str(number), True),
        Cell(e.left),
        Cell(e.right),
        Cell(people[0] if people[0] == people[1] else " / ".join(people)),
        _number(e.score),
        _number(margin),
        Cell(pair.outcome or "", outcome=True),
        _number(e.target_cosine),
        _number(e.fc_cosine),
        *(Cell(region) for region in strongest(pair)),
    ]


def _number(value: float | None) -> Cell:
    if value is None:
        return Cell("", "", True)
    return Cell(signed(value), f"{value:.9g}", True)


def _cell_rows(pair: ReportedPair) -> Iterator[list[str]]:
    empty = np.zeros((0, 0, 3), np.uint8)
    for cell in cell_rows(PairReport(pair.explanation, pair.threshold, empty, empty, pair.regions)):
        evidence = cell["evidence"]
        yield [
            str(cell["row"] + 1),
            str(cell["column"] + 1),
            cell["region"],
            *(signed(cell[name]) for name in ("cosine", "attention", "contribution")),
            "" if evidence is None else signed(evidence),
        ]


def _plots(report: GalleryReport) -> list[tuple[str, str]]:
    if not report.whole:
        return []
    plots = [("Histogram of scores", histogram_figure(report)), ("ROC curve", roc_figure(report))]
    return [(name, svg(figure)) for name, figure in plots if figure is not None]


def _bars(report: GalleryReport) -> list[tuple[str, str, str, str]]:
    """Name, ends and colours of the scales of the maps."""
    limit = report.limits.contribution
    both = f"{TITLES['contribution']}, {TITLES['evidence']}"
    return [
        (TITLES["cosine"], signed(-1, 0), "1", _bar(centred_table(report.threshold or 0.0))),
        (TITLES["attention"], "0", signed(report.limits.attention), _bar(table("sequential"))),
        (both, signed(-limit), signed(limit), _bar(table("diverging"))),
    ]


def _bar(colours: np.ndarray) -> str:
    return _uri(png(colours[None]), "png")


def _uri(content: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
