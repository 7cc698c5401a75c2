"""Seconds that are told are those that passed, by a clock of the tests' own."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from core.cli import main
from core.explain.crop_scorer import CropScorer
from core.explain.saliency.methods import Subject, saliency
from core.model.target_choice import TargetChoice
from core.progress import Task
from core.training import estimate as timing
from core.training.loop import LOG_EVERY, train
from tests.living import crop, make_crops
from tests.training.test_adapt import PEOPLE, arguments
from tests.training.test_training import config_for


@dataclass
class Clock:
    """Goes on where it is told to, and at each look at it by `each` seconds."""

    each: float = 0.0
    now: float = 1000.0

    def __call__(self) -> float:
        self.now += self.each
        return self.now - self.each


def take_the_clock(monkeypatch: pytest.MonkeyPatch, module: str, clock: Clock) -> None:
    times = SimpleNamespace(monotonic=clock, perf_counter=clock)
    monkeypatch.setattr(f"{module}.time", times)


@pytest.mark.parametrize(
    ("slow", "timed"), [(2.0, timing.STEPS), (9.0, 3)]
)  # the second ends once it takes too long
def test_a_step_is_timed_without_the_first_ones_and_without_what_is_told(
    slow: float, timed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, done = Clock(), list[int]()
    take_the_clock(monkeypatch, "core.training.estimate", clock)

    def numbers(rows: list[int]) -> None:
        done.extend(rows)
        clock.now += 50.0 if rows[0] < timing.WARM_UP else slow

    def told(*_: object) -> None:
        clock.now += 0.125

    training = SimpleNamespace(
        rows=lambda: iter(range(timing.WARM_UP + timing.STEPS)), numbers=numbers
    )
    assert timing._timed(training, Task(told)) == slow  # type: ignore[arg-type]
    assert done == list(range(timing.WARM_UP + timed))


def test_encoding_a_face_takes_its_part_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    take_the_clock(monkeypatch, "core.training.estimate", clock)

    def encode(*_: object) -> None:
        clock.now += 3.0

    monkeypatch.setattr(timing, "encode", encode)
    monkeypatch.setattr(timing, "SAMPLE", 16)
    given = SimpleNamespace(
        faces=Twenty(), maps=None, exported="net", normalise="by",
        fabric=SimpleNamespace(device="cpu"),
    )  # fmt: skip
    assert timing._encoding(given) == 3.0 / 8  # type: ignore[arg-type]


class Twenty:
    """So many faces."""

    def __len__(self) -> int:
        return 20

    def take(self, which: np.ndarray) -> np.ndarray:
        return which


def test_the_log_tells_the_seconds_of_a_step_and_the_photos_of_a_second(
    crops: Path, tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.training.loop.LOG_EVERY", 2)
    take_the_clock(monkeypatch, "core.training.loop", Clock(each=0.5))
    config = config_for(crops, tiny_weights, tmp_path)
    train(config, tmp_path / "run")
    with (tmp_path / "run" / "log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert LOG_EVERY > 2 and len(rows) >= 3
    # Half a second between two looks, for two steps of eight photos.
    assert {float(row["seconds_per_step"]) for row in rows} == {0.25}
    assert {float(row["photos_per_second"]) for row in rows} == {8 / 0.25}


def test_each_map_tells_how_long_it_took(
    tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scorer = CropScorer(tiny_weights, target=TargetChoice(tiny_weights), device="cpu")
    subject = Subject(crop("ann", 1), crop("bob", 2), scorer)
    take_the_clock(monkeypatch, "core.explain.saliency.methods", Clock(each=0.75))
    for method in ("xcos", "grad-cam", "grad-cam-target", "occlusion", "rise"):
        assert saliency(method, subject).seconds == 0.75, method


def test_a_verdict_tells_how_long_all_took(
    tiny_weights: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("core.training.data.no_faces", lambda *_: None)
    monkeypatch.setattr("core.training.judging.TRIED", 1)
    take_the_clock(monkeypatch, "core.commands.train", Clock(each=90.5))
    gallery = make_crops(tmp_path / "gallery", PEOPLE)
    assert main([*arguments(gallery, tiny_weights, tmp_path / "run"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["seconds"] == 90.5
