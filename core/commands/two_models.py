"""xcos two-models: who is right where the other is wrong, and whether that is chance."""

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from core.analysis.two_models import (
    Comparison,
    JudgedGallery,
    Point,
    compare_models,
)
from core.commands.scored import add_gallery_options, scored_gallery
from core.commands.shared import ProgressBar, Setup, add_output_option
from core.commands.spared import check_table
from core.errors import XCosError, counted
from core.json_text import json_text
from core.scoring.pair_tables import write_pair_table
from core.scoring.statistics import WANTED_FARS

EXAMPLES = """examples:
  xcos two-models photos --other mine.safetensors
  xcos two-models photos --model a.safetensors --other b.safetensors --at 0.001 --json
  xcos two-models photos --other mine.safetensors -o disagreements.csv

--model (A) and --other (B) judge the same faces. Intervals are of a bootstrap over identities."""
COLUMNS = (
    "only_right", "pair", "left", "right", "left_identity", "right_identity", "score_a", "score_b",
)  # fmt: skip


def add(commands: Any) -> None:
    """Add the command's parser, with its options and examples, to the sub-parsers."""
    parser = commands.add_parser(
        "two-models",
        help="two models on one gallery: who is right where the other is wrong",
        description="Score a gallery with two models: counts, rates, the pairs that one gets right "
        "and the other wrong, and an interval on the difference.",
        epilog=EXAMPLES,
    )
    parser.add_argument(
        "--other", required=True, metavar="NAME|FILE", help="the second model, B; --model is A"
    )
    parser.add_argument(
        "--at",
        type=_point,
        default="set",
        metavar="POINT",
        help="where the thresholds are: set (A's as --threshold or a project sets it, else each model's "
        "own), own, eer, or a false accept rate such as 0.01 (default: %(default)s)",
    )
    add_output_option(parser, "list of the pairs that only one model gets right: .csv or .json")
    add_gallery_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns exit code 0. Raises XCosError."""
    check_table(options.output)
    if options.at != "set" and options.threshold is not None:
        raise XCosError(
            f"--at {options.at} tells the thresholds of both models; leave --threshold out, or take "
            "--at set."
        )
    progress = ProgressBar()
    # Made before a setup puts a project's gallery in its place: each reads the project's edits.
    other = argparse.Namespace(**{**vars(options), "model": options.other, "threshold": None})
    setups = [Setup(one) for one in (options, other)]
    models = [_scored(setup, progress) for setup in setups]
    comparison = compare_models(*models).at(options.at, progress)
    progress.close()
    if options.output is not None:
        write_pair_table(options.output, COLUMNS, _rows(comparison))
    if options.json:
        print(json_text(as_dict(comparison)))
    else:
        _tell(comparison)
    return 0


def _scored(setup: Setup, progress: ProgressBar) -> JudgedGallery:
    scored, own = scored_gallery(setup, setup.options, progress), setup.card.threshold(setup.kind)
    return JudgedGallery(scored, own, setup.threshold)


def as_dict(comparison: Comparison) -> dict[str, Any]:
    """The comparison as JSON's types."""
    models = {}
    sides = (
        ("a", comparison.models.a, comparison.first),
        ("b", comparison.models.b, comparison.second),
    )
    for (name, model, (threshold, origin)), counts in zip(
        sides, comparison.outcomes(), strict=True
    ):
        eer = model.scored.statistics.eer()
        models[name] = {
            "model": model.scored.card.name,
            "threshold": threshold,
            "threshold_from": origin,
            "counts": counts.by_outcome(),
            "accuracy": counts.accuracy,
            "tar": counts.tar,
            "far": counts.far,
            "auc": model.scored.statistics.auc(),
            "eer": None if eer is None else eer[0],
            "tar_at_far": {
                f"{far:g}" if far > 1e-4 else "0.0001": _tar(model, far) for far in WANTED_FARS
            },
        }
    keys = ((True, True), (True, False), (False, True), (False, False))
    names = ("both_right", "only_a_right", "only_b_right", "both_wrong")
    return {
        **models,
        "attention": comparison.models.a.scored.matrix.kind,
        "order": comparison.models.a.scored.matrix.order,
        "agreement": {
            name: {
                "genuine": comparison.count(*key, True),
                "impostor": comparison.count(*key, False),
            }
            for name, key in zip(names, keys, strict=True)
        },
        "differences": [asdict(interval) for interval in comparison.intervals],
        "only_a": comparison.models.only_a,
        "only_b": comparison.models.only_b,
    }


def _tar(model: JudgedGallery, far: float) -> float | None:
    threshold = model.scored.statistics.threshold_at_far(far)
    return None if threshold is None else model.scored.statistics.counts(threshold).tar


def _rows(comparison: Comparison) -> Iterator[tuple[Any, ...]]:
    models = comparison.models
    everything = models.a.scored.matrix.scores.size
    rows, columns = models.a.scored.rows.gallery.faces, models.a.scored.columns.gallery.faces
    for a_right in (True, False):
        for genuine in (True, False):
            pairs = comparison.own_pairs(a_right, not a_right, genuine, everything)
            for i, j in zip(pairs.rows.tolist(), pairs.columns.tolist(), strict=True):
                yield (
                    "A" if a_right else "B",
                    "genuine" if genuine else "impostor",
                    rows[i].key,
                    columns[j].key,
                    rows[i].identity,
                    columns[j].identity,
                    float(models.a.scored.matrix.scores[i, j]),
                    float(models.b.scored.matrix.scores[i, j]),
                )


def _tell(comparison: Comparison) -> None:
    print(comparison.words)
    print(f"\n{'':12}{comparison.names[0]:>22}{comparison.names[1]:>22}")
    summary = as_dict(comparison)
    for name in ("threshold", "accuracy", "tar", "far", "auc", "eer"):
        values = [summary[side][name] for side in ("a", "b")]
        print(f"{name:12}" + "".join(f"{'-' if v is None else f'{v:z.4f}':>22}" for v in values))
    print(f"\n{'':12}{'genuine':>12}{'impostor':>12}")
    for name, counts in summary["agreement"].items():
        print(f"{name.replace('_', ' '):14}{counts['genuine']:>10,}{counts['impostor']:>12,}")
    print()
    for sentence in comparison.interval_words:
        print(sentence)
    left_out = len(comparison.models.only_a) + len(comparison.models.only_b)
    if left_out:
        print(f"Left out: {counted(left_out, 'face')} that only one model has.")


def _point(text: str) -> Point:
    if text in ("own", "set", "eer"):
        return text  # type: ignore[return-value]
    try:
        far = float(text)
    except ValueError:
        far = float("nan")
    if not 0 < far < 1:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither set, nor own, nor eer, nor a false accept rate between 0 and 1"
        )
    return far
