"""The training loop: steps, what is logged of them, checkpoints, and when it ends."""

import time
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import numpy as np

from core.errors import Stopped
from core.progress import QUIET, Task
from core.training.config import LocalityConfig, LossConfig, TrainConfig
from core.training.correlation import WATCHED
from core.training.parallel import any_process
from core.training.run import RunDirectory
from core.training.schedule import steps_of_epoch
from core.training.training import StepLosses, Training
from core.training.validation import accuracies, separation

LOG_EVERY = 25  # steps
LOSS_NAMES = [
    f.name.removesuffix("_weight")
    for f in (*fields(LossConfig), *fields(LocalityConfig))
    if f.name.endswith("_weight") and f.name != "alike_weight"
]


def train(
    config: TrainConfig,
    path: Path,
    *,
    task: Task = QUIET,
) -> Training:
    """Train in a run directory, resuming the checkpoint that lies there; returns it finished.

    Asks stopped() at every step and saves before it leaves by Stopped.
    Raises XCosError for settings, files or losses that the user can mend.
    """
    training = Training(config, RunDirectory(path), task)
    try:
        _run(training, task)
    finally:
        training.feed.close()
        training.run.close()
    return training


def _run(training: Training, task: Task) -> None:
    run, hardware = training.run, training.config.hardware
    if training.fabric.is_global_zero:
        run.tell_problems(training.problems)
    state = run.load(run.last)
    if state is not None:
        training.resume(state)
    total = training.steps
    # Of few faces an epoch is shorter than anybody looks.
    epoch = max(LOG_EVERY, steps_of_epoch(training.config.optimisation, len(training.faces)))
    _keep_pair(training)
    recent: list[StepLosses] = []
    numbers: list[dict[str, float]] = []
    on_cpu = training.fabric.device.type == "cpu"
    clock = time.monotonic()
    patient = training.validation is not None and training.config.optimisation.patience > 0
    if training.step == 0 and patient:
        _validate(training)  # what it starts from may be the best
    for row in training.rows():
        recent.append(row)
        step = training.step
        task.report("Training", step, total)
        validate = step % hardware.validate_every == 0 or step == total
        save = step % hardware.save_every == 0 or step == total
        leave = any_process(task.stopped()) and step < total
        log = step % LOG_EVERY == 0 or validate
        # A GPU works ahead of its losses; they are looked at before anything is kept.
        if log or save or leave or on_cpu:
            numbers += training.numbers(recent)
            recent = []
        if log:
            log_row(training, numbers, (time.monotonic() - clock) / len(numbers))
            numbers, clock = [], time.monotonic()
        if validate and training.validation is not None:
            _validate(training)
            clock = time.monotonic()
        if validate or step % epoch == 0:
            _keep_pair(training)
        if save:
            training.save(run.last)
        if leave:
            training.save(run.last)
            raise Stopped("The training")
        if any_process(not training.patient):
            training.save(run.last)
            break
    if patient:
        training.take_best()


def log_row(training: Training, recent: list[dict[str, float]], seconds: float) -> None:
    """Log the mean losses of some steps; seconds: that each took."""
    if not training.fabric.is_global_zero:
        return
    names = ["rate", *LOSS_NAMES, "total"]
    values = {n: [row[n] for row in recent if n in row] for n in names}
    mean = {n: float(np.mean(numbers)) if numbers else None for n, numbers in values.items()}
    batch = training.config.optimisation.batch
    speed = {"photos_per_second": batch / seconds, "seconds_per_step": seconds}
    row = {"step": training.step} | _rounded(speed) | _rounded(mean)
    training.run.log(row)


def _validate(training: Training) -> None:
    assert training.validation is not None
    if training.fabric.is_global_zero:
        device, correlation = training.fabric.device, training.correlation(WATCHED)
        validation = training.validation
        scores = validation.scores(training.exported, device, correlation)
        accuracy = accuracies(scores, validation.same)
        training.run.log_validation({"step": training.step} | _rounded(accuracy))
        kind = "learned" if "learned" in scores else "fc"
        reached = accuracy[kind]
        if training.config.optimisation.patience:
            reached = separation(scores[kind], validation.same)
        training.without_gain += 1
        if reached > training.best:
            training.best, training.without_gain = reached, 0
            training.save(training.run.best)
    training.fabric.barrier()


def _keep_pair(training: Training) -> None:
    """Draw the maps of the fixed validation pair anew."""
    if training.validation is None or not training.fabric.is_global_zero:
        return
    pair = training.validation.first_genuine(training.exported, training.fabric.device)
    if pair is not None:
        training.run.keep_pair(training.step, *pair)


def _rounded(row: Mapping[str, float | None]) -> dict[str, float | None]:
    return {n: None if value is None else float(f"{value:.6g}") for n, value in row.items()}
