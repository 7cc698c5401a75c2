"""A run directory: what a training leaves behind, and what it resumes from."""

import contextlib
import csv
import json
import os
import platform
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from core.errors import XCosError
from core.files import kept_aside, written_whole
from core.training.run_files import (
    CONFIG,
    LOG,
    PAIR,
    PROBLEMS,
    STATUS,
    STOP,
    VALIDATION,
    LoggedRows,
    logged_rows,
    status_text,
)

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


@contextlib.contextmanager
def run_alone(path: Path) -> Iterator[None]:
    """Keep other processes from running in the same folder meanwhile. Raises XCosError.

    A run that is refused before its first checkpoint leaves no folder, where there was none.
    Of several processes that train as one, the first one speaks for all.
    """
    from filelock import FileLock, Timeout

    if os.environ.get("RANK", "0") != "0":
        yield
        return
    fresh = not path.exists()
    try:
        path.mkdir(parents=True, exist_ok=True)
        with FileLock(path / "run.lock", timeout=0):
            yield
    except XCosError:
        if fresh:
            _remove_refused(path)
        raise
    except Timeout as error:
        raise XCosError(
            f"Another run writes into {path} just now; wait for it, or name another folder with "
            "--into."
        ) from error
    except FileExistsError as error:
        raise XCosError(f"{path} is a file; name a folder for the run.") from error
    except PermissionError as error:
        raise XCosError(
            f"{path} cannot be written: {error.strerror}; choose another run folder."
        ) from error


def _remove_refused(path: Path) -> None:
    """Remove a run's folder that holds nothing but what every run begins with."""
    begun = {CONFIG, STATUS, PROBLEMS, "versions.json", "run.lock"}
    with contextlib.suppress(OSError):
        if {file.name for file in path.iterdir()} <= begun:
            shutil.rmtree(path)


class RunDirectory:
    """config.toml, versions.json, log.csv, TensorBoard events, last.ckpt, best.ckpt.

    Everything is written beside its final name and then moved there, so that a kill at any
    moment leaves the earlier file whole.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.last, self.best = path / "last.ckpt", path / "best.ckpt"
        self._noted = 0.0
        self._log, self._validation = path / LOG, path / VALIDATION
        self._writer: SummaryWriter | None = None
        self._from = 0  # steps before it stand in TensorBoard's earlier files

    def note(self, what: str, done: int, total: int, state: str = "running") -> None:
        """Say where the run stands, for whoever watches it; at most once a second while it runs."""
        now = time.time()
        if state == "running" and now - self._noted < 1 and done != total:
            return
        self._noted = now
        text = status_text(state, what, done, total, os.getpid())
        with contextlib.suppress(OSError), written_whole(self.path / STATUS) as part:
            part.write_text(text, encoding="utf-8")

    @property
    def stop_asked(self) -> bool:
        """Whether somebody asked the run to stop, by a file that any system has."""
        return (self.path / STOP).exists()

    def note_stopped(self) -> None:
        """Say that the run has stopped, and forget that it was asked to."""
        with contextlib.suppress(OSError):
            (self.path / STOP).unlink(missing_ok=True)
        self.note("Stopped", 0, 0, "stopped")

    def begin(self, config_text: str) -> None:
        """Make the folder and note the config and the versions. Raises XCosError.

        Without a checkpoint the run starts anew, and what an earlier try logged goes.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with written_whole(self.path / CONFIG) as part:
                part.write_text(config_text, encoding="utf-8")
            versions = {
                "python": platform.python_version(),
                "torch": torch.__version__,
                "machine": platform.machine(),
                "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            }
            with written_whole(self.path / "versions.json") as part:
                part.write_text(json.dumps(versions, indent=1), encoding="utf-8")
        except OSError as error:
            raise XCosError(
                f"{self.path} cannot be written: {error.strerror}; choose another run folder."
            ) from error
        if not self.last.exists():
            self.rewind(0)

    def tell_problems(self, problems: tuple[str, ...]) -> None:
        """Note the photos that are left out. Raises XCosError."""
        path = self.path / PROBLEMS
        try:
            if problems:
                with written_whole(path) as part:
                    # A photo's name may hold bytes that are no text.
                    text = "\n".join((*problems, ""))
                    part.write_text(text, encoding="utf-8", errors="surrogateescape")
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise _unwritable(path, error) from error

    def save(self, path: Path, state: dict[str, Any]) -> None:
        """Write a checkpoint atomically. Raises XCosError when the disk is full or refuses."""
        try:
            with written_whole(path) as part, part.open("wb") as file:
                torch.save(state, file)
                file.flush()
                os.fsync(file.fileno())
        except (OSError, RuntimeError) as error:
            # torch tells of a full disk by a RuntimeError about its archive.
            why = error.strerror if isinstance(error, OSError) else "the disk may be full"
            raise XCosError(
                f"The checkpoint {path} could not be written ({why}); an earlier one is kept: "
                "make room and resume."
            ) from error

    def load(self, path: Path) -> dict[str, Any] | None:
        """A checkpoint's state, or None where there is none. Raises XCosError for a damaged one."""
        if not path.exists():
            return None
        try:
            state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
            return {**state}
        except Exception as error:
            raise XCosError(
                f"{path} is not a checkpoint of a run; remove it or start anew."
            ) from error

    def log(self, row: dict[str, Any]) -> None:
        """Append losses and speed of the last steps to log.csv and TensorBoard's events."""
        _append(self._log, row)
        self._show("training", row)

    def log_validation(self, row: dict[str, Any]) -> None:
        """Append validation accuracies to validation.csv and TensorBoard's events."""
        _append(self._validation, row)
        self._show("validation", row)

    def _show(self, group: str, row: dict[str, Any]) -> None:
        if self._writer is None:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(str(self.path), purge_step=self._from)
        for name, value in row.items():
            if name != "step" and value is not None:
                self._writer.add_scalar(f"{group}/{name}", value, row["step"])
        self._writer.flush()

    def close(self) -> None:
        """End TensorBoard's writer."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def keep_pair(
        self, step: int, crops: np.ndarray, cosine: np.ndarray, attention: np.ndarray
    ) -> None:
        """Keep the maps of the fixed validation pair, so that one sees the attention form."""
        path = self.path / PAIR
        try:
            with written_whole(path) as part, part.open("wb") as file:
                np.savez(file, step=step, crops=crops, cosine=cosine, attention=attention)
        except OSError as error:
            raise _unwritable(path, error) from error

    def rewind(self, step: int) -> None:
        """Drop logged rows after a step: a resumed run writes them again."""
        self._from = step + 1
        for path in (self._log, self._validation):
            try:
                known = logged_rows(path)
                if path.exists():
                    kept = [row for row in known.rows if int(row[0]) <= step]
                    _replace(path, known, [known.head, *kept])
            except OSError as error:
                raise _unwritable(path, error) from error


def _append(path: Path, row: dict[str, Any]) -> None:
    """Add a row, a cell of what does not apply empty; columns that a log lacks are added to it."""
    try:
        known = logged_rows(path)
        head = known.head
        fresh = [name for name in row if name not in head]
        if fresh:
            head = head + fresh
            _replace(path, known, [head, *(old + [""] * len(fresh) for old in known.rows)])
        with path.open("a", newline="", encoding="utf-8") as file:
            csv.writer(file).writerow([row.get(name) for name in head])
    except OSError as error:
        raise _unwritable(path, error) from error


def _replace(path: Path, known: LoggedRows, rows: list[list[str]]) -> None:
    """Write a log anew; where something in it could not be read, keep it aside as it was."""
    if not known.whole and path.is_file():
        kept_aside(path, path.read_bytes())
    with written_whole(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(row for row in rows if row)


def _unwritable(path: Path, error: OSError) -> XCosError:
    return XCosError(
        f"{path} could not be written ({error.strerror or error}); the run's checkpoints are kept: "
        "make room and resume."
    )
