"""From a protocol's file to its results, for the command line and the window alike."""

from collections.abc import Callable
from pathlib import Path

from core.evaluation.protocol import OpenedPairs, open_pairs, pair_scores, read_protocol
from core.evaluation.results import Evaluation, evaluate
from core.gallery.gallery import LoadedGallery
from core.model.card import ModelCard
from core.model.kinds import Order
from core.progress import Report, StopAsked
from core.scoring.engine import PairEngine

Opener = Callable[[Path, bool], LoadedGallery]  # source, whether its photos are aligned for sure


def evaluate_protocol(
    protocol: Path,
    photos: Path | None,
    unpacked: Path,
    opener: Opener,
    engine: PairEngine,
    card: ModelCard,
    order: Order,
    report: Report,
    stopped: StopAsked,
) -> tuple[OpenedPairs, Evaluation]:
    """Read a protocol's pairs, score them by every kind, and measure.

    photos: where they lie; None: the list's own folder; unpacked: an empty folder for the images
    of a .bin, which the gallery that comes back refers to. Raises XCosError and Stopped.
    """
    pairs = read_protocol(protocol, unpacked)
    of_bin = protocol.suffix.lower() == ".bin"
    folder = unpacked if of_bin else photos or protocol.parent
    opened = open_pairs(pairs, folder, lambda source: opener(source, of_bin))
    scores = pair_scores(opened, engine, card, order, report, stopped)
    kept = opened.pairs
    left_out = len(pairs.same) - len(kept.same)
    return opened, evaluate(
        protocol.name, card.name, order, scores, kept.same, kept.folds, left_out
    )
