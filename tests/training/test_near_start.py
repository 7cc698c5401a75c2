"""xCos's layers on a plugged-in model begin near the model's own score."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.model.backbones.refined import Refined
from core.model.own_layer import OwnLayer
from core.model.xcos import XCosNet, cosine_map
from core.training import training
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


def test_cells_give_the_models_own_cosine_and_the_grid_keeps_what_varies_most() -> None:
    torch.manual_seed(0)
    maps, weight = people(12, 4)
    layer, net = OwnLayer(weight), XCosNet(Refined.around(Maps(), False, width=48), None, 32)
    random = net.backbone.cells.weight.detach().clone()  # type: ignore[union-attr, operator]
    start_near(net, layer, maps)
    cells, given = net.backbone.cells, layer.given(maps).sum(dim=0)  # type: ignore[union-attr]
    # Six of forty numbers vary: all directions fit, so that sums over cells are the embeddings'.
    with torch.inference_mode():
        ours = net.backbone(maps)[:, :40].sum(dim=(2, 3))
        own = given - given.mean(dim=0)
        ratio = (ours @ ours.T) / (own @ own.T)
        assert torch.allclose(ratio, ratio[0, 0].expand_as(ratio), rtol=5e-3)
        every = net.backbone(maps)[:, :40]
        assert float(every.mean(dim=0).abs().max()) < 1e-4
        told = layer.given(maps)
        assert float(ratio[0, 0]) == pytest.approx(1 / float((told @ turn(given)).var()), rel=1e-3)
    torch.testing.assert_close(cells.weight[:, :, 40:], 0.1 * random[:, :, 40:])  # type: ignore[union-attr, index, operator]
    convolution, _, activation = net.grid
    rows = convolution.weight.detach().flatten(1)  # type: ignore[operator, union-attr]
    torch.testing.assert_close(rows @ rows.T, torch.eye(32), atol=1e-4, rtol=0)
    assert not convolution.bias.detach().any()  # type: ignore[union-attr, arg-type, operator]
    assert (activation.weight == 1).all()
    with torch.inference_mode():
        seen = net.eval().grid(net.backbone(maps))
        plain = convolution(net.backbone(maps))
    spread = plain.std(dim=(0, 2, 3))
    torch.testing.assert_close(
        seen.std(dim=(0, 2, 3)), spread / spread.mean(), atol=1e-3, rtol=1e-3
    )
    assert float(seen.mean(dim=(0, 2, 3)).abs().max()) < 1e-4
    mean = net.backbone(maps).detach().mean(dim=0)
    unit = (
        F.normalize(net.backbone(maps).detach() - mean, dim=1).permute(0, 2, 3, 1).reshape(-1, 48)
    )
    kept = ((unit - unit.mean(dim=0)) @ rows.T).var(dim=0)
    assert (kept[:-1] >= kept[1:] - 1e-6).all()


def turn(given: Tensor) -> Tensor:
    """The directions in which embeddings vary, by another routine."""
    centred = given - given.mean(dim=0)
    return torch.linalg.svd(centred.double(), full_matrices=True)[2].T.float()


def test_a_cells_neighbours_count_nearly_as_much_as_itself() -> None:
    torch.manual_seed(0)
    maps, weight = people(6, 3)
    net = XCosNet(Refined.around(Maps(), True, width=48), None, 32)
    convolution, activation = net.backbone.local  # type: ignore[union-attr, misc]
    before = convolution.weight.detach().clone()
    start_near(net, OwnLayer(weight), maps)
    with torch.inference_mode():
        added = convolution.weight - 0.1 * before
    near = torch.tensor([[0.7, 0.8, 0.7], [0.8, 1.0, 0.8], [0.7, 0.8, 0.7]])
    wanted = torch.eye(48)[:, :, None, None] * near
    torch.testing.assert_close(added, wanted, atol=1e-6, rtol=0)
    assert (activation.weight == 1).all()


@pytest.mark.parametrize("kept", [False, True])
def test_the_faces_looked_at_are_spread_over_all(
    kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the first to the last, of more than are looked at and of fewer."""
    for count in (5, 1024, 5000):
        maps = np.arange(count, dtype=np.float32)
        looked: list[Tensor] = []
        monkeypatch.setattr(
            training, "start_near", lambda net, layer, some, looked=looked: looked.append(some)
        )
        given = SimpleNamespace(faces=_Faces(count), maps=maps[None] if kept else None)
        frozen = SimpleNamespace(
            maps=lambda faces, task: faces.astype(np.float32), own_layer=lambda maps: "a layer"
        )
        training.Training._start_near(given, None, frozen)  # type: ignore[arg-type]
        (places,) = looked
        steps = np.diff(places.numpy())
        assert places[0] == 0 and places[-1] == count - 1 and len(places) == min(count, 1024)
        assert steps.min() >= 1 and steps.max() - steps.min() <= 1


class _Faces:
    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def take(self, places: np.ndarray) -> np.ndarray:
        return places
