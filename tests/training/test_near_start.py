"""xCos's layers on a plugged-in model begin near the model's own score."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.model.backbones.refined import Refined
from core.model.own_layer import OwnLayer
from core.model.xcos import XCosNet, cosine_map
from core.training.near_start import start_near


class Maps(nn.Module):
    """A network whose maps are given."""

    channels = 24

    def forward(self, x_BCHW: Tensor) -> Tensor:
        return x_BCHW


def people(count: int, photos: int) -> tuple[Tensor, Tensor]:
    """Maps of people whose cells vary from photo to photo, and a layer that takes a quarter of them."""
    generator = torch.Generator().manual_seed(0)
    own = torch.randn(count, 24, 7, 7, generator=generator).repeat_interleave(photos, 0)
    maps = own + torch.randn(own.shape, generator=generator)
    weight = torch.randn(49, 24, 40, generator=generator)
    weight[:, 6:] = 0
    return maps.relu(), weight


def agreement(net: XCosNet, maps: Tensor, layer: OwnLayer) -> float:
    """Correlation of the uniform score with the cosine of the model's own embeddings."""
    net.eval()
    rows, columns = torch.triu_indices(len(maps), len(maps), 1)
    with torch.inference_mode():
        grid = net.grid(net.backbone(maps))
        score = cosine_map(grid[rows], grid[columns]).mean(dim=(1, 2))
        own = layer.given(maps).sum(dim=0)
        own = F.normalize(own - own.mean(dim=0))
    return float(np.corrcoef(score, (own[rows] * own[columns]).sum(dim=1))[0, 1])


@pytest.mark.parametrize("local", [False, True])
def test_fresh_layers_agree_with_the_models_score_before_any_step(local: bool) -> None:
    torch.manual_seed(0)
    maps, weight = people(12, 4)
    layer = OwnLayer(weight)
    net = XCosNet(Refined.around(Maps(), local, width=48), None, 32)
    before = agreement(net, maps, layer)
    start_near(net, layer, maps)
    after = agreement(net, maps, layer)
    assert after > 0.6 and after > before + 0.05


def test_grid_features_of_the_first_faces_are_as_wide_in_training_as_in_use() -> None:
    torch.manual_seed(0)
    maps, weight = people(8, 3)
    net = XCosNet(Refined.around(Maps(), True, width=48), None, 32)
    start_near(net, OwnLayer(weight), maps)
    with torch.inference_mode():
        used = net.eval().grid(net.backbone(maps))
        trained = net.train().grid(net.backbone(maps))
    assert torch.allclose(used, trained, atol=0.02 * float(used.abs().max()))
