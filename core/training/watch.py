"""What a run's folder tells whoever watches it, also of a run that another process makes."""

import contextlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from core.errors import XCosError, shown
from core.training.run_files import (
    COMMAND,
    CONFIG,
    LAST_STEP,
    LOG,
    OUTPUT,
    PAIR,
    STATUS,
    STOP,
    VALIDATION,
    logged_number,
    logged_rows,
)

Columns = dict[str, np.ndarray]
STATES = ("running", "stopped", "finished", "failed", "ended")
CLOCKS = 60  # seconds that a process seems younger or older than it is by a clock that was set
LONGEST = 10_000  # bytes of a run's output in which its last sentence is looked for
SHAPES = {"crops": (2, 112, 112, 3), "cosine": (7, 7), "attention": (7, 7), "step": ()}


@dataclass(frozen=True, eq=False)
class RunView:
    """A run as its files show it.

    state:      running, stopped, finished, failed, or ended (its process is gone)
    what:       what it does, or the sentence it failed with; of one whose process is gone, the last
                sentence that it printed, or what it did
    log:        columns of log.csv, each (rows,) float64 with NaN for no finite number
    validation: columns of validation.csv, alike
    pair:       crops (2, 112, 112, 3), cosine and attention (7, 7), step; empty before the first
    weights:    the finished weights, or None
    warning:    a sentence on files that are damaged, else empty
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
    warning: str = ""

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self.state == "running"

    @property
    def seconds_left(self) -> float | None:
        """Time to the last step at the speed of the last rows; None before it is known."""
        speed = self.log.get("seconds_per_step", np.empty(0))[-5:]
        known = speed[np.isfinite(speed)]
        if not len(known) or not self.running:
            return None
        return max(0.0, float((self.total - self.done) * np.median(known)))


def look(path: Path) -> RunView:
    """Read a run's folder; files that are not there yet count as empty.

    What is sound of a damaged file is shown, and the file is left as it is.
    """
    damaged: list[str] = []
    status = _status(path / STATUS, damaged)
    state = status["state"]
    if state == "running" and not _alive(status["pid"], path / STATUS):
        state = "ended"
        status["what"] = _last_sentence(path / OUTPUT) or status["what"]
    weights = sorted(path.glob("*.safetensors"))
    log, validation = _columns(path / LOG, damaged), _columns(path / VALIDATION, damaged)
    pair = _pair(path / PAIR, damaged)
    names = " and ".join(damaged)
    return RunView(
        path=path,
        state=state,
        what=status["what"],
        done=status["done"],
        total=status["total"],
        log=log,
        validation=validation,
        pair=pair,
        weights=weights[0] if weights and state == "finished" else None,
        warning=f"Parts of {names} in {path} cannot be read; what is sound is shown."
        if damaged
        else "",
    )


def runs_in(folder: Path) -> list[Path]:
    """Folders of runs, the newest first."""
    runs: list[tuple[float, Path]] = []
    with contextlib.suppress(OSError):
        for config in folder.glob(f"*/{CONFIG}"):
            with contextlib.suppress(OSError):  # one that goes just now
                runs.append((config.parent.stat().st_mtime, config.parent))
    return [path for _, path in sorted(runs, reverse=True)]


def ask_to_stop(path: Path) -> None:
    """Ask a run to end with a checkpoint; it does after its present step. Raises XCosError."""
    try:
        (path / STOP).touch()
    except OSError as error:
        raise XCosError(
            f"{path / STOP} cannot be written: {error.strerror}; end the process itself."
        ) from error


def _status(path: Path, damaged: list[str]) -> dict[str, Any]:
    """State, what, done, total and pid, each sound."""
    fallback = {"state": "ended", "what": "", "done": 0, "total": 0, "pid": 0}
    if not path.exists():
        return fallback
    try:
        status = json.loads(path.read_bytes()) if path.is_file() else None
    except (OSError, ValueError, RecursionError):
        status = None
    if not isinstance(status, dict):
        damaged.append(path.name)
        return fallback
    sound = {
        name: status[name]
        for name, usual in fallback.items()
        if type(status.get(name)) is type(usual)
        and (not isinstance(usual, int) or 0 <= status[name] <= LAST_STEP)
    }
    if sound.get("state", "") not in STATES:
        sound.pop("state", None)
    if len(sound) < len(fallback):
        damaged.append(path.name)
    sound = fallback | sound
    return sound | {"what": shown(sound["what"], 500)}


def _last_sentence(path: Path) -> str:
    try:
        lines = path.read_bytes()[-LONGEST:].decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    sentences = [line.removeprefix(COMMAND) for line in lines if line.startswith(COMMAND)]
    return shown(sentences[-1], 500) if sentences else ""


def _alive(pid: int, told: Path) -> bool:
    """Whether the process lives that has told where it stands; its number may be another's by now."""
    try:
        process = psutil.Process(pid)
        if process.create_time() > told.stat().st_mtime + CLOCKS:
            return False
        return pid > 0 and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, OverflowError, OSError):
        return False


def _columns(path: Path, damaged: list[str]) -> Columns:
    try:
        log = logged_rows(path)
    except OSError:
        damaged.append(path.name)
        return {}
    if not log.whole:
        damaged.append(path.name)
    values = np.array([[logged_number(cell) for cell in row] for row in log.rows], np.float64)
    values[~np.isfinite(values)] = np.nan
    return dict(zip(log.head, values.T, strict=True)) if len(values) else {}


def _pair(path: Path, damaged: list[str]) -> Columns:
    if not path.exists():
        return {}
    try:
        with np.load(path) as stored:
            pair = {name: stored[name] for name in SHAPES}
    except Exception:  # a damaged archive raises whatever its parts do
        pair = {}
    kinds = {name: np.uint8 if name == "crops" else np.number for name in SHAPES}
    if not pair or any(
        pair[name].shape != shape
        or not np.issubdtype(pair[name].dtype, kinds[name])
        or not np.isfinite(pair[name]).all()
        for name, shape in SHAPES.items()
    ):
        damaged.append(path.name)
        return {}
    return pair
