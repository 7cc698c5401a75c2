"""xcos readers: how readers agree, how right they are, and what they add to the score."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.analysis.readers.agreement import Readers, readers_of, readers_words
from core.analysis.readers.table import read_readings, readings_csv
from core.commands.scored import add_gallery_options, scored_gallery
from core.commands.shared import ProgressBar, Setup, add_output_option, warn
from core.commands.spared import check_output
from core.errors import XCosError, counted
from core.files import write_whole
from core.json_text import json_text
from core.project.project import Project
from core.project.readings import RATINGS, Reading, readings_of

EXAMPLES = """examples:
  xcos readers photos                          agreement and accuracy of all readers
  xcos readers photos -o readings.csv          who rated which pair how and when
  xcos readers photos --import readings.csv    bring ratings in: reader,left,right,rating

Readers rate pairs in the window (Analyse, Second reader) from -3, surely different people, to 3,
surely one person, blind to scores, names and each other. Ratings are kept in the project."""


def add(commands: Any) -> None:
    """Add the command's parser, with its options and examples, to the sub-parsers."""
    parser = commands.add_parser(
        "readers",
        help="agreement and accuracy of people who rated pairs, and their fusion with the score",
        description="Compare the readers who rated a gallery's pairs.",
        epilog=EXAMPLES,
    )
    parser.add_argument(
        "--import",
        dest="imported",
        type=Path,
        metavar="FILE",
        help="CSV of reader,left,right,rating to keep in the gallery's project first",
    )
    add_output_option(parser, "CSV of all readings to write")
    add_gallery_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns exit code 0. Raises XCosError."""
    imported = [] if options.imported is None else read_readings(options.imported)
    if options.imported is not None and not imported:
        raise XCosError(f"{options.imported} lists no rating; write a line for each.")
    check_output(options.output, (".csv",))
    setup, progress = Setup(options), ProgressBar()
    scored = scored_gallery(setup, options, progress)
    progress.close()
    project = setup.project_of(scored.columns.gallery.source)
    if imported:
        readers_of(scored, imported)  # a list of another gallery's pairs is not kept
        _keep(project, imported, options)
    readings = readings_of(project.edits.readings)
    readers = readers_of(scored, readings)
    if options.output is not None:
        write_whole(options.output, readings_csv(readings))
    if options.json:
        print(json_text(as_dict(readers)))
    else:
        print("\n".join(readers_words(readers)))
    if readers.elsewhere:
        many = readers.elsewhere > 1
        warn(
            f"{readers.elsewhere} {'ratings are' if many else 'rating is'} of faces that this gallery "
            f"lacks and {'do' if many else 'does'} not count."
        )
    return 0


def _keep(project: Project, imported: Sequence[Reading], options: argparse.Namespace) -> None:
    """Keep readings in a project, and tell of those whose place they take."""
    before, kept = project.edits.readings, {one.key: one.value for one in imported}
    project.change(lambda edits: replace(edits, readings=edits.readings | kept))
    replaced = sum(before.get(key, value) != value for key, value in kept.items())
    if replaced:
        warn(
            f"{counted(replaced, 'earlier rating')} of the same reader and pair "
            f"{'was' if replaced == 1 else 'were'} replaced by {options.imported}; "
            "xcos tag GALLERY --undo takes the import back."
        )


def as_dict(readers: Readers) -> dict[str, Any]:
    """The figures as plain values."""
    return {
        "readers": [
            {
                "name": one.name,
                "read": one.read,
                "decided": one.decided,
                "accuracy": one.accuracy,
                "auc": one.auc,
                "ratings": list(RATINGS),
                "different_people": one.confusion[0].tolist(),
                "same_person": one.confusion[1].tolist(),
                "calibration": list(one.calibration),
            }
            for one in readers.readers
        ],
        "weighted_kappa": [
            {"readers": [a, b], "kappa": value, "pairs": pairs}
            for a, b, value, pairs in readers.kappa
        ],
        "krippendorff_alpha": readers.alpha,
        "fusion": None
        if readers.fusion is None
        else {
            "pairs": readers.fusion.pairs,
            "auc_score": readers.fusion.score,
            "auc_ratings": readers.fusion.ratings,
            "auc_fused": readers.fusion.fused,
            "gain": readers.fusion.gain,
        },
    }
