"""A run that goes on where another one ended."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import XCosError
from core.training.config import read_config
from core.training.longer import train_longer
from core.training.loop import train
from core.training.run_files import CONFIG, LOG
from tests.training.test_training import config_for


def test_a_longer_run_goes_on_from_the_checkpoint_in_its_own_folder(
    crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    run, into = tmp_path / "run", tmp_path / "longer"
    into.mkdir()
    config = config_for(crops, tiny_weights, tmp_path)
    config = replace(config, hardware=replace(config.hardware, validate_every=3))
    done = train(config, run)
    kept = {path.name: path.read_bytes() for path in run.iterdir() if path.is_file()}
    longer = train_longer(run, into)
    assert longer.optimisation.steps == 12 and read_config(into / CONFIG) == longer
    going = train(longer, into)
    assert (done.step, going.step) == (6, 12)
    steps = [int(line.split(",")[0]) for line in (into / LOG).read_text().splitlines()[1:]]
    assert steps == sorted(set(steps)) and steps[-1] == 12 and steps[0] <= 6
    assert kept == {path.name: path.read_bytes() for path in run.iterdir() if path.is_file()}


def test_without_a_checkpoint_there_is_nothing_to_go_on_from(
    crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    train(config_for(crops, tiny_weights, tmp_path), run)
    (run / "last.ckpt").unlink()
    with pytest.raises(XCosError, match=r"run has no checkpoint to go on from; start a new run"):
        train_longer(run, tmp_path)
