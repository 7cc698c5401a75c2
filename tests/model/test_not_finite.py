"""Numbers that are not finite never become a result."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from core.errors import XCosError
from core.json_text import json_text
from core.model.attention_weights import read_head
from core.model.card import METADATA_KEY, read_card
from core.model.target import Target
from core.model.verifier import Verifier, unit
from core.model.weights import load_xcos, save_weights

FACES = np.random.default_rng(0).integers(0, 256, (3, 112, 112, 3)).astype(np.uint8)


def said_by(path: Path) -> dict[str, Any]:
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        return json.loads(file.metadata()[METADATA_KEY])  # type: ignore[no-any-return]


def rewritten(path: Path, changed: Path, said: Any = None, **tensors: torch.Tensor) -> Path:
    text = json.dumps(said_by(path) if said is None else said)
    save_file(load_file(path) | tensors, changed, metadata={METADATA_KEY: text})
    return changed


@pytest.mark.parametrize("name", ["grid.0.bias", "attention.mix.0.weight", "embedding.weight"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights(tiny_weights: Path, tmp_path: Path, name: str, value: float) -> None:
    bad = load_file(tiny_weights)[name]
    bad.view(-1)[0] = value
    path = rewritten(tiny_weights, tmp_path / "bad.safetensors", **{name: bad})
    with pytest.raises(XCosError, match=rf"bad\.safetensors .*{name}.* not finite"):
        Verifier(path, "cpu").features(FACES)
    if name.startswith("attention"):
        with pytest.raises(XCosError, match=r"bad\.safetensors"):
            read_head(path)


def test_a_spread_that_is_none_is_told_by_the_refusal_alone(
    tiny_weights: Path, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    below = -load_file(tiny_weights)["attention.mix.1.running_var"]
    path = rewritten(
        tiny_weights, tmp_path / "bad.safetensors", **{"attention.mix.1.running_var": below}
    )
    with pytest.raises(XCosError, match=r"bad\.safetensors has no whole learned attention"):
        read_head(path)
    assert not recwarn.list  # of numpy, which would come before the sentence


def test_features_and_embeddings_of_finite_weights(tiny_weights: Path, tmp_path: Path) -> None:
    variance = load_file(tiny_weights)["grid.1.running_var"]
    path = rewritten(
        tiny_weights, tmp_path / "bad.safetensors", **{"grid.1.running_var": -variance}
    )
    for compute in (Verifier(path, "cpu").features, Target(path, "cpu").embeddings):
        with pytest.raises(XCosError, match=r"bad\.safetensors gives numbers that are not finite"):
            compute(FACES)


def test_half_precision_that_overflows_is_widened(tiny_weights: Path) -> None:
    verifier = Verifier(tiny_weights, "cpu")
    wanted = verifier.features(FACES).grid
    network, runner = verifier._load()
    runner._type = torch.float16
    forward = network.forward

    def narrow(x: torch.Tensor) -> Any:
        grid, embedding = forward(x.float())
        return (grid / 0 if x.dtype == torch.float16 else grid), embedding

    network.forward = narrow  # type: ignore[method-assign]
    np.testing.assert_allclose(verifier.features(FACES).grid, wanted, atol=1e-5)
    assert "single precision is used instead" in verifier.warnings[-1]


def test_diverged_weights_are_not_written(tiny_weights: Path, tmp_path: Path) -> None:
    card, network = load_xcos(tiny_weights)
    path = tmp_path / "new.safetensors"
    with pytest.raises(XCosError, match=r"new\.safetensors could not be written"):
        save_weights(path, network, replace(card, thresholds={"learned": float("nan")}))
    with torch.no_grad():
        network.grid[0].bias[0] = float("nan")  # type: ignore[index]
    with pytest.raises(XCosError, match=r"grid\.0\.bias"):
        save_weights(path, network, card)
    assert not path.exists()


ODD = [
    None, True, -1, 1e308, 10**30, 10**400, float("nan"), float("inf"), "", "x" * 5000, [], {}, [[]],
    [None], {"a": None}, [1, 2], [0, 0, 0], [1e9] * 3, 2**40, "onnx", ["a", "b", "c"],
    [float("nan")] * 3, {"learned": float("nan")}, {"learned": True}, {"learned": "0.5"},
]  # fmt: skip
KEYS = [
    "name", "kind", "backbone", "options", "mean", "std", "channels", "thresholds", "correlation",
    "correlation_form", "embedding_size", "law", "licence", "training", "measured", "version",
]  # fmt: skip


@pytest.mark.parametrize("key", [*KEYS, "stem", "widths", "depths"])
def test_descriptions_of_anything(tiny_weights: Path, tmp_path: Path, key: str) -> None:
    path = tmp_path / "odd.safetensors"
    for value in ODD:
        said = said_by(tiny_weights)
        where = said if key in KEYS else said["options"]
        where[key] = value
        rewritten(tiny_weights, path, said)
        try:
            found = Verifier(path, "cpu").features(FACES[:1])
            card = read_card(path)
        except XCosError as error:
            assert "odd.safetensors" in str(error) and len(str(error)) < 600
            continue
        assert np.isfinite(found.grid).all()
        assert all(np.isfinite(t) for t in card.thresholds.values())
        assert isinstance(card.name, str) and isinstance(card.measured, dict)


def test_more_units_than_the_file_has_tensors(tiny_weights: Path, tmp_path: Path) -> None:
    said = said_by(tiny_weights)
    said["options"]["depths"] = [4000, 4000, 4000]  # whose building alone takes minutes
    path = rewritten(tiny_weights, tmp_path / "deep.safetensors", said)
    with pytest.raises(XCosError, match=r"deep\.safetensors describes no network"):
        load_xcos(path)


def test_unit_vectors_of_large_rows() -> None:
    rows = np.array([[3e30, 4e30], [0, 0]], np.float32)
    np.testing.assert_allclose(unit(rows), [[0.6, 0.8], [0, 0]], rtol=1e-6)


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_json_is_json(value: Any) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    for indent in (None, 1):
        back = json.loads(json_text(value, indent), parse_constant=refuse)
        assert json_text(back) == json_text(value)


def test_what_is_not_finite_is_null() -> None:
    assert json_text({"a": [float("nan"), 1.5], "b": (float("-inf"),)}, None) == (
        '{"a": [null, 1.5], "b": [null]}'
    )
