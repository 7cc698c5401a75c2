"""What the score of one pair is worth by a reference that holds its people out."""

from dataclasses import dataclass

from core.analysis.evidence.ratios import MOST, LikelihoodRatios, Method, Strength, fit
from core.analysis.evidence.reference import reference_of
from core.faces.face import Face
from core.progress import QUIET, Task
from core.scoring.scored import ScoredGallery


@dataclass(frozen=True, eq=False)
class FittedReference:
    """LRs, and who was held out of them: in a sentence (None for nobody) and by name."""

    ratios: LikelihoodRatios
    told: str | None = None
    left_out: tuple[str, ...] = ()

    def strength(self, score: float) -> Strength:
        """What one score is worth."""
        return self.ratios.strength(score)


def fit_for(
    faces: tuple[Face, ...], scored: ScoredGallery, method: Method, task: Task = QUIET
) -> FittedReference:
    """LRs by a gallery without the people whom some faces may show.

    These are the identities of the faces, and of the same crops in the gallery.
    Raises XCosError, Stopped.
    """
    digests = {face.digest for face in faces}
    every = [*faces]
    for loaded in scored.galleries:
        every += [face for face in loaded.gallery.faces if face.digest in digests]
    names = {face.identity for face in every if face.identity is not None}
    reference = reference_of(scored, MOST[method], names, task)
    return FittedReference(fit(reference, method, task), reference.words, reference.left_out)
