"""From two faces' features to why the pair scored as it did."""

from typing import TYPE_CHECKING

import numpy as np

from core.explain.pair import PairExplanation
from core.gallery.gallery import LoadedGallery
from core.model.card import ModelCard
from core.model.kinds import AttentionKind, Order

if TYPE_CHECKING:
    from core.scoring.engine import PairEngine


def explain_pair(
    engine: "PairEngine",
    card: ModelCard,
    left: LoadedGallery,
    i: int,
    right: LoadedGallery,
    j: int,
    kind: AttentionKind,
    order: Order = "both",
    threshold: float | None = None,
) -> PairExplanation:
    """Explain face i of the left gallery against face j of the right one.

    threshold: None for none; the caller chooses between the card's and the user's
    """
    prepared_left = engine.prepare(left.features.grid[i : i + 1])
    prepared_right = engine.prepare(right.features.grid[j : j + 1])
    cosine, attention = engine.maps(prepared_left, 0, prepared_right, 0, kind, order)
    a, b = left.features, right.features
    return PairExplanation(
        left=left.gallery.faces[i].key,
        right=right.gallery.faces[j].key,
        model=card.name,
        kind=kind,
        order=order,
        cosine=cosine,
        attention=attention,
        threshold=threshold,
        target_cosine=_cosine(a.target, i, b.target, j),
        fc_cosine=_cosine(a.embedding, i, b.embedding, j),
    )


def _cosine(left: np.ndarray | None, i: int, right: np.ndarray | None, j: int) -> float | None:
    if left is None or right is None:
        return None
    product = float(left[i].astype(np.float64) @ right[j].astype(np.float64))
    return min(1.0, max(-1.0, product))  # rounding of unit vectors
