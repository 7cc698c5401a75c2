"""xcos people: who is hard to match, and who is matched by strangers."""

import argparse
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

from core.analysis.people import ANIMALS, Measure, People, Person, people
from core.commands.scored import add_gallery_options, scored_at_threshold
from core.commands.shared import Setup, add_output_option, warn
from core.commands.spared import check_table
from core.csv_files import csv_text
from core.errors import XCosError, counted
from core.files import write_whole
from core.json_text import json_text

COLUMNS = (
    "identity",
    "class",
    "faces",
    "genuine_pairs",
    "genuine_mean",
    "genuine_worst",
    "impostor_pairs",
    "impostor_mean",
    "impostor_highest",
    "impostor_worst",
    "gallery_mean",
    "gallery_highest",
    "probe_mean",
    "probe_highest",
    "false_rejects",
    "false_accepts",
)
EXAMPLES = """examples:
  xcos people photos                        a line a person, those hardest to match first
  xcos people photos -o people.csv          the same as a table
  xcos people photos --probes cctv --json   wolves among the probes, lambs in the gallery
  xcos people photos --impostor highest     classes by each face's closest stranger

Classes are by quarters of all people's mean genuine and impostor scores (Yager & Dunstone, 2010):
worm, phantom, chameleon, dove; goat, lamb, wolf and sheep where only one of them stands out."""


def add(commands: Any) -> None:
    """Add the command's parser, with its options and examples, to the sub-parsers."""
    parser = commands.add_parser(
        "people",
        help="who is hard to match, and who is matched by strangers",
        description="Measure each person's genuine and impostor scores, and class them as in the biometric menagerie.",
        epilog=EXAMPLES,
    )
    add_output_option(parser)
    parser.add_argument(
        "--impostor",
        choices=get_args(Measure),
        default="mean",
        help="classes by the mean impostor score, as published, or by the mean of each face's "
        "highest one (default: %(default)s)",
    )
    add_gallery_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns exit code 0. Raises XCosError."""
    output: Path | None = options.output
    check_table(output)
    setup, progress, threshold, scored = scored_at_threshold(options)
    everyone = people(scored, threshold, options.impostor, progress)
    progress.close()
    if not everyone.persons:
        raise XCosError(
            f"No face of {options.gallery} has an identity; put each person's photos in a folder "
            "of their own, or open a CSV of path,identity."
        )
    summary = _summary(everyone, setup, options)
    if output is not None:
        text = json_text(summary) if output.suffix.lower() == ".json" else people_csv(everyone)
        write_whole(output, text.encode())
    if options.json:
        print(json_text(summary))
    elif output is None:
        _tell(everyone)
    return 0


def hardest_first(everyone: People) -> list[Person]:
    """People by their mean genuine score, lowest first; those without a genuine pair last."""
    return sorted(
        everyone.persons,
        key=lambda p: (p.genuine_mean is None, p.genuine_mean or 0.0, p.identity),
    )


def people_csv(everyone: People) -> str:
    """A row a person, hardest first; empty where there is no such score."""
    rows = ([_row(person)[column] for column in COLUMNS] for person in hardest_first(everyone))
    shown = ([f"{cell:z.6f}" if isinstance(cell, float) else cell for cell in row] for row in rows)
    return csv_text([COLUMNS, *shown])


def _row(person: Person) -> dict[str, Any]:
    row = asdict(person)
    row["class"] = row.pop("animal")
    for role in ("gallery", "probe"):
        row[f"{role}_mean"], row[f"{role}_highest"] = row.pop(f"as_{role}")
    return row


def _summary(everyone: People, setup: Setup, options: argparse.Namespace) -> dict[str, Any]:
    counts = Counter(p.animal for p in everyone.persons)
    return {
        "gallery": str(options.gallery),
        "probes": None if options.probes is None else str(options.probes),
        "model": setup.card.name,
        "attention": setup.kind,
        "order": options.order,
        "threshold": everyone.threshold,
        "impostor": everyone.measure,
        "genuine_quarters": everyone.genuine_quarters,
        "impostor_quarters": everyone.impostor_quarters,
        "classes": {animal: counts[animal] for animal in ANIMALS},
        "without_genuine_pairs": sum(p.genuine_mean is None for p in everyone.persons),
        "faces_without_identity": everyone.unknown,
        "people": [_row(person) for person in hardest_first(everyone)],
    }


def _tell(everyone: People) -> None:
    print("class      genuine   worst  impostor  highest   FN    FP  faces  identity")
    for p in hardest_first(everyone):
        print(
            f"{p.animal or '':<10} {_score(p.genuine_mean)} {_score(p.genuine_worst)}  "
            f"{_score(p.impostor_mean)}  {_score(p.impostor_highest)} "
            f"{p.false_rejects:>4} {p.false_accepts:>5}  {p.faces:>5}  {p.identity}"
        )
    lone = sum(p.genuine_mean is None for p in everyone.persons)
    remarks = [counted(len(everyone.persons), "person", "people")]
    if lone:
        remarks.append(f"{lone} without a genuine pair, listed last")
    if everyone.unknown:
        remarks.append(f"{counted(everyone.unknown, 'face')} without an identity not counted")
    if everyone.genuine_quarters is None:
        remarks.append("too few people, or too alike, for quarters and their classes")
    warn("; ".join(remarks))


def _score(value: float | None) -> str:
    return f"{'–':>7}" if value is None else f"{value:>z7.3f}"
