"""Kills work at random moments, 40 times each, and tells what was lost.

    python -m tests.soak.kills [--times 40] [--seed N] [--kind score report train edits]

Each command runs in a process that is forked from one which has imported all, so that the kills
fall into the work. After each kill what is there must be whole, and the same command again must
give what an unbroken run gives.
"""

import argparse
import csv
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path
from random import Random
from typing import Any

from core.errors import XCosError
from core.files import PART
from core.project.edits import face_subject
from core.project.project import Project
from tests.living import living_weights, make_crops

PRELOADED = ["tests.soak.killed_work"]
UNBROKEN = 300  # seconds that a command may take
SLOWEST_EDIT = 60  # seconds until an edit of a child is told
EDITING = 0.4  # seconds of edits before a kill, at most
CONFIG = """
name = "little"
[data]
labelled = ["{crops}"]
cache = "{cache}"
[model]
backbone = "thin"
options = {{ stem = 4, widths = [4, 6, 8], depths = [1, 1, 1] }}
[target]
weights = "{weights}"
[optimisation]
steps = 12
batch = 8
photos_per_identity = 2
warm_up = 2
[hardware]
device = "cpu"
save_every = 2
threads = 1
"""


@dataclass
class Outcome:
    """How often work was killed while it ran, and what was wrong afterwards."""

    runs: int = 0
    killed: int = 0
    faults: list[str] = field(default_factory=list)


class Workplace:
    """A folder with a small gallery and weights, and children that work in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.crops = make_crops(folder / "crops", {"ann": 5, "bob": 4, "cem": 3})
        self.weights = living_weights(folder / "tiny.safetensors")
        forks = "forkserver" in get_all_start_methods()  # Windows lacks it
        self._context: Any = get_context("forkserver" if forks else "spawn")
        if forks:
            self._context.set_forkserver_preload(PRELOADED)

    def start(self, work: str, *said: Any) -> Any:
        """A child that does work of `tests.soak.killed_work`."""
        from tests.soak import killed_work

        child = self._context.Process(target=getattr(killed_work, work), args=said, daemon=True)
        child.start()
        return child

    def command(self, arguments: list[str]) -> tuple[int | None, str, float]:
        """Run a command to its end: exit code, what it said, and seconds."""
        told, began = self.folder / "told.txt", time.monotonic()
        told.unlink(missing_ok=True)
        child = self.start("command", arguments, told)
        child.join(UNBROKEN)
        if child.is_alive():
            child.kill()
            return None, "it did not come back", UNBROKEN
        said = told.read_text(encoding="utf-8") if told.exists() else ""
        return child.exitcode, said, time.monotonic() - began

    def broken(self, arguments: list[str], after: float) -> bool:
        """Kill a command some seconds after it began; whether it was still running."""
        child = self.start("command", arguments, self.folder / "broken.txt")
        child.join(after)
        running: bool = child.is_alive()
        child.kill()
        child.join()
        return running


def score(place: Workplace, rng: Random, times: int) -> Outcome:
    """A table is that of an unbroken run or not there, and so it is after another run."""
    return _table(place, rng, times, "score", "table.csv", lambda path, whole: path == whole)


def report(place: Workplace, rng: Random, times: int) -> Outcome:
    """A report is whole or not there."""
    return _table(
        place, rng, times, "report", "report.html", lambda made, _: made.endswith(b"</html>")
    )


def _table(
    place: Workplace,
    rng: Random,
    times: int,
    command: str,
    name: str,
    is_whole: Callable[[bytes, bytes], bool],
) -> Outcome:
    found = Outcome()

    def arguments(folder: Path) -> list[str]:
        said = [command, place.crops, "--aligned", "--model", place.weights, "--device", "cpu"]
        return [*map(str, said), "-o", str(folder / name), "--cache", str(folder / "c.sqlite")]

    whole, seconds = _reference(place, place.folder / f"{command}-whole", arguments, name)
    for number in range(times):
        folder = place.folder / f"{command}-{number}"
        folder.mkdir()
        found.runs += 1
        found.killed += place.broken(arguments(folder), rng.uniform(0, 1.05 * seconds))
        made = folder / name
        if made.exists() and not is_whole(made.read_bytes().strip(), whole):
            found.faults.append(f"{command} {number}: half a file after the kill")
        code, said, _ = place.command(arguments(folder))
        if code != 0:
            found.faults.append(f"{command} {number}: again it ended with {code}: {said[-300:]}")
        elif not is_whole(made.read_bytes().strip(), whole):
            found.faults.append(f"{command} {number}: another file after running again")
        if "built anew" in said or "cannot be used" in said:
            found.faults.append(f"{command} {number}: the cache was lost: {said[-300:]}")
        left = {path.name for path in folder.iterdir()}
        left -= {name, *(f"c.sqlite{end}" for end in ("", "-wal", "-shm"))}
        if odd := {one for one in left if not PART.fullmatch(one)}:  # parts go after a minute
            found.faults.append(f"{command} {number}: {odd} left behind")
        shutil.rmtree(folder)
    return found


def _reference(
    place: Workplace, folder: Path, arguments: Callable[[Path], list[str]], name: str
) -> tuple[bytes, float]:
    """What an unbroken run writes, and how long one takes when all is loaded."""
    folder.mkdir()
    for _ in range(2):  # the first one also waits for the imports
        for file in folder.iterdir():
            file.unlink()
        code, said, seconds = place.command(arguments(folder))
        if code != 0:
            raise SystemExit(f"The unbroken run ended with {code}: {said}")
    return (folder / name).read_bytes().strip(), seconds


def train(place: Workplace, rng: Random, times: int) -> Outcome:
    """The same command again goes on and gives the weights of an unbroken run, log and all."""
    found = Outcome()
    config = place.folder / "little.toml"
    cache = place.folder / "faces"
    config.write_text(
        CONFIG.format(
            crops=place.crops.as_posix(), cache=cache.as_posix(), weights=place.weights.as_posix()
        ),
        encoding="utf-8",
    )

    def arguments(folder: Path) -> list[str]:
        return ["train", str(config), "--into", str(folder)]

    began = time.monotonic()
    code, said, _ = place.command(arguments(place.folder / "train-whole"))
    seconds = time.monotonic() - began
    if code != 0:
        raise SystemExit(f"The unbroken run ended with {code}: {said}")
    whole = _weights(place.folder / "train-whole")
    for number in range(times):
        folder = place.folder / f"train-{number}"
        if number % 3 == 0:
            shutil.rmtree(cache, ignore_errors=True)  # its faces are decoded again
        found.runs += 1
        found.killed += place.broken(arguments(folder), rng.uniform(0, seconds))
        code, said, seconds = place.command(arguments(folder))
        if code != 0:
            found.faults.append(f"train {number}: again it ended with {code}: {said[-300:]}")
        elif _weights(folder) != whole:
            found.faults.append(f"train {number}: other weights than an unbroken run's")
        with (folder / "log.csv").open(newline="", encoding="utf-8") as file:
            steps = [row[0] for row in csv.reader(file)][1:]
        if len(steps) != len(set(steps)):
            found.faults.append(f"train {number}: steps logged twice: {steps}")
        shutil.rmtree(folder)
    return found


def _weights(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.glob("*.safetensors"))]


def edits(place: Workplace, rng: Random, times: int) -> Outcome:
    """Every edit that was told as made is in the project."""
    found, told = Outcome(), set[int]()
    project = place.folder / "p.xcos"
    for number in range(times):
        said, theirs = place._context.Pipe(duplex=False)
        child = place.start("edit", project, max(told, default=-1) + 2, theirs)
        theirs.close()
        if said.poll(SLOWEST_EDIT):  # the first one comes when all is loaded
            time.sleep(rng.uniform(0, EDITING))
        found.runs += 1
        found.killed += child.is_alive()
        child.kill()
        child.join()
        try:
            while True:
                told.add(said.recv())
        except (EOFError, OSError):
            said.close()
        try:
            kept = Project.read(project).edits.tags
        except XCosError as error:
            found.faults.append(f"edits {number}: {error}")
            continue
        lost = [one for one in sorted(told) if face_subject(f"{one}.jpg") not in kept]
        if lost:
            found.faults.append(f"edits {number}: {len(lost)} lost, such as {lost[:3]}")
    return found


Kind = Callable[[Workplace, Random, int], Outcome]  # how often is the last
KINDS: dict[str, Kind] = {
    "score": score,
    "report": report,
    "train": train,
    "edits": edits,
}


def main() -> int:
    """Kill and look; 1 where something was lost."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", nargs="+", choices=KINDS, default=[*KINDS])
    options = parser.parse_args()
    faults = 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ["XDG_STATE_HOME"] = os.environ["XDG_CACHE_HOME"] = folder
        place = Workplace(Path(folder))
        for kind in options.kind:
            found = KINDS[kind](place, Random(f"{kind} {options.seed}"), options.times)
            print(f"{kind}: {found.runs} runs, {found.killed} killed while they ran, ", end="")
            print(f"{len(found.faults)} faults", *found.faults, sep="\n", flush=True)
            faults += len(found.faults)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
