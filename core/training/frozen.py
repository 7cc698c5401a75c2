"""A trained model whose last 7x7 map is used as it is: each face's map is computed once."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from core.errors import Stopped, XCosError
from core.model.backbones.inner import InnerMap, map_channels
from core.model.card import ModelCard
from core.model.device import choose_device
from core.model.features import CELLS
from core.model.importers import is_ours, read_foreign
from core.model.inference import Runner
from core.model.onnx_maps import find_map
from core.model.onnx_model import OnnxBackbone
from core.model.own_layer import OwnLayer, own_layer
from core.model.target_choice import TargetChoice
from core.model.verifier import unit
from core.model.weights import load_network
from core.model.xcos import XCosNet
from core.progress import Task
from core.training.config import ModelConfig, Precision
from core.training.data import TrainingFaces, views_kept
from core.training.named_files import frozen_choice
from core.training.resumable_arrays import count_up, counted, new_array

CHUNK = 256  # faces whose maps are computed between two reports
ON_CPU = 8  # faces at a time: their activations stay in its cache, and 128 take twice as long


# What layers compute in where precision is mixed.
TYPES: dict[Precision, torch.dtype | None] = {
    "32-true": None,
    "16-mixed": torch.float16,
    "bf16-mixed": torch.bfloat16,
}


class FrozenBackbone:
    """The backbone of a user's model and how it takes faces. Raises XCosError.

    card:    its name, normalisation, and what builds it again from the weights that are trained
    network: (B, 3, 112, 112) normalised to (B, C, 7, 7)
    notes:   sentences on what was found out by itself
    kept:    name of the folder of its maps
    """

    def __init__(self, config: ModelConfig, device: str, precision: Precision = "32-true") -> None:
        assert config.frozen is not None
        self.path = config.frozen
        choice = frozen_choice(config)
        self.notes: tuple[str, ...] = ()
        tensor, side = config.tensor, CELLS
        if choice.is_onnx and not tensor:
            feature_map = find_map(self.path)
            tensor, side, self.notes = feature_map.tensor, feature_map.side, (feature_map.words,)
        card, self.network = _read(self.path, tensor, side)
        if choice.channels is not None:
            card = replace(card, channels=choice.channels)
        if choice.normalisation is not None:
            card = replace(card, mean=choice.normalisation.mean, std=choice.normalisation.std)
        self.card = card
        self.network.requires_grad_(False)
        self._runner = Runner(self.card, self.network, choose_device(device), half=False)
        self._type = TYPES[precision]
        self._fingerprint = content = choice.fingerprint()
        kept = f"frozen-{content[:16]}-{config.tensor.replace('/', '_') or 'last'}"
        self.kept = kept if self._type is None else f"{kept}-{precision}"

    def maps(self, crops: np.ndarray, task: Task) -> np.ndarray:
        """(n, 112, 112, 3) uint8 crops to (n, C, 7, 7) float32."""
        device, what = self._runner.device.type, "Computing maps"
        some = ON_CPU if device == "cpu" else len(crops)
        parts = []
        self.network.eval()  # it may be in training
        for start in range(0, len(crops), some):
            task.report(what, start, len(crops))
            with torch.autocast(device, self._type, enabled=self._type is not None):
                part = crops[start : start + some]
                parts += self._runner.run(part, lambda x: [self.network(x)], what, task.quiet())
        return np.concatenate(parts)

    def normalised(self, x_BCHW: Tensor) -> Tensor:
        """RGB faces (B, 3, 112, 112) from 0 to 255 as the model takes them."""
        return self._runner.normalised(x_BCHW)

    def own_layer(self, maps: np.ndarray) -> OwnLayer | None:
        """What lies between its map and its embedding, where that is linear; maps: some to check by."""
        return own_layer(self.network, torch.from_numpy(maps).float().to(self._runner.device))

    def embeds(self, choice: TargetChoice) -> bool:
        """Whether a target's answers follow from this model's maps: it is the same, as it is."""
        return choice.fingerprint() == self._fingerprint and hasattr(self.network, "embed_map")

    def embeddings(self, maps: np.ndarray) -> np.ndarray:
        """The model's own embeddings of the faces of some maps (n, C, 7, 7), (n, D) unit float32."""
        parts = []
        with torch.inference_mode():
            for start in range(0, len(maps), CHUNK):
                part = torch.from_numpy(maps[start : start + CHUNK]).float()
                embeddings = self.network.embed_map(part.to(self._runner.device))  # type: ignore[operator]
                parts.append(unit(embeddings.cpu().numpy()))
        return np.concatenate(parts)

    def maps_of(self, faces: TrainingFaces, task: Task) -> np.ndarray:
        """Maps of all training faces, (2, n, C, 7, 7) float16, [1] of the mirrored ones.

        Of many faces (1, n, C, 7, 7), as they are.

        Kept in the cache; an interrupted computing goes on where it was. Raises Stopped.
        """
        folder = faces.folder / self.kept
        folder.mkdir(parents=True, exist_ok=True)
        place, marker = folder / "maps.npy", folder / "done.txt"
        already = counted(marker, place)
        kept: np.ndarray | None = np.lib.format.open_memmap(place, "r+") if already else None
        for start in range(already, len(faces), CHUNK):
            if task.stopped():
                raise Stopped("Computing the frozen model's maps")
            task.report("Computing maps", start, len(faces))
            end = min(start + CHUNK, len(faces))
            crops = faces.take(np.arange(start, end))
            for turned in range(views_kept(len(faces))):
                seen = np.ascontiguousarray(crops[:, :, ::-1]) if turned else crops
                maps = self.maps(seen, task.quiet())
                if kept is None:
                    size = (views_kept(len(faces)), len(faces), *maps.shape[1:])
                    kept = new_array(place, np.float16, size)
                kept[turned, start:end] = maps
            count_up(marker, end)
        return np.load(place, mmap_mode="r")


def _read(path: Path, tensor: str, side: int) -> tuple[ModelCard, nn.Module]:
    if TargetChoice(path).is_onnx:
        return _read_onnx(path, tensor, side)
    card, network = load_network(path) if is_ours(path) else read_foreign(path)
    if isinstance(network, XCosNet):
        network = network.backbone
    if not tensor and hasattr(network, "channels"):
        return card, network
    tensor = tensor or next(reversed(map_channels(network)), "")
    if not tensor:
        raise XCosError(
            f"{path} has no map of {CELLS}x{CELLS} cells that xCos can use; choose another model."
        )
    options: dict[str, Any] = {
        "backbone": card.backbone,
        "options": card.options,
        "tensor": tensor,
    }
    try:
        inner = InnerMap(**options)
    except XCosError as error:
        raise XCosError(f"{path}: model.tensor: {error}") from error
    inner.network.load_state_dict(network.state_dict())
    return replace(card, backbone="inner", options=options), inner.eval()


def _read_onnx(path: Path, tensor: str, side: int) -> tuple[ModelCard, nn.Module]:
    options: dict[str, Any] = {"path": str(path.resolve()), "tensor": tensor}
    if side != CELLS:
        options["side"] = side
    network = OnnxBackbone(**options)
    card = ModelCard(
        name=path.stem,
        path=path,
        fingerprint="",
        kind="target",
        backbone="onnx",
        options=options,
        mean=network.normalisation.mean,
        std=network.normalisation.std,
    )
    return card, network


def stored(maps: np.ndarray, faces: np.ndarray, mirrored: np.ndarray) -> Tensor:
    """Some faces' kept maps, (B, C, 7, 7) float32."""
    chosen = [maps[int(turned), face] for turned, face in zip(mirrored, faces, strict=True)]
    return torch.from_numpy(np.stack(chosen)).float()
