"""A run directory: what a training leaves behind, and what it resumes from."""

import csv
import json
import os
import platform
import time
from pathlib import Path
from typing import Any

import torch

from core.errors import XCosError
from core.files import written_whole


class RunDirectory:
    """config.toml, versions.json, log.csv, TensorBoard events, last.ckpt, best.ckpt.

    Everything is written beside its final name and then moved there, so that a kill at any
    moment leaves the earlier file whole.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.last, self.best = path / "last.ckpt", path / "best.ckpt"
        self._log, self._validation = path / "log.csv", path / "validation.csv"

    def begin(self, config_text: str) -> None:
        """Make the folder and note the config and the versions. Raises XCosError."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            (self.path / "config.toml").write_text(config_text, encoding="utf-8")
            versions = {
                "python": platform.python_version(),
                "torch": torch.__version__,
                "machine": platform.machine(),
                "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            }
            (self.path / "versions.json").write_text(json.dumps(versions, indent=1))
        except OSError as error:
            raise XCosError(
                f"{self.path} cannot be written: {error.strerror}; choose another run folder."
            ) from error

    def save(self, path: Path, state: dict[str, Any]) -> None:
        """Write a checkpoint atomically. Raises XCosError when the disk is full or refuses."""
        try:
            with written_whole(path) as part, part.open("wb") as file:
                torch.save(state, file)
                file.flush()
                os.fsync(file.fileno())
        except (OSError, RuntimeError) as error:
            raise XCosError(
                f"The checkpoint {path} could not be written ({error}); the earlier one is kept: "
                "make room and resume."
            ) from error

    def load(self, path: Path) -> dict[str, Any] | None:
        """A checkpoint's state, or None where there is none. Raises XCosError for a damaged one."""
        if not path.exists():
            return None
        try:
            state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        except Exception as error:
            raise XCosError(
                f"{path} is not a checkpoint of a run; remove it or start anew."
            ) from error
        return state

    def log(self, row: dict[str, Any]) -> None:
        """Append losses and speed of the last steps to log.csv."""
        _append(self._log, row)

    def log_validation(self, row: dict[str, Any]) -> None:
        """Append validation accuracies to validation.csv."""
        _append(self._validation, row)

    def rewind(self, step: int) -> None:
        """Drop logged rows after a step: a resumed run writes them again."""
        for path in (self._log, self._validation):
            if path.exists():
                with path.open(newline="", encoding="utf-8") as file:
                    rows = list(csv.reader(file))
                kept = rows[:1] + [
                    r for r in rows[1:] if r and r[0].isdigit() and int(r[0]) <= step
                ]
                with path.open("w", newline="", encoding="utf-8") as file:
                    csv.writer(file).writerows(kept)


def _append(path: Path, row: dict[str, Any]) -> None:
    fresh = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(row))
        if fresh:
            writer.writeheader()
        writer.writerow(row)
