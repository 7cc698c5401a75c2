"""Weight files: safetensors with a description, loaded strictly."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from core.errors import XCosError
from core.files import written_whole
from core.model.backbones import build_backbone
from core.model.card import ModelCard, described, read_card
from core.model.xcos import XCosNet

COUNTER = "num_batches_tracked"  # no result depends on it, so files may leave it out


def build(card: ModelCard) -> nn.Module:
    """The network that a card describes, with fresh weights. Raises XCosError."""
    backbone = build_backbone(card.backbone, **card.options)
    return backbone if card.kind == "target" else XCosNet(backbone, card.embedding_size)


def save_weights(path: Path, network: nn.Module, card: ModelCard) -> ModelCard:
    """Write a network's weights and card, whole or not at all; returns the card as it was read.

    Raises XCosError when the file cannot be written.
    """
    tensors = {
        name: tensor.detach().cpu().contiguous()
        for name, tensor in network.state_dict().items()
        if not name.endswith(COUNTER)
    }
    card = replace(card, path=path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as part:
            save_file(tensors, part, metadata=described(card))
    except (OSError, SafetensorError) as error:
        raise XCosError(f"{path} could not be written: {error}; choose another place.") from error
    return read_card(path)


def load_network(path: Path) -> tuple[ModelCard, nn.Module]:
    """Read a weights file: its card and its network in evaluation mode. Raises XCosError."""
    card = read_card(path)
    network = build(card)
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        raise XCosError(f"The weights {path} cannot be read: {error}.") from error
    load_strictly(network, tensors, path)
    return card, network.eval()


def load_xcos(path: Path) -> tuple[ModelCard, XCosNet]:
    """Read weights that compute grid features. Raises XCosError, also for a target's weights."""
    card, network = load_network(path)
    if not isinstance(network, XCosNet):
        raise XCosError(f"{path} holds a target model without grid features; give it as --target.")
    return card, network


def load_strictly(network: nn.Module, tensors: dict[str, Tensor], path: Path) -> None:
    """Fill a network; a mismatch names the missing, unexpected and misshapen keys (XCosError)."""
    wanted = network.state_dict()
    missing = [k for k in wanted if k not in tensors and not k.endswith(COUNTER)]
    unexpected = [k for k in tensors if k not in wanted]
    misshapen = [
        f"{k} {_shape(tensors[k])} instead of {_shape(wanted[k])}"
        for k in tensors
        if k in wanted and tensors[k].shape != wanted[k].shape
    ]
    if missing or unexpected or misshapen:
        parts = [
            f"{title}: {_some(keys)}"
            for title, keys in (
                ("missing", missing),
                ("unexpected", unexpected),
                ("misshapen", misshapen),
            )
            if keys
        ]
        raise XCosError(f"{path} does not fit the network it names ({'; '.join(parts)}).")
    network.load_state_dict(tensors, strict=False)


def read_pickled(path: Path) -> Any:
    """Read a torch file that holds nothing but tensors and plain containers.

    Raises XCosError for a file that is damaged or carries code: it is not run.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise XCosError(f"The weights {path} do not exist; choose another file.") from error
    except OSError as error:
        raise XCosError(f"The weights {path} cannot be read: {error.strerror or error}.") from error
    except Exception as error:
        if "weights_only" in str(error) or "Unsupported" in str(error):
            raise XCosError(
                f"{path} carries code beside its weights, which is not run; "
                "ask its publisher for a file of plain tensors."
            ) from error
        raise XCosError(f"{path} is not a file of weights; choose another file.") from error


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "scalar"


def _some(keys: list[str], limit: int = 5) -> str:
    more = f" and {len(keys) - limit} more" if len(keys) > limit else ""
    return ", ".join(keys[:limit]) + more
