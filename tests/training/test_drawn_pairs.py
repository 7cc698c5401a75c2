"""Which pairs a step draws: others at each step, and by the run's own seed."""

from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from core.progress import QUIET
from core.training import training as steps
from core.training.run import RunDirectory
from core.training.training import Training
from tests.training.test_training import config_for


def test_pairs_are_drawn_by_the_seed_of_the_run_and_the_number_of_the_step(
    crops: Path, tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []
    beside = steps.Beside

    def noted(lesson: Any, draw: Any, hidden: Any) -> Any:
        drawn.append(draw.initial_seed())
        return beside(lesson, draw, hidden)

    monkeypatch.setattr(steps, "Beside", noted)
    config = config_for(crops, tiny_weights, tmp_path)
    config = replace(config, optimisation=replace(config.optimisation, accumulate=2))
    seen: list[list[int]] = []
    for number, seed in enumerate((0, 1, 1)):
        other = replace(config, hardware=replace(config.hardware, seed=seed))
        training = Training(other, RunDirectory(tmp_path / f"run{number}"), QUIET)
        drawn.clear()
        list(islice(training.rows(), 3))
        seen.append(drawn[:])
    assert len(seen[0]) == 6 and len({*seen[0], *seen[1]}) == 12  # two parts of three steps, twice
    assert seen[1] == seen[2]
