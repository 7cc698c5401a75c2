"""The target: another verification model, whose cosine supervises or accompanies the score."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.errors import XCosError
from core.model.target_choice import TargetChoice
from core.progress import QUIET, Task

if TYPE_CHECKING:
    from torch import Tensor, nn

    from core.model.card import ModelCard
    from core.model.inference import Runner


@dataclass(frozen=True, eq=False)
class TargetFeatures:
    """What a target says of n faces.

    embeddings: (n, t) float32 unit vectors
    maps:       (n, C, 7, 7) float32, the last map, or None where it was not asked for
    """

    embeddings: np.ndarray
    maps: np.ndarray | None


class Target:
    """A verification model: one of our files, a foreign checkpoint, or an ONNX file.

    Cheap to make: torch or onnxruntime is loaded at first use. Raises XCosError for a file that
    is not there, and at first use for one that is no such model.

    choice:      the file, alone or with what the user says of its input
    fingerprint: differs whenever the answers would
    """

    def __init__(self, choice: str | Path | TargetChoice, device: str = "auto") -> None:
        self.choice = choice if isinstance(choice, TargetChoice) else TargetChoice(Path(choice))
        self.path, self.name, self._device = self.choice.path, self.choice.path.stem, device
        self.fingerprint = self.choice.fingerprint()
        self._runner: Runner | None = None

    def __reduce__(self) -> "tuple[type[Target], tuple[TargetChoice, str]]":
        return Target, (self.choice, self._device)  # loaded anew elsewhere

    @property
    def card(self) -> "ModelCard":
        """What the model says of itself, its input as it is used. Raises XCosError."""
        return self._load().card

    def embeddings(self, crops: np.ndarray, task: Task = QUIET) -> np.ndarray:
        """(n, 112, 112, 3) uint8 crops, n >= 1, to (n, t) float32 unit vectors."""
        return self.answers(crops, False, task).embeddings

    def answers(
        self,
        crops: np.ndarray,
        with_map: bool,
        task: Task = QUIET,
    ) -> TargetFeatures:
        """Embeddings, and with_map the last 7x7 map too. Raises XCosError where there is none."""
        from core.model.verifier import unit

        runner, compute = self._load(), self._compute(with_map)
        embedding, *maps = runner.run(crops, compute, "Asking the target", task)
        return TargetFeatures(unit(embedding), maps[0] if with_map else None)

    def answers_to_views(self, x_BCHW: "Tensor", with_map: bool) -> "list[Tensor]":
        """Float faces in [0, 255] on the target's device to unit embeddings (B, t), and maps.

        Without gradients; on a GPU in half precision. Raises XCosError where there is no map.
        """
        import torch
        from torch.nn import functional as F

        compute = self._compute(with_map)
        half = x_BCHW.device.type == "cuda"
        with torch.no_grad(), torch.autocast(x_BCHW.device.type, torch.float16, enabled=half):
            embedding_BD, *maps = compute(self._load().normalised(x_BCHW))
        return [F.normalize(embedding_BD.float()), *(m.float() for m in maps)]

    def compile(self) -> None:
        """Compile the network: the first answers come later, the following ones sooner."""
        self._load().network.compile()

    def _compute(self, with_map: bool) -> "Callable[[Tensor], list[Tensor]]":
        network = self._load().network
        if not with_map:
            return lambda x: [network.embed(x)]  # type: ignore[operator]
        if not hasattr(network, "embed_map"):
            raise XCosError(f"The target {self.path} has no 7x7 map; set losses.map_weight to 0.")

        def both(x: "Tensor") -> "list[Tensor]":
            map_BCHW = network(x)
            return [network.embed_map(map_BCHW), map_BCHW]  # type: ignore[operator]

        return both

    def _load(self) -> "Runner":
        if self._runner is None:
            from core.model.device import choose_device
            from core.model.inference import Runner

            card, network = read_target(self.choice)
            if self.choice.fingerprint() != self.fingerprint:
                raise XCosError(f"{self.path} has changed since it was chosen; choose it again.")
            self._runner = Runner(card, network, choose_device(self._device), half=False)
        return self._runner


def read_target(choice: Path | TargetChoice) -> "tuple[ModelCard, nn.Module]":
    """A target's card, its input as it is to be used, and its network, which has `embed`.

    Raises XCosError.
    """
    if not isinstance(choice, TargetChoice):
        choice = TargetChoice(choice)
    card, network = _read(choice)
    if choice.channels is not None:
        card = replace(card, channels=choice.channels)
    if choice.normalisation is not None:
        card = replace(card, mean=choice.normalisation.mean, std=choice.normalisation.std)
    return card, network


def _read(choice: TargetChoice) -> "tuple[ModelCard, nn.Module]":
    from core.model.importers import is_ours, read_foreign
    from core.model.target_networks import HeadNetwork, OnnxNetwork
    from core.model.weights import load_network
    from core.model.xcos import XCosNet

    path = choice.path
    if choice.is_onnx:
        network = OnnxNetwork(path)
        return network.card, network
    if not is_ours(path):
        return read_foreign(path, "target")
    card, known = load_network(path)
    if isinstance(known, XCosNet):
        if known.embedding is None:
            raise XCosError(f"{path} has no fully connected head, so it cannot be a target.")
        return card, HeadNetwork(known)
    if not hasattr(known, "embed"):
        raise XCosError(f"{path} gives no embedding, so it cannot be a target; choose another.")
    return card, known
