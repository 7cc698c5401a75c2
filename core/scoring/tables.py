"""Tables of pairs as files: CSV, Parquet, JSON lines."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from core.csv_files import write_rows
from core.errors import Stopped, XCosError
from core.files import refuse_form, written_whole
from core.gallery.gallery import LoadedGallery
from core.json_text import json_text
from core.progress import QUIET, Task
from core.scoring.lists import PairList
from core.scoring.matrix import outcome_of
from core.scoring.scored import ScoredGallery

Columns = Sequence[tuple[str, type]]  # names, and what they hold: str, int or float
COLUMNS: Columns = (
    ("left", str),
    ("right", str),
    ("left_identity", str),
    ("right_identity", str),
    ("score", float),
    ("outcome", str),
)
SUFFIXES = (".csv", ".parquet", ".jsonl", ".json")


def write_table(path: Path, rows: Iterable[tuple[Any, ...]], columns: Columns = COLUMNS) -> None:
    """Write the table whole or not at all, by the name's ending. Raises XCosError.

    columns: by default those of a table of pairs
    """
    refuse_form(path, SUFFIXES)
    suffix = path.suffix.lower()
    try:
        with written_whole(path) as part:
            if suffix == ".parquet":
                _write_parquet(part, rows, columns, path)
                return
            # Bytes of names that are no UTF-8 stay in CSV, and are escaped in JSON.
            kept = "surrogateescape" if suffix == ".csv" else "backslashreplace"
            with part.open("w", newline="", encoding="utf-8", errors=kept) as file:
                (write_csv if suffix == ".csv" else _write_json_lines)(file, rows, columns)
    except OSError as error:
        raise XCosError(
            f"{path} cannot be written: {error.strerror or error}; choose another place."
        ) from error


def write_csv(file: IO[str], rows: Iterable[tuple[Any, ...]], columns: Columns = COLUMNS) -> None:
    """Rows with their column names, a line each."""
    write_rows(file, [[name for name, _ in columns]])
    write_rows(file, ([f"{v:.8g}" if isinstance(v, float) else v for v in row] for row in rows))


def table_rows(
    scored: ScoredGallery,
    threshold: float | None,
    mask: np.ndarray | None = None,
    task: Task = QUIET,
) -> Iterator[tuple[Any, ...]]:
    """Rows of the table of all pairs, in the order of COLUMNS. Raises Stopped.

    mask: which pairs of the matrix are written, (n, m) bool; None: all
    """
    matrix = scored.matrix
    columns = np.arange(matrix.scores.shape[1])
    for i in range(len(matrix.scores)):
        if task.stopped():
            raise Stopped("The export")
        later = columns[i + 1 if matrix.square else 0 :]
        if mask is not None:
            later = later[mask[i, later]]
        line = PairList(np.full(len(later), i), later, matrix.scores[i, later])
        yield from listed_rows(line, (scored.rows, scored.columns), threshold)


def listed_rows(
    pairs: PairList, sides: tuple[LoadedGallery, LoadedGallery], threshold: float | None
) -> Iterator[tuple[Any, ...]]:
    """Rows of the table of some pairs of left and right faces, in their order.

    There is no outcome without a threshold.
    """
    left, right = (side.gallery.faces for side in sides)
    scores = zip(pairs.rows.tolist(), pairs.columns.tolist(), pairs.scores.tolist(), strict=True)
    for i, j, score in scores:
        a, b = left[i], right[j]
        outcome = (
            None if threshold is None else outcome_of(a.identity, b.identity, score > threshold)
        )
        yield a.key, b.key, a.identity, b.identity, score, outcome


def _write_json_lines(file: IO[str], rows: Iterable[tuple[Any, ...]], columns: Columns) -> None:
    names = [name for name, _ in columns]
    for row in rows:
        file.write(json_text(dict(zip(names, row, strict=True)), None) + "\n")


def _write_parquet(
    part: Path, rows: Iterable[tuple[Any, ...]], columns: Columns, path: Path
) -> None:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise XCosError(
            f"{path} needs the package pyarrow; install xcos-studio[parquet]."
        ) from error
    kinds = {str: pa.string(), float: pa.float32(), int: pa.int64()}
    schema = pa.schema([(name, kinds[kind]) for name, kind in columns])
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
    def readable(cell: Any) -> Any:
        # Bytes of names that are no UTF-8.
        return cell.encode(errors="backslashreplace").decode() if isinstance(cell, str) else cell

    return pa.Table.from_arrays(
        [
            pa.array([readable(cell) for cell in column], kind.type)
            for column, kind in zip(zip(*batch, strict=True), schema, strict=True)
        ],
        schema=schema,
    )
