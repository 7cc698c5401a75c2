"""What a weights file says of itself; read without torch, so that windows open at once."""

import hashlib
import json
import math
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from safetensors import SafetensorError, safe_open

from core.digests import file_digest
from core.errors import XCosError, shown
from core.files import named_path
from core.lfs import refuse_pointer
from core.model.features import CELLS, CHANNELS, MOST_CHANNELS
from core.model.kinds import ATTENTION_KINDS, AttentionKind, Channels
from core.model.normalisation import Normalisation, Triple
from core.resources import weights_dir

Kind = Literal["xcos", "target"]
CorrelationForm = Literal["normalised", "raw"]
HidingLaw = Literal["additive", "robust", "strict"]
LAW_WORDS: dict[HidingLaw, str] = {
    "additive": "additive: attention stays where a part is hidden, and hidden cells give nothing more",
    "robust": "robust: attention leaves hidden cells, and the score is that of the others",
    "strict": "strict: attention leaves hidden cells, and most of it cells hidden in part; the score is "
    "that of the others",
}
# What attention keeps on a cell: the share of it that is seen, to this power.
KEPT_POWER: dict[HidingLaw, float] = {"additive": 0, "robust": 1, "strict": 3}
METADATA_KEY = "xcos"  # the one entry of the file's metadata that is ours, as JSON
DEFAULT_NAME = "xcos-robust"


@dataclass(frozen=True, eq=False)
class ModelCard:
    """What weights are: architecture, normalisation, thresholds, origin and measured figures.

    kind:             xcos: grid features of a face; target: a whole verification model
    fingerprint:      hexadecimal SHA-256 of the file, and of the ONNX file that it builds on
    backbone:         registered name, and the options it is built with
    mean, std:        of the input, (x - mean) / std for x in 0..255
    channels:         order of the input's channels, RGB or BGR
    thresholds:       by attention kind (and "fc"), for order both
    correlation:      P (7, 7) float64, or None
    correlation_form: normalised (negative cells 0, sum 1) or raw, as the paper leaves it
    embedding_size:   of the fully connected head, or None without one
    grid_channels:    of the grid features, a multiple of 32
    law:              what learned attention does where a part of a face is hidden. additive: it
                      stays, and hidden cells give nothing more; robust: it leaves them by the share
                      that is hidden, and what is left is the score of the other cells; strict: of
                      a cell hidden in part it keeps the cube of the share that is seen
    measured:         summary figures, by name
    """

    name: str
    path: Path
    fingerprint: str
    kind: Kind
    backbone: str
    options: dict[str, Any] = field(default_factory=dict)
    mean: Triple = (127.5, 127.5, 127.5)
    std: Triple = (128.0, 128.0, 128.0)
    channels: Channels = "RGB"
    thresholds: dict[str, float] = field(default_factory=dict)
    correlation: np.ndarray | None = None
    correlation_form: CorrelationForm = "normalised"
    embedding_size: int | None = None
    grid_channels: int = CHANNELS
    law: HidingLaw = "additive"
    licence: str = ""
    training: str = ""
    measured: dict[str, Any] = field(default_factory=dict)
    version: str = ""

    def threshold(self, kind: AttentionKind) -> float | None:
        """The shipped threshold for order both, or None where the weights have none."""
        return self.thresholds.get(kind)

    @property
    def input_words(self) -> str:
        """How faces are given to it, such as RGB, (x - 127.5) / 128."""
        return f"{self.channels}, {Normalisation(self.mean, self.std).words}"

    @property
    def law_words(self) -> str:
        """What hiding a part of a face does to the score, by these weights."""
        return LAW_WORDS[self.law]

    @property
    def kinds(self) -> tuple[AttentionKind, ...]:
        """The attention kinds that these weights can compute."""
        without_map = self.correlation is None
        return tuple(k for k in ATTENTION_KINDS if not (k == "correlation" and without_map))


def read_card(path: Path) -> ModelCard:
    """Read what a weights file says. Raises XCosError for a file that is not ours."""
    path = Path(path)
    try:
        refuse_pointer(path)
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
        fingerprint = file_digest(path)
    except FileNotFoundError as error:
        raise XCosError(f"The weights {path} do not exist; choose another file.") from error
    except OSError as error:
        raise XCosError(f"The weights {path} cannot be read: {error.strerror or error}.") from error
    except SafetensorError as error:
        raise XCosError(
            f"{path} is not a whole safetensors file; if it is a foreign checkpoint, "
            "bring it in with import-weights."
        ) from error
    if METADATA_KEY not in metadata:
        raise XCosError(
            f"{path} is a safetensors file, but not one of xCos Studio; bring it in with import-weights."
        )
    try:
        return _card(json.loads(metadata[METADATA_KEY]), path, fingerprint)
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        raise XCosError(
            f"{path} has a damaged description ({shown(error, 100)}); choose another file."
        ) from error


def _card(metadata: dict[str, Any], path: Path, fingerprint: str) -> ModelCard:
    metadata = dict(metadata)
    raw = metadata.pop("correlation", None)
    thresholds = metadata.pop("thresholds", {})
    mean, std = (_numbers(metadata.pop(name), name) for name in ("mean", "std"))
    known = {f for f in ModelCard.__dataclass_fields__ if f not in ("path", "fingerprint")}
    card = ModelCard(
        path=path,
        fingerprint=fingerprint,
        correlation=None if raw is None else _correlation(raw),
        thresholds={str(kind): _number(value, kind) for kind, value in thresholds.items()},
        mean=mean,
        std=std,
        **{key: value for key, value in metadata.items() if key in known},
    )
    _refuse_wrong(card)
    outside = _outside(card.backbone, card.options)
    if isinstance(outside, str) and Path(outside).is_file():
        from core.model.target_choice import TargetChoice

        both = f"{fingerprint} {TargetChoice(Path(outside)).fingerprint()}"
        return replace(card, fingerprint=hashlib.sha256(both.encode()).hexdigest())
    return card


def _outside(backbone: Any, options: Any) -> Any:
    """The ONNX file that a backbone builds on, itself or the network within it; None without one."""
    if not isinstance(options, dict):
        return None
    if backbone == "onnx":
        return options.get("path")
    return _outside(options.get("backbone"), options.get("options"))


def _refuse_wrong(card: ModelCard) -> None:
    """Raise ValueError where a card says what none can say."""
    choices: dict[str, Any] = {
        "kind": Kind,
        "channels": Channels,
        "correlation_form": CorrelationForm,
        "law": HidingLaw,
    }
    for name, allowed in choices.items():
        if getattr(card, name) not in get_args(allowed):
            raise ValueError(f"{name} is {getattr(card, name)!r}")
    for name in ("name", "backbone", "licence", "training", "version"):
        if not isinstance(getattr(card, name), str):
            raise TypeError(f"{name} is no text")
    for name in ("options", "measured"):
        if not isinstance(getattr(card, name), dict):
            raise TypeError(f"{name} is no table")
    size = card.embedding_size
    if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size < 1):
        raise ValueError("embedding_size is no size")
    if card.grid_channels not in range(CHANNELS, MOST_CHANNELS + 1, CHANNELS):
        raise ValueError("grid_channels is no multiple of 32")
    if min(card.std) <= 0:
        raise ValueError("std is not above 0")


def _correlation(values: Any) -> np.ndarray:
    cells = np.array(values, np.float64).reshape(CELLS, CELLS)
    if not np.isfinite(cells).all() or not cells.any():
        raise ValueError("correlation has no weights, or some that are not finite")
    return cells


def _numbers(values: Any, name: str) -> Triple:
    first, second, third = (_number(value, name) for value in values)
    return first, second, third


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{name} is no finite number")
    return float(value)


def described(card: ModelCard) -> dict[str, str]:
    """The metadata that a file of this card carries. Raises ValueError for numbers that are not finite."""
    fields: dict[str, Any] = {}
    for name in ModelCard.__dataclass_fields__:
        if name not in ("path", "fingerprint"):
            value = getattr(card, name)
            fields[name] = value.tolist() if isinstance(value, np.ndarray) else value
    return {METADATA_KEY: json.dumps(fields, allow_nan=False)}


def shipped_weights() -> list[Path]:
    """The weights that come with the program, the default one first."""
    paths = sorted(weights_dir().glob("*.safetensors"))
    return sorted(paths, key=lambda path: path.stem != DEFAULT_NAME)


def shipped_with(fingerprint: str) -> Path | None:
    """The shipped weights with this fingerprint, if they are not the default ones."""
    paths = shipped_weights()[1:] if fingerprint else []
    return next((path for path in paths if read_card(path).fingerprint == fingerprint), None)


def find_weights(name_or_path: str | Path | None = None) -> Path:
    """A shipped file by its name, any file by its path; None: the default. Raises XCosError."""
    shipped = shipped_weights()
    if name_or_path is None:
        if not shipped:
            raise XCosError("No weights ship with this copy; choose a weights file.", "model")
        return shipped[0]
    path = named_path(str(name_or_path))
    if os.path.isfile(path):  # no error for a name that is too long
        return path
    for candidate in shipped:
        if candidate.stem == str(name_or_path):
            return candidate
    names = ", ".join(candidate.stem for candidate in shipped) or "none"
    raise XCosError(
        f"There are no weights {str(name_or_path)!r}; name a file, or one that ships: {names}."
    )
