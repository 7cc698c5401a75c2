"""Settings as TOML has them, checked against the fields of a dataclass."""

from dataclasses import fields
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from core.errors import XCosError, shown

KINDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    Path: "a path",
    list: "a list",
    dict: "a table",
}
DEEPEST = 16  # tables and lists within one setting
LARGEST = 2**63 - 1
FILE_NAMES = ("name",)  # settings that files are called by
WORDS = ("own", "sface", "default")  # what stands for a file without being its path


def group_of(kind: type[Any], table: dict[str, Any], path: Path, prefix: str) -> Any:
    """A group of settings from its TOML table, each checked. Raises XCosError.

    kind: the group's dataclass; path: what relative paths and messages refer to
    prefix: names of the groups around it, a dot after each
    """
    hints = get_type_hints(kind)
    known = {f.name: f for f in fields(kind)}
    for key in table:
        if key not in known:
            names = ", ".join(known)
            raise XCosError(
                f"{path} has an unknown setting {prefix}{shown(key)}; {kind.__name__} has {names}."
            )
    values: dict[str, Any] = {}
    for key, raw in table.items():
        name = prefix + key
        if hasattr(hints[key], "__dataclass_fields__"):
            if not isinstance(raw, dict):
                raise XCosError(
                    f"{path}: {name} must be a table; write [{name}] above its settings."
                )
            values[key] = group_of(hints[key], raw, path, name + ".")
        else:
            value = _value(hints[key], raw, path, name)
            _check_range(value, known[key].metadata, path, name)
            if name in FILE_NAMES:
                _check_file_name(value, path, name)
            values[key] = value
    return kind(**values)


def _value(hint: Any, raw: Any, path: Path, name: str) -> Any:
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        inner = [h for h in get_args(hint) if h is not type(None)]
        return None if raw == "" else _value(inner[0], raw, path, name)
    if origin is Literal:
        if raw not in get_args(hint):
            choices = ", ".join(map(str, get_args(hint)))
            raise XCosError(f"{path}: {name} is {shown(repr(raw))}; choose one of {choices}.")
        return raw
    if origin is list and isinstance(raw, list):
        return [_value(get_args(hint)[0], item, path, name) for item in raw]
    if hint is Path and isinstance(raw, str):
        return _path(raw, path, name)
    if hint is float and isinstance(raw, int) and not isinstance(raw, bool):
        return float(raw) if abs(raw) < 10**308 else float("inf")
    plain = origin or hint
    if plain is Path or not isinstance(raw, plain) or (plain is int and isinstance(raw, bool)):
        wanted = KINDS.get(plain, str(hint))
        raise XCosError(f"{path}: {name} is {shown(repr(raw))}, but must be {wanted}.")
    if _depth(raw) > DEEPEST:
        raise XCosError(f"{path}: {name} has brackets too deep in one another; mend it.")
    return raw


def _path(raw: str, path: Path, name: str) -> Path:
    try:
        given = Path(raw).expanduser()
    except RuntimeError as error:
        raise XCosError(
            f"{path}: {name} is {shown(repr(raw))}, but there is no such user; name the folder."
        ) from error
    if raw in WORDS:
        return Path(raw)
    if "\0" in raw:
        raise XCosError(f"{path}: {name} is {shown(repr(raw))}, which no file can be called.")
    return given if given.is_absolute() else path.parent / given


def _depth(raw: Any) -> int:
    inner = raw.values() if isinstance(raw, dict) else raw if isinstance(raw, list) else ()
    return 1 + max(map(_depth, inner), default=0)


def _check_file_name(value: str, path: Path, name: str) -> None:
    if value.strip() in ("", ".", "..") or any(sign in value for sign in "/\\\0"):
        raise XCosError(
            f"{path}: {name} is {shown(repr(value))}, which no file can be called; give a name "
            "without slashes."
        )


def _check_range(value: Any, metadata: Any, path: Path, name: str) -> None:
    low, high = metadata.get("low"), metadata.get("high")
    for item in value if isinstance(value, list) else ():
        _check_range(item, {}, path, name)
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return
    if not (value == value and abs(value) != float("inf")):
        raise XCosError(f"{path}: {name} is {value}; give a finite number.")
    if isinstance(value, int) and abs(value) > LARGEST:
        raise XCosError(f"{path}: {name} is {shown(value)}; give at most {LARGEST}.")
    if (low is not None and value < low) or (high is not None and value > high):
        limits = " and ".join(
            ([f"at least {low:g}"] if low is not None else [])
            + ([f"at most {high:g}"] if high is not None else [])
        )
        raise XCosError(f"{path}: {name} is {value}; give {limits}.")
