"""Settings changed one by one, as on the command line."""

import tomllib
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_origin, get_type_hints

from core.errors import XCosError, shown
from core.training.config import TrainConfig
from core.training.config_values import group_of


def with_settings(config: TrainConfig, assignments: Sequence[str]) -> TrainConfig:
    """The config with some settings changed: NAME=VALUE, such as data.labelled=DIR.

    Values are TOML, or plain text where no quotes are needed; a list may be given as one text.
    Relative paths are the working directory's. Raises XCosError.
    """
    place = Path.cwd() / "--set"
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        group, _, key = name.strip().rpartition(".")
        kinds = get_type_hints(TrainConfig)
        kind: Any = kinds.get(group) if group else TrainConfig
        known = {f.name for f in fields(kind)} if hasattr(kind, "__dataclass_fields__") else set()
        if not equals or key not in known or hasattr(kinds.get(key), "__dataclass_fields__"):
            raise XCosError(
                f"--set {shown(repr(assignment))} is no setting; write GROUP.NAME=VALUE, such as "
                "optimisation.steps=500."
            )
        table = {key: _given(get_type_hints(kind)[key], text.strip())}
        try:
            given = group_of(kind, table, place, f"{group}." if group else "")
        except XCosError as error:
            raise XCosError(str(error).replace(str(place), "--set")) from error
        value = getattr(given, key)
        if group:
            config = replace(config, **{group: replace(getattr(config, group), **{key: value})})
        else:
            config = replace(config, **{key: value})
    return config


def _given(hint: Any, text: str) -> Any:
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        value = text
    if get_origin(hint) is list and not isinstance(value, list):
        return [value]
    return value
