"""The layer between a model's map and its embedding, read off where it is linear."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.model.backbones import build_backbone
from core.model.onnx_model import OnnxBackbone
from core.model.own_layer import own_layer
from tests.onnx_models import MATRIX, face_model, node


class Model(nn.Module):
    def __init__(self, last: nn.Module) -> None:
        super().__init__()
        self.last = last

    def embed_map(self, map_BCHW: Tensor) -> Tensor:
        out: Tensor = self.last(map_BCHW.flatten(1))
        return out


def test_the_cells_of_a_linear_layer_sum_to_the_embedding() -> None:
    torch.manual_seed(0)
    model, maps = Model(nn.Linear(3 * 49, 5)), torch.randn(4, 3, 7, 7)
    layer = own_layer(model, maps)
    assert layer is not None and layer.weight.shape == (49, 3, 5)
    given = layer.given(maps)
    assert torch.allclose(given.sum(dim=0) + model.last.bias, model.embed_map(maps), atol=1e-5)
    # Only its own cell changes what a cell gives.
    maps[:, :, 2, 4] += 1
    changed = (layer.given(maps) - given).abs().amax(dim=(1, 2)) > 0
    assert changed.nonzero().flatten().tolist() == [2 * 7 + 4]


def test_layers_that_are_not_linear_and_models_without_one_have_none() -> None:
    maps = torch.randn(4, 3, 7, 7)
    curved = nn.Sequential(nn.Linear(3 * 49, 5), nn.ReLU(), nn.Linear(5, 5))
    assert own_layer(Model(curved), maps) is None
    assert own_layer(nn.Linear(3, 3), maps) is None


@pytest.mark.parametrize("name", ["mobilefacenet-foamliu", "mobilefacenet", "sface"])
def test_published_models_end_in_a_linear_layer(name: str) -> None:
    torch.manual_seed(0)
    network = build_backbone(name).eval()
    maps = torch.randn(3, int(network.channels), 7, 7)  # type: ignore[arg-type]
    assert own_layer(network, maps) is not None


def test_the_rest_of_an_onnx_graph_is_read_by_showing_it_units(tmp_path: Path) -> None:
    backbone = OnnxBackbone(str(face_model(tmp_path / "model.onnx")), "map")
    maps = torch.rand(3, 8, 7, 7)
    layer = own_layer(backbone, maps)
    wanted = torch.from_numpy(MATRIX).view(8, 49, 32).permute(1, 0, 2)
    assert layer is not None and torch.allclose(layer.weight, wanted, atol=1e-5)


def test_a_graph_that_needs_the_photo_again_behind_its_map_has_none(tmp_path: Path) -> None:
    path = face_model(
        tmp_path / "model.onnx",
        after=(
            node("ReduceMax", "pixels", "brightest", axes=[1, 2, 3], keepdims=0),
            node("Unsqueeze", "brightest axis", "column"),
            node("Mul", "embedding column", "scaled"),
        ),
        outputs=("scaled",),
        values={"axis": np.array([1], np.int64)},
    )
    assert not hasattr(OnnxBackbone(str(path), "map"), "embed_map")
