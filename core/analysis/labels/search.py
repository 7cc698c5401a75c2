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
from core.scoring.scored import ScoredGallery


@dataclass(frozen=True, eq=False)
class LabelFindings:
    """What was found, and what it was found on.

    scored: the gallery without what accepted findings changed
    probes: the other gallery, or None
    """

    findings: tuple[Finding, ...]
    scored: ScoredGallery
    threshold: float
    probes: LoadedGallery | None = None

    @property
    def gallery(self) -> LoadedGallery:
        """The faces that findings are of."""
        return self.scored.columns

    @property
    def names(self) -> Names:
        """Identities by face key."""
        return {face.key: face.identity for face in self.gallery.gallery.faces}

    def before(self) -> LabelQuality:
        """How well scores and labels agree without the accepted findings."""
        return quality(
            self.scored.matrix, [f.identity for f in self.gallery.gallery.faces], self.threshold
        )

    def after(self, edits: Edits) -> LabelQuality:
        """How well they agree with some edits."""
        return quality(
            self.scored.matrix, identities_after(edits, self.gallery.gallery), self.threshold
        )


def bare_edits(source_edits: Edits, gallery: LoadedGallery) -> Edits:
    """Edits without what was accepted; equal to those given where nothing was."""
    if not any(decision == "accept" for decision in source_edits.decisions.values()):
        return source_edits
    listed = scan(gallery.gallery.source, gallery.gallery.root).photos
    names = {one.photo: one.identity for one in listed}
    return taken_back(source_edits, names)


def find_in_labels(
    scored: ScoredGallery,
    threshold: float,
    crop: Callable[[Face], np.ndarray],
    other: ScoredGallery | None = None,
    task: Task = QUIET,
) -> LabelFindings:
    """Look for everything. Raises XCosError, Stopped.

    scored: a gallery with itself; other: probes with that gallery
    """
    findings: list[Finding] = []
    faces, matrix = scored.columns.gallery, scored.matrix
    findings += wrong_identities(matrix, faces, threshold, task=task)
    findings += same_people(matrix, faces, threshold, task)
    findings += near_duplicates(matrix, faces, threshold, crop, task=task)
    if other is not None:
        findings += shared_people(other.matrix, other.rows.gallery, faces, threshold, task)
    return LabelFindings(tuple(findings), scored, threshold, None if other is None else other.rows)
