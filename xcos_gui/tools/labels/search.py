"""What the window on labels searches in the background, with the session's choices."""

from dataclasses import dataclass
from pathlib import Path

from core.analysis.labels.review import LabelQuality
from core.analysis.labels.search import LabelFindings, bare_edits, find_in_labels
from core.gallery.gallery import LoadedGallery
from core.gallery.opening import crop_of
from core.model.kinds import AttentionKind, Order
from core.project.edits import Edits
from core.project.project import Project
from core.scoring.scored import ScoredGallery, ScoringModel, score_gallery
from xcos_gui.state.jobs import Running
from xcos_gui.state.loading import Loader

Qualities = tuple[LabelQuality, LabelQuality]  # before and after


@dataclass(frozen=True, eq=False)
class LabelsRequest:
    """What to search.

    scored: the gallery with itself where the session has its scores exactly, or None
    other:  a further gallery by its source, or the session's probes, or None
    """

    source: Path
    gallery: LoadedGallery
    edits: Edits
    scored: ScoredGallery | None
    other: Path | LoadedGallery | None
    loader: Loader
    model: ScoringModel
    kind: AttentionKind
    order: Order
    threshold: float

    def run(self, running: Running) -> LabelFindings:
        """Load and score what is missing, and search. Raises XCosError, Stopped."""
        gallery, scored = self.gallery, self.scored
        bare = bare_edits(self.edits, gallery)
        if not bare.same_faces(self.edits):
            # What was accepted stays in the list, so it is searched on the labels before.
            gallery = self.loader.load(self.source, running, Project.unsaved(bare))
            scored = None
        if scored is None:
            scored = self._score(gallery, None, running)
        probes = self.other
        if isinstance(probes, Path):
            project = Project.open(probes, self.loader.cache.folder)
            probes = self.loader.load(probes, running, project)
        other = None if probes is None else self._score(gallery, probes, running)
        root, cache = gallery.gallery.root, self.loader.cache
        return find_in_labels(
            scored,
            self.threshold,
            lambda face: crop_of(face, root, cache),
            other,
            running,
        )

    def _score(
        self, gallery: LoadedGallery, probes: LoadedGallery | None, running: Running
    ) -> ScoredGallery:
        return score_gallery(self.model, gallery, probes, self.kind, self.order, running)


def qualities(findings: LabelFindings, edits: Edits) -> Qualities:
    """Errors, accuracy and EER without and with what was accepted."""
    return findings.before(), findings.after(edits)
