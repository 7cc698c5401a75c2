"""Loading galleries and protocols in the background, with what the session has chosen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.errors import XCosError
from core.explain.report import PairReport
from core.faces.choose import GallerySettings
from core.faces.regions import face_regions
from core.gallery.cache import Cache
from core.gallery.gallery import LoadedGallery
from core.gallery.opening import crop_of, landmarks_in_crop, open_gallery
from core.gallery.pipeline import Pipeline
from core.model.kinds import AttentionKind, Order
from core.model.target import Target
from core.model.verifier import Verifier
from core.project.edits import Edits
from core.project.kept_settings import settings_of
from core.project.project import Project
from core.scoring.scored import ScoringModel
from xcos_gui.state.jobs import Running

if TYPE_CHECKING:
    from core.evaluation.occlusion_curve import OcclusionCurve
    from core.evaluation.protocol import OpenedPairs
    from core.evaluation.results import Evaluation

# The gallery, its probes if any, and what is told of these in their own project.
Loaded = tuple[LoadedGallery, LoadedGallery | None, Edits]


@dataclass(frozen=True, eq=False)
class Loader:
    """Turns photos into faces with features, as the session's choices were when it was made."""

    verifier: Verifier
    target: Target | None
    cache: Cache
    settings: GallerySettings
    make: Pipeline

    def load(
        self,
        source: Path,
        running: Running,
        project: Project | None = None,
        partial: bool = False,
        aligned: bool = False,
    ) -> LoadedGallery:
        """One gallery. Raises XCosError and Stopped.

        partial: tell of the gallery as it grows; aligned: its photos are crops for sure
        """
        return open_gallery(
            source,
            verifier=self.verifier,
            target=self.target,
            cache=self.cache,
            settings=replace(self.settings, aligned=self.settings.aligned or aligned),
            project=project,
            make=self.make,
            task=running,
            on_partial=running.partial if partial else None,
        )

    def load_both(
        self, source: Path, project: Project | None, probes: Path | None, running: Running
    ) -> Loaded:
        """A gallery with its project, and the probes with theirs. Raises XCosError, also where no probe is a face."""
        loaded = self.load(source, running, project, partial=probes is None)
        if probes is None:
            return loaded, None, Edits()
        told = Project.open(probes, self.cache.folder)
        own = replace(self, settings=settings_of(told) or self.settings)
        others = own.load(probes, running, told)
        if not others.gallery.faces:
            problems = others.gallery.problems
            why = problems[0].reason if problems else "choose a folder with photos of faces."
            raise XCosError(f"The probes {probes} gave no face; {why}")
        return loaded, others, told.edits


@dataclass(frozen=True, eq=False)
class ProtocolRequest:
    """A protocol to measure, where its photos lie, and with what."""

    protocol: Path
    photos: Path | None
    loader: Loader
    model: ScoringModel
    order: Order
    unpacked: Path  # an empty folder for the images of a .bin

    def run(self, running: Running) -> tuple[OpenedPairs, Evaluation]:
        """Read, load, score and measure. Raises XCosError and Stopped."""
        from core.evaluation.run import evaluate_protocol

        return evaluate_protocol(
            self.protocol,
            self.photos,
            self.unpacked,
            lambda source, aligned: self.loader.load(source, running, aligned=aligned),
            self.model,
            self.order,
            running,
        )

    def occlusion(self, opened: OpenedPairs, running: Running) -> OcclusionCurve:
        """Measure again with more and more of each face masked. Raises XCosError and Stopped."""
        from core.evaluation.run import occlusion_of

        faces, root, loader = opened.gallery.faces, opened.gallery.root, self.loader
        return occlusion_of(
            opened,
            np.stack([crop_of(face, root, loader.cache) for face in faces]),
            loader.verifier,
            self.model.engine,
            loader.target,
            self.order,
            running,
        )

    def explain(
        self, opened: OpenedPairs, pair: int, kind: AttentionKind, threshold: float | None
    ) -> PairReport:
        """A pair of the protocol with its crops and regions. Raises XCosError."""
        from core.evaluation.run import explain_listed

        explanation = explain_listed(opened, pair, self.model, kind, self.order)
        places = (opened.groups[side[pair]][0] for side in (opened.left, opened.right))
        one, other = (opened.gallery.faces[place] for place in places)
        root, cache = opened.gallery.root, self.loader.cache
        marks = (landmarks_in_crop(one) + landmarks_in_crop(other)) / 2
        limit = self.model.card.threshold(kind) if threshold is None else threshold
        crops = crop_of(one, root, cache), crop_of(other, root, cache)
        return PairReport(explanation, limit, *crops, face_regions(marks))
