"""Project files on the command line: what they say, and what the options say instead."""

import json
import shutil
from pathlib import Path

import pytest

from core.cli import main
from core.faces.choose import GallerySettings
from core.model.card import read_card
from core.project.project import Project
from core.project.state import ProjectState
from tests.living import make_crops
from tests.weights import other_weights
from xcos_gui.shell.application import main as start


@pytest.fixture
def project(crops: Path, tiny_weights: Path, tmp_path: Path) -> Path:
    file = tmp_path / "p.xcos"
    state = ProjectState(
        crops,
        settings=GallerySettings("central", True),
        model=tiny_weights,
        kind="uniform",
        thresholds={"uniform": 0.123},
    )
    saved = Project(file).saved_as(file, state.to_json(file))
    saved.set_aside(["cem/1.png"])
    return file


def summary(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    assert main(["score", *arguments, "--json", "--device", "cpu"]) == 0
    return json.loads(capsys.readouterr().out)


def test_score_takes_what_the_project_says(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = ["--cache", str(tmp_path / "c.sqlite")]
    said = summary(capsys, str(project), *cache)
    assert (said["faces"], said["pairs"], said["model"]) == (5, 10, "tiny")
    assert (said["attention"], said["threshold"], said["order"]) == ("uniform", 0.123, "both")
    other = summary(capsys, str(project), *cache, "--attention", "learned", "--order", "left-right")
    assert (other["attention"], other["threshold"]) == ("learned", 0.46)
    assert other["order"] == "left-right"
    another = other_weights(tmp_path / "other.safetensors")
    other = summary(capsys, str(project), *cache, "--model", str(another))
    assert (other["model"], other["threshold"], other["attention"]) == ("other", 0.4, "uniform")
    assert main(["tag", str(project), "ann/1.png", "--add", "odd"]) == 0
    found = summary(capsys, str(project), *cache, "--filter", "tag = odd")
    assert found["pairs"] == 4
    assert Project.read(project).edits.faces_tagged("odd") == {"ann/1.png"}


def test_that_the_weights_of_a_project_became_others_is_told(
    crops: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights, file = tmp_path / "mine.safetensors", tmp_path / "q.xcos"
    shutil.copy(tiny_weights, weights)
    state = ProjectState(
        crops,
        settings=GallerySettings("central", True),
        model=weights,
        fingerprint=read_card(weights).fingerprint,
        thresholds={"learned": 0.123},
    )
    Project(file).saved_as(file, state.to_json(file))
    command = ["score", str(file), "--device", "cpu", "--cache", str(tmp_path / "c.sqlite")]
    sentence = (
        "xcos: The weights are not those that the project was saved with; scores and thresholds "
        "may differ."
    )
    assert main(command) == 0 and sentence not in capsys.readouterr().err.splitlines()
    other_weights(weights)
    assert main(command) == 0 and sentence in capsys.readouterr().err.splitlines()
    # Who names weights gets no threshold of the project's, and knows that they are others.
    assert main([*command, "--model", str(weights)]) == 0
    assert sentence not in capsys.readouterr().err.splitlines()


@pytest.mark.parametrize("command", [["score"], ["tag"], ["screenshot", "-o", "x.png"], []])
def test_a_project_that_cannot_be_opened_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    file = tmp_path / "p.xcos"
    file.write_text('{"version": 99}')
    assert start([*command, str(file)]) == 1
    said = capsys.readouterr()
    assert "newer xCos Studio" in said.err and len(said.err.splitlines()) == 1
    assert said.out == "" and file.read_text() == '{"version": 99}'


@pytest.mark.parametrize("command", ["score", "people", "worth", "report"])
def test_what_was_decided_about_the_probes_counts(
    crops: Path,
    probes: Path,
    tiny_weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
) -> None:
    cache = tmp_path / "c.sqlite"
    Project.open(probes, cache.parent).set_aside(["ann/4.png"])
    Project.open(crops, cache.parent).set_aside(["ann/1.png", "bob/1.png"])
    common = ["--aligned", "--model", str(tiny_weights), "--cache", str(cache), "--json"]
    output = ["-o", str(tmp_path / "r.html")] if command == "report" else []
    given = [command, str(crops), "--probes", str(probes), *output, *common]
    assert main(given) == 0
    told = json.loads(capsys.readouterr().out)
    # Four of the gallery's six faces and three of the probes' four; ann has no probe left.
    if command == "people":
        faces = {person["identity"]: person["faces"] for person in told["people"]}
        assert faces == {"ann": 2, "bob": 2, "cem": 1, "dan": 2}
    else:
        counts = told["kinds"]["learned"]["counts"] if command == "worth" else told["counts"]
        assert counts == {"TP": 1, "FP": 0, "FN": 0, "TN": 11, "unknown": 0}


def test_both_of_two_models_see_what_was_decided_in_the_project(
    project: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Project.read(project).set_identity(["bob/2.png"], "ann")
    copy = shutil.copy(tiny_weights, tmp_path / "copy.safetensors")
    command = ["two-models", str(project), "--model", str(tiny_weights), "--other", str(copy)]
    shared = ["--attention", "learned", "--device", "cpu", "--cache", str(tmp_path / "c.sqlite")]
    assert main([*command, *shared, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["only_a"] == told["only_b"] == []
    # ann has four of the five faces that are left.
    for model in ("a", "b"):
        counts = told[model]["counts"]
        assert (counts["TP"] + counts["FN"], counts["FP"] + counts["TN"]) == (6, 4)
    assert told["a"]["counts"] == told["b"]["counts"]


def test_the_threshold_is_told_of_a_project_with_probes(
    probes: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Probes are left out without being asked, as no option could leave them out."""
    people = make_crops(tmp_path / "people", {f"{a}{b}": 2 for a in "abc" for b in "uv"})
    file = tmp_path / "with.xcos"
    state = ProjectState(
        people, probes, settings=GallerySettings("central", True), model=tiny_weights
    )
    Project(file).saved_as(file, state.to_json(file))
    cache = ["--cache", str(tmp_path / "c.sqlite"), "--device", "cpu"]
    assert main(["threshold", str(file), "--json", *cache]) == 0
    assert json.loads(capsys.readouterr().out)["faces"] == 12
