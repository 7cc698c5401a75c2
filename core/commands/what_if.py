"""xcos what-if: what a pair's score becomes when its faces are edited."""

import argparse
from typing import Any

from core.commands.pair import add_pair_arguments, check_edited, open_pair
from core.commands.shared import (
    ProgressBar,
    Setup,
    add_face_options,
    add_model_options,
    add_output_option,
)
from core.errors import XCosError
from core.explain.editing.edits import EDIT_KINDS, Edit, form, parse_edit
from core.explain.editing.what_if import PairEditor, Question, faithfulness
from core.explain.editing.what_if_output import (
    change_words,
    faithfulness_words,
    what_if_dict,
    write_what_if,
)
from core.json_text import json_text

EPILOG = f"""edits, in pixels and degrees of the 112x112 crop; numbers left out are as usual:
  {chr(10).join(f"  {form(kind)}" for kind in EDIT_KINDS).strip()}

examples:
  xcos what-if a.jpg b.jpg --left sunglasses            one face with sunglasses
  xcos what-if a.jpg b.jpg --left patch:40,40,32,32 --right turn:10 -o what-if.json
                                                        numbers, and the edited faces beside them
  xcos what-if a.jpg b.jpg --left=shift:-2,0            a number below 0 needs the =
  xcos what-if a.jpg b.jpg --faithfulness --json        how well the explanation predicts"""


def add(commands: Any) -> None:
    """Add the command's parser, with its options and examples, to the sub-parsers."""
    parser = commands.add_parser(
        "what-if",
        help="edit the faces of a pair and see what becomes of the score",
        description="Cover, blur, darken or move the faces of a pair, and compare the real change of the score "
        "with the one that the explanation predicts.",
        epilog=EPILOG,
    )
    add_pair_arguments(parser)
    for side in ("left", "right"):
        parser.add_argument(
            f"--{side}",
            dest=f"{side}_edits",
            type=_edit,
            action="append",
            default=[],
            metavar="EDIT",
            help=f"an edit of the {side} face; may be given several times",
        )
    parser.add_argument("--swap", action="store_true", help="swap the order of the two faces")
    parser.add_argument(
        "--faithfulness",
        action="store_true",
        help="also cover the pair patch by patch: the correlation of real and predicted changes",
    )
    add_output_option(
        parser,
        ".json: numbers, with the edited faces beside it as .png; .png, .svg, .pdf, .csv, .html: "
        "the edited pair as explain writes it",
        several=True,
    )
    add_face_options(parser)
    add_model_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns exit code 0. Raises XCosError."""
    check_edited(options, options.output)
    setup, progress = Setup(options), ProgressBar()
    editor = open_editor(setup, options, progress)
    question = Question(tuple(options.left_edits), tuple(options.right_edits), options.swap)
    answer = editor.ask(question, setup.threshold)
    faithful = faithfulness(editor, None, progress) if options.faithfulness else None
    progress.close()
    for path in options.output:
        write_what_if(path, answer, faithful)
    if options.json:
        print(json_text(what_if_dict(answer, faithful)))
        return 0
    print(change_words(answer))
    print(f"{answer.report().caption[0].upper()}{answer.report().caption[1:]}.")
    if faithful is not None:
        print(faithfulness_words(faithful))
    return 0


def open_editor(setup: Setup, options: argparse.Namespace, progress: ProgressBar) -> PairEditor:
    """The pair that the options name, ready to be edited, its faces called as the user did."""
    pair = open_pair(setup, options, progress)
    names = options.left, options.right
    return PairEditor(setup.verifier, pair, setup.cache, names)


def _edit(text: str) -> Edit:
    try:
        return parse_edit(text)
    except XCosError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
