"""From a protocol's file to its results, for the command line and the window alike."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.evaluation.occlusion_curve import OcclusionCurve, occlusion_curve
from core.evaluation.protocol import OpenedPairs, open_pairs, pair_scores, read_protocol
from core.evaluation.published import ArPart, is_cfp
from core.evaluation.results import Evaluation, evaluate
from core.explain.explain import explain_pair
from core.explain.explanation import PairExplanation
from core.gallery.gallery import LoadedGallery
from core.model.kinds import AttentionKind, Order
from core.model.target import Target
from core.model.verifier import Verifier
from core.progress import Task
from core.scoring.engine import PairEngine
from core.scoring.scored import ScoringModel, score_gallery

Opener = Callable[[Path, bool], LoadedGallery]  # source, whether its photos are aligned for sure


def evaluate_protocol(
    protocol: Path,
    photos: Path | None,
    unpacked: Path,
    opener: Opener,
    model: ScoringModel,
    order: Order,
    task: Task,
    part: ArPart | None = None,
) -> tuple[OpenedPairs, Evaluation]:
    """Read a protocol's pairs, score them by every kind, and measure.

    photos: where they lie; None: the list's own folder; unpacked: an empty folder for the images
    of a .bin, which the gallery that comes back refers to; part: of AR's photos.
    Raises XCosError and Stopped.
    """
    pairs = read_protocol(protocol, unpacked, part)
    of_bin = protocol.suffix.lower() == ".bin"
    folder = unpacked if of_bin else photos or protocol.parent
    name = protocol_name(protocol, part)
    opened = open_pairs(pairs, folder, lambda source: opener(source, of_bin))
    scores = pair_scores(opened, model, order, task)
    kept = opened.pairs
    left_out = len(pairs.same) - len(kept.same)
    return opened, evaluate(name, model.card, order, scores, kept, left_out)


def protocol_name(protocol: Path, part: ArPart | None = None) -> str:
    """What to call a protocol in a table: its file or folder, CFP-FF, or the part of AR."""
    if part is not None:
        return f"{protocol.name}, {part}"
    return f"CFP-{protocol.name}" if is_cfp(protocol) else protocol.name


def explain_listed(
    opened: OpenedPairs,
    pair: int,
    model: ScoringModel,
    kind: AttentionKind,
    order: Order,
) -> PairExplanation:
    """Why a protocol's pair scored as it did; a video's features are the mean of its frames'.

    Raises XCosError for a kind that the weights lack.
    """
    first = tuple(opened.gallery.faces[group[0]] for group in opened.groups)
    faces = LoadedGallery(replace(opened.gallery, faces=first), opened.features)
    left, right = (faces.part(np.array([side[pair]])) for side in (opened.left, opened.right))
    scored = score_gallery(model, right, left, kind, order)
    return explain_pair(scored, 0, 0)


def occlusion_of(
    opened: OpenedPairs,
    crops: np.ndarray,
    verifier: Verifier,
    engine: PairEngine,
    target: Target | None,
    order: Order,
    task: Task,
) -> OcclusionCurve:
    """Accuracy of a protocol's pairs as their faces' crops (m, 112, 112, 3) are masked.

    Raises XCosError and Stopped.
    """

    def score(masked: np.ndarray) -> dict[str, np.ndarray | None]:
        features = verifier.features(masked, task)
        if target is not None:
            features = replace(features, target=target.embeddings(masked, task))
        seen = opened.with_features(features)
        return pair_scores(seen, ScoringModel(verifier.card, engine), order, task)

    return occlusion_curve(crops, score, opened.pairs.same, opened.pairs.folds, task)
