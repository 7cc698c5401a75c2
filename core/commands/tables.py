"""Tables of pairs as files: CSV, Parquet, JSON lines."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from core.errors import XCosError
from core.files import written_whole

COLUMNS = ("left", "right", "left_identity", "right_identity", "score", "outcome")
SUFFIXES = (".csv", ".parquet", ".jsonl", ".json")


def write_table(path: Path, rows: Iterator[tuple[Any, ...]]) -> None:
    """Write the table whole or not at all, by the name's ending. Raises XCosError."""
    suffix = path.suffix.lower()
    try:
        with written_whole(path) as part:
            if suffix == ".parquet":
                _write_parquet(part, rows, path)
                return
            with part.open("w", newline="", encoding="utf-8") as file:
                (write_csv if suffix == ".csv" else _write_json_lines)(file, rows)
    except OSError as error:
        raise XCosError(
            f"{path} cannot be written: {error.strerror or error}; choose another place."
        ) from error


def write_csv(file: IO[str], rows: Iterator[tuple[Any, ...]]) -> None:
    """Rows with their column names, a line each."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for left, right, left_identity, right_identity, score, outcome in rows:
        writer.writerow((left, right, left_identity, right_identity, f"{score:.8g}", outcome))


def _write_json_lines(file: IO[str], rows: Iterator[tuple[Any, ...]]) -> None:
    for row in rows:
        file.write(json.dumps(dict(zip(COLUMNS, row, strict=True)), ensure_ascii=False) + "\n")


def _write_parquet(part: Path, rows: Iterator[tuple[Any, ...]], path: Path) -> None:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise XCosError(
            f"{path} needs the package pyarrow; install xcos-studio[parquet]."
        ) from error
    text = pa.string()
    kinds = [text, text, text, text, pa.float32(), text]
    schema = pa.schema(list(zip(COLUMNS, kinds, strict=True)))
    with pq.ParquetWriter(part, schema) as writer:
        batch: list[tuple[Any, ...]] = []
        for row in rows:
            batch.append(row)
            if len(batch) == 100_000:
                writer.write_table(_arrow(pa, batch, schema))
                batch = []
        if batch:
            writer.write_table(_arrow(pa, batch, schema))


def _arrow(pa: Any, batch: list[tuple[Any, ...]], schema: Any) -> Any:
    return pa.Table.from_arrays(
        [
            pa.array(column, kind.type)
            for column, kind in zip(zip(*batch, strict=True), schema, strict=True)
        ],
        schema=schema,
    )
