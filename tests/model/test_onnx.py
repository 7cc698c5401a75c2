"""ONNX models: whether the graph normalises its input itself, and what is run."""

from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from core.model.onnx_model import OnnxSession  # noqa: E402


def graph(path: Path, operations: tuple[str, ...], last: bool = False, batch: object = "n") -> Path:
    """A model of some element-wise operations with 2, then a mean over the picture's places."""
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    nodes, name = [], "x"
    for number, operation in enumerate(operations):
        inputs = [name, "two"] if operation in ("Sub", "Mul", "Div", "Add") else [name]
        name = f"t{number}"
        nodes.append(helper.make_node(operation, inputs, [name]))
    axes = [1, 2] if last else [2, 3]
    nodes.append(helper.make_node("ReduceMean", [name], ["y"], axes=axes, keepdims=0))
    shape = [batch, 112, 112, 3] if last else [batch, 3, 112, 112]
    made = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info("y", kind, [batch, 3])],
        [helper.make_tensor("two", kind, [], [2.0])],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(path))
    return path


@pytest.mark.parametrize(
    ("operations", "normalises"),
    [
        (("Sub", "Mul"), True),
        (("Sub", "Div"), True),
        (("Mul",), False),
        (("Sub",), False),
        (("Div", "Add"), False),
        (("Relu",), False),
        (("Relu",) * 8 + ("Sub", "Mul"), False),  # too late to be the input's
        (("Relu",) * 6 + ("Sub", "Mul"), True),
    ],
)
def test_only_a_graph_that_subtracts_and_scales_first_normalises(
    tmp_path: Path, operations: tuple[str, ...], normalises: bool
) -> None:
    assert OnnxSession(graph(tmp_path / "m.onnx", operations)).normalises is normalises


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("batch", ["n", 1])
def test_pictures_come_in_the_graph_s_own_layout(tmp_path: Path, last: bool, batch: object) -> None:
    x = np.random.default_rng(0).normal(size=(3, 3, 112, 112)).astype(np.float32)
    found = OnnxSession(graph(tmp_path / "m.onnx", ("Sub", "Mul"), last, batch)).run(x)
    np.testing.assert_allclose(found, 2 * (x - 2).mean(axis=(2, 3)), atol=1e-4)
