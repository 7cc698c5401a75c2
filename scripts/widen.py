"""Widen a trained network of place-bound cells without changing what it computes, to train it further.

python -m scripts.widen --widths 48 96 256 512 --depths 1 2 4 4 -o OUT.safetensors [--model NAME|FILE]

Net2Net (Chen, Goodfellow and Shlens, 2016): a new channel copies one that there is, and both share
what the copied one gave to the next layer; units that are added begin as identities. A little noise
tells copies apart, since equal ones would stay equal. xcos-robust was widened so before its third
run (docs/model-card.md).
"""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from core.errors import XCosError
from core.model.backbones import build_backbone
from core.model.backbones.local import PlacedUnit
from core.model.card import find_weights
from core.model.weights import load_xcos, save_weights
from core.model.xcos import XCosNet

NOISE = 0.05  # of a copied kernel, as a share of the spread of the layer's weights
FEWER = "A stage cannot lose units; give each at least its own depth."
SHARES = 0.8, 1.2  # between which the parts of two copies lie before they are made to sum to 1


def main() -> None:
    """Do it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", metavar="NAME|FILE", help="weights to widen (default: shipped)")
    parser.add_argument(
        "--widths", type=int, nargs="+", required=True, help="channels of each stage"
    )
    parser.add_argument("--depths", type=int, nargs="+", required=True, help="units of each stage")
    parser.add_argument("--noise", type=float, default=NOISE)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    card, net = load_xcos(find_weights(options.model))
    sizes = dict(card.options) | {"widths": options.widths, "depths": options.depths}
    wide = widened(net, sizes, options.noise)
    save_weights(options.output, wide, replace(card, options=sizes))


def widened(net: XCosNet, sizes: dict[str, Any], noise: float) -> XCosNet:
    """The network with a `local` backbone of at least its own sizes, and the same output.

    The first stage keeps its width. Raises XCosError where a stage is to become narrower, shallower, or
    more than twice as wide.
    """
    size = None if net.embedding is None else net.embedding.out_features
    wide = XCosNet(build_backbone("local", **sizes), size, net.channels).eval()
    with torch.no_grad():
        copies = _Widening(noise).backbone(net.backbone, wide.backbone)
        old_grid: list[Any] = list(net.grid)
        new_grid: list[Any] = list(wide.grid)
        _Widening(noise).convolution(old_grid[0], new_grid[0], copies, None)
        for old, new in zip(old_grid[1:], new_grid[1:], strict=True):
            new.load_state_dict(old.state_dict())
        for name, part in net.named_children():
            if name not in ("backbone", "grid"):
                wide.get_submodule(name).load_state_dict(part.state_dict())
    return wide


class _Widening:
    """Fills the layers of a wider network. copies: which old channel each new one is of."""

    def __init__(self, noise: float) -> None:
        self._noise = noise

    def backbone(self, old: Any, new: Any) -> Tensor:
        """Fill all stages; returns the copies of the last map's channels."""
        first = old.stem[0].out_channels
        if new.stem[0].out_channels != first:
            raise XCosError(f"The first stage stays as it is; give it its {first} channels.")
        new.stem.load_state_dict(old.stem.state_dict())
        before = list(old.stages)
        copies = torch.arange(first)
        for layer in new.stages:
            is_unit = isinstance(layer, PlacedUnit)
            if is_unit and not (before and isinstance(before[0], PlacedUnit)):
                _make_identity(layer)
                continue
            known = before.pop(0) if before else None
            if known is None or type(known) is not type(layer):
                raise XCosError(FEWER)
            if isinstance(layer, nn.Conv2d):
                inputs, copies = copies, _copies(known.out_channels, layer.out_channels)
                self.convolution(known, layer, inputs, copies)
            elif is_unit:
                self._unit(known, layer, copies)
            else:
                _take(known, layer, copies)
        if before:
            raise XCosError(FEWER)
        return copies

    def _unit(self, old: PlacedUnit, new: PlacedUnit, copies: Tensor) -> None:
        known: list[Any] = list(old.residual)
        fresh: list[Any] = list(new.residual)
        inner = _copies(known[0].out_channels, fresh[0].out_channels)
        self.convolution(known[0], fresh[0], copies, inner)
        for place in (1, 2):
            _take(known[place], fresh[place], inner)
        self.convolution(known[3], fresh[3], inner, copies)
        _take(known[4], fresh[4], copies)
        _take(old.activation, new.activation, copies)

    def convolution(
        self, old: nn.Conv2d, new: nn.Conv2d, inputs: Tensor, outputs: Tensor | None
    ) -> None:
        """Fill a convolution whose inputs, and outputs where they are given, are copies."""
        weight = old.weight[:, inputs] * _shares(inputs)[:, None, None]
        if outputs is not None:
            weight = weight[outputs]
            extra = weight[len(old.weight) :]
            extra += self._noise * old.weight.std() * torch.randn_like(extra)
        new.weight.copy_(weight)
        if old.bias is not None and new.bias is not None:
            new.bias.copy_(old.bias if outputs is None else old.bias[outputs])


def _copies(old: int, new: int) -> Tensor:
    if not old <= new <= 2 * old:
        raise XCosError(f"{old} channels cannot become {new}; give from {old} to {2 * old}.")
    return torch.cat([torch.arange(old), torch.randperm(old)[: new - old]])


def _shares(copies: Tensor) -> Tensor:
    """What each copy gives of its channel: (n,), those of one channel sum to 1."""
    low, high = SHARES
    parts = low + (high - low) * torch.rand(len(copies))
    return parts / torch.zeros(len(copies)).index_add_(0, copies, parts)[copies]


def _take(old: nn.Module, new: nn.Module, copies: Tensor) -> None:
    """Numbers a channel, along the first axis of vectors and the second of offsets at places."""
    known = old.state_dict()
    for name, tensor in new.state_dict().items():
        value = known[name]
        if value.ndim:
            value = value[copies] if value.ndim == 1 else value[:, copies]
        tensor.copy_(value)


def _make_identity(unit: PlacedUnit) -> None:
    last: Any = unit.residual[4]
    last.weight.zero_()
    last.bias.zero_()
    unit.activation.weight.fill_(1.0)


if __name__ == "__main__":
    main()
