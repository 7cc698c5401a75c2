"""Which part of a network a run moves; the rest keeps its numbers, statistics too."""

from typing import get_args

import torch
from torch import Tensor, nn

from core.faces.face import SIDE
from core.model.xcos import XCosNet
from core.training.config import TrainedPart

# The largest side in cells of the maps that a trained layer of the backbone gives.
LARGEST_SIDE = dict(zip(get_args(TrainedPart), (SIDE, 14, 7, 0), strict=True))


def keep_rest(net: XCosNet, part: TrainedPart) -> list[nn.Module]:
    """Stop the gradients of the backbone's layers outside the part; those layers, to keep in eval."""
    if part == "all":
        return []
    sides = _sides(net.backbone)
    # Squeeze-and-excitation gives maps of one cell anywhere.
    first = next(
        (n for n, side in enumerate(sides.values()) if 1 < side <= LARGEST_SIDE[part]), len(sides)
    )
    kept = [m for m in list(sides)[:first] if next(m.parameters(), None) is not None]
    for module in kept:
        module.requires_grad_(False)
    return kept


def _sides(backbone: nn.Module) -> dict[nn.Module, int]:
    """The side of the map that each layer gives for a face, in their order; 0 for none."""
    sides: dict[nn.Module, int] = {}

    def note(module: nn.Module, _: object, out: object) -> None:
        sides[module] = out.shape[-1] if isinstance(out, Tensor) and out.ndim == 4 else 0

    # A layer with parts of its own may hold numbers beside theirs, as SFace's convolutions do.
    layers = [
        module
        for module in backbone.modules()
        if not any(module.children()) or next(module.parameters(recurse=False), None) is not None
    ]
    hooks = [module.register_forward_hook(note) for module in layers]
    was = backbone.training
    with torch.no_grad():
        backbone.eval()(torch.zeros(1, 3, SIDE, SIDE))
    backbone.train(was)
    for hook in hooks:
        hook.remove()
    return sides
