"""What an earlier run or an estimate has prepared: found again where it is the same, and only there."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.progress import Task
from core.training.config import (
    DataConfig,
    HardwareConfig,
    LossConfig,
    OptimisationConfig,
    TargetConfig,
    TrainConfig,
)
from core.training.estimate import estimate
from core.training.loop import train
from core.training.resumable_arrays import counted
from core.training.run import RunDirectory
from core.training.training import Training
from tests.living import make_crops
from tests.training.test_training import config_for, logged


def prepared(config: TrainConfig, run: Path, said: list[str] | None = None) -> Training:
    said = [] if said is None else said
    training = Training(config, RunDirectory(run), Task(lambda what, *_: said.append(what)))
    training.feed.close()
    training.run.close()
    return training


def test_photos_without_names_have_neighbours_though_they_were_seen_with_names_before(
    crops: Path, tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Random crops are alike to random weights, so alike that each counts as the same picture.
    monkeypatch.setattr("core.training.positive_mining.SAME_PICTURE", 2.0)
    config = config_for(crops, tiny_weights, tmp_path)
    config = replace(config, losses=LossConfig(pairs=20, alike=-1.0))
    cache = config.data.cache
    named = replace(config, data=DataConfig(labelled=[crops], cache=cache))
    assert prepared(named, tmp_path / "named").sampler._neighbours.max() == -1
    nameless = replace(config, data=DataConfig(unlabelled=[crops], cache=cache))
    neighbours = prepared(nameless, tmp_path / "nameless").sampler._neighbours
    assert [sorted(row[row >= 0].tolist()) for row in neighbours] == [
        [other for other in range(6) if other != face] for face in range(6)
    ]


def test_an_estimate_leaves_out_the_people_held_out_and_finds_what_a_run_prepared(
    tiny_weights: Path, tmp_path: Path
) -> None:
    folder = make_crops(tmp_path / "people", {f"p{number:02}": 4 for number in range(12)})
    config = TrainConfig(
        data=DataConfig(labelled=[folder], cache=tmp_path / "cache", held_out=0.5),
        target=TargetConfig(tiny_weights),
        losses=LossConfig(pairs=20),
        optimisation=OptimisationConfig(epochs=2, batch=8, photos_per_identity=2),
        hardware=HardwareConfig(device="cpu", threads=1),
    )
    config = replace(config, model=config_for(folder, tiny_weights, tmp_path).model)
    before = estimate(config)
    assert (before.faces, before.epoch_steps, before.steps) == (24, 3, 6)
    assert before.preparing_seconds > 0
    prepared(config, tmp_path / "run")
    assert estimate(config).preparing_seconds == 0


@pytest.mark.parametrize("damage", ["gone", "cut", "empty"])
def test_answers_whose_file_was_damaged_are_asked_for_again(
    crops: Path, tiny_weights: Path, tmp_path: Path, damage: str
) -> None:
    config = config_for(crops, tiny_weights, tmp_path)
    whole = np.array(prepared(config, tmp_path / "first").answers[0].embeddings)
    (file,) = (tmp_path / "cache").glob("faces-*/target-*/embeddings.npy")
    content = file.read_bytes()
    file.unlink()
    if damage != "gone":
        file.write_bytes(content[: len(content) // 2] if damage == "cut" else b"")
    assert counted(file.with_name("done.txt")) == 9
    assert counted(file.with_name("done.txt"), file) == 0
    again = prepared(config, tmp_path / "again").answers[0].embeddings
    assert np.array_equal(again, whole)


def test_any_seed_that_a_config_can_name_draws(
    crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    config = config_for(crops, tiny_weights, tmp_path)
    runs = []
    for seed in (2**63 - 1, 2**62):
        hardware = replace(config.hardware, seed=seed)
        train(replace(config, hardware=hardware), tmp_path / str(seed))
        runs.append(logged(tmp_path / str(seed)))
    assert runs[0] != runs[1]
