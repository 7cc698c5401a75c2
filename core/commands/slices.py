"""xcos slices: where the model does worst."""

import argparse
from typing import Any

from core.analysis.conditions.measured import Measurer
from core.analysis.conditions.slices import Slice, worst_slices
from core.analysis.conditions.traits import traits_of
from core.commands.scored import add_gallery_options, edits_of, give_table, scored_at_threshold
from core.commands.shared import add_output_option, warn
from core.commands.spared import check_table

EXAMPLES = """examples:
  xcos slices photos                  sentences on where errors pile up, the worst first
  xcos slices people.csv --json       with rates, intervals and counts; the CSV's columns count too
  xcos slices photos -o slices.csv

Slices are found by a tree of three levels over the conditions of both faces (of a pair, the worse
one), tags and columns of the gallery's CSV, on at most 20,000 genuine and 20,000 impostor pairs.
Intervals are 95 %, by drawing people. Rates err to the high side: the slices were found on the same
pairs."""
COLUMNS = ("sort", "where", "rate", "low", "high", "overall", "errors", "pairs")
NONE = "No slice has more errors than all pairs of its sort."


def add(commands: Any) -> None:
    """Add the command's parser, with its options and examples, to the sub-parsers."""
    parser = commands.add_parser(
        "slices",
        help="where the model does worst: conditions, tags and columns that pick errors out",
        description="Find the conditions, tags and columns under which a gallery's pairs go wrong most.",
        epilog=EXAMPLES,
    )
    add_output_option(parser)
    add_gallery_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns exit code 0. Raises XCosError."""
    check_table(options.output)
    setup, progress, threshold, scored = scored_at_threshold(options)
    traits = traits_of(scored, edits_of(setup, scored))
    table = Measurer(setup.cache).table(scored, threshold, progress)
    worst = worst_slices(scored, threshold, table, traits, progress)
    progress.close()
    if traits.words is not None:
        warn(traits.words)
    rows, words = [_row(one) for one in worst], [one.words for one in worst]
    slices = [
        dict(zip((*COLUMNS, "words"), (*row, sentence), strict=True))
        for row, sentence in zip(rows, words, strict=True)
    ]
    figures = {"model": setup.card.name, "threshold": threshold, "slices": slices}
    give_table(options, COLUMNS, rows, figures, lambda: print("\n".join(words) or NONE))
    return 0


def _row(one: Slice) -> tuple[Any, ...]:
    """In the order of COLUMNS; None where there is no interval."""
    sort = "genuine" if one.genuine else "impostor"
    ends = one.interval or (None, None)
    return (sort, one.where, one.rate, *ends, one.overall, one.errors, len(one.pairs))
