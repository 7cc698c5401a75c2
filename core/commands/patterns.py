"""xcos patterns: what the pairs of an outcome, of a person, or of a list have in common."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.analysis.patterns.groups import MOST_GROUPS
from core.analysis.patterns.output import PATTERN_SUFFIXES, write_patterns
from core.analysis.patterns.report import (
    PatternReport,
    as_dict,
    look_for_patterns,
)
from core.commands.filtering import add_filter_option, pairs_passing
from core.commands.scored import (
    add_gallery_options,
    edits_of,
    needed_threshold,
    scored_at_threshold,
)
from core.commands.shared import ProgressBar, Setup, add_output_option
from core.commands.spared import check_output
from core.csv_files import named_columns, read_rows, refuse_repeated
from core.errors import XCosError, quoted
from core.json_text import json_text
from core.project.sides import all_tags
from core.query.language import parse
from core.query.selection import Selection, Whose, select, select_listed
from core.scoring.lists import PairList
from core.scoring.matrix import Outcome
from core.scoring.scored import ScoredGallery

EXAMPLES = """examples:
  xcos patterns photos --outcome FP --groups       false accepts, grouped by what carries them
  xcos patterns photos --outcome FP --minus TP     how their maps differ from true accepts'
  xcos patterns photos --identity "Ann Lee" -o ann.png
  xcos patterns photos --pairs hard.csv --groups --json
  xcos patterns photos --tag glasses --minus TP tag=glasses
  xcos patterns photos --filter "fragile and genuine" --groups

--minus takes an outcome, identity=NAME, tag=NAME and filter=EXPR, any of them together. --pairs takes a table with the columns left and
right, such as xcos score writes."""
OUTCOMES: tuple[Outcome, ...] = ("TP", "FP", "FN", "TN")


def add(commands: Any) -> None:
    """Add the command's parser, with its options and examples, to the sub-parsers."""
    parser = commands.add_parser(
        "patterns",
        help="what many pairs have in common: mean maps, differences, groups",
        description="Mean cosine, attention and evidence maps of many pairs, the difference from "
        "others, and groups of pairs whose evidence looks alike.",
        epilog=EXAMPLES,
    )
    group = parser.add_argument_group("which pairs")
    group.add_argument("--outcome", choices=OUTCOMES, help="pairs of this outcome (default: all)")
    group.add_argument("--identity", metavar="NAME", help="pairs with a face of this person")
    group.add_argument(
        "--tag", metavar="NAME", help="pairs with this tag, or whose face or identity has it"
    )
    add_filter_option(group)
    group.add_argument("--pairs", type=Path, metavar="FILE", help="the pairs of a table instead")
    group.add_argument(
        "--minus",
        nargs="+",
        metavar="WHAT",
        help="show the difference from these pairs: an outcome, identity=NAME, tag=NAME, filter=EXPR",
    )
    parser.add_argument(
        "--groups",
        nargs="?",
        type=int,
        const=0,
        metavar="N",
        help="group the pairs by their evidence, into N groups or as many as part them best",
    )
    add_output_option(parser, "file to write: .png, .svg, .pdf, .json or .csv", several=True)
    add_gallery_options(parser, target=True)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns exit code 0. Raises XCosError."""
    for path in options.output:
        check_output(path, PATTERN_SUFFIXES)
    if options.groups is not None and not 0 <= options.groups <= MOST_GROUPS:
        raise XCosError(
            f"--groups {options.groups} is no number of groups; give 1 to {MOST_GROUPS}, or none."
        )
    asked = _Asked(options.outcome, options.identity, options.tag, options.filter)
    if options.pairs is not None and asked != _Asked():
        raise XCosError(
            "--pairs names the pairs; leave --outcome, --identity, --tag and --filter out, or --pairs."
        )
    minus = None if options.minus is None else _minus(options.minus)
    for one in (asked, minus):
        if one is not None and one.filter is not None:
            parse(one.filter)  # refuses it before anything is loaded
    setup, progress, threshold, scored = scored_at_threshold(options)
    if options.pairs is not None:
        of = select_listed(f"pairs of {options.pairs.name}", _listed(options.pairs, scored))
    else:
        of = _select(asked, setup, scored, progress)
    less = None if minus is None else _select(minus, setup, scored, progress)
    report = look_for_patterns(
        scored,
        threshold,
        of,
        less,
        options.groups,
        progress,
    )
    progress.close()
    faces = scored.rows.gallery.faces, scored.columns.gallery.faces
    for path in options.output:
        write_patterns(path, report, *faces)
    if options.json:
        print(json_text(as_dict(report, *faces)))
    else:
        _tell(report)
    return 0


@dataclass
class _Asked:
    """Which pairs; what is None is left open."""

    outcome: Outcome | None = None
    identity: str | None = None
    tag: str | None = None
    filter: str | None = None


def _minus(words: list[str]) -> _Asked:
    """What --minus names. Raises XCosError."""
    asked = _Asked()
    for word in words:
        name, _, value = word.partition("=")
        sort = "outcome" if word in OUTCOMES else name
        if getattr(asked, sort, None) is not None:
            raise XCosError(f"--minus names more than one {sort}; give one of each sort.")
        if word in OUTCOMES:
            asked.outcome = next(known for known in OUTCOMES if known == word)
        elif name in ("identity", "tag", "filter") and value:
            setattr(asked, name, value)
        else:
            raise XCosError(
                f"--minus {word!r} is none of {', '.join(OUTCOMES)}, identity=NAME, tag=NAME, filter=EXPR."
            )
    return asked


def _select(asked: _Asked, setup: Setup, scored: ScoredGallery, progress: ProgressBar) -> Selection:
    """The pairs asked for. Raises XCosError for a name that the gallery does not know."""
    faces = scored.rows.gallery.faces, scored.columns.gallery.faces
    whose = []
    if asked.identity is not None:
        whose.append(Whose.identity(asked.identity, *faces))
        if whose[-1].empty:
            raise XCosError(
                f"The gallery has no identity {asked.identity!r}; look at its spelling."
            )
    if asked.tag is not None:
        edits = edits_of(setup, scored)
        whose.append(Whose.tag(asked.tag, edits, *faces))
        if whose[-1].empty:
            known = ", ".join(all_tags(edits)) or "none yet"
            raise XCosError(f"The gallery has no tag {asked.tag!r}; its tags are: {known}.")
    passing = None
    if asked.filter is not None:
        passing = asked.filter, pairs_passing(parse(asked.filter), setup, scored, progress)
    return select(scored.matrix, needed_threshold(setup), asked.outcome, whose, passing)


def _listed(path: Path, scored: ScoredGallery) -> PairList:
    """The pairs of a table with columns left and right, by the faces' keys. Raises XCosError."""
    rows, columns = scored.rows.gallery.index(), scored.columns.gallery.index()
    places = []
    table = read_rows(path)
    place = named_columns(table[0] if table else None, {"left": ["left"], "right": ["right"]})
    if len(place) < 2:
        raise XCosError(f"{path}, line 1: name the columns left and right, as xcos score does.")
    refuse_repeated(path, table[0], table[1:], place.values())
    for row in table[1:]:
        left, right = row.cell(place["left"]), row.cell(place["right"])
        if left not in rows or right not in columns:
            raise XCosError(
                f"{path}, line {row.line}: {quoted(left)} and {quoted(right)} are not both faces of "
                "the gallery; write them as xcos score does."
            )
        places.append((rows[left], columns[right]))
    i, j = np.array(places, np.int64).reshape(-1, 2).T
    return PairList(i, j, scored.matrix.scores[i, j])


def _tell(report: PatternReport) -> None:
    print(report.words)
    what = "mean" if report.base is None else "difference of the means"
    for name, values in (
        ("cosine S", report.shown.cosine),
        ("attention W", report.shown.attention),
        ("evidence", report.shown.evidence),
    ):
        print(f"\n{what}, {name}")
        for row in values:
            print(" ".join(f"{value:>z8.4f}" for value in row))
    if report.groups is not None:
        print(f"\n{report.groups.words}")
        for number, group in enumerate(report.groups.groups, start=1):
            print(f"{number}. {group.sentence}")
