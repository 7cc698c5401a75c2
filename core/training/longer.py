"""A run that goes on where another one ended, in a folder of its own."""

import shutil
from dataclasses import replace
from pathlib import Path

from core.errors import XCosError
from core.files import write_whole
from core.training.config import TrainConfig, read_config, write_config
from core.training.run_files import CONFIG, LOG, VALIDATION

CHECKPOINT, BEST = "last.ckpt", "best.ckpt"
KEPT = (CHECKPOINT, BEST, LOG, VALIDATION)  # what a run goes on from


def train_longer(run: Path, into: Path) -> TrainConfig:
    """Fill an empty folder so that resuming it adds as many steps again as a run has taken.

    The other run stays as it is. Raises XCosError where it has no checkpoint, or into cannot be
    written.
    """
    config = read_config(run / CONFIG)
    if not (run / CHECKPOINT).is_file():
        raise XCosError(f"{run} has no checkpoint to go on from; start a new run instead.")
    steps = config.optimisation
    longer = replace(
        config,
        optimisation=replace(
            steps, steps=2 * steps.steps, epochs=2 * steps.epochs, patience=2 * steps.patience
        ),
    )
    try:
        for name in KEPT:
            if (run / name).is_file():
                shutil.copy2(run / name, into / name)
    except OSError as error:
        raise XCosError(
            f"{into} cannot be written: {error.strerror or error}; make room and try again."
        ) from error
    write_whole(into / CONFIG, write_config(longer).encode())
    return longer
