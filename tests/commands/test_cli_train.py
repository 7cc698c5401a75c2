"""xcos train: estimates, runs that fail, and what is printed at the end."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.cli import main
from core.errors import Stopped, XCosError
from core.progress import Task
from core.training.config import TrainConfig, read_config, write_config
from core.training.estimate import Estimate
from core.training.watch import look
from tests.training.test_config_files import little_run

ESTIMATE = Estimate(
    faces=1200, steps=900, epoch_steps=150, batch=8, seconds_per_step=0.5,
    epoch_seconds=75.0, preparing_seconds=0.0, run_seconds=450.0, peak_bytes=2_500_000_000,
)  # fmt: skip
WORDS = (
    "An epoch of 1,200 faces takes about 75 s (0.5 s a step of 8 faces), and the whole run of 900 "
    "steps about 8 min. It takes 2.5 GB of memory.\n"
)
Train = Callable[..., int]


@pytest.fixture
def train(crops: Path, tiny_weights: Path, tmp_path: Path) -> Train:
    """Start a little run of a preset in the folder `run`, with further settings."""

    def start(*more: str, **changed: Any) -> int:
        values = little_run(crops, tiny_weights) | changed
        settings = [part for name, value in values.items() for part in ("--set", f"{name}={value}")]
        return main(["train", "robust", *settings, *more])

    return start


@pytest.fixture
def estimated(monkeypatch: pytest.MonkeyPatch) -> list[TrainConfig]:
    """The configs that an estimate was asked for; none is made."""
    asked: list[TrainConfig] = []

    def estimate(config: TrainConfig, task: Task) -> Estimate:
        asked.append(config)
        task.report("Timing steps", 3, 4)
        if config.name == "stopped":
            raise Stopped
        return ESTIMATE

    monkeypatch.setattr("core.training.estimate.estimate", estimate)
    return asked


def test_an_estimate_is_told_in_words_or_as_json(
    train: Train,
    estimated: list[TrainConfig],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert train("--estimate") == 0
    assert capsys.readouterr() == (WORDS, "")
    assert not (tmp_path / "runs").exists()  # nobody watches it
    (tmp_path / "run").mkdir()
    assert train("--estimate", "--json", "--into", str(tmp_path / "run")) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["steps"], said["run_seconds"], said["words"]) == (900, 450.0, WORDS.strip())
    assert [config.optimisation.steps for config in estimated] == [2, 2]
    told = look(tmp_path / "run")
    assert (told.what, told.done, told.total) == ("Timing steps", 3, 4)


def test_an_estimate_that_is_stopped_says_nothing(
    train: Train, estimated: list[TrainConfig], capsys: pytest.CaptureFixture[str]
) -> None:
    assert train("--estimate", name="stopped") == 130
    assert capsys.readouterr() == ("", "") and len(estimated) == 1


def test_what_keeps_a_run_from_starting_is_told_before_an_estimate(
    train: Train,
    estimated: list[TrainConfig],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    gone = tmp_path / "gone"
    assert train("--estimate", **{"data.labelled": gone}) == 1
    said = capsys.readouterr()
    assert said.out == "" and str(gone) in said.err and said.err.count("\n") == 1
    assert estimated == []


def test_what_may_harm_a_run_is_told_beside_its_estimate(
    train: Train,
    estimated: list[TrainConfig],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.training.checks._memory", lambda *_: ["Little memory."])
    assert train("--estimate") == 0
    assert capsys.readouterr() == (WORDS, "xcos: Little memory.\n")


def test_a_folder_without_a_run_cannot_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "--resume", str(tmp_path)]) == 1
    assert capsys.readouterr().err == (
        f"xcos: {tmp_path} holds no config.toml; name the folder of a run.\n"
    )


def failing(error: BaseException) -> Callable[..., None]:
    def train(*_: object, **__: object) -> None:
        raise error

    return train


@pytest.mark.parametrize(
    ("error", "noted", "told"),
    [
        (XCosError("Mend it."), "Mend it.", "xcos: Mend it.\n"),
        (ValueError("odd"), "It ended unexpectedly: ValueError('odd')", "xcos: Something went"),
        (
            MemoryError(),
            "It ended unexpectedly: MemoryError()",
            "xcos: The memory is full; lower optimisation.batch, or raise "
            "optimisation.accumulate.\n",
        ),
    ],
)
def test_a_run_that_fails_notes_why_for_who_watches_it(
    train: Train,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    noted: str,
    told: str,
) -> None:
    monkeypatch.setattr("core.training.loop.train", failing(error))
    (tmp_path / "run").mkdir()  # a new one would go with what was refused
    assert train("--into", str(tmp_path / "run")) == 1
    assert capsys.readouterr().err.startswith(told)
    view = look(tmp_path / "run")
    assert (view.state, view.what, view.done, view.total) == ("failed", noted, 0, 0)


def test_a_file_that_lies_here_goes_before_a_preset_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("adapt").write_text("nonsense = 1\n")
    assert main(["train", "adapt"]) == 1
    said = capsys.readouterr().err
    assert "adapt" in said and "nonsense" in said


def test_a_run_s_figures_and_verdict_are_printed_last(
    crops: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    from core.commands import train as command
    from core.model.card import read_card

    card = read_card(tiny_weights)
    card.measured.update({"pairs": 12, "auc": 0.75})

    class Verdict:
        sentence = "It got better."

    made = command._Result(card, Verdict(), ("bad.png is damaged.",), ("A note.",))  # type: ignore[arg-type]
    monkeypatch.setattr(command, "_whole_run", lambda *_: made)
    asked = ["train", "robust", "--set", f"data.labelled={crops}", "--into", str(tmp_path / "run")]
    assert main(asked) == 0
    assert capsys.readouterr() == (
        f"{tiny_weights}\npairs: 12\nauc: 0.75\nIt got better.\n",
        "xcos: A note.\nxcos: problem: bad.png is damaged.\n",
    )


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        ("model.start", "mine.safetensors"),
        ("target.weights", "mine.safetensors"),
        ("data.exclude", "problems.txt"),
        ("data.gallery", "log.csv"),
    ],
)
def test_a_run_never_replaces_what_it_is_made_from(
    train: Train,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    name: str,
) -> None:
    monkeypatch.setattr("core.training.loop.train", failing(XCosError("It began.")))
    run, other = tmp_path / "run", tmp_path / "other"
    run.mkdir()
    (run / name).write_text("what the run is made from")
    changed = {"name": "mine", setting: str(run / name)}
    assert train("--into", str(run), **changed) == 1
    told = f"xcos: {run / name} would be replaced by the run; name another folder with --into.\n"
    assert capsys.readouterr().err == told
    assert [*run.iterdir()] == [run / name]
    assert train("--into", str(other), **changed) == 1
    assert capsys.readouterr().err == "xcos: It began.\n"


def test_a_config_in_its_run_s_folder_is_kept_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.training.loop.train", failing(XCosError("It began.")))
    config, run = tmp_path / "config.toml", ["--into", str(tmp_path)]
    config.write_text("# my notes\nname = 'mine'\n")
    told = (
        f"xcos: {config} would be replaced by the run; name another folder with --into, or go on "
        f"with the run by --resume {tmp_path}.\n"
    )
    assert main(["train", str(config), *run]) == 1
    assert capsys.readouterr().err == told and config.read_text().startswith("# my notes")
    config.write_text(write_config(read_config(config)))
    assert main(["train", str(config), *run]) == 1
    assert capsys.readouterr().err == "xcos: It began.\n"
    assert main(["train", str(config), "--set", "name=other", *run]) == 1
    assert capsys.readouterr().err == told
