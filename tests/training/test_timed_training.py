"""Training by the clock: the rate follows it, the run ends with it, and goes on from there."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.progress import QUIET
from core.training.finish import finish
from core.training.run import RunDirectory
from core.training.run_files import logged_rows
from core.training.training import Training
from scripts.timed_training import TimedTraining, train_for
from tests.training.test_training import config_for


class Clock:
    """A second for each look at it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


def test_the_rate_follows_the_clock_and_the_run_ends_with_it(
    crops: Path, tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_for(crops, tiny_weights, tmp_path)
    fast = replace(config.optimisation, warm_up=2, learning_rate=0.01)
    config = replace(config, optimisation=fast)
    training = TimedTraining(config, RunDirectory(tmp_path / "run"), QUIET)
    seen: list[float] = []
    step = Training._step

    def noted(self: Training):  # type: ignore[no-untyped-def]
        row = step(self)
        seen.append(row.rate)
        return row

    monkeypatch.setattr(Training, "_step", noted)
    train_for(training, 100.0, 0.5, Clock())
    assert training.step == len(seen) > 30
    assert seen[0] == pytest.approx(0.005) and seen[1] == pytest.approx(0.01)
    falling = np.array(seen[1:])
    assert (np.diff(falling) <= 1e-12).all()  # constant, then down to nearly nothing
    assert 0.4 < (falling > 0.00999).mean() < 0.6 and falling[-1] < 0.001
    assert len(logged_rows(tmp_path / "run" / "log.csv").rows) == training.step // 25
    card = finish(training, tmp_path / "timed.safetensors")
    assert f"{training.step} steps of 8 faces" in card.training

    again = TimedTraining(config, RunDirectory(tmp_path / "run"), QUIET)
    train_for(again, 20.0, 0.5, Clock())
    assert again.step > training.step
