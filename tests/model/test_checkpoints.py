"""Foreign checkpoints: under what training wraps around them, and with damage of every kind."""

import os
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from core.errors import XCosError
from core.model.backbones import build_backbone
from core.model.importers import import_weights, read_foreign
from core.model.target import Target, read_target

Tensors = dict[str, Tensor]
KEY = "conv3.weight"


@pytest.fixture(scope="module")
def published() -> Tensors:
    torch.manual_seed(3)
    state: Tensors = build_backbone("mobilefacenet-foamliu").state_dict()
    return state


@pytest.fixture
def faces() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (2, 112, 112, 3)).astype(np.uint8)


def under(prefix: str, tensors: Tensors) -> Tensors:
    return {prefix + name: tensor for name, tensor in tensors.items()}


def within(tensors: Tensors) -> Tensors:
    """As torch.compile names the parts of a module that were compiled alone."""
    return {
        name.replace("features.", "features._orig_mod.").replace("conv1.", "conv1.module."): tensor
        for name, tensor in tensors.items()
    }


OPTIMISER = {"state": {0: {"exp_avg": torch.zeros(3), "step": 4}}, "param_groups": [{"lr": 0.1}]}
WRAPPED: list[Callable[[Tensors], Any]] = [
    lambda t: t,
    lambda t: under("module.", t),
    lambda t: under("_orig_mod.", t),
    lambda t: under("module._orig_mod.", t),
    lambda t: under("_orig_mod.module.", t),
    lambda t: under("_fsdp_wrapped_module.", t),
    lambda t: under("backbone.", t),
    within,
    lambda t: {"state_dict": under("model.", t) | {"head.kernel": torch.zeros(4, 4)}, "epoch": 3},
    lambda t: {"state_dict": under("net._orig_mod.", t), "hyper_parameters": {"lr": 0.1}},
    lambda t: {"net": t, "epoch": 1},
    lambda t: {"model_state_dict": t, "optimizer_state_dict": OPTIMISER},
    lambda t: {"model": under("encoder.", t), "model_ema": under("encoder.", t)},
    lambda t: {"state_dict": {"model": under("module.", t)}, "optimizer": OPTIMISER},
]


@pytest.mark.parametrize("wrap", WRAPPED)
def test_wrappers_and_prefixes_are_stripped(
    tmp_path: Path, published: Tensors, wrap: Callable[[Tensors], Any]
) -> None:
    torch.save(wrap(published), tmp_path / "P.PTH")
    card, network = read_foreign(tmp_path / "P.PTH")
    assert card.backbone == "mobilefacenet-foamliu"
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, published[name]), name


@pytest.mark.parametrize(
    ("wrap", "left_out"),
    [
        (lambda t: {"n_averaged": torch.tensor(3)} | under("module.", t), "n_averaged"),
        (lambda t: t | {"head.weight": torch.zeros(9, 512), "s": torch.ones(1)}, "head.weight, s"),
        (lambda t: {"state_dict": t | {"head.weight": torch.zeros(9, 512)}}, "head.weight"),
    ],
)
def test_what_lies_beside_the_network_is_left_out_and_named(
    tmp_path: Path, published: Tensors, wrap: Callable[[Tensors], Any], left_out: str
) -> None:
    torch.save(wrap(published), tmp_path / "p.pth")
    card, network = read_foreign(tmp_path / "p.pth")
    assert all(torch.equal(v, published[k]) for k, v in network.state_dict().items())
    ours = import_weights(tmp_path / "p.pth", tmp_path / "ours.safetensors")
    for told in (card, ours):
        assert told.training == f"imported from foamliu, without {left_out}"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda t: t | {f"{KEY}_scale": torch.ones(1)}, rf"unexpected: {KEY}_scale"),
        (lambda t: {k.replace("conv3.", "last."): v for k, v in t.items()}, r"unexpected: last\."),
    ],
)
def test_what_changes_the_network_is_not_left_out(
    tmp_path: Path, published: Tensors, change: Callable[[Tensors], Tensors], sentence: str
) -> None:
    torch.save(change(published), tmp_path / "p.pth")
    with pytest.raises(XCosError, match=sentence):
        read_foreign(tmp_path / "p.pth")


def test_endings_in_capitals(tmp_path: Path, published: Tensors, faces: np.ndarray) -> None:
    plain = {name: tensor for name, tensor in published.items() if tensor.is_floating_point()}
    save_file(under("module.", plain), tmp_path / "P.SAFETENSORS")
    card = import_weights(tmp_path / "P.SAFETENSORS", tmp_path / "ours.SafeTensors")
    assert card.backbone == "mobilefacenet-foamliu"
    np.testing.assert_array_equal(
        Target(card.path, "cpu").embeddings(faces),
        Target(tmp_path / "P.SAFETENSORS", "cpu").embeddings(faces),
    )
    (tmp_path / "x.ONNX").write_bytes(b"")
    with pytest.raises(XCosError, match=r"use it as the target|take it as the target"):
        import_weights(tmp_path / "x.ONNX", tmp_path / "y.safetensors")


def test_several_networks_are_not_guessed_at(tmp_path: Path, published: Tensors) -> None:
    torch.save(under("student.", published) | under("teacher.", published), tmp_path / "two.pth")
    with pytest.raises(XCosError, match=r"two\.pth holds several networks \(student, teacher\)"):
        read_foreign(tmp_path / "two.pth")


def test_a_git_lfs_pointer_is_called_one(tmp_path: Path) -> None:
    for name in ("a.pth", "a.safetensors", "a.bin"):
        (tmp_path / name).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
        for read in (read_foreign, lambda path: Target(path, "cpu")):
            with pytest.raises(XCosError, match=rf"{name} is a Git LFS pointer"):
                read(tmp_path / name)


HUGE = torch.zeros(1)


def nan_in(tensor: Tensor) -> Tensor:
    changed = tensor.clone()
    changed.view(-1)[-1] = float("nan")
    return changed


@pytest.mark.parametrize(
    "change, sentence",
    [
        (nan_in, "not finite"),
        (lambda t: torch.full_like(t, float("inf")), "not finite"),
        (lambda t: t[:1].expand_as(t), "claims 128x512x1x1 numbers"),
        (lambda t: HUGE.expand(2**40, 2**10), "claims"),
        (lambda t: torch.zeros(2**40, 0), "misshapen"),
        (lambda t: t[:-1].clone(), "misshapen"),
        (lambda t: t.to_sparse(), "no plain table"),
        (lambda t: t.to("meta"), "no plain table"),
        (lambda t: t.to(torch.complex64), "complex"),
        (lambda t: t.to(torch.int8), "whole numbers"),
        (lambda t: torch.quantize_per_tensor(t.flatten(), 0.1, 0, torch.qint8), r"d\.pth"),
    ],
)
def test_tensors_that_are_no_weights(
    tmp_path: Path, published: Tensors, change: Callable[[Tensor], Tensor], sentence: str
) -> None:
    torch.save(published | {KEY: change(published[KEY])}, tmp_path / "d.pth")
    with pytest.raises(XCosError, match=sentence) as error:
        read_foreign(tmp_path / "d.pth")
    assert "d.pth" in str(error.value) and len(str(error.value)) < 600


TYPES = {t for t in vars(torch).values() if isinstance(t, torch.dtype)}
FLOATS = {t for t in TYPES if t.is_floating_point and "float4" not in str(t)}  # those hold two each


@pytest.mark.parametrize("kind", sorted(FLOATS, key=str))
def test_weights_of_every_precision_are_read(
    tmp_path: Path, published: Tensors, kind: torch.dtype
) -> None:
    given = {k: v.to(kind) if v.dim() > 1 else v for k, v in published.items()}
    save_file(given, tmp_path / "p.safetensors")
    ours = import_weights(tmp_path / "p.safetensors", tmp_path / "ours.safetensors").path
    for path in (tmp_path / "p.safetensors", ours):
        network = read_target(path)[1].state_dict()
        assert {v.dtype for v in network.values()} <= {torch.float32, torch.int64}
        assert all(torch.equal(network[k], given[k].to(network[k].dtype)) for k in given)


@pytest.mark.parametrize("kind", sorted(TYPES - FLOATS, key=str))
def test_tensors_of_every_other_type_are_told(
    tmp_path: Path, published: Tensors, kind: torch.dtype
) -> None:
    path = tmp_path / "d.pth"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of types that torch only tries out
        odd = torch.empty(published[KEY].shape, dtype=kind)
    try:
        torch.save(published | {KEY: odd}, path)
        contents = None
    except Exception:  # torch cannot write all of its types
        contents = published | {KEY: odd}
    with pytest.MonkeyPatch.context() as patch, pytest.raises(XCosError) as error:
        if contents is not None:
            path.write_bytes(b"")
            patch.setattr("core.model.checkpoints.read_pickled", lambda _: contents)
        read_foreign(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_numbers_beyond_single_precision_are_told(tmp_path: Path, published: Tensors) -> None:
    large = published[KEY].double()
    large.view(-1)[0] = 1e300
    torch.save(published | {KEY: large}, tmp_path / "d.pth")
    with pytest.raises(XCosError, match=r"d\.pth is damaged: its tensor conv3\.weight has numbers"):
        read_foreign(tmp_path / "d.pth")


ZERO = torch.zeros(1)
UNITS = {f"layer{s}.{i}.x": ZERO for s, c in ((1, 3), (2, 13), (3, 30), (4, 3)) for i in range(c)}
XCOS = {"attention.embedding_net.0.weight": ZERO}


@pytest.mark.parametrize(
    "content",
    [
        [1],
        {"a": 1},
        {},
        {1: ZERO},
        {"conv2_dw.conv.weight": ZERO},
        {"conv2_dw.conv.weight": ZERO, "linear.weight": torch.tensor(1.0)},
        {"conv2_dw.conv.weight": ZERO, "linear.weight": ZERO.expand(2**40, 1)},
        {"conv2_dw.conv.weight": ZERO, "linear.weight": torch.zeros(2**50, 0)},
        {"conv2_dw.conv.weight": ZERO, "linear.weight": torch.zeros(2**62, 0)},
        {"layer1.0.bn1.weight": ZERO, "fc.weight": ZERO.expand(2**30, 1)},
        {"layer1.0.bn1.weight": ZERO, "fc.weight": torch.tensor(1.0), **UNITS},
        {"input_layer.0.weight": ZERO, "body.": ZERO},
        {"input_layer.0.weight": ZERO, "body": ZERO},
        XCOS,
        XCOS | {"attention.attention.x": ZERO, "backbone.a": ZERO},
        XCOS | {"attention.attention.z.w": ZERO} | {f"backbone.body.{i}.x": ZERO for i in range(24)},
        XCOS | {"attention.attention.9" + "9" * 5000: ZERO},
        {"module.a": ZERO, "a": ZERO},
    ],
)  # fmt: skip
def test_checkpoints_of_anything(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "any.pth"
    torch.save(content, path)
    for part in ("xcos", "target"):
        with pytest.raises(XCosError, match=r"any\.pth") as error:
            read_foreign(path, part)  # type: ignore[arg-type]
        assert len(str(error.value)) < 600 and "\n" not in str(error.value)


def test_a_file_that_unpacks_to_much_more_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("archive/data/0", b"\0" * 3_000_000)
    with pytest.raises(XCosError, match=r"bomb\.pth would unpack to"):
        read_foreign(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:  # to a tenth, as texts are
        packed.writestr("archive/data/0", b"\0" * 200_000 + os.urandom(20_000))
    with pytest.raises(XCosError, match=r"bomb\.pth is not a file of weights"):
        read_foreign(path)
