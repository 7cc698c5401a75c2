"""All findings on a gallery's labels, searched on the labels as they are without what was accepted."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.analysis.labels.findings import (
    Finding,
    near_duplicates,
    same_people,
    shared_people,
    wrong_identities,
)
from core.analysis.labels.review import (
    LabelQuality,
    Names,
    identities_after,
    quality,
    taken_back,
)
from core.faces.face import Face
from core.gallery.folder import scan
from core.gallery.gallery import LoadedGallery
from core.progress import QUIET, Task
from core.project.edits import Edits
from core.scoring.matrix import ScoreMatrix


@dataclass(frozen=True, eq=False)
class LabelFindings:
    """What was found, and what it was found on.

    gallery:  its faces without what accepted findings changed; matrix: their scores, square
    probes:   the other gallery, or None
    """

    findings: tuple[Finding, ...]
    gallery: LoadedGallery
    matrix: ScoreMatrix
    threshold: float
    probes: LoadedGallery | None = None

    @property
    def names(self) -> Names:
        """Identities by face key."""
        return {face.key: face.identity for face in self.gallery.gallery.faces}

    def before(self) -> LabelQuality:
        """How well scores and labels agree without the accepted findings."""
        return quality(
            self.matrix, [f.identity for f in self.gallery.gallery.faces], self.threshold
        )

    def after(self, edits: Edits) -> LabelQuality:
        """How well they agree with some edits."""
        return quality(self.matrix, identities_after(edits, self.gallery.gallery), self.threshold)


def bare_edits(source_edits: Edits, gallery: LoadedGallery) -> Edits:
    """Edits without what was accepted; equal to those given where nothing was."""
    if not any(decision == "accept" for decision in source_edits.decisions.values()):
        return source_edits
    told = {listed.photo: listed.identity for listed in scan(gallery.gallery.source).photos}
    return taken_back(source_edits, told)


def find_in_labels(
    gallery: LoadedGallery,
    matrix: ScoreMatrix,
    threshold: float,
    crop: Callable[[Face], np.ndarray],
    other: tuple[LoadedGallery, ScoreMatrix] | None = None,
    task: Task = QUIET,
) -> LabelFindings:
    """Look for everything. Raises XCosError, Stopped.

    matrix: the gallery's own, square; other: probes and their matrix with the gallery
    """
    found: list[Finding] = []
    faces = gallery.gallery
    found += wrong_identities(matrix, faces, threshold, task=task)
    found += same_people(matrix, faces, threshold, task)
    found += near_duplicates(matrix, faces, threshold, crop, task=task)
    if other is not None:
        probes, cross = other
        found += shared_people(cross, probes.gallery, faces, threshold, task)
    return LabelFindings(
        tuple(found), gallery, matrix, threshold, None if other is None else other[0]
    )
