"""A target's input on the command line, in projects and in training."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.cli import main
from core.faces.choose import GallerySettings
from core.model.normalisation import same_for_all
from core.model.target_choice import TargetChoice
from core.project.project import Project
from core.project.state import ProjectState, state_of
from core.training.checks import contradiction
from core.training.config import TrainConfig, parse_config, write_config
from core.training.named_files import target_choice
from tests.onnx_models import expected, face_model


def test_channels_and_normalisation_reach_the_target(
    crops: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = face_model(tmp_path / "face.onnx")
    photos = [crops / "ann" / "1.png", crops / "bob" / "1.png"]
    pixels = np.stack([np.array(Image.open(photo).convert("RGB")) for photo in photos])
    asked = ["explain", *map(str, photos), "--aligned", "--json", "--model", str(tiny_weights)]
    asked += ["--cache", str(tmp_path / "cache.sqlite"), "--target", str(path)]
    for said, wanted in (
        ([], expected(pixels)),
        (["--target-channels", "bgr"], expected(pixels[..., ::-1])),
        (["--target-normalisation", "100,50"], expected(pixels, 100, 50)),
        ([], expected(pixels)),  # each from its own place in the cache
    ):
        assert main([*asked, *said]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["target_cosine"] == pytest.approx(wanted[0] @ wanted[1], abs=1e-4)


def test_an_input_without_a_target_is_refused(
    crops: Path, tiny_weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["score", str(crops), "--aligned", "--model", str(tiny_weights), "-o", "x.csv"]
    assert main([*asked, "--target-channels", "bgr"]) == 1
    assert "name one with --target" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        main([*asked, "--target-normalisation", "1,0"])
    assert ended.value.code == 2 and "divides by 0" in capsys.readouterr().err


def test_models_shows_how_a_target_is_given_faces(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", str(face_model(tmp_path / "face.onnx"))]) == 0
    assert "RGB, (x \N{MINUS SIGN} 127.5) / 127.5" in capsys.readouterr().out


def test_a_project_keeps_the_input(tmp_path: Path, crops: Path) -> None:
    choice = TargetChoice(tmp_path / "t.onnx", "BGR", same_for_all(127.5, 128))
    state = ProjectState(crops, settings=GallerySettings(aligned=True), target=choice)
    project = Project.open(crops, tmp_path)
    for wanted in (choice, TargetChoice(choice.path)):
        said = replace(state, target=wanted).to_json(tmp_path / "p.xcos")
        saved = project.saved_as(tmp_path / "p.xcos", said)
        assert state_of(Project.read(saved.path)).target == wanted


def test_training_keeps_answers_apart_by_input(tmp_path: Path) -> None:
    path = face_model(tmp_path / "face.onnx")
    config = TrainConfig()
    config = replace(config, target=replace(config.target, weights=path))
    other = replace(config, target=replace(config.target, channels="bgr", normalisation="none"))
    assert target_choice(config) == TargetChoice(path)
    assert target_choice(other) == TargetChoice(path, "BGR", same_for_all(0, 1))
    assert target_choice(config).fingerprint()[:16] != target_choice(other).fingerprint()[:16]
    wrong = replace(config, target=replace(config.target, normalisation="-1,0"))
    assert str(contradiction(wrong)).startswith("target.normalisation: The normalisation -1,0")
    again = parse_config(write_config(other), tmp_path / "c.toml")
    assert target_choice(again) == target_choice(other)
