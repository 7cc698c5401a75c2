"""xcos conditions: pose, size, sharpness, light and occlusion of each face."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from core.analysis.conditions.measured import (
    COLUMNS,
    Measurer,
    Values,
    condition_rows,
    conditions_csv,
)
from core.commands.scored import add_gallery_options, scored_gallery
from core.commands.shared import ProgressBar, Setup, check_table
from core.faces.conditions import CONDITIONS
from core.files import write_whole
from core.gallery.gallery import LoadedGallery
from core.json_text import json_text

EXAMPLES = (
    """examples:
  xcos conditions photos -o conditions.csv       a row a face
  xcos conditions photos --json                  each condition's quarters
  xcos score photos --filter 'yaw > 30 or sharpness < 20'   the pairs whose worse face is so

conditions:
"""
    + "\n".join(f"  {c.name:<11} {c.unit}; from {c.source}" for c in CONDITIONS)
    + "\n\nA cell is empty where a condition is not known: a photo that is itself a crop has no pose."
)


def add(commands: Any) -> None:
    """Add the command's parser, with its options and examples, to the sub-parsers."""
    parser = commands.add_parser(
        "conditions",
        help="measure pose, size, sharpness, light and occlusion of each face",
        description="Measure the conditions of each face of a gallery.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="table to write: .csv or .json"
    )
    add_gallery_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns exit code 0. Raises XCosError."""
    output: Path | None = options.output
    check_table(output, options.gallery)
    setup, progress = Setup(options), ProgressBar()
    scored = scored_gallery(setup, options, progress, least=1)
    table = Measurer(setup.cache).table(scored, setup.threshold, progress)
    progress.close()
    both = [(scored.columns, table.columns)]
    if not scored.square:
        both.append((scored.rows, table.rows))
    if output is not None:
        write_whole(output, _written(both, output.suffix.lower()))
    if options.json:
        print(json_text(_summary(both) | {"threshold": setup.threshold}))
    elif output is None:
        print(_written(both, ".csv").decode("utf-8", "surrogateescape"), end="")
    return 0


def _written(both: list[tuple[LoadedGallery, Values]], suffix: str) -> bytes:
    if suffix == ".json":
        rows = (row for loaded, values in both for row in condition_rows(loaded, values))
        return json_text([dict(zip(COLUMNS, row, strict=True)) for row in rows]).encode()
    first, *more = (conditions_csv(loaded, values) for loaded, values in both)
    return first + b"".join(text.split(b"\n", 1)[1] for text in more)


def _summary(both: list[tuple[LoadedGallery, Values]]) -> dict[str, Any]:
    """The quarters of each condition, and of how many faces it is known."""
    found = {}
    for condition in CONDITIONS:
        values = np.concatenate([values[condition.name] for _, values in both])
        known = values[~np.isnan(values)]
        quarters = np.percentile(known, [0, 25, 50, 75, 100]).tolist() if len(known) else None
        found[condition.name] = {
            "unit": condition.unit,
            "source": condition.source,
            "known": len(known),
            "quarters": quarters,
        }
    return {"faces": sum(len(loaded) for loaded, _ in both), "conditions": found}
