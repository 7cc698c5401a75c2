"""Configs as files and as settings given one by one, the presets that ship, and learning rates."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.cli import main
from core.errors import XCosError
from core.model.backbones import build_backbone
from core.model.card import read_card
from core.resources import resource_path
from core.training.assignments import with_settings
from core.training.config import (
    OptimisationConfig,
    TrainConfig,
    read_config,
    write_config,
)
from core.training.run_files import PROBLEMS
from core.training.schedule import learning_rate, total_steps
from core.training.watch import look


def test_shipped_presets_are_valid() -> None:
    paths = sorted(resource_path("presets").glob("*.toml"))
    assert {"small", "laptop", "paper-arcface", "paper-cosface"} <= {path.stem for path in paths}
    for path in paths:
        text = path.read_text(encoding="utf-8")
        # No place of anybody's disk: what to name is told, or stands beside the config.
        assert "../" not in text and "/home" not in text
        model = read_config(path).model
        with torch.device("meta"):
            assert build_backbone(model.backbone, **model.options).channels


def test_settings_given_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = with_settings(
        TrainConfig(),
        [
            "name=mine",
            "data.labelled=people",
            'data.unlabelled=["a", "b"]',
            "optimisation.learning_rate=1",
            "losses.identification = arcface",
            "model.options={ stem = 8 }",
            "target.live=true",
        ],
    )
    assert config.name == "mine" and config.data.labelled == [tmp_path / "people"]
    assert config.data.unlabelled == [tmp_path / "a", tmp_path / "b"]
    assert config.optimisation.learning_rate == 1.0 and config.losses.identification == "arcface"
    assert config.model.options == {"stem": 8} and config.target.live is True
    assert config.optimisation.steps == TrainConfig().optimisation.steps


@pytest.mark.parametrize(
    ("assignment", "told"),
    [
        ("steps=3", "'steps=3' is no setting"),
        ("optimisation.stepz=3", "is no setting"),
        ("optimisation=3", "is no setting"),
        ("optimisation.steps", "write GROUP.NAME=VALUE"),
        ("optimisation.steps=few", r"optimisation\.steps is 'few'"),
        ("optimisation.steps=0", "at least 1"),
        ("losses.identification=triplet", "choose one of none, cosface, arcface"),
    ],
)
def test_a_setting_that_does_not_fit_is_named(assignment: str, told: str) -> None:
    with pytest.raises(XCosError, match=told):
        with_settings(TrainConfig(), [assignment])


def little_run(crops: Path, target: Path) -> dict[str, object]:
    """Settings by which the preset takes two steps of a small network."""
    return {
        "data.labelled": crops,
        "data.unlabelled": crops / "ann",
        "target.weights": target,
        "model.options": "{ widths = [4, 4, 6, 8], depths = [1, 1, 1, 1], spatial = [1, 0, 0, 0] }",
        "losses.map_weight": 0,
        "optimisation.steps": 2,
        "optimisation.batch": 8,
        "losses.pairs": 8,
        "locality.pairs": 8,
        "hardware.device": "cpu",
        "hardware.precision": "32-true",
        "hardware.compile": "false",
    }


def test_a_preset_by_its_name_with_settings(
    crops: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = little_run(crops, tiny_weights)
    settings = [part for name, value in values.items() for part in ("--set", f"{name}={value}")]
    assert main(["train", "robust", "--into", str(tmp_path / "run"), *settings]) == 0
    assert capsys.readouterr().out.startswith(str(tmp_path / "run" / "xcos-robust.safetensors"))
    ended = look(tmp_path / "run")
    assert (ended.state, ended.what, ended.done, ended.total) == ("finished", "Finished", 1, 1)
    card = read_card(tmp_path / "run" / "xcos-robust.safetensors")
    assert card.law == "strict" and card.backbone == "local"
    # Decoded faces went to the user's cache, since none was named.
    assert list((tmp_path / "user" / "training").glob("faces-*"))
    assert main(["train", "--resume", str(tmp_path / "run"), "--set", "name=x"]) == 1
    assert "leave --set out" in capsys.readouterr().err


@pytest.mark.parametrize("damaged", (5, 6))
def test_photos_left_out_are_named_the_first_ones_at_once(
    crops: Path,
    tiny_weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    damaged: int,
) -> None:
    for number in range(damaged):
        (crops / "ann" / f"broken{number}.png").write_bytes(b"no picture")
    values = little_run(crops, tiny_weights) | {"data.unlabelled": crops / "bob"}
    settings = [part for name, value in values.items() for part in ("--set", f"{name}={value}")]
    assert main(["train", "robust", "--into", str(tmp_path / "run"), *settings]) == 0
    told = capsys.readouterr().err.splitlines()
    named = [line for line in told if line.startswith("xcos: problem: ")]
    assert len(named) == 5 and all(f"broken{k}.png" in named[k] for k in range(5))
    more = [line for line in told if "photos were left out" in line]
    listed = tmp_path / "run" / PROBLEMS
    wanted = [f"xcos: {damaged} photos were left out; {listed} names all."]
    assert more == (wanted if damaged > 5 else [])
    assert sum("broken" in line for line in listed.read_text().splitlines()) == damaged


def test_config_survives_the_file(tmp_path: Path) -> None:
    config = read_config(resource_path("presets", "small.toml"))
    (tmp_path / "c.toml").write_text(write_config(config))
    tomllib.loads(write_config(config))
    again = read_config(tmp_path / "c.toml")
    assert again.optimisation == config.optimisation and again.model == config.model
    assert [p.resolve() for p in again.data.labelled] == [p.resolve() for p in config.data.labelled]


@pytest.mark.parametrize(
    "text, wanted",
    [
        ("nonsense = 1", "unknown setting nonsense"),
        ("[data]\nlabeled = []", "unknown setting data.labeled"),
        (
            "[optimisation]\nbatch = 'many'",
            "optimisation.batch is 'many', but must be a whole number",
        ),
        ("[optimisation]\nbatch = 1", "optimisation.batch is 1; give at least 4"),
        ("[losses]\nidentification = 'softmax'", "choose one of none, cosface, arcface"),
        ("[optimisation]\nlearning_rate = nan", "finite"),
        ("data = 3", "data must be a table"),
        ("[data", "is not TOML"),
    ],
)
def test_config_mistakes_name_the_setting(tmp_path: Path, text: str, wanted: str) -> None:
    path = tmp_path / "c.toml"
    path.write_text(text)
    with pytest.raises(XCosError) as error:
        read_config(path)
    assert wanted in str(error.value) and "c.toml" in str(error.value)


def test_a_config_that_is_no_text_is_called_so(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_bytes("name = 'B\u00e9la'".encode("latin-1"))
    with pytest.raises(XCosError, match=r"c.toml is not UTF-8 at byte 9; save it as UTF-8"):
        read_config(path)


def test_learning_rates() -> None:
    cool = OptimisationConfig(
        steps=100, learning_rate=1.0, warm_up=10, schedule="constant", cool_down=20
    )
    rates = [learning_rate(step, 100, cool) for step in range(100)]
    assert rates[0] == pytest.approx(0.1) and rates[50] == 1 and rates[90] == pytest.approx(0.5)
    paper = OptimisationConfig(
        steps=100, learning_rate=1e-3, warm_up=0, schedule="steps", milestones=[12, 15, 18]
    )
    expected = pytest.approx([1e-3, 1e-4, 1e-5, 1e-6])
    assert [learning_rate(s, 100, paper) for s in (0, 12, 15, 18)] == expected
    by_epochs = replace(paper, epochs=20)
    assert [learning_rate(s * 7, 140, by_epochs, 7) for s in (0, 12, 15, 18)] == expected
    assert total_steps(replace(by_epochs, batch=10), 65) == 140
