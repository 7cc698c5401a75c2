"""The models that the user chose, and what computes and scores with them."""

from collections.abc import Callable
from copy import copy
from pathlib import Path

from core.errors import XCosError
from core.faces.choose import GallerySettings
from core.gallery.cache import Cache
from core.gallery.pipeline import Pipeline
from core.model.attention_weights import read_head
from core.model.card import find_weights
from core.model.target import Target
from core.model.target_choice import TargetChoice
from core.model.verifier import Verifier
from core.scoring.engine import PairEngine
from xcos_gui.state.loading import Loader


class Models:
    """Weights with their pair engine, and a target beside them; all None until chosen.

    device: auto, cpu, cuda, cuda:1 or mps; make: computes features, here or in another process
    tell:   gets sentences on what is done otherwise than asked, in the thread that scores
    """

    def __init__(
        self, cache: Cache, device: str, make: Pipeline, tell: Callable[[str], None]
    ) -> None:
        self.device = device
        self.verifier: Verifier | None = None
        self.engine: PairEngine | None = None
        self.target: Target | None = None
        self.weights: Path | None = None  # as they were chosen; None: those that ship
        self.lost_target: TargetChoice | None = None  # that could not be used
        self._cache, self._make, self._tell = cache, make, tell

    def use(self, weights: Path | None) -> Verifier:
        """Take weights, None for those that ship. Raises XCosError, and keeps the others then."""
        path = find_weights(weights)
        verifier = Verifier(path, self.device)
        if verifier.card.kind != "xcos":
            raise XCosError(f"{path} is a target model; choose it under Model, Target model.")
        self.verifier, self.engine = verifier, self.engine_of(verifier)
        self.weights = weights
        return verifier

    def copy(self) -> "Models":
        """The same models, to choose others without a change to these."""
        return copy(self)

    def use_target(self, choice: TargetChoice | None) -> None:
        """Take a target, or none. Raises XCosError, and keeps the other one then."""
        self.target = None if choice is None else Target(choice, self.device)
        self.lost_target = None

    def lose_target(self, choice: TargetChoice) -> None:
        """Have none, in place of one that could not be used."""
        self.target, self.lost_target = None, choice

    def loader(self, settings: GallerySettings) -> Loader:
        """What loads galleries with the chosen models. Raises XCosError without weights."""
        if self.verifier is None:
            raise XCosError("There are no weights yet; choose some in the Model menu.")
        return Loader(self.verifier, self.target, self._cache, settings, self._make)

    def loader_with(self, weights: Path, settings: GallerySettings) -> Loader:
        """What loads galleries with other weights, for a comparison. Raises XCosError for bad ones."""
        verifier = Verifier(find_weights(weights), self.device)
        if verifier.card.kind != "xcos":
            raise XCosError(f"{weights} is a target model without grid features; choose others.")
        return Loader(verifier, None, self._cache, settings, self._make)

    def engine_of(self, verifier: Verifier) -> PairEngine:
        """What scores pairs by a model's attention. Raises XCosError for weights that are damaged."""
        card = verifier.card
        return PairEngine(read_head(card.path), card.correlation, self.device, self._tell)
