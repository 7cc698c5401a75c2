"""One model that scores pairs of crops, kept apart from what the window computes with.

Saliency methods hang hooks on the network and change what it sees; a network of their own keeps
both from disturbing anyone else.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.errors import XCosError
from core.explain.explanation import PairExplanation, law_of
from core.model.kinds import AttentionKind, Order
from core.model.target_choice import TargetChoice
from core.progress import QUIET, Task
from core.scoring.engine import PairEngine
from core.scoring.kernels.prepared import PreparedPairs

if TYPE_CHECKING:
    from torch import Tensor, nn

    from core.model.inference import Runner


class CropScorer:
    """Scores variants of two faces by one attention kind. Loads its networks when it is made.

    threshold: what evidence is measured against; None: the weights' own
    target:    another model, for Grad-CAM on it; device: as a Verifier's
    seed:      None, or shuffle every layer's weights by it: a control that has learned nothing
    Raises XCosError for weights that cannot be read, or a kind that they lack.
    """

    def __init__(
        self,
        weights: Path,
        kind: AttentionKind = "learned",
        order: Order = "both",
        threshold: float | None = None,
        target: TargetChoice | None = None,
        device: str = "auto",
        seed: int | None = None,
    ) -> None:
        from core.model.attention_weights import fold
        from core.model.device import choose_device
        from core.model.inference import Runner
        from core.model.target import read_target
        from core.model.weights import load_xcos

        self.kind, self.order, self.target = kind, order, target
        self._asked = (weights, kind, order, threshold, target, device)
        self.card, self._network = load_xcos(weights)
        self.threshold = self.card.threshold(kind) if threshold is None else threshold
        place = choose_device(device)
        if seed is not None:
            shuffle(self._network, seed)
        state = self._network.attention.state_dict()
        head = fold({name: value.numpy() for name, value in state.items()})
        self.engine = PairEngine(head, self.card.correlation)
        self.engine.weights(kind)  # refuses a kind that the weights lack
        self._runner = Runner(self.card, self._network, place, half=False)
        self._target: tuple[Runner, nn.Module] | None = None
        if target is not None:
            card, network = read_target(target)
            if seed is not None:
                shuffle(network, seed)
            self._target = Runner(card, network, place, half=False), network

    def shuffled(self, seed: int = 0) -> "CropScorer":
        """The same networks with shuffled weights."""
        return CropScorer(*self._asked, seed=seed)

    @property
    def has_target_map(self) -> bool:
        """Whether Grad-CAM can look at the target: it is there, and has a 7x7 map."""
        return self._target is not None and _map_layer(self._target[1]) is not None

    def grids(self, crops: np.ndarray, task: Task = QUIET) -> np.ndarray:
        """(n, 112, 112, 3) uint8 to grid features (n, 32, 7, 7). Raises Stopped."""
        return self._runner.run(crops, lambda x: [self._network(x)[0]], "Asking the model", task)[0]

    def scores(
        self,
        lefts: np.ndarray,
        rights: np.ndarray,
        task: Task = QUIET,
    ) -> np.ndarray:
        """Scores of n left crops with each of m right ones, (n, m) float64. Raises Stopped."""
        grid = self.grids(np.concatenate([lefts, rights]), task)
        return self.scores_of_grids(grid[: len(lefts)], grid[len(lefts) :])

    def scores_of_grids(self, lefts: np.ndarray, rights: np.ndarray) -> np.ndarray:
        """Scores of n grids with each of m, (n, m) float64."""
        one, other = self.engine.prepare(lefts), self.engine.prepare(rights)
        i, j = np.divmod(np.arange(len(lefts) * len(rights)), len(rights))
        scores = self.engine.scores_of(PreparedPairs(one, i, other, j), self.kind, self.order)
        return scores.reshape(len(lefts), len(rights))

    def explained(self, left: np.ndarray, right: np.ndarray) -> PairExplanation:
        """xCos's own explanation of two crops (112, 112, 3)."""
        grid = self.grids(np.stack([left, right]))
        one, other = self.engine.prepare(grid[:1]), self.engine.prepare(grid[1:])
        cosine, attention = self.engine.maps(one, 0, other, 0, self.kind, self.order)
        return PairExplanation(
            "left",
            "right",
            self.card.name,
            self.kind,
            self.order,
            cosine,
            attention,
            law=law_of(self.card, self.kind),
        )

    def grad_cam(self, lefts: np.ndarray, rights: np.ndarray, of_target: bool) -> np.ndarray:
        """Grad-CAM of k pairs of crops: (k, 2, 7, 7) float64 >= 0, left face then right face.

        Of the xCos score on the backbone's last map, or of the target's cosine on the target's.
        Raises XCosError for a target without a 7x7 map.
        """
        from core.explain.saliency.grad_cam import PairCosine, PairScore, pair_cams

        if not of_target:
            model = PairScore(self._network, self.engine.weights(self.kind), self.order)
            return pair_cams(
                model, self._network.backbone, self._input(self._runner, lefts, rights)
            )
        layer = None if self._target is None else _map_layer(self._target[1])
        if self._target is None or layer is None:
            raise XCosError(
                f"The target {self.target and self.target.path} has no 7x7 map to look at; "
                "choose another target, as .safetensors or .pth, or none.",
                "target",
            )
        runner, network = self._target
        return pair_cams(PairCosine(network), layer, self._input(runner, lefts, rights))

    def target_cosines(self, lefts: np.ndarray, right: np.ndarray) -> np.ndarray:
        """The target's cosine of n crops with one, (n,)."""
        from core.model.verifier import unit

        assert self._target is not None
        runner, network = self._target
        crops = np.concatenate([right[None], lefts])
        (embeddings,) = runner.run(
            crops,
            lambda x: [network.embed(x)],  # type: ignore[operator]
            "Asking the target",
            QUIET,
        )
        rows = unit(embeddings).astype(np.float64)
        cosines: np.ndarray = rows[1:] @ rows[0]
        return cosines

    def _input(self, runner: "Runner", lefts: np.ndarray, rights: np.ndarray) -> "Tensor":
        import torch

        crops = np.stack([lefts, rights], axis=1).reshape(-1, *lefts.shape[1:])
        x_BHWC = torch.from_numpy(crops).to(runner.device).float()
        return runner.normalised(x_BHWC.permute(0, 3, 1, 2))


def shuffle(network: "nn.Module", seed: int) -> None:
    """Put the weights of each convolution and linear layer in a random order, in place.

    Adebayo et al. (2018): a map that stays the same tells nothing of what was learned.
    """
    import torch

    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weights in network.parameters():
            if weights.dim() > 1:
                places = torch.randperm(weights.numel(), generator=random)
                weights.copy_(weights.flatten()[places].view_as(weights))


def _map_layer(network: "nn.Module") -> "nn.Module | None":
    """The module of a target whose output is its last 7x7 map."""
    from core.model.target_networks import HeadNetwork

    if isinstance(network, HeadNetwork):
        return network.network.backbone
    return network if hasattr(network, "embed_map") else None
