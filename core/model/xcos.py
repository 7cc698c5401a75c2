"""xCos (Lin et al., 2020): grid features, attention, and the score of a pair.

This is the straightforward form of sections 3.3 and 4.1, every pair through every layer: what
training differentiates and what the fast engine is tested against.
Shapes: B faces or pairs, C channels, H = W = 7 cells, D numbers of an embedding.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.model.features import CELLS, CHANNELS

REDUCED = 16  # channels within the attention


class GridLayer(nn.Sequential):
    """The 1x1 convolution from the backbone's map to the grid features (B, 32, 7, 7)."""

    def __init__(self, inputs: int, channels: int = CHANNELS) -> None:
        super().__init__(
            nn.Conv2d(inputs, channels, 1),
            nn.BatchNorm2d(channels),
            nn.PReLU(channels),
        )


class LearnedAttention(nn.Module):
    """W from both faces' grid features (equations 8 and 9): (B, 7, 7), >= 0, sums to 1.

    A shared reducer on each face, both concatenated with the left one first, two convolutions,
    softmax over all 49 cells. Not symmetric in its two faces.
    """

    def __init__(self, channels: int = CHANNELS) -> None:
        super().__init__()
        self.reduce = nn.Sequential(
            nn.Conv2d(channels, REDUCED, 3, padding=1), nn.BatchNorm2d(REDUCED), nn.PReLU()
        )
        self.mix = nn.Sequential(
            nn.Conv2d(2 * REDUCED, REDUCED, 3, padding=1), nn.BatchNorm2d(REDUCED), nn.PReLU()
        )
        self.last = nn.Sequential(
            nn.Conv2d(REDUCED, 1, 3, padding=1), nn.BatchNorm2d(1), nn.PReLU()
        )

    def forward(self, left_BCHW: Tensor, right_BCHW: Tensor) -> Tensor:
        both = torch.cat([self.reduce(left_BCHW), self.reduce(right_BCHW)], dim=1)
        logits = self.last(self.mix(both)).flatten(1)
        # Softmax spans all 49 cells, not each row: attention sums to 1 per pair.
        return logits.softmax(dim=1).view(-1, CELLS, CELLS)


class PairScores(NamedTuple):
    """cosine and attention (B, 7, 7), score (B,)."""

    cosine: Tensor
    attention: Tensor
    score: Tensor


class XCosNet(nn.Module):
    """A backbone, the grid layer, learned attention, and perhaps a fully connected head.

    The fully connected head maps the flattened F (1568) to an embedding whose cosine is the
    FC cosine: the baseline beside xCos, and the stand-in for a target that is not there.
    channels: of F
    """

    def __init__(
        self, backbone: nn.Module, embedding_size: int | None = None, channels: int = CHANNELS
    ) -> None:
        super().__init__()
        self.backbone, self.channels = backbone, channels
        self.grid = GridLayer(int(backbone.channels), channels)  # type: ignore[arg-type]
        self.attention = LearnedAttention(channels)
        size = channels * CELLS * CELLS
        self.embedding = None if embedding_size is None else nn.Linear(size, embedding_size)

    def forward(self, x_BCHW: Tensor) -> tuple[Tensor, Tensor | None]:
        """Normalised faces (B, 3, 112, 112) to F (B, 32, 7, 7) and embeddings (B, D)."""
        grid_BCHW: Tensor = self.grid(self.backbone(x_BCHW))
        return grid_BCHW, self.embed(grid_BCHW)

    def embed(self, grid_BCHW: Tensor) -> Tensor | None:
        """The fully connected head's embeddings (B, D), not normalised; None without a head."""
        return None if self.embedding is None else self.embedding(grid_BCHW.flatten(1))

    def pairs(self, left_BCHW: Tensor, right_BCHW: Tensor) -> PairScores:
        """Cosine map, learned attention and score of B pairs, left to right."""
        cosine = cosine_map(left_BCHW, right_BCHW)
        attention = self.attention(left_BCHW, right_BCHW)
        return PairScores(cosine, attention, xcos(cosine, attention))


def cosine_map(left_BCHW: Tensor, right_BCHW: Tensor) -> Tensor:
    """S: the cosine of each cell's channels, (B, 7, 7) in [-1, 1]."""
    left, right = F.normalize(left_BCHW, dim=1), F.normalize(right_BCHW, dim=1)
    return (left * right).sum(dim=1)


def xcos(cosine_BHW: Tensor, attention_BHW: Tensor) -> Tensor:
    """The score (equation 2): the sum of W*S over the cells, (B,)."""
    return (cosine_BHW * attention_BHW).sum(dim=(1, 2))
