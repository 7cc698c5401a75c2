"""What lies between a model's last map and its embedding, where it is linear, as mostly."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

CLOSE = 1e-2  # of the largest number: by half precision's rounding, and no more, is it linear
UNITS = 256  # maps of one number at a time

EmbedMap = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class OwnLayer:
    """An embedding as the sum of what each cell of the map gives: (49, C, D), C of the map."""

    weight: Tensor

    def given(self, map_NCHW: Tensor) -> Tensor:
        """What each cell of some maps (N, C, 7, 7) gives, (49, N, D)."""
        return torch.bmm(map_NCHW.flatten(2).permute(2, 0, 1), self.weight)


def own_layer(network: nn.Module, maps_NCHW: Tensor) -> OwnLayer | None:
    """The layer of a model, on the CPU; None where it has none, or one that is not linear.

    network: its embed_map takes (B, C, 7, 7) to (B, D); maps_NCHW: some to check with
    """
    embed_map: EmbedMap | None = getattr(network, "embed_map", None)
    if embed_map is None:
        return None
    with torch.enable_grad():
        nothing = torch.zeros_like(maps_NCHW[:1], requires_grad=True)
        shift = embed_map(nothing)[0]
        weight = _by_gradients(shift, nothing) if shift.requires_grad else None
    shift = shift.detach()
    if weight is None:  # of another runtime
        weight = _by_units(embed_map, nothing, shift)
    with torch.no_grad():
        embeddings = embed_map(maps_NCHW)
        apart = (OwnLayer(weight).given(maps_NCHW).sum(dim=0) + shift - embeddings).abs().max()
    linear = bool(apart <= CLOSE * embeddings.abs().max())
    return OwnLayer(weight.cpu()) if linear else None


def _by_gradients(shift_D: Tensor, nothing: Tensor) -> Tensor:
    rows = [torch.autograd.grad(value, nothing, retain_graph=True)[0] for value in shift_D]
    return torch.cat(rows).flatten(2).permute(2, 1, 0).contiguous()


def _by_units(embed_map: EmbedMap, nothing: Tensor, shift_D: Tensor) -> Tensor:
    """Each number of the map alone set to 1 tells what it gives."""
    channels, size = nothing.shape[1], nothing.numel()
    rows = []
    for start in range(0, size, UNITS):
        places = torch.arange(start, min(start + UNITS, size))
        units = torch.zeros(len(places), size, device=nothing.device)
        units[places - start, places] = 1
        rows.append(embed_map(units.view(-1, *nothing.shape[1:])) - shift_D)
    return torch.cat(rows).view(channels, -1, len(shift_D)).permute(1, 0, 2).contiguous()
