"""xcos matrix: the matrix of all pairs as a picture, people by people as a table, and chosen pairs counted."""

import argparse
import fnmatch
import io
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, get_args

import numpy as np
from PIL import Image

from core.analysis.conditions.measured import Measurer
from core.analysis.rates import RateInterval
from core.analysis.selection import ChosenReport, look_at_chosen
from core.commands.scored import add_gallery_options, edits_of, scored_at_threshold
from core.commands.shared import Setup, add_output_option
from core.commands.spared import check_output
from core.csv_files import csv_text
from core.errors import XCosError, counted
from core.explain.arranged import CELL_COLUMNS, arranged_image, cells, picture
from core.explain.difference_image import DifferenceImage
from core.explain.matrix_image import Far, Look, MatrixImage
from core.files import write_whole
from core.gallery.gallery import Gallery
from core.json_text import json_text
from core.scoring.orders import COLUMN, CONDITION, LEVELS, ORDERS, Asked
from core.scoring.scored import ScoredGallery
from core.scoring.selected import ChosenPairs

SORTS = tuple(order for order in ORDERS if order != "score")
SIDE = 1200  # pixels of a picture
LISTED = 10  # cells or pairs that are printed
EXAMPLES = """examples:
  xcos matrix photos -o matrix.png --sort similarity          look-alikes side by side
  xcos matrix photos --level people -o people.csv -o people.png
                                                               a cell all pairs of two people
  xcos matrix photos --level people --far errors --sort hardness -o errors.png
                                                               the share of errors, the hardest first
  xcos matrix photos --choose 'Ann*' 'Bob*'                    what these pairs hold, with 95 % intervals
  xcos matrix photos --less attention:uniform -o less.png      what learned attention moves
  xcos matrix photos --less labels                             outcomes that your new names have changed"""


def add(commands: Any) -> None:
    """Add the command's parser, with its options and examples, to the sub-parsers."""
    parser = commands.add_parser(
        "matrix",
        help="the matrix as a picture, people by people, or a choice of its pairs",
        description="Draw the matrix of all pairs in an order, sum it up by people, tags or a column, "
        "count a rectangle of it, or compare it with another scoring.",
        epilog=EXAMPLES,
    )
    add_output_option(
        parser,
        ".png: the picture; .csv: a row a cell of people, tags or a column",
        several=True,
    )
    parser.add_argument(
        "--level", default="faces", metavar="LEVEL",
        help=f"what a cell is: {', '.join(LEVELS)}, or {COLUMN}NAME of the gallery's CSV (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--sort", default="name", metavar="ORDER",
        help=f"order of rows and columns: {', '.join(SORTS)}, {COLUMN}NAME of the CSV, or "
        f"{CONDITION}NAME such as sharpness (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--sort-columns", metavar="ORDER", help="with --probes: of the columns alone"
    )
    parser.add_argument(
        "--far", choices=get_args(Far), default="worst",
        help="what stands for many pairs: their mean, the worst of them, or the share of errors "
        "(default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--outcomes", action="store_true", help="colour by outcome, not by score")
    parser.add_argument("--dark", action="store_true", help="colours for a dark ground")
    parser.add_argument(
        "--less", metavar="WHAT",
        help="how far scores lie above those of attention:KIND or order:ORDER, each from its own "
        "threshold; labels: which outcomes names that were changed in the window have changed",
    )  # fmt: skip
    parser.add_argument(
        "--choose", nargs=2, metavar=("ROWS", "COLUMNS"),
        help="count the pairs of these people or faces; * stands for any letters",
    )  # fmt: skip
    add_gallery_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns exit code 0. Raises XCosError."""
    _check(options)
    setup, progress, threshold, scored = scored_at_threshold(options)
    edits = edits_of(setup, scored)
    asked = Asked(
        options.level, options.sort, options.sort_columns or options.sort, against=options.less
    )
    values = None
    if any(sort.startswith(CONDITION) for sort in (asked.rows, asked.columns)):
        values = Measurer(setup.cache).table(scored, threshold, progress).of
    image = arranged_image(scored, asked, threshold, edits, progress, values)
    chosen = None
    if options.choose is not None:
        chosen = look_at_chosen(scored, _chosen(scored, options.choose), threshold, progress)
    progress.close()
    for path in options.output:
        if path.suffix.lower() == ".png":
            look = Look(threshold, options.outcomes, options.far, options.dark)
            buffer = io.BytesIO()
            Image.fromarray(picture(image, look, SIDE)).save(buffer, "PNG")
            write_whole(path, buffer.getvalue())
        else:
            write_whole(path, csv_text([CELL_COLUMNS, *_rounded(image, threshold)]).encode())
    if options.json:
        print(json_text(_as_dict(setup, options, scored, image, chosen)))
    else:
        _tell(options, scored, image, chosen, threshold)
    return 0


def _check(options: argparse.Namespace) -> None:
    for path in options.output:
        check_output(path, (".png", ".csv"))
        if path.suffix.lower() == ".csv" and options.level == "faces":
            raise XCosError(
                "A table has a row for each cell of --level people, tags or column:NAME; "
                "xcos score writes each pair."
            )
        if path.suffix.lower() == ".csv" and options.less is not None:
            raise XCosError("A table has no differences; write a picture, or leave out --less.")
    if options.outcomes and options.less is not None:
        raise XCosError("A difference has colours of its own; leave --outcomes out, or --less.")
    if options.outcomes and options.far == "mean":
        raise XCosError("A mean score has no outcome; use --far worst or errors.")
    if (options.outcomes or options.dark) and not any(
        path.suffix.lower() == ".png" for path in options.output
    ):
        raise XCosError("--outcomes and --dark colour a picture; name one with -o, as matrix.png.")
    if options.level not in LEVELS and not options.level.startswith(COLUMN):
        raise XCosError(
            f"--level {options.level}: give {', '.join(LEVELS)} or {COLUMN}NAME of the CSV."
        )
    for sort in (options.sort, options.sort_columns or "name"):
        if sort not in SORTS and not sort.startswith((COLUMN, CONDITION)):
            raise XCosError(
                f"--sort {sort}: give {', '.join(SORTS)}, {COLUMN}NAME of the CSV or {CONDITION}NAME."
            )
    if options.sort_columns is not None and options.probes is None:
        raise XCosError("--sort-columns needs --probes; one gallery has one order, --sort.")


def _chosen(scored: ScoredGallery, patterns: Sequence[str]) -> ChosenPairs:
    sides = zip((scored.rows.gallery, scored.columns.gallery), patterns, strict=True)
    rows, columns = (_named(gallery, pattern) for gallery, pattern in sides)
    return ChosenPairs(scored.square).with_rectangle(
        scored.matrix.scores.shape, rows, columns, True
    )


def _named(gallery: Gallery, pattern: str) -> np.ndarray:
    """Places of the faces whose identity or key fits a pattern. Raises XCosError where none does."""
    places = [
        place
        for place, face in enumerate(gallery.faces)
        if pattern in (face.identity, face.key)  # also where it has a sign such as [
        or fnmatch.fnmatchcase(face.identity or "", pattern)
        or fnmatch.fnmatchcase(face.key, pattern)
    ]
    if not places:
        raise XCosError(f"No identity and no face of {gallery.source} is called {pattern!r}.")
    return np.array(places)


def _rounded(image: MatrixImage, threshold: float) -> list[list[Any]]:
    return [
        [f"{cell:z.6f}" if isinstance(cell, float) else cell for cell in row]
        for row in cells(image, threshold)
    ]


def _as_dict(
    setup: Setup,
    options: argparse.Namespace,
    scored: ScoredGallery,
    image: MatrixImage,
    chosen: ChosenReport | None,
) -> dict[str, Any]:
    summary: dict[str, Any] = {
        "gallery": str(options.gallery), "model": setup.card.name, "attention": setup.kind,
        "threshold": setup.threshold, "level": options.level, "sort": options.sort,
        "rows": _names(scored, image, 0), "columns": _names(scored, image, 1),
    }  # fmt: skip
    if options.level != "faces" and options.less is None:
        rows = cells(image, setup.threshold or 0.0)
        summary["cells"] = [dict(zip(CELL_COLUMNS, row, strict=True)) for row in rows]
    if isinstance(image, DifferenceImage):
        summary["changed"] = {"less": image.found.name, "pairs": _changed(scored, image)}
    if chosen is not None:
        summary["chosen"] = {
            "pairs": chosen.total, **asdict(chosen.counts),
            "tar": chosen.tar and asdict(chosen.tar), "far": chosen.far and asdict(chosen.far),
        }  # fmt: skip
    return summary


def _names(scored: ScoredGallery, image: MatrixImage, which: int) -> list[str]:
    side = image.shown.columns if which else image.shown.rows
    faces = (scored.columns if which else scored.rows).gallery.faces
    return [faces[place].key for place in side.places] if side.single else list(side.names)


def _changed(scored: ScoredGallery, image: DifferenceImage) -> int:
    matrix, every = scored.matrix, slice(0, scored.matrix.scores.shape[1])
    return sum(
        int((image.found.changed[rows] & matrix.counted(rows, every)).sum())
        for rows in matrix.tiles()
    )


def _tell(
    options: argparse.Namespace,
    scored: ScoredGallery,
    image: MatrixImage,
    chosen: ChosenReport | None,
    threshold: float,
) -> None:
    n, m = image.shown.shape
    print(
        f"{counted(n, 'row')} and {counted(m, 'column')}, {counted(scored.matrix.pairs, 'pair')}, threshold {threshold:.4f}"
    )
    if isinstance(image, DifferenceImage):
        what = "outcome" if image.found.outcomes is not None else "side"
        changed = _changed(scored, image)
        verb = "changes" if changed == 1 else "change"
        print(f"{counted(changed, 'pair')} {verb} {what}, less {image.found.name}")
    elif not image.shown.cells_are_pairs:
        once = {
            frozenset(cell[:2]) if scored.square else cell[:2]: cell
            for cell in cells(image, threshold)
        }
        worst = sorted(once.values(), key=lambda cell: (-cell[6], -cell[7]))[:LISTED]
        for row, column, pairs, mean, score, outcome, errors, _ in worst:
            print(
                f"  {row} x {column}: {counted(errors, 'error')} of {counted(pairs, 'pair')}, mean {mean:z.3f}, "
                f"worst {score:z.3f} ({outcome})"
            )
    if chosen is not None:
        counts = chosen.counts
        print(
            f"{counted(chosen.total, 'pair')} chosen: TP {counts.tp:,}, FP {counts.fp:,}, FN {counts.fn:,}, "
            f"TN {counts.tn:,}, unknown {counts.unknown:,}"
        )
        for name, rate in (("TAR", chosen.tar), ("FAR", chosen.far)):
            if rate is not None:
                print(f"  {name} {_rate(rate)}")


def _rate(rate: RateInterval) -> str:
    if rate.low is None or rate.high is None:
        return f"{rate.rate:.4f}, too few people for an interval"
    return f"{rate.rate:.4f}, 95 % interval {rate.low:.4f} to {rate.high:.4f}"
