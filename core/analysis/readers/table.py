"""Readings as a CSV, written and read."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from core.csv_files import csv_bytes, line_error, named_columns, read_rows, refuse_repeated
from core.errors import XCosError, quoted
from core.project.readings import LIKENESSES, RATINGS, Likeness, Reading

COLUMNS = ("reader", "left", "right", "rating", "time", "form")
NAMES = {name: (name,) for name in COLUMNS}
WANTED = "reader,left,right,rating with a rating from -3 to 3"


def readings_csv(readings: Sequence[Reading]) -> bytes:
    """A row a reading in the order of COLUMNS."""
    rows = (
        (
            one.reader,
            one.left,
            one.right,
            one.rating,
            one.time,
            "; ".join(f"{region}: {likeness}" for region, likeness in sorted(one.form.items())),
        )
        for one in readings
    )
    return csv_bytes([COLUMNS, *rows])


def read_readings(path: Path) -> list[Reading]:
    """Readings of such a list; without a time they are of now. Raises XCosError naming the line."""
    rows = read_rows(path)
    columns = named_columns(rows[0] if rows else None, NAMES)
    missing = [name for name in COLUMNS[:4] if name not in columns]
    if missing:
        raise XCosError(
            f"{path} has no column {missing[0]}; its head must be {','.join(COLUMNS[:4])}."
        )
    refuse_repeated(path, rows[0], rows[1:], columns.values())
    now = datetime.now(UTC).isoformat(timespec="seconds")
    readings: list[Reading] = []
    lines: dict[str, int] = {}  # by the reading's key
    for row in rows[1:]:
        reader, left, right, rating, time, form = (row.cell(columns.get(name)) for name in COLUMNS)
        if not reader or not left or not right:
            raise line_error(path, row, WANTED)
        try:
            value = int(rating)
            if value not in RATINGS or datetime.fromisoformat(time or now).tzinfo is None:
                raise ValueError
            likenesses = _form(form)
        except ValueError as error:
            raise line_error(path, row, WANTED) from error
        first, second = sorted((left, right))
        reading = Reading(reader, first, second, value, time or now, likenesses)
        if lines.setdefault(reading.key, row.line) != row.line:
            raise XCosError(
                f"{path}, line {row.line}: {quoted(reader)} rated this pair in line "
                f"{lines[reading.key]} already; keep one of the two lines."
            )
        readings.append(reading)
    return readings


def _form(text: str) -> dict[str, Likeness]:
    likenesses: dict[str, Likeness] = {}
    for part in text.split(";"):
        if part.strip():
            region, _, likeness = (piece.strip() for piece in part.partition(":"))
            likenesses[region] = next(one for one in LIKENESSES if one == likeness) if likeness in LIKENESSES else _refuse()  # fmt: skip
    return likenesses


def _refuse() -> Likeness:
    raise ValueError("no likeness")
