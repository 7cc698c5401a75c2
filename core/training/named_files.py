"""Files that a config names by a word: own, sface, default."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

from core.errors import XCosError
from core.model.card import find_weights
from core.model.sface_package import sface_file
from core.model.target_choice import TargetChoice
from core.training.config import ModelConfig, TrainConfig, write_config
from core.training.run_files import CONFIG, LOG, PROBLEMS, VALIDATION

OWN, SFACE, DEFAULT = Path("own"), Path("sface"), Path("default")


def with_files(config: TrainConfig) -> TrainConfig:
    """The config with files in place of words. Raises XCosError where a word has none here.

    own, as the target: the cosine of what the run starts from, of the fully connected head of
    model.start's weights or of the frozen model.
    """
    model, target = config.model, config.target
    start = find_weights() if model.start == DEFAULT else model.start
    frozen = sface_file() if model.frozen == SFACE else model.frozen
    weights = target.weights
    if weights == OWN and frozen is not None:
        target = replace(target, channels=model.channels, normalisation=model.normalisation)
    if weights == OWN:
        weights = start if frozen is None else frozen
        if weights is None:
            raise XCosError(
                "The run has no model to learn from; name a face model to plug into as "
                "model.frozen, weights to start from as model.start, or a target as target.weights."
            )
    if weights == SFACE:
        weights = sface_file()
    others = [sface_file() if path == SFACE else path for path in target.others]
    return replace(
        config,
        model=replace(model, start=start, frozen=frozen),
        target=replace(target, weights=weights, others=others),
    )


def refuse_replacing(run: Path, config: TrainConfig, source: Path) -> None:
    """Raise XCosError where a run would write over a file that its config names, or over the config.

    source: the config's file; in the run's folder it may stand as the run writes it
    """
    named = [path for path in _paths(config) if path.is_file()]
    for written in (f"{config.name}.safetensors", LOG, VALIDATION, PROBLEMS):
        path = run / written
        if path.is_file() and any(path.samefile(other) for other in named):
            raise XCosError(
                f"{path} would be replaced by the run; name another folder with --into."
            )
    path = run / CONFIG
    own = path.is_file() and path.samefile(source)
    if own and source.read_text(encoding="utf-8-sig") != write_config(config):
        raise XCosError(
            f"{path} would be replaced by the run; name another folder with --into, or go on "
            f"with the run by --resume {run}."
        )


def _paths(group: object) -> Iterator[Path]:
    for value in (getattr(group, field.name) for field in fields(group)):  # type: ignore[arg-type]
        if is_dataclass(value):
            yield from _paths(value)
        yield from (
            one for one in (value if isinstance(value, list) else [value]) if isinstance(one, Path)
        )


def frozen_choice(model: ModelConfig) -> TargetChoice:
    """The frozen model as a target, with its input as said. Raises XCosError for a wrong one."""
    assert model.frozen is not None
    try:
        return TargetChoice(model.frozen).with_said(model.channels, model.normalisation)
    except XCosError as error:
        raise XCosError(f"model.normalisation: {error}") from error


def target_choice(config: TrainConfig) -> TargetChoice:
    """The target that a config names, with its input. Raises XCosError for a wrong one."""
    asked = config.target
    assert asked.weights is not None
    try:
        return TargetChoice(asked.weights).with_said(asked.channels, asked.normalisation)
    except XCosError as error:
        raise XCosError(f"target.normalisation: {error}") from error
