"""Which inner tensor of an ONNX face model is the map that xCos can be plugged into."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import XCosError
from core.faces.face import SIDE
from core.model.features import CELLS
from core.model.onnx_graph import onnx_package, picture_input, read_graph

if TYPE_CHECKING:
    from onnx import ModelProto

POOLED = 2 * CELLS  # a side from which each cell is the mean of four
Shape = tuple[int, ...]


@dataclass(frozen=True)
class FoundMap:
    """The last fitting map of a graph.

    tensor: its name; channels: of the map; side: 7, or 14 where it has to be pooled
    """

    tensor: str
    channels: int
    side: int

    @property
    def words(self) -> str:
        """What was found, in a sentence."""
        pooled = f", of which each {CELLS}x{CELLS} cell takes the mean of four" * (
            self.side == POOLED
        )
        return f"The map is {self.tensor}, {self.channels} x {self.side}x{self.side}{pooled}."


def find_map(path: Path) -> FoundMap:
    """The last 7x7 map of a model before its embedding, else its last 14x14 one.

    Raises XCosError for a model without either, naming the sides that its maps have.
    """
    sides: list[int] = []
    best: FoundMap | None = None
    for tensor, shape in inner_shapes(path).items():
        if len(shape) != 4 or shape[2] != shape[3] or shape[2] < 2:
            continue
        sides.append(shape[2])
        if shape[2] not in (CELLS, POOLED):
            continue
        if best is None or shape[2] <= best.side:  # the later of equal ones
            best = FoundMap(tensor, shape[1], shape[2])
    if best is None:
        sizes = ", ".join(f"{side}x{side}" for side in sorted({*sides})) or "none at all"
        raise XCosError(
            f"{path} has no map of {CELLS}x{CELLS} or {POOLED}x{POOLED} cells (its maps: {sizes}); "
            f"choose a model for {SIDE}x{SIDE} faces that ends in one."
        )
    return best


def inner_shapes(path: Path) -> dict[str, Shape]:
    """Shapes of a graph's inner tensors for one face, in order of computing, as far as they are told.

    Raises XCosError for a file that cannot be read.
    """
    onnx = onnx_package(path)
    model = read_graph(path)
    _fix_input(model, path)
    try:
        inferred = onnx.shape_inference.infer_shapes(model, data_prop=True)
    except Exception:  # of a graph that it cannot follow; onnxruntime may still run it
        return {}
    known = {
        value.name: tuple(axis.dim_value for axis in value.type.tensor_type.shape.dim)
        for value in (*inferred.graph.value_info, *inferred.graph.output)
    }
    names = [name for node in inferred.graph.node for name in node.output]
    constant = {tensor.name for tensor in inferred.graph.initializer}
    return {name: known[name] for name in names if name in known and name not in constant}


def _fix_input(model: "ModelProto", path: Path) -> None:
    """Say how many faces of which size come in, where the file leaves it open."""
    given = picture_input(model, path)
    dims = model.graph.input[0].type.tensor_type.shape.dim
    if given.shape is None or len(dims) != 4:
        return
    last = given.shape[3] == 3 and given.shape[1] != 3
    usual = (1, SIDE, SIDE, 3) if last else (1, 3, SIDE, SIDE)
    for dim, known, size in zip(dims, given.shape, usual, strict=True):
        if known is None:
            dim.Clear()
            dim.dim_value = size
    del model.graph.value_info[:]  # what the file says of inner shapes may be of a free axis
