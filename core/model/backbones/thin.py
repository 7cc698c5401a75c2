"""A thin residual network that two CPU cores can train and run: what ships."""

from collections.abc import Sequence

from torch import Tensor, nn

from core.faces.face import SIDE
from core.model.backbone_registry import register
from core.model.features import CELLS


class ResidualUnit(nn.Module):
    """Two 3x3 convolutions around which the input is added (He et al., 2016)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.PReLU(outputs),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut = (
            nn.Identity()
            if stride == 1 and inputs == outputs
            else nn.Sequential(
                nn.AvgPool2d(stride) if stride > 1 else nn.Identity(),
                nn.Conv2d(inputs, outputs, 1, bias=False),
                nn.BatchNorm2d(outputs),
            )
        )
        self.activation = nn.PReLU(outputs)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        out: Tensor = self.activation(self.residual(x_BCHW) + self.shortcut(x_BCHW))
        return out


@register("thin")
class ThinResNet(nn.Module):
    """(B, 3, 112, 112) to (B, widths[-1], 7, 7), the side halved from stage to stage.

    Three stages work at 28, 14 and 7 behind a stem to 28x28; four begin at 56, behind a stem to
    56x56. stem: channels of its first convolution; depths: residual units of each stage.
    """

    def __init__(
        self,
        stem: int = 32,
        widths: Sequence[int] = (48, 96, 192),
        depths: Sequence[int] = (2, 2, 3),
    ) -> None:
        super().__init__()
        self.channels = widths[-1]
        first_side = CELLS * 2 ** (len(widths) - 1)
        second_stride = SIDE // 2 // first_side
        self.stem = nn.Sequential(
            nn.Conv2d(3, stem, 3, 2, 1, bias=False),
            nn.BatchNorm2d(stem),
            nn.PReLU(stem),
            nn.Conv2d(stem, widths[0], 3, second_stride, 1, bias=False),
            nn.BatchNorm2d(widths[0]),
            nn.PReLU(widths[0]),
        )
        units: list[nn.Module] = []
        inputs = widths[0]
        for stage, (width, depth) in enumerate(zip(widths, depths, strict=True)):
            for unit in range(depth):
                stride = 2 if stage > 0 and unit == 0 else 1
                units.append(ResidualUnit(inputs, width, stride))
                inputs = width
        self.stages = nn.Sequential(*units)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        out: Tensor = self.stages(self.stem(x_BCHW))
        return out
