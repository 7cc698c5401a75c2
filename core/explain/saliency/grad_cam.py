"""Grad-CAM (Selvaraju et al., 2017) of a pair's score, by the package grad-cam.

The score depends on both faces; its gradient on one face's map is taken with the other as it is.
Shapes: B pairs, 2B faces (left, right, left, right, ...), H = W = 7.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.model.features import CELLS
from core.model.kinds import Order
from core.model.xcos import XCosNet, cosine_map, xcos


class PairScore(nn.Module):
    """Faces (2B, 3, 112, 112) to xCos scores (B,).

    shared: the attention map (7, 7) of all pairs; None for learned attention
    """

    def __init__(self, network: XCosNet, shared: np.ndarray | None, order: Order) -> None:
        super().__init__()
        self.network, self.order = network, order
        self.shared = None if shared is None else torch.from_numpy(shared.astype(np.float32))

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """The scores; differentiable."""
        grid_BCHW = self.network.grid(self.network.backbone(x_BCHW))
        left, right = grid_BCHW[0::2], grid_BCHW[1::2]
        return xcos(cosine_map(left, right), self._attention(left, right))

    def _attention(self, left_BCHW: Tensor, right_BCHW: Tensor) -> Tensor:
        if self.shared is not None:
            return self.shared.to(left_BCHW.device)[None]
        maps = []
        if self.order != "right-left":
            maps.append(self.network.attention(left_BCHW, right_BCHW))
        if self.order != "left-right":
            maps.append(self.network.attention(right_BCHW, left_BCHW))
        return torch.stack(maps).mean(dim=0)


class PairCosine(nn.Module):
    """Faces (2B, 3, 112, 112) to the cosines (B,) of a network's embeddings."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """The cosines; differentiable."""
        embedding_BD = F.normalize(self.network.embed(x_BCHW), dim=1)  # type: ignore[operator]
        return (embedding_BD[0::2] * embedding_BD[1::2]).sum(dim=1)


def pair_cams(model: nn.Module, layer: nn.Module, x_BCHW: Tensor) -> np.ndarray:
    """Grad-CAM of B pairs: (B, 2, 7, 7) float64 >= 0, in units of the score, not normalised.

    The package stretches each picture to [0, 1]; its weighted maps are taken before that, so that
    pairs can be compared.
    """
    from pytorch_grad_cam import GradCAM

    with GradCAM(model, [layer]) as cam:
        targets = [lambda score: score] * (len(x_BCHW) // 2)
        cam(x_BCHW, targets)
        seen = cam.activations_and_grads
        activations, gradients = (
            part[0].cpu().detach().numpy() for part in (seen.activations, seen.gradients)
        )
        maps = cam.get_cam_image(x_BCHW, layer, targets, activations, gradients)
    model.zero_grad(set_to_none=True)
    positive: np.ndarray = np.maximum(maps, 0).astype(np.float64)
    return positive.reshape(-1, 2, CELLS, CELLS)
