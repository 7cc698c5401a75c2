"""What a weights file says of itself; read without torch, so that windows open at once."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from safetensors import SafetensorError, safe_open

from core.digests import file_digest
from core.errors import XCosError
from core.model.features import CELLS
from core.model.kinds import ATTENTION_KINDS, AttentionKind
from core.resources import weights_dir

Kind = Literal["xcos", "target"]
CorrelationForm = Literal["normalised", "raw"]
HidingLaw = Literal["additive", "robust"]
METADATA_KEY = "xcos"  # the one entry of the file's metadata that is ours, as JSON
DEFAULT_NAME = "xcos-small"


@dataclass(frozen=True, eq=False)
class ModelCard:
    """What weights are: architecture, normalisation, thresholds, origin and measured figures.

    kind:             xcos: grid features of a face; target: a whole verification model
    fingerprint:      hexadecimal SHA-256 of the file
    backbone:         registered name, and the options it is built with
    mean, std:        of the input, (x - mean) / std for x in 0..255
    channels:         order of the input's channels, RGB or BGR
    thresholds:       by attention kind (and "fc"), for order both
    correlation:      P (7, 7) float64, or None
    correlation_form: normalised (negative cells 0, sum 1) or raw, as the paper leaves it
    embedding_size:   of the fully connected head, or None without one
    law:              what learned attention does where a part of a face is hidden. additive: it
                      stays, and hidden cells give nothing more; robust: it leaves them, and what
                      is left is the score of the other cells
    measured:         summary figures, by name
    """

    name: str
    path: Path
    fingerprint: str
    kind: Kind
    backbone: str
    options: dict[str, Any] = field(default_factory=dict)
    mean: tuple[float, ...] = (127.5, 127.5, 127.5)
    std: tuple[float, ...] = (128.0, 128.0, 128.0)
    channels: Literal["RGB", "BGR"] = "RGB"
    thresholds: dict[str, float] = field(default_factory=dict)
    correlation: np.ndarray | None = None
    correlation_form: CorrelationForm = "normalised"
    embedding_size: int | None = None
    law: HidingLaw = "additive"
    licence: str = ""
    training: str = ""
    measured: dict[str, Any] = field(default_factory=dict)
    version: str = ""

    def threshold(self, kind: AttentionKind) -> float | None:
        """The shipped threshold for order both, or None where the weights have none."""
        return self.thresholds.get(kind)

    @property
    def kinds(self) -> tuple[AttentionKind, ...]:
        """The attention kinds that these weights can compute."""
        without_map = self.correlation is None
        return tuple(k for k in ATTENTION_KINDS if not (k == "correlation" and without_map))


def read_card(path: Path) -> ModelCard:
    """Read what a weights file says. Raises XCosError for a file that is not ours."""
    path = Path(path)
    try:
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
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise XCosError(
            f"{path} has a damaged description ({error}); choose another file."
        ) from error


def _card(said: dict[str, Any], path: Path, fingerprint: str) -> ModelCard:
    said = dict(said)
    if said["kind"] not in get_args(Kind):
        raise ValueError(f"kind {said['kind']!r}")
    if said.get("law", "additive") not in get_args(HidingLaw):
        raise ValueError(f"law {said['law']!r}")
    raw = said.pop("correlation", None)
    correlation = None if raw is None else np.array(raw, np.float64).reshape(CELLS, CELLS)
    thresholds = {str(k): float(v) for k, v in said.pop("thresholds", {}).items()}
    mean, std = tuple(said.pop("mean")), tuple(said.pop("std"))
    known = {f for f in ModelCard.__dataclass_fields__ if f not in ("path", "fingerprint")}
    rest = {key: value for key, value in said.items() if key in known}
    return ModelCard(
        path=path,
        fingerprint=fingerprint,
        correlation=correlation,
        thresholds=thresholds,
        mean=mean,
        std=std,
        **rest,
    )


def described(card: ModelCard) -> dict[str, str]:
    """The metadata that a file of this card carries."""
    said: dict[str, Any] = {}
    for name in ModelCard.__dataclass_fields__:
        if name not in ("path", "fingerprint"):
            value = getattr(card, name)
            said[name] = value.tolist() if isinstance(value, np.ndarray) else value
    return {METADATA_KEY: json.dumps(said)}


def shipped_weights() -> list[Path]:
    """The weights that come with the program, the default one first."""
    found = sorted(weights_dir().glob("*.safetensors"))
    return sorted(found, key=lambda path: path.stem != DEFAULT_NAME)


def find_weights(name_or_path: str | Path | None = None) -> Path:
    """A shipped file by its name, any file by its path; None: the default. Raises XCosError."""
    shipped = shipped_weights()
    if name_or_path is None:
        if not shipped:
            raise XCosError("No weights ship with this copy; name a file with --model.")
        return shipped[0]
    path = Path(name_or_path).expanduser()
    if path.is_file():
        return path
    for candidate in shipped:
        if candidate.stem == str(name_or_path):
            return candidate
    names = ", ".join(candidate.stem for candidate in shipped) or "none"
    raise XCosError(
        f"There are no weights {str(name_or_path)!r}; name a file, or one that ships: {names}."
    )
