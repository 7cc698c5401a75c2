"""xcos evaluate: accuracy on a protocol's pairs."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.commands.shared import ProgressBar, Setup, add_face_options, add_model_options, warn
from core.evaluation.metrics import measure
from core.evaluation.protocol import open_pairs, pair_scores, read_protocol
from core.progress import never

EXAMPLES = """examples:
  xcos evaluate lfw/pairs.txt --photos lfw/aligned --aligned
  xcos evaluate lfw/pairsDevTest.txt --photos lfw/photos --json
  xcos evaluate my_pairs.csv --target target.safetensors

pairs.txt has ten folds: each is judged by the threshold that is best on the other nine. A CSV of
left,right,same (1 or 0) gets ten seeded folds. pairsDevTest.txt has none: the best single threshold."""


def add(commands: Any) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "evaluate",
        help="measure accuracy on a list of pairs",
        description="Measure accuracy, AUC, EER and TAR at FAR of each attention kind, the FC head and the target.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "protocol",
        type=Path,
        metavar="PROTOCOL",
        help="LFW's pairs.txt or pairsDevTest.txt, or a CSV of left,right,same",
    )
    parser.add_argument(
        "--photos", type=Path, metavar="DIR", help="folder of the photos (default: the list's own)"
    )
    add_face_options(parser)
    add_model_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Do it; exit code 0, or XCosError."""
    pairs = read_protocol(options.protocol)
    setup, progress = Setup(options), ProgressBar()
    photos = options.photos or options.protocol.parent
    loaded, kept = open_pairs(pairs, photos, lambda source: setup.open(source, progress))
    scores = pair_scores(loaded, kept, setup.engine, setup.card, options.order, progress, never)
    progress.close()
    for problem in loaded.gallery.problems:
        warn(f"problem: {problem.reason}")
    results = {
        kind: None if values is None else asdict(measure(values, kept.same, kept.folds))
        for kind, values in scores.items()
    }
    said = {
        "protocol": options.protocol.name,
        "pairs": len(kept.same),
        "left_out": len(pairs.same) - len(kept.same),
        "model": setup.card.name,
        "order": options.order,
        "results": results,
    }
    if options.json:
        print(json.dumps(said, indent=1))
        return 0
    print(f"{said['protocol']}: {said['pairs']} pairs, {setup.card.name}, order {options.order}")
    print(f"{'':<12}{'accuracy':>18}{'threshold':>11}{'AUC':>9}{'EER':>9}")
    for kind, result in results.items():
        if result is not None:
            accuracy = f"{100 * result['accuracy']:.2f} ± {100 * result['std']:.2f} %"
            print(
                f"{kind:<12}{accuracy:>18}{result['threshold']:>11.4f}{result['auc']:>9.4f}"
                f"{100 * result['eer']:>7.2f} %"
            )
    return 0
