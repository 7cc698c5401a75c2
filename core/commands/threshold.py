"""xcos threshold: whether the threshold holds on a gallery, told without its labels."""

import argparse
from typing import Any

from core.analysis.conditions.measured import Measurer
from core.analysis.threshold_fit import ThresholdFit, threshold_fit
from core.commands.scored import add_gallery_options, scored_at_threshold
from core.commands.shared import Setup
from core.json_text import json_text

EXAMPLES = """examples:
  xcos threshold photos              how many pairs of two people are called the same here
  xcos threshold photos --json       the rate with its interval, and the gallery's own threshold

No label is looked at: pairs of faces that are in no group of likely one person are presumably of
two. The interval reaches from their rate to that of all pairs, and holds the false match rate
where the gallery has many more people than photos of each."""


def add(commands: Any) -> None:
    """Add the command's parser, with its options and examples, to the sub-parsers."""
    parser = commands.add_parser(
        "threshold",
        help="whether the threshold holds on a gallery, without its labels",
        description="Predict a gallery's false match rate at the threshold from its scores alone.",
        epilog=EXAMPLES,
    )
    add_gallery_options(parser, probes=False)  # without labels, rates are told of one gallery
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns exit code 0. Raises XCosError."""
    setup, progress, threshold, scored = scored_at_threshold(options)
    table = Measurer(setup.cache).table(scored, threshold, progress)
    fit = threshold_fit(scored, threshold, table, progress)
    progress.close()
    if options.json:
        print(json_text(_as_dict(fit, setup)))
    else:
        print("\n".join(fit.words))
    return 0


def _as_dict(fit: ThresholdFit, setup: Setup) -> dict[str, Any]:
    rate = fit.found
    return {
        "model": setup.card.name,
        "attention": setup.kind,
        "threshold": rate.threshold,
        "label_free_far": rate.rate,
        "interval": list(rate.interval),
        "far_where_set": fit.shipped,
        "holds": fit.holds,
        "own_threshold": rate.own,
        "unlike": dict(fit.unlike),
        "faces": rate.faces,
        "groups": rate.groups,
        "words": list(fit.words),
    }
