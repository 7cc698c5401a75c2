"""Runs and estimates as processes of their own."""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import Stopped, XCosError
from core.files import write_whole
from core.processes import own_command, own_environment
from core.training.config import parse_config, write_config
from core.training.longer import train_longer
from core.training.run_files import COMMAND, CONFIG, OUTPUT, STATUS, STOP, status_text
from core.training.watch import look
from xcos_gui.state.jobs import Running

STARTING = "Starting"
POLL = 0.1  # seconds between two looks at the process that estimates


def new_folder(runs: Path, name: str) -> Path:
    """The first folder NAME-1, NAME-2, ... of runs that is free, made. Raises XCosError."""
    number = 1
    try:
        while True:
            path = runs / f"{name}-{number}"
            try:
                path.mkdir(parents=True)
                return path
            except FileExistsError:  # another window may make one at the same time
                number += 1
    except (OSError, ValueError) as error:
        raise XCosError(f"{path} cannot be written ({error}); choose another name.") from error


def new_run(runs: Path, name: str, toml: str) -> Path:
    """Make a run's folder with its settings, which refer to a file in runs. Raises XCosError."""
    settings = write_config(parse_config(toml, runs / CONFIG))
    path = new_folder(runs, name)
    write_whole(path / CONFIG, settings.encode())
    return path


def new_longer_run(runs: Path, run: Path) -> Path:
    """Make the folder of a run that goes on where another one ended. Raises XCosError."""
    path = new_folder(runs, run.name)
    try:
        train_longer(run, path)
    except XCosError:
        shutil.rmtree(path, ignore_errors=True)
        raise
    return path


def launch(path: Path) -> "subprocess.Popen[bytes]":
    """Start the process of a run's folder, or let it go on; it outlives this one. Raises XCosError."""
    command = own_command("train", "--resume", str(path))
    try:
        (path / STOP).unlink(missing_ok=True)  # of an earlier process that did not come to read it
        with (path / OUTPUT).open("wb") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=own_environment(),
                **_apart(),
            )
    except OSError as error:
        raise XCosError(
            f"The run of {path} could not be started ({error.strerror}); start it by the command "
            f"xcos train --resume {path}."
        ) from error
    # The process says nothing until it has loaded, and what an earlier one said counts no more.
    write_whole(path / STATUS, status_text("running", STARTING, 0, 0, process.pid).encode())
    return process


def _apart() -> dict[str, Any]:
    """What keeps a process going when this one ends."""
    if sys.platform == "win32":
        apart = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
        return {"creationflags": apart}
    return {"start_new_session": True}


@dataclass(frozen=True)
class Measured:
    """How long a run will take here: seconds, and the estimate in words."""

    seconds: float
    words: str


@dataclass(frozen=True)
class EstimateRequest:
    """Settings as TOML, with paths relative to base, whose time a process of its own tells."""

    toml: str
    base: Path

    def run(self, running: Running) -> Measured:
        """Raises XCosError with the process's own sentence, and Stopped."""
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            config = Path(folder) / CONFIG
            settings = parse_config(self.toml, self.base)  # relative paths are the runs' folder's
            config.write_text(write_config(settings), encoding="utf-8")
            process = subprocess.Popen(
                own_command("train", str(config), "--estimate", "--into", folder, "--json"),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=own_environment(),
            )
            while process.poll() is None:
                if running.stopped():
                    process.kill()
                    process.wait()
                    raise Stopped("The estimate")
                seen = look(Path(folder))
                running.report(seen.what or "Starting a process", seen.done, seen.total)
                time.sleep(POLL)
            output, complaint = process.communicate()
        if process.returncode:
            said_last = [line for line in complaint.splitlines() if line.startswith(COMMAND)]
            raise XCosError(
                said_last[-1].removeprefix(COMMAND) if said_last else "The estimate failed."
            )
        estimate = json.loads(output)
        return Measured(float(estimate["run_seconds"]), str(estimate["words"]))
