"""arcface_torch's iresnet of 18 to 200 layers; names of tensors are the publisher's."""

from functools import partial

from torch import Tensor, nn

from core.model.backbone_registry import register

UNITS = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 14, 3),
    100: (3, 13, 30, 3),
    200: (6, 26, 60, 6),
}
WIDTHS = (64, 128, 256, 512)


class Unit(nn.Module):
    """BN, convolution, BN, PReLU, convolution with the stride, BN; the input is added."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.prelu = nn.PReLU(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, stride, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = (
            None
            if stride == 1 and inputs == outputs
            else nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False),
                nn.BatchNorm2d(outputs),
            )
        )

    def forward(self, x_BCHW: Tensor) -> Tensor:
        out_BCHW = self.prelu(self.bn2(self.conv1(self.bn1(x_BCHW))))
        out_BCHW = self.bn3(self.conv2(out_BCHW))
        shortcut = x_BCHW if self.downsample is None else self.downsample(x_BCHW)
        out: Tensor = out_BCHW + shortcut
        return out


class IResNet(nn.Module):
    """(B, 3, 112, 112) to (B, 512, 7, 7); with `output`, an embedding of 512 too."""

    channels = 512

    def __init__(self, depth: int, output: bool = False, features: int = 512) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.prelu = nn.PReLU(64)
        inputs = 64
        for stage, (width, count) in enumerate(zip(WIDTHS, UNITS[depth], strict=True), start=1):
            units = [
                Unit(inputs if i == 0 else width, width, 2 if i == 0 else 1) for i in range(count)
            ]
            setattr(self, f"layer{stage}", nn.Sequential(*units))
            inputs = width
        self.has_output = output
        if output:
            self.bn2 = nn.BatchNorm2d(512)
            self.fc = nn.Linear(512 * 49, features)
            self.features = nn.BatchNorm1d(features)
            self.features.weight.requires_grad = False  # as published: fixed to 1

    def forward(self, x_BCHW: Tensor) -> Tensor:
        x_BCHW = self.prelu(self.bn1(self.conv1(x_BCHW)))
        for stage in range(1, 5):
            x_BCHW = getattr(self, f"layer{stage}")(x_BCHW)
        return x_BCHW

    def embed_map(self, map_BCHW: Tensor) -> Tensor:
        """(B, 512, 7, 7) to (B, features), not normalised; needs `output`."""
        if not self.has_output:
            raise TypeError("this iresnet was built without its output layer")
        out: Tensor = self.features(self.fc(self.bn2(map_BCHW).flatten(1)))
        return out

    def embed(self, x_BCHW: Tensor) -> Tensor:
        """(B, 3, 112, 112) to (B, features), not normalised; needs `output`."""
        return self.embed_map(self(x_BCHW))


for _depth in UNITS:
    register(f"iresnet-{_depth}")(partial(IResNet, _depth))
