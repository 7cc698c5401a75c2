"""facenet-pytorch's InceptionResnetV1, as target, and as backbone at an input of 144 pixels."""

from torch import Tensor
from torch.nn import functional as F

from core.model.backbone_registry import register
from core.workarounds import without_compiler

with without_compiler():
    from facenet_pytorch import InceptionResnetV1

EMBED_SIDE = 160  # what the published weights were trained on
# At this input the 896-channel map before mixed_7a has 7x7 cells: 144, 71, 69, 34, 32, 15, 7.
GRID_SIDE = 144


@register("inception-resnet-v1")
class Inception(InceptionResnetV1):  # type: ignore[misc]
    """(B, 3, 112, 112) to (B, 896, 7, 7) and an embedding of 512; crops are enlarged first.

    The last map of this network has 3x3 cells, so the grid is taken one reduction earlier.
    """

    channels = 896

    def __init__(self) -> None:
        super().__init__(pretrained=None)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        x_BCHW = _enlarge(x_BCHW, GRID_SIDE)
        for layer in (self.conv2d_1a, self.conv2d_2a, self.conv2d_2b, self.maxpool_3a):
            x_BCHW = layer(x_BCHW)
        for layer in (self.conv2d_3b, self.conv2d_4a, self.conv2d_4b, self.repeat_1):
            x_BCHW = layer(x_BCHW)
        out: Tensor = self.repeat_2(self.mixed_6a(x_BCHW))
        return out

    def embed(self, x_BCHW: Tensor) -> Tensor:
        """(B, 3, 112, 112) to (B, 512) unit vectors."""
        out: Tensor = InceptionResnetV1.forward(self, _enlarge(x_BCHW, EMBED_SIDE))
        return out


def _enlarge(x_BCHW: Tensor, side: int) -> Tensor:
    return F.interpolate(x_BCHW, (side, side), mode="bilinear", align_corners=False)
