"""Weight files: what is written is read, and what does not fit is told."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from core.errors import XCosError
from core.model.attention_weights import read_head
from core.model.backbones import backbone_names, build_backbone
from core.model.card import ModelCard, find_weights, read_card
from core.model.importers import import_weights, read_foreign
from core.model.kinds import Channels
from core.model.target import Target
from core.model.target_choice import TargetChoice
from core.model.verifier import Verifier
from core.model.weights import load_network, load_xcos, save_weights
from core.scoring.engine import PairEngine
from tests.living import THRESHOLDS


@pytest.fixture
def faces() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (5, 112, 112, 3)).astype(np.uint8)


def test_card_survives_the_file(tiny_weights: Path) -> None:
    card = read_card(tiny_weights)
    assert (card.name, card.kind, card.backbone, card.embedding_size) == (
        "tiny",
        "xcos",
        "thin",
        16,
    )
    assert card.thresholds == THRESHOLDS
    assert card.correlation is not None and abs(card.correlation.sum() - 1) < 1e-12
    assert card.kinds == ("learned", "uniform", "correlation")


def test_verifier_gives_the_networks_numbers(tiny_weights: Path, faces: np.ndarray) -> None:
    found = Verifier(tiny_weights, "cpu").features(faces)
    _, net = load_xcos(tiny_weights)
    with torch.inference_mode():
        x = (torch.from_numpy(faces).permute(0, 3, 1, 2).float() - 127.5) / 128
        grid, embedding = net(x)
    assert embedding is not None
    np.testing.assert_allclose(found.grid, grid.numpy(), atol=1e-5)
    unit = torch.nn.functional.normalize(embedding).numpy()
    assert found.embedding is not None
    np.testing.assert_allclose(found.embedding, unit, atol=1e-5)


def test_head_is_there_without_torch(tiny_weights: Path) -> None:
    head = read_head(tiny_weights)
    assert head is not None and head.mix_weight.shape == (16, 32, 3, 3)


def test_a_head_of_enormous_numbers_is_told_by_its_file(tiny_weights: Path, tmp_path: Path) -> None:
    with safe_open(tiny_weights, framework="pt") as file:
        metadata = file.metadata()
    path, tensors = tmp_path / "large.safetensors", load_file(tiny_weights)
    tensors["attention.last.0.weight"] = torch.full((1, 16, 3, 3), 1e25)
    save_file(tensors, path, metadata)
    with pytest.raises(XCosError) as error:
        PairEngine(read_head(path), None).prepare(np.zeros((1, 32, 7, 7), np.float32))
    assert str(error.value) == (
        f"The learned attention of {path} gives numbers that are not finite; choose other weights."
    )


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16, torch.float8_e4m3fn])
def test_the_head_of_weights_in_fewer_bits(
    tiny_weights: Path, tmp_path: Path, kind: torch.dtype
) -> None:
    with safe_open(tiny_weights, framework="pt") as file:
        metadata = file.metadata()
    few = {name: tensor.to(kind) for name, tensor in load_file(tiny_weights).items()}
    save_file(few, tmp_path / "few.safetensors", metadata)
    single = {name: tensor.float() for name, tensor in few.items()}
    save_file(single, tmp_path / "single.safetensors", metadata)
    found, wanted = (
        read_head(tmp_path / "few.safetensors"),
        read_head(tmp_path / "single.safetensors"),
    )
    assert found is not None and wanted is not None
    wanted = replace(wanted, path=found.path)
    for field in fields(wanted):
        np.testing.assert_array_equal(getattr(found, field.name), getattr(wanted, field.name))


@pytest.mark.parametrize("channels", ["RGB", "BGR"])
def test_a_target_is_shown_views_as_it_is_shown_crops(
    channels: Channels, tiny_weights: Path, faces: np.ndarray
) -> None:
    target = Target(TargetChoice(tiny_weights, channels), "cpu")
    coloured = np.stack([faces[0], faces[1, :, :, [2, 0, 1]].transpose(1, 2, 0), 255 - faces[2]])
    (views,) = target.answers_to_views(
        torch.from_numpy(coloured).permute(0, 3, 1, 2).float(), False
    )
    wanted = Target(tiny_weights, "cpu").embeddings(
        coloured[..., ::-1] if channels == "BGR" else coloured
    )
    np.testing.assert_allclose(views.numpy(), wanted, atol=1e-5)
    assert np.abs(wanted - wanted[::-1]).max() > 1e-3


def test_own_weights_can_be_a_target(tiny_weights: Path, faces: np.ndarray) -> None:
    target = Target(tiny_weights, "cpu")
    target.embeddings(faces)
    assert target._load().warnings == []  # half precision was not asked for
    x_BCHW = torch.from_numpy(faces).permute(0, 3, 1, 2).float()
    (views,) = target.answers_to_views(x_BCHW, False)
    np.testing.assert_allclose(views.numpy(), target.embeddings(faces), atol=1e-5)
    np.testing.assert_allclose(
        Target(tiny_weights, "cpu").embeddings(faces),
        Verifier(tiny_weights, "cpu").features(faces).embedding,
        atol=1e-6,
    )


def test_mismatch_names_the_keys(tiny_weights: Path, tmp_path: Path) -> None:
    tensors = load_file(tiny_weights)
    tensors["extra.weight"] = tensors.pop("grid.0.bias")
    tensors["grid.1.weight"] = torch.zeros(3)
    card = read_card(tiny_weights)
    from core.model.card import described

    path = tmp_path / "wrong.safetensors"
    save_file(tensors, path, metadata=described(card))
    with pytest.raises(XCosError) as error:
        load_network(path)
    text = str(error.value)
    assert "missing: grid.0.bias" in text and "unexpected: extra.weight" in text
    assert "grid.1.weight 3 instead of 32" in text and "wrong.safetensors" in text


def test_what_does_not_fit_is_shown_in_part(tiny_weights: Path, tmp_path: Path) -> None:
    from core.model.card import described

    broken = tmp_path / "broken.safetensors"
    names = ["a" * 60, "b" * 61, "c", "d", "e", "f", "g"]
    extra = {name: torch.zeros(1) for name in names}
    save_file(load_file(tiny_weights) | extra, broken, metadata=described(read_card(tiny_weights)))
    with pytest.raises(XCosError) as error:
        load_xcos(broken)
    shown = f"{'a' * 60}, {'b' * 59}\u2026, c, d, e and 2 more"
    assert f"(unexpected: {shown})." in str(error.value)


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\xff" * 100])
def test_wrong_files_are_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.safetensors"
    path.write_bytes(content)
    with pytest.raises(XCosError, match=r"bad\.safetensors"):
        read_card(path)
    with pytest.raises(XCosError, match=r"bad\.pth"):
        path.rename(tmp_path / "bad.pth")
        import_weights(tmp_path / "bad.pth", tmp_path / "out.safetensors")


def test_weights_that_carry_code_are_not_run(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self):  # type: ignore[no-untyped-def]
            return (Path.touch, (tmp_path / "ran",))

    torch.save({"state_dict": Evil()}, tmp_path / "evil.pth")
    table = tmp_path / "people.csv"
    table.write_text("path,identity\na.png,ann\n")
    with pytest.raises(XCosError, match=r"people\.csv is not a file of weights"):
        read_foreign(table)
    with pytest.raises(XCosError, match=r"evil\.pth carries code"):
        import_weights(tmp_path / "evil.pth", tmp_path / "out.safetensors")
    assert not (tmp_path / "ran").exists()


def test_unknown_checkpoint_and_unknown_name(tmp_path: Path) -> None:
    torch.save({"a.weight": torch.zeros(2)}, tmp_path / "other.pth")
    with pytest.raises(XCosError, match="no network known here"):
        import_weights(tmp_path / "other.pth", tmp_path / "out.safetensors")
    with pytest.raises(XCosError, match="There are no weights 'nobody'"):
        find_weights("nobody")


@pytest.mark.parametrize(
    "name, options",
    [("mobilefacenet", {}), ("iresnet-18", {"output": True}), ("mobilefacenet-foamliu", {})],
)
def test_publishers_checkpoints_come_in(
    tmp_path: Path, faces: np.ndarray, name: str, options: dict[str, bool]
) -> None:
    network = build_backbone(name, **options).eval()
    torch.save(
        {"state_dict": {f"module.{k}": v for k, v in network.state_dict().items()}},
        tmp_path / "p.pth",
    )
    card = import_weights(tmp_path / "p.pth", tmp_path / "ours.safetensors")
    assert card.kind == "target" and card.backbone == name
    np.testing.assert_allclose(
        Target(tmp_path / "ours.safetensors", "cpu").embeddings(faces[:2]),
        Target(tmp_path / "p.pth", "cpu").embeddings(faces[:2]),
        atol=1e-6,
    )


@pytest.mark.parametrize(
    # onnx, inner and refined wrap a file or another network, and are tested with those.
    "name",
    [
        n
        for n in backbone_names()
        if n not in ("onnx", "inner", "refined") and "152" not in n and "200" not in n
    ],
)
def test_every_backbone_gives_a_7x7_map(name: str) -> None:
    backbone = build_backbone(name).eval()
    with torch.inference_mode():
        assert backbone(torch.zeros(1, 3, 112, 112)).shape == (1, backbone.channels, 7, 7)


def test_onnx_as_target_and_as_backbone(tmp_path: Path, faces: np.ndarray) -> None:
    onnx = pytest.importorskip("onnx", reason="the package onnx is not installed")
    pytest.importorskip("onnxruntime", reason="the package onnxruntime is not installed")
    rng = np.random.default_rng(0)
    weight = rng.normal(size=(4, 3, 16, 16)).astype(np.float32)
    make = onnx.helper
    graph = make.make_graph(
        [
            make.make_node("Conv", ["x", "w"], ["map"], strides=[16, 16]),
            make.make_node("Flatten", ["map"], ["out"]),
        ],
        "face",
        [make.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["n", 3, 112, 112])],
        [make.make_tensor_value_info("out", onnx.TensorProto.FLOAT, ["n", 196])],
        [onnx.numpy_helper.from_array(weight, "w")],
    )
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, tmp_path / "face.onnx")
    x = (torch.from_numpy(faces).permute(0, 3, 1, 2).float() - 127.5) / 127.5
    grid = torch.nn.functional.conv2d(x, torch.from_numpy(weight), stride=16)
    expected = torch.nn.functional.normalize(grid.flatten(1)).numpy()
    np.testing.assert_allclose(
        Target(tmp_path / "face.onnx").embeddings(faces), expected, atol=1e-5
    )
    backbone = build_backbone("onnx", path=str(tmp_path / "face.onnx"), tensor="map")
    assert backbone.channels == 4
    np.testing.assert_allclose(backbone(x).numpy(), grid.numpy(), atol=1e-2, rtol=1e-4)
    with pytest.raises(XCosError, match="no inner tensor"):
        build_backbone("onnx", path=str(tmp_path / "face.onnx"), tensor="nothing")


def test_a_device_that_is_not_there(tiny_weights: Path, faces: np.ndarray) -> None:
    with pytest.raises(XCosError, match="no device 'cuda:99'"):
        Verifier(tiny_weights, "cuda:99").features(faces)


def test_half_precision_on_a_cpu_says_what_it_did(tiny_weights: Path, faces: np.ndarray) -> None:
    verifier = Verifier(tiny_weights, "cpu", half=True)
    verifier.features(faces)
    assert "single precision" in verifier.warnings[0]


def test_gpu_memory_that_ends_falls_back(
    tiny_weights: Path, faces: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifier = Verifier(tiny_weights, "cpu")
    expected = verifier.features(faces).grid
    network, runner = verifier._load()
    forward, limit = network.forward, 1

    def hungry(x: torch.Tensor) -> object:
        if len(x) > limit:
            raise torch.OutOfMemoryError("full")
        return forward(x)

    monkeypatch.setattr(network, "forward", hungry)
    np.testing.assert_allclose(verifier.features(faces).grid, expected, atol=1e-5)
    assert runner._batch == 1


def test_teacher_golden() -> None:
    folder = Path(__file__).parents[2].parent / "shared" / "teacher"
    if not folder.is_dir():
        pytest.skip("../shared/teacher is not there")
    import json

    from core.model.importers import read_foreign

    golden = json.loads((folder / "golden.json").read_text())
    _, network = read_foreign(folder / "mobilefacenet.safetensors", "target")
    x = torch.sin(0.01 * torch.arange(2 * 3 * 112 * 112).float()).view(2, 3, 112, 112)
    with torch.inference_mode():
        embedding = network.embed(x)  # type: ignore[operator]
    np.testing.assert_allclose(embedding[:, :6].numpy(), golden["embedding_first6"], atol=1e-4)


def test_a_name_must_fit_and_a_full_disk_is_told(tiny_weights: Path, tmp_path: Path) -> None:
    card, net = load_xcos(tiny_weights)
    (tmp_path / "file").write_text("")
    with pytest.raises(XCosError, match="could not be written"):
        save_weights(tmp_path / "file" / "x.safetensors", net, card)
    with pytest.raises(XCosError, match="must end in"):
        import_weights(tiny_weights, tmp_path / "x.bin")
    assert isinstance(card, ModelCard)


def test_sface_tells_people_apart() -> None:
    shared = Path(__file__).parents[2].parent / "shared"
    if not shared.is_dir():
        pytest.skip("../shared is not there")
    import io

    from PIL import Image

    from core.evaluation.insightface_bin import read_bin
    from core.evaluation.verification import best_threshold
    from core.model.target import Target

    pictures, same = read_bin(shared / "data" / "formats" / "lfw60.bin")
    crops = [np.array(Image.open(io.BytesIO(p)).convert("RGB")) for p in pictures]  # type: ignore[arg-type]
    target = Target(shared / "teacher" / "sface.safetensors", "cpu")
    embeddings = target.embeddings(np.stack(crops))
    cosines = (embeddings[::2] * embeddings[1::2]).sum(axis=1)
    assert best_threshold(cosines, same)[1] >= 0.98
