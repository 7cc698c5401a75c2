"""How long a run will take: a few of its steps, timed on a few of its faces."""

import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import psutil
import torch

from core.errors import Stopped
from core.faces.face import SIDE
from core.json_text import json_text
from core.model.target import Target
from core.progress import QUIET, Task, duration
from core.training.config import TrainConfig, needs_target
from core.training.correlation import WATCHED
from core.training.data import (
    DONE,
    faces_folder,
    identities_of,
    open_sources,
    training_faces,
    views_kept,
)
from core.training.encoding import encode
from core.training.held_out import MOST_PHOTOS, people_held_out, without_people
from core.training.named_files import target_choice, with_files
from core.training.resumable_arrays import counted
from core.training.run import RunDirectory
from core.training.schedule import steps_of_epoch, total_steps
from core.training.sources import FaceSource, SomeFaces
from core.training.training import Training
from core.training.validation import listed_photos

SAMPLE = 128  # faces
WARM_UP, STEPS = 2, 8  # steps before the clock runs, and most that are timed
LONGEST = 20.0  # seconds of timing, once a step was timed


@dataclass(frozen=True)
class Estimate:
    """What a run will take on this machine, as one process.

    faces, steps:      of the run; epoch_steps: steps of a pass over the faces
    batch:             faces a step
    seconds_per_step:  median of the timed steps
    epoch_seconds:     of a pass, without validations
    preparing_seconds: before the first step: decoding, the target's answers, a frozen model's maps
    run_seconds:       of all, validations too
    peak_bytes:        memory of the process, or of the GPU, after the timed steps
    """

    faces: int
    steps: int
    epoch_steps: int
    batch: int
    seconds_per_step: float
    epoch_seconds: float
    preparing_seconds: float
    run_seconds: float
    peak_bytes: int

    def as_json(self) -> str:
        """For a process that asked."""
        return json_text(asdict(self) | {"words": self.words})

    @property
    def words(self) -> str:
        """The estimate in a sentence or two."""
        text = (
            f"An epoch of {self.faces:,} faces takes about {duration(self.epoch_seconds)} "
            f"({self.seconds_per_step:.2g} s a step of {self.batch} faces), and the whole run of "
            f"{self.steps:,} steps about {duration(self.run_seconds)}"
        )
        if self.preparing_seconds >= 1:
            text += f", of it {duration(self.preparing_seconds)} to prepare the faces"
        return f"{text}. It takes {self.peak_bytes / 1e9:.1f} GB of memory."


def estimate(config: TrainConfig, task: Task = QUIET) -> Estimate:
    """Time a few steps of a run in a folder that is thrown away. Raises XCosError and Stopped."""
    config = with_files(config)
    every = open_sources(config.data, config.model.start, task)
    names = identities_of(every)
    people = people_held_out(config, names)
    sources = without_people(every, names, people)
    count = sum(len(source.identities) for source in sources)
    timed_task = _Stopwatch(task)
    target = target_choice(config) if needs_target(config) else None
    if target is not None:  # loading it must not count
        task.report("Loading the target", 0, 0)
        Target(target, config.hardware.device).embeddings(np.zeros((1, SIDE, SIDE, 3), np.uint8))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        brief = _brief(config, Path(folder))
        some = training_faces(brief.data, timed_task, _thinned(sources))
        known = sorted({*identities_of(sources).tolist()} - {""})
        # The head that tells people apart has its full size.
        faces = replace(some, identities=tuple(known) or some.identities)
        training = Training(brief, RunDirectory(Path(folder) / "run"), timed_task, faces)
        try:
            seconds = _timed(training, task)
            encoding = _encoding(training)
            peak = _peak(training.fabric.device)
        finally:
            training.feed.close()
            training.run.close()
    views = {"Computing maps": views_kept(count) / views_kept(len(some))}
    preparing = sum(
        timed_task.seconds[what] / len(some) * left * views.get(what, 1.0)
        for what, left in _left(config, sources, count).items()
        if what in timed_task.seconds
    )
    optimisation = config.optimisation
    steps, epoch = total_steps(optimisation, count), steps_of_epoch(optimisation, count)
    looked_at = listed_photos(config) or _tried(names, people)
    looks = steps / config.hardware.validate_every if looked_at else 0
    checking = looks * encoding * (looked_at + WATCHED * optimisation.batch)
    return Estimate(
        faces=count,
        steps=steps,
        epoch_steps=epoch,
        batch=optimisation.batch,
        seconds_per_step=seconds,
        epoch_seconds=epoch * seconds,
        preparing_seconds=preparing,
        run_seconds=steps * seconds + preparing + checking,
        peak_bytes=peak,
    )


def _tried(names: np.ndarray, people: list[str]) -> int:
    """How many faces of the people held out are seen at each validation; names: of all faces."""
    _, counts = np.unique(names[np.isin(names, people)], return_counts=True)
    return int(np.minimum(counts, MOST_PHOTOS).sum())


class _Stopwatch(Task):
    """A task that adds up how long each phase takes."""

    def __init__(self, task: Task) -> None:
        super().__init__(self._note, task.stopped)
        self.seconds: dict[str, float] = {}
        self._report, self._what, self._since = task.report, "", 0.0

    def _note(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if self._what:
            self.seconds[self._what] = self.seconds.get(self._what, 0.0) + now - self._since
        self._what, self._since = what, now
        self._report(what, done, total)


def _brief(config: TrainConfig, folder: Path) -> TrainConfig:
    return replace(
        config,
        data=replace(config.data, cache=folder / "cache", validation=None),
        optimisation=replace(config.optimisation, steps=WARM_UP + STEPS, epochs=0, milestones=[]),
    )


def _thinned(sources: tuple[FaceSource, ...]) -> tuple[FaceSource, ...]:
    """Some faces of each source, drawn by a fixed seed, the total SAMPLE where there are so many."""
    rng = np.random.default_rng(0)
    counts = [len(source.identities) for source in sources]
    shares = [max(2, SAMPLE * count // sum(counts)) for count in counts]
    return tuple(
        SomeFaces(source, np.sort(rng.permutation(count)[:share]))
        for source, count, share in zip(sources, counts, shares, strict=True)
    )


def _timed(training: Training, task: Task) -> float:
    times: list[float] = []
    begun = clock = time.monotonic()
    for number, row in enumerate(training.rows()):
        training.numbers([row])  # waits for the device
        now = time.monotonic()
        task.report("Timing steps", number + 1, WARM_UP + STEPS)
        if number >= WARM_UP:
            times.append(now - clock)
        else:
            begun = now
        if task.stopped():
            raise Stopped("The estimate")
        if times and now - begun > LONGEST:
            break
        clock = time.monotonic()
    return float(np.median(times))


def _encoding(training: Training) -> float:
    """Seconds to encode a face."""
    which = np.arange(min(SAMPLE // 2, len(training.faces)))
    crops, maps = training.faces.take(which), None
    if training.maps is not None:
        maps = training.maps[0, which]
    begun = time.monotonic()
    encode(training.exported, training.fabric.device, crops, maps, training.normalise)
    return (time.monotonic() - begun) / len(which)


def _peak(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.max_memory_reserved(device))
    return int(psutil.Process().memory_info().rss)


def _left(config: TrainConfig, sources: tuple[FaceSource, ...], count: int) -> dict[str, int]:
    """Faces that each phase of preparing has still to see, by what it reports."""
    folder = faces_folder(config.data, sources)
    markers = {"Asking the target": "target-*/done*.txt", "Computing maps": "frozen-*/done.txt"}
    left = {
        what: count - max((counted(path) for path in folder.glob(pattern)), default=0)
        for what, pattern in markers.items()
    }
    return left | {"Decoding faces": 0 if (folder / DONE).exists() else count}
