"""Small face models as ONNX, in the forms that exports come in."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="the package onnx is not installed")
pytest.importorskip("onnxruntime", reason="the package onnxruntime is not installed")

helper, array, types = onnx.helper, onnx.numpy_helper.from_array, onnx.TensorProto
KINDS = {np.float32: 1, np.float16: 10, np.float64: 11, np.uint8: 2}
RNG = np.random.default_rng(0)
CONVOLUTION = RNG.normal(size=(8, 3, 16, 16)).astype(np.float32) / 28
MATRIX = RNG.normal(size=(8 * 49, 32)).astype(np.float32) / 20


def node(kind: str, inputs: str, outputs: str, **settings: Any) -> Any:
    """A node; inputs and outputs as names between blanks."""
    return helper.make_node(kind, inputs.split(), outputs.split(), **settings)


def face_model(
    path: Path,
    batch: int | str | None = "n",
    kind: type = np.float32,
    before: tuple[Any, ...] = (),
    after: tuple[Any, ...] = (),
    outputs: tuple[str, ...] = ("embedding",),
    values: dict[str, np.ndarray] | None = None,
    channels_last: bool = False,
    flatten: Any = None,
    inputs: tuple[Any, ...] = (),
) -> Path:
    """A convolution, a ReLU and a matrix from `pixels` to `embedding` (n, 32).

    before: nodes from `x` to `pixels`; after: more nodes; values: weights of these; inputs: more of
    the graph's inputs
    """
    single = np.float32 if kind == np.uint8 else kind
    weights = {"w": CONVOLUTION.astype(single), "m": MATRIX.astype(single), **(values or {})}
    nodes = [
        *(before or (node("Identity", "x", "pixels"),)),
        node("Conv", "pixels w", "c", strides=[16, 16]),
        node("Relu", "c", "map"),
        flatten or node("Flatten", "map", "flat"),
        node("MatMul", "flat m", "embedding"),
        *after,
    ]
    shape = [batch, 112, 112, 3] if channels_last else [batch, 3, 112, 112]
    x = helper.make_tensor_value_info("x", KINDS[kind], shape)
    ends = [helper.make_tensor_value_info(name, KINDS[single], None) for name in outputs]
    graph = helper.make_graph(
        nodes, "face", [*inputs, x], ends, [array(value, name) for name, value in weights.items()]
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(made, path)
    return path


def expected(crops: np.ndarray, mean: float = 127.5, std: float = 127.5) -> np.ndarray:
    """What `face_model` gives for crops (n, 112, 112, 3), as unit vectors, by NumPy alone."""
    x = ((crops.astype(np.float64) - mean) / std).transpose(0, 3, 1, 2)
    tiles = x.reshape(len(x), 3, 7, 16, 7, 16)
    cells = np.maximum(np.einsum("ncyaxb,kcab->nkyx", tiles, CONVOLUTION.astype(np.float64)), 0)
    rows = cells.reshape(len(x), -1) @ MATRIX.astype(np.float64)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
