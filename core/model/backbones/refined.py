"""A network whose last map small trained layers look at again, cell by cell."""

import math
from typing import Any

import torch
from torch import Tensor, nn

from core.model.backbone_registry import build_backbone, register
from core.model.features import CELLS

WIDTH = 128  # channels of what the layers give


class PlacedLinear(nn.Module):
    """A linear layer of its own for each cell: (B, C, 7, 7) to (B, width, 7, 7).

    weight: (49, C, width), bias: (49, width)
    """

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(inputs)
        self.weight = nn.Parameter(torch.empty(CELLS**2, inputs, width).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(CELLS**2, width))

    def forward(self, x_BCHW: Tensor) -> Tensor:
        cells = x_BCHW.flatten(2).permute(2, 0, 1)
        outputs = torch.baddbmm(self.bias[:, None], cells, self.weight)  # (49, B, width)
        return outputs.permute(1, 2, 0).reshape(len(x_BCHW), -1, CELLS, CELLS)


@register("refined")
class Refined(nn.Module):
    """A registered network, a linear layer for each cell, and a 3x3 one; (B, width, 7, 7).

    A linear layer from a model's map to its embedding is a sum of such layers over the cells, so
    that they can say of each cell what it gives to the model's own score.
    local: whether there is the 3x3 convolution, by which a cell sees its neighbours
    """

    def __init__(
        self, backbone: str, options: dict[str, Any], width: int = WIDTH, local: bool = True
    ) -> None:
        super().__init__()
        self.network = build_backbone(backbone, **options)
        self._add_layers(width, local)

    def _add_layers(self, width: int, local: bool) -> None:
        self.channels = width
        self.cells = PlacedLinear(int(self.network.channels), width)  # type: ignore[arg-type]
        self.local = (
            nn.Sequential(nn.Conv2d(width, width, 3, padding=1, bias=False), nn.PReLU(width))
            if local
            else nn.Sequential()
        )

    @classmethod
    def around(cls, network: nn.Module, local: bool, width: int = WIDTH) -> "Refined":
        """Fresh layers on a network that there is."""
        refined = cls.__new__(cls)
        nn.Module.__init__(refined)
        refined.network = network
        refined._add_layers(width, local)
        return refined

    def forward(self, x_BCHW: Tensor) -> Tensor:
        return self.refine(self.network(x_BCHW))

    def refine(self, map_BCHW: Tensor) -> Tensor:
        """The network's own map (B, C, 7, 7) to what the layers give."""
        refined: Tensor = self.local(self.cells(map_BCHW))
        return refined


def from_map(backbone: nn.Module, map_BCHW: Tensor) -> Tensor:
    """What a backbone gives, from the map of the frozen network in it."""
    return backbone.refine(map_BCHW) if isinstance(backbone, Refined) else map_BCHW
