"""xcos worth: which pairs each kind of score decides rightly, and another one not."""

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, get_args

from core.analysis.score_kinds import TITLES, ScoreKind, Thresholds, Worth, attention_worth
from core.commands.scored import add_gallery_options, scored_gallery
from core.commands.shared import ProgressBar, Setup, add_output_option, warn
from core.commands.spared import check_table
from core.errors import XCosError
from core.json_text import json_text
from core.scoring.pair_tables import write_pair_table
from core.scoring.scored import ScoredGallery

EXAMPLES = """examples:
  xcos worth photos                          learned against uniform and correlation attention
  xcos worth photos --target teacher.onnx    and against another verification model
  xcos worth photos --thresholds eer --json  each kind at its equal error rate in this gallery
  xcos worth photos -o changed.csv           the pairs that each kind saves and loses"""
COLUMNS = (
    "kind", "change", "pair", "left", "right", "left_identity", "right_identity", "score",
)  # fmt: skip


def add(commands: Any) -> None:
    """Add the command's parser, with its options and examples, to the sub-parsers."""
    parser = commands.add_parser(
        "worth",
        help="what attention is worth: pairs that each kind of score saves or loses",
        description="Decide every pair by uniform, correlation and learned attention, the FC cosine and "
        "the target, each at its own threshold, and tell which pairs each saves and loses.",
        epilog=EXAMPLES,
    )
    parser.add_argument(
        "--against",
        choices=get_args(ScoreKind),
        default="learned",
        help="the kind that the others are held against (default: %(default)s)",
    )
    parser.add_argument(
        "--thresholds",
        choices=get_args(Thresholds),
        default="set",
        help="own: what the weights carry, the equal error rate's where they carry none; set: the same, "
        "but for the scored kind what --threshold or a project sets; eer: the equal error rate's for all "
        "(default: %(default)s)",
    )
    add_output_option(parser, "list of the pairs: .csv or .json")
    add_gallery_options(parser, target=True)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns exit code 0. Raises XCosError."""
    check_table(options.output)
    if options.thresholds != "set" and options.threshold is not None:
        raise XCosError(
            f"--thresholds {options.thresholds} tells each kind's threshold; leave --threshold out, or "
            "take --thresholds set."
        )
    setup, progress = Setup(options), ProgressBar()
    scored = scored_gallery(setup, options, progress)
    worth = attention_worth(scored, options.thresholds, options.threshold, progress)
    progress.close()
    worth.of(options.against)  # refuses a kind that is missing
    if options.output is not None:
        write_pair_table(options.output, COLUMNS, _rows(worth, scored, options.against))
    if options.json:
        print(json_text(as_dict(worth, options.against)))
    else:
        _tell(worth, options.against)
    return 0


def as_dict(worth: Worth, against: ScoreKind) -> dict[str, Any]:
    """The figures as JSON's types."""
    kinds = {}
    for kind in worth.kinds:
        kinds[kind.kind] = {
            "threshold": kind.threshold,
            "threshold_from": kind.origin,
            "counts": kind.counts.by_outcome(),
            "accuracy": kind.counts.accuracy,
            "tar": kind.counts.tar,
            "far": kind.counts.far,
            "auc": kind.auc,
            "eer": kind.eer,
            "against": asdict(worth.exchange(kind.kind, against)),
        }
    return {"against": against, "kinds": kinds, "missing": worth.missing}


def _rows(worth: Worth, scored: ScoredGallery, against: ScoreKind) -> Iterator[tuple[Any, ...]]:
    rows, columns = scored.rows.gallery.faces, scored.columns.gallery.faces
    everything = scored.matrix.scores.size
    for kind in worth.kinds:
        for saved in (True, False):
            for genuine in (True, False):
                if kind.kind == against:
                    continue
                pairs = worth.pairs(kind.kind, against, saved, genuine, limit=everything)
                for i, j, score in zip(
                    pairs.rows.tolist(), pairs.columns.tolist(), pairs.scores.tolist(), strict=True
                ):
                    yield (
                        kind.kind,
                        "saves" if saved else "loses",
                        "genuine" if genuine else "impostor",
                        rows[i].key,
                        columns[j].key,
                        rows[i].identity,
                        columns[j].identity,
                        score,
                    )


def _tell(worth: Worth, against: ScoreKind) -> None:
    print(
        f"{'':28}{'threshold':>10}{'accuracy':>10}{'TAR':>9}{'FAR':>9}{'EER':>9}{'saves':>8}{'loses':>8}"
    )
    for kind in worth.kinds:
        counts, change = kind.counts, worth.exchange(kind.kind, against)
        changes = ("", "") if kind.kind == against else (f"{change.saved:,}", f"{change.lost:,}")
        rates = (counts.accuracy, counts.tar, counts.far, kind.eer)
        shares = [f"{100 * r:.2f} %" if r is not None else "-" for r in rates]
        print(
            f"{TITLES[kind.kind]:28}{kind.threshold:>10.4f}{shares[0]:>10}{shares[1]:>9}{shares[2]:>9}"
            f"{shares[3]:>9}{changes[0]:>8}{changes[1]:>8}"
        )
    print(f"\nSaves and loses: against {TITLES[against]}.")
    for kind in worth.kinds:
        if kind.kind != against:
            print(worth.sentence(against, kind.kind))
    for kind in worth.kinds:
        print(f"Threshold of {TITLES[kind.kind]}: {kind.origin}.")
    for reason in worth.missing.values():
        warn(reason)
