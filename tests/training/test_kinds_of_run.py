"""Runs other than the ordinary one: baselines, a frozen backbone, raw photos, a killed process."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.errors import XCosError
from core.faces.photo import read_photo
from core.model.backbones.refined import Refined
from core.model.target import Target
from core.model.verifier import Verifier
from core.model.weights import load_network, load_xcos
from core.model.xcos import XCosNet
from core.progress import QUIET
from core.resources import resource_path
from core.training.config import LossConfig, ModelConfig, TrainConfig, missing_paths, write_config
from core.training.data import training_faces
from core.training.finish import finish
from core.training.frozen import FrozenBackbone
from core.training.loop import train
from core.training.training import Training
from tests.training.test_training import config_for

NO_TARGET = LossConfig("arcface", cosine_weight=0, uniform_weight=0, embedding_weight=0)


def with_validation(config: TrainConfig, crops: Path) -> TrainConfig:
    pairs = crops.parent / "list.txt"
    people = sorted(p.name for p in crops.iterdir() if p.is_dir())
    photos = crops.parent / "flat"
    for person in people:
        for number, photo in enumerate(sorted((crops / person).iterdir())[:2], 1):
            (photos / person).mkdir(parents=True, exist_ok=True)
            shutil.copy(photo, photos / person / f"{person}_{number:04d}{photo.suffix}")
    first, second = people[:2]
    pairs.write_text(f"1\n{first}\t1\t2\n{first}\t1\t{second}\t1\n")
    return replace(config, data=replace(config.data, validation=pairs, validation_photos=photos))


def _grid_of(done: Training, map_BCHW: torch.Tensor) -> np.ndarray:
    """Grid features of a frozen backbone's maps, by the network that a run has made."""
    net = done.exported.eval()
    assert isinstance(net, XCosNet) and isinstance(net.backbone, Refined)
    grid: np.ndarray = net.grid(net.backbone.refine(map_BCHW)).numpy()
    return grid


def test_baseline_trains_an_embedding_without_a_target(
    crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    usual = with_validation(config_for(crops, tiny_weights, tmp_path), crops)
    config = replace(
        usual,
        model=ModelConfig("mobilefacenet", {"embedding_size": 8}, xcos=False),
        losses=NO_TARGET,
        target=replace(usual.target, weights=None),
    )
    assert missing_paths(config) == []
    before = torch.get_rng_state()
    done = train(config, tmp_path / "run")
    torch.set_rng_state(before)
    rows = (tmp_path / "run/log.csv").read_text().splitlines()
    assert "identification" in rows[0] and len(rows) >= 2
    card = finish(done, tmp_path / "baseline.safetensors")
    assert card.kind == "target" and set(card.thresholds) == {"fc"}
    crop = read_photo(next(crops.rglob("*.png")))
    embedding = Target(card.path).embeddings(crop[None])  # so it serves a later run as target
    assert embedding.shape == (1, 8)
    with pytest.raises(XCosError, match="thin has no embedding of its own"):
        train(replace(config, model=replace(usual.model, xcos=False)), tmp_path / "other")


def test_frozen_backbone_stays_and_its_head_learns(
    crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    usual = with_validation(config_for(crops, tiny_weights, tmp_path), crops)
    config = replace(usual, model=ModelConfig(frozen=tiny_weights))
    done = train(config, tmp_path / "run")
    card = finish(done, tmp_path / "head.safetensors")
    _, before = load_xcos(tiny_weights)
    _, after = load_network(card.path)
    for name, tensor in before.backbone.state_dict().items():
        assert torch.equal(tensor, after.backbone.network.state_dict()[name]), name  # type: ignore[union-attr]
    assert not torch.equal(before.grid[0].weight, after.grid[0].weight)  # type: ignore[index,union-attr]
    # What training saw of a face is what the shipped file computes from its pixels.
    assert done.maps is not None
    pixels = done.faces.take(np.arange(2))
    known = torch.from_numpy(done.maps[0, :2]).float()
    with torch.inference_mode():
        wanted = _grid_of(done, known)
    np.testing.assert_allclose(Verifier(card.path).features(pixels).grid, wanted, atol=5e-3)
    assert done.validation is not None and done.validation.maps is not None
    with pytest.raises(XCosError, match=r"target.live varies each face"):
        train(replace(config, target=replace(config.target, live=True)), tmp_path / "live")


def test_frozen_torch_file_gives_the_map_that_is_named(
    crops: Path, tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.model.backbones import build_backbone
    from core.model.card import ModelCard
    from core.model.weights import save_weights

    torch.manual_seed(3)
    network = build_backbone("mobilefacenet", embedding_size=8).eval()
    target = tmp_path / "face.safetensors"
    save_weights(
        target,
        network,
        ModelCard("face", target, "", "target", "mobilefacenet", {"embedding_size": 8}),
    )
    config = config_for(crops, target, tmp_path)
    named = ModelConfig(frozen=target, tensor="conv_5.model.0.conv.conv")
    done = train(replace(config, model=named), tmp_path / "run")
    pixels = done.faces.take(np.arange(2))
    x = (torch.from_numpy(pixels).permute(0, 3, 1, 2).float() - 127.5) / 128
    kept: list[torch.Tensor] = []
    network.get_submodule(named.tensor).register_forward_hook(lambda m, i, out: kept.append(out))
    with torch.inference_mode():
        network(x)
    assert done.maps is not None
    np.testing.assert_allclose(done.maps[0, :2], kept[0].numpy(), atol=2e-3, rtol=2e-3)
    card = finish(done, tmp_path / "head.safetensors")
    with torch.inference_mode():
        wanted = _grid_of(done, kept[0])
    np.testing.assert_allclose(Verifier(card.path).features(pixels).grid, wanted, atol=5e-3)
    with pytest.raises(XCosError, match=r"map 'conv_9'; name one of .*conv_6_sep"):
        train(
            replace(config, model=replace(named, tensor="conv_9")),
            tmp_path / "wrong",
        )
    # A network that does not say which map is its last one has that found.
    by_name = FrozenBackbone(replace(named, tensor="conv_6_sep"), "cpu")
    monkeypatch.delattr(type(network), "channels")
    found = FrozenBackbone(replace(named, tensor=""), "cpu")
    assert found.card.options["tensor"].startswith("conv_6_sep")
    np.testing.assert_allclose(
        found.maps(pixels, QUIET), by_name.maps(pixels, QUIET), atol=2e-3, rtol=2e-3
    )


def test_frozen_onnx_by_its_maps_name_or_without(
    crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    pytest.importorskip("onnx")
    import onnx
    from onnx import TensorProto, helper

    weight = np.random.default_rng(0).normal(size=(4, 3, 16, 16)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w"], ["map"], strides=[16, 16]),
            helper.make_node("GlobalAveragePool", ["map"], ["pooled"]),
            helper.make_node("Flatten", ["pooled"], ["y"]),
        ],
        "little",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 112, 112])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4])],
        [helper.make_tensor("w", TensorProto.FLOAT, weight.shape, weight.tobytes(), raw=True)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "little.onnx")
    config = config_for(crops, tmp_path / "little.onnx", tmp_path)
    frozen = ModelConfig(
        frozen=tmp_path / "little.onnx", tensor="map", channels="rgb", normalisation="127.5,127.5"
    )
    done = train(replace(config, model=frozen), tmp_path / "run")
    card = finish(done, tmp_path / "head.safetensors")
    assert card.options["backbone"] == "onnx" and card.mean == (127.5,) * 3
    assert Verifier(card.path).features(done.faces.take(np.arange(3))).grid.shape == (3, 32, 7, 7)
    again = train(replace(config, model=replace(frozen, tensor="")), tmp_path / "unnamed")
    assert again.frozen is not None and again.frozen.card.options["tensor"] == "map"


def test_raw_photos_are_aligned_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = resource_path("sample")
    photos = sorted(p for p in sample.rglob("*") if p.suffix in (".jpg", ".png", ".webp"))[:2]
    for number, photo in enumerate(photos):
        (tmp_path / "raw" / f"p{number}").mkdir(parents=True)
        shutil.copy(photo, tmp_path / "raw" / f"p{number}" / photo.name)
    (tmp_path / "raw" / "p0" / "nobody.png").write_bytes(b"")
    Image.new("RGB", (200, 200), "grey").save(tmp_path / "raw" / "p0" / "nobody.png")
    from core.training.config import DataConfig

    config = DataConfig(aligned=False, labelled=[tmp_path / "raw"], cache=tmp_path / "cache")
    faces = training_faces(config)
    assert len(faces) == 2 and "No face was found in" in faces.problems[0]
    assert faces.take(np.arange(2)).shape == (2, 112, 112, 3)
    monkeypatch.setattr("core.faces.detect.Detector.detect", lambda *_: pytest.fail("again"))
    assert len(training_faces(config)) == 2


def test_killed_run_resumes_bit_for_bit(crops: Path, tiny_weights: Path, tmp_path: Path) -> None:
    config = config_for(crops, tiny_weights, tmp_path)
    few = replace(config, optimisation=replace(config.optimisation, steps=60))
    whole = train(few, tmp_path / "whole")
    run = tmp_path / "run"
    run.mkdir()
    (run / "config.toml").write_text(write_config(few), encoding="utf-8")
    command = [sys.executable, "-m", "core.cli", "train", "--resume", str(run)]
    root = str(Path(__file__).resolve().parents[2])
    process = subprocess.Popen(
        command, env=os.environ | {"PYTHONPATH": root}, stderr=subprocess.DEVNULL
    )
    while process.poll() is None and not (run / "last.ckpt").exists():
        pass
    process.kill()
    process.wait()
    resumed = train(few, run)
    for name, tensor in whole.exported.state_dict().items():
        assert torch.equal(tensor, resumed.exported.state_dict()[name]), name
    losses = [row.split(",")[4:] for row in (run / "log.csv").read_text().splitlines()]
    wanted = [row.split(",")[4:] for row in (tmp_path / "whole/log.csv").read_text().splitlines()]
    assert losses[-1] == wanted[-1]
    assert list(run.glob("events.out.tfevents.*"))


def test_shipped_presets_name_what_they_need() -> None:
    from core.training.config import read_config

    names = {p.stem for p in resource_path("presets").glob("*.toml")}
    assert names >= {
        "baseline-arcface",
        "baseline-cosface",
        "adapt",
        "plug-in",
        "paper-arcface",
        "small",
    }
    baseline = read_config(resource_path("presets") / "baseline-arcface.toml")
    paper = read_config(resource_path("presets") / "paper-arcface.toml")
    assert baseline.optimisation == paper.optimisation and not baseline.model.xcos
    assert not any("target" in sentence for sentence in missing_paths(baseline))
