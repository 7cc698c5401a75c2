"""Training a part of a network leaves the rest as it was, numbers and statistics."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from core.errors import XCosError
from core.model.backbones import build_backbone
from core.model.verifier import Verifier
from core.model.weights import load_xcos
from core.model.xcos import XCosNet
from core.training.checks import contradiction
from core.training.config import ModelConfig, TrainedPart
from core.training.finish import finish
from core.training.loop import train
from core.training.losses import Lesson
from core.training.net import Beside, TrainingNet
from core.training.schedule import make_optimiser
from core.training.trained_part import keep_rest
from core.training.training import Training
from tests.training.test_training import config_for


@pytest.mark.parametrize(
    ("part", "moved"),
    [
        # The tiny network works at 28, 14 and 7 pixels: one unit each behind its stem.
        ("all", {"stem", "stages.0", "stages.1", "stages.2"}),
        ("last two stages", {"stages.1", "stages.2"}),
        ("last stage", {"stages.2"}),
        ("head", set()),
    ],
)
def test_only_the_part_moves(
    part: TrainedPart, moved: set[str], crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    config = config_for(crops, tiny_weights, tmp_path)
    model = ModelConfig(start=tiny_weights, trained=part)
    done = train(
        replace(
            config,
            model=model,
            optimisation=replace(config.optimisation, average=0.0, learning_rate=0.01),
        ),
        tmp_path / "run",
    )
    _, before = load_xcos(tiny_weights)
    after = done.exported.state_dict()
    changed = {
        name for name, tensor in before.state_dict().items() if not torch.equal(tensor, after[name])
    }
    parts = {
        ".".join(name.split(".")[1 : 3 if "stages" in name else 2])
        for name in changed
        if name.startswith("backbone.")
    }
    assert parts == moved
    assert any(name.startswith("grid.") for name in changed)
    assert any(name.startswith("attention.") for name in changed)


@pytest.mark.parametrize(
    ("backbone", "first"),
    [
        ("ir-se-50", "body.21"),
        ("iresnet-18", "layer4.0"),
        ("local", "stages.15"),
        ("sface", "conv_13_dw"),
    ],
)
def test_a_last_stage_is_found_in_every_sort_of_backbone(backbone: str, first: str) -> None:
    network = XCosNet(build_backbone(backbone), None)
    kept = set(keep_rest(network, "last stage"))
    names = [name for name, p in network.backbone.named_parameters() if p.requires_grad]
    assert names[0].startswith(first), names[0]
    of_stage = list(network.backbone.state_dict())
    rest = of_stage[: next(n for n, name in enumerate(of_stage) if name.startswith(first))]
    assert not {*names} & {*rest}
    assert all(p.requires_grad for p in network.grid.parameters())
    assert not any(p.requires_grad for m in kept for p in m.parameters())
    assert isinstance(network.backbone, nn.Module)


def test_a_part_of_nothing_is_refused(crops: Path, tiny_weights: Path, tmp_path: Path) -> None:
    config = config_for(crops, tiny_weights, tmp_path)
    config = replace(config, model=replace(config.model, trained="head"))
    said = contradiction(config)
    assert said is not None and said.startswith("model.trained is head") and "model.start" in said
    with pytest.raises(XCosError, match=r"model\.start"):
        train(config, tmp_path / "run")


def plugged_into(path: Path, part: TrainedPart) -> ModelConfig:
    return ModelConfig(frozen=path, trained=part, local=True, grid_channels=64)


def test_the_last_stage_of_a_plugged_in_model_can_be_trained_too(
    crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    usual = config_for(crops, tiny_weights, tmp_path)
    steps = replace(usual.optimisation, average=0.0, learning_rate=0.01)
    config = replace(usual, model=plugged_into(tiny_weights, "last stage"), optimisation=steps)
    done = train(config, tmp_path / "run")
    assert done.maps is None
    card = finish(done, tmp_path / "plugged.safetensors")
    assert card.grid_channels == 64 and "trained tiny" in card.training
    _, before = load_xcos(tiny_weights)
    _, after = load_xcos(card.path)
    moved = {
        name.split(".")[1]
        for name, tensor in before.backbone.state_dict().items()
        if not torch.equal(tensor, after.backbone.network.state_dict()[name])  # type: ignore[union-attr]
        and name.startswith("stages")
    }
    assert moved == {"2"}
    # The file computes from pixels what the run validated.
    pixels = done.faces.take(np.arange(2))
    with torch.inference_mode():
        x = done.normalise(torch.from_numpy(pixels).permute(0, 3, 1, 2).float())
        wanted = done.exported.eval()(x)[0].numpy()
    np.testing.assert_allclose(Verifier(card.path, "cpu").features(pixels).grid, wanted, atol=1e-3)


def test_the_layers_of_an_onnx_file_cannot_be_trained(crops: Path, tmp_path: Path) -> None:
    model = tmp_path / "face.onnx"
    model.write_bytes(b"graph")
    config = config_for(crops, model, tmp_path)
    unfrozen = contradiction(replace(config, model=plugged_into(model, "last stage")))
    assert unfrozen is not None and "an ONNX file, cannot be trained" in unfrozen
    assert contradiction(replace(config, model=plugged_into(model, "head"))) is None
    odd = replace(config, model=replace(plugged_into(model, "head"), grid_channels=40))
    assert "multiple of 32" in str(contradiction(odd))


@pytest.mark.parametrize("mixed", [False, True])
def test_the_targets_cosines_are_in_full_precision_however_the_network_runs(
    mixed: bool, crops: Path, tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = nn.functional.normalize(torch.randn(6, 40, generator=torch.Generator().manual_seed(1)))
    heard = []

    def losses(attention: object, grid: object, cosines: torch.Tensor, *_: object) -> dict:  # type: ignore[type-arg]
        heard.append(cosines)
        return {}

    monkeypatch.setattr("core.training.net.score_losses", losses)
    net = TrainingNet(config_for(crops, tiny_weights, tmp_path), 40, None, 3)
    beside = Beside(Lesson(rows, None, torch.ones(6, 7, 7)), torch.Generator())
    with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
        net(torch.randn(6, 3, 112, 112), torch.tensor([0, 0, 1, 1, 2, 2]), beside)
    wanted = rows.double().numpy() @ rows.double().numpy().T
    np.testing.assert_allclose(heard[0].numpy(), wanted, atol=1e-6)


def test_learned_attention_may_have_a_rate_of_its_own(
    crops: Path, tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_for(crops, tiny_weights, tmp_path)
    model = TrainingNet(config, 8, None, 3)
    alike = make_optimiser(model, config.optimisation, torch.device("cpu"))
    assert {group["times"] for group in alike.param_groups} == {1.0}
    apart = replace(config.optimisation, attention_rate=3.0)
    groups = make_optimiser(model, apart, torch.device("cpu")).param_groups
    faster = {id(p) for group in groups if group["times"] == 3.0 for p in group["params"]}
    assert faster == {id(p) for p in model.net.attention.parameters()}
    # Without a rate attention stays where it began, and all else moves.
    still = replace(config, optimisation=replace(apart, attention_rate=0.0, average=0.0, steps=2))
    begun: dict[str, torch.Tensor] = {}
    make = Training._make_model

    def noted(training: Training) -> None:
        make(training)
        begun.update({k: p.detach().clone() for k, p in training.net.named_parameters()})

    monkeypatch.setattr(Training, "_make_model", noted)
    done = train(still, tmp_path / "run")
    moved = {k for k, p in done.net.named_parameters() if not torch.equal(p, begun[k])}
    assert moved and not any(name.startswith("attention.") for name in moved)
