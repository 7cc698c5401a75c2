"""Loading galleries and protocols in the background, with what the session has chosen."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from core.evaluation.protocol import OpenedPairs
from core.evaluation.results import Evaluation
from core.evaluation.run import evaluate_protocol
from core.gallery.cache import Cache
from core.gallery.gallery import GallerySettings, LoadedGallery
from core.gallery.opening import open_gallery
from core.gallery.project import Project
from core.model.kinds import Order
from core.model.target import Target
from core.model.verifier import Verifier
from core.scoring.engine import PairEngine
from xcos_gui.job import Running

Loaded = tuple[LoadedGallery, LoadedGallery | None]  # the gallery, and its probes if any


@dataclass(frozen=True, eq=False)
class Loader:
    """Turns photos into faces with features, as the session's choices were when it was made."""

    verifier: Verifier
    target: Target | None
    cache: Cache
    settings: GallerySettings

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
            report=running.report,
            stopped=running.stopped,
            on_partial=running.partial if partial else None,
        )

    def load_both(
        self, source: Path, project: Project | None, probes: Path | None, running: Running
    ) -> Loaded:
        """A gallery with its project, and the probes with theirs."""
        loaded = self.load(source, running, project, partial=probes is None)
        if probes is None:
            return loaded, None
        return loaded, self.load(probes, running, Project.open(probes, self.cache.folder))


@dataclass(frozen=True, eq=False)
class ProtocolRequest:
    """A protocol to measure, where its photos lie, and with what."""

    protocol: Path
    photos: Path | None
    loader: Loader
    engine: PairEngine
    order: Order

    def run(self, running: Running) -> tuple[OpenedPairs, Evaluation]:
        """Read, load, score and measure. Raises XCosError and Stopped."""
        with tempfile.TemporaryDirectory() as unpacked:
            return evaluate_protocol(
                self.protocol,
                self.photos,
                Path(unpacked),
                lambda source, aligned: self.loader.load(source, running, aligned=aligned),
                self.engine,
                self.loader.verifier.card,
                self.order,
                running.report,
                running.stopped,
            )
