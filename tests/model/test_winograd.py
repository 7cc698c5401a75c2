"""Convolving with fewer multiplications gives what convolving directly gives."""

import copy
from pathlib import Path

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from core.model.weights import load_xcos
from core.model.winograd import SIDES, WinogradConv, for_inference


@given(
    st.integers(1, 6), st.integers(1, 9), st.integers(1, 9),
    st.sampled_from(SIDES), st.sampled_from(SIDES), st.booleans(), st.integers(0, 2**31),
)  # fmt: skip
def test_the_same_as_directly(
    faces: int, inputs: int, outputs: int, height: int, width: int, bias: bool, seed: int
) -> None:
    torch.manual_seed(seed)
    direct = nn.Conv2d(inputs, outputs, 3, padding=1, bias=bias)
    x = torch.randn(faces, inputs, height, width)
    with torch.inference_mode():
        exact = copy.deepcopy(direct).double()(x.double())
        made = WinogradConv(direct)(x)
    assert made.shape == exact.shape
    assert float((made - exact).abs().max()) < 1e-4


def test_a_network_answers_the_same() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 64, 3, 2, 1, bias=False), nn.BatchNorm2d(64), nn.PReLU(64),
        nn.Conv2d(64, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.PReLU(64),
        nn.Conv2d(64, 64, 3, 1, 1), nn.ReLU(), nn.Conv2d(64, 32, 3, 1, 1),
    )  # fmt: skip
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_()  # type: ignore[union-attr]
            module.running_var.uniform_(0.5, 2)  # type: ignore[union-attr]
    faster = copy.deepcopy(network.eval())
    for_inference(faster)
    assert sum(isinstance(m, WinogradConv) for m in faster.modules()) == 2
    assert not any(isinstance(m, nn.BatchNorm2d) for m in faster.modules())
    x = torch.randn(5, 3, 28, 28)
    with torch.inference_mode():
        torch.testing.assert_close(faster(x), network(x), atol=1e-5, rtol=1e-4)


def test_the_shipped_weights_give_the_same_grid_features() -> None:
    from core.model.card import find_weights

    path: Path = find_weights()
    _, network = load_xcos(path)
    faster = copy.deepcopy(network.eval())
    for_inference(faster)
    torch.manual_seed(1)
    x = torch.rand(3, 3, 112, 112) * 2 - 1
    with torch.inference_mode():
        for made, exact in zip(faster(x), network(x), strict=True):
            assert float((made - exact).abs().max()) < 1e-4 * float(exact.abs().max())
