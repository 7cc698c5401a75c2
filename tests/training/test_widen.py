"""A network is made wider and deeper without its output changing."""

import pytest
import torch

from core.errors import XCosError
from core.model.backbones import build_backbone
from core.model.xcos import XCosNet
from scripts.widen import widened

SIZES = {"widths": [4, 6, 8, 10], "depths": [1, 1, 2, 1], "spatial": [2, 2, 2, 0], "stem": 4}
MERGING = "backbone.stages.6.weight"  # from the second stage to the third


def narrow() -> XCosNet:
    torch.manual_seed(3)
    net = XCosNet(build_backbone("local", **SIZES), 16).eval()
    for name, tensor in net.state_dict().items():
        if tensor.is_floating_point() and tensor.ndim in (1, 4) and "conv" not in name:
            tensor.copy_(tensor + 0.2 * torch.rand_like(tensor))  # statistics, slopes, places
    return net


@pytest.mark.parametrize(
    "sizes",
    [
        {"widths": [4, 6, 13, 20]},
        {"depths": [1, 2, 2, 3]},
        {"widths": [4, 12, 8, 11], "depths": [2, 1, 2, 2]},
    ],
    ids=["wider", "deeper", "both"],
)
def test_a_wider_network_computes_the_same(sizes: dict[str, list[int]]) -> None:
    net = narrow()
    x_BCHW = torch.randn(3, 3, 112, 112)
    with torch.no_grad():
        grid, embedding = net(x_BCHW)
        wide = widened(net, SIZES | sizes, 0.0)
        as_before, as_well = wide(x_BCHW)
        attention = net.attention(grid[:2], grid[1:])
        again = wide.attention(as_before[:2], as_before[1:])
    assert embedding is not None and as_well is not None
    assert grid.std() > 0.05
    torch.testing.assert_close(as_before, grid, atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(as_well, embedding, atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(again, attention, atol=1e-4, rtol=1e-3)


def test_noise_tells_copies_apart_and_changes_little() -> None:
    net = narrow()
    x_BCHW = torch.randn(3, 3, 112, 112)
    sizes = SIZES | {"widths": [4, 6, 16, 10]}
    torch.manual_seed(0)
    equal, noisy = (widened(net, sizes, noise) for noise in (0.0, 0.05))
    kernels = [one.state_dict()[MERGING].flatten(1) for one in (equal, noisy)]
    assert [len(kernel) for kernel in kernels] == [16, 16]
    assert [len(kernel.unique(dim=0)) for kernel in kernels] == [8, 16]
    with torch.no_grad():
        change = (noisy(x_BCHW)[0] - net(x_BCHW)[0]).norm() / net(x_BCHW)[0].norm()
    assert 0 < change < 0.1


@pytest.mark.parametrize(
    "sizes",
    [
        {"widths": [4, 6, 7, 10]},
        {"widths": [4, 6, 17, 10]},
        {"widths": [5, 6, 8, 10]},
        {"depths": [1, 1, 1, 1]},
        {"depths": [1, 1, 2, 0]},
    ],
    ids=["narrower", "more than twice", "the first", "shallower", "the last shallower"],
)
def test_what_cannot_be_done_is_refused(sizes: dict[str, list[int]]) -> None:
    with pytest.raises(XCosError, match="give"):
        widened(narrow(), SIZES | sizes, 0.0)
