"""Identification heads on the flattened grid features: CosFace and ArcFace."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class MarginHead(nn.Module):
    """Cosines to one weight column per identity, with a margin for the own one, scaled.

    kernel: (D, K), a column an identity; columns are made unit at each use
    """

    def __init__(self, features: int, identities: int, scale: float, margin: float) -> None:
        super().__init__()
        self.scale, self.margin = scale, margin
        self.kernel = nn.Parameter(
            F.normalize(torch.empty(features, identities).uniform_(-1, 1), dim=0)
        )

    def forward(self, embedding_BD: Tensor, labels_B: Tensor) -> Tensor:
        """Logits (B, K) for cross-entropy; embeddings are made unit here."""
        cosine_BK = F.normalize(embedding_BD) @ F.normalize(self.kernel, dim=0)
        cosine_BK = cosine_BK.clamp(-1, 1)
        own_B = cosine_BK.gather(1, labels_B[:, None])[:, 0]
        logits_BK = cosine_BK.scatter(1, labels_B[:, None], self.own(own_B)[:, None])
        return logits_BK * self.scale

    def own(self, cosine_B: Tensor) -> Tensor:
        """What the cosine to the own identity becomes."""
        raise TypeError("MarginHead is abstract; use CosFace or ArcFace")


class CosFace(MarginHead):
    """Own cosine less a margin (Wang et al., 2018): s = 30, m = 0.35."""

    def __init__(
        self, features: int, identities: int, scale: float = 30.0, margin: float = 0.35
    ) -> None:
        super().__init__(features, identities, scale, margin)

    def own(self, cosine_B: Tensor) -> Tensor:
        return cosine_B - self.margin


class ArcFace(MarginHead):
    """Own angle plus a margin (Deng et al., 2019): s = 64, m = 0.5.

    Past pi - m, where the angle would wrap, the own cosine is lowered by m sin m instead.
    """

    def __init__(
        self, features: int, identities: int, scale: float = 64.0, margin: float = 0.5
    ) -> None:
        super().__init__(features, identities, scale, margin)

    def own(self, cosine_B: Tensor) -> Tensor:
        square_B = 1 - cosine_B**2
        # The root's gradient is infinite at 0, so cosines of 1 and -1 go around it.
        inside_B = square_B > 0
        sine_B = torch.where(inside_B, torch.where(inside_B, square_B, 1.0).sqrt(), 0.0)
        moved_B = cosine_B * math.cos(self.margin) - sine_B * math.sin(self.margin)
        fallback_B = cosine_B - self.margin * math.sin(self.margin)
        return torch.where(cosine_B > math.cos(math.pi - self.margin), moved_B, fallback_B)
