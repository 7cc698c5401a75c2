"""ONNX face models, run by onnxruntime: as target, or as frozen backbone by an inner 7x7 tensor."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.errors import XCosError
from core.faces.face import SIDE
from core.model.backbone_registry import register
from core.model.features import CELLS
from core.model.normalisation import CENTRED, UNCHANGED, UNIT, Normalisation
from core.model.onnx_graph import (
    PictureInput,
    before_network,
    brief,
    picture_input,
    read_graph,
    with_output,
)

if TYPE_CHECKING:
    from onnx import ModelProto

Layout = Literal["BCHW", "BHWC"]
LARGEST_BATCH = 256  # of a graph with a fixed one: what is missing is filled up
FEWEST = 4  # numbers of an embedding; fewer are ages, scores or lengths
QUIET = 4  # onnxruntime's level of messages: what matters becomes a sentence here
CLOSE = 1e-3  # relative; faces together and one by one, up to rounding


class OnnxSession:
    """An ONNX face model of one picture input and its embedding, or a named inner tensor.

    Whether faces go in together, one by one or in the graph's fixed number, and whether channels
    come first or last, is tried out on two pictures.
    normalisation: what the graph leaves to be done, as `left_to_do` finds it
    tensor:        name of the output that is used; side: cells of a side of an inner one
    Raises XCosError for a file that cannot be run, or whose outputs are not what is wanted.
    """

    def __init__(self, path: Path, tensor: str | None = None, side: int = CELLS) -> None:
        self.path, self._side = path, side
        model = read_graph(path)
        self._given = picture_input(model, path)
        possible = layouts(self._given, path)
        self.normalisation = CENTRED
        self._batch: int | None = None  # faces a call; None: as many as there are
        self._inner = tensor is not None
        shown = model if tensor is None else with_output(model, tensor, path)
        self._session = _session(shown, path)
        self._outputs = [output.name for output in self._session.get_outputs()]
        self._find_layout(model, possible)

    def run(self, x_BCHW: np.ndarray) -> np.ndarray:
        """(B, 3, 112, 112) float32 to embeddings (B, D) or maps (B, C, 7, 7), float32."""
        step = self._batch or len(x_BCHW)
        parts = [self._call(x_BCHW[i : i + step])[0] for i in range(0, len(x_BCHW), step)]
        return np.concatenate([self._form(part) for part in parts]).astype(np.float32)

    def _find_layout(self, model: "ModelProto", possible: list[Layout]) -> None:
        failure: XCosError | None = None
        for layout in possible:
            self._layout = layout
            try:
                self.normalisation = left_to_do(model, self._given, layout, self.path)
                self._find_batch()
                return
            except XCosError as error:
                failure = failure or error
        assert failure is not None
        raise failure

    def _find_batch(self) -> None:
        rng = np.random.default_rng(0)
        levels = rng.integers(0, 256, (2, 3, 7, 7)).repeat(16, 2).repeat(16, 3)
        norm = self.normalisation
        faces = ((levels - norm.mean[0]) / norm.std[0]).astype(np.float32)
        fixed = None if self._given.shape is None else self._given.shape[0]
        self._batch = fixed or 1
        outputs = self._call(faces[:1])
        self.tensor = self._wanted(outputs)
        first = self._form(outputs[self._outputs.index(self.tensor)])
        self._outputs = [self.tensor]
        one, other = self.run(faces[:1]), self.run(faces[1:])
        if not _alike(first, one):
            raise XCosError(
                f"{self.path} gives other numbers for the same picture each time, as with dropout "
                "in training; export it for inference."
            )
        self._refuse_no_embedding(np.concatenate([one, other]))
        if fixed is None and self._takes_two(faces, np.concatenate([one, other])):
            self._batch = None

    def _wanted(self, outputs: list[np.ndarray]) -> str:
        """The name of the first output of the wanted form."""
        for name, output in zip(self._outputs, outputs, strict=True):
            try:
                self._form(output)
            except ValueError:
                continue
            return name
        shapes = ", ".join(
            f"{name} {output.shape}" for name, output in zip(self._outputs, outputs, strict=True)
        )
        if self._inner:
            raise XCosError(
                f"The tensor {shapes} of {self.path} is no map (1, C, {self._side}, {self._side}); name "
                "another."
            )
        raise XCosError(f"{self.path} gives no embedding a face, but {shapes[:200]}.")

    def _form(self, output: np.ndarray) -> np.ndarray:
        """An output as embeddings (b, D) or maps. Raises ValueError for one of another shape."""
        if output.dtype.kind != "f" or not output.size or not output.ndim:
            raise ValueError("not numbers")
        if self._inner:
            if output.ndim != 4 or output.shape[2:] != (self._side, self._side):
                raise ValueError("no map")
            return output
        if output.ndim == 1 and self._batch == 1:
            output = output[None]
        *_, size = [1, *(axis for axis in output.shape[1:] if axis > 1)]
        if size < FEWEST or (self._batch == 1 and len(output) > 1):
            raise ValueError("no embedding")
        if output[0].size != size:  # several axes: a map
            raise ValueError("no embedding")
        return output.reshape(-1, size)

    def _refuse_no_embedding(self, rows: np.ndarray) -> None:
        if self._inner:
            return
        if np.array_equal(rows[0], rows[1]):
            raise XCosError(
                f"{self.path} gives the same numbers for every picture; choose another file."
            )
        classes = np.exp(rows) if rows.max() <= 0 else rows  # of a LogSoftmax
        if classes.min() >= 0 and np.allclose(classes.sum(axis=1), 1, atol=1e-3):
            raise XCosError(
                f"{self.path} gives probabilities of classes, not an embedding; "
                "export it without its last layer."
            )

    def _takes_two(self, faces: np.ndarray, apart: np.ndarray) -> bool:
        """Whether two faces together give what they give one by one."""
        try:
            self._batch = None
            together = self.run(faces)
        except (XCosError, ValueError):
            together = np.empty(0)
        finally:
            self._batch = 1
        return bool(np.isfinite(apart).all()) and _alike(together, apart)

    def _call(self, x_BCHW: np.ndarray) -> list[np.ndarray]:
        """The outputs for at most a batch of pictures, without those that filled it up."""
        count, size = len(x_BCHW), self._batch or len(x_BCHW)
        if count < size:
            x_BCHW = np.concatenate([x_BCHW, np.repeat(x_BCHW[-1:], size - count, axis=0)])
        fed = {self._given.name: as_input(x_BCHW, self._given.kind, self._layout)}
        outputs = run_quietly(self._session, self._outputs, fed, self.path)
        return [out[:count] if out.ndim and len(out) == size else out for out in outputs]


def _alike(some: np.ndarray, others: np.ndarray) -> bool:
    """Whether numbers are the same up to rounding."""
    if some.shape != others.shape:
        return False
    reach = CLOSE * float(np.abs(others).max(initial=0, where=np.isfinite(others)))
    return np.allclose(some, others, CLOSE, reach, equal_nan=True)


@register("onnx")
class OnnxBackbone(nn.Module):
    """A frozen backbone: the named inner tensor of an ONNX model, (B, C, 7, 7); no gradients.

    side: 14 where the tensor has that many cells, of which four each are averaged
    """

    def __init__(self, path: str, tensor: str, side: int = CELLS) -> None:
        super().__init__()
        self._side = side
        self._rest: Callable[[Tensor], Tensor] | None = None
        self._model = OnnxSession(Path(path), tensor, side)
        self.normalisation = self._model.normalisation
        self.channels = self._model.run(np.zeros((1, 3, SIDE, SIDE), np.float32)).shape[1]

    @property
    def embed_map(self) -> Callable[[Tensor], Tensor]:
        """What takes the map (B, C, 7, 7) to the model's embedding (B, D): the rest of the graph.

        Raises AttributeError where that cannot be run by itself: hasattr tells.
        """
        if self._rest is None and self._side == CELLS:
            names = self._model.tensor, OnnxSession(self._model.path).tensor
            self._rest = _rest_of_graph(self._model.path, *names, int(self.channels))
        if self._rest is None:
            raise AttributeError(f"{self._model.path} has no part behind its map")
        return self._rest

    def __deepcopy__(self, _: Any) -> "OnnxBackbone":
        return self  # it never changes, and a session cannot be copied

    def forward(self, x_BCHW: Tensor) -> Tensor:
        maps = torch.from_numpy(self._model.run(x_BCHW.detach().cpu().numpy())).to(x_BCHW.device)
        return maps if self._side == CELLS else F.adaptive_avg_pool2d(maps, CELLS)


def _rest_of_graph(
    path: Path, tensor: str, embedding: str, channels: int
) -> Callable[[Tensor], Tensor] | None:
    """What follows a map, by itself; None where it also needs something else, or one face at a time."""
    from onnx import TensorProto, helper
    from onnx.utils import Extractor

    model = read_graph(path)
    value = helper.make_tensor_value_info(
        tensor, TensorProto.FLOAT, ["faces", channels, CELLS, CELLS]
    )
    others = [info for info in model.graph.value_info if info.name != tensor]
    del model.graph.value_info[:]
    model.graph.value_info.extend([*others, value])
    try:
        session = _session(Extractor(model).extract_model([tensor], [embedding]), path)

        def embed_map(map_BCHW: Tensor) -> Tensor:
            fed = {tensor: map_BCHW.detach().cpu().numpy()}
            (embeddings,) = run_quietly(session, [embedding], fed, path)
            return torch.from_numpy(embeddings.reshape(len(map_BCHW), -1)).to(map_BCHW.device)

        two = embed_map(torch.zeros(2, channels, CELLS, CELLS))
    except Exception:  # of many kinds, as graphs are; it is only a shorter way
        return None
    return embed_map if two.dtype == torch.float32 else None


def layouts(given: PictureInput, path: Path) -> list[Layout]:
    """The orders of axes that an input's shape allows. Raises XCosError where none is."""
    shape = given.shape
    if shape is None:
        return ["BCHW", "BHWC"]
    if len(shape) != 4 or not {3, None} & {shape[1], shape[3]}:
        raise XCosError(
            f"{path} takes an input of shape {_shape_text(shape)}, not a colour picture."
        )
    if (shape[0] or 1) > LARGEST_BATCH:
        raise XCosError(f"{path} takes {shape[0]} pictures at once; export it for one.")
    wanted: dict[Layout, tuple[int, ...]] = {"BCHW": (3, SIDE, SIDE), "BHWC": (SIDE, SIDE, 3)}
    fitting = [
        layout
        for layout, sizes in wanted.items()
        if all(has in (None, size) for has, size in zip(shape[1:], sizes, strict=True))
    ]
    if not fitting:
        raise XCosError(
            f"{path} takes pictures of shape {_shape_text(shape)}; choose a model for {SIDE}x{SIDE} pixels."
        )
    return fitting


def left_to_do(
    model: "ModelProto", given: PictureInput, layout: Layout, path: Path
) -> Normalisation:
    """The normalisation that a graph leaves to be done on 0..255.

    The values of black and white are followed to the first layer; networks are trained on values
    about 0 and about 1 wide, so the normalisation is that which comes nearest to them there.
    """
    if given.kind.kind != "f":
        return UNCHANGED  # whole numbers are pixels
    entering = _entering(model, given, layout, path)
    if entering is None:
        return CENTRED
    return min((CENTRED, UNCHANGED, UNIT), key=lambda norm: _unlikely(entering, norm))


def says_scaling(path: Path) -> bool:
    """Whether a graph tells how pixels are scaled: by what it does first, or by whole numbers.

    Raises XCosError for a file that is no face model.
    """
    model = read_graph(path)
    given = picture_input(model, path)
    if given.kind.kind != "f":
        return True
    entering = _entering(model, given, layouts(given, path)[0], path)
    return entering is not None and (entering(0.0), entering(1.0)) != (0.0, 1.0)


def _entering(
    model: "ModelProto", given: PictureInput, layout: Layout, path: Path
) -> Callable[[float], float] | None:
    """What a picture of one level is when it enters the first layer; None: what it was."""
    part = before_network(model, given, path)
    if part is None:
        return None
    session = _session(part, path)
    name = session.get_outputs()[0].name
    batch = 1 if given.shape is None else given.shape[0] or 1

    def entering(level: float) -> float:
        x = np.full((batch, 3, SIDE, SIDE), level, np.float32)
        fed = {given.name: as_input(x, given.kind, layout)}
        return float(np.median(run_quietly(session, [name], fed, path)[0].astype(np.float64)))

    return entering


def _unlikely(entering: Callable[[float], float], norm: Normalisation) -> float:
    """How far values from black to white lie from -1 to 1 at the first layer; 0: not at all."""
    black, white = (entering((level - norm.mean[0]) / norm.std[0]) for level in (0.0, 255.0))
    centre, half = abs(black + white) / 2, abs(white - black) / 2
    if not np.isfinite(centre) or not half > 0:
        return float("inf")
    return float(abs(np.log(half)) + centre / half)


def as_input(x_BCHW: np.ndarray, kind: np.dtype, layout: Layout) -> np.ndarray:
    """Pictures as an input takes them: its axes, and its type with values rounded where whole."""
    x = x_BCHW if layout == "BCHW" else x_BCHW.transpose(0, 2, 3, 1)
    return np.ascontiguousarray(x if kind.kind == "f" else np.rint(x).clip(0, 255), kind)


def run_quietly(
    session: Any, names: list[str], fed: dict[str, np.ndarray], path: Path
) -> list[np.ndarray]:
    """A session's outputs. Raises XCosError in place of onnxruntime's own errors."""
    import onnxruntime

    settings = onnxruntime.RunOptions()
    settings.log_severity_level = QUIET
    try:
        outputs: list[np.ndarray] = session.run(names, fed, settings)
    except Exception as error:
        raise XCosError(f"{path} cannot be run on a face ({brief(error)}).") from error
    if not all(isinstance(output, np.ndarray) for output in outputs):
        raise XCosError(f"{path} gives something else than numbers; choose a face model.")
    return outputs


def _session(model: "ModelProto", path: Path) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise XCosError(
            f"{path} needs the package onnxruntime; install xcos-studio[onnx]."
        ) from error
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = QUIET
    try:
        return onnxruntime.InferenceSession(
            model.SerializeToString(),
            settings,
            providers=["CPUExecutionProvider"],
            enable_fallback=0,  # to the same provider, with a message on stdout
        )
    except Exception as error:
        raise XCosError(f"{path} is not an ONNX model that can be run: {brief(error)}.") from error


def _shape_text(shape: tuple[int | None, ...]) -> str:
    return "x".join("?" if axis is None else str(axis) for axis in shape)
