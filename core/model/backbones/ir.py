"""IR and IR-SE networks as InsightFace_Pytorch and the xCos authors build them.

Names of tensors are the publishers'. Every stage's first unit has stride 2, and a stride is on a
unit's second convolution.
"""

from functools import partial

from torch import Tensor, nn
from torch.nn import functional as F

from core.model.backbone_registry import register

UNITS = {50: (3, 4, 14, 3), 100: (3, 13, 30, 3), 152: (3, 8, 36, 3)}
WIDTHS = (64, 128, 256, 512)
EMBEDDING = 512


class SqueezeExcitation(nn.Module):
    """Channels weighted by what their means say (Hu et al., 2018)."""

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // reduction, 1, bias=False)
        self.fc2 = nn.Conv2d(channels // reduction, channels, 1, bias=False)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        mean = x_BCHW.mean(dim=(2, 3), keepdim=True)
        gate: Tensor = self.fc2(F.relu(self.fc1(mean))).sigmoid()
        return x_BCHW * gate


class Unit(nn.Module):
    """Shortcut plus residual; nothing after the sum."""

    def __init__(self, inputs: int, outputs: int, stride: int, excite: bool) -> None:
        super().__init__()
        self.shortcut_layer: nn.Module = (
            nn.MaxPool2d(1, stride)
            if inputs == outputs
            else nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False),
                nn.BatchNorm2d(outputs),
            )
        )
        layers: list[nn.Module] = [
            nn.BatchNorm2d(inputs),
            nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False),
            nn.PReLU(outputs),
            nn.Conv2d(outputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
        ]
        self.res_layer = nn.Sequential(*layers, *([SqueezeExcitation(outputs)] if excite else []))

    def forward(self, x_BCHW: Tensor) -> Tensor:
        out: Tensor = self.shortcut_layer(x_BCHW) + self.res_layer(x_BCHW)
        return out


class IR(nn.Module):
    """(B, 3, 112, 112) to (B, 512, 7, 7); with `output`, an embedding of 512 too.

    As the backbone of xCos the output layer is not needed, so it is left out by default.
    """

    channels = 512

    def __init__(self, depth: int, excite: bool, output: bool = False) -> None:
        super().__init__()
        self.input_layer = nn.Sequential(
            nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.PReLU(64)
        )
        units: list[nn.Module] = []
        inputs = 64
        for width, count in zip(WIDTHS, UNITS[depth], strict=True):
            for index in range(count):
                units.append(Unit(inputs, width, 2 if index == 0 else 1, excite))
                inputs = width
        self.body = nn.Sequential(*units)
        self.output_layer = (
            nn.Sequential(
                nn.BatchNorm2d(512),
                nn.Dropout(0.6),
                nn.Flatten(),
                nn.Linear(512 * 49, EMBEDDING),
                nn.BatchNorm1d(EMBEDDING),
            )
            if output
            else None
        )

    def forward(self, x_BCHW: Tensor) -> Tensor:
        out: Tensor = self.body(self.input_layer(x_BCHW))
        return out

    def embed_map(self, map_BCHW: Tensor) -> Tensor:
        """(B, 512, 7, 7) to (B, 512), not normalised; needs `output`."""
        if self.output_layer is None:
            raise TypeError("this IR was built without its output layer")
        out: Tensor = self.output_layer(map_BCHW)
        return out

    def embed(self, x_BCHW: Tensor) -> Tensor:
        """(B, 3, 112, 112) to (B, 512), not normalised; needs `output`."""
        return self.embed_map(self(x_BCHW))


for _depth in UNITS:
    register(f"ir-{_depth}")(partial(IR, _depth, False))
    register(f"ir-se-{_depth}")(partial(IR, _depth, True))
