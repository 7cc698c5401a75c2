"""xcos flip: what would flip a pair's verdict."""

import argparse
from typing import Any

from core.commands.pair import add_pair_arguments, check_edited
from core.commands.scored import needed_threshold
from core.commands.shared import (
    ProgressBar,
    Setup,
    add_face_options,
    add_model_options,
    add_output_option,
)
from core.commands.what_if import open_editor
from core.errors import XCosError
from core.explain.editing.flip import (
    FLIP_KINDS,
    DecidingCells,
    FlipSearch,
    cells_words,
    deciding_cells,
    smallest_flip,
)
from core.explain.editing.what_if import SIDES, Question
from core.explain.editing.what_if_output import write_what_if
from core.json_text import json_text

EXAMPLES = """examples:
  xcos flip a.jpg b.jpg                          the fewest cells that decide, and the smallest patch
  xcos flip a.jpg b.jpg --kind blur --kind turn  the smallest blur and the smallest turn
  xcos flip a.jpg b.jpg --side left -o flip.json the edited face beside its numbers"""


def add(commands: Any) -> None:
    """Add the command's parser, with its options and examples, to the sub-parsers."""
    parser = commands.add_parser(
        "flip",
        help="find what would flip a pair's verdict",
        description="The fewest cells whose evidence decides the verdict, and the smallest edit that changes it.",
        epilog=EXAMPLES,
    )
    add_pair_arguments(parser)
    parser.add_argument(
        "--kind",
        choices=FLIP_KINDS,
        action="append",
        help="kind of edit to search; may be given several times (default: patch)",
    )
    parser.add_argument(
        "--side",
        choices=(*SIDES, "either"),
        default="either",
        help="which face is edited (default: %(default)s)",
    )
    add_output_option(
        parser,
        "the pair with the first edit found: .json with the edited face beside it, or .png, .svg, .pdf, .csv, .html",
    )
    add_face_options(parser)
    add_model_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns exit code 0. Raises XCosError."""
    check_edited(options, [] if options.output is None else [options.output])
    setup, progress = Setup(options), ProgressBar()
    threshold = needed_threshold(setup)
    editor = open_editor(setup, options, progress)
    before = editor.before
    cells = deciding_cells(before.evidence(threshold), before.contribution, before.law)
    sides = SIDES if options.side == "either" else (options.side,)
    kinds = options.kind or ["patch"]
    searches = [smallest_flip(editor, threshold, kind, sides, progress) for kind in kinds]
    progress.close()
    flips = [search.found for search in searches if search.found is not None]
    if options.output is not None:
        if not flips:
            raise XCosError(
                f"No edit of these kinds flips the verdict, so {options.output} was not written."
            )
        edits = {flips[0].side: (flips[0].edit,)}
        question = Question(edits.get("left", ()), edits.get("right", ()))
        write_what_if(options.output, editor.ask(question, threshold))
    if options.json:
        summary = {"score": editor.before.score, "threshold": threshold}
        print(json_text(summary | _as_dict(cells, searches)))
    else:
        print(cells_words(cells, editor.regions()))
        for search in searches:
            print(search.words)
    return 0


def _as_dict(cells: DecidingCells, searches: list[FlipSearch]) -> dict[str, Any]:
    return {
        "verdict": "same" if cells.same else "different",
        "cells_without": [list(cell) for cell in cells.without],
        "cells_enough": [list(cell) for cell in cells.enough],
        "flips": [
            {
                "kind": search.kind,
                "tried": search.tried,
                "largest": search.largest,
                "side": None if search.found is None else search.found.side,
                "edit": None if search.found is None else search.found.edit.text,
                "size": None if search.found is None else search.found.size,
                "score": None if search.found is None else search.found.score,
            }
            for search in searches
        ],
    }
