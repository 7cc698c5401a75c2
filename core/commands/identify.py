"""xcos identify: probes against a gallery's persons, by rank."""

import argparse
import math
from typing import Any

import numpy as np

from core.analysis.persons import FUSIONS, USUAL, Identification, identify, why_not_second
from core.commands.scored import add_gallery_options, scored_at_threshold
from core.commands.shared import add_output_option
from core.commands.spared import check_table
from core.errors import XCosError, counted
from core.json_text import json_text
from core.scoring.pair_tables import write_pair_table
from core.scoring.scored import ScoredGallery

EXAMPLES = """examples:
  xcos identify people --probes cctv              CMC, FPIR and FNIR of probes against people
  xcos identify people --fusion best --json       each photo against the others of its gallery
  xcos identify people --probes cctv -o who.csv   each probe's first and second person
  xcos identify people --probes cctv --why cctv1.jpg   why the first person and not the second

A person's score is with the mean of the features of its photos, its best photo's, or the mean of
its photos'. A gallery without probes is its own: each photo is then left out of its person.
CMC at rank k: share of probes of known people whose person is among the first k. FPIR: share of
probes of nobody in the gallery that score above the threshold with someone, so – without such probes.
FNIR: share of probes of known people whose person is not first, or not above the threshold."""
COLUMNS = ("probe", "identity", "rank", "first", "first_score", "second", "second_score")


def add(commands: Any) -> None:
    """Add the command's parser, with its options and examples, to the sub-parsers."""
    parser = commands.add_parser(
        "identify",
        help="probes against people of several photos: ranks, and why not the second",
        description="Score probes against a gallery's people, and rank them.",
        epilog=EXAMPLES,
    )
    parser.add_argument(
        "--fusion",
        choices=FUSIONS,
        default=USUAL,
        help="how a person's photos become one score (default: %(default)s)",
    )
    parser.add_argument(
        "--why", metavar="PROBE", help="a probe whose first and second person to tell apart"
    )
    add_output_option(parser)
    add_gallery_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns exit code 0. Raises XCosError."""
    check_table(options.output)
    setup, progress, threshold, scored = scored_at_threshold(options)
    ranked = identify(scored, options.fusion, progress)
    why = _why(scored, ranked, options.why, threshold)
    progress.close()
    if options.output is not None:
        write_pair_table(options.output, COLUMNS, _rows(scored, ranked))
    fpir, fnir = ranked.rates(threshold)
    cmc = ranked.cmc().tolist() if (ranked.truth >= 0).any() else None
    if options.json:
        summary = {
            "model": setup.card.name,
            "attention": setup.kind,
            "threshold": threshold,
            "fusion": ranked.fusion,
            "persons": len(ranked.persons),
            "probes": len(ranked.probes),
            "mated": int((ranked.truth >= 0).sum()),
            "cmc": cmc,
            "fpir": fpir,
            "fnir": fnir,
            "why": why,
        }
        print(json_text(summary))
        return 0
    print(
        f"{counted(len(ranked.probes), 'probe')}, {counted(len(ranked.persons), 'person', 'people')}, fusion {ranked.fusion}"
    )
    if cmc is not None:
        ranks = sorted({1, len(cmc)})
        print(", ".join(f"rank {rank}: {100 * cmc[rank - 1]:.1f} %" for rank in ranks))
    for name, rate in (("FPIR", fpir), ("FNIR", fnir)):
        print(f"{name} {'–' if rate is None else f'{100 * rate:.1f} %'} at {threshold:.4f}")
    if why is not None:
        print(f"{why['first']} and not {why['second']}: {why['margin']:+z.4f}, by cells:")
        for row in why["difference"]:
            print(" ".join(f"{cell:+z.4f}" for cell in row))
    return 0


def _why(
    scored: ScoredGallery, ranked: Identification, probe: str | None, threshold: float
) -> dict[str, Any] | None:
    if probe is None:
        return None
    keys = [scored.rows.gallery.faces[place].key for place in ranked.probes]
    if probe not in keys:
        raise XCosError(f"{probe} is no probe with a known person; name one as -o lists them.")
    why = why_not_second(scored, ranked, keys.index(probe), threshold)
    return {
        "probe": probe,
        "first": why.first,
        "second": why.second,
        "margin": why.margin,
        "difference": why.difference.tolist(),
    }


def _rows(scored: ScoredGallery, ranked: Identification) -> list[tuple[Any, ...]]:
    """In the order of COLUMNS; None where there is no rank, or no such person."""
    ranks = iter(ranked.ranks.tolist())
    rows = []
    for place, probe in enumerate(ranked.probes):
        face = scored.rows.gallery.faces[probe]
        order = np.argsort(-np.nan_to_num(ranked.scores[place], nan=-np.inf), kind="stable")
        cells: list[Any] = [face.key, face.identity]
        cells.append(next(ranks) if ranked.truth[place] >= 0 else None)
        for person in order[:2]:
            score = float(ranked.scores[place, person])
            known = math.isfinite(score)  # else no photo of the person is left
            cells += [ranked.persons[person], score] if known else [None, None]
        rows.append(tuple([*cells, None, None][: len(COLUMNS)]))
    return rows
