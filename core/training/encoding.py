"""What the network being trained makes of faces as they are, without gradients."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from core.model.backbones.refined import from_map
from core.model.xcos import XCosNet

MEAN, SCALE = 127.5, 128.0  # of our own weights: (x - 127.5) / 128
BATCH = 128


def normalised(x_BCHW: Tensor) -> Tensor:
    """Pixels from 0 to 255 as our own weights take them."""
    return (x_BCHW - MEAN) / SCALE


def encode(
    net: nn.Module,
    device: torch.device,
    crops: np.ndarray | None = None,
    maps: np.ndarray | None = None,
    normalise: Callable[[Tensor], Tensor] = normalised,
) -> tuple[Tensor | None, Tensor | None]:
    """Grid features (n, 32, 7, 7) and embeddings (n, D) of n faces, each None where there is none.

    crops: (n, 112, 112, 3) uint8; or maps: (n, C, 7, 7) of a frozen backbone, n >= 1.
    normalise: what is done to pixels from 0 to 255, (B, 3, 112, 112)
    The network is left in the mode it was in.
    """
    count = len(crops if maps is None else maps)  # type: ignore[arg-type]
    grids, embeddings = [], []
    training = net.training
    net.eval()
    with torch.inference_mode():
        for start in range(0, count, BATCH):
            part = slice(start, start + BATCH)
            if maps is None:
                assert crops is not None
                u8_BHWC = torch.from_numpy(crops[part]).to(device)
                grid, embedding = _of_crops(net, normalise(u8_BHWC.permute(0, 3, 1, 2).float()))
            else:
                assert isinstance(net, XCosNet)
                of_frozen = torch.from_numpy(maps[part]).to(device).float()
                grid = net.grid(from_map(net.backbone, of_frozen))
                embedding = net.embed(grid)
            grids.append(grid)
            embeddings.append(embedding)
    net.train(training)
    return _joined(grids), _joined(embeddings)


def _of_crops(net: nn.Module, x_BCHW: Tensor) -> tuple[Tensor | None, Tensor | None]:
    x_BCHW = x_BCHW.contiguous(memory_format=torch.channels_last)
    if isinstance(net, XCosNet):
        encoded: tuple[Tensor, Tensor | None] = net(x_BCHW)
        return encoded
    return None, net.embed(x_BCHW)  # type: ignore[operator]


def _joined(parts: list[Tensor | None]) -> Tensor | None:
    known = [part for part in parts if part is not None]
    return torch.cat(known) if known else None
