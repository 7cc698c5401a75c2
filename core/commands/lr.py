"""xcos lr: what the score of one pair is worth, as a likelihood ratio."""

import argparse
from pathlib import Path
from typing import Any

from core.analysis.evidence.curves import evidence_figure
from core.analysis.evidence.decision import BayesDecision, bayes_decision
from core.analysis.evidence.pair_strength import FittedReference, fit_for
from core.analysis.evidence.ratios import METHODS, LikelihoodRatios
from core.analysis.evidence.shipped import shipped_ratios
from core.analysis.evidence.words import interval_words, strength_words
from core.commands.pair import add_pair_arguments, check_outputs, open_pair
from core.commands.shared import (
    ProgressBar,
    Setup,
    add_face_options,
    add_model_options,
    add_output_option,
    finite,
    warn,
)
from core.errors import XCosError, counted
from core.files import write_whole
from core.json_text import json_text
from core.scoring.scored import ScoredGallery

EXAMPLES = """examples:
  xcos lr ann1.jpg ann2.jpg                         by the reference that ships with the model
  xcos lr ann1.jpg ann2.jpg --reference people      by a folder of known people like the pair's
  xcos lr a.jpg b.jpg --reference people --method kde --json
  xcos lr a.jpg b.jpg --reference people -o curves.png   Tippett, PAV and ECE curves
  xcos lr a.jpg b.jpg --prior 0.001 --cost 10       and the threshold that costs least

The likelihood ratio (LR) says how many times likelier the score is if both photos show the same
person than if they show two. It is never above what the reference supports (ELUB; Vergeer et al.,
2016). log10_lr, interval, floor and ceiling of --json are log10. Cllr is of pairs whose people
the fit did not see; 0 is perfect, 1 is no evidence."""
FIGURES = (".png", ".svg", ".pdf")


def add(commands: Any) -> None:
    """Add the command's parser, with its options and examples, to the sub-parsers."""
    parser = commands.add_parser(
        "lr",
        help="what a pair's score is worth, as a likelihood ratio",
        description="Turn the score of one pair into a likelihood ratio by a reference of known people.",
        epilog=EXAMPLES,
    )
    add_pair_arguments(parser)
    parser.add_argument(
        "--reference",
        type=Path,
        metavar="GALLERY",
        help="folder or CSV (path,identity) of known people in photos like the pair's "
        "(default: the figures that ship with the model)",
    )
    parser.add_argument(
        "--method",
        choices=METHODS,
        help="how scores become LRs: logistic regression, kernel densities or isotonic "
        "regression (default: logistic)",
    )
    parser.add_argument(
        "--prior",
        type=finite,
        metavar="P",
        help="probability, before the score, that the pair shows one person: gives a threshold",
    )
    parser.add_argument(
        "--cost",
        type=finite,
        metavar="C",
        help="what a false accept costs when a false reject costs 1 (default: 1)",
    )
    add_output_option(
        parser, "picture of the reference's Tippett, PAV and ECE curves: .png, .svg or .pdf"
    )
    add_face_options(parser)
    add_model_options(parser, target=True, refused=("--threshold",))
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns exit code 0. Raises XCosError."""
    _check(options)
    setup, progress = Setup(options, decides=False), ProgressBar()
    pair = open_pair(setup, options, progress)
    reference = _reference(setup, options, pair, progress)
    ratios = reference.ratios
    progress.close()
    if reference.told is not None:
        warn(reference.told)
    decision = None
    if options.prior is not None:
        cost = 1.0 if options.cost is None else options.cost
        decision = bayes_decision(ratios, options.prior, cost)
    if options.output is not None:
        from core.explain.drawing import figure_bytes

        form = options.output.suffix.lower()[1:]
        write_whole(options.output, figure_bytes(evidence_figure(ratios), form))
    summary = _as_dict(setup, options, pair, ratios, decision) | {
        "left_out": list(reference.left_out)
    }
    if options.json:
        print(json_text(summary))
    else:
        _tell(summary, ratios, decision)
    return 0


def _check(options: argparse.Namespace) -> None:
    check_outputs(options, [options.output] if options.output else [], FIGURES)
    if options.threshold is not None:
        raise XCosError(
            "A likelihood ratio is of the score alone; leave --threshold out, or move one by --prior."
        )
    if options.cost is not None and options.prior is None:
        raise XCosError("--cost moves a threshold together with a prior; give --prior too.")
    if options.reference is None and options.method not in (None, "logistic"):
        raise XCosError(
            "The reference that ships is logistic; name a gallery with --reference for "
            f"--method {options.method}."
        )
    if options.reference is None and options.output is not None:
        raise XCosError(
            "The reference that ships is summary figures without curves; name a gallery with "
            "--reference."
        )


def _reference(
    setup: Setup, options: argparse.Namespace, pair: ScoredGallery, progress: ProgressBar
) -> FittedReference:
    if options.reference is None:
        return FittedReference(shipped_ratios(setup.card, setup.kind, options.order))
    loaded = setup.open(options.reference, progress, with_project=True)
    if len(loaded) < 2:
        raise XCosError(f"{options.reference} gives no pair of faces; choose another reference.")
    scored = setup.score(loaded, None, progress)
    return fit_for(pair.faces(0, 0), scored, options.method or "logistic", progress)


def _as_dict(
    setup: Setup,
    options: argparse.Namespace,
    pair: ScoredGallery,
    ratios: LikelihoodRatios,
    decision: BayesDecision | None,
) -> dict[str, Any]:
    strength = ratios.strength(float(pair.matrix.scores[0, 0]))
    return {
        "left": options.left,
        "right": options.right,
        "model": setup.card.name,
        "attention": setup.kind,
        "order": options.order,
        "score": strength.score,
        "log10_lr": strength.log10_lr,
        "interval": list(strength.interval),
        "floor": strength.floor,
        "ceiling": strength.ceiling,
        "method": ratios.method,
        "reference": {
            "name": ratios.reference,
            "people": ratios.people,
            "genuine": ratios.genuine,
            "impostor": ratios.impostor,
        },
        "cllr": ratios.cllr,
        "cllr_min": ratios.cllr_min,
        "words": strength_words(strength),
        "interval_words": interval_words(strength),
        "decision": None
        if decision is None
        else {
            "prior": decision.prior,
            "cost": decision.cost,
            "log10_lr_needed": decision.log10_needed,
            "threshold": decision.threshold,
            "words": decision.words,
        },
    }


def _tell(
    summary: dict[str, Any], ratios: LikelihoodRatios, decision: BayesDecision | None
) -> None:
    print(f"Score {summary['score']:z.4f}: {summary['words']}")
    print(f"{summary['interval_words']}.")
    print(
        f"Reference {ratios.reference}: {counted(ratios.people, 'person', 'people')}, "
        f"{ratios.genuine:,} genuine and {counted(ratios.impostor, 'impostor pair')}, {ratios.method}."
    )
    if ratios.cllr is None:
        print("Too few people to hold any out, so its Cllr is not known.")
    else:
        print(f"Cllr {ratios.cllr:.3f}; the best calibration would leave {ratios.cllr_min:.3f}.")
    if decision is not None:
        print(decision.words)
