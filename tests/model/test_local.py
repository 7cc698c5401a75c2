"""The backbone whose cells see a window, measured by its gradients."""

import numpy as np
import pytest
import torch
from torch import nn

from core.errors import XCosError
from core.faces.face import SIDE
from core.model.backbones import build_backbone
from core.model.features import CELLS

CELL = SIDE // CELLS
LITTLE = {"widths": [4, 6, 8, 10], "depths": [2, 2, 1, 1]}


def local(spatial: list[int], stem: int = 4) -> nn.Module:
    torch.manual_seed(3)
    return build_backbone("local", spatial=spatial, stem=stem, **LITTLE).eval()


def seen(network: nn.Module, row: int, column: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows and columns of pixels that a cell's numbers depend on."""
    found = torch.zeros(SIDE, SIDE, dtype=torch.bool)
    for draw in range(3):  # where one input's gradient happens to be 0, another's is not
        x = torch.randn(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(draw))
        x.requires_grad_()
        network(x)[0, :, row, column].sum().backward()
        assert x.grad is not None
        found |= (x.grad[0] != 0).any(dim=0)
    return found.any(dim=1).nonzero()[:, 0].numpy(), found.any(dim=0).nonzero()[:, 0].numpy()


# By hand: a stem of 4 or 6 pixels, 2x2 merges that add 2, 4 and 8, and each 3x3 convolution adds twice
# the step of its stage, which is 2, 4, 8 and 16 pixels.
@pytest.mark.parametrize(
    ("spatial", "stem", "side"),
    [
        ([0, 0, 0, 0], 4, 18),
        ([2, 2, 0, 0], 4, 42),
        ([2, 3, 0, 0], 4, 50),
        ([1, 0, 1, 0], 4, 38),
        ([1, 0, 1, 0], 6, 40),
    ],
)
def test_a_cell_sees_its_window_and_no_more(spatial: list[int], stem: int, side: int) -> None:
    network = local(spatial, stem)
    assert network.field == side
    for places in seen(network, 3, 3):
        assert places.min() == 3 * CELL + CELL / 2 - side / 2
        assert places.max() == 3 * CELL + CELL / 2 + side / 2 - 1


def test_the_middle_of_what_a_cell_sees_is_the_middle_of_its_square() -> None:
    network = local([1, 1, 0, 0])
    for row, column in ((2, 3), (3, 4), (4, 2)):
        rows, columns = seen(network, row, column)
        assert (rows.min() + rows.max()) / 2 == row * CELL + (CELL - 1) / 2
        assert (columns.min() + columns.max()) / 2 == column * CELL + (CELL - 1) / 2


def test_without_a_3x3_convolution_a_cell_sees_one_pixel_around_its_square() -> None:
    network = local([0, 0, 0, 0])
    x = torch.rand(1, 3, SIDE, SIDE)
    changed = x.clone()
    changed[:, :, 3 * CELL : 4 * CELL, 2 * CELL : 3 * CELL] += 1
    moved = (network(changed) != network(x)).any(dim=1)[0]
    # The stem's kernel reaches one pixel over, so the neighbours change as well, and no other.
    assert moved[3, 2] and moved.nonzero().min(0).values.tolist() == [2, 1]
    assert moved.nonzero().max(0).values.tolist() == [4, 3]


def test_places_are_told_apart() -> None:
    network = local([1, 1, 0, 0])
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 4 and parameter.shape[0] == 1:
                parameter.copy_(torch.randn(parameter.shape))
    even = network(torch.full((1, 3, SIDE, SIDE), 0.3))[0]
    # Of an even picture, two inner cells differ by their place alone.
    assert (even[:, 3, 3] - even[:, 3, 4]).abs().max() > 1e-3


def test_an_option_that_it_lacks_is_named() -> None:
    with pytest.raises(XCosError, match="local"):
        build_backbone("local", field=50)
