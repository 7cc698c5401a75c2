"""Results as JSON."""

import json
import math
from typing import Any


def json_text(value: Any, indent: int | None = 1) -> str:
    """JSON of plain values; numbers that are not finite, which JSON does not have, become null."""
    plain = without_nan(value)
    text = json.dumps(plain, indent=indent, ensure_ascii=False, allow_nan=False)
    if any(
        "\ud800" <= sign <= "\udfff" for sign in text
    ):  # bytes of a file's name that are no text
        text = json.dumps(plain, indent=indent, allow_nan=False)
    return text


def without_nan(plain: Any) -> Any:
    """The same plain values with None in place of numbers that are not finite."""
    if isinstance(plain, dict):
        return {key: without_nan(value) for key, value in plain.items()}
    if isinstance(plain, list | tuple):
        return [without_nan(value) for value in plain]
    if isinstance(plain, float) and not math.isfinite(plain):
        return None
    return plain
