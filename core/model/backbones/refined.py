"""A network whose last map a small trained layer looks at again, cell by cell with its neighbours."""

from typing import Any

from torch import Tensor, nn

from core.model.backbone_registry import build_backbone, register

WIDTH = 128  # channels of what the layer gives


@register("refined")
class Refined(nn.Module):
    """A registered network and a local layer: 1x1 to `width` channels, then 3x3; (B, width, 7, 7)."""

    def __init__(self, backbone: str, options: dict[str, Any], width: int = WIDTH) -> None:
        super().__init__()
        self.network = build_backbone(backbone, **options)
        self._add_layer(width)

    def _add_layer(self, width: int) -> None:
        self.channels = width
        self.local = nn.Sequential(
            nn.Conv2d(int(self.network.channels), width, 1, bias=False),  # type: ignore[arg-type]
            nn.BatchNorm2d(width),
            nn.PReLU(width),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.PReLU(width),
        )

    @classmethod
    def around(cls, network: nn.Module, width: int = WIDTH) -> "Refined":
        """A fresh layer on a network that there is."""
        made = cls.__new__(cls)
        nn.Module.__init__(made)
        made.network = network
        made._add_layer(width)
        return made

    def forward(self, x_BCHW: Tensor) -> Tensor:
        return self.refine(self.network(x_BCHW))

    def refine(self, map_BCHW: Tensor) -> Tensor:
        """The network's own map (B, C, 7, 7) to what the layer gives."""
        refined: Tensor = self.local(map_BCHW)
        return refined


def from_map(backbone: nn.Module, map_BCHW: Tensor) -> Tensor:
    """What a backbone gives, from the map of the frozen network in it."""
    return backbone.refine(map_BCHW) if isinstance(backbone, Refined) else map_BCHW
