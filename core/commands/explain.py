"""xcos explain: why one pair scored as it did."""

import argparse
from dataclasses import replace
from typing import Any

from core.analysis.evidence.words import shipped_words
from core.commands.pair import add_pair_arguments, check_outputs, open_pair
from core.commands.shared import (
    ProgressBar,
    Setup,
    add_face_options,
    add_model_options,
    add_output_option,
)
from core.explain.explain import pair_report
from core.explain.output import PAIR_SUFFIXES, write_pair
from core.explain.report import PairReport, cell_rows, to_json

EXAMPLES = """examples:
  xcos explain ann1.jpg ann2.jpg                  the verdict and the cells that decided
  xcos explain ann1.jpg bob.jpg -o pair.png       the maps as a picture (.svg, .pdf, .html too)
  xcos explain a.jpg group.jpg#2 --json           the second face of a photo, as JSON
  xcos explain a.png b.png --aligned --attention uniform"""


def add(commands: Any) -> None:
    """Add the command's parser, with its options and examples, to the sub-parsers."""
    parser = commands.add_parser(
        "explain",
        help="explain why two photos scored as they did",
        description="Explain one pair: cosine map, attention map, each cell's contribution, and the decision in words.",
        epilog=EXAMPLES,
    )
    add_pair_arguments(parser)
    add_output_option(parser, "file to write: .png, .svg, .pdf, .json, .csv or .html", several=True)
    add_face_options(parser)
    add_model_options(parser, target=True)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns exit code 0. Raises XCosError."""
    check_outputs(options, options.output, PAIR_SUFFIXES)
    setup, progress = Setup(options), ProgressBar()
    pair = open_pair(setup, options, progress)
    progress.close()
    report = pair_report(pair, 0, 0, setup.threshold, setup.cache)
    # The two photos may have one name in two folders: they are called what the user called them.
    named = replace(report.explanation, left=options.left, right=options.right)
    report = replace(report, explanation=named)
    for path in options.output:
        write_pair(path, report)
    if options.json:
        print(to_json(report))
    else:
        e = report.explanation
        _tell(report, shipped_words(setup.card, e.kind, e.order, e.score))
    return 0


def _tell(report: PairReport, worth: str | None) -> None:
    e = report.explanation
    print(report.words or f"No decision, since {e.model} has no threshold; give --threshold.")
    if worth is not None:
        print(worth)
    print(f"{report.caption[0].upper()}{report.caption[1:]}.")
    if e.target_cosine is not None:
        print(f"Target cosine {e.target_cosine:z.3f}.")
    if e.fc_cosine is not None:
        print(f"FC cosine {e.fc_cosine:z.3f}.")
    print("\nrow column  region               S       W     W·S  running sum")
    for row in cell_rows(report)[:10]:
        print(
            f"{row['row']:>3} {row['column']:>6}  {row['region']:<16} {row['cosine']:>z6.3f} "
            f"{row['attention']:>7.4f} {row['contribution']:>z7.4f} {row['running_sum']:>z12.4f}"
        )
    print(
        "... the ten largest of 49 contributions, rows and columns from 0; -o cells.csv writes all."
    )
