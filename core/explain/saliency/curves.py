"""Deletion and insertion curves: what the score makes of a face whose cells go or come in a map's order.

One face changes while the other stays whole, and both sides are averaged: two faces hidden alike
would look alike, and their score would rise to 1. What is hidden is blurred, not grey as occlusion's
patches are, so that no method is judged by the very change that it measures.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from core.explain.saliency.methods import SaliencyMap, Subject, cells_as_pixels, hide
from core.model.features import CELLS
from core.progress import QUIET, Task

BLUR = 12.0  # standard deviation in pixels: no feature of the face is left
STEPS = 14
PLACES = CELLS * CELLS


@dataclass(frozen=True, eq=False)
class Curve:
    """shares: (k,) of the cells that were changed, 0 to 1; scores: (k,), the pair's at each."""

    shares: np.ndarray
    scores: np.ndarray

    @property
    def area(self) -> float:
        """The mean score over the shares, by the trapezoid rule."""
        return float(np.trapezoid(self.scores, self.shares))

    def as_json(self) -> dict[str, object]:
        """The curve with its area."""
        return {
            "shares": self.shares.tolist(),
            "scores": self.scores.tolist(),
            "area": self.area,
        }


@dataclass(frozen=True, eq=False)
class Curves:
    """deletion: the important cells go first, a low area is good; insertion: they come first, a
    high area is good."""

    deletion: Curve
    insertion: Curve


def curves_of(
    subject: Subject,
    maps: list[SaliencyMap],
    task: Task = QUIET,
) -> list[Curves]:
    """The curves of several maps of one pair, each face's cells in its own map's order.

    Raises Stopped.
    """
    counts = np.linspace(0, PLACES, STEPS + 1).round().astype(int)
    variants = [
        _variants(crop, [getattr(m, side) for m in maps], counts)
        for crop, side in ((subject.left, "left"), (subject.right, "right"))
    ]
    both = np.concatenate(variants)
    grids = subject.scorer.grids(both, task)
    lefts, rights = np.split(grids, 2)
    # The first variant of each side is the whole face.
    by_left = subject.scorer.scores_of_grids(lefts, rights[:1])[:, 0]
    by_right = subject.scorer.scores_of_grids(lefts[:1], rights)[0]
    mean = (by_left + by_right) / 2
    whole, blurred, between = mean[0], mean[1], mean[2:].reshape(len(maps), 2, STEPS - 1)
    shares = counts / PLACES
    return [
        Curves(
            Curve(shares, np.concatenate([[whole], deleted, [blurred]])),
            Curve(shares, np.concatenate([[blurred], inserted, [whole]])),
        )
        for deleted, inserted in between
    ]


def mean_curves(some: list[Curves]) -> Curves:
    """The mean of curves over the same shares."""
    shares = some[0].deletion.shares
    deletion, insertion = (
        Curve(shares, np.mean([getattr(c, name).scores for c in some], axis=0))
        for name in ("deletion", "insertion")
    )
    return Curves(deletion, insertion)


def _variants(crop: np.ndarray, maps: list[np.ndarray], counts: np.ndarray) -> np.ndarray:
    """The whole face, the blurred one, and for each map the steps of deletion, then insertion."""
    hidden = [np.zeros(PLACES), np.ones(PLACES)]
    for values in maps:
        rank = np.empty(PLACES, int)
        rank[np.argsort(-values.ravel(), kind="stable")] = np.arange(PLACES)
        deleted = [rank < count for count in counts[1:-1]]
        hidden += [*deleted, *(~gone for gone in deleted)]
    blurred = np.asarray(Image.fromarray(crop).filter(ImageFilter.GaussianBlur(BLUR)))
    cells = np.array(hidden, np.float32).reshape(-1, CELLS, CELLS)
    return hide(crop, cells_as_pixels(cells), blurred)
