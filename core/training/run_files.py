"""A run's folder: names of the files in it, and the logs among them read."""

import csv
import io
import json
import math
from dataclasses import dataclass
from pathlib import Path

CONFIG, STATUS, STOP = "config.toml", "status.json", "stop"
OUTPUT = "output.txt"  # what a run that a window started has printed
COMMAND = "xcos: "  # what the command's sentences begin with
LOG, VALIDATION, PAIR = "log.csv", "validation.csv", "pair.npz"
PROBLEMS = "problems.txt"
LAST_STEP = 2**53  # the last integer that all floating-point columns can tell


@dataclass(frozen=True)
class LoggedRows:
    """What is sound of a log: its columns' names and its rows, the step first in each.

    whole: whether that is all of it, but for a last row that a kill cut short
    """

    head: list[str]
    rows: list[list[str]]
    whole: bool


def status_text(state: str, what: str, done: int, total: int, pid: int) -> str:
    """Where a run stands, as status.json has it; pid: of its process."""
    return json.dumps({"state": state, "what": what, "done": done, "total": total, "pid": pid})


def logged_rows(path: Path) -> LoggedRows:
    """Read log.csv or validation.csv, which may not be there. Raises OSError."""
    if not path.is_file():
        return LoggedRows([], [], not path.exists())
    text = path.read_bytes().decode("utf-8", "replace")
    try:
        head, *rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row] or [[]]
    except csv.Error:
        return LoggedRows([], [], False)
    if rows and not text.endswith("\n"):
        rows.pop()
    if head[:1] != ["step"] or len({*head}) < len(head):
        return LoggedRows([], [], text.strip() == "")
    sound = [row for row in rows if len(row) == len(head) and _is_sound(row)]
    return LoggedRows(head, sound, len(sound) == len(rows))


def logged_number(cell: str) -> float:
    """A cell's number, NaN where it is empty: of what does not apply. Raises ValueError."""
    return float(cell) if cell else math.nan


def _is_sound(row: list[str]) -> bool:
    try:
        numbers = [logged_number(value) for value in row]
        return 0 <= int(row[0]) <= LAST_STEP and len(numbers) == len(row)
    except ValueError:
        return False
