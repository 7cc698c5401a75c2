"""Where xCos's layers on a plugged-in model begin: near the model's own score."""

import torch
from torch import Tensor, nn

from core.model.backbones.refined import Refined
from core.model.own_layer import OwnLayer
from core.model.xcos import GridLayer, XCosNet

SOME = 1024  # faces whose maps are looked at
# How much of what its neighbours give a cell takes: nearly all, so that few products of different
# cells, of which the model's own score has all, are missing.
NEAR = ((0.7, 0.8, 0.7), (0.8, 1.0, 0.8), (0.7, 0.8, 0.7))
DRAWN = 0.1  # of the random numbers that a fresh convolution has


@torch.no_grad()
def start_near(net: XCosNet, layer: OwnLayer, maps_NCHW: Tensor) -> None:
    """Fill fresh layers so that S and W's sum comes near the model's cosine before any step.

    Each cell gives what the model's own layer takes from it, less the mean face, in the directions
    in which embeddings vary most; the grid turns that into its own.
    net: on a Refined, in float32; maps_NCHW: of some training faces
    """
    refined = net.backbone
    assert isinstance(refined, Refined)
    cells, conv = refined.cells, refined.local
    weight = layer.weight @ _directions(layer.given(maps_NCHW).sum(dim=0), refined.channels)
    given = OwnLayer(weight).given(maps_NCHW)
    weight, given = weight / given.std(), given / given.std()
    count = weight.shape[2]
    cells.weight[:, :, :count] = weight
    cells.weight[:, :, count:] *= DRAWN
    cells.bias[:, :count] = -given.mean(dim=1)
    if len(conv):
        convolution, activation = conv
        assert isinstance(convolution, nn.Conv2d) and isinstance(activation, nn.PReLU)
        kernel = torch.eye(refined.channels)[:, :, None, None] * torch.tensor(NEAR)
        convolution.weight.mul_(DRAWN).add_(kernel)
        activation.weight.fill_(1.0)
    _turn(net.grid, refined.refine(maps_NCHW))


def _directions(rows_ND: Tensor, most: int) -> Tensor:
    """(D, k) unit vectors in which rows vary most, k = min(D, most)."""
    centred = rows_ND - rows_ND.mean(dim=0)
    _, vectors = torch.linalg.eigh((centred.T @ centred).double())
    return vectors[:, -most:].flip(1).float()


def _turn(grid: GridLayer, map_NCHW: Tensor) -> None:
    """Make the grid a rotation that keeps the directions of most variance, each with its share."""
    convolution, norm, activation = grid
    assert isinstance(convolution, nn.Conv2d) and convolution.bias is not None
    assert isinstance(norm, nn.BatchNorm2d) and isinstance(activation, nn.PReLU)
    assert norm.running_mean is not None and norm.running_var is not None
    rows = torch.nn.functional.normalize(map_NCHW - map_NCHW.mean(dim=0), dim=1)
    vectors = _directions(rows.permute(0, 2, 3, 1).flatten(0, 2), convolution.out_channels)
    count = vectors.shape[1]
    convolution.weight[:count] = vectors.T[:, :, None, None]
    convolution.bias.zero_()
    outputs = convolution(map_NCHW)
    variance, mean = torch.var_mean(outputs, dim=(0, 2, 3))
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)
    norm.weight.copy_(variance.sqrt() / variance.sqrt().mean())
    norm.bias.zero_()
    activation.weight.fill_(1.0)
