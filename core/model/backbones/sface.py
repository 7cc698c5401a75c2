"""SFace (OpenCV Zoo, 2021dec): a MobileNet whose last map has 1024 channels, as a target or backbone.

Tensor names are those of the ONNX file that the zoo publishes.
"""

from torch import Tensor, nn

from core.model.backbone_registry import register
from core.model.features import CELLS

# Channels out and stride of each depthwise-separable layer, 2 to 14.
LAYERS = (
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    (512, 1),
    (512, 1),
    (512, 1),
    (512, 1),
    (512, 1),
    (1024, 2),
    (1024, 1),
)
CONV_EPS, LAST_EPS = 1e-3, 2e-5


class _Convolution(nn.Module):
    """A convolution without bias, batch norm, and a slope a channel."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, groups: int) -> None:
        super().__init__()
        weight = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
        self.weight = weight.weight
        self._places = (stride, kernel // 2, groups)
        self.bn = nn.BatchNorm2d(outputs, eps=CONV_EPS)
        self.prelu = nn.PReLU(outputs)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        stride, padding, groups = self._places
        x_BCHW = nn.functional.conv2d(x_BCHW, self.weight, None, stride, padding, 1, groups)
        out: Tensor = self.prelu(self.bn(x_BCHW))
        return out


class _Norm(nn.Module):
    """A batch norm under the name that the publisher gave it."""

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        self.bn = norm

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.bn(x)
        return out


@register("sface")
class SFace(nn.Module):
    """(B, 3, 112, 112) to (B, 1024, 7, 7), and an embedding of 128."""

    channels = 1024

    def __init__(self) -> None:
        super().__init__()
        self.conv_1 = _Convolution(3, 32, 3, 1, 1)
        inputs = 32
        for number, (outputs, stride) in enumerate(LAYERS, 2):
            self.add_module(f"conv_{number}_dw", _Convolution(inputs, inputs, 3, stride, inputs))
            self.add_module(f"conv_{number}", _Convolution(inputs, outputs, 1, 1, 1))
            inputs = outputs
        self.bn1 = _Norm(nn.BatchNorm2d(inputs, eps=LAST_EPS))
        self.fc = nn.Linear(inputs * CELLS * CELLS, 128)
        self.fc1 = _Norm(nn.BatchNorm1d(128, eps=LAST_EPS))

    def forward(self, x_BCHW: Tensor) -> Tensor:
        for name, layer in self.named_children():
            if name.startswith("conv_"):
                x_BCHW = layer(x_BCHW)
        out: Tensor = self.bn1(x_BCHW)
        return out

    def embed_map(self, map_BCHW: Tensor) -> Tensor:
        """(B, 1024, 7, 7) to (B, 128), not normalised."""
        out: Tensor = self.fc1(self.fc(map_BCHW.flatten(1)))
        return out

    def embed(self, x_BCHW: Tensor) -> Tensor:
        """(B, 3, 112, 112) to (B, 128), not normalised."""
        return self.embed_map(self(x_BCHW))
