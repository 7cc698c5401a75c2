"""Scoring a gallery in the background: an estimate of many pairs first, then what is looked at."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from core.errors import Stopped
from core.explain.colours import ColourLimits
from core.explain.explain import colour_limits
from core.explain.matrix_image import MatrixImage
from core.gallery.gallery import LoadedGallery, identity_codes
from core.model.kinds import AttentionKind, Order
from core.scoring.matrix import ScoreMatrix
from core.scoring.refine import Refinement, Region
from core.scoring.scored import ScoredGallery, ScoringModel, score_gallery
from core.workarounds import give_back
from xcos_gui.state.jobs import Running

ESTIMATED_FROM = 2_000_000  # cells: what learned attention needs a second for
SHOWN_EVERY = 0.5  # seconds between two looks at refined scores


@dataclass(frozen=True, eq=False)
class Scored:
    """A scored gallery as it is shown.

    image: the matrix as it is drawn, with its block means
    """

    scored: ScoredGallery
    limits: ColourLimits
    image: MatrixImage


@dataclass(frozen=True, eq=False)
class ScoreRequest:
    """What to score, and how.

    seen:    what of the matrix is on screen now
    growing: more faces are coming; an estimate is then enough of many pairs
    """

    model: ScoringModel
    gallery: LoadedGallery
    probes: LoadedGallery | None
    kind: AttentionKind
    order: Order
    threshold: float
    seen: Callable[[], Region | None]
    growing: bool = False


def score(request: ScoreRequest, running: Running) -> Scored:
    """All scores; of many, running.partial gets an estimate, then regions as they are refined."""
    cells = len(request.probes or request.gallery) * len(request.gallery)
    if request.kind == "learned" and cells >= ESTIMATED_FROM:
        return _refined(request, running)
    gallery, probes = request.gallery, request.probes
    return _shown(
        score_gallery(request.model, gallery, probes, request.kind, request.order, running)
    )


def _refined(request: ScoreRequest, running: Running) -> Scored:
    gallery, probes, engine = request.gallery, request.probes, request.model.engine
    running.report("Estimating scores", 0, 1)
    engine.warm_up()  # while nothing is to be shown yet: it keeps Python busy
    give_back()  # what the network needed; a matrix comes now
    columns = engine.prepare(gallery.features.grid)
    rows = columns if probes is None else engine.prepare(probes.features.grid)
    refinement = Refinement(engine, rows, columns, request.order, request.threshold)
    codes = identity_codes(*(g.gallery for g in (probes, gallery) if g is not None))
    matrix = ScoreMatrix(
        refinement.scores, probes is None, codes[0], codes[-1], request.kind, request.order
    )
    scored = ScoredGallery(request.model, probes or gallery, gallery, matrix, refinement)
    estimate = _shown(scored)
    del rows, columns
    give_back()
    if request.growing:  # it is not refined
        refinement.release()
        return estimate
    running.partial(estimate)
    engine.wait()
    shown, changed = time.monotonic(), list[Region]()
    while (tile := refinement.next_tile(request.seen())) is not None:
        if running.stopped():
            raise Stopped("Scoring")
        changed += refinement.refine(tile)
        running.report("Refining scores", int(refinement.exact.sum()), refinement.exact.size)
        if time.monotonic() - shown >= SHOWN_EVERY:
            running.partial(changed)
            shown, changed = time.monotonic(), []
    refinement.release()
    give_back()
    running.partial(changed)  # so that the image's means are those of the exact scores
    exact = replace(scored, refinement=None)
    exact.statistics.prepare()
    return replace(estimate, scored=exact, image=estimate.image.with_new_limits())


def _shown(scored: ScoredGallery) -> Scored:
    some = _spread(len(scored.columns))
    limits = colour_limits(scored.part(some if scored.square else _spread(len(scored.rows)), some))
    image = MatrixImage(scored.matrix)
    image.prepare()
    scored.statistics.prepare()
    return Scored(scored, limits, image)


def _spread(count: int, limit: int = 300) -> np.ndarray:
    """Places of at most `limit` faces, evenly spread."""
    return np.linspace(0, count - 1, min(limit, count)).round().astype(int)


def first_pair(matrix: ScoreMatrix) -> tuple[int, int] | None:
    """What to look at first: a genuine pair where there is one, else any; None without pairs.

    Of a face's genuine pairs it is the middle one by score, which is seldom a photo and its copy.
    """
    n, m = matrix.scores.shape
    every = slice(0, m)
    for row in range(min(n, 50)):
        here = slice(row, row + 1)
        genuine = matrix.genuine(here, every)[0]
        if matrix.square:
            genuine[row] = False
        if genuine.any():
            places = np.flatnonzero(genuine)
            by_score = places[np.argsort(matrix.scores[row, places], kind="stable")]
            return row, int(by_score[len(by_score) // 2])
    if not matrix.pairs:
        return None
    return (0, 1) if matrix.square else (0, 0)
