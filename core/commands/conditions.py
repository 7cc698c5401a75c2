"""xcos conditions: pose, size, sharpness, light and occlusion of each face, and what they do to errors."""

import argparse
import sys
from typing import Any

import numpy as np

from core.analysis.conditions.by_condition import ByCondition, ConditionRange, by_condition
from core.analysis.conditions.measured import COLUMNS, ConditionTable, Measurer, condition_rows
from core.commands.scored import (
    add_gallery_options,
    give_table,
    scored_at_threshold,
    scored_gallery,
)
from core.commands.shared import ProgressBar, Setup, add_output_option, finite
from core.commands.spared import check_table
from core.errors import XCosError
from core.faces.conditions import BY_NAME, CONDITIONS
from core.scoring.scored import ScoredGallery
from core.scoring.tables import write_csv

EXAMPLES = (
    """examples:
  xcos conditions photos -o conditions.csv       a row a face
  xcos conditions photos --json                  each condition's quarters
  xcos score photos --filter 'yaw > 30 or sharpness < 20'   the pairs whose worse face is so
  xcos conditions photos --by yaw                errors, thresholds and LRs by quarters of yaw
  xcos conditions photos --by yaw --ranges 10,25 -o by_yaw.csv    by ranges of your own

conditions:
"""
    + "\n".join(
        f"  {c.name:<11} {c.unit}; from {c.source}.{f' {c.limits}' if c.limits else ''}"
        for c in CONDITIONS
    )
    + """

A cell is empty where a condition is not known: a photo that is itself a crop has no pose. yaw_low
and yaw_high say between which degrees the true yaw lies. With --by, a pair lies in the range of its
worse face; intervals are 95 %, by drawing people; log10_lr is what a score at the threshold is worth
by likelihood ratios fitted on the range's own pairs, and Cllr is of those, people held out."""
)
RANGE_COLUMNS = (
    "low", "high", "impostor", "fmr", "fmr_low", "fmr_high", "genuine", "fnmr", "fnmr_low", "fnmr_high",
    "threshold", "threshold_low", "threshold_high", "log10_lr", "log10_lr_low", "log10_lr_high",
    "floor", "ceiling", "cllr", "cllr_pooled",
)  # fmt: skip
DASH = "\N{EN DASH}"


def add(commands: Any) -> None:
    """Add the command's parser, with its options and examples, to the sub-parsers."""
    parser = commands.add_parser(
        "conditions",
        help="pose, size, sharpness, light and occlusion of each face, and what they do to errors",
        description="Measure the conditions of each face of a gallery, or tell errors by one of them.",
        epilog=EXAMPLES,
    )
    add_output_option(parser)
    parser.add_argument(
        "--by",
        choices=list(BY_NAME),
        metavar="CONDITION",
        help="tell error rates, thresholds and likelihood ratios by ranges of a condition instead",
    )
    parser.add_argument(
        "--ranges",
        metavar="A,B,...",
        help="where ranges end (default: at the quarters of the faces' values)",
    )
    add_gallery_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns exit code 0. Raises XCosError."""
    check_table(options.output)
    edges = _edges(options)
    if options.by is not None:
        setup, progress, threshold, scored = scored_at_threshold(options)
        table = Measurer(setup.cache).table(scored, threshold, progress)
        ranges = by_condition(scored, threshold, table, options.by, edges, progress)
        progress.close()
        _give_ranges(ranges, options, setup)
        return 0
    setup, progress = Setup(options), ProgressBar()
    scored = scored_gallery(setup, options, progress, least=1)
    table = Measurer(setup.cache).table(scored, setup.threshold, progress)
    progress.close()
    rows = list(condition_rows(scored, table))
    give_table(
        options,
        [name for name, _ in COLUMNS],
        rows,
        _summary(scored, table) | {"threshold": setup.threshold},
        lambda: write_csv(sys.stdout, rows, COLUMNS),
    )
    return 0


def _edges(options: argparse.Namespace) -> tuple[float, ...]:
    if options.ranges is None:
        return ()
    if options.by is None:
        raise XCosError("--ranges are of a condition; name it with --by.")
    try:
        return tuple(finite(text) for text in options.ranges.split(","))
    except argparse.ArgumentTypeError as error:
        raise XCosError(f"--ranges: {error}; write numbers such as 10,25.") from error


def _summary(scored: ScoredGallery, table: ConditionTable) -> dict[str, Any]:
    """The quarters of each condition, and of how many faces it is known."""
    sides = (table.columns,) if scored.square else (table.columns, table.rows)
    conditions = {}
    for condition in CONDITIONS:
        values = np.concatenate([values[condition.name] for values in sides])
        known = values[~np.isnan(values)]
        quarters = np.percentile(known, [0, 25, 50, 75, 100]).tolist() if len(known) else None
        conditions[condition.name] = {
            "unit": condition.unit,
            "source": condition.source,
            "limits": condition.limits or None,
            "known": len(known),
            "quarters": quarters,
        }
    return {"faces": sum(len(loaded) for loaded in scored.galleries), "conditions": conditions}


def _give_ranges(ranges: ByCondition, options: argparse.Namespace, setup: Setup) -> None:
    rows = [_row(one) for one in ranges.ranges]
    figures = {
        "by": ranges.condition.name,
        "unit": ranges.unit,
        "model": setup.card.name,
        "attention": setup.kind,
        "at_threshold": ranges.threshold,
        "ranges": [dict(zip(RANGE_COLUMNS, row, strict=True)) for row in rows],
        "cllr": ranges.cllr,
        "cllr_pooled": ranges.cllr_pooled,
        "faces_unknown": ranges.unknown,
        "words": ranges.words,
    }
    give_table(options, RANGE_COLUMNS, rows, figures, lambda: _print_ranges(ranges))


def _row(one: ConditionRange) -> tuple[Any, ...]:
    """In the order of RANGE_COLUMNS; None where a figure is not known."""
    none = None, None
    worth = one.worth
    ratio = (None,) * 5
    if worth is not None:
        ratio = worth.log10_lr, *worth.interval, worth.floor, worth.ceiling  # type: ignore[assignment]
    return (
        *(one.low, one.high, one.impostor, one.fmr, *(one.fmr_interval or none)),
        *(one.genuine, one.fnmr, *(one.fnmr_interval or none)),
        *(one.threshold, *(one.threshold_interval or none), *ratio, one.cllr, one.cllr_pooled),
    )


def _print_ranges(ranges: ByCondition) -> None:
    heads = (
        "range",
        "impostor",
        "FMR, 95 %",
        "genuine",
        "FNMR, 95 %",
        "at FMR 1 %",
        "log10 LR",
        "Cllr",
    )
    rows = [
        (
            ranges.title(place),
            f"{one.impostor:,}",
            _percent(one.fmr, one.fmr_interval),
            f"{one.genuine:,}",
            _percent(one.fnmr, one.fnmr_interval),
            _number(one.threshold, one.threshold_interval),
            DASH if one.worth is None else _number(one.worth.log10_lr, one.worth.interval),
            DASH if one.cllr is None else f"{one.cllr:.3f}",
        )
        for place, one in enumerate(ranges.ranges)
    ]
    widths = [max(len(row[k]) for row in (heads, *rows)) for k in range(len(heads))]
    for row in (heads, *rows):
        print(
            "  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=True)).rstrip()
        )
    for sentence in (ranges.words, ranges.condition.limits):
        if sentence:
            print(sentence)


def _percent(value: float | None, interval: tuple[float, float] | None) -> str:
    if value is None:
        return DASH
    if interval is None:
        return f"{100 * value:.2f} %"
    return f"{100 * value:.2f} % ({100 * interval[0]:.2f} to {100 * interval[1]:.2f})"


def _number(value: float | None, interval: tuple[float, float] | None) -> str:
    if value is None or interval is None:
        return DASH
    return f"{value:z.3f} ({interval[0]:z.3f} to {interval[1]:z.3f})"
