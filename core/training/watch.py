"""What a run's folder tells whoever watches it, also of a run that another process makes."""

import csv
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from core.errors import XCosError
from core.training.run_files import LOG, PAIR, STATUS, STOP, VALIDATION

Columns = dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class RunView:
    """A run as its files show it.

    state:      running, stopped, finished, failed, or ended (its process is gone)
    what:       what it does, or the sentence it failed with
    log:        columns of log.csv, each (rows,) float64 with NaN where nothing was logged
    validation: columns of validation.csv, alike
    pair:       crops (2, 112, 112, 3), cosine and attention (7, 7), step; empty before the first
    weights:    the finished weights, or None
    """

    path: Path
    state: str = "ended"
    what: str = ""
    done: int = 0
    total: int = 0
    log: Columns = field(default_factory=dict)
    validation: Columns = field(default_factory=dict)
    pair: Columns = field(default_factory=dict)
    weights: Path | None = None

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self.state == "running"

    @property
    def seconds_left(self) -> float | None:
        """Time to the last step at the speed of the last rows; None before it is known."""
        steps, speed = self.log.get("step"), self.log.get("seconds_per_step")
        if steps is None or speed is None or not len(steps) or not self.running:
            return None
        return float((self.total - self.done) * np.median(speed[-5:]))


def look(path: Path) -> RunView:
    """Read a run's folder; files that are not there yet, or half written, count as empty."""
    said = _status(path / STATUS)
    state = str(said.get("state", "ended"))
    if state == "running" and not _alive(said.get("pid")):
        state = "ended"
    weights = sorted(path.glob("*.safetensors"))
    return RunView(
        path=path,
        state=state,
        what=str(said.get("what", "")),
        done=int(said.get("done", 0)),
        total=int(said.get("total", 0)),
        log=_columns(path / LOG),
        validation=_columns(path / VALIDATION),
        pair=_pair(path / PAIR),
        weights=weights[0] if weights and state == "finished" else None,
    )


def runs_in(folder: Path) -> list[Path]:
    """Folders of runs, the newest first."""
    try:
        found = [path.parent for path in folder.glob("*/config.toml")]
        return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)
    except OSError:
        return []


def ask_to_stop(path: Path) -> None:
    """Ask a run to end with a checkpoint; it does after its present step. Raises XCosError."""
    try:
        (path / STOP).touch()
    except OSError as error:
        raise XCosError(
            f"{path / STOP} cannot be written: {error.strerror}; end the process itself."
        ) from error


def _status(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def _alive(pid: object) -> bool:
    try:
        return isinstance(pid, int) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _columns(path: Path) -> Columns:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            head, *rows = list(csv.reader(file)) or [[]]
        values = np.array([[float(v) for v in row] for row in rows if len(row) == len(head)])
    except (OSError, ValueError):
        return {}
    return dict(zip(head, values.T, strict=True)) if len(values) else {}


def _pair(path: Path) -> Columns:
    try:
        with np.load(path) as stored:
            return {name: stored[name] for name in ("step", "crops", "cosine", "attention")}
    except (OSError, ValueError, KeyError, EOFError):
        return {}
