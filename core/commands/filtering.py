"""--filter: which pairs a command is about, in the words of the window's filter line."""

import argparse

import numpy as np

from core.analysis.conditions.measured import Measurer
from core.analysis.fragile import FragilePairs, find_fragile
from core.commands.scored import edits_of
from core.commands.shared import ProgressBar, Setup
from core.errors import XCosError
from core.query.evaluate import passing
from core.query.given import FilterInput
from core.query.language import Expression, fields_of, parse
from core.scoring.scored import ScoredGallery


def add_filter_option(parser: argparse.ArgumentParser) -> None:
    """--filter."""
    parser.add_argument(
        "--filter",
        metavar="EXPR",
        help="only the pairs that pass, such as 'outcome = FP and score > 0.4 and "
        "region(nose) > 30 %%'; see docs/formats.md",
    )


def read_filter(options: argparse.Namespace) -> Expression | None:
    """What --filter asks for, or None. Raises FilterError, before anything is loaded."""
    return None if options.filter is None else parse(options.filter)


def pairs_passing(
    expression: Expression,
    setup: Setup,
    scored: ScoredGallery,
    progress: ProgressBar,
) -> np.ndarray:
    """Which pairs of a gallery pass, (n, m) bool; looks for fragile pairs where it is asked to.

    Raises XCosError.
    """
    fragile: FragilePairs | None = None
    if "fragile" in fields_of(expression):
        if setup.threshold is None:
            raise XCosError(
                f"{setup.card.name} has no threshold, which fragile pairs need; give --threshold."
            )
        fragile = find_fragile(
            setup.verifier,
            setup.cache,
            scored,
            setup.threshold,
            progress,
        )
    measurer = Measurer(setup.cache)
    given = FilterInput(
        scored,
        setup.threshold,
        edits_of(setup, scored),
        fragile,
        lambda task: measurer.table(scored, setup.threshold, task),
    )
    return passing(expression, given, progress)
