"""A map inside another network, taken by its module's name."""

from typing import Any

import torch
from torch import Tensor, nn

from core.errors import XCosError
from core.faces.face import SIDE
from core.model.backbone_registry import build_backbone, register
from core.model.features import CELLS


@register("inner")
class InnerMap(nn.Module):
    """The output (B, C, 7, 7) of a module of a registered network.

    tensor: the module's qualified name, as in the network's state dict
    Raises XCosError for a name whose output is no such map; the sentence lists those that are.
    """

    def __init__(self, backbone: str, options: dict[str, Any], tensor: str) -> None:
        super().__init__()
        self.network = build_backbone(backbone, **options)
        self._tensor = tensor
        maps = map_channels(self.network)
        if tensor not in maps:
            known = ", ".join(maps)
            raise XCosError(
                f"The network {backbone} has no inner {CELLS}x{CELLS} map {tensor!r}; name one of {known}."
            )
        self.channels = maps[tensor]

    def forward(self, x_BCHW: Tensor) -> Tensor:
        kept: list[Tensor] = []

        def keep(_module: nn.Module, _inputs: object, output: Tensor) -> None:
            kept.append(output.clone())  # an activation after it may change it in place

        # Hooked at each call, so that the network can be copied and written as it is.
        with self.network.get_submodule(self._tensor).register_forward_hook(keep):
            self.network(x_BCHW)
        return kept[-1]


def map_channels(network: nn.Module) -> dict[str, int]:
    """Channels of every module of a network whose output is (B, C, 7, 7), in order of computing."""
    channels: dict[str, int] = {}
    handles = []
    for name, module in network.named_modules():

        def note(_module: nn.Module, _inputs: object, output: object, name: str = name) -> None:
            if isinstance(output, Tensor) and output.shape[2:] == (CELLS, CELLS):
                channels[name] = int(output.shape[1])

        if name:
            handles.append(module.register_forward_hook(note))
    training = network.training
    network.eval()
    try:
        with torch.no_grad():
            network(torch.zeros(1, 3, SIDE, SIDE))
    finally:
        for handle in handles:
            handle.remove()
        network.train(training)
    return channels
