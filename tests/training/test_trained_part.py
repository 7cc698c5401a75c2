"""Training a part of a network leaves the rest as it was, numbers and statistics."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from core.errors import XCosError
from core.model.backbones import build_backbone
from core.model.weights import load_xcos
from core.model.xcos import XCosNet
from core.training.checks import contradiction
from core.training.config import ModelConfig, TrainedPart
from core.training.loop import train
from core.training.trained_part import keep_rest
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
    [("ir-se-50", "body.21"), ("iresnet-18", "layer4.0"), ("local", "stages.15")],
)
def test_a_last_stage_is_found_in_every_sort_of_backbone(backbone: str, first: str) -> None:
    network = XCosNet(build_backbone(backbone), None)
    kept = set(keep_rest(network, "last stage"))
    names = [
        name
        for name, module in network.backbone.named_modules()
        if not any(module.children())
        and next(module.parameters(), None) is not None
        and module not in kept
    ]
    assert names[0].startswith(first), names[0]
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
