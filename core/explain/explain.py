"""Explaining one pair of loaded faces."""

import numpy as np

from core.explain.colours import ColourLimits
from core.explain.explanation import PairExplanation, law_of
from core.gallery.gallery import LoadedGallery
from core.model.card import ModelCard
from core.model.features import FaceFeatures
from core.model.kinds import AttentionKind, Order
from core.scoring.engine import PairEngine
from core.scoring.kernels.prepared import PreparedFaces

SAMPLED_PAIRS = 2000  # that fix the colours' limits


def explain_pair(
    engine: PairEngine,
    card: ModelCard,
    left: LoadedGallery,
    i: int,
    right: LoadedGallery,
    j: int,
    kind: AttentionKind = "learned",
    order: Order = "both",
    threshold: float | None = None,
) -> PairExplanation:
    """Why left's face i and right's face j scored as they did; no model is run.

    threshold None: the weights' own for the kind, where they have one.
    Raises XCosError for a kind that the weights lack.
    """
    both = engine.prepare(np.stack([left.features.grid[i], right.features.grid[j]]))
    cosine, attention = engine.maps(both, 0, both, 1, kind, order)
    if threshold is None:
        threshold = card.threshold(kind)
    target, fc = (
        None if cosines is None else float(cosines[0])
        for cosines in pair_cosines(left.features, np.array([i]), right.features, np.array([j]))
    )
    return PairExplanation(
        left.gallery.faces[i].key,
        right.gallery.faces[j].key,
        card.name,
        kind,
        order,
        cosine,
        attention,
        threshold,
        target,
        fc,
        law_of(card, kind),
    )


def pair_cosines(
    left: FaceFeatures, i: np.ndarray, right: FaceFeatures, j: np.ndarray
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Target cosines and FC cosines (k,) in [-1, 1] of left faces i with right faces j, both (k,).

    None without a target, or without a fully connected head.
    """
    return (
        _cosines(left.target, i, right.target, j),
        _cosines(left.embedding, i, right.embedding, j),
    )


def colour_limits(
    engine: PairEngine,
    rows: PreparedFaces,
    columns: PreparedFaces,
    kind: AttentionKind,
    order: Order,
) -> ColourLimits:
    """Colour limits for a gallery, from all its pairs where they are few, else a fixed sample."""
    total = len(rows) * len(columns)
    if total == 0:
        return ColourLimits(1.0, 1.0)
    if total <= SAMPLED_PAIRS:
        places = np.arange(total)
    else:
        places = np.random.default_rng(0).integers(0, total, SAMPLED_PAIRS)
    i, j = np.divmod(places, len(columns))
    shared = engine.weights(kind)
    maps = engine.attention(rows, i, columns, j, order) if shared is None else shared[None]
    cosine = np.einsum("pkc,pkc->pk", rows.cells[i], columns.cells[j]).reshape(-1, *maps.shape[1:])
    size = float(np.percentile(np.abs(maps * cosine), 99.8))
    return ColourLimits(float(maps.max()), max(size, 1e-6))


def _cosines(
    left: np.ndarray | None, i: np.ndarray, right: np.ndarray | None, j: np.ndarray
) -> np.ndarray | None:
    if left is None or right is None:
        return None
    return np.einsum("pd,pd->p", left[i].astype(np.float64), right[j].astype(np.float64)).clip(
        -1, 1
    )
