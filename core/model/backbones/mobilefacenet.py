"""MobileFaceNet (Chen et al., 2018), as foamliu and as InsightFace_Pytorch publish it.

Names of tensors are the publishers', so that their files load as they are.
"""

from collections import OrderedDict

from torch import Tensor, nn

from core.model.backbone_registry import register


def _conv_bn_relu6(
    inputs: int, outputs: int, kernel: int, stride: int, groups: int
) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU6(),
    )


class InvertedResidual(nn.Module):
    """Expand, depthwise, project; the input is added where shapes allow."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        self.adds = stride == 1 and inputs == outputs
        self.conv = nn.Sequential(
            _conv_bn_relu6(inputs, inner, 1, 1, 1),
            _conv_bn_relu6(inner, inner, 3, stride, inner),
            nn.Conv2d(inner, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )

    def forward(self, x_BCHW: Tensor) -> Tensor:
        out: Tensor = self.conv(x_BCHW)
        return x_BCHW + out if self.adds else out


class DepthwiseSeparable(nn.Module):
    """A depthwise 3x3, then a pointwise convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 3, 1, 1, groups=channels, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.pointwise = nn.Conv2d(channels, channels, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        x_BCHW = self.bn1(self.depthwise(x_BCHW)).relu()
        out: Tensor = self.bn2(self.pointwise(x_BCHW)).relu()
        return out


@register("mobilefacenet-foamliu")
class MobileFaceNetFoamliu(nn.Module):
    """(B, 3, 112, 112) to (B, 512, 7, 7), and an embedding of 128."""

    channels = 512
    # expansion, channels, repeats, stride of the first
    GROUPS = (
        (2, 64, 5, 2),
        (4, 128, 1, 2),
        (2, 128, 6, 1),
        (4, 128, 1, 2),
        (2, 128, 2, 1),
    )

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = _conv_bn_relu6(3, 64, 3, 2, 1)
        self.dw_conv = DepthwiseSeparable(64)
        units: list[nn.Module] = []
        inputs = 64
        for expansion, outputs, repeats, first in self.GROUPS:
            for repeat in range(repeats):
                stride = first if repeat == 0 else 1
                units.append(InvertedResidual(inputs, outputs, stride, expansion))
                inputs = outputs
        self.features = nn.Sequential(*units)
        self.conv2 = _conv_bn_relu6(inputs, 512, 1, 1, 1)
        self.gdconv = nn.Sequential(
            OrderedDict(
                depthwise=nn.Conv2d(512, 512, 7, groups=512, bias=False),
                bn=nn.BatchNorm2d(512),
            )
        )
        self.conv3 = nn.Conv2d(512, 128, 1)
        self.bn = nn.BatchNorm2d(128)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        out: Tensor = self.conv2(self.features(self.dw_conv(self.conv1(x_BCHW))))
        return out

    def embed_map(self, map_BCHW: Tensor) -> Tensor:
        """(B, 512, 7, 7) to (B, 128), not normalised."""
        out: Tensor = self.bn(self.conv3(self.gdconv(map_BCHW))).flatten(1)
        return out

    def embed(self, x_BCHW: Tensor) -> Tensor:
        """(B, 3, 112, 112) to (B, 128), not normalised."""
        return self.embed_map(self(x_BCHW))


class _ConvBlock(nn.Module):
    """InsightFace_Pytorch's Conv_block, and its Linear_block where it does not activate."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        stride: int,
        padding: int,
        groups: int = 1,
        activate: bool = True,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        self.prelu = nn.PReLU(outputs) if activate else None

    def forward(self, x_BCHW: Tensor) -> Tensor:
        out: Tensor = self.bn(self.conv(x_BCHW))
        return out if self.prelu is None else self.prelu(out)


class _DepthWise(nn.Module):
    """Expand, depthwise, project; the input is added in residual units."""

    def __init__(self, inputs: int, outputs: int, groups: int, stride: int, residual: bool) -> None:
        super().__init__()
        self.conv = _ConvBlock(inputs, groups, 1, 1, 0)
        self.conv_dw = _ConvBlock(groups, groups, 3, stride, 1, groups)
        self.project = _ConvBlock(groups, outputs, 1, 1, 0, activate=False)
        self.residual = residual

    def forward(self, x_BCHW: Tensor) -> Tensor:
        out: Tensor = self.project(self.conv_dw(self.conv(x_BCHW)))
        return x_BCHW + out if self.residual else out


class _Residual(nn.Module):
    def __init__(self, channels: int, groups: int, count: int) -> None:
        super().__init__()
        units = [_DepthWise(channels, channels, groups, 1, True) for _ in range(count)]
        self.model = nn.Sequential(*units)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        out: Tensor = self.model(x_BCHW)
        return out


@register("mobilefacenet")
class MobileFaceNet(nn.Module):
    """InsightFace_Pytorch's: (B, 3, 112, 112) to (B, 512, 7, 7), and an embedding of 512."""

    channels = 512

    def __init__(self, embedding_size: int = 512) -> None:
        super().__init__()
        self.conv1 = _ConvBlock(3, 64, 3, 2, 1)
        self.conv2_dw = _ConvBlock(64, 64, 3, 1, 1, 64)
        self.conv_23 = _DepthWise(64, 64, 128, 2, False)
        self.conv_3 = _Residual(64, 128, 4)
        self.conv_34 = _DepthWise(64, 128, 256, 2, False)
        self.conv_4 = _Residual(128, 256, 6)
        self.conv_45 = _DepthWise(128, 128, 512, 2, False)
        self.conv_5 = _Residual(128, 256, 2)
        self.conv_6_sep = _ConvBlock(128, 512, 1, 1, 0)
        self.conv_6_dw = _ConvBlock(512, 512, 7, 1, 0, 512, activate=False)
        self.linear = nn.Linear(512, embedding_size, bias=False)
        self.bn = nn.BatchNorm1d(embedding_size)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        x_BCHW = self.conv2_dw(self.conv1(x_BCHW))
        x_BCHW = self.conv_4(self.conv_34(self.conv_3(self.conv_23(x_BCHW))))
        out: Tensor = self.conv_6_sep(self.conv_5(self.conv_45(x_BCHW)))
        return out

    def embed_map(self, map_BCHW: Tensor) -> Tensor:
        """(B, 512, 7, 7) to (B, 512), not normalised."""
        out: Tensor = self.bn(self.linear(self.conv_6_dw(map_BCHW).flatten(1)))
        return out

    def embed(self, x_BCHW: Tensor) -> Tensor:
        """(B, 3, 112, 112) to (B, 512), not normalised."""
        return self.embed_map(self(x_BCHW))
