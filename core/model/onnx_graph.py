"""ONNX files as graphs: read whole, their one picture input, and what it first passes through."""

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import XCosError, shown
from core.lfs import refuse_pointer

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, TensorProto

KEY = b"location"  # of every external tensor's entry, as the file spells it
FIRST_IR = 4  # since then initial values need not be inputs
INPUT_TYPES = (np.float32, np.float16, np.float64, np.uint8, np.int16, np.int32, np.int64)
# Operators that give each pixel its new values without looking at other pixels, or move pixels.
POINTWISE = frozenset(
    (
        *("Add", "Sub", "Mul", "Div", "Neg", "Clip", "Min", "Max", "BatchNormalization"),
        *("Cast", "CastLike", "QuantizeLinear", "DequantizeLinear", "Identity", "Dropout"),
        *("Transpose", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Pad", "Resize"),
        *("Gather", "Slice", "Split", "Concat"),
    )
)
SHAPES = frozenset(("Shape", "Size"))  # they say nothing of the pixels


@dataclass(frozen=True)
class PictureInput:
    """The one input that a graph must be given.

    kind:  NumPy type of its numbers
    shape: None where an axis is free; None as a whole where the file says nothing
    """

    name: str
    kind: np.dtype
    shape: tuple[int | None, ...] | None


def onnx_package(path: Path) -> Any:
    """The package onnx, or the sentence that it is needed for a file (XCosError)."""
    try:
        import onnx
    except ImportError as error:
        raise XCosError(f"{path} needs the package onnx; install xcos-studio[onnx].") from error
    return onnx


def read_graph(path: Path) -> "ModelProto":
    """A file with its external data, its local functions written out where they are called.

    Without inputs that need no value: weights, and unused ones.
    Raises XCosError for a file that is damaged, or whose external data are not there.
    """
    model = _parsed(path)
    try:
        onnx_package(path).external_data_helper.load_external_data_for_model(
            model, str(path.parent)
        )
    except Exception as error:
        raise XCosError(
            f"The external data of {path} cannot be read ({brief(error)}); "
            "put them beside the file as its publisher does."
        ) from error
    model = _without_functions(model, path)
    graph = model.graph
    valued = {tensor.name for tensor in graph.initializer}
    valued |= {tensor.values.name for tensor in graph.sparse_initializer}
    used = {name for node in _nodes(graph) for name in node.input}
    used |= {output.name for output in graph.output}
    kept = [given for given in graph.input if given.name in used - valued]
    del graph.input[:]
    graph.input.extend(kept)
    _free_axes(graph)
    model.ir_version = max(model.ir_version, FIRST_IR)
    try:
        _to_single(model, onnx_package(path))
    except Exception as error:
        raise XCosError(
            f"{path} has damaged tensors ({brief(error)}); choose another file."
        ) from error
    return model


def external_files(path: Path) -> list[Path]:
    """Files beside an ONNX file that hold its tensors, sorted. Raises XCosError and OSError."""
    with open(path, "rb") as file:
        if not path.stat().st_size:
            return []
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            if content.find(KEY) < 0:  # then the package, slow to import, is not needed
                return []
    names = {
        entry.value
        for tensor in _tensors(_parsed(path).graph)
        for entry in tensor.external_data
        if entry.key == KEY.decode()
    }
    files = sorted(path.parent / name for name in names)
    for file in files:
        if not file.is_file():
            raise XCosError(f"{path} needs the file {file}, which is not there; put it beside it.")
    return files


def picture_input(model: "ModelProto", path: Path) -> PictureInput:
    """The input that takes faces. Raises XCosError where there are none or several."""
    inputs = model.graph.input
    if len(inputs) != 1:
        names = ", ".join(given.name for given in inputs[:4]) or "none"
        raise XCosError(
            f"{path} needs {len(inputs)} inputs ({names}), not one picture; choose a face model."
        )
    tensor = inputs[0].type.tensor_type
    try:
        kind = np.dtype(onnx_package(path).helper.tensor_dtype_to_np_dtype(tensor.elem_type))
    except (KeyError, ValueError, TypeError):
        kind = np.dtype(object)
    if kind not in INPUT_TYPES:
        raise XCosError(
            f"{path} takes inputs of a type that pictures are not; choose a face model."
        )
    shape = tuple(d.dim_value if d.HasField("dim_value") else None for d in tensor.shape.dim)
    return PictureInput(inputs[0].name, kind, shape if tensor.HasField("shape") else None)


def with_output(model: "ModelProto", tensor: str, path: Path) -> "ModelProto":
    """The same graph with an inner tensor as its only output. Raises XCosError for a wrong name."""
    graph = model.graph
    names = [name for node in graph.node for name in node.output]
    if tensor not in names:
        some = ", ".join(names[-12:])
        raise XCosError(f"{path} has no inner tensor {tensor}; its last ones are {some}.")
    onnx = onnx_package(path)
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    del changed.graph.output[:]
    changed.graph.output.append(onnx.helper.make_empty_tensor_value_info(tensor))
    return changed


def before_network(model: "ModelProto", given: PictureInput, path: Path) -> "ModelProto | None":
    """What the graph does with the picture before its first layer, alone; None if nothing.

    The input tensor is followed from node to node: its values may be computed with constants and
    moved, until a node mixes pixels. The output is what enters that node.
    Raises XCosError where that is inside a branch or a loop.
    """
    graph = model.graph
    pixels, makers = {given.name}, {}  # tensors of the picture; the place of each one's node
    entering = None
    for place, node in enumerate(graph.node):
        makers.update(dict.fromkeys(node.output, place))
        theirs = [name for name in _inputs(node) if name in pixels]
        if not theirs or node.op_type in SHAPES:
            continue
        if not _is_pointwise(node, pixels):
            if any(_inner(node)):
                raise XCosError(
                    f"{path} has its first layer inside an operator {node.op_type}, where the "
                    "scaling of pixels cannot be found; export it without branches and loops."
                )
            entering = theirs[0]
            break
        pixels.update(node.output)
    if entering is None or entering == given.name:
        return None
    places, taken = _making(entering, makers, model)
    onnx = onnx_package(path)
    part = onnx.helper.make_graph(
        [graph.node[place] for place in sorted(places)],
        "before the network",
        list(graph.input),
        [onnx.helper.make_empty_tensor_value_info(entering)],
        [tensor for tensor in graph.initializer if tensor.name in taken],
    )
    return onnx.helper.make_model(
        part, opset_imports=model.opset_import, ir_version=model.ir_version
    )


def brief(error: BaseException) -> str:
    """What went wrong in another library, on one line and short."""
    return shown(" ".join(str(error).split()) or type(error).__name__, 200)


def _parsed(path: Path) -> "ModelProto":
    onnx = onnx_package(path)
    try:
        refuse_pointer(path)
        model: ModelProto = onnx.ModelProto.FromString(path.read_bytes())
    except OSError as error:
        raise XCosError(f"{path} cannot be read: {error.strerror}; choose another file.") from error
    except XCosError:
        raise
    except Exception as error:
        raise XCosError(f"{path} is not an ONNX model; choose another file.") from error
    return model


def _without_functions(model: "ModelProto", path: Path) -> "ModelProto":
    if not model.functions:
        return model
    from onnx.inliner import inline_local_functions

    try:
        inlined: ModelProto = inline_local_functions(model)
    except Exception as error:
        raise XCosError(
            f"{path} has damaged functions ({brief(error)}); choose another file."
        ) from error
    return inlined


def _free_axes(graph: "GraphProto") -> None:
    """Let the axes be free that some exporters write as 0 or -1; onnxruntime takes 0 at its word."""
    for value in (*graph.input, *graph.output, *graph.value_info):
        for axis in value.type.tensor_type.shape.dim:
            if axis.HasField("dim_value") and axis.dim_value <= 0:
                axis.ClearField("dim_value")


def _to_single(model: "ModelProto", onnx: Any) -> None:
    """Make a graph of double precision one of single: onnxruntime has few layers for double."""
    double, single = onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT
    graph = model.graph
    for tensor in _tensors(graph):
        if tensor.data_type == double:
            values = onnx.numpy_helper.to_array(tensor).astype(np.float32)
            tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    for value in (*graph.input, *graph.output, *graph.value_info):
        if value.type.tensor_type.elem_type == double:
            value.type.tensor_type.elem_type = single
    for node in _nodes(graph):
        for attribute in node.attribute:
            if attribute.name in ("to", "dtype") and attribute.i == double:
                attribute.i = single


def _inner(node: "NodeProto") -> "Iterator[GraphProto]":
    """The branches of an If, the body of a Loop."""
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def _inputs(node: "NodeProto") -> list[str]:
    """All that a node takes: what the graphs inside it take from around them too."""
    inside = [name for graph in _inner(node) for each in _nodes(graph) for name in each.input]
    outputs = [output.name for graph in _inner(node) for output in graph.output]
    return [*node.input, *inside, *outputs]


def _is_pointwise(node: "NodeProto", pixels: set[str]) -> bool:
    """Whether a node that takes pixels does not look at others; of an If, all that it may do."""
    if node.op_type != "If":
        return node.op_type in POINTWISE
    for graph in _inner(node):
        within = set(pixels)
        for inner in graph.node:
            if inner.op_type in SHAPES or not within.intersection(_inputs(inner)):
                continue
            if not _is_pointwise(inner, within):
                return False
            within.update(inner.output)
    return True


def _nodes(graph: "GraphProto") -> "Iterator[NodeProto]":
    """A graph's nodes, and those of the graphs inside them."""
    for node in graph.node:
        yield node
        for inner in _inner(node):
            yield from _nodes(inner)


def _tensors(graph: "GraphProto") -> "Iterator[TensorProto]":
    """All tensors that a graph carries, in its nodes too."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in _nodes(graph):
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
        for inner in _inner(node):
            yield from inner.initializer


def _making(tensor: str, makers: dict[str, int], model: "ModelProto") -> tuple[set[int], set[str]]:
    """Places of the nodes that make a tensor, and the names of all that these take."""
    places: set[int] = set()
    taken: set[str] = set()
    waiting = [tensor]
    while waiting:
        place = makers.get(waiting.pop())
        if place is not None and place not in places:
            places.add(place)
            inputs = _inputs(model.graph.node[place])
            taken.update(inputs)
            waiting.extend(inputs)
    return places, taken
