"""Models that cannot be read or used, each told in a sentence, and what goes on in their place."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import XCosError
from core.model import card as cards
from core.model import sface_package
from core.model.attention_weights import read_head
from core.model.backbones import build_backbone
from core.model.card import ModelCard, described, find_weights, read_card
from core.model.checkpoints import read_pickled
from core.model.inference import Runner
from core.model.sface_package import MODEL, sface_file
from core.model.target import Target
from core.model.target_choice import TargetChoice, stored_choice
from core.model.verifier import Verifier
from core.model.weights import load_xcos, read_safetensors, save_weights
from core.progress import QUIET
from tests.living import OPTIONS, living_weights
from tests.model.test_sface_package import installed

FACES = np.random.default_rng(0).integers(0, 256, (5, 112, 112, 3)).astype(np.uint8)


def told(work: Callable[[], object]) -> str:
    with pytest.raises(XCosError) as error:
        work()
    return str(error.value)


@pytest.mark.parametrize("read", [read_card, read_safetensors, read_pickled])
def test_weights_that_are_not_there_or_a_folder_are_told(
    tmp_path: Path, read: Callable[[Path], object]
) -> None:
    missing = tmp_path / "none.pth"
    assert told(lambda: read(missing)) == (
        f"The weights {missing} do not exist; choose another file."
    )
    said = told(lambda: read(tmp_path))
    assert said.startswith(f"The weights {tmp_path} cannot be read: ") and "directory" in said


def test_tensors_cut_short_are_told(tiny_weights: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(tiny_weights.read_bytes()[:-5])
    assert told(lambda: read_safetensors(cut)).startswith(f"{cut} is not a whole safetensors file:")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"grid_channels": 33}, "grid_channels is no multiple of 32"),
        ({"grid_channels": 0}, "grid_channels is no multiple of 32"),
        ({"correlation": np.zeros((7, 7))}, "correlation has no weights"),
    ],
)
def test_a_card_with_values_that_cannot_be_is_refused(
    tmp_path: Path, changed: dict[str, object], why: str
) -> None:
    from safetensors.numpy import save_file

    card: ModelCard = replace(
        ModelCard("m", Path("m"), "", "xcos", "thin", OPTIONS),
        **changed,  # type: ignore[arg-type]
    )
    path = tmp_path / "m.safetensors"
    save_file({"x": np.zeros(1, np.float32)}, path, described(card))
    assert why in told(lambda: read_card(path))
    save_file({"x": np.zeros(1, np.float32)}, path, described(replace(card, grid_channels=64, correlation=np.eye(7))))  # fmt: skip
    assert read_card(path).grid_channels == 64


def test_a_copy_without_weights_asks_for_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "shipped_weights", list)
    assert told(find_weights) == "No weights ship with this copy; choose a weights file."


def target_weights(path: Path, backbone: str, options: dict[str, object]) -> Path:
    """A target's weights file of a random network."""
    network = build_backbone(backbone, **options)
    return save_weights(path, network, ModelCard("t", path, "", "target", backbone, options)).path


def test_a_target_gives_embeddings_and_has_no_attention(tmp_path: Path) -> None:
    path = target_weights(tmp_path / "thin.safetensors", "thin", OPTIONS)
    assert read_head(path) is None
    assert told(lambda: load_xcos(path)) == (
        f"{path} holds a target model without grid features; use it as the target."
    )
    assert told(lambda: Target(path, "cpu").embeddings(FACES)) == (
        f"{path} gives no embedding, so it cannot be a target; choose another."
    )


def test_weights_without_a_head_are_no_target(tiny_weights: Path, tmp_path: Path) -> None:
    card, net = load_xcos(tiny_weights)
    net.embedding = None
    path = tmp_path / "headless.safetensors"
    save_weights(path, net, replace(card, embedding_size=None))
    assert told(lambda: Target(path, "cpu").embeddings(FACES)) == (
        f"{path} has no fully connected head, so it cannot be a target."
    )


@pytest.mark.parametrize("kind", [Target, Verifier])
def test_weights_that_changed_since_they_were_chosen_are_not_used(
    tmp_path: Path, kind: type[Target] | type[Verifier]
) -> None:
    path = living_weights(tmp_path / "w.safetensors")
    chosen = kind(path, device="cpu")
    living_weights(path, seed=8)
    use = chosen.embeddings if isinstance(chosen, Target) else chosen.features
    assert told(lambda: use(FACES)) == f"{path} has changed since it was chosen; choose it again."


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("ir-50", "this IR was built without"), ("iresnet-18", "this iresnet was built without")],
)
def test_a_network_without_its_output_layer_embeds_nothing(name: str, sentence: str) -> None:
    with torch.device("meta"):
        network = build_backbone(name)
    with pytest.raises(TypeError, match=f"^{sentence} its output layer$"):
        network.embed_map(torch.zeros(1, 512, 7, 7))  # type: ignore[operator]


def test_a_target_s_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "none.safetensors"
    assert told(TargetChoice(missing).fingerprint) == (
        f"The target {missing} cannot be read: No such file or directory; choose another file."
    )


@pytest.mark.parametrize("stored", [None, "BGR", ["channels", "BGR"]])
def test_a_stored_input_that_is_no_table_says_nothing(tmp_path: Path, stored: object) -> None:
    assert stored_choice(tmp_path, stored) == TargetChoice(tmp_path)
    said = stored_choice(tmp_path, {"channels": "BGR", "normalisation": "1,2"})
    assert said != TargetChoice(tmp_path) and said.channels == "BGR"
    assert said.normalisation is not None and said.normalisation.mean == (1, 1, 1)


def test_sface_is_its_very_file_and_must_be_readable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / MODEL
    file.parent.mkdir()
    file.write_bytes(b"abc")
    installed(monkeypatch, tmp_path)
    monkeypatch.setattr(
        sface_package, "SHA256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    assert sface_file() == file

    def refused(_: Path) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(sface_package, "file_digest", refused)
    assert told(sface_file) == f"{file} cannot be read: Permission denied; install it anew."


class Means(torch.nn.Module):
    """Each picture's mean by channel; on another device than the CPU the memory is full."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, int, torch.dtype]] = []

    def forward(self, x_BCHW: torch.Tensor) -> torch.Tensor:
        self.seen.append((x_BCHW.device.type, len(x_BCHW), x_BCHW.dtype))
        if x_BCHW.device.type != "cpu":
            raise torch.OutOfMemoryError("full")
        return x_BCHW.mean(dim=(2, 3))


@pytest.mark.parametrize("channels", ["RGB", "BGR"])
def test_where_a_device_s_memory_ends_the_cpu_goes_on_in_single_precision(
    monkeypatch: pytest.MonkeyPatch, channels: str
) -> None:
    """The device that holds no numbers stands for a GPU that is full."""
    monkeypatch.setattr("core.model.inference.batch_size", lambda d: 4 if d.type == "meta" else 3)
    network = Means()
    card = ModelCard("m", Path("m"), "", "target", "thin", channels=channels, mean=(1, 2, 3), std=(4, 5, 6))  # type: ignore[arg-type]  # fmt: skip
    runner = Runner(card, network, torch.device("meta"), half=True)
    (found,) = runner.run(FACES, lambda x: [network(x)], "Computing", QUIET)
    order = [0, 1, 2] if channels == "RGB" else [2, 1, 0]
    wanted = (FACES.mean(axis=(1, 2))[:, order] - [1, 2, 3]) / [4, 5, 6]
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    half, single = torch.float16, torch.float32
    assert network.seen == [
        ("meta", 4, half), ("meta", 2, half), ("meta", 1, half), ("cpu", 3, single), ("cpu", 2, single)
    ]  # fmt: skip
    assert runner.warnings == ["The memory of meta is full; the CPU goes on instead."]
    assert runner.device == torch.device("cpu")


def test_a_cpu_whose_memory_is_full_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.model.inference.batch_size", lambda _: 2)
    card = ModelCard("m", Path("m"), "", "target", "thin")
    runner = Runner(card, Means(), torch.device("cpu"), half=False)
    sizes: list[int] = []

    def full(x_BCHW: torch.Tensor) -> list[torch.Tensor]:
        sizes.append(len(x_BCHW))
        raise torch.OutOfMemoryError("full")

    said = told(lambda: runner.run(FACES, full, "Computing", QUIET))
    assert said == "The memory is full; close other programs and try again."
    assert sizes == [2, 1]


@pytest.mark.parametrize(
    ("package", "sentence"),
    [
        ("onnx", "needs the package onnx; install xcos-studio[onnx]."),
        ("onnxruntime", "needs the package onnxruntime; install xcos-studio[onnx]."),
    ],
)
def test_packages_that_onnx_files_need_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str, sentence: str
) -> None:
    from tests.onnx_models import face_model

    path = face_model(tmp_path / "face.onnx")
    target = Target(path, "cpu")
    monkeypatch.setitem(sys.modules, package, None)
    assert told(lambda: target.embeddings(FACES)) == f"{path} {sentence}"
