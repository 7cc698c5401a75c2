"""A run that goes on where another one ended, in a folder of its own."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

from core.errors import XCosError
from core.files import write_whole
from core.training.config import TrainConfig, read_config, write_config
from core.training.run_files import CONFIG, LOG, VALIDATION

CHECKPOINT, BEST = "last.ckpt", "best.ckpt"
KEPT = (CHECKPOINT, BEST, LOG, VALIDATION)  # what a run goes on from
FACES = ("gallery", "labelled", "unlabelled")  # settings of data that say which faces are learned


def refuse_other_faces(run: Path, config: TrainConfig) -> None:
    """Raises XCosError where a folder's checkpoint has learned other faces than the config's.

    Going on from it, people that it has learned could be among those held out.
    """
    if not ((run / CHECKPOINT).is_file() and (run / CONFIG).is_file()):
        return
    earlier = read_config(run / CONFIG).data
    if any(_places(getattr(earlier, n)) != _places(getattr(config.data, n)) for n in FACES):
        raise XCosError(
            f"{run} holds a run on other faces, whose weights would be lost; name another folder "
            f"with --into, or go on with it by --resume {run}."
        )


def _places(named: Path | list[Path] | None) -> list[str]:
    paths = named if isinstance(named, list) else [] if named is None else [named]
    return [os.path.abspath(path) for path in paths]


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
