"""Lists of pairs with columns of their own, as CSV or JSON."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from core.csv_files import csv_bytes
from core.files import write_whole
from core.json_text import json_text


def write_pair_table(path: Path, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Write rows under their columns' names; .json: a list of objects, else CSV. Raises XCosError."""
    if path.suffix.lower() == ".json":
        entries = [dict(zip(columns, row, strict=True)) for row in rows]
        write_whole(path, json_text(entries).encode())
        return
    shown = [[f"{cell:.8g}" if isinstance(cell, float) else cell for cell in row] for row in rows]
    write_whole(path, csv_bytes([columns, *shown]))
