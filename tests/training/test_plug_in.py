"""Plugging xCos into a model: its map is found, its input measured, and what it costs is told."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.cli import main
from core.errors import XCosError
from core.model.card import read_card
from core.model.normalisation import UNIT
from core.model.onnx_model import says_scaling
from core.model.target import Target
from core.model.target_choice import TargetChoice
from core.model.verifier import Verifier
from core.progress import QUIET
from core.training.config import ModelConfig
from core.training.frozen import FrozenBackbone
from core.training.input_measure import measured_input, some_faces
from tests.living import crop, make_crops
from tests.onnx_models import face_model, node
from tests.training.test_adapt import SHORT

onnx = pytest.importorskip("onnx", reason="the package onnx is not installed")

PEOPLE = {f"p{number:02}": 4 for number in range(12)}


@pytest.fixture(autouse=True)
def seen_as_faces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.training.data.no_faces", lambda *_: None)
    monkeypatch.setattr("core.training.judging.TRIED", 1)


def maps_of(path: Path, tensor: str = "") -> np.ndarray:
    crops = np.stack([crop("ann", 1), crop("bob", 1)])
    return FrozenBackbone(ModelConfig(frozen=path, tensor=tensor), "cpu").maps(crops, QUIET)


def test_the_map_is_found_by_itself(tmp_path: Path) -> None:
    path = face_model(tmp_path / "model.onnx")
    found = FrozenBackbone(ModelConfig(frozen=path), "cpu")
    assert found.card.options["tensor"] == "map"  # the last one of 7x7, after the ReLU
    assert found.notes == ("The map is map, 8 x 7x7.",)
    assert np.array_equal(maps_of(path), maps_of(path, "map"))


def wide_model(path: Path, stride: int, batch: int | str = "n") -> Path:
    """A model whose only map has 112 / stride cells a side."""
    helper, array = onnx.helper, onnx.numpy_helper.from_array
    rng = np.random.default_rng(0)
    kernel = rng.normal(size=(8, 3, stride, stride)).astype(np.float32) / 28
    matrix = rng.normal(size=(8 * (112 // stride) ** 2, 32)).astype(np.float32) / 20
    graph = helper.make_graph(
        [
            node("Conv", "x w", "c", strides=[stride, stride]),
            node("Relu", "c", "map"),
            node("Flatten", "map", "flat"),
            node("MatMul", "flat m", "embedding"),
        ],
        "face",
        [helper.make_tensor_value_info("x", 1, [batch, 3, 112, 112])],
        [helper.make_tensor_value_info("embedding", 1, None)],
        [array(kernel, "w"), array(matrix, "m")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(made, path)
    return path


def test_a_map_is_found_where_the_file_leaves_the_side_open(tmp_path: Path) -> None:
    path = face_model(tmp_path / "open.onnx")
    model = onnx.load(path)
    for axis, name in zip(model.graph.input[0].type.tensor_type.shape.dim[2:], "hw", strict=True):
        axis.Clear()
        axis.dim_param = name
    onnx.save(model, path)
    found = FrozenBackbone(ModelConfig(frozen=path), "cpu")
    assert found.notes == ("The map is map, 8 x 7x7.",)


def test_a_map_of_14_cells_is_pooled_and_told(tmp_path: Path) -> None:
    path = wide_model(tmp_path / "wide.onnx", 8)
    found = FrozenBackbone(ModelConfig(frozen=path), "cpu")
    assert found.notes == (
        "The map is map, 8 x 14x14, of which each 7x7 cell takes the mean of four.",
    )
    crops = np.stack([crop("ann", 1)])
    x = ((crops.astype(np.float64) - 127.5) / 127.5).transpose(0, 3, 1, 2)
    kernel = np.random.default_rng(0).normal(size=(8, 3, 8, 8)).astype(np.float32) / 28
    tiles = x.reshape(1, 3, 14, 8, 14, 8)
    cells = np.maximum(np.einsum("ncyaxb,kcab->nkyx", tiles, kernel.astype(np.float64)), 0)
    pooled = cells.reshape(1, 8, 7, 2, 7, 2).mean(axis=(3, 5))
    assert np.allclose(found.maps(crops, QUIET), pooled, atol=1e-4)


def test_maps_of_other_sizes_are_refused_with_their_sizes(tmp_path: Path) -> None:
    path = wide_model(tmp_path / "other.onnx", 4)
    with pytest.raises(XCosError, match=r"no map of 7x7 or 14x14 cells \(its maps: 28x28\)"):
        FrozenBackbone(ModelConfig(frozen=path), "cpu")


def test_a_batch_fixed_at_one(tmp_path: Path) -> None:
    fixed = face_model(tmp_path / "one.onnx", batch=1)
    free = face_model(tmp_path / "many.onnx")
    assert np.allclose(maps_of(fixed), maps_of(free), atol=1e-5)


def test_external_weights_that_are_missing(tmp_path: Path) -> None:
    path = face_model(tmp_path / "model.onnx")
    model = onnx.load(path)
    onnx.save(model, path, save_as_external_data=True, location="model.bin", size_threshold=0)
    assert maps_of(path).shape == (2, 8, 7, 7)
    (tmp_path / "model.bin").unlink()
    with pytest.raises(XCosError, match=r"The external data of .*model\.onnx cannot be read"):
        maps_of(path)


def test_outputs_that_are_no_numbers(tmp_path: Path) -> None:
    kernel = {"nothing": np.array([-1.0], np.float32)}
    path = face_model(
        tmp_path / "nan.onnx",
        before=(node("Sqrt", "nothing", "root"), node("Mul", "x root", "pixels")),
        values=kernel,
    )
    with pytest.raises(XCosError, match="finite"):
        maps_of(path, "map")


def test_what_a_graph_says_of_its_scaling_is_not_measured(tmp_path: Path) -> None:
    silent = face_model(tmp_path / "silent.onnx")
    values = {"mean": np.array([127.5], np.float32), "std": np.array([128], np.float32)}
    before = (node("Sub", "x mean", "centred"), node("Div", "centred std", "pixels"))
    telling = face_model(tmp_path / "telling.onnx", before=before, values=values)
    assert not says_scaling(silent) and says_scaling(telling)
    crops = np.stack([crop(name, k) for name in "abc" for k in (1, 2)])
    people = np.repeat([0, 1, 2], 2)
    found = measured_input(TargetChoice(telling), crops, people)
    assert found.choice.normalisation is None and found.choice.channels in ("RGB", "BGR")


def test_the_input_by_which_people_lie_furthest_apart_is_taken(tmp_path: Path) -> None:
    """A model that looks at values above 0.5 alone, of which centred pixels have few."""
    path = face_model(tmp_path / "model.onnx")
    crops = np.stack([crop(name, k) for name in "abcdef" for k in (1, 2, 3)])
    people = np.repeat(np.arange(6), 3)
    found = measured_input(TargetChoice(path), crops, people)
    left, right = np.triu_indices(len(people), 1)
    same = people[left] == people[right]

    def apart(choice: TargetChoice) -> float:
        rows = Target(choice, "cpu").embeddings(crops)
        scores = (rows[left] * rows[right]).sum(axis=1)
        spread = np.sqrt((scores[same].var() + scores[~same].var()) / 2)
        return float((scores[same].mean() - scores[~same].mean()) / spread)

    reached = apart(found.choice)
    for channels in ("RGB", "BGR"):
        for scaling in (None, UNIT):
            other = replace(found.choice, channels=channels, normalisation=scaling)  # type: ignore[arg-type]
            assert reached >= apart(other) / 1.02
    assert "furthest apart" in found.words and "model.channels" in found.words


def test_what_the_user_says_stays(tmp_path: Path) -> None:
    said = TargetChoice(face_model(tmp_path / "model.onnx"), "BGR", UNIT)
    crops = np.stack([crop(name, k) for name in "ab" for k in (1, 2)])
    assert measured_input(said, crops, np.array([0, 0, 1, 1])).choice == said


def test_without_names_nothing_can_be_measured(tmp_path: Path) -> None:
    choice = TargetChoice(face_model(tmp_path / "model.onnx"))
    assert len(some_faces(np.array([0, 1, 2, -1, -1]))) == 0
    found = measured_input(choice, np.zeros((0, 112, 112, 3), np.uint8), np.empty(0, np.int64))
    assert found.choice.channels == "RGB" and "cannot be measured" in found.words


@pytest.mark.parametrize("names", ["a", "ab", "abc"])
def test_two_people_are_enough_to_measure_by(names: str, tmp_path: Path) -> None:
    choice = TargetChoice(face_model(tmp_path / "model.onnx"))
    crops = np.stack([crop(name, k) for name in names for k in (1, 2)])
    words = measured_input(choice, crops, np.repeat(np.arange(len(names)), 2)).words
    told = "cannot be measured" if names == "a" else f"{len(names)} people lie furthest apart"
    assert told in words


@pytest.mark.parametrize("local", ["false", "true"])
def test_a_run_tells_what_the_explanation_costs(
    local: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gallery, run = make_crops(tmp_path / "gallery", PEOPLE), tmp_path / "run"
    path = face_model(tmp_path / "model.onnx")
    settings = [f"model.frozen={path}", f"model.local={local}", "data.aligned=true", *SHORT]
    command = ["train", "plug-in", "--gallery", str(gallery), "--into", str(run), "--json"]
    command += [part for setting in settings for part in ("--set", setting)]
    assert main([*command, "--set", "hardware.device=cpu"]) == 0
    captured = capsys.readouterr()
    said = json.loads(captured.out)
    assert {*said["kinds"]} == {"learned", "uniform", "correlation", "fc", "own"}
    assert said["before"] == said["kinds"]["own"] and said["after"] == said["kinds"]["learned"]
    assert "furthest apart" in captured.err and "The map is map" in captured.err
    card = read_card(Path(said["weights"]))
    assert card.backbone == "refined" and card.options["backbone"] == "onnx"
    assert card.options["local"] is (local == "true") and card.grid_channels == 128
    # The weights stand by themselves, and change with the model that they are of.
    features = Verifier(Path(said["weights"]), "cpu").features(np.stack([crop("ann", 1)]))
    assert features.grid.shape == (1, 128, 7, 7)
    path.write_bytes(face_model(tmp_path / "another.onnx", batch=1).read_bytes())
    assert read_card(Path(said["weights"])).fingerprint != card.fingerprint
