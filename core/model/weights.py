"""Weight files: safetensors with a description, loaded strictly."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from core.errors import XCosError, shown
from core.files import written_whole
from core.lfs import refuse_pointer
from core.model.backbones import build_backbone
from core.model.card import ModelCard, described, read_card
from core.model.xcos import XCosNet

COUNTER = "num_batches_tracked"  # no result depends on it, so files may leave it out
LARGEST_OPTION = 4096  # a width, depth or size above it is damage, not a network
OUTSIDE = ("onnx",)  # backbones whose weights are elsewhere


def build(card: ModelCard) -> nn.Module:
    """The network that a card describes, with fresh weights. Raises XCosError."""
    backbone = build_backbone(card.backbone, **card.options)
    if card.kind == "target":
        return backbone
    return XCosNet(backbone, card.embedding_size, card.grid_channels)


def filled(card: ModelCard, tensors: dict[str, Tensor]) -> nn.Module:
    """The network of a card with its weights, in evaluation mode.

    Raises XCosError, before memory is taken for the network, where the weights do not fit it.
    """
    _refuse_unusable(tensors, card.path)
    return _filled(card, tensors, _shapes(card, tensors))


def filled_from_among(
    card: ModelCard, tensors: dict[str, Tensor]
) -> tuple[nn.Module, tuple[str, ...]]:
    """As `filled`, without tensors that lie beside the network's parts; these are named.

    Such are a counter of averaged weights and a head of classes. Raises XCosError as `filled` does.
    """
    _refuse_unusable(tensors, card.path)
    shapes = _shapes(card, tensors)
    parts = {name.split(".")[0] for name in shapes}
    others = tuple(name for name in tensors if name.split(".")[0] not in parts)
    if _missing(shapes, tensors):
        others = ()  # what is there in its place is told with it
    kept = {name: tensor for name, tensor in tensors.items() if name not in others}
    return _filled(card, kept, shapes), others


def save_weights(path: Path, network: nn.Module, card: ModelCard) -> ModelCard:
    """Write a network's weights and card, whole or not at all; returns the card as it was read.

    Raises XCosError when the file cannot be written, and for numbers that are not finite.
    """
    tensors = {
        name: tensor.detach().cpu().contiguous()
        for name, tensor in network.state_dict().items()
        if not name.endswith(COUNTER)
    }
    _refuse_unusable(tensors, path)
    card = replace(card, path=path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as part:
            save_file(tensors, part, metadata=described(card))
    except (OSError, SafetensorError, ValueError) as error:
        raise XCosError(f"{path} could not be written: {error}; choose another place.") from error
    return read_card(path)


def load_network(path: Path) -> tuple[ModelCard, nn.Module]:
    """Read a weights file: its card and its network in evaluation mode. Raises XCosError."""
    card = read_card(path)
    return card, filled(card, read_safetensors(path))


def load_xcos(path: Path) -> tuple[ModelCard, XCosNet]:
    """Read weights that compute grid features. Raises XCosError, also for a target's weights."""
    card, network = load_network(path)
    if not isinstance(network, XCosNet):
        raise XCosError(
            f"{path} holds a target model without grid features; use it as the target.", "target"
        )
    return card, network


def load_strictly(network: nn.Module, tensors: dict[str, Tensor], path: Path) -> None:
    """Fill a network; a mismatch names the missing, unexpected and misshapen keys (XCosError)."""
    _refuse_mismatch(network.state_dict(), tensors, path)
    network.load_state_dict(tensors, strict=False)


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """A safetensors file's tensors by name. Raises XCosError."""
    try:
        refuse_pointer(path)
        return load_file(path)
    except FileNotFoundError as error:
        raise XCosError(f"The weights {path} do not exist; choose another file.") from error
    except OSError as error:
        raise XCosError(f"The weights {path} cannot be read: {error.strerror or error}.") from error
    except (SafetensorError, ValueError, RuntimeError, MemoryError) as error:
        raise XCosError(f"{path} is not a whole safetensors file: {error}.") from error


def _shapes(card: ModelCard, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """What a card's network is filled with, without numbers; nothing where that is elsewhere."""
    if card.backbone in OUTSIDE:
        return {}
    with torch.device("meta"):
        state: dict[str, Tensor] = _built(card, len(tensors)).state_dict()
    return state


def _filled(card: ModelCard, tensors: dict[str, Tensor], shapes: dict[str, Tensor]) -> nn.Module:
    if shapes:
        _refuse_mismatch(shapes, tensors, card.path)
    network = _built(card, len(tensors))
    load_strictly(network, tensors, card.path)
    return network.eval()


def _built(card: ModelCard, tensors: int) -> nn.Module:
    try:
        _refuse_absurd(card.options, tensors)
        with warnings.catch_warnings():  # of layers without numbers, which then do not fit
            warnings.simplefilter("ignore")
            return build(card)
    except XCosError as error:
        raise XCosError(f"{card.path}: {error}") from error
    except Exception as error:  # its options are the file's, and any of them may be wrong
        raise XCosError(
            f"{card.path} describes no network that can be built; choose another file."
        ) from error


def _refuse_absurd(options: Any, tensors: int) -> None:
    """Raise ValueError for numbers that are no sizes, or for more units than there are tensors."""
    named = options.items() if isinstance(options, dict) else ((None, value) for value in options)
    for name, value in named:
        if isinstance(value, dict | list | tuple):
            _refuse_absurd(value, tensors)
            if name == "depths" and sum(value) > tensors:
                raise ValueError("more units than tensors")
        elif isinstance(value, int | float) and not 0 <= value <= LARGEST_OPTION:
            raise ValueError("a size that no network has")


def _refuse_unusable(tensors: dict[str, Tensor], path: Path) -> None:
    for name, tensor in tensors.items():
        if tensor.is_meta or tensor.is_quantized or tensor.layout != torch.strided:
            wrong = "is no plain table of numbers"
        elif _is_stretched(tensor):
            wrong = f"claims {_shape(tensor)} numbers where the file has fewer"
        elif tensor.is_complex():
            wrong = "is complex"
        elif not bool(torch.isfinite(_single(name, tensor, path)).all()):
            wrong = "has numbers that are not finite, or too large for single precision"
        else:
            continue
        raise XCosError(f"{path} is damaged: its tensor {name} {wrong}; choose another file.")


def _single(name: str, tensor: Tensor, path: Path) -> Tensor:
    """A tensor in single precision, as a network holds it. Raises XCosError for what has no numbers."""
    try:
        return tensor.float()
    except (NotImplementedError, RuntimeError) as error:
        kind = str(tensor.dtype).removeprefix("torch.")
        raise XCosError(
            f"{path} has a tensor of the type {kind}, which is not read ({shown(name, 60)}); "
            "save it as float32."
        ) from error


def _is_stretched(tensor: Tensor) -> bool:
    """Whether a tensor shows the same stored numbers in several places."""
    repeats = any(
        size > 1 and not step for size, step in zip(tensor.shape, tensor.stride(), strict=True)
    )
    return repeats or tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes()


def _refuse_mismatch(wanted: dict[str, Tensor], tensors: dict[str, Tensor], path: Path) -> None:
    missing = _missing(wanted, tensors)
    unexpected = [k for k in tensors if k not in wanted]
    known = [k for k in tensors if k in wanted]
    misshapen = [
        f"{k} {_shape(tensors[k])} instead of {_shape(wanted[k])}"
        for k in known
        if tensors[k].shape != wanted[k].shape
    ]
    whole = [
        k for k in known if wanted[k].is_floating_point() and not tensors[k].is_floating_point()
    ]
    mismatches = (
        ("missing", missing),
        ("unexpected", unexpected),
        ("misshapen", misshapen),
        ("whole numbers", whole),
    )
    wrong = [(title, keys) for title, keys in mismatches if keys]
    shown = 5 if len(wrong) == 1 else 2
    parts = [f"{title}: {some_names(keys, shown)}" for title, keys in wrong]
    if parts:
        raise XCosError(f"{path} does not fit the network it names ({'; '.join(parts)}).")


def _missing(wanted: dict[str, Tensor], tensors: dict[str, Tensor]) -> list[str]:
    return [k for k in wanted if k not in tensors and not k.endswith(COUNTER)]


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "scalar"


def some_names(keys: Sequence[str], limit: int) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(keys) - limit} more" if len(keys) > limit else ""
    return ", ".join(shown(key, 60) for key in keys[:limit]) + more
