"""xcos groups: error rates by group at one threshold."""

import argparse
from typing import Any

from core.analysis.grouping import group_by
from core.analysis.groups import ALPHA, GroupRates, Rate, Whole, group_rates
from core.commands.scored import add_gallery_options, edits_of, give_table, scored_at_threshold
from core.commands.shared import Setup, add_output_option, warn
from core.commands.spared import check_table

EXAMPLES = """examples:
  xcos groups people.csv --by sex            by a column of the CSV
  xcos groups photos --by glasses            faces or people with the tag, and those without
  xcos groups photos --by age --json         tags such as age:young and age:old, by their values
  xcos groups people.csv --by sex -o groups.csv

FMR is of impostor pairs within a group, FNMR of its genuine pairs, ratios are to the mean of all
groups. Intervals are 95 %, by drawing people. FDR (de Freitas Pereira and Marcel, 2021) is 1 where
groups are equal, GARBE (Howard et al., 2022) is 0; both weigh FMR and FNMR alike. A rate stands without an
interval where its people or errors are so few that drawing people changes nothing."""
COLUMNS = (
    "group",
    "faces",
    "people",
    "fmr",
    "fmr_low",
    "fmr_high",
    "fmr_ratio",
    "impostor_pairs",
    "fnmr",
    "fnmr_low",
    "fnmr_high",
    "fnmr_ratio",
    "genuine_pairs",
    "photos",
    "failed",
)


def add(commands: Any) -> None:
    """Add the command's parser, with its options and examples, to the sub-parsers."""
    parser = commands.add_parser(
        "groups",
        help="error rates by group, and how much they differ",
        description="Compare the error rates of groups of people at one threshold (ISO/IEC 19795-10).",
        epilog=EXAMPLES,
    )
    parser.add_argument(
        "--by",
        required=True,
        metavar="TAG|COLUMN",
        help="what tells groups apart: a column of the gallery's CSV, or a tag",
    )
    add_output_option(parser)
    add_gallery_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns exit code 0. Raises XCosError."""
    check_table(options.output)
    setup, progress, threshold, scored = scored_at_threshold(options)
    edits = edits_of(setup, scored)
    galleries = [loaded.gallery for loaded in scored.galleries]
    grouping = group_by(options.by, galleries, edits)
    rates = group_rates(scored, threshold, grouping, progress)
    progress.close()
    rows = group_table(rates)
    give_table(options, COLUMNS, rows, _as_dict(rates, setup), lambda: _tell(rates))
    for sentence in rates.words:
        warn(sentence)
    return 0


def group_table(rates: GroupRates) -> list[tuple[Any, ...]]:
    """A row a group in the order of COLUMNS; None where a rate is not known."""
    rows = []
    for group in rates.groups:
        cells: list[Any] = [group.name, group.faces, group.people]
        for rate in (group.fmr, group.fnmr):
            cells += [rate.value, *(rate.interval or (None, None)), rate.ratio, rate.pairs]
        rows.append((*cells, group.photos, group.failed))
    return rows


def _as_dict(rates: GroupRates, setup: Setup) -> dict[str, Any]:
    return {
        "by": rates.by,
        "threshold": rates.threshold,
        "model": setup.card.name,
        "attention": setup.kind,
        "groups": [
            {
                "name": group.name,
                "faces": group.faces,
                "people": group.people,
                "too_few_people": group.too_few,
                **_rate("fmr", group.fmr),
                **_rate("fnmr", group.fnmr),
                "photos": group.photos,
                "failures_to_acquire": group.failed,
                "regions": group.regions,
            }
            for group in rates.groups
        ],
        "cross_group": _rate("fmr", rates.all_cross),
        "cross_groups": [
            {"groups": list(names), **_rate("fmr", rate)} for names, rate in rates.cross.items()
        ],
        "fdr": _whole(rates.fdr),
        "garbe": _whole(rates.garbe),
        "alpha": ALPHA,
        "ungrouped_faces": rates.ungrouped,
        "words": list(rates.words),
    }


def _rate(name: str, rate: Rate) -> dict[str, Any]:
    return {
        name: rate.value,
        f"{name}_interval": None if rate.interval is None else list(rate.interval),
        f"{name}_ratio_to_mean": rate.ratio,
        f"{name}_pairs": rate.pairs,
        f"{name}_errors": rate.errors,
    }


def _whole(measure: Whole | None) -> dict[str, Any] | None:
    if measure is None:
        return None
    value, interval = measure
    return {"value": value, "interval": None if interval is None else list(interval)}


def _tell(rates: GroupRates) -> None:
    width = max(len("group"), *(len(group.name) for group in rates.groups))
    print(f"{'group':<{width}}  people  {'FMR, 95 %':<26}{'FNMR, 95 %':<26}no face")
    for group in rates.groups:
        print(
            f"{group.name:<{width}}  {group.people:>6}  {_rate_words(group.fmr):<26}"
            f"{_rate_words(group.fnmr):<26}{group.failed} of {group.photos}"
        )
    print(f"across groups: FMR {_rate_words(rates.all_cross)}")
    for name, whole in (("FDR", rates.fdr), ("GARBE", rates.garbe)):
        if whole is not None:
            value, ends = whole
            interval = "" if ends is None else f" ({ends[0]:.4f} to {ends[1]:.4f})"
            print(f"{name} {value:.4f}{interval}")


def _rate_words(rate: Rate) -> str:
    if rate.value is None:
        return "–"
    if rate.interval is None:
        return f"{100 * rate.value:.2f} %"
    low, high = (100 * end for end in rate.interval)
    return f"{100 * rate.value:.2f} % ({low:.2f} to {high:.2f})"
