"""What lies between a model's last map and its embedding, where it is linear, as mostly."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.model.features import CELLS

CLOSE = 1e-2  # of the largest number: by half precision's rounding, and no more, is it linear


@dataclass(frozen=True, eq=False)
class OwnLayer:
    """An embedding as the sum of what each cell of the map gives: (49, C, D), C of the map."""

    weight: Tensor

    def given(self, map_NCHW: Tensor) -> Tensor:
        """What each cell of some maps (N, C, 7, 7) gives, (49, N, D)."""
        return torch.bmm(map_NCHW.flatten(2).permute(2, 0, 1), self.weight)


def own_layer(network: nn.Module, maps_NCHW: Tensor) -> OwnLayer | None:
    """The layer of a torch model; None where it has none, or one that is not linear.

    network: embed_map takes (B, C, 7, 7) to (B, D), but for a few; maps_NCHW: some to check with
    """
    embed_map = getattr(network, "embed_map", None)
    if embed_map is None:
        return None
    with torch.enable_grad():
        nothing = torch.zeros_like(maps_NCHW[:1], requires_grad=True)
        shift = embed_map(nothing)[0]
        rows = [torch.autograd.grad(value, nothing, retain_graph=True)[0] for value in shift]
    weight = torch.cat(rows).flatten(2).permute(2, 1, 0).contiguous()
    found = OwnLayer(weight)
    return found if _is_linear(found, embed_map, maps_NCHW, shift.detach()) else None


@torch.no_grad()
def _is_linear(
    layer: OwnLayer, embed_map: Callable[[Tensor], Tensor], maps_NCHW: Tensor, shift: Tensor
) -> bool:
    told = embed_map(maps_NCHW)
    apart = (layer.given(maps_NCHW).sum(dim=0) + shift - told).abs().max()
    return bool(apart <= CLOSE * told.abs().max()) and layer.weight.shape[0] == CELLS**2
