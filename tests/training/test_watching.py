"""What one sees of a run while it trains: all attention kinds' accuracy, and a pair's maps."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import Stopped, XCosError
from core.model.verifier import Verifier
from core.model.xcos import cosine_map
from core.progress import Task
from core.training.config import TrainConfig
from core.training.finish import finish
from core.training.loop import train
from core.training.run import RunDirectory
from core.training.validation import Validation
from tests.training.test_kinds_of_run import with_validation
from tests.training.test_training import config_for


def watched(crops: Path, weights: Path, tmp_path: Path) -> TrainConfig:
    config = with_validation(config_for(crops, weights, tmp_path), crops)
    return replace(config, hardware=replace(config.hardware, validate_every=2))


def rows_of(run: Path) -> list[dict[str, str]]:
    with (run / "validation.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_all_kinds_are_validated_and_a_resumed_run_says_the_same(
    crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    config = watched(crops, tiny_weights, tmp_path)
    train(config, tmp_path / "whole")
    wanted = rows_of(tmp_path / "whole")
    assert list(wanted[0]) == ["step", "learned", "uniform", "correlation", "fc"]
    assert [row["step"] for row in wanted] == ["2", "4", "6"]
    with pytest.raises(Stopped):
        train(
            config,
            tmp_path / "broken",
            task=Task(stopped=lambda: (tmp_path / "broken/last.ckpt").exists()),
        )
    train(config, tmp_path / "broken")
    assert rows_of(tmp_path / "broken") == wanted


def test_correlation_while_training_is_of_the_training_pairs(
    crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    done = train(config_for(crops, tiny_weights, tmp_path), tmp_path / "run")
    card = finish(done, tmp_path / "little.safetensors")
    (answers,) = done.answers
    cells, cosines = [], []
    for number in range(3):
        faces = np.unique(done.sampler.batch(number).faces)
        grid = torch.from_numpy(Verifier(card.path).features(done.faces.take(faces)).grid)
        for i in range(len(faces)):
            for j in range(i + 1, len(faces)):
                cells.append(cosine_map(grid[i : i + 1], grid[j : j + 1])[0].numpy().ravel())
                both = answers.embeddings[0][faces[[i, j]]]
                cosines.append(float(both[0] @ both[1]))
    table = np.column_stack([*np.array(cells).T, cosines])
    expected = np.corrcoef(table.T)[-1, :-1].clip(min=0)
    found = done.correlation(3)
    assert found is not None
    np.testing.assert_allclose(found.ravel(), expected / expected.sum(), atol=1e-4)


def test_pair_is_redrawn_every_epoch(
    crops: Path, tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.training.loop.LOG_EVERY", 1)
    kept: list[int] = []
    monkeypatch.setattr(RunDirectory, "keep_pair", lambda _, step, *maps: kept.append(step))
    config = with_validation(config_for(crops, tiny_weights, tmp_path), crops)
    # Nine faces in batches of eight: an epoch has two steps, and the only validation is the last.
    train(config, tmp_path / "run")
    assert kept == [0, 2, 4, 6]


def test_later_columns_join_an_earlier_log(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    run.log_validation({"step": 1, "learned": 0.5})
    run.log_validation({"step": 2, "learned": 0.75, "correlation": 0.6})
    run.close()
    assert rows_of(tmp_path) == [
        {"step": "1", "learned": "0.5", "correlation": ""},
        {"step": "2", "learned": "0.75", "correlation": "0.6"},
    ]


def test_a_validation_list_needs_both_sorts_of_pairs(
    crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    config = watched(crops, tiny_weights, tmp_path)
    assert config.data.validation is not None
    genuine = config.data.validation.read_text().splitlines()[1]
    config.data.validation.write_text(f"1\n{genuine}\n{genuine}\n")
    with pytest.raises(XCosError, match=r"list.txt has not both genuine and impostor pairs"):
        Validation.of(config)
    config.data.validation.write_text("0\n")
    with pytest.raises(XCosError, match=r"list.txt has no pairs; name another list"):
        Validation.of(config)
