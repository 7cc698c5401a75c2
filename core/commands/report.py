"""xcos report: a gallery, a selection or a pair as one file to share."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from core.commands.filtering import add_filter_option, pairs_passing, read_filter
from core.commands.scored import add_gallery_options, edits_of, no_pair, with_probes
from core.commands.shared import ProgressBar, Setup, positive, warn
from core.commands.spared import check_output
from core.errors import XCosError, counted
from core.json_text import json_text
from core.reports.choice import (
    hardest_pairs,
    named_pair,
    of_outcome,
    that_pass,
    whole_gallery,
)
from core.reports.faces import PICTURES
from core.reports.output import (
    FORMS,
    PAGES,
    refuse_lost_record,
    refuse_unwritable,
    write_report,
)
from core.reports.report import (
    MOST_DRAWN,
    Chosen,
    GalleryReport,
    ReportOptions,
    ReportSource,
    collect,
)
from core.scoring.matrix import OUTCOMES

EXAMPLES = """examples:
  xcos report photos -o report.html              the whole gallery: counts, curves, worst pairs
  xcos report photos -o report.pdf --pairs 40    the same to print, with 40 pairs
  xcos report photos --outcome FP -o fp.html     only the false accepts
  xcos report photos --filter 'genuine and region(nose) > 30 %' -o mouth.html
  xcos report photos --pair ann/1.jpg bob/2.jpg -o pair.html
  xcos report photos --record -o record.pdf      with digests, versions, conditions and readers
  xcos report people.csv --record --by yaw --by sex -o record.html   and errors by those
  xcos report photos --pictures blurred --anonymous -o share.html
                                                 without recognisable faces and names
  xcos report photos -o worst.parquet --cells    numbers, with S and W of all 49 cells

A page holds everything in one file and loads nothing; -o may be given several times."""


def add(commands: Any) -> None:
    """Add the command's parser, with its options and examples, to the sub-parsers."""
    parser = commands.add_parser(
        "report",
        help="a gallery, a selection or a pair as one file to share",
        description="Write a report: HTML in one file, PDF, or a table of numbers.",
        epilog=EXAMPLES,
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        action="append",
        required=True,
        metavar="FILE",
        help=f"file to write: {', '.join(FORMS)}; may be given several times",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--outcome", choices=OUTCOMES, help="only the pairs of an outcome")
    which.add_argument(
        "--hardest", type=positive, metavar="N", help="only the N pairs most likely to go wrong"
    )
    which.add_argument(
        "--pair", nargs=2, metavar=("LEFT", "RIGHT"), help="one pair, by its faces' paths"
    )
    add_filter_option(parser)
    parser.add_argument(
        "--pairs",
        type=positive,
        default=MOST_DRAWN,
        metavar="N",
        help="show at most N pairs (default: %(default)s)",
    )
    parser.add_argument(
        "--pictures",
        choices=PICTURES,
        default="shown",
        help="faces as they are, blurred, or none (default: %(default)s)",
    )
    parser.add_argument(
        "--anonymous",
        action="store_true",
        help="call people and photos by numbers, and name no file",
    )
    _add_record_options(parser)
    parser.add_argument("--title", metavar="TEXT", help="heading (default: the gallery's name)")
    parser.add_argument(
        "--cells", action="store_true", help="in tables: S and W of each of the 49 cells too"
    )
    add_gallery_options(parser, target=True)
    parser.set_defaults(run=run)


def _add_record_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--record",
        action="store_true",
        help="tell what the report can be checked by too: digests, versions, settings, likelihood "
        "ratios, conditions, and who decided what when",
    )
    parser.add_argument(
        "--by",
        action="append",
        default=[],
        metavar="NAME",
        help="in the record: errors by a condition, a column of the gallery's CSV or a tag; may be "
        "given several times",
    )


def run(options: argparse.Namespace) -> int:
    """Run the command; returns exit code 0. Raises XCosError."""
    for path in options.output:
        check_output(path, FORMS)
        refuse_unwritable(path)
    if not options.json:  # which prints the record
        refuse_lost_record(options.output, options.record)
    if options.cells and all(path.suffix.lower() in PAGES for path in options.output):
        raise XCosError(
            "--cells is of tables, and a page tells the cells of each pair as it is; name a table, "
            "such as pairs.csv, with -o too."
        )
    if options.by and not options.record:
        raise XCosError("--by tells errors in the record; give --record too.")
    wanted = read_filter(options)
    if wanted is not None and options.pair is not None:
        raise XCosError("--pair names one pair, so there is nothing to filter; give one of them.")
    setup, progress = Setup(options), ProgressBar()
    gallery, probes = with_probes(setup, options, progress)
    scored = setup.score(gallery, probes, progress)
    if scored.matrix.pairs == 0:
        raise no_pair(options.gallery, gallery.gallery.problems)
    source = ReportSource(scored, setup.threshold, setup.cache, edits_of(setup, scored))
    asked = ReportOptions(
        options.title,
        options.pictures,
        options.anonymous,
        record=options.record,
        by=tuple(options.by),
    )
    mask = None
    if wanted is not None:
        mask = pairs_passing(wanted, setup, scored, progress)
    report = collect(source, _chosen(source, options, mask), asked, progress)
    for path in options.output:
        write_report(path, report, progress, cells=options.cells)
    progress.close()
    if options.json:
        print(json_text(_summary(report, options.output)))
    else:
        for path in options.output:
            print(path)
        warn(f"{report.shown}; {counted(len(report.problems), 'photo')} gave no face")
    return 0


def _chosen(source: ReportSource, options: argparse.Namespace, mask: np.ndarray | None) -> Chosen:
    words = None if options.filter is None else f"\u201c{options.filter}\u201d"
    if words is not None and options.anonymous:
        words = "a filter"  # its text may name people and photos
    if options.pair is not None:
        return named_pair(source, *options.pair)
    if options.outcome is not None:
        return of_outcome(source, options.outcome, options.pairs, mask, words)
    if options.hardest is not None:
        return hardest_pairs(source, options.hardest, options.pairs, mask, words)
    if mask is not None:
        return that_pass(source, options.pairs, mask, words or "")
    return whole_gallery(source, options.pairs)


def _summary(report: GalleryReport, outputs: list[Path]) -> dict[str, Any]:
    counts = None
    if report.threshold is not None:
        counts = report.statistics.counts(report.threshold).by_outcome()
    return {
        "written": [str(path) for path in outputs],
        "faces": report.faces,
        "pairs": report.total,
        "shown": len(report.pairs),
        "model": report.model,
        "attention": report.kind,
        "order": report.order,
        "threshold": report.threshold,
        "counts": counts,
        "problems": [asdict(problem) for problem in report.problems],
        "record": None if report.record is None else asdict(report.record),
    }
