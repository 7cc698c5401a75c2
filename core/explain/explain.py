"""Explaining one pair of loaded faces."""

import numpy as np

from core.explain.colours import ColourLimits
from core.explain.explanation import PairExplanation, law_of
from core.explain.maps import maps_of
from core.explain.report import PairReport
from core.faces.face import Face
from core.faces.regions import face_regions
from core.gallery.cache import Cache
from core.gallery.opening import crop_of, landmarks_in_crop
from core.model.features import FaceFeatures
from core.progress import QUIET, Task
from core.scoring.lists import PairList
from core.scoring.scored import ScoredGallery

SAMPLED_PAIRS = 2000  # that fix the colours' limits


def explain_pair(scored: ScoredGallery, row: int, column: int) -> PairExplanation:
    """Why a pair of a scored gallery scored as it did; no model is run.

    Raises XCosError for a kind that the weights lack.
    """
    cell = PairList(np.array([row]), np.array([column]), scored.matrix.scores[[row], [column]])
    return explain_pairs(scored, cell)[0]


def explain_pairs(
    scored: ScoredGallery, pairs: PairList, task: Task = QUIET
) -> list[PairExplanation]:
    """Why some pairs scored as they did. Raises XCosError for a kind that the weights lack, Stopped."""
    maps = maps_of(scored, pairs, task)
    target, fc = pair_cosines(
        scored.rows.features, pairs.rows, scored.columns.features, pairs.columns
    )
    law = law_of(scored.card, scored.kind)
    explanations = []
    for place, (row, column) in enumerate(
        zip(pairs.rows.tolist(), pairs.columns.tolist(), strict=True)
    ):
        one, other = scored.faces(row, column)
        explanations.append(
            PairExplanation(
                one.key,
                other.key,
                scored.card.name,
                scored.kind,
                scored.order,
                maps.cosine[place],
                maps.attention[place],
                None if target is None else float(target[place]),
                None if fc is None else float(fc[place]),
                law,
            )
        )
    return explanations


def pair_report(
    scored: ScoredGallery, row: int, column: int, threshold: float | None, cache: Cache
) -> PairReport:
    """A pair's explanation with its crops and regions.

    threshold None: the weights' own for the kind, where they have one.
    Raises XCosError for a photo that is gone, or a kind that the weights lack.
    """
    one, other = scored.faces(row, column)
    return PairReport(
        explain_pair(scored, row, column),
        scored.card.threshold(scored.kind) if threshold is None else threshold,
        crop_of(one, scored.rows.gallery.root, cache),
        crop_of(other, scored.columns.gallery.root, cache),
        pair_regions(scored, row, column),
    )


def pair_regions(scored: ScoredGallery, row: int, column: int) -> np.ndarray:
    """(7, 7) names of the regions that a pair's cells show, by the mean of both faces' landmarks."""
    return regions_of(*scored.faces(row, column))


def regions_of(one: Face, other: Face) -> np.ndarray:
    """(7, 7) names of the regions that the cells of two faces show."""
    return face_regions((landmarks_in_crop(one) + landmarks_in_crop(other)) / 2)


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


def colour_limits(scored: ScoredGallery) -> ColourLimits:
    """Colour limits for a gallery, from all its pairs where they are few, else a fixed sample."""
    n, m = scored.matrix.scores.shape
    total = n * m
    if total == 0:
        return ColourLimits(1.0, 1.0)
    if total <= SAMPLED_PAIRS:
        places = np.arange(total)
    else:
        places = np.random.default_rng(0).integers(0, total, SAMPLED_PAIRS)
    i, j = np.divmod(places, m)
    maps = maps_of(scored, PairList(i, j, scored.matrix.scores[i, j]))
    size = float(np.percentile(np.abs(maps.contribution), 99.8))
    return ColourLimits(float(maps.attention.max()), max(size, 1e-6))


def _cosines(
    left: np.ndarray | None, i: np.ndarray, right: np.ndarray | None, j: np.ndarray
) -> np.ndarray | None:
    if left is None or right is None:
        return None
    return np.einsum("pd,pd->p", left[i].astype(np.float64), right[j].astype(np.float64)).clip(
        -1, 1
    )
