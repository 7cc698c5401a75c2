"""Scores of persons, each of several photos, and identification: who of the gallery a probe shows."""

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from core.errors import XCosError
from core.explain.maps import maps_of
from core.gallery.gallery import LoadedGallery
from core.model.features import FaceFeatures
from core.progress import QUIET, Task
from core.scoring.lists import PairList
from core.scoring.scored import ScoredGallery, score_gallery

Fusion = Literal["features", "best", "mean"]
FUSIONS: tuple[Fusion, ...] = get_args(Fusion)
USUAL: Fusion = "features"  # where none is chosen: in the window, by commands and in reports
RANKS = 20  # of a CMC curve
POINTS = 200  # thresholds of a curve of FPIR and FNIR


@dataclass(frozen=True, eq=False)
class Identification:
    """Probe faces against the gallery's persons.

    fusion:  features: the score with the mean of a person's features; best, mean: of the scores
             with the person's photos
    persons: names of the gallery's persons, (P,)
    probes:  (n,) places of the probe faces in the rows
    scores:  (n, P); a probe's own photo is left out where the gallery is its own probes, and NaN
             where nothing of a person is left
    truth:   (n,) place of the probe's person in persons, -1 where the gallery lacks them
    """

    fusion: Fusion
    persons: tuple[str, ...]
    probes: np.ndarray
    scores: np.ndarray
    truth: np.ndarray

    @property
    def ranks(self) -> np.ndarray:
        """Rank of the right person of each mated probe, 1 the first; ties count against it."""
        mated = np.flatnonzero(self.truth >= 0)
        own = self.scores[mated, self.truth[mated]]
        above = np.nan_to_num(self.scores[mated], nan=-np.inf) >= own[:, None]
        ranks: np.ndarray = above.sum(axis=1)
        return ranks

    def cmc(self, ranks: int = RANKS) -> np.ndarray:
        """Share of mated probes whose person is among the first 1 to `ranks`, in [0, 1]."""
        places = np.arange(1, min(ranks, len(self.persons)) + 1)
        shares: np.ndarray = (self.ranks[:, None] <= places).mean(axis=0)
        return shares

    def rates(self, threshold: float) -> tuple[float | None, float | None]:
        """FPIR and FNIR in [0, 1] at a threshold (ISO/IEC 19795-1); None without such probes.

        FPIR: non-mated probes that any person scores above the threshold; FNIR: mated probes whose
        person is not the first or not above it.
        """
        best = np.nanmax(self.scores, axis=1)
        alone, mated = self.truth < 0, self.truth >= 0
        fpir = float((best[alone] > threshold).mean()) if alone.any() else None
        if not mated.any():
            return fpir, None
        own = self.scores[np.flatnonzero(mated), self.truth[mated]]
        missed = (self.ranks > 1) | ~(own > threshold)
        return fpir, float(missed.mean())

    def first_two(self, probe: int) -> tuple[int, int]:
        """Places in persons of the best and the second for a probe. Raises XCosError for one person."""
        row = self.scores[probe]
        if np.isfinite(row).sum() < 2:
            raise XCosError(
                "There is no second person to compare with; open a gallery of several people."
            )
        order = np.argsort(-np.nan_to_num(row, nan=-np.inf), kind="stable")
        return int(order[0]), int(order[1])


@dataclass(frozen=True, eq=False)
class WhyNotSecond:
    """Why a probe's first person and not the second: the difference of two evidence maps.

    first, second: names; difference: (7, 7), row 0 the top of the face; its sum is `margin`
    margin:        the first person's score less the second's
    """

    first: str
    second: str
    difference: np.ndarray
    margin: float


def identify(scored: ScoredGallery, fusion: Fusion = USUAL, task: Task = QUIET) -> Identification:
    """Each row face with a person, against the persons of the columns.

    Raises XCosError where no face of the gallery has an identity, and Stopped.
    """
    codes = np.unique(scored.matrix.columns[scored.matrix.columns >= 0])
    if not len(codes):
        raise XCosError(
            f"No face of {scored.columns.gallery.source} has an identity; put each person's photos "
            "in a folder of their own, or open a CSV of path,identity."
        )
    probes = np.flatnonzero(scored.matrix.rows >= 0)
    if not len(probes):
        raise XCosError("No probe has an identity, so no rank is known; name the probes' people.")
    if fusion == "features":
        scores = _by_features(scored, codes, probes, task)
    else:
        scores = _by_scores(scored, codes, probes, fusion)
    if scored.square:  # a person with a single photo cannot be found by it
        left = np.isfinite(scores).any(axis=1)
        probes, scores = probes[left], scores[left]
    own = scored.matrix.rows[probes]
    places = np.searchsorted(codes, own).clip(0, len(codes) - 1)
    known = (codes[places] == own) & np.isfinite(scores[np.arange(len(probes)), places])
    names = tuple(scored.identities[int(code)] for code in codes)
    return Identification(fusion, names, probes, scores, np.where(known, places, -1))


def why_not_second(
    scored: ScoredGallery,
    identification: Identification,
    probe: int,
    threshold: float,
    task: Task = QUIET,
) -> WhyNotSecond:
    """The evidence for a probe's first person less that for the second, cell by cell.

    Exact: the cells sum to the difference of both scores. probe: place in identification.probes
    Raises XCosError where there is but one person.
    """
    first, second = identification.first_two(probe)
    maps = [
        _evidence(scored, identification, probe, person, threshold, task)
        for person in (first, second)
    ]
    difference = maps[0] - maps[1]
    return WhyNotSecond(
        identification.persons[first],
        identification.persons[second],
        difference,
        float(difference.sum()),
    )


def mean_person(loaded: LoadedGallery, places: np.ndarray) -> np.ndarray:
    """Mean grid features of some faces, (32, 7, 7), each cell of each photo counting alike.

    They are as large as the photos' own on the mean, as learned attention looks at their size.
    """
    grid = loaded.features.grid[places].astype(np.float64)
    length = np.linalg.norm(grid, axis=1, keepdims=True)
    mean: np.ndarray = (grid / np.maximum(length, 1e-12)).mean(axis=0) * length.mean(axis=0)
    return mean


def _by_scores(
    scored: ScoredGallery, codes: np.ndarray, probes: np.ndarray, fusion: Fusion
) -> np.ndarray:
    fused = np.full((len(probes), len(codes)), np.nan)
    for place, code in enumerate(codes):
        faces = np.flatnonzero(scored.matrix.columns == code)
        part = scored.matrix.scores[np.ix_(probes, faces)].astype(np.float64)
        if scored.square:
            part[probes[:, None] == faces[None]] = np.nan
        left = ~np.isnan(part).all(axis=1)
        fuse = np.nanmax if fusion == "best" else np.nanmean
        fused[left, place] = fuse(part[left], axis=1)
    return fused


def _by_features(
    scored: ScoredGallery, codes: np.ndarray, probes: np.ndarray, task: Task
) -> np.ndarray:
    """Scores with mean features: with all persons, then own ones anew without the probe's photo."""
    matrix = scored.matrix
    faces = [np.flatnonzero(matrix.columns == code) for code in codes]
    persons = _persons(scored.columns, faces)
    left = scored.rows.part(probes)
    kind, order = scored.kind, scored.order
    whole = score_gallery(scored.model, persons, left, kind, order, task)
    scores = whole.matrix.scores.astype(np.float64)
    if not scored.square:
        return scores
    for row, probe in enumerate(probes):
        place = int(np.searchsorted(codes, matrix.rows[probe]))
        rest = faces[place][faces[place] != probe]
        scores[row, place] = np.nan
        if len(rest):
            other = _persons(scored.columns, [rest])
            one = score_gallery(
                scored.model, other, left.part(np.array([row])), kind, order, task.quiet()
            )
            scores[row, place] = float(one.matrix.scores[0, 0])
    return scores


def _persons(loaded: LoadedGallery, faces: list[np.ndarray]) -> LoadedGallery:
    """A gallery of one face a person, with mean features."""
    grid = np.stack([mean_person(loaded, places) for places in faces]).astype(np.float32)
    first = tuple(loaded.gallery.faces[places[0]] for places in faces)
    return LoadedGallery(replace(loaded.gallery, faces=first), FaceFeatures(grid))


def _evidence(
    scored: ScoredGallery,
    identification: Identification,
    probe: int,
    person: int,
    threshold: float,
    task: Task,
) -> np.ndarray:
    """The evidence map behind a person's score, (7, 7); it sums to that score less the threshold."""
    row = int(identification.probes[probe])
    code = next(
        c for c, name in scored.identities.items() if name == identification.persons[person]
    )
    faces = np.flatnonzero(scored.matrix.columns == code)
    if scored.square:
        faces = faces[faces != row]
    if identification.fusion == "features":
        left = scored.rows.part(np.array([row]))
        mean = _persons(scored.columns, [faces])
        one = score_gallery(scored.model, mean, left, scored.kind, scored.order, task.quiet())
        only = PairList(np.array([0]), np.array([0]), one.matrix.scores[0])
        return maps_of(one, only, task.quiet()).evidence(threshold)[0]
    scores = scored.matrix.scores[row, faces]
    if identification.fusion == "best":
        faces = faces[[int(scores.argmax())]]
    pairs = PairList(np.full(len(faces), row), faces, scored.matrix.scores[row, faces])
    evidence: np.ndarray = maps_of(scored, pairs, task.quiet()).evidence(threshold).mean(axis=0)
    return evidence
