"""ONNX face models, run by onnxruntime: as target, or as frozen backbone by an inner 7x7 tensor."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from core.errors import XCosError
from core.faces.face import SIDE
from core.model.backbones import register
from core.model.features import CELLS


class OnnxSession:
    """An ONNX face model of one input and its first (or a named inner) output.

    normalises: whether the graph itself subtracts and scales, as older InsightFace models do
    """

    def __init__(self, path: Path, tensor: str | None = None) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise XCosError(
                f"{path} needs the package onnxruntime; install xcos-studio[onnx]."
            ) from error
        self.path = path
        try:
            source: Any = str(path) if tensor is None else _with_output(path, tensor)
            self._session = onnxruntime.InferenceSession(source, providers=["CPUExecutionProvider"])
        except XCosError:
            raise
        except Exception as error:
            raise XCosError(f"{path} is not an ONNX model that can be run: {error}.") from error
        self._input = self._session.get_inputs()[0]
        self._output = tensor or self._session.get_outputs()[0].name
        shape = self._input.shape
        if len(shape) != 4 or 3 not in (shape[1], shape[3]):
            raise XCosError(f"{path} takes an input of shape {shape}, not a colour picture.")
        self._channels_last = shape[1] != 3
        sides = shape[1:3] if self._channels_last else shape[2:4]
        if any(isinstance(side, int) and side != SIDE for side in sides):
            raise XCosError(f"{path} takes pictures of {sides} pixels; choose a model for 112x112.")
        self._one_by_one = shape[0] == 1
        self.normalises = _normalises(path)

    def run(self, x_BCHW: np.ndarray) -> np.ndarray:
        """(B, 3, 112, 112) float32 to the output, float32, the first axis B."""
        x = x_BCHW.transpose(0, 2, 3, 1) if self._channels_last else x_BCHW
        x = np.ascontiguousarray(x, np.float32)
        parts = np.split(x, len(x)) if self._one_by_one else [x]
        outputs = [self._session.run([self._output], {self._input.name: part})[0] for part in parts]
        return np.concatenate(outputs).astype(np.float32)


@register("onnx")
class OnnxBackbone(nn.Module):
    """A frozen backbone: the named inner tensor of an ONNX model, (B, C, 7, 7); no gradients."""

    def __init__(self, path: str, tensor: str) -> None:
        super().__init__()
        self._model = OnnxSession(Path(path), tensor)
        shape = self._model.run(np.zeros((1, 3, SIDE, SIDE), np.float32)).shape
        if len(shape) != 4 or shape[2:] != (CELLS, CELLS):
            raise XCosError(f"The tensor {tensor} of {path} has shape {shape}, not (1, C, 7, 7).")
        self.channels = int(shape[1])

    def __deepcopy__(self, _: Any) -> "OnnxBackbone":
        return self  # it never changes, and a session cannot be copied

    def forward(self, x_BCHW: Tensor) -> Tensor:
        return torch.from_numpy(self._model.run(x_BCHW.detach().cpu().numpy())).to(x_BCHW.device)


def _with_output(path: Path, tensor: str) -> bytes:
    try:
        import onnx
    except ImportError as error:
        raise XCosError(
            f"Taking the tensor {tensor} of {path} needs the package onnx; install xcos-studio[onnx]."
        ) from error
    model = onnx.load(str(path))
    names = [name for node in model.graph.node for name in node.output]
    if tensor not in names:
        some = ", ".join(names[-12:])
        raise XCosError(f"{path} has no inner tensor {tensor}; its last ones are {some}.")
    if tensor not in [output.name for output in model.graph.output]:
        model.graph.output.append(onnx.helper.make_empty_tensor_value_info(tensor))
    serialised: bytes = model.SerializeToString()
    return serialised


def _normalises(path: Path) -> bool:
    """Whether the first nodes subtract and scale, the rule InsightFace goes by; False if unknown."""
    try:
        import onnx
    except ImportError:
        return False
    first = [node.op_type for node in onnx.load(str(path)).graph.node[:8]]
    return "Sub" in first and ("Mul" in first or "Div" in first)
