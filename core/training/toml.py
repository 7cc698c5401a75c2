"""Settings as TOML."""

import json
import os
import re
from datetime import date, time
from pathlib import Path
from typing import Any

from core.errors import XCosError, shown
from core.training.config_values import WORDS

BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def toml_line(name: str, value: Any) -> str:
    """A setting as TOML. Raises XCosError as toml_value does."""
    return f"{name if BARE_KEY.fullmatch(name) else _quoted(name)} = {toml_value(value)}"


def toml_value(value: Any) -> str:
    """A setting's value as TOML. Raises XCosError for what is no text, which it cannot keep."""
    if value is None:
        return '""'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(toml_line(key, item) for key, item in value.items()) + " }"
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, Path):
        if str(value) in WORDS:
            return _quoted(str(value))
        return _quoted(os.path.realpath(value))
    return _quoted(value) if isinstance(value, str) else repr(value)


def _quoted(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise XCosError(
            f"{shown(text, 300)} has characters that are no text, which a config file cannot keep; "
            "rename it."
        ) from error
    # A JSON string is a TOML basic string, but for the one control character that JSON lets be.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
