"""The learned attention's weights with batch norms folded in, as NumPy arrays."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from core.errors import XCosError
from core.model.card import read_card
from core.model.features import CHANNELS, MOST_CHANNELS
from core.model.kinds import AttentionKind

EPSILON = 1e-5  # of torch's batch norm
NUMPY_FLOATS = {"F16", "F32", "F64"}  # as safetensors names the precisions that NumPy has
HALF = 16  # channels of each face's half


@dataclass(frozen=True, eq=False)
class HeadWeights:
    """Learned attention: three 3x3 convolutions, each with bias and a one-slope PReLU.

    Batch norms are folded into weights and biases. mix_weight's first 16 inputs are the left
    face's, the last 16 the right one's.

    reduce_weight: (16, C, 3, 3) for C grid channels, mostly 32, reduce_bias: (16,)
    mix_weight:    (16, 32, 3, 3), mix_bias: (16,)
    last_weight:   (1, 16, 3, 3), last_bias: (1,)
    path:          of the file that they are from, None for weights in training
    """

    reduce_weight: np.ndarray
    reduce_bias: np.ndarray
    reduce_slope: float
    mix_weight: np.ndarray
    mix_bias: np.ndarray
    mix_slope: float
    last_weight: np.ndarray
    last_bias: np.ndarray
    last_slope: float
    path: Path | None = None


def score_reach(kind: AttentionKind, correlation: np.ndarray | None) -> float:
    """What no score is beyond, above or below 0: 1, or more by a map (7, 7) that does not sum to 1."""
    if kind != "correlation" or correlation is None:
        return 1.0
    return max(1.0, float(np.abs(correlation).sum()))


def read_head(path: Path) -> HeadWeights | None:
    """The attention head of a weights file; None for a target's. Raises XCosError."""
    card = read_card(path)
    if card.kind != "xcos":
        return None
    try:
        with np.errstate(all="ignore"):  # what is not finite is refused there
            return replace(fold(_head_tensors(path)), path=path)
    except (
        OSError, SafetensorError, KeyError, ValueError, TypeError, NotImplementedError
    ) as error:  # fmt: skip
        raise XCosError(f"{path} has no whole learned attention; choose another file.") from error


def _head_tensors(path: Path) -> dict[str, np.ndarray]:
    """By the names of `LearnedAttention`, in any precision that torch reads."""
    with safe_open(path, framework="numpy") as file:
        names = [k for k in file.keys() if k.startswith("attention.")]  # noqa: SIM118
        if {file.get_slice(name).get_dtype() for name in names} <= NUMPY_FLOATS:
            return {name.removeprefix("attention."): file.get_tensor(name) for name in names}
    with safe_open(path, framework="pt") as file:
        return {
            name.removeprefix("attention."): file.get_tensor(name).float().numpy() for name in names
        }


def fold(tensors: dict[str, np.ndarray]) -> HeadWeights:
    """Fold the tensors of `LearnedAttention`, by their names there.

    Raises KeyError or ValueError for tensors that are missing, misshapen or not finite.
    """
    folded: dict[str, np.ndarray | float] = {}
    for part in ("reduce", "mix", "last"):
        get = {name: value.astype(np.float64) for name, value in tensors.items()}
        variance, shift = get[f"{part}.1.running_var"], get[f"{part}.1.running_mean"]
        scale = get[f"{part}.1.weight"] / np.sqrt(variance + EPSILON)
        weight = get[f"{part}.0.weight"] * scale[:, None, None, None]
        bias = (get[f"{part}.0.bias"] - shift) * scale + get[f"{part}.1.bias"]
        folded[f"{part}_weight"] = weight.astype(np.float32)
        folded[f"{part}_bias"] = bias.astype(np.float32)
        folded[f"{part}_slope"] = float(get[f"{part}.2.weight"].item())
    for name, shape in _shapes(len(np.asarray(folded["reduce_weight"])[0])).items():
        value = np.asarray(folded[name])
        if value.shape != shape or not np.isfinite(value).all():
            raise ValueError(f"{name} {value.shape}")
    return HeadWeights(**folded)  # type: ignore[arg-type]


def _shapes(channels: int) -> dict[str, tuple[int, ...]]:
    """Of what `fold` gives. Raises ValueError for a number of grid channels that is none."""
    if channels not in range(CHANNELS, MOST_CHANNELS + 1, CHANNELS):
        raise ValueError(f"{channels} grid channels")
    parts = (("reduce", HALF, channels), ("mix", HALF, 2 * HALF), ("last", 1, HALF))
    return {
        f"{part}_{what}": shape
        for part, outputs, inputs in parts
        for what, shape in (
            ("weight", (outputs, inputs, 3, 3)),
            ("bias", (outputs,)),
            ("slope", ()),
        )
    }
