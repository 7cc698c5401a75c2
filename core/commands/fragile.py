"""xcos fragile: pairs of a gallery whose verdict flips when a face is moved a little."""

import argparse
import sys
from collections.abc import Iterator
from typing import Any

from core.analysis.fragile import FragilePairs, find_fragile, fragile_counts, fragile_list
from core.commands.scored import add_gallery_options, scored_at_threshold
from core.commands.shared import add_output_option, warn
from core.commands.spared import check_output
from core.errors import counted
from core.json_text import json_text
from core.scoring.lists import PairList
from core.scoring.scored import ScoredGallery
from core.scoring.tables import COLUMNS, SUFFIXES, listed_rows, write_csv, write_table

EXAMPLES = """examples:
  xcos fragile photos -o fragile.csv     every fragile pair, nearest to the threshold first
  xcos fragile photos --json             how many pairs of each outcome are fragile

A pair is fragile when its verdict flips as either face is shifted by 2 pixels (left, right, up, down) or
turned by 2 degrees: then look at the crop before you blame the model."""


def add(commands: Any) -> None:
    """Add the command's parser, with its options and examples, to the sub-parsers."""
    parser = commands.add_parser(
        "fragile",
        help="find pairs whose verdict flips when a face is moved by 2 pixels or 2 degrees",
        description="Find the fragile pairs of a gallery.",
        epilog=EXAMPLES,
    )
    add_output_option(parser, "table to write: .csv, .parquet, .jsonl (default: CSV to stdout)")
    add_gallery_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns exit code 0. Raises XCosError."""
    check_output(options.output, SUFFIXES)
    setup, progress, threshold, scored = scored_at_threshold(options)
    matrix = scored.matrix
    fragile = find_fragile(setup.verifier, setup.cache, scored, threshold, progress)
    progress.close()
    listed = fragile_list(fragile, matrix, limit=matrix.pairs)
    rows = _rows(fragile, listed, scored)
    columns = (*COLUMNS, ("moves", str))
    if options.output is not None:
        write_table(options.output, rows, columns)
    elif not options.json:
        write_csv(sys.stdout, rows, columns)
    counts = fragile_counts(fragile, matrix)
    if options.json:
        summary = {
            "faces": len(scored.columns) + (0 if matrix.square else len(scored.rows)),
            "pairs": matrix.pairs,
            "threshold": threshold,
            "fragile": len(listed),
            "outcomes": {
                name: {"fragile": some, "pairs": total} for name, (some, total) in counts.items()
            },
        }
        print(json_text(summary))
    else:
        parts = [f"{name} {some} of {total}" for name, (some, total) in counts.items() if total]
        warn(f"{counted(len(listed), 'fragile pair')}: {', '.join(parts)}")
    return 0


def _rows(
    fragile: FragilePairs, listed: PairList, scored: ScoredGallery
) -> Iterator[tuple[Any, ...]]:
    plain = listed_rows(listed, (scored.rows, scored.columns), fragile.threshold)
    for row, i, j in zip(plain, listed.rows.tolist(), listed.columns.tolist(), strict=True):
        yield (*row, "; ".join(fragile.causes(i, j)))
