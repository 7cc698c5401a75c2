"""A residual network whose cells see a window around their own place, not the whole face.

All strides are even kernels with symmetric padding, so that the middle of what a cell sees is
the middle of the 16x16 pixels that it stands for. 3x3 convolutions widen the window, 1x1 ones
do not: "Restricted Receptive Fields for Face Verification" (arXiv 2510.10753), BagNet
(Brendel and Bethge, 2019).
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from core.model.backbone_registry import register
from core.model.features import CELLS

STEM = 4  # pixels that the stem's kernel spans where nothing else is said


class PlacedUnit(nn.Module):
    """Two convolutions around which the input is added, each 3x3 or 1x1."""

    def __init__(self, channels: int, kernels: tuple[int, int]) -> None:
        super().__init__()
        first, second = kernels
        self.residual = nn.Sequential(
            nn.Conv2d(channels, channels, first, 1, first // 2, bias=False),
            nn.BatchNorm2d(channels),
            nn.PReLU(channels),
            nn.Conv2d(channels, channels, second, 1, second // 2, bias=False),
            nn.BatchNorm2d(channels),
        )
        self.activation = nn.PReLU(channels)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        out: Tensor = self.activation(self.residual(x_BCHW) + x_BCHW)
        return out


class Placed(nn.Module):
    """Adds a learned number to each channel at each place, so that later layers know where they are."""

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        self.offset = nn.Parameter(torch.zeros(1, channels, side, side))

    def forward(self, x_BCHW: Tensor) -> Tensor:
        return x_BCHW + self.offset


def field_of(spatial: Sequence[int], stem: int = STEM) -> int:
    """Pixels a side that a cell sees, from the 3x3 convolutions at 56, 28, 14 and 7 pixels."""
    steps = [2 * 2**stage for stage in range(len(spatial))]
    merged = sum(step for step, _ in pairwise(steps))  # a 2x2 kernel adds one step
    return stem + merged + sum(2 * step * count for step, count in zip(steps, spatial, strict=True))


@register("local")
class LocalResNet(nn.Module):
    """(B, 3, 112, 112) to (B, widths[-1], 7, 7) by four stages at 56, 28, 14 and 7 pixels.

    widths:  channels of each stage
    depths:  residual units of each stage, two convolutions each
    spatial: how many of a stage's convolutions, its first ones, are 3x3; all others are 1x1.
             `field_of(spatial)` is the side of the window that a cell sees: 42 pixels for
             (2, 2, 0, 0), 50 for (2, 3, 0, 0).
    stem:    pixels that the first kernel spans, an even number
    """

    def __init__(
        self,
        widths: Sequence[int] = (64, 128, 256, 512),
        depths: Sequence[int] = (1, 2, 4, 3),
        spatial: Sequence[int] = (2, 3, 0, 0),
        stem: int = STEM,
    ) -> None:
        super().__init__()
        self.channels, self.field = widths[-1], field_of(spatial, stem)
        self.stem = nn.Sequential(
            nn.Conv2d(3, widths[0], stem, 2, stem // 2 - 1, bias=False),
            nn.BatchNorm2d(widths[0]),
            nn.PReLU(widths[0]),
        )
        layers: list[nn.Module] = []
        inputs = widths[0]
        for stage, (width, depth) in enumerate(zip(widths, depths, strict=True)):
            if stage:
                layers += [
                    nn.Conv2d(inputs, width, 2, 2, bias=False),
                    nn.BatchNorm2d(width),
                    Placed(width, CELLS * 2 ** (len(widths) - 1 - stage)),
                    nn.PReLU(width),
                ]
            kernels = [3] * spatial[stage] + [1] * (2 * depth - spatial[stage])
            layers += [
                PlacedUnit(width, (kernels[2 * unit], kernels[2 * unit + 1]))
                for unit in range(depth)
            ]
            inputs = width
        self.stages = nn.Sequential(*layers)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        out: Tensor = self.stages(self.stem(x_BCHW))
        return out
